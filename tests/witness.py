"""A witness of the relay lines who outlives the process that drives them.

:class:`WitnessFactory` is the simulated hob's pin factory that also appends every level of every output to a
file, or tells it to a process that keeps the lines, at each change and at each claim. The file stays when the
process is killed, so a line's last record is its level as Raspberry Pi kernels keep it: high, until somebody
drives it low.
"""

import errno
import os
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.settings import KeeperSettings
from hardware.simulated import SimulatedFactory, SimulatedPin

VARIABLE = "FLAMEOUT_TEST_WITNESS"
RECORD = struct.Struct("<qiii")  # boot clock in ns, pin, level, process


class WitnessFactory(SimulatedFactory):
    """Writes down what the pins do."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._write = _writer(Path(os.environ[VARIABLE]))
        super().__init__(*arguments, **named)
        self.pin_class: Any = _witnessed(SimulatedPin, self)

    @classmethod
    def for_settings(cls, settings: KeeperSettings) -> "WitnessFactory":
        factory = super().for_settings(settings)
        assert isinstance(factory, WitnessFactory)
        return factory

    def write_down(self, pin: int, high: bool) -> None:
        now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._write(RECORD.pack(now, pin, high, os.getpid()))


def _writer(place: Path) -> Callable[[bytes], object]:
    """Writes records to a file, or to a process that keeps the lines; that one answers as a kernel's call returns."""
    if not place.is_socket():
        file = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        return lambda record: os.write(file, record)
    keeper_of_lines = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    keeper_of_lines.connect(str(place))

    def write(record: bytes) -> None:
        keeper_of_lines.send(record)
        if keeper_of_lines.recv(16) != b"done":
            raise OSError(errno.EBUSY, "the line belongs to another process")

    return write


def _witnessed(pin_class: Any, factory: WitnessFactory) -> Any:
    class WitnessedPin(pin_class):  # type: ignore[misc]
        def _set_function(self, value: str) -> None:
            super()._set_function(value)
            if value == "output":  # a claim drives the line to its present state
                factory.write_down(self._number, bool(self._state))

        def _change_state(self, value: bool) -> bool:
            if self._function == "output" and self._state != value:
                factory.write_down(self._number, bool(value))  # the line moves now; the hob feels it after that
            return bool(super()._change_state(value))

    return WitnessedPin


@dataclass(frozen=True)
class Level:
    """One record: since when (s on the boot clock), which pin, high or low, by which process."""

    at: float
    pin: int
    high: bool
    pid: int


class Witness:
    """Reads what was written down."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "levels"
        self.path.touch()
        self._register(folder)
        self.environment = {VARIABLE: str(self.path), "PYTHONPATH": f"{folder}:{Path(__file__).parent.parent}"}

    def levels(self) -> list[Level]:
        """Everything so far, in order."""
        return [Level(at, pin, bool(high), pid) for at, pin, high, pid in self.records() if pin >= 0]

    def records(self) -> list[tuple[float, int, int, int]]:
        """Every record: s on the boot clock, pin (negative: not of a line), level, process."""
        content = self.path.read_bytes()
        whole = len(content) - len(content) % RECORD.size
        return [(at / 1e9, pin, level, pid) for at, pin, level, pid in RECORD.iter_unpack(content[:whole])]

    def high(self, pin: int) -> bool:
        """The line's present level, whoever may have died."""
        levels = [level for level in self.levels() if level.pin == pin]
        return bool(levels) and levels[-1].high

    def fell_at(self, pin: int) -> float:
        """When the line went low for the last time, s on the boot clock. Fails while it is high."""
        levels = [level for level in self.levels() if level.pin == pin]
        assert levels, f"nothing is known of GPIO {pin}"
        assert not levels[-1].high, f"GPIO {pin} is high"
        low_from = levels[-1]
        for level in reversed(levels):
            if level.high:
                break
            low_from = level
        return low_from.at

    @staticmethod
    def _register(folder: Path) -> None:
        """Make the factory known to gpiozero as a distribution on the path would."""
        info = folder / "flameout_witness-0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flameout-witness\nVersion: 0\n")
        (info / "entry_points.txt").write_text("[gpiozero_pin_factories]\nwitness = tests.witness:WitnessFactory\n")


def boot_seconds() -> float:
    """Now, on the witness's clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
