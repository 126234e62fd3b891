"""Whether a series of measurements stays flat, so that neither noise nor one late step decides, but growth does."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

PAIRS = 20_000  # of samples, for the slope; more of them change nothing but the time it takes


@dataclass(frozen=True)
class Flatness:
    """``growth``: the last quarter's median over the second quarter's; ``slope``: an hour, the median of all pairs."""

    growth: float
    slope: float
    room: float  # by how much it may grow within half of the run
    hours: float

    @property
    def flat(self) -> bool:
        """Not flat is what grew by both measures: a single step moves the one, noise moves the other."""
        return self.growth <= self.room or self.slope * self.hours / 2 <= self.room


def flatness(series: Sequence[tuple[float, float]], room: float) -> Flatness:
    """Judge (s, value) pairs in order of time; the first quarter is for warming up and does not count."""
    start, end = series[0][0], series[-1][0]
    quarter = (end - start) / 4
    second = [value for at, value in series if start + quarter <= at < start + 2 * quarter]
    last = [value for at, value in series if at >= start + 3 * quarter]
    warm = [pair for pair in series if pair[0] >= start + quarter]
    if not second or not last or len(warm) < 4:
        raise ValueError(f"{len(series)} samples are too few to say anything")
    return Flatness(median(last) - median(second), _slope(warm) * 3600, room, (end - start) / 3600)


def _slope(series: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes of all pairs (Theil and Sen), of many drawn pairs where all are too many."""
    pairs = list(itertools.combinations(series, 2)) if len(series) < 200 else _drawn(series)
    return median((later[1] - earlier[1]) / (later[0] - earlier[0]) for earlier, later in pairs)


def _drawn(series: Sequence[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    chance = random.Random(0)
    drawn = (sorted(chance.sample(range(len(series)), 2)) for _ in range(PAIRS))
    return [(series[earlier], series[later]) for earlier, later in drawn]


def bounded(counts: Sequence[tuple[float, int]]) -> bool:
    """Whether a count that was taken while nothing was going on never exceeds the most of the first quarter."""
    start, end = counts[0][0], counts[-1][0]
    first = [count for at, count in counts if at <= start + (end - start) / 4]
    return max(count for _, count in counts) <= max(first)
