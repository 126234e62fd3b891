"""The kernel's side of the relay lines, as a process of its own.

Drivers report each level over a Unix socket (see :class:`tests.witness.WitnessFactory`). This process stamps it
on the boot clock, writes it down, and keeps it when the driver dies, as Raspberry Pi kernels do. A line belongs to
one living process at a time; a second one is told that it is busy. It also writes down when it could not look for
longer than :data:`STALL`, because a limit that the machine itself overran says nothing about flameout.

    python -m tests.faults.lines FOLDER
"""

import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.witness import RECORD, Witness

LOOKS_EVERY = 0.005  # s
STALL = 0.02  # s
MACHINE = -1  # the pin of a record that tells of a stall; its level is the stall's length in ms


def _now() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Lines:
    """Who drives which line, and every level."""

    def __init__(self, folder: Path) -> None:
        self._selector = selectors.DefaultSelector()
        self._levels = os.open(folder / "levels", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._owners: dict[int, socket.socket] = {}  # by pin
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(folder / "lines"))
        self._listener.listen(64)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def keep(self) -> None:
        """Keep the lines for ever."""
        looked = _now()
        while True:
            ready = self._selector.select(LOOKS_EVERY)
            now = _now()
            if now - looked > STALL * 1e9:
                self._write(now, MACHINE, (now - looked) // 1_000_000, os.getpid())
            looked = now
            for key, _ in ready:
                if key.fileobj is self._listener:
                    driver, _ = self._listener.accept()
                    self._selector.register(driver, selectors.EVENT_READ)
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._hear(key.fileobj)

    def _hear(self, driver: socket.socket) -> None:
        try:
            packet = driver.recv(64)
            if packet:
                driver.send(self._drive(driver, packet))
                return
        except ConnectionError:
            pass
        # its owner died or let go; the levels stay
        self._owners = {pin: owner for pin, owner in self._owners.items() if owner is not driver}
        self._selector.unregister(driver)
        driver.close()

    def _drive(self, driver: socket.socket, packet: bytes) -> bytes:
        _, pin, level, pid = RECORD.unpack(packet)
        if self._owners.setdefault(pin, driver) is not driver:
            return b"busy"
        self._write(_now(), pin, level, pid)
        return b"done"

    def _write(self, at: int, pin: int, level: int, pid: int) -> None:
        os.write(self._levels, RECORD.pack(at, pin, level, pid))


@dataclass(frozen=True)
class Stall:
    """The machine did not let the witness look from ``at`` for ``length``, both in s."""

    at: float
    length: float


class KernelLines(Witness):
    """The process, for the one who runs a daemon on its lines."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment = self.environment | {"FLAMEOUT_TEST_WITNESS": str(folder / "lines")}
        self._process = subprocess.Popen([sys.executable, "-m", "tests.faults.lines", str(folder)], cwd=_ROOT)
        while not (folder / "lines").exists():
            assert self._process.poll() is None, "the witness did not start"
            time.sleep(0.005)

    def stalls(self) -> list[Stall]:
        """When the machine itself stood still."""
        return [Stall(at - ms / 1000, ms / 1000) for at, pin, ms, _ in self.records() if pin == MACHINE]

    def end(self) -> None:
        """The witness goes last."""
        self._process.kill()
        self._process.wait()


_ROOT = Path(__file__).parent.parent.parent

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it outlives those it watches
    Lines(Path(sys.argv[1])).keep()
