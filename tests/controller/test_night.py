"""Night locks and the sweep by the local time of day: over midnight, clock changes and clocks that are set."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config import LockConfig
from controller.night import Local, SweepTime, is_night, next_instant, night_of

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# each day's clock change: Berlin at 01:00 UTC, New York at 2 o'clock of its own
SPRING = {BERLIN: datetime(2026, 3, 29, 1, 0, tzinfo=UTC), NEW_YORK: datetime(2026, 3, 8, 7, 0, tzinfo=UTC)}
AUTUMN = {BERLIN: datetime(2026, 10, 25, 1, 0, tzinfo=UTC), NEW_YORK: datetime(2026, 11, 1, 6, 0, tzinfo=UTC)}


def local_in(zone: ZoneInfo) -> Local:
    return lambda naive: naive.replace(tzinfo=zone)


def wall_in(zone: ZoneInfo, instant: datetime) -> datetime:
    """What the system's clock says: the local time with its offset, and no word of the zone."""
    there = instant.astimezone(zone)
    return there.astimezone(timezone(there.utcoffset() or timedelta()))


def a_lock(start: str, end: str, *burners: str) -> LockConfig:
    return LockConfig.model_validate({"from": start, "to": end, "burners": list(burners)})


def night_at(lock: LockConfig, instant: datetime, zone: ZoneInfo = BERLIN) -> bool:
    return is_night(lock, wall_in(zone, instant), local_in(zone))


def next_night(lock: LockConfig, instant: datetime, zone: ZoneInfo = BERLIN) -> datetime:
    """When it begins, as UTC."""
    return next_instant(lock.start, wall_in(zone, instant), local_in(zone)).astimezone(UTC)


