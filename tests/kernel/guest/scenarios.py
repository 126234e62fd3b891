"""The faults, one function each. What a line may do afterwards is for the judge outside to say."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.kernel.guest.sleeping import (
    every_process_is_frozen_for_a_while,
    the_machine_sleeps_past_its_timers,
    the_machine_sleeps_past_the_lease,
    with_a_clock_that_stops_in_sleep_the_lines_stay_high,
)
from tests.kernel.guest.stage import (
    BURNERS,
    UNITS,
    NotSeen,
    all_are,
    ask,
    drop_in,
    eventually,
    falls,
    fault,
    harm,
    journal,
    levels,
    pid,
    ready,
    restart_both,
    run,
    said,
    set_timers,
    tell,
)

KEEPER, DAEMON = UNITS
FLAMEOUT = "/usr/local/bin/flameout"
NO_WAY_BACK = "[Service]\nRestart=no\nExecStopPost=\n"
BUTTON = Path("/run/header/sim_gpio5/pull")
HOLD = """
import lgpio, time
chip = lgpio.gpiochip_open(0)
lgpio.gpio_claim_output(chip, {pin}, {level})
print("held", flush=True)
time.sleep(3600)
"""


@contextlib.contextmanager
def stranger(pin: str, level: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A program of somebody else's that holds a line."""
    command = [sys.executable, "-c", HOLD.format(pin=pin, level=level)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd="/tmp") as process:
        assert process.stdout is not None
        if process.stdout.readline() != b"held\n":
            raise NotSeen(f"a stranger that holds GPIO {pin}")
        try:
            yield process
        finally:
            process.kill()


# --- what the tests themselves rely on ----------------------------------------------------------------------


def a_killed_owner_leaves_its_line_high() -> None:
    """Without flameout: the lines are as a Raspberry Pi's, and the witness sees it."""
    run("systemctl", "stop", DAEMON, KEEPER)
    with stranger("17", 1) as one, stranger("27", 1) as other:
        eventually("the strangers' lines high", 5, lambda: all_are(True))
        fault()
        one.kill()
        other.kill()
        one.wait()
        other.wait()
        time.sleep(3)
    restart_both()


def without_its_protection_a_killed_keeper_leaves_the_lines_high() -> None:
    """Restart= and ExecStopPost= taken away: what the limits below would say then."""
    with drop_in(KEEPER, NO_WAY_BACK):
        harm(signal.SIGKILL, KEEPER)
        falls(8)
    restart_both()


# --- start ---------------------------------------------------------------------------------------------------


def a_keeper_alone_never_drives_a_line_high() -> None:
    run("systemctl", "stop", DAEMON, KEEPER)
    fault()
    run("systemctl", "start", KEEPER)
    time.sleep(15)
    tell(mark="end")
    run("systemctl", "start", DAEMON)


def locked_lines_stay_low_until_somebody_unlocks() -> None:
    run("systemctl", "stop", DAEMON, KEEPER)
    with drop_in(DAEMON, "[Service]\nEnvironment=FLAMEOUT_STOVE__IDLE=locked\n"):
        fault()
        run("systemctl", "start", DAEMON)
        time.sleep(20)
        tell(mark="end")
        tell(mark="unlocked")
        ask("DELETE", "/lock")
        eventually("both lines high after unlocking", 15, lambda: all_are(True))
    restart_both()


# --- processes die or hang -----------------------------------------------------------------------------------


def the_controller_is_killed() -> None:
    harm(signal.SIGKILL, DAEMON)
    falls(5)


def the_controller_hangs() -> None:
    since = time.time()
    harm(signal.SIGSTOP, DAEMON)
    falls(5)
    eventually("the daemon's watchdog", 10, lambda: "Watchdog timeout" in journal(since, DAEMON))


def the_keeper_is_killed() -> None:
    harm(signal.SIGKILL, KEEPER)
    falls(10)


