"""What the household did and what must follow from it, by arithmetic of its own; no product code.

Everything is put down twice: as statements for the oracle of the fault campaign, which says until when a line may be
high; and as reasons for a fall, because a line that falls without one is a nuisance. Instants are ms of the household's
time. Once a week, at night, the week is judged and forgotten, so that a long run needs no more memory than a short one.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from tests.faults.oracle import judge

LINES = ("left", "right")
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
HOLD_OPEN = 10 * SECOND
UNATTENDED = 2 * HOUR
CAP = 12 * HOUR  # after so long without a pause of HOLD_OPEN a line opens, whatever anybody says
IDLE_CAP = CAP // 2  # and after so long while nothing ends that may burn
TICK = 300  # what is noticed by looking four times a second, not by an instant that was set, may come this late
EXACT = 60  # a line falls at the instant that was set; what the fine steps of the clock may add
NIGHT, DAWN, SWEEP = time(23, 0), time(6, 0), time(16, 30)
SINCE_CUT = 100 * SECOND  # a proof may hold a line for 90 s after a cut; after that nothing holds it but what is known


@dataclass
class Line:
    """What is known of one line."""

    high_since: int | None = None
    low_since: int = 0
    counts_since: int = 0  # since when its time energised counts: a short gap does not start it anew
    ends: tuple[int, str] | None = None  # when it has to fall, and as what the record has to call it
    held: dict[str, int] = field(default_factory=dict)  # by what, since when
    may_fall: deque[tuple[int, int, str]] = field(default_factory=lambda: deque(maxlen=50))  # from, to, as what


@dataclass(frozen=True)
class Fall:
    """A line fell, and what the record should call it."""

    at: int
    line: str
    cause: str


class Ledger:
    """One household's."""

    def __init__(self) -> None:
        self.lines = {name: Line() for name in LINES}
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.falls: deque[Fall] = deque()  # not yet found on record
        self.cuts: list[Counter[str]] = []  # by week
        self.flames: list[Counter[str]] = []  # minutes the lines were lit, by week
        self.breaches = self.demands = 0
        self._week_from = 0
        self._statements: list[dict[str, Any]] = []
        self._levels: list[tuple[float, int, bool]] = []
        self._this_week: Counter[str] = Counter()

    # --- what was done --------------------------------------------------------------------------------

    def say(self, what: str, at: int, line: str | None = None, **fields: Any) -> None:
        """A statement for the oracle."""
        self._statements.append({"what": what, "at": at / 1000, "line": line, **fields})

    def count(self, what: str) -> None:
        """Something was done that has to be on record as often."""
        self.done[what] += 1

    def complain(self, at: int, sentence: str) -> None:
        """Something is wrong."""
        self.wrong.append(f"{at / 1000:.3f} s: {sentence}")

    def ends(self, at: int, line: str, duration: int, cause: str, since: int | None = None) -> None:
        """The line has to fall after ``duration``, known as ``cause``; it counts from ``at``, or an instant since."""
        self.lines[line].ends = (at + duration, cause)
        earliest = at if since is None else since
        self.may_fall(earliest + duration, line, at - earliest + EXACT, cause)
        self.say("timer", earliest, line, acked=at / 1000, seconds=duration / 1000)

    def endless(self, at: int, line: str) -> None:
        """Nothing ends it any more."""
        self.lines[line].ends = None
        self.say("cancel", at, line)

    def cut(self, at: int, line: str, cause: str, within: int = EXACT) -> None:
        """Something cuts the line now, once; it stays low for as long as a valve needs."""
        if self.lines[line].high_since is not None:
            self.say("must_dip", at, line, within=within / 1000, why=f"{cause}: it had to be cut")
        self.lines[line].ends = None
        self.may_fall(at, line, within, cause)

    def may_fall(self, at: int, line: str, within: int, cause: str) -> None:
        """A fall from ``at`` to so much later is no nuisance."""
        self.lines[line].may_fall.append((at, at + within, cause))

    def hold(self, at: int, line: str, by: str, cause: str, within: int = EXACT) -> None:
        """Something keeps the line low from now on."""
        self.cut(at, line, cause, within)
        self.keep_low(at + within, line, by)

    def keep_low(self, at: int, line: str, by: str) -> None:
        """What is low by then stays low."""
        self.lines[line].held[by] = at

    def free(self, at: int, line: str, by: str) -> None:
        """That no longer does."""
        since = self.lines[line].held.pop(by, None)
        if since is not None and at > since:
            self.say("low", since, line, until=at / 1000, why=f"it was held by {by}")

    def free_to_burn(self, at: int, line: str) -> bool:
        """Whether nothing that is known may keep the line low; then a refusal is wrong."""
        state = self.lines[line]
        last = max((to for _, to, _ in state.may_fall if to <= at), default=0)
        return not state.held and at > max(state.low_since, last) + SINCE_CUT

    # --- what was seen --------------------------------------------------------------------------------

    def moved(self, at: int, line: str, high: bool) -> None:
        """The line's level changed."""
        self._levels.append((at / 1000, LINES.index(line), high))
        state = self.lines[line]
        if high and state.high_since is None:
            if at - state.low_since >= HOLD_OPEN:
                state.counts_since = at
            state.high_since = at
        elif not high and state.high_since is not None:
            self._fell(at, line, state)
            state.high_since, state.low_since = None, at

    def _fell(self, at: int, line: str, state: Line) -> None:
        cause = self._cause(at, state)
        if cause is None:
            self.complain(at, f"{line} fell without a cause")
            cause = "nothing"
        self._this_week[cause] += 1
        self.falls.append(Fall(at, line, cause))

    def _cause(self, at: int, state: Line) -> str | None:
        for start, end, cause in reversed(state.may_fall):
            expected = state.ends is not None and state.ends[1] == cause
            if start <= at <= end and (expected or cause not in ("timer", "limit")):
                state.ends = None
                return cause
        if 0 <= at - state.counts_since - CAP <= EXACT:
            return "limit"
        return "paused" if state.ends is None and at - state.counts_since >= IDLE_CAP else None

    # --- the week -------------------------------------------------------------------------------------

    def judge_week(self, at: int, flames: Counter[str]) -> None:
        """Judge what has passed since the last time; everything is low, and nothing is timed."""
        for state, name in ((self.lines[name], name) for name in LINES):
            for by, since in state.held.items():
                self.say("low", since, name, until=at / 1000, why=f"it was held by {by}")
                state.held[by] = at
        run = {
            "hold_open": HOLD_OPEN / 1000,
            "lines": {name: number for number, name in enumerate(LINES)},
            "statements": self._statements,
            "levels": self._levels,
            "ended": at / 1000,
        }
        breaches, judges = judge(run)
        self.wrong += [f"{breach.at:.3f} s: {breach}" for breach in breaches]
        self.breaches += len(breaches)
        self.demands += sum(len(one.forbidden) + len(one.dips) for one in judges.values())
        self.cuts.append(self._this_week)
        self.flames.append(flames)
        self._statements, self._levels, self._this_week = [], [], Counter()


# --- the oracle's own calendar ------------------------------------------------------------------------


def instants_of(day: datetime, start: datetime, zone: Any) -> dict[str, int]:
    """When the sweep, the night and the dawn of a local day come, in ms since ``start``."""
    return {
        name: round((datetime.combine(day.date(), at, zone) - start) / timedelta(milliseconds=1))
        for name, at in (("dawn", DAWN), ("sweep", SWEEP), ("night", NIGHT))
    }