def berlin(text: str, fold: int = 0) -> datetime:
    """The instant of a local time in Berlin, e.g. "03-29 02:30"."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


def minutes(start: datetime, end: datetime, step: timedelta = MINUTE) -> Iterator[datetime]:
    while start < end:
        yield start
        start += step


def spells(holds: Callable[[datetime], bool], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """From when until when something holds, to the minute."""
    found: list[tuple[datetime, datetime]] = []
    for instant in minutes(start, end):
        if not holds(instant):
            continue
        if found and found[-1][1] == instant:
            found[-1] = (found[-1][0], instant + MINUTE)
        else:
            found.append((instant, instant + MINUTE))
    return found


# --- ordinary nights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "night"),
    [("22:59", False), ("23:00", True), ("23:59", True), ("00:00", True), ("05:59", True), ("06:00", False)],
)
def test_a_night_goes_over_midnight_from_its_first_minute_to_its_last(at: str, night: bool) -> None:
    assert night_at(a_lock("23:00", "06:00"), berlin(f"06-15 {at}")) is night


@pytest.mark.parametrize(("at", "night"), [("12:59", False), ("13:00", True), ("14:59", True), ("15:00", False)])
def test_a_lock_may_hold_by_day(at: str, night: bool) -> None:
    assert night_at(a_lock("13:00", "15:00"), berlin(f"06-15 {at}")) is night


@pytest.mark.parametrize(("at", "night"), [("23:59", False), ("00:00", True), ("05:59", True), ("06:00", False)])
def test_a_lock_may_begin_at_midnight(at: str, night: bool) -> None:
    assert night_at(a_lock("00:00", "06:00"), berlin(f"06-15 {at}")) is night


@pytest.mark.parametrize(("at", "night"), [("21:59", False), ("22:00", True), ("23:59", True), ("00:00", False)])
def test_a_lock_may_end_at_midnight(at: str, night: bool) -> None:
    assert night_at(a_lock("22:00", "00:00"), berlin(f"06-15 {at}")) is night


@pytest.mark.parametrize(
    ("at", "begins"),
    [("22:59", "06-15 23:00"), ("23:00", "06-16 23:00"), ("23:01", "06-16 23:00"), ("00:00", "06-15 23:00")],
)
def test_the_next_night_is_the_one_that_has_not_begun(at: str, begins: str) -> None:
    assert next_night(a_lock("23:00", "06:00"), berlin(f"06-15 {at}")) == berlin(begins)


def test_the_next_night_at_the_end_of_a_year_is_in_the_next_one() -> None:
    assert next_night(a_lock("01:00", "06:00"), berlin("12-31 12:00")) == datetime(2027, 1, 1, 0, 0, tzinfo=UTC)


# --- whose -----------------------------------------------------------------------------------------------


def test_a_burner_without_a_lock_has_no_night() -> None:
    night = berlin("06-15 23:30")
    assert night_of([], "left", night, local_in(BERLIN)) == (False, None)
    assert night_of([a_lock("23:00", "06:00", "right")], "left", night, local_in(BERLIN)) == (False, None)


def test_a_lock_that_names_no_burner_is_everybodys() -> None:
    held, begins = night_of(
        [a_lock("23:00", "06:00")], "left", wall_in(BERLIN, berlin("06-15 23:30")), local_in(BERLIN)
    )
    assert held
    assert begins == berlin("06-16 23:00")


def test_of_several_locks_each_holds_and_the_first_to_come_is_next() -> None:
    locks = [a_lock("23:00", "06:00"), a_lock("13:00", "15:00", "left"), a_lock("08:00", "09:00", "right")]
    noon = wall_in(BERLIN, berlin("06-15 12:00"))
    assert night_of(locks, "left", noon, local_in(BERLIN)) == (False, berlin("06-15 13:00"))
    assert night_of(locks, "left", noon + 2 * HOUR, local_in(BERLIN)) == (True, berlin("06-15 23:00"))
    assert night_of(locks, "right", noon + 2 * HOUR, local_in(BERLIN)) == (False, berlin("06-15 23:00"))


# --- clock changes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize(("changes", "longer"), [(SPRING, -HOUR), (AUTUMN, HOUR)])
def test_a_night_with_a_clock_change_is_as_long_as_its_clock_says(
    zone: ZoneInfo, changes: dict[ZoneInfo, datetime], longer: timedelta
) -> None:
    lock, change = a_lock("23:00", "06:00"), changes[zone]
    held = spells(lambda instant: night_at(lock, instant, zone), change - 12 * HOUR, change + 12 * HOUR)
    assert [end - start for start, end in held] == [7 * HOUR + longer]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_start_that_the_clock_leaves_out_comes_later_by_as_much(zone: ZoneInfo) -> None:
    lock, change = a_lock("02:30", "05:00"), SPRING[zone]
    assert next_night(lock, change - 2 * HOUR, zone) == change + 30 * MINUTE
    held = spells(lambda instant: night_at(lock, instant, zone), change - 6 * HOUR, change + 6 * HOUR)
    assert held == [(change + 30 * MINUTE, change + 2 * HOUR)]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_an_end_that_the_clock_leaves_out_comes_later_by_as_much(zone: ZoneInfo) -> None:
    lock, change = a_lock("23:00", "02:30"), SPRING[zone]
    held = spells(lambda instant: night_at(lock, instant, zone), change - 6 * HOUR, change + 6 * HOUR)
    assert held == [(change - 3 * HOUR, change + 30 * MINUTE)]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_night_that_lies_in_the_hour_left_out_is_an_hour_later(zone: ZoneInfo) -> None:
    lock, change = a_lock("02:15", "02:45"), SPRING[zone]
    held = spells(lambda instant: night_at(lock, instant, zone), change - 6 * HOUR, change + 6 * HOUR)
    assert held == [(change + 15 * MINUTE, change + 45 * MINUTE)]


def start_twice(zone: ZoneInfo) -> str:
    """A time of day in the hour that the zone's clock shows twice."""
    return "02:30" if zone is BERLIN else "01:30"


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_of_a_start_that_comes_twice_the_first_counts_and_the_night_lets_go_at_its_end_only(zone: ZoneInfo) -> None:
    lock, change = a_lock(start_twice(zone), "06:00"), AUTUMN[zone]
    assert next_night(lock, change - 2 * HOUR, zone) == change - 30 * MINUTE
    held = spells(lambda instant: night_at(lock, instant, zone), change - 6 * HOUR, change + 12 * HOUR)
    assert [start for start, _ in held] == [change - 30 * MINUTE]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_start_that_came_is_not_announced_again_when_the_clock_shows_it_again(zone: ZoneInfo) -> None:
    lock, change = a_lock(start_twice(zone), "06:00"), AUTUMN[zone]
    for instant in minutes(change - 30 * MINUTE, change + 2 * HOUR):
        assert next_night(lock, instant, zone) == change - 30 * MINUTE + DAY + HOUR


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_an_end_that_comes_twice_ends_the_night_once(zone: ZoneInfo) -> None:
    lock, change = a_lock("23:00", start_twice(zone)), AUTUMN[zone]
    held = spells(lambda instant: night_at(lock, instant, zone), change - 6 * HOUR, change + 6 * HOUR)
    assert [end for _, end in held] == [change - 30 * MINUTE]


times = st.builds(lambda minute: f"{minute // 60:02}:{minute % 60:02}", st.integers(0, 1_439))
changes = st.sampled_from([(zone, table[zone]) for zone in (BERLIN, NEW_YORK) for table in (SPRING, AUTUMN)])