def the_keeper_hangs() -> None:
    since = time.time()
    harm(signal.SIGSTOP, KEEPER)
    falls(10)
    eventually("the keeper's watchdog", 10, lambda: "Watchdog timeout" in journal(since, KEEPER))


def both_are_killed() -> None:
    harm(signal.SIGKILL, KEEPER, DAEMON)
    falls(10)


def both_hang() -> None:
    harm(signal.SIGSTOP, KEEPER, DAEMON)
    falls(10)


def the_keeper_is_killed_and_only_its_restart_is_left() -> None:
    with drop_in(KEEPER, "[Service]\nExecStopPost=\n"):
        harm(signal.SIGKILL, KEEPER)
        falls(10)


def the_keeper_is_killed_and_only_lines_low_is_left() -> None:
    with drop_in(KEEPER, "[Service]\nRestart=no\n"):
        harm(signal.SIGKILL, KEEPER)
        falls(10)
    restart_both()


def everything_failed_and_somebody_runs_make_safe() -> None:
    with drop_in(KEEPER, NO_WAY_BACK), drop_in(DAEMON, "[Service]\nRestart=no\n"):
        run("systemctl", "stop", DAEMON)
        run("systemctl", "restart", KEEPER)
        run("systemctl", "start", DAEMON)
        ready()
        for unit in (KEEPER, DAEMON):
            os.kill(pid(unit), signal.SIGKILL)
        time.sleep(1)
        if not all_are(True):
            raise NotSeen(f"lines left high by the dead; they are {levels()}")
        fault()
        tell(mark="words", words=said(FLAMEOUT, "make-safe"))
        falls(5)
    restart_both()


# --- units are stopped ---------------------------------------------------------------------------------------


def _stopped(*units: str) -> None:
    fault()
    run("systemctl", "stop", *units)
    falls(10)
    time.sleep(2)
    restart_both()


def the_controller_is_told_to_stop() -> None:
    _stopped(DAEMON)


def the_keeper_is_told_to_stop() -> None:
    _stopped(KEEPER)


def both_are_told_to_stop() -> None:
    _stopped(DAEMON, KEEPER)


# --- commands, timers and inputs on real lines ---------------------------------------------------------------


def somebody_shuts_off() -> None:
    fault()
    answer = ask("POST", "/shut-off")
    tell(mark="answered", words=f"{answer}"[:300])
    falls(1)


def the_emergency_button_is_pressed() -> None:
    fault()
    BUTTON.write_text("pull-down")
    falls(5)
    BUTTON.write_text("pull-up")
    time.sleep(11)  # limits.hold_open
    for burner in BURNERS:
        eventually(f"{burner} reset", 20, lambda burner=burner: _reset(burner))


def _reset(burner: str) -> bool:
    answer = ask("POST", f"/burners/{burner}/reset")
    if "id" not in answer:
        time.sleep(0.5)
    return "id" in answer


def _clock_is_set(by: float) -> None:
    set_timers(20)
    fault()
    time.clock_settime(time.CLOCK_REALTIME, time.time() + by)
    falls(40)
    time.clock_settime(time.CLOCK_REALTIME, time.time() - by)


def the_clock_is_set_a_day_ahead() -> None:
    _clock_is_set(86_400)


def the_clock_is_set_a_year_back() -> None:
    _clock_is_set(-365 * 86_400)


# --- disks ---------------------------------------------------------------------------------------------------


def the_disk_is_full() -> None:
    """A timer ends on a disk without a free block."""
    set_timers(25)
    filler = Path("/filler")
    with filler.open("wb") as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):  # there is no such size left
                while True:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)
    if os.statvfs("/").f_bavail:
        raise NotSeen("a full disk")
    fault()
    try:
        falls(60)
        ask("POST", "/shut-off")
        tell(mark="words", words=ask("GET", "/stove").get("problems"))
    finally:
        filler.unlink()
    restart_both()


