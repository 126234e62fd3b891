"""The quick part of the campaign, each fault at one instant; and the campaign sees what it has to see."""

from dataclasses import replace

import pytest

from tests.faults.campaign import campaign
from tests.faults.fault import Fault, Strike
from tests.faults.run import Outcome, play
from tests.faults.scene import Scene, wait
from tests.faults.table import FAULTS

JOBS = 4
pytestmark = pytest.mark.timeout(600)  # s; every fault is played before the first test
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
FORGETS_TO_WRITE = """\
from controller.journal import Journal
real = Journal.append
Journal.append = lambda self, drafts, *rest: real(self, [], *rest)
"""


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Every fault at one instant, the instants in turn."""
    runs = [(name, seed) for seed, name in enumerate(FAULTS)]
    return {outcome.fault: outcome for outcome in campaign(runs, JOBS, lambda outcome: None)}


@pytest.mark.parametrize("name", FAULTS)
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


@pytest.mark.parametrize(
    ("name", "of", "script", "seed"),
    [
        ("controller-sigstop", "keeper", FORGETS_ITS_LEASE, 0),
        ("controller-sigkill", "keeper", HEARS_NO_HANG_UP, 0),
        ("wall-day-back", "keeper", FORGETS_TO_OPEN, 0),
        ("wall-hour-ahead", "controller", FORGETS_TO_WRITE, 0),
    ],
)
def test_a_planted_flaw_is_found(name: str, of: str, script: str, seed: int) -> None:
    fault: Fault = replace(FAULTS[name], strike=_planted(of, script, FAULTS[name].strike))
    assert play(fault, seed).wrong