@settings(deadline=None, max_examples=60)
@given(times, times, changes)
def test_every_night_begins_when_it_was_announced(start: str, end: str, change: tuple[ZoneInfo, datetime]) -> None:
    if start == end:
        return
    (zone, around), lock = change, a_lock(start, end)
    step = 5 * MINUTE
    before, announced = True, around
    for instant in minutes(around - DAY - 3 * HOUR, around + DAY + 3 * HOUR, step):
        night = night_at(lock, instant, zone)
        if night and not before:
            assert instant - step < announced <= instant
        before, announced = night, next_night(lock, instant, zone)
        assert announced > instant


@settings(deadline=None, max_examples=60)
@given(times, times, changes)
def test_a_night_holds_from_the_moment_it_was_announced_for(
    start: str, end: str, change: tuple[ZoneInfo, datetime]
) -> None:
    (zone, around), lock = change, a_lock(start, end)
    begins = next_night(lock, around - 12 * HOUR, zone)
    ends = datetime.combine(begins.astimezone(zone).date(), lock.end, zone).astimezone(UTC)
    left_out = lock.start < lock.end and ends <= begins  # nothing of the night is left where the clock leaps over it
    assert night_at(lock, begins, zone) is not left_out


# --- the sweep -------------------------------------------------------------------------------------------


class Sweep:
    """A daily sweep in Berlin, and when it was due."""

    def __init__(self, at: str, start: datetime, zone: ZoneInfo = BERLIN) -> None:
        self.zone = zone
        self.sweep = SweepTime(time.fromisoformat(at), wall_in(zone, start))
        self.due: list[datetime] = []

    def look(self, instant: datetime) -> bool:
        due = self.sweep.due(wall_in(self.zone, instant), local_in(self.zone))
        self.due += [instant] if due else []
        return due


def test_a_sweep_is_due_once_a_day_at_its_time() -> None:
    start = berlin("06-15 12:00")
    sweep = Sweep("23:30", start)
    for instant in minutes(start, start + 3 * DAY):
        sweep.look(instant)
    assert sweep.due == [berlin(f"06-{day} 23:30") for day in (15, 16, 17)]


def test_a_sweep_at_midnight_is_due_at_midnight() -> None:
    sweep = Sweep("00:00", berlin("06-15 23:59"))
    assert not sweep.look(berlin("06-15 23:59"))
    assert sweep.look(berlin("06-16 00:00"))
    assert not sweep.look(berlin("06-16 00:01"))


def test_a_sweep_whose_time_was_past_at_the_start_waits_for_the_next_day() -> None:
    sweep = Sweep("23:30", berlin("06-15 23:30"))
    assert not sweep.look(berlin("06-15 23:30"))
    assert not sweep.look(berlin("06-16 23:29"))
    assert sweep.look(berlin("06-16 23:30"))


@pytest.mark.parametrize("back", [MINUTE, HOUR, DAY, 400 * DAY])
def test_a_clock_set_back_makes_no_sweep_due(back: timedelta) -> None:
    sweep = Sweep("23:30", berlin("06-15 23:00"))
    assert sweep.look(berlin("06-15 23:30"))
    assert not sweep.look(berlin("06-15 23:31") - back)


@pytest.mark.parametrize("later", [HOUR, DAY, 30 * DAY])
def test_a_clock_that_jumps_forward_makes_one_sweep_due(later: timedelta) -> None:
    sweep = Sweep("23:30", berlin("06-15 23:00"))
    assert sweep.look(berlin("06-15 23:00") + later)
    assert not sweep.look(berlin("06-15 23:00") + later + MINUTE)


def test_a_clock_that_jumps_forward_within_the_day_makes_no_sweep_due() -> None:
    assert not Sweep("23:30", berlin("06-15 08:00")).look(berlin("06-15 23:29"))


@settings(deadline=None, max_examples=60)
@given(times, changes, st.integers(1, 90))
def test_a_sweep_is_due_once_on_a_day_whose_clock_changes(
    at: str, change: tuple[ZoneInfo, datetime], step: int
) -> None:
    zone, around = change
    day = around.astimezone(zone).date()
    first = datetime.combine(day - DAY, time(12), zone).astimezone(UTC)
    sweep = Sweep(at, first, zone)
    for instant in minutes(first, first + 3 * DAY, step * MINUTE):
        sweep.look(instant)
    planned = [datetime.combine(each, time.fromisoformat(at), zone).astimezone(UTC) for each in days_around(day)]
    expected = [instant for instant in planned if first < instant <= first + 3 * DAY - 90 * MINUTE]
    assert len(sweep.due) in (len(expected), len(expected) + 1)
    for due, instant in zip(sweep.due, expected, strict=False):
        assert timedelta() <= due - instant < step * MINUTE


def days_around(day: date) -> list[date]:
    return [day + timedelta(days=offset) for offset in range(-2, 4)]
