"""A daemon with eight burners for benchmarks, and what makes its machine busy."""

import contextlib
import itertools
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.e2e.program import Program, eventually

PINS = {f"b{index}": pin for index, pin in enumerate((17, 27, 22, 23, 24, 25, 5 + 7, 13))}
_UNIT = Path(__file__).parents[2] / "deploy/systemd/flameout.service"
_BURNER = '[[burners]]\nid = "{name}"\nname = "{name}"\nrelay = {{ pin = {pin} }}\n'


class Hob(Program):
    """A daemon whose burners have nothing but relays."""

    def __init__(self, folder: Path, broker_port: int | None) -> None:
        folder.mkdir(parents=True)
        super().__init__(folder)
        burners = "".join(_BURNER.format(name=name, pin=pin) for name, pin in PINS.items())
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker_port}\n' if broker_port else ""
        self.config.write_text(
            '[stove]\nid = "bench"\nname = "Bench"\n[limits]\nhold_open = "1s"\n'
            f'[keeper]\npin_factory = "witness"\n{burners}{mqtt}'
            f'[rest]\nport = {self.port}\nrequire_token = false\n[journal]\npath = "{folder}/flameout.db"\n'
        )
        self.turns = itertools.cycle(PINS)
        """Whose turn it is: a line that fell is held open for a second."""

    def wait_permitted(self, name: str) -> None:
        """Wait until the witness sees the burner's line high."""
        eventually(f"{name} is high", lambda: self.witness.high(PINS[name]))

    def deadlines(self) -> dict[str, float]:
        """Each burner's last deadline, s on the boot clock, from the journal."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/flameout.db?mode=ro", uri=True)) as journal:
            rows = journal.execute(
                "SELECT burner, boot_ms + 1000 * json_extract(details, '$.duration_s') FROM events "
                "WHERE kind = 'timer_started' ORDER BY seq"
            )
            return {burner: end / 1000 for burner, end in rows}


@contextlib.contextmanager
def started(folder: Path, broker_port: int | None = None, favoured: bool = False) -> Iterator[Hob]:
    """A hob that answers; ``favoured`` has the niceness that its unit gives it, where we may give it."""
    hob = Hob(folder, broker_port)
    if favoured and os.geteuid() == 0:
        hob.before = ["nice", "-n", _niceness()]
    try:
        hob.start()
        yield hob
    finally:
        hob.close()


def _niceness() -> str:
    lines = _UNIT.read_text().splitlines()
    return next(line.removeprefix("Nice=") for line in lines if line.startswith("Nice="))


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but burn time, and end by themselves after two minutes."""
    spin = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass"
    burners = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in burners:
            process.kill()
            process.wait()


@contextlib.contextmanager
def beside(module: str, *arguments: object) -> Iterator[None]:
    """A program of this folder that runs meanwhile; it says ``ready`` once it does its work."""
    command = [sys.executable, "-m", f"tests.bench.{module}", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        assert process.poll() is None, f"{' '.join(command)} ended too early"
    finally:
        process.kill()
        process.communicate()
