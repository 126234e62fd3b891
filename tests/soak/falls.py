"""Every fall of a line has a cause among the statements: what is cut without one is a nuisance."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.faults.oracle import SLACK, Judge, after_stalls, waited_until

STALL = 0.25  # s: a machine that stood still for so long may have let the lease lapse
CUTS = ("shut_off", "shut_off_again", "locked", "told_to_close")
AFTERMATH = 2.5  # s, for what follows from that


@dataclass(frozen=True)
class Fall:
    """A line fell, s on the boot clock."""

    line: str
    at: float


def falls(run: dict[str, Any]) -> list[Fall]:
    """Every fall of every line that a run's witness saw."""
    found = []
    for line, pin in run["lines"].items():
        levels = [(at, high) for at, number, high in run["levels"] if number == pin]
        found += [Fall(line, at) for (_, was), (at, high) in pairwise(levels) if was and not high]
    return found


def without_cause(run: dict[str, Any], judges: dict[str, Judge]) -> tuple[list[Fall], list[Fall]]:
    """Falls that nothing explains; and those that nothing but a standstill of the whole machine does."""
    stalls = [(at, at + length) for at, length in run.get("stalls", [])]
    causes = {
        line: _Spans((start, after_stalls(end, stalls) + SLACK) for start, end in _causes(run, line, judges[line]))
        for line in run["lines"]
    }
    aftermath = _Spans((start, end + AFTERMATH) for start, end in stalls if end - start >= STALL)
    unexplained = [fall for fall in falls(run) if not causes[fall.line].cover(fall.at)]
    stalled = [fall for fall in unexplained if aftermath.cover(fall.at)]
    return [fall for fall in unexplained if fall not in stalled], stalled


def _causes(run: dict[str, Any], line: str, judged: Judge) -> Iterator[tuple[float, float]]:
    """From when until when a line may have fallen because of something that was said or done."""
    for dip in judged.dips:  # deadlines, and what had to open the line once
        yield dip.start - SLACK, dip.end
    for said in run["statements"]:
        if said.get("line") not in (None, line):
            continue
        if said["what"] in CUTS:
            yield said["at"] - SLACK, waited_until(said)
        elif said["what"] == "must_open":
            yield said["at"] - SLACK, said["at"] + said["within"]


class _Spans:
    """Answers quickly whether an instant lies in one of many spans."""

    def __init__(self, spans: Any) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._reach: list[float] = []  # the latest end so far
        for _, end in ordered:
            self._reach.append(max(end, self._reach[-1] if self._reach else end))

    def cover(self, at: float) -> bool:
        before = bisect_right(self._starts, at)
        return before > 0 and self._reach[before - 1] >= at
