"""Some days of a household over a clock change, and what the soak has to see when the program is wrong."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from controller.burner import Burner
from controller.events import Cause
from controller.journal import Journal, Query, read
from controller.stream import Stream
from tests.soak import kitchen
from tests.soak.house import House
from tests.soak.kitchen import utc
from tests.soak.ledger import HOUR, MINUTE
from tests.soak.year import run

SPRING = utc("2026-03-26T23:00:00")  # the clocks change in the night to the 29th
AUTUMN = utc("2026-10-22T22:00:00")  # and in the night to the 25th
Patch = pytest.MonkeyPatch
pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_days_of_a_household_pass_without_anything_wrong(start: Any) -> None:
    year = run(4, seed=6, start=start)
    assert year.wrong == []
    assert year.house.ledger.demands > 30
    assert year.house.found["timer_started"] == year.house.ledger.done["timer_started"] > 2


# --- leaping ------------------------------------------------------------------------------------------


async def _an_hour(folder: Path) -> tuple[list[tuple[Any, ...]], int]:
    """A meal with a timer that is extended, an alarm, and a burner that is forgotten; and how much was leapt over."""
    house = House(folder, SPRING, seed=0)
    house.now_off = 9 * HOUR
    levels: list[tuple[Any, ...]] = []
    moved = house.ledger.moved
    house.ledger.moved = lambda at, line, high: (levels.append(("level", line, high, at)), moved(at, line, high))  # type: ignore
    await house.boot()
    house.plan(house.now + MINUTE, lambda: _cook(house))
    house.plan(house.now + 12 * MINUTE, lambda: house.gas_alarm(MINUTE))
    await house._until(house.now + 15 * MINUTE)
    await house.stop()
    assert house.ledger.wrong == []
    rows = read(folder / "flameout.db", Query(limit=1000))
    ignored = ("keeper_ready",)  # names a process
    found = [(row.kind, row.burner, row.by, row.boot_ms) for row in reversed(rows) if row.kind not in ignored]
    return found + levels, house.skipped


async def _cook(house: House) -> None:
    await house.light("left")
    await house.set_timer("left", 5 * MINUTE)
    house.plan(house.now + 2 * MINUTE, lambda: house.extend("left", MINUTE))


def test_leaping_over_what_is_not_due_leaves_record_and_lines_as_walking_does(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    (tmp_path / "leapt").mkdir()
    (tmp_path / "walked").mkdir()
    leapt, skipped = asyncio.run(_an_hour(tmp_path / "leapt"))
    monkeypatch.setattr(kitchen, "LONGEST_LEAP", 250)
    walked, _ = asyncio.run(_an_hour(tmp_path / "walked"))
    assert skipped > 8 * MINUTE
    assert [entry[:3] for entry in leapt] == [entry[:3] for entry in walked]
    late = [abs(a[-1] - b[-1]) for a, b in zip(leapt, walked, strict=True) if isinstance(a[-1], int)]
    assert max(late) <= 250  # a tick


# --- planted flaws ------------------------------------------------------------------------------------


def _forgets_a_deadline(patch: Patch) -> str:
    real, told = Burner.start_timer, iter(range(1_000_000))

    def start(self: Burner, now: int, duration: int, by: str) -> Any:
        events = real(self, now, duration, by)
        if next(told) % 2 == 1:
            self.timer = None
        return events

    patch.setattr(Burner, "start_timer", start)
    return "although|never low|without a cause|is not on record"


def _loses_a_row(patch: Patch) -> str:
    real, told = Journal.append, iter(range(1_000_000))

    def append(self: Journal, entries: Any, standing: Any) -> Any:
        lost = [entry for entry in entries if entry.kind == "shut_off" and next(told) % 20 == 7]
        return real(self, [entry for entry in entries if entry not in lost], standing)

    patch.setattr(Journal, "append", append)
    return "is not on record"


def _takes_winter_for_summer(patch: Patch) -> str:
    real = kitchen.HouseholdWall.local
    winter = utc("2026-01-15T12:00:00").astimezone(kitchen.ZONE).utcoffset()

    def local(self: Any, naive: Any) -> Any:
        return real(self, naive).replace(tzinfo=timezone(winter or timedelta()))

    patch.setattr(kitchen.HouseholdWall, "local", local)
    return "although it was held by night|without a cause|never low"


def _cuts_for_no_reason(patch: Patch) -> str:
    real, told = Burner.tick, iter(range(10_000_000))

    def tick(self: Burner, now: int) -> Any:
        if next(told) % 4001 == 4000 and self.permitted(now):
            return self.shut_off(now, Cause.FAULT, "nobody")
        return real(self, now)

    patch.setattr(Burner, "tick", tick)
    return "fell without a cause"


@pytest.mark.parametrize("flaw", [_forgets_a_deadline, _loses_a_row, _takes_winter_for_summer, _cuts_for_no_reason])
def test_a_planted_flaw_is_found(flaw: Callable[[Patch], str], monkeypatch: Patch) -> None:
    expected = flaw(monkeypatch)
    wrong = run(5, seed=6, start=SPRING).wrong
    assert any(re.search(expected, sentence) for sentence in wrong), wrong


def test_a_planted_leak_of_objects_is_found(monkeypatch: Patch) -> None:
    kept: list[Any] = []
    real = Stream.publish

    def publish(self: Stream, item: Any) -> None:
        kept.append(item)
        real(self, item)

    monkeypatch.setattr(Stream, "publish", publish)
    wrong = run(7, seed=6).wrong
    assert any("objects grew" in sentence for sentence in wrong), wrong
