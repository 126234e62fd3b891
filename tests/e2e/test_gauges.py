"""A thermocouple on a converter, as on a Pi: the daemon, its keeper and its gauges, and the kernel's files."""

import itertools
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import Program, eventually, program
from tests.hardware.test_adc import tree

COLD, HOT = 0.2, 14.0  # mV
STEP = 0.125  # mV a bit, as the tree says


class Probe:
    """A converter's channel whose reading is never quite still."""

    def __init__(self, device: Path) -> None:
        self.millivolts: float = COLD
        self.present = True
        self._file = device / "in_voltage0_raw"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        for noise in itertools.cycle((0, 1, 2, 1)):
            if self._stop.wait(0.02):
                return
            new = self._file.with_suffix(".new")
            if self.present:
                new.write_text(f"{round(self.millivolts / STEP) + noise}\n")
                new.rename(self._file)
            else:
                self._file.unlink(missing_ok=True)

    def warm_up(self) -> None:
        """Heat as a flame does, so that it is no jump."""
        for step in range(1, 15):
            self.millivolts = step * HOT / 14
            self._stop.wait(0.15)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture
def kitchen(tmp_path: Path) -> Iterator[tuple[Program, Probe]]:
    device = tree(tmp_path / "iio", in_voltage0_raw="2")
    (device / "in_voltage0_scale").write_text(f"{STEP}\n")
    probe = Probe(device)
    with program(tmp_path) as stove:
        stove.environment = {**stove.environment, "FLAMEOUT_IIO": str(tmp_path / "iio")}
        stove.environment["FLAMEOUT_KEEPER__PIN_FACTORY"] = "mock"
        stove.start()
        yield stove, probe
    probe.close()


def gauges(stove: Program) -> list[int]:
    """The processes that read converters for this daemon."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "hardware.gauges" in words and str(stove.config) in words:
            found.append(int(entry.name))
    return found


def test_a_flame_is_read_from_the_kernels_files_and_unknown_without_them(kitchen: tuple[Program, Probe]) -> None:
    stove, probe = kitchen
    eventually("it is out", lambda: stove.burner("right")["flame"] == "out")
    probe.warm_up()
    eventually("it is lit", lambda: stove.burner("right")["flame"] == "lit")
    assert 12 < stove.burner("right")["millivolts"] < 16
    assert stove.burner("right")["limit"] is not None
    probe.present = False
    eventually("it is unknown", lambda: stove.burner("right")["flame"] == "unknown")
    assert stove.burner("right")["limit"] is not None, "unknown counts as lit"
    assert stove.burner("right")["permitted"]


def test_gauges_that_hang_or_die_cost_readings_and_nothing_else(kitchen: tuple[Program, Probe]) -> None:
    stove, _ = kitchen
    eventually("it is out", lambda: stove.burner("right")["flame"] == "out")
    (pid,) = gauges(stove)
    os.kill(pid, signal.SIGSTOP)
    eventually("it is unknown", lambda: stove.burner("right")["flame"] == "unknown")
    assert stove.burner("right")["permitted"]
    assert stove.do("POST", "/burners/right/shut-off")["permitted"] is False, "a cut waits for no converter"
    eventually("others read in its place", lambda: stove.burner("right")["flame"] == "out")
    assert pid not in gauges(stove)
    (pid,) = gauges(stove)
    os.kill(pid, signal.SIGKILL)
    eventually("and again", lambda: gauges(stove) not in ([], [pid]))
    eventually("it is out", lambda: stove.burner("right")["flame"] == "out")


def test_gauges_end_with_their_daemon(kitchen: tuple[Program, Probe]) -> None:
    stove, _ = kitchen
    eventually("they read", lambda: stove.burner("right")["flame"] == "out")
    (pid,) = gauges(stove)
    assert stove.stop() == 0
    eventually("they are gone", lambda: pid not in gauges(stove))
