"""Many runs at a time, and once more, alone, those that the machine itself disturbed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.faults.run import Outcome, play
from tests.faults.table import FAULTS

DISTURBED = 0.1  # s that the witness could not look during a run; what is late then may be the machine's fault
REPEATS = 2


def campaign(runs: list[tuple[str, int]], jobs: int, tell: Callable[[Outcome], object]) -> list[Outcome]:
    """Play each (fault, seed), ``jobs`` at a time, telling of each when its outcome stands; by fault and seed.

    A run in which something was wrong while the whole machine stood still is played again, alone; its second or
    third outcome counts.
    """
    final: list[Outcome] = []
    again: list[Outcome] = []
    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(play, FAULTS[name], seed) for name, seed in runs]):
            outcome = done.result()
            if outcome.wrong and disturbed(outcome):
                again.append(outcome)
            else:
                final.append(outcome)
                tell(outcome)
    for outcome in again:
        for _ in range(REPEATS):
            if outcome.wrong and disturbed(outcome):
                outcome = play(FAULTS[outcome.fault], outcome.seed)  # noqa: PLW2901
        final.append(outcome)
        tell(outcome)
    order = list(FAULTS)
    return sorted(final, key=lambda outcome: (order.index(outcome.fault), outcome.seed))


def disturbed(outcome: Outcome) -> bool:
    """Whether the machine did not let the witness look for too long."""
    stalls: list[tuple[float, float]] = outcome.run["stalls"]
    return sum(length for _, length in stalls) > DISTURBED
