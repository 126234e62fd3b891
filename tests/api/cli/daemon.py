"""A real HTTP server with canned answers in the daemon's place, and the command line against it."""

import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest

from api.cli.app import main

Json = dict[str, Any]


def burner(name: str = "left", **changes: Any) -> Json:
    """A burner as the API gives it: ready, energised, nothing wired besides."""
    return {
        "id": name,
        "name": name.title(),
        "status": "ready",
        "permitted": True,
        "contact": "unknown",
        "flame": "unknown",
        "timer": None,
        "limit": None,
        "ending": None,
        "last_shut_off": None,
        "holds": [],
        "extension_left_s": 7200.0,
        "problem": None,
        **changes,
    }


def stove(*burners: Json, **changes: Any) -> Json:
    """A stove as the API gives it: all well."""
    return {
        "id": "kitchen",
        "name": "Kitchen hob",
        "version": "0.1.0",
        "status": "ok",
        "problems": [],
        "in_use": None,
        "next_shut_off": None,
        "child_lock": False,
        "default_timer_s": 1200.0,
        "longest_timer_s": 14400.0,
        "extend_step_s": 300.0,
        "presets_s": [300.0, 600.0],
        "places": [],
        "simulated": False,
        "started_at": "2026-11-23T12:00:00.000+00:00",
        "burners": list(burners) or [burner()],
        **changes,
    }


def timing(remaining: float = 1052.0, duration: float = 1500.0) -> Json:
    return {
        "duration_s": duration,
        "remaining_s": remaining,
        "ends_at": "2026-11-23T18:42:00.000+00:00",
        "set_by": "phone:Anna",
    }


def shut_off(until: str | None = "2026-11-23T18:42:10.000+00:00") -> Json:
    return {"kind": "shut_off", "cause": "user", "since": "2026-11-23T18:42:00.000+00:00", "until": until}


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeDaemon:
    """Answers by path from ``answers``: the next of several, and the last one from then on."""

    certificate: ssl.SSLContext | None = None
    answers: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"fake": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if self.certificate is not None:
            self._server.socket = self.certificate.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self.url = f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, call: str, content: Any, status: int = 200) -> None:
        """Answer ``"GET /stove"`` with JSON."""
        self.raw(call, json.dumps(content), status)

    def refuse(self, call: str, detail: str, status: int = 409) -> None:
        """Answer with problem+json."""
        self.raw(call, json.dumps({"status": status, "detail": detail}), status, "application/problem+json")

    def raw(self, call: str, content: str, status: int = 200, kind: str = "application/json") -> None:
        """Answer with any text."""
        self.answers.setdefault(call, []).append((status, kind, content))

    def calls(self) -> list[str]:
        """What was asked, in order: ``"PUT /burners/left/timer"``."""
        return [f"{asked.method} {asked.path.removeprefix('/api/v1')}" for asked in self.asked]


class _Handler(BaseHTTPRequestHandler):
    fake: FakeDaemon

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, json.loads(body) if body else None)
        self.fake.asked.append(asked)
        known = self.fake.answers.get(f"{self.command} {self.path.removeprefix('/api/v1').partition('?')[0]}")
        missing = (404, "application/problem+json", '{"detail": "There is no such burner."}')
        status, kind, content = missing if not known else known.pop(0) if len(known) > 1 else known[0]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(content.encode())

    do_GET = do_PUT = do_POST = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Shell:
    """Runs commands in this process and collects what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Done:
        self._capsys.readouterr()
        code = main(arguments)
        out, err = self._capsys.readouterr()
        return Done(code, out, err)
