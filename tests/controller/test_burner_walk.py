"""Every order of commands, readings and seconds there is, over small limits: what a burner never does.

Instants are counted from now, so the states are finitely many and the walk ends only when it has been
everywhere. Before a command the clock is looked at, as the stove does.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.burner import Burner
from controller.events import (
    Cause,
    Event,
    Proof,
    Proved,
    ShutOff,
    TimerCancelled,
    TimerEnding,
    TimerExtended,
    TimerStarted,
)
from controller.terms import Flame, HoldKind, LastShutOff, Limits, Reading, Refused, Timer
from hardware.clock import SECOND
from tests.controller.builders import NOW, a_burner

CEILING = 20 * SECOND
LIMITS = Limits(
    longest_timer=10 * SECOND,
    unattended=8 * SECOND,
    extend_total=7 * SECOND,
    warn_before=2 * SECOND,
    hold_open=2 * SECOND,
    closing_time=3 * SECOND,
    unlock_for=2 * SECOND,
)
BY = "phone:Anna"
BURNT = LastShutOff(Cause.USER, NOW, BY, Proof.PENDING)  # which it was decides nothing

PASSES = "a second passes"
Step = Callable[[Burner, int], list[Event] | None]
State = tuple[object, ...]
CameFrom = dict[State, tuple[State, str] | None]  # each state: the one before it, and the step between


def _clears(burner: Burner, source: str) -> list[Event]:
    burner.clear(source)
    return []


def _begins(burner: Burner, now: int) -> list[Event]:
    burner.begin(now)
    return []


STEPS: dict[str, Step] = {
    "timer of 1 s": lambda burner, now: burner.start_timer(now, SECOND, BY),
    "timer of 4 s": lambda burner, now: burner.start_timer(now, 4 * SECOND, BY),
    "timer of 10 s": lambda burner, now: burner.start_timer(now, 10 * SECOND, BY),
    "attention": lambda burner, now: burner.attend(now, BY),
    "extend by 1 s": lambda burner, now: burner.extend(now, SECOND, BY),
    "cancel": lambda burner, now: burner.cancel_timer(now, BY),
    "shut off": lambda burner, now: burner.shut_off(now, Cause.USER, BY),
    "lock": lambda burner, now: burner.lock(now, BY),
    "unlock": lambda burner, now: burner.unlock(now, BY),
    "reset": lambda burner, now: burner.reset(now, BY),
    "gas alarm": lambda burner, now: burner.trip(now, "gas", latches=True),
    "gas clears": lambda burner, now: burner.clear("gas"),
    "smoke alarm": lambda burner, now: burner.trip(now, "smoke", latches=False),
    "smoke clears": lambda burner, now: burner.clear("smoke"),
    "flame lit": lambda burner, now: burner.observe(now, Reading(Flame.LIT)),
    "flame out": lambda burner, now: burner.observe(now, Reading(Flame.OUT)),
    "flame unknown": lambda burner, now: burner.observe(now, Reading(Flame.UNKNOWN)),
    "the keeper starts anew": lambda burner, now: burner.begin(now),
}
ENDS = {  # what ends a hold that time does not end
    HoldKind.LOCK: {"unlock"},
    HoldKind.INTERLOCK: {"gas clears", "smoke clears"},
    HoldKind.LOCKOUT: {"reset"},
}


def rebased(burner: Burner, by: int) -> Burner:
    """The same burner with every instant ``by`` ms earlier, and without what decides nothing."""
    return replace(
        burner,
        holds=tuple(
            replace(h, since=NOW, until=None if h.until is None else max(NOW - SECOND, h.until - by))
            for h in burner.holds
        ),
        timer=None if burner.timer is None else rebased_timer(burner.timer, by),
        limit=None if burner.limit is None else burner.limit - by,
        burning_since=None if burner.burning_since is None else burner.burning_since - by,
        proof=None
        if burner.proof is None
        else replace(
            burner.proof,
            since=max(NOW - LIMITS.closing_time, burner.proof.since - by),  # nobody looked at the flame meanwhile
            until=max(NOW, burner.proof.until - by),
        ),
        unused_since=None if burner.unused_since is None else burner.unused_since - by,
        cold_since=None,  # counts for the reset of a fault's lockout, which nothing here brings about
        last_shut_off=BURNT,
    )


def rebased_timer(timer: Timer, by: int) -> Timer:
    duration = min(timer.duration, 2 * LIMITS.warn_before)  # a longer one warns no earlier
    return replace(timer, ends_at=timer.ends_at - by, duration=duration)


def key(burner: Burner) -> State:
    holds = frozenset((hold.kind, hold.cause, hold.until) for hold in burner.holds)
    return (
        *(holds, burner.timer, burner.limit, burner.burning_since),
        *(burner.extended, burner.warned, burner.flame, burner.unused_since if burner.locks_when_idle else None),
        None if burner.proof is None else (burner.proof.since, burner.proof.flame),
    )


def looked(before: Burner, now: int) -> Burner:
    """The burner once the clock has been looked at, judged."""
    burner = replace(before)
    events = burner.tick(now)
    judge_change(before, burner, PASSES, events, now)
    judge(burner, now)
    if before.timer is not None and now >= before.timer.ends_at:
        cut = any(isinstance(event, ShutOff) and event.cut for event in events)
        assert cut, "a timer that has come to its end is a cut"
    return burner


def stepped(before: Burner, name: str) -> Burner:
    """The burner after one step, judged."""
    if name == PASSES:
        return rebased(looked(before, NOW + SECOND), SECOND)
    burner = replace(before)
    try:
        events = STEPS[name](burner, NOW) or []
    except Refused:
        assert key(burner) == key(before), f"{name} was refused and changed something"
        return before
    judge_change(before, burner, name, events, NOW)
    if name == "flame unknown" and burner.senses_flame:
        assert burner.flame is Flame.UNKNOWN, "an unknown flame is not one that is out"
    return rebased(burner, 0)


def judge(burner: Burner, now: int) -> None:
    """What holds in every state, once the clock has been looked at."""
    deadline = burner.deadline()
    if burner.holds:
        assert not burner.permitted(now)
        assert deadline is None, "nothing counts down on a held burner"
        assert burner.burning_since is None
        if burner.proof is not None and burner.proof.flame is Flame.LIT:
            assert HoldKind.SHUT_OFF in {hold.kind for hold in burner.holds}, (
                "a flame is held off until it is proved out"
            )
        return
    assert deadline is None or now < deadline, "a deadline that has passed is a hold"
    assert burner.permitted(now)
    assert burner.extended <= LIMITS.extend_total
    if burner.senses_flame and burner.flame is not Flame.OUT:
        assert burner.burning_since is not None, "a flame that is not out is a burn"
    if burner.burning_since is not None:
        assert deadline is not None, "a burn without attention ends"
        assert deadline <= burner.burning_since + CEILING
    if burner.timer is not None:
        longest = LIMITS.longest_timer + LIMITS.extend_total
        assert burner.timer.ends_at <= now + longest, "no timer is extended past its limits"


def judge_change(before: Burner, after: Burner, name: str, events: list[Event], now: int) -> None:
    """What holds for every step."""
    for hold in before.holds:
        if not any((h.kind, h.cause) == (hold.kind, hold.cause) for h in after.holds):
            idle = hold.cause == "idle" and name == "reset"
            passed = hold.until is not None and now >= hold.until
            proved = any(isinstance(event, Proved) for event in events)
            prolonged = hold.until is not None and any((h.until or 0) >= hold.until for h in after.holds)
            assert idle or passed or prolonged or proved or name in ENDS.get(hold.kind, ()), f"{name} ended {hold}"
    if name == "cancel" and before.limit is not None:
        assert after.limit is not None, "cancelling never ends a limit"
        assert after.limit >= before.limit or before.timer is not None, "cancelling never ends a limit"
    for event in events:
        if isinstance(event, ShutOff):
            assert event.cut == (not before.holds)
            assert not after.permitted(now)
            assert not event.cut or not after.locks_when_idle or "idle" in {hold.cause for hold in after.holds}
        elif isinstance(event, TimerStarted):
            assert event.duration > 0
        elif isinstance(event, TimerEnding | TimerExtended | TimerCancelled):
            assert event.remaining > 0


def walk(start: Burner) -> int:
    """Breadth first through every state; returns how many there are."""
    came_from: CameFrom = {key(start): None}
    todo = deque([(key(start), looked(start, NOW))])
    while todo:
        state, burner = todo.popleft()
        for name in [PASSES, *STEPS]:
            try:
                reached = stepped(burner, name)
                if key(reached) not in came_from:
                    came_from[key(reached)] = (state, name)
                    todo.append((key(reached), looked(reached, NOW)))
            except AssertionError as violation:
                raise AssertionError(f"{violation}: {', '.join([*way(came_from, state), name])}") from violation
    return len(came_from)


def way(came_from: CameFrom, state: State) -> list[str]:
    """The steps that led to a state."""
    names = []
    while (origin := came_from[state]) is not None:
        state, name = origin
        names.append(name)
    return names[::-1]


@pytest.fixture(autouse=True)
def _low_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.burner.BURN_CEILING", CEILING)


@pytest.mark.parametrize("idle", ["ready", "locked"])
@pytest.mark.parametrize("sensor", ["measured", "unmeasured"])
def test_no_order_of_events_makes_a_burner_break_a_promise(idle: str, sensor: str) -> None:
    burner = a_burner(limits=LIMITS, senses_flame=sensor == "measured", locks_when_idle=idle == "locked")
    states = walk(burner)
    print(f"walked {states} states")
    assert states >= (10_000 if sensor == "measured" else 100)


# --- that the walk would notice ---------------------------------------------------------------------------


class Relights(Burner):
    """Holds nothing after a cut."""

    def tick(self, now: int) -> list[Event]:
        self.holds = tuple(hold for hold in self.holds if hold.kind is not HoldKind.SHUT_OFF)
        return super().tick(now)


class ForgetsTheDeadline(Burner):
    """Takes a deadline that has passed for none."""

    def tick(self, now: int) -> list[Event]:
        if self.timer is not None and now >= self.timer.ends_at:
            self.timer = None
        return super().tick(now)


class CancelsTheLimit(Burner):
    """Ends the limit with the timer."""

    def cancel_timer(self, now: int, by: str) -> list[Event]:
        events = super().cancel_timer(now, by)
        self.limit = None
        return events


class ResetsAnything(Burner):
    """Ends every hold at a reset."""

    def reset(self, now: int, by: str) -> list[Event]:
        self.holds = ()
        return []


class CountsUnknownAsOut(Burner):
    """Trusts a broken sensor."""

    def observe(self, now: int, reading: Reading) -> list[Event]:
        return super().observe(now, Reading(Flame.OUT) if reading.flame is Flame.UNKNOWN else reading)


class ExtendsForEver(Burner):
    """Forgets what a burn was extended by."""

    def extend(self, now: int, extension: int, by: str) -> list[Event]:
        self.extended = 0
        return super().extend(now, extension, by)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Relights, "a second passes ended"),
        (CancelsTheLimit, "cancelling never ends a limit|a burn without attention ends"),
        (ResetsAnything, "reset ended"),
        (ExtendsForEver, "no timer is extended past its limits"),
        (ForgetsTheDeadline, "a timer that has come to its end is a cut"),
        (CountsUnknownAsOut, "an unknown flame is not one that is out"),
    ],
)
def test_the_walk_finds_the_harm_where_a_protection_is_missing(broken: type[Burner], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise) as found:
        walk(broken("left", "Left", LIMITS, senses_flame=True))
    print(found.value)
