"""One run of one fault: a daemon on lines that outlive it, and a record of everything said and done."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

from tests.brokers import Mosquitto, Wire, wire_beside
from tests.e2e.program import LEFT, RIGHT, Program, eventually, kill_leftovers
from tests.faults.lines import KernelLines
from tests.faults.saboteur import plant, sabotage
from tests.witness import boot_seconds

HOLD_OPEN = 1.0  # s
LEASE = 1.0  # s
PINS = {"left": LEFT, "right": RIGHT}
ALL = tuple(PINS)
KEPT_LOW = {"rear": 13, "front": 26}  # burners that are locked before the fault and through it
MORE = """\
[[burners]]
id = "rear"
name = "Rear"
relay = {{ pin = 13 }}
[[burners]]
id = "front"
name = "Front"
relay = {{ pin = 26 }}
[[interlocks]]
id = "gas_alarm"
input = {{ pin = 5, active = "low" }}
reset = "auto"
[[buttons]]
id = "stop"
pin = 6
does = "shut_off"
{mqtt}
"""
Said = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row of the journal; ``boot`` is s on the boot clock."""

    seq: int
    boot: float
    kind: str
    burner: str | None
    by: str
    details: dict[str, Any]


class Scene:
    """What a strike may use: the daemon, its lines, a broker, helpers, and the list of statements."""

    wire: Wire  # to the broker, where the fault has one
    on_wire: Callable[[Callable[[], object]], None]  # do something there

    def __init__(self, folder: Path, seed: int, broker: Mosquitto | None, port: int | None, **sections: str) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.broker = broker
        self.lines = KernelLines(folder)
        plant(folder)
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n' if port is not None else ""
        sections = sections | {"more": MORE.format(mqtt=mqtt) + sections.get("more", "")}
        self.stove = Program(folder, self.lines, lease=f"{LEASE:g}s", **sections)
        self.statements: list[Said] = []
        self.heals: list[Callable[[], object]] = []
        self.lost_record = False  # the journal itself was harmed, so nothing can be asked of it
        self.loose = False  # timers were set that no statement tells of
        self.token: Path | None = None  # of the console, where tokens are asked for
        self.keeper: subprocess.Popen[str] | None = None
        self.own_keeper = "socket" in sections.get("keeper", "")
        self.heir: str | None = None  # the secret of a token of before the fault
        self.alive: tuple[int, int] | None = None  # controller and keeper as the fault struck
        self.may_end = False  # the daemon, because of the fault; its supervisor starts it anew
        self.forgot = False  # what stood in the journal was destroyed while no daemon ran
        self._saying = threading.Lock()
        self._numbers = count(1)

    # --- statements -----------------------------------------------------------------------------------

    def say(self, what: str, line: str | None = None, at: float | None = None, **fields: Any) -> Said:
        """Put down that something happened now, to a line or to all."""
        said = {"what": what, "at": boot_seconds() if at is None else at, "line": line, **fields}
        with self._saying:
            self.statements.append(said)
        return said

    def must_open(self, within: float, why: str, line: str | None = None, keeps: bool = True) -> None:
        """From ``within`` s on, until somebody says otherwise, the line must be low."""
        self.say("must_open", line, within=within, why=why, keeps=keeps)

    def must_dip(self, within: float, why: str) -> None:
        """Every line must have been low once within so many s."""
        self.say("must_dip", within=within, why=why)

    def may_close(self, line: str | None = None) -> None:
        """What kept lines low is over."""
        self.say("may_close", line)

    def stays(self, seconds: float, why: str, line: str | None = None, since: float | None = None) -> None:
        """For so long from now, or from an instant (s on the boot clock), nothing may open the line."""
        at = boot_seconds() if since is None else since
        self.say("stays", line, at=at, until=at + seconds, why=why)

    # --- the daemon -----------------------------------------------------------------------------------

    def spawn(self) -> None:
        """Start the daemon, and its keeper where that is a process of its own."""
        if self.own_keeper and (self.keeper is None or self.keeper.poll() is not None):
            self.keeper = self.stove.start_keeper()
        self.say("spawned")
        self.stove.process = self.stove.spawn("run", "--config", str(self.stove.config))

    @property
    def pid(self) -> int:
        """The controller's."""
        assert self.stove.process is not None
        return self.stove.process.pid

    def keeper_pid(self) -> int:
        """The living keeper's: the child of the controller, or the process of its own."""
        if self.keeper is not None:
            return self.keeper.pid
        return int(eventually("there is a keeper", self._keepers)[-1])

    def _keepers(self) -> list[int]:
        """Children that are keepers already: one that is still being started would take its parent with it."""
        return [pid for pid in self.children() if "hardware.keeper" in _command(pid)]

    def children(self) -> list[int]:
        """The controller's."""
        with contextlib.suppress(OSError):
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []

    def dead(self) -> bool:
        return self.stove.process is None or self.stove.process.poll() is not None

    def kill(self, *pids: int, by: signal.Signals = signal.SIGKILL) -> None:
        for pid in pids:
            os.kill(pid, by)

    def inside(self, pid: int, script: str) -> None:
        """Run a piece of Python in a process's main thread."""
        sabotage(self.folder, pid, script)

    def make_safe(self) -> None:
        """What systemd runs after both have died."""
        subprocess.run(
            [sys.executable, "-m", "hardware.make_safe", "--config", str(self.stove.config)],
            env=self.stove.environment,
            check=False,
            capture_output=True,
        )

    def on_heal(self, undo: Callable[[], object]) -> None:
        """Undo this when the fault ends, and at the end of the run at the latest."""
        self.heals.append(undo)

    def heal(self) -> None:
        """End the fault; whatever was stopped or held goes on."""
        while self.heals:
            with contextlib.suppress(ProcessLookupError, httpx2.HTTPError):  # it may have died of another fault
                self.heals.pop()()

    # --- commands, on a connection of their own ------------------------------------------------------

    def command(self, what: str, method: str, path: str, line: str | None, body: Any = None, **fields: Any) -> bool:
        """A call to the daemon and what came of it, as a statement; True if it was acknowledged."""
        sent = boot_seconds()
        try:
            with self.connected() as client:
                answer = client.request(method, f"/api/v1{path}", json=body)
        except httpx2.HTTPError:
            self.say(what, line, at=sent, gave_up=boot_seconds(), **fields)
            return False
        if answer.status_code == 200:
            self.say(what, line, at=sent, acked=boot_seconds(), **fields)
        elif answer.status_code >= 500:  # "not on record" counts, as far as the lines go
            self.say(what, line, at=sent, gave_up=boot_seconds(), status=answer.status_code, **fields)
        return answer.status_code == 200

    @contextlib.contextmanager
    def connected(self) -> Iterator[httpx2.Client]:
        """A client for one command; a connection of its own."""
        base = f"http://127.0.0.1:{self.stove.port}"
        with httpx2.Client(base_url=base, timeout=3, headers=self._headers()) as client:
            yield client

    def _headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token.read_text().strip()}"}

    def unlike(self, seconds: float) -> float:
        """The same plus some ms, so that no two of a run are alike and each is known by it on record."""
        return round(seconds + next(self._numbers) / 1000, 3)

    def timer(self, line: str, seconds: float) -> bool:
        path, seconds = f"/burners/{line}/timer", self.unlike(seconds)
        return self.command("timer", "PUT", path, line, {"duration": seconds}, seconds=seconds)

    def extend(self, line: str, seconds: float) -> bool:
        by = self.unlike(seconds)
        return self.command("extend", "POST", f"/burners/{line}/timer/extend", line, {"by": by}, seconds=by)

    def cancel(self, line: str) -> bool:
        return self.command("cancel", "DELETE", f"/burners/{line}/timer", line)

    def shut_off(self, line: str | None) -> bool:
        path = "/shut-off" if line is None else f"/burners/{line}/shut-off"
        return self.command("shut_off", "POST", path, line)

    def lock(self, line: str) -> bool:
        return self.command("lock", "PUT", f"/burners/{line}/lock", line)

    def unlock(self, line: str) -> bool:
        return self.command("unlock", "DELETE", f"/burners/{line}/lock", line)

    def simulate(self, name: str, action: str) -> None:
        self._let_in().do("POST", f"/simulate/{name}", {"action": action})

    def burner(self, line: str) -> Any:
        """The burner as everybody sees it."""
        return self._let_in().burner(line)

    def get(self, path: str) -> Any:
        return self._let_in().get(path)

    def _let_in(self) -> Program:
        """The console's secret is another one after each start."""
        self.stove.http.headers.update(self._headers())
        return self.stove

    def high(self, *lines: str) -> bool:
        return all(self.lines.high(PINS[line]) for line in lines or ALL)

    def wait_high(self, *lines: str) -> None:
        eventually(f"{lines or ALL} high", lambda: self.high(*lines), 60)

    def heirs_answer(self) -> int:
        """The status that a token of before the fault gets."""
        assert self.heir is not None
        headers = {"Authorization": f"Bearer {self.heir}"}
        return httpx2.get(f"http://127.0.0.1:{self.stove.port}/api/v1/stove", headers=headers, timeout=3).status_code

    # --- what is on record ----------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """The journal, as any SQLite program reads it."""
        with contextlib.closing(sqlite3.connect(self.folder / "flameout.db", timeout=5)) as journal:
            rows = journal.execute('SELECT seq, boot_ms, kind, burner, "by", details FROM events ORDER BY seq')
            return [
                Row(seq, boot / 1000, kind, burner, by, json.loads(said)) for seq, boot, kind, burner, by, said in rows
            ]

    def verify(self) -> "subprocess.CompletedProcess[str]":
        """``flameout history --verify``."""
        command = [sys.executable, "-m", "api.entry", "history", "--verify", "--config", str(self.stove.config)]
        return subprocess.run(command, env=self.stove.environment, capture_output=True, text=True, check=False)

    def said(self, word: str) -> bool:
        """Whether the journal has an event of that type, or a log has the word."""
        if any(word in log.read_text(errors="replace") for log in self.folder.glob("*.log")):
            return True
        with contextlib.suppress(sqlite3.DatabaseError):
            return word in {row.kind for row in self.rows()}
        return False

    def run(self) -> dict[str, Any]:
        """Everything the oracle needs."""
        return {
            "hold_open": HOLD_OPEN,
            "lines": PINS | KEPT_LOW,
            "statements": self.statements,
            "levels": [[level.at, level.pin, level.high] for level in self.lines.levels()],
            "stalls": [[stall.at, stall.length] for stall in self.lines.stalls()],
            "ended": boot_seconds(),
        }

    def close(self) -> None:
        self.heal()
        self.stove.close()
        kill_leftovers(str(self.stove.config))
        self.lines.end()
        (self.folder / "run.json").write_text(json.dumps(self.run()))


@contextlib.contextmanager
def scene(folder: Path, seed: int, mqtt: bool, wire: bool = False, **sections: str) -> Iterator[Scene]:
    """A scene with or without a broker, and a wire to it; nothing of it is left running."""
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto()) if mqtt else None
        laid = stack.enter_context(wire_beside(broker.port)) if broker is not None and wire else None
        port = laid[0].port if laid is not None else broker.port if broker is not None else None
        made = Scene(folder, seed, broker, port, **sections)
        if laid is not None:
            made.wire, made.on_wire = laid
        stack.callback(made.close)
        yield made


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def wait(seconds: float) -> None:
    """Let real time pass: the processes under test live in it."""
    time.sleep(seconds)
