"""Says when each line must be low, from what was acknowledged and what was done to the machine. No product code.

    python -m tests.faults.oracle RUN.json       # a run as the campaign wrote it; exit 1 with every breach

A run is a list of statements in the order of their instants (s on the boot clock) and the levels that a witness saw.
From the statements alone it computes, per line, spans in which a high level is forbidden, and spans in which it must
have been low once. Whatever the levels show beyond that is a breach.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SLACK = 0.015  # s: what the witness's own stamp may be late, and a deadline by the goal of 5 ms with both cores busy
EVER = float("inf")


def waited_until(said: dict[str, Any]) -> float:
    """Until when a command may have been obeyed: answered, given up, or left without anybody waiting for its answer."""
    return float(said.get("acked", said.get("gave_up", said["at"] + 2)))


@dataclass(frozen=True)
class Span:
    """From, to (s on the boot clock), and why."""

    start: float
    end: float
    why: str


@dataclass(frozen=True)
class Breach:
    """A line that was high where it must not be, or never low where it had to be."""

    line: str
    at: float
    why: str

    def __str__(self) -> str:
        return f"{self.line}: {self.why}"


@dataclass
class Judge:
    """Follows one line through the statements."""

    line: str
    hold_open: float
    deadline: float = EVER  # the latest that the acknowledged commands allow
    earliest: float = EVER  # and the earliest: a command counts from some instant between sending and answer
    deadline_why: str = ""
    closed_for: str | None = None  # why it may not be high until something ends that
    closed_since: float = 0.0
    locked_since: float | None = None  # no fault and no start of a daemon ends that
    locked_why: str = ""
    forbidden: list[Span] = field(default_factory=list)
    dips: list[Span] = field(default_factory=list)
    stays: list[Span] = field(default_factory=list)

    def hear(self, said: dict[str, Any]) -> None:
        """One statement that is about this line."""
        sent = said["at"]
        acked = said.get("acked")
        if sent >= self.deadline:
            self._deadline_passed()
        getattr(self, f"_{said['what']}", self._ignore)(said, sent, acked)

    def end(self, at: float) -> None:
        """The run is over."""
        if self.locked_since is not None:
            self._forbid(self.locked_since, at, self.locked_why)
        if at >= self.deadline:
            self._deadline_passed()
        if self.closed_for is not None:
            self._forbid(self.closed_since, at, self.closed_for)

    def _deadline_passed(self) -> None:
        self._forbid(self.deadline, self.earliest + self.hold_open, self.deadline_why)
        self.dips.append(Span(self.earliest, self.deadline, self.deadline_why))
        self.deadline = EVER

    def _forbid(self, start: float, end: float, why: str) -> None:
        if end > start:
            self.forbidden.append(Span(start, end, why))

    def _close(self, since: float, why: str, keeps: bool) -> None:
        if self.deadline > since or not keeps:
            self.deadline = EVER
        if self.closed_for is None:
            self.closed_for, self.closed_since = why, since

    def _free(self, at: float) -> None:
        if self.closed_for is not None:
            self._forbid(self.closed_since, at, self.closed_for)
            self.closed_for = None

    # --- statements -----------------------------------------------------------------------------------

    def _ignore(self, *_: object) -> None:
        """A statement for the reader only."""

    def _spawned(self, _said: Any, at: float, _acked: Any) -> None:
        """A daemon starts: it permits nothing before ``hold_open`` has passed."""
        self._free(at)
        self._forbid(at, at + self.hold_open, "nothing is permitted for hold_open after a start")
        self.deadline = EVER

    def _timer(self, said: Any, sent: float, acked: float | None) -> None:
        seconds = said["seconds"]
        if acked is None:  # nobody knows whether it counts: the later of both is allowed
            if self.deadline != EVER:
                self.deadline = max(self.deadline, said["gave_up"] + seconds)
                self.earliest = min(self.earliest, sent + seconds)
        else:
            self.deadline, self.earliest = acked + seconds, sent + seconds
            self.deadline_why = f"a timer of {seconds:g} s, acknowledged, has ended"

    def _extend(self, said: Any, _sent: float, _acked: Any) -> None:
        if self.deadline != EVER:
            self.deadline += said["seconds"]
            self.earliest += said["seconds"]

    def _cancel(self, _said: Any, _sent: float, _acked: Any) -> None:
        self.deadline = EVER

    def _shut_off(self, _said: Any, sent: float, acked: float | None) -> None:
        if acked is not None:
            self._forbid(acked, sent + self.hold_open, "a shut-off was acknowledged")
            self.deadline = EVER

    def _must_open(self, said: Any, at: float, _acked: Any) -> None:
        """From ``within`` on low, until ``may_close`` or a start of a daemon; ``keeps``: deadlines before that hold."""
        self._close(at + said["within"], said["why"], said["keeps"])

    def _low(self, said: Any, at: float, _acked: Any) -> None:
        """Low from then until an instant that is known already; whatever was timed beyond its beginning is void."""
        self._forbid(at, said["until"], said["why"])
        self.deadline = EVER

    def _may_close(self, _said: Any, at: float, _acked: Any) -> None:
        self._free(at)

    def _kept_low(self, said: Any, at: float, _acked: Any) -> None:
        """Locked by somebody, or for good: low through everything, also through starts."""
        self.locked_since, self.locked_why = at, said["why"]

    def _forgotten(self, _said: Any, at: float, _acked: Any) -> None:
        """What said that it is locked was destroyed."""
        if self.locked_since is not None:
            self._forbid(self.locked_since, at, self.locked_why)
            self.locked_since = None

    def _must_dip(self, said: Any, at: float, _acked: Any) -> None:
        """Low at least once within that time; whatever was timed is void."""
        self.dips.append(Span(at, at + said["within"], said["why"]))
        self.deadline = EVER

    def _stays(self, said: Any, at: float, _acked: Any) -> None:
        """High all the time, because nothing that happens there concerns this line."""
        self.stays.append(Span(at, said["until"], said["why"]))


def judge(run: dict[str, Any]) -> tuple[list[Breach], dict[str, Judge]]:
    """Every breach of a run, and what was demanded of each line."""
    judges = {line: Judge(line, run["hold_open"]) for line in run["lines"]}
    for judged in judges.values():
        for said in sorted(run["statements"], key=_instant):
            if said.get("line") in (None, judged.line):
                judged.hear(said)
        judged.end(run["ended"])
    stalls = [(at, at + length) for at, length in run.get("stalls", [])]
    breaches: list[Breach] = []
    for line, pin in run["lines"].items():
        highs = list(_highs([entry for entry in run["levels"] if entry[1] == pin], run["ended"]))
        breaches += _breaches(judges[line], highs, stalls)
    return breaches, judges


def _instant(said: dict[str, Any]) -> float:
    """Commands count from when they were acknowledged; more time, and everything else, from when it was asked for."""
    acked = said.get("acked") if said["what"] != "extend" else None
    return float(said["at"] if acked is None else acked)


def _highs(levels: list[Any], ended: float) -> Iterator[tuple[float, float]]:
    since: float | None = None
    for at, _, high in levels:
        if high and since is None:
            since = at
        elif not high and since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, ended


def _breaches(judged: Judge, highs: list[tuple[float, float]], stalls: list[tuple[float, float]]) -> Iterable[Breach]:
    for span in judged.forbidden:
        start = after_stalls(span.start, stalls) + SLACK
        for since, until in highs:
            if until > start and since < span.end - SLACK:
                late = (min(until, span.end) - max(start, since)) * 1000
                yield Breach(judged.line, max(start, since), f"high for {late:.0f} ms although {span.why}")
    for span in judged.dips:
        end = after_stalls(span.end, stalls) + SLACK
        if any(since <= span.start and until >= end for since, until in highs):
            yield Breach(judged.line, span.end, f"never low in {(span.end - span.start) * 1000:.0f} ms: {span.why}")
    for span in judged.stays:
        if not any(since <= span.start and until >= span.end for since, until in highs):
            yield Breach(judged.line, span.start, f"fell although {span.why}")


def after_stalls(at: float, stalls: list[tuple[float, float]]) -> float:
    """The instant, or the end of a standstill of the whole machine that it lies in or just behind."""
    for start, end in stalls:
        if start - SLACK <= at <= end + 2 * SLACK:
            at = end + 2 * SLACK
    return at


def main(path: str) -> int:
    """Judge a file; returns the exit code."""
    breaches, judges = judge(json.loads(Path(path).read_text()))
    for breach in breaches:
        print(breach)
    demands = sum(len(one.forbidden) + len(one.dips) + len(one.stays) for one in judges.values())
    print(f"{demands} demands, {len(breaches)} breaches")
    return 1 if breaches or not demands else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
