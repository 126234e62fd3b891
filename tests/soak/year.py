"""Virtual time: a household for as many years as are asked for, and the verdict on them."""

import asyncio
import gc
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from controller.journal import Query, read
from controller.view import parse_instant
from tests.soak.flatness import flatness
from tests.soak.house import KEPT, House
from tests.soak.kitchen import utc
from tests.soak.people import live

START = utc("2026-01-01T00:00:00")
PRODUCT = ("controller", "hardware", "api")
MOST_MORE = 60  # objects of the product, over the most of the first quarter of the run
ROOM = 6.0  # MiB by which the process, tests and all, may grow within half of a run
LONG = 56  # days; a shorter run is measured daily, and says nothing of memory


@dataclass
class Grown:
    """How large things were at the end of a week, or of a day."""

    day: int
    objects: int  # that the product's own classes made
    memory: float  # MiB of the whole process
    rows: int  # in the journal


@dataclass
class Year:
    """What came of a run."""

    days: int
    seed: int
    house: House
    grown: list[Grown] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0  # s, of one core

    @property
    def wrong(self) -> list[str]:
        return self.house.ledger.wrong


def run(days: int, seed: int, show: Callable[[int], None] = lambda day: None, start: datetime = START) -> Year:
    """Let a household live for so many days, and judge."""
    with tempfile.TemporaryDirectory(prefix="flameout-soak-") as folder:
        year = Year(days, seed, House(Path(folder), start, seed))
        began, spent = time.monotonic(), time.process_time()

        def each_day(day: int) -> None:
            if day % 7 == 0 or days < LONG:
                year.grown.append(_measure(day, year.house))
            show(day)

        asyncio.run(year.house.run(days, each_day, live))
        year.seconds, year.cpu = time.monotonic() - began, time.process_time() - spent
        _judge_record(year)
    _judge_growth(year)
    return year


def _measure(day: int, house: House) -> Grown:
    gc.collect()
    made = Counter(str(type(thing).__module__).partition(".")[0] for thing in gc.get_objects())
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    oldest, newest = _kept(house)
    return Grown(day, sum(made[name] for name in PRODUCT), pages * os.sysconf("SC_PAGE_SIZE") / 2**20, newest - oldest)


def _kept(house: House) -> tuple[int, int]:
    rows = read(house.folder / "flameout.db", Query(limit=1_000_000))
    return rows[-1].seq, rows[0].seq


def _judge_record(year: Year) -> None:
    """The journal keeps what it was told to keep, and no more than a day longer."""
    rows = read(year.house.folder / "flameout.db", Query(limit=1_000_000))
    span = parse_instant(rows[0].at) - parse_instant(rows[-1].at)
    if span.days > KEPT.days + 2:
        year.wrong.append(f"the journal keeps rows of {span.days} days, and was told {KEPT.days}")


def _judge_growth(year: Year) -> None:
    objects = [each.objects for each in year.grown]
    if len(objects) < 4:
        return
    first = max(objects[: max(2, len(objects) // 4)])
    if objects[-1] > first + MOST_MORE:
        year.wrong.append(f"the product's objects grew from {first} to {objects[-1]}")
    if year.days < LONG:
        return
    memory = flatness([(week.day * 86_400.0, week.memory) for week in year.grown], ROOM)
    if not memory.flat:
        year.wrong.append(f"memory grew by {memory.growth:.1f} MiB from the second to the last quarter")
