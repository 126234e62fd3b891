"""Time that nobody can set: milliseconds on the boot clock.

Deadlines live on CLOCK_BOOTTIME, which no NTP step, time zone or user can move and which counts through
suspend. Code that decides gets its clock handed in; only :class:`BootClock` asks the kernel.
"""

import time
from typing import Protocol

Millis = int
"""A duration, or an instant on the boot clock, in whole milliseconds."""

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR


class ClockFault(RuntimeError):
    """The boot clock stood still or ran backwards; nothing that counts time can be trusted."""


class Clock(Protocol):
    """What deciding code may ask of time."""

    def now(self) -> Millis:
        """Milliseconds since boot, suspend included; never decreasing."""


class BootClock:
    """The kernel's CLOCK_BOOTTIME."""

    def now(self) -> Millis:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def seconds_until(self, instant: Millis) -> float:
        """Seconds from now to ``instant`` with sub-millisecond precision; negative once it has passed."""
        return (instant * 1_000_000 - time.clock_gettime_ns(time.CLOCK_BOOTTIME)) / 1e9
