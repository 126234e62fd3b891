"""Two faults at a time: one that lasts and leaves the lines alone, and any other while it does.

Together they may not take longer, nor do less, than what the second demands by itself, and commands are obeyed where
both by themselves let them be. Two faults that each take a process are named by hand (``both-sigkill``,
``keeper-hangs-controller-dies``), because what is demanded then is neither's.
"""

import random
from collections.abc import Mapping
from dataclasses import replace

from tests.faults.fault import Fault, Undisturbed

MANY = 48
LASTING = (
    "no-processor",
    "no-threads",
    "wall-day-back",
    "wall-1970",
    "wall-2038",
    "zone-changes",
    "disk-full",
    "journal-locked",
    "slow-disk",
    "tokens-scrambled",
    "broker-dies",
    "broker-freezes",
    "message-flood",
    "slow-broker",
    "idle-connections",
    "slow-headers",
    "body-of-150-mb",
    "deaf-pages",
    "sensor-open",
    "sensor-frozen",
    "sensor-noisy",
    "flicker",
    "converter-at-its-upper-rail",
)
ONE_PLACE = {
    "right burner": ("sensor", "flicker", "converter", "flame", "foreign", "valve"),
    "broker": ("broker", "cut-in"),
}
"""Pairs that turn the same knob are none: the second would undo the first."""
NEEDED_BY = {"disk-full": ("People",), "no-threads": ("Network",)}
"""Who cannot strike without what the first takes away: acknowledged commands, and a thread to dial the broker."""


def pairs(groups: Mapping[str, tuple[Fault, ...]], seed: int = 0, many: int = MANY) -> tuple[Fault, ...]:
    """So many of them, by the seed, with each lasting fault about as often as the others."""
    dice = random.Random(seed)
    of = {fault.name: fault for group in groups.values() for fault in group}
    group_of = {fault.name: name for name, group in groups.items() for fault in group}
    chosen: dict[str, Fault] = {}
    while len(chosen) < many:
        first = of[LASTING[len(chosen) % len(LASTING)]]
        second = of[dice.choice(sorted(of))]
        groups_differ = group_of[first.name] != group_of[second.name]
        if groups_differ and _fit(first, second) and group_of[second.name] not in NEEDED_BY.get(first.name, ()):
            both = together(first, second)
            chosen[both.name] = both
    return tuple(chosen.values())


def _fit(first: Fault, second: Fault) -> bool:
    if second.unreachable or any(key in first.sections for key in second.sections):
        return False
    if first.wire != second.wire and (first.mqtt and second.mqtt):
        return False
    return not any(all(one.name.startswith(names) for one in (first, second)) for names in ONE_PLACE.values())


def together(first: Fault, second: Fault) -> Fault:
    """``second`` while ``first`` lasts."""
    return replace(
        second,
        name=f"{second.name}--{first.name}",
        what=f"{second.what}; meanwhile {first.what}",
        meanwhile=first.strike,
        lasts=max(first.lasts, second.lasts),
        obeys=first.obeys and second.obeys,
        restarts=first.restarts or second.restarts or _cannot_replace_a_keeper(first, second),
        unrecorded=first.unrecorded or second.unrecorded,
        environment={**first.environment, **second.environment},
        locks=(*first.locks, *second.locks),
        starting=False,
        mqtt=first.mqtt or second.mqtt,
        wire=first.wire or second.wire,
        sections={**first.sections, **second.sections},
    )


def _cannot_replace_a_keeper(first: Fault, second: Fault) -> bool:
    """To wait for a lost keeper's end takes a thread; without one the daemon ends, and its supervisor starts both."""
    return first.name == "no-threads" and not isinstance(second.reaction, Undisturbed)
