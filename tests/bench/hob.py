"""A daemon with eight burners for benchmarks, and the floors beside it, on one witness each."""

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.brokers import free_port
from tests.e2e.program import Program, eventually
from tests.witness import Witness

PINS = {f"b{index}": pin for index, pin in enumerate((17, 27, 22, 23, 24, 25, 5 + 7, 13))}
_BURNER = '[[burners]]\nid = "{name}"\nname = "{name}"\nrelay = {{ pin = {pin} }}\n'


class Hob(Program):
    """A daemon whose burners have nothing but relays."""

    def __init__(self, folder: Path, broker_port: int | None) -> None:
        super().__init__(folder)
        burners = "".join(_BURNER.format(name=name, pin=pin) for name, pin in PINS.items())
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker_port}\n' if broker_port else ""
        self.config.write_text(
            '[stove]\nid = "bench"\nname = "Bench"\n[limits]\nhold_open = "1s"\n'
            f'[keeper]\npin_factory = "witness"\n{burners}{mqtt}'
            f'[rest]\nport = {self.port}\nrequire_token = false\n[journal]\npath = "{folder}/flameout.db"\n'
        )

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
def floor(folder: Path, kind: str, port: int | None = None) -> Iterator[tuple[int, Witness]]:
    """A barest program; gives its port and its witness."""
    folder.mkdir(parents=True)
    witness = Witness(folder)
    chosen = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.floors", kind, str(chosen)],
        env={"PATH": "/usr/bin:/bin"} | witness.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        yield chosen, witness
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that do nothing but burn time."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in burners:
            process.kill()
            process.wait()


@contextlib.contextmanager
def open_pages(port: int, count: int) -> Iterator[None]:
    """So many event streams that are read, by a process of their own."""
    if not count:
        yield
        return
    command = [sys.executable, "-m", "tests.bench.readers", str(port), str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.wait()
