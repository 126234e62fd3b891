"""Wall time for people: it follows the system's clock, and does not flicker."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from controller.view import earliest, parse_instant
from controller.wall import Calendar, SystemWallClock, rfc3339
from hardware.clock import BootClock
from tests.fakes import BOOT, NOON, ManualClock


class Wall:
    """A wall clock that people set."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.zone: timezone | ZoneInfo = UTC
        self.offset = timedelta()

    def local(self, naive: datetime) -> datetime:
        return naive.replace(tzinfo=self.zone)

    def zoned(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def wall(self) -> datetime:
        there = (NOON + timedelta(milliseconds=self._clock.now() - BOOT) + self.offset).astimezone(self.zone)
        return there.astimezone(timezone(there.utcoffset() or timedelta()))  # an offset without a zone, as in life


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def wall(clock: ManualClock) -> Wall:
    return Wall(clock)


@pytest.fixture
def calendar(clock: ManualClock, wall: Wall) -> Calendar:
    return Calendar(clock, wall)


def test_an_instant_has_a_wall_time_and_back(calendar: Calendar, clock: ManualClock) -> None:
    in_25_minutes = clock.now() + 25 * 60_000
    assert calendar.at(in_25_minutes) == NOON + timedelta(minutes=25)
    assert calendar.instant(NOON + timedelta(minutes=25)) == in_25_minutes


def test_an_end_time_does_not_flicker_while_the_clocks_drift_by_a_little(
    calendar: Calendar, clock: ManualClock, wall: Wall
) -> None:
    shown = calendar.at(clock.now())
    instant = clock.now()
    for drift in (80, -240, 249):
        wall.offset = timedelta(milliseconds=drift)
        clock.advance(1_000)
        assert calendar.at(instant) == shown


def test_a_step_of_the_wall_clock_shows(calendar: Calendar, clock: ManualClock, wall: Wall) -> None:
    instant = clock.now() + 60_000
    wall.offset = timedelta(hours=-3)
    assert calendar.at(instant) == NOON + timedelta(minutes=1, hours=-3)
    assert calendar.instant(NOON) == clock.now() + 3 * 3_600_000
    assert calendar.now() == NOON - timedelta(hours=3)


def test_a_step_moves_what_is_shown_and_never_an_instant(calendar: Calendar, clock: ManualClock, wall: Wall) -> None:
    deadline = calendar.instant(NOON + timedelta(minutes=25))
    wall.offset = timedelta(days=-7_000)
    assert deadline - clock.now() == 25 * 60_000


def test_times_are_shown_in_the_local_zone(calendar: Calendar, clock: ManualClock, wall: Wall) -> None:
    wall.zone = ZoneInfo("Europe/Berlin")
    assert rfc3339(calendar.at(clock.now())) == "2026-11-23T13:00:00.000+01:00"


def test_an_instant_is_written_as_rfc_3339_with_milliseconds() -> None:
    assert rfc3339(NOON.replace(microsecond=250_000)) == "2026-11-23T12:00:00.250+00:00"


@pytest.mark.parametrize(
    "text", ["2026-11-23T18:42:00+01:00", "2026-11-23T17:42:00Z", "2026-11-23T17:42:00.000000+00:00"]
)
def test_an_instant_is_read_with_its_zone(text: str) -> None:
    assert parse_instant(text) == datetime(2026, 11, 23, 17, 42, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "18:42", "2026-11-23", "1795455720", "2026-02-30T00:00:00Z"])
def test_what_is_no_instant_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r'(is not an RFC 3339 instant|has no zone); write it like "2026-11-23T18:42'):
        parse_instant(text)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        parse_instant("2026-11-23T18:42:00")


def test_the_earliest_of_none_is_none(calendar: Calendar, clock: ManualClock) -> None:
    assert earliest([], calendar) is None
    assert earliest([clock.now() + 60_000, clock.now()], calendar) == rfc3339(NOON)


def test_the_systems_clocks_agree_with_themselves() -> None:
    boot = BootClock()
    calendar = Calendar(boot, SystemWallClock())
    assert calendar.now().tzinfo is not None
    assert abs(calendar.at(boot.now()) - calendar.now()) < timedelta(seconds=1)
    assert boot.seconds_until(boot.now() + 10_000) == pytest.approx(10, abs=1)


def test_an_instant_beyond_a_clock_change_has_the_offset_of_its_own_day(
    calendar: Calendar, clock: ManualClock, wall: Wall
) -> None:
    wall.zone = ZoneInfo("Europe/Berlin")
    wall.offset = datetime(2026, 10, 25, 0, 30, tzinfo=UTC) - NOON  # 02:30 in summer time; at 03:00 it is 02:00 again
    assert rfc3339(calendar.at(clock.now())) == "2026-10-25T02:30:00.000+02:00"
    assert rfc3339(calendar.at(clock.now() + 2 * 3_600_000)) == "2026-10-25T03:30:00.000+01:00"


def test_the_systems_zone_is_asked_for_the_instant_that_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    clock = SystemWallClock()
    clock.wall()
    summer, winter = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 12))
    assert [clock.zoned(instant).utcoffset() for instant in (summer, winter)] == [
        timedelta(hours=2),
        timedelta(hours=1),
    ]
    monkeypatch.undo()
    clock.wall()


def test_setting_the_clock_is_counted_and_drifting_is_not(calendar: Calendar, wall: Wall) -> None:
    wall.offset = timedelta(milliseconds=200)
    calendar.measure()
    assert calendar.steps == 0
    wall.offset = timedelta(hours=5)
    calendar.measure()
    calendar.measure()
    assert calendar.steps == 1
