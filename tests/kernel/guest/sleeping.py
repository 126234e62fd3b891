"""The machine sleeps. Nobody can act meanwhile, and every line stays as it is; what counts is the time after waking."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tests.kernel.guest.stage import UNITS, drop_in, falls, fault, ready, restart_both, set_timers, tell, thawed

POWER = Path("/sys/power")
SLEEP = 5  # s, and a second less or more by the real-time clock; the kernel waits busily, which QEMU is slow at
TIMERS = 2.5  # s
PATCH = "import sys, time; time.CLOCK_BOOTTIME = time.CLOCK_MONOTONIC; from api.entry import main; sys.exit(main())"
ON_ANOTHER_CLOCK = f"""
[Service]
ExecStart=
ExecStart=/opt/flameout/current/bin/python3 -c "{PATCH}" COMMAND --config /etc/flameout/flameout.toml
"""


def _slept() -> int:
    """Nanoseconds of sleep since the machine was switched on: what one clock counts and the other does not."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@contextlib.contextmanager
def _tested(stage: str, seconds: int) -> Iterator[None]:
    """Suspends go as far as ``stage`` and back after some seconds: the kernel's own test of them."""
    Path("/sys/module/suspend/parameters/pm_test_delay").write_text(f"{seconds}")
    (POWER / "pm_test").write_text(stage)
    try:
        yield
    finally:
        (POWER / "pm_test").write_text("none")


def _sleep() -> None:
    """Suspend to memory but for its very last step: processes, devices and clocks stand, and the kernel waits."""
    with _tested("core", SLEEP):
        before = _slept()
        fault()
        (POWER / "state").write_text("mem")
        tell(mark="awake", slept=(_slept() - before) / 1e9, thawed=thawed())


def every_process_is_frozen_for_a_while() -> None:
    """The first step of a suspend alone: every clock goes on."""
    with _tested("freezer", 3):
        at = fault()
        (POWER / "state").write_text("freeze")
        tell(mark="end", frozen=(time.monotonic_ns() - at) / 1e9)
    falls(10)


def the_machine_sleeps_past_the_lease() -> None:
    _sleep()
    falls(10)


def the_machine_sleeps_past_its_timers() -> None:
    set_timers(TIMERS)
    _sleep()
    falls(10)
    time.sleep(8)  # less than limits.hold_open
    tell(mark="end")


def with_a_clock_that_stops_in_sleep_the_lines_stay_high() -> None:
    """Both programs on CLOCK_MONOTONIC: what the limits above would say then."""
    keeper, daemon = UNITS
    with (
        drop_in(keeper, ON_ANOTHER_CLOCK.replace("COMMAND", "keeper")),
        drop_in(daemon, ON_ANOTHER_CLOCK.replace("COMMAND", "run")),
    ):
        restart_both()
        ready()
        set_timers(TIMERS)
        _sleep()
        falls(10)
    restart_both()
