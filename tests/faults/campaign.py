"""Many runs at a time, and once more, alone, those that the machine itself disturbed."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from types import MappingProxyType

from tests.faults.run import Outcome, play
from tests.faults.table import FAULTS

DISTURBED = 0.1  # s that the witness could not look during a run; what is late then may be the machine's fault
REPEATS = 2


def campaign(
    runs: list[tuple[str, int]],
    jobs: int,
    tell: Callable[[Outcome], object],
    known: Mapping[tuple[str, int], Outcome] = MappingProxyType({}),
) -> list[Outcome]:
    """Play each (fault, seed), ``jobs`` at a time, telling of each when its outcome stands. ``known`` are earlier ones.

    A run in which something was wrong while the whole machine stood still is played again, alone; its second or
    third outcome counts, and says what was wrong before.
    """
    final: list[Outcome] = []
    again: list[Outcome] = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for done in as_completed([pool.submit(_play, *run, known.get(run)) for run in runs]):
                outcome = done.result()
                if outcome.wrong and disturbed(outcome):
                    again.append(outcome)
                else:
                    final.append(outcome)
                    tell(outcome)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # those under way end by themselves
            raise
    for outcome in again:
        for _ in range(REPEATS):
            if outcome.wrong and disturbed(outcome):
                outcome = played_again(outcome)  # noqa: PLW2901
        final.append(outcome)
        tell(outcome)
    return final


def _play(name: str, seed: int, known: Outcome | None) -> Outcome:
    return played_again(known) if known is not None else play(FAULTS[name], seed)


def played_again(outcome: Outcome) -> Outcome:
    """What comes of the same fault at the same instant now."""
    return replace(play(FAULTS[outcome.fault], outcome.seed), before=(*outcome.before, outcome.wrong))


def in_order(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """By fault, as the table has them, and seed."""
    order = list(FAULTS)
    return sorted(outcomes, key=lambda outcome: (order.index(outcome.fault), outcome.seed))


def disturbed(outcome: Outcome) -> bool:
    """Whether the machine did not let the witness look for too long."""
    stalls: list[tuple[float, float]] = outcome.run["stalls"]
    return sum(length for _, length in stalls) > DISTURBED
