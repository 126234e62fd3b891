"""The quick part of the campaign, each fault at one instant; and the campaign sees what it has to see."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.faults.campaign import campaign
from tests.faults.fault import Strike
from tests.faults.pairs import pairs, together
from tests.faults.run import Outcome, play
from tests.faults.scene import Scene, wait
from tests.faults.table import FAULTS, GROUPS, PAIRS

JOBS = 4
PAIRED = {fault.name for fault in PAIRS}
QUICK = [name for name in FAULTS if name not in PAIRED] + sorted(PAIRED)[::12]
pytestmark = pytest.mark.timeout(600)  # s; every fault is played before the first test
BOTH = together(FAULTS["slow-disk"], FAULTS["controller-sigstop"])
FORGETS_ITS_LEASE = """\
from hardware.permits import Permits
Permits.renew = lambda self, now, sent_at: setattr(self, "leased_from", now + 3_600_000)
"""
FORGETS_TO_OPEN = """\
from hardware.permits import Permits
Permits._ended = lambda self, now, name: None
Permits.open = lambda self, now, name: None
from hardware.drive import Drive
Drive.release = lambda self: None
"""
HEARS_NO_HANG_UP = """\
from hardware.keeper import Keeper
Keeper._drop = lambda self, why: None
"""
FORGETS_A_LOCKOUT = """\
from controller.record import Record
Record.mark_alive = lambda self, now, energised: self._journal.append([], {"holds.rear": None})
"""
WRITES_TWICE = """\
from controller.stove import Stove
real = Stove._write
Stove._write = lambda self, events: real(self, [twin for event in events for twin in (event, event)])
"""
OBEYS_AGAIN = """\
from api.mqtt.commands import CommandReader
CommandReader._forbid_again = lambda *_: None
"""
KEEPS_ITS_SESSION = """\
import paho.mqtt.client as mqtt
real = mqtt.Client.connect
def connect(self, *arguments, properties, **named):
    properties.SessionExpiryInterval = 3600
    return real(self, *arguments, **named | {"clean_start": False}, properties=properties)
mqtt.Client.connect = connect
"""
OBEYS_WHAT_WAITS = """\
from dataclasses import replace
from api.mqtt.commands import CommandReader
from paho.mqtt.subscribeoptions import SubscribeOptions
SubscribeOptions.RETAIN_DO_NOT_SEND = SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
real = CommandReader._command
CommandReader._command = lambda self, now, message, *rest: real(self, now, replace(message, retained=False), *rest)
"""
DIES = """\
import os
os._exit(1)
"""
ASKS_BY_ITSELF = """\
import asyncio, gc
from controller.stove import Stove
gc.unfreeze()
stove = next(thing for thing in gc.get_objects() if isinstance(thing, Stove))
loop = asyncio.get_running_loop()
loop.call_soon_threadsafe(lambda: loop.create_task(stove.start_timer("right", 600_000, "rest:nobody")))
"""
FORGETS_TO_WRITE = """\
from controller.journal import Journal
real = Journal.append
Journal.append = lambda self, drafts, *rest: real(self, [], *rest)
"""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Every fault at one instant, the instants in turn, and some of the pairs."""
    runs = [(name, seed) for seed, name in enumerate(QUICK)]
    return {outcome.fault: outcome for outcome in campaign(runs, JOBS, lambda outcome: None)}


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_ends_as_it_has_to(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert outcome.wrong == (), f"{name}, {outcome.moment}, seed {outcome.seed}"
    assert outcome.demands > 0


def _planted(of: str, script: str, strike: Strike) -> Strike:
    def both(scene: Scene) -> None:
        scene.inside(scene.keeper_pid() if of == "keeper" else scene.pid, script)
        wait(0.5)  # until it has run there, and the lease has been renewed by it
        strike(scene)

    return both


PLANTED = {  # where, in which fault, and a word of what is found
    "a keeper that forgets its lease": ("keeper", FORGETS_ITS_LEASE, FAULTS["controller-sigstop"], "high for"),
    "a keeper that hears no hang-up": ("keeper", HEARS_NO_HANG_UP, FAULTS["controller-sigkill"], "high for"),
    "a keeper that forgets to open": ("keeper", FORGETS_TO_OPEN, FAULTS["wall-day-back"], "high"),
    "a record that forgets to write": ("controller", FORGETS_TO_WRITE, FAULTS["wall-hour-ahead"], "not on record"),
    "a record that writes twice": ("controller", WRITES_TWICE, FAULTS["two-daemons"], "on record 2 times"),
    "a record that forgets a lockout": ("controller", FORGETS_A_LOCKOUT, FAULTS["controller-sigkill"], "rear"),
    "a command that is obeyed again": ("controller", OBEYS_AGAIN, FAULTS["duplicates"], "on record 10 times"),
    "a retained command that is obeyed": ("controller", OBEYS_WHAT_WAITS, FAULTS["retained-commands"], "fell"),
    "a daemon that dies a while after": ("controller", DIES, FAULTS["deaf-pages"], "the daemon ended"),
    "a timer that nobody asked for": ("controller", ASKS_BY_ITSELF, FAULTS["two-daemons"], "nobody asked for it"),
    "a session that outlives its connection": ("controller", KEEPS_ITS_SESSION, FAULTS["queued-commands"], "fell"),
    "two faults, and a keeper that forgets its lease": ("keeper", FORGETS_ITS_LEASE, BOTH, "high for"),
}


@pytest.fixture(scope="module")
def flawed() -> dict[str, Outcome]:
    """A run with each planted flaw."""

    def run(name: str) -> Outcome:
        of, script, fault, _ = PLANTED[name]
        if script is DIES:  # once the strike has passed everything that is asked while it lasts
            return play(replace(fault, shows=_planted(of, script, fault.shows)), 0, keep=False)
        return play(replace(fault, strike=_planted(of, script, fault.strike)), 0, keep=False)

    with ThreadPoolExecutor(JOBS) as pool:
        return dict(zip(PLANTED, pool.map(run, PLANTED), strict=True))


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_flaw_is_found(flawed: dict[str, Outcome], name: str) -> None:
    word = PLANTED[name][3]
    assert any(word in wrong for wrong in flawed[name].wrong), f"not {word}: {flawed[name].wrong}"


def test_there_are_enough_faults_and_pairs_and_no_two_alike() -> None:
    assert len(FAULTS) - len(PAIRS) >= 72
    assert len(PAIRS) >= 40
    assert len({fault.what for fault in FAULTS.values()}) == len(FAULTS)
    assert pairs({name: faults for name, faults in GROUPS.items() if name != "Pairs"}) == PAIRS
