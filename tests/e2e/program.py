"""The real daemon as a real process, with the simulated hob, a witness of its lines and a real HTTP client."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2

from tests.brokers import free_port
from tests.tools import end
from tests.witness import Witness

LEFT, RIGHT = 17, 27
PATIENCE = 20.0  # s; far more than anything here needs, for slow machines
KNOB_HELD = 3.0  # s: the simulated hand holds the knob for 2.6 s, until the magnet holds the valve
CONFIG = """\
[stove]
id = "test"
name = "Test hob"
{stove}
[limits]
hold_open = "1s"
{limits}
[keeper]
pin_factory = "witness"
lease = "{lease}"
{keeper}
[[burners]]
id = "left"
name = "Left"
relay = {{ pin = 17 }}
contact = {{ pin = 22 }}
flame = {{ kind = "digital", pin = 23 }}
[[burners]]
id = "right"
name = "Right"
relay = {{ pin = 27 }}
contact = {{ pin = 24 }}
flame = {{ kind = "thermocouple", adc = "ads1115", channel = 0 }}
{more}
[rest]
port = {port}
require_token = {require_token}
[journal]
path = "{folder}/flameout.db"
"""


def eventually(what: str, holds: Callable[[], Any], within: float = PATIENCE) -> Any:
    """Poll until ``holds()`` is true and return it; fails with ``what`` after ``within`` seconds."""
    until = time.monotonic() + within
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < until, f"not within {within} s: {what}"
        time.sleep(0.01)


class Program:
    """A daemon under test."""

    def __init__(self, folder: Path, witness: Witness | None = None, /, **sections: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.witness = Witness(folder) if witness is None else witness
        self.config = folder / "flameout.toml"
        keys = {"stove": "", "limits": "", "keeper": "", "more": "", "lease": "1s", "require_token": "false"} | sections
        self.config.write_text(CONFIG.format(port=self.port, folder=folder, **keys))
        self.environment = os.environ | self.witness.environment
        self.process: subprocess.Popen[str] | None = None
        self.before: list[str] = []  # what a command is started with, as nice is
        self.others: list[subprocess.Popen[str]] = []
        self.http = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    def spawn(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a flameout command; its output goes to a file of its own."""
        with (self.folder / f"{arguments[0]}.log").open("a") as log:
            return subprocess.Popen(
                [*self.before, sys.executable, "-m", "api.entry", *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
                text=True,
                cwd=self.folder,
            )

    def start(self) -> None:
        """Start the daemon and wait until it answers and a keeper answers it."""
        self.process = self.spawn("run", "--config", str(self.config))
        eventually("the daemon answers", self.healthy)

    def start_keeper(self) -> "subprocess.Popen[str]":
        """Start a keeper of its own."""
        keeper = self.spawn("keeper", "--config", str(self.config))
        self.others.append(keeper)
        return keeper

    def healthy(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log()
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def log(self) -> str:
        """What the daemon has said."""
        return (self.folder / "run.log").read_text()

    def get(self, path: str, **headers: str) -> Any:
        """GET under /api/v1 as JSON."""
        answer = self.http.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Any call under /api/v1."""
        return self.http.request(method, f"/api/v1{path}", json=body, headers=headers)

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """A call that has to succeed; returns its JSON."""
        answer = self.send(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def burner(self, name: str = "left") -> Any:
        return self.get(f"/burners/{name}")

    def ready(self, name: str = "left") -> None:
        """Wait until a burner's relay is energised."""
        eventually(f"{name} is permitted", lambda: self.burner(name)["permitted"])

    def light(self, name: str = "left") -> None:
        """Turn the simulated knob, and wait until the flame is measured and the hand has let go of the knob."""
        self.ready(name)
        self.do("POST", f"/simulate/{name}", {"action": "light"})
        time.sleep(KNOB_HELD)
        eventually(f"{name} is lit", lambda: self.burner(name)["flame"] == "lit")

    def set_timer(self, name: str, seconds: float) -> Any:
        return self.do("PUT", f"/burners/{name}/timer", {"duration": seconds})

    def history(self, **query: Any) -> list[Any]:
        answer = self.http.get("/api/v1/history", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["entries"])

    def kinds(self) -> list[str]:
        """Every event so far, oldest first."""
        return [entry["event_type"] for entry in reversed(self.history(limit=1000))]

    def keeper_pid(self) -> int:
        """The process that keeps the lines now."""
        entry = next(entry for entry in self.history() if entry["event_type"] == "keeper_ready")
        return int(entry["details"]["pid"])

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.http.close()
        for process in filter(None, (self.process, *self.others)):
            end(process)


@contextlib.contextmanager
def program(folder: Path, **sections: str) -> Iterator[Program]:
    """A daemon for one test; nothing of it is left behind."""
    made = Program(folder, **sections)
    try:
        yield made
    finally:
        made.close()
        kill_leftovers(str(made.config))


def kill_leftovers(mark: str) -> None:
    """Kill every process whose command line names ``mark``: keepers that lost their controller."""
    for entry in Path("/proc").iterdir():
        if re.fullmatch(r"\d+", entry.name) and entry.name != str(os.getpid()):
            with contextlib.suppress(OSError):
                if mark in (entry / "cmdline").read_text():
                    os.kill(int(entry.name), signal.SIGKILL)


def sse(lines: Iterator[str]) -> Iterator[tuple[str, str | None, Any]]:
    """(event, id, data) of a server-sent event stream."""
    event, identifier, data = "message", None, ""
    for line in lines:
        name, _, value = line.partition(": ")
        if line == "":
            if data:
                yield event, identifier, json.loads(data)
            event, identifier, data = "message", None, ""
        elif name == "event":
            event = value
        elif name == "id":
            identifier = value
        elif name == "data":
            data += value
