"""What each burner did on each day: for how long a flame was measured on it, and what cut it.

Days are those of the zone that the entries were written in. A flame that is unknown goes on counting, as it does for
every limit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from pydantic import BaseModel

from controller.journal import Entry


class BurnerDay(BaseModel):
    """One burner on one day; ``burnt_s`` is null where no flame is ever measured."""

    burnt_s: float | None
    cuts: dict[str, int]  # by cause


class Day(BaseModel):
    """One day, as 2026-11-23."""

    day: str
    burners: dict[str, BurnerDay]


class Usage(BaseModel):
    """The days, oldest first, none left out."""

    days: list[Day]


@dataclass
class _Tally:
    burnt: dict[tuple[date, str], float] = field(default_factory=dict)
    cuts: dict[tuple[date, str], dict[str, int]] = field(default_factory=dict)
    lit_since: dict[str, datetime] = field(default_factory=dict)

    def take(self, entry: Entry, at: datetime) -> None:
        """Count an entry."""
        name = entry.burner
        if name is None:
            return
        if entry.kind == "flame":
            flame = entry.details.get("flame")
            if flame == "lit":
                self.lit_since.setdefault(name, at)
            elif flame == "out":
                self.out(name, at)
        elif entry.kind == "shut_off" and entry.details.get("cut"):
            causes = self.cuts.setdefault((at.date(), name), {})
            cause = str(entry.details.get("cause"))
            causes[cause] = causes.get(cause, 0) + 1

    def out(self, name: str, at: datetime) -> None:
        """A burn ends; each day gets its share."""
        since = self.lit_since.pop(name, None)
        for day, seconds in _by_day(since, at) if since is not None else ():
            self.burnt[day, name] = self.burnt.get((day, name), 0.0) + seconds


def daily(entries: Iterable[Entry], since: date, now: datetime, senses: dict[str, bool]) -> Usage:
    """Count journal entries, oldest first, from the day ``since`` to ``now``.

    ``senses`` says for every burner whether its flame is measured.
    """
    tally, last = _Tally(), None
    for entry in entries:
        at = datetime.fromisoformat(entry.at)
        if entry.kind == "started":  # what went on while nobody looked is not known
            for name in list(tally.lit_since):
                tally.out(name, last or at)
        tally.take(entry, at)
        last = at
    for name in list(tally.lit_since):
        tally.out(name, now)
    days = [since + timedelta(days=number) for number in range((now.date() - since).days + 1)]
    return Usage(days=[Day(day=day.isoformat(), burners=_burners(tally, day, senses)) for day in days])


def _burners(tally: _Tally, day: date, senses: dict[str, bool]) -> dict[str, BurnerDay]:
    return {
        name: BurnerDay(
            burnt_s=round(tally.burnt.get((day, name), 0.0), 1) if measured else None,
            cuts=tally.cuts.get((day, name), {}),
        )
        for name, measured in senses.items()
    }


def _by_day(since: datetime, until: datetime) -> Iterator[tuple[date, float]]:
    while since.date() < until.date():
        midnight = datetime.combine(since.date() + timedelta(days=1), time(), since.tzinfo)
        yield since.date(), (midnight - since).total_seconds()
        since = midnight
    yield until.date(), max(0.0, (until - since).total_seconds())
