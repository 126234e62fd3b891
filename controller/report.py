"""The nuisance report: cuts by cause and flames that went out by themselves, per burner and week.

What annoys gets bypassed, so it is counted. Weeks are ISO weeks in the local zone that the entries were written in.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import BaseModel

from controller.journal import Entry

AFTER_A_CUT = timedelta(seconds=90)  # a flame that goes out so soon after a cut went out for it
MANY_FLAME_OUTS = 4  # in a week, with a timer running
MANY_LIMIT_CUTS = 5


class BurnerWeek(BaseModel):
    """What happened to one burner in one week."""

    cuts: dict[str, int]  # by cause
    flame_outs_with_timer: int  # without a cut, although somebody wanted the flame for longer
    flame_outs_without_timer: int  # without a cut; mostly a hand at the knob
    proofs: dict[str, int]  # by outcome
    extensions: int
    refusals: int


class Week(BaseModel):
    """One week; ``monday`` is its first day."""

    week: str  # 2026-W48
    monday: str
    burners: dict[str, BurnerWeek]


class Report(BaseModel):
    """The weeks, oldest first, and what to think of them."""

    weeks: list[Week]
    judgement: list[str]


@dataclass
class _Count:
    """One burner's week as it is counted."""

    cuts: Counter[str] = field(default_factory=Counter)
    with_timer: int = 0
    without_timer: int = 0
    proofs: Counter[str] = field(default_factory=Counter)
    extensions: int = 0
    refusals: int = 0

    def view(self) -> BurnerWeek:
        return BurnerWeek(
            cuts=dict(self.cuts),
            flame_outs_with_timer=self.with_timer,
            flame_outs_without_timer=self.without_timer,
            proofs=dict(self.proofs),
            extensions=self.extensions,
            refusals=self.refusals,
        )


@dataclass
class _Follower:
    """One burner through the journal: whether it burns and its timer runs, and when it was cut last."""

    lit: bool = False
    timing: bool = False
    cut_at: datetime | None = None

    def take(self, entry: Entry, at: datetime, count: _Count) -> None:
        """Count an entry."""
        details = entry.details
        if entry.kind == "timer_started":
            self.timing = True
        elif entry.kind == "timer_cancelled":
            self.timing = False
        elif entry.kind == "timer_extended":
            count.extensions += 1
        elif entry.kind == "refused":
            count.refusals += 1
        elif entry.kind == "proof":
            count.proofs[str(details.get("outcome"))] += 1
        elif entry.kind == "flame":
            self._flame(str(details.get("flame")), at, count)
        elif entry.kind == "shut_off":
            self.timing = False
            if details.get("cut"):
                self.cut_at = at
                forced = details.get("reason") == "energised"  # nothing that a longer limit would change
                count.cuts["energised" if forced else str(details.get("cause"))] += 1

    def _flame(self, flame: str, at: datetime, count: _Count) -> None:
        burnt, self.lit = self.lit, flame == "lit" or (self.lit and flame == "unknown")
        if flame != "out" or not burnt:
            return
        if self.cut_at is not None and at - self.cut_at <= AFTER_A_CUT:
            return
        if self.timing:
            count.with_timer += 1
        else:
            count.without_timer += 1


def weekly(entries: Iterable[Entry], since: date = date.min) -> Report:
    """Count journal entries, oldest first; those before the day ``since`` only tell what stood at its beginning."""
    counts: dict[str, tuple[datetime, dict[str, _Count]]] = {}
    followers: dict[str, _Follower] = {}
    for entry in entries:
        if entry.kind == "started":  # no timer outlives the program
            followers.clear()
        if entry.burner is None:
            continue
        at = datetime.fromisoformat(entry.at)
        count = _Count()
        if at.date() >= since:
            _, burners = counts.setdefault(week_of(at), (at - timedelta(days=at.weekday()), {}))
            count = burners.setdefault(entry.burner, count)
        followers.setdefault(entry.burner, _Follower()).take(entry, at, count)
    weeks = [
        Week(
            week=name,
            monday=monday.date().isoformat(),
            burners={burner: count.view() for burner, count in sorted(burners.items())},
        )
        for name, (monday, burners) in counts.items()
    ]
    return Report(weeks=weeks, judgement=[sentence for week in weeks for sentence in _judge(week)])


def week_of(at: datetime) -> str:
    """``2026-W48``: the ISO week of an instant, in its own zone."""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02}"


def _judge(week: Week) -> Iterator[str]:
    for name, burner in week.burners.items():
        cuts, limits = sum(burner.cuts.values()), burner.cuts.get("limit", 0)
        if burner.flame_outs_with_timer >= MANY_FLAME_OUTS:
            yield (
                f"{name}: {burner.flame_outs_with_timer} flames went out by themselves with a timer running in the "
                f"week of {week.monday}; check its thermocouple, the plugs and the relay's contact."
            )
        if limits >= MANY_LIMIT_CUTS and 2 * limits > cuts:
            yield (
                f"{name}: {limits} of {cuts} cuts in the week of {week.monday} came of limits.unattended; raise it, "
                "or set timers."
            )
        if burner.proofs.get("failed"):
            yield f"{name}: {burner.proofs['failed']} cuts failed their proof in the week of {week.monday}."