def the_root_turns_read_only() -> None:
    """As a worn SD card's does: by force, under open files."""
    set_timers(25)
    fault()
    Path("/proc/sysrq-trigger").write_text("u")
    try:
        eventually("a read-only root", 10, lambda: os.statvfs("/").f_flag & os.ST_RDONLY)
        falls(60)
        tell(mark="words", words=ask("GET", "/stove").get("problems"))
    finally:
        run("mount", "-o", "remount,rw", "/")
    eventually("a journal that is written again", 15, lambda: "cannot be written" not in str(ask("GET", "/stove")))
    tell(mark="words", words=said(FLAMEOUT, "history", "--verify"))
    restart_both()


# --- the chip is not to be had ---------------------------------------------------------------------------------


def _refused_start(needed: str) -> None:
    """Start the keeper where it cannot; ``needed`` is in what it says."""
    since = time.time()
    run("systemctl", "restart", KEEPER, check=False)
    time.sleep(5)
    words = [line for line in journal(since, KEEPER).splitlines() if line.startswith("flameout keeper: ")]
    tell(mark="words", words=words[0] if words else "")
    if not words or needed not in words[0]:
        raise NotSeen(f"{needed!r} in what the keeper says: {journal(since, KEEPER)[-800:]}")


def the_keeper_lacks_the_group() -> None:
    fault()
    os.chown("/dev/gpiochip0", 0, 0)
    try:
        _refused_start("group gpio")
        time.sleep(10)
        tell(mark="end")
    finally:
        run("chgrp", "gpio", "/dev/gpiochip0")
    restart_both()


def the_keeper_is_killed_and_may_not_open_the_chip_again() -> None:
    """The new keeper cannot start; what drives the lines low has to have other rights."""
    os.chown("/dev/gpiochip0", 0, 0)
    try:
        harm(signal.SIGKILL, KEEPER)
        falls(5)
    finally:
        run("chgrp", "gpio", "/dev/gpiochip0")
    restart_both()


def another_program_holds_a_line() -> None:
    """The keeper cannot start; a line that is not the stranger's, and was left high, is driven low all the same."""
    run("systemctl", "stop", DAEMON, KEEPER)
    with stranger("27", 1):
        pass
    with stranger("17", 0):
        eventually("one line low and one high", 2, lambda: levels() == {"17": False, "27": True})
        fault()
        run("systemctl", "start", "--no-block", DAEMON)
        _refused_start("GPIO 17")
        time.sleep(10)
        tell(mark="end")
    restart_both()


EVERY: list[Callable[[], None]] = [
    a_killed_owner_leaves_its_line_high,
    without_its_protection_a_killed_keeper_leaves_the_lines_high,
    a_keeper_alone_never_drives_a_line_high,
    locked_lines_stay_low_until_somebody_unlocks,
    the_controller_is_killed,
    the_controller_hangs,
    the_keeper_is_killed,
    the_keeper_hangs,
    both_are_killed,
    both_hang,
    the_keeper_is_killed_and_only_its_restart_is_left,
    the_keeper_is_killed_and_only_lines_low_is_left,
    everything_failed_and_somebody_runs_make_safe,
    the_controller_is_told_to_stop,
    the_keeper_is_told_to_stop,
    both_are_told_to_stop,
    somebody_shuts_off,
    the_emergency_button_is_pressed,
    the_clock_is_set_a_day_ahead,
    the_clock_is_set_a_year_back,
    every_process_is_frozen_for_a_while,
    the_machine_sleeps_past_the_lease,
    the_machine_sleeps_past_its_timers,
    with_a_clock_that_stops_in_sleep_the_lines_stay_high,
    the_disk_is_full,
    the_root_turns_read_only,
    the_keeper_lacks_the_group,
    the_keeper_is_killed_and_may_not_open_the_chip_again,
    another_program_holds_a_line,
]
