"""Wall time, for people only: journal, API, schedules. Nothing that cuts a flame asks it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from hardware.clock import Clock, Millis

_DRIFT = timedelta(milliseconds=250)  # a step that shows on a clock with seconds


class WallClock(Protocol):
    """What time it is for people."""

    def wall(self) -> datetime:
        """The present instant, with a zone."""

    def local(self, naive: datetime) -> datetime:
        """A local time without a zone, with the offset that it has on its day."""

    def zoned(self, instant: datetime) -> datetime:
        """An instant in the local zone, with the offset that it has then."""


class SystemWallClock:
    """The system's clock in the system's zone, which may be another one while the program runs."""

    def wall(self) -> datetime:
        time.tzset()
        return datetime.fromtimestamp(time.time(), UTC).astimezone()

    def local(self, naive: datetime) -> datetime:
        return naive.astimezone()

    def zoned(self, instant: datetime) -> datetime:
        return instant.astimezone()


class Calendar:
    """Says at what wall time an instant of the boot clock is.

    The distance between the two clocks is remembered and measured anew only when it has moved by more than
    a quarter of a second, so that an end time does not flicker from answer to answer.
    """

    def __init__(self, clock: Clock, wall_clock: WallClock) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._boot = self._measure()
        self.steps = 0  # how often the wall clock was set; what is shown of instants has changed then

    def now(self) -> datetime:
        """The present wall time, with a zone."""
        return self._wall_clock.wall()

    def local(self, naive: datetime) -> datetime:
        """A local time without a zone, with the offset that it has on its day."""
        return self._wall_clock.local(naive)

    def at(self, instant: Millis) -> datetime:
        """The wall time of an instant on the boot clock, in the local zone of that day."""
        self.measure()
        return self._wall_clock.zoned(self._boot + timedelta(milliseconds=instant))

    def instant(self, wall: datetime) -> Millis:
        """The instant on the boot clock of a wall time with a zone, as the clocks stand now."""
        self.measure()
        return round((wall.astimezone(UTC) - self._boot) / timedelta(milliseconds=1))

    def measure(self) -> None:
        """Look whether the wall clock was set."""
        measured = self._measure()
        if abs(measured - self._boot) > _DRIFT:
            self._boot = measured
            self.steps += 1

    def _measure(self) -> datetime:
        return self._wall_clock.wall().astimezone(UTC) - timedelta(milliseconds=self._clock.now())


def rfc3339(wall: datetime) -> str:
    """``2026-11-23T18:42:05.250+01:00``: an instant as it stands in the API, on MQTT and in the journal."""
    return wall.isoformat(timespec="milliseconds")
