"""The units: closed as far as they can be, and their last resort without Python."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy/systemd"
LINES_LOW = UNITS / "lines-low"
LIMITS = {"flameout-keeper.service": 10, "flameout.service": 15}  # tenths, as systemd-analyze counts


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
@pytest.mark.parametrize("unit", LIMITS)
def test_the_exposure_stays_below_its_gate(unit: str) -> None:
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={LIMITS[unit]}", "--no-pager"]
    done = subprocess.run([*command, str(UNITS / unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("unit", LIMITS)
def test_a_stopped_process_is_killed_for_good(unit: str) -> None:
    text = (UNITS / unit).read_text()
    for needed in ("Type=notify", "WatchdogSec=", "WatchdogSignal=SIGKILL", "Restart=always", "StartLimitBurst="):
        assert needed in text, needed


def test_only_the_keeper_has_the_lines_and_it_has_no_network() -> None:
    keeper, daemon = ((UNITS / unit).read_text() for unit in LIMITS)
    assert "DeviceAllow=char-gpiochip rw" in keeper
    assert "PrivateNetwork=yes" in keeper
    assert "ExecStopPost=+/opt/flameout/current/deploy/systemd/lines-low" in keeper
    assert "gpio" not in daemon
    assert "PrivateDevices=yes" in daemon


def test_the_keeper_may_read_which_board_it_runs_on() -> None:
    """gpiozero's lgpio factory looks into /proc/device-tree and /proc/cpuinfo, and does not start without."""
    assert "\nProcSubset=pid" not in (UNITS / "flameout-keeper.service").read_text()


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def run(folder: Path, lines: str | None) -> "subprocess.CompletedProcess[str]":
    """lines-low with nothing but these programs and the system's own."""
    file = folder / "lines"
    if lines is not None:
        file.write_text(lines)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "OUT": str(folder / "out")}
    return subprocess.run([str(LINES_LOW), str(file)], env=environment, capture_output=True, text=True, check=False)


def test_lines_go_low_by_pinctrl(tmp_path: Path) -> None:
    program(tmp_path, "pinctrl", 'echo "$@" >> "$OUT"')
    assert run(tmp_path, "17\n27\n").returncode == 0
    assert (tmp_path / "out").read_text() == "set 17 op dl\nset 27 op dl\n"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("gpioset (libgpiod) v1.6.3", "gpiochip4 {}=0"),
        ("gpioset (libgpiod) v2.2.1", "--toggle 0 --chip gpiochip4 {}=0"),
    ],
)
def test_lines_go_low_by_either_gpioset(tmp_path: Path, version: str, words: str) -> None:
    detected = "gpiochip0 [raspberrypi-exp-gpio] (8 lines)\\ngpiochip4 [pinctrl-rp1] (54 lines)"
    program(tmp_path, "gpiodetect", f"printf '{detected}\\n'")
    program(tmp_path, "gpioset", f'[ "$1" = --version ] && echo "{version}" && exit; echo "$@" >> "$OUT"')
    assert run(tmp_path, "17\n27\n").returncode == 0
    assert (tmp_path / "out").read_text().splitlines() == [words.format(17), words.format(27)]


@pytest.mark.parametrize("tool", ["gpioset", "pinctrl"])
def test_a_line_that_somebody_else_holds_does_not_keep_the_others_high(tmp_path: Path, tool: str) -> None:
    program(tmp_path, "gpiodetect", "printf 'gpiochip0 [pinctrl-bcm2711] (54 lines)\\n'")
    program(tmp_path, tool, 'case "$*" in *17*) exit 1 ;; *27*) echo "$@" >> "$OUT" ;; esac')
    done = run(tmp_path, "17\n27\n")
    assert done.returncode == 1
    assert "GPIO 17 was not driven low" in done.stderr
    assert "27" in (tmp_path / "out").read_text()


def test_simulated_pins_need_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "simulated pins\n").returncode == 0


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    assert "cannot be read; no line is known" in run(tmp_path, None).stderr
    program(tmp_path, "gpiodetect", "true")
    program(tmp_path, "gpioset", "true")
    done = run(tmp_path, "17\n")
    assert done.returncode == 1
    assert "no chip with the header's pins" in done.stderr
