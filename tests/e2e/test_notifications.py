"""Messages as a real Apprise sends them to a real receiver on loopback; and a dead notifier never matters."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import LEFT, Program, eventually, program


@dataclass
class Receiver:
    """A web service that takes messages; ``mood`` is what it does with them."""

    port: int = 0
    mood: str = "well"  # well | refuses | hangs
    received: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def bodies(self) -> str:
        return "\n".join(str(body) for _, _, body in self.received)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
            made.received.append((self.path, dict(self.headers), content))
            if made.mood == "hangs":
                made.released.wait(60)
            self.send_response(500 if made.mood == "refuses" else 200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        do_PUT = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    made.released.set()
    server.shutdown()
    server.server_close()


def notifying(folder: Path, receiver: Receiver, extra: str = "", limits: str = "") -> Any:
    urls = folder / "notify.urls"
    urls.write_text(
        f"# people\njson://127.0.0.1:{receiver.port}/hook-s3cret\n\nntfy://127.0.0.1:{receiver.port}/kitchen?priority=high\n"
    )
    urls.chmod(0o600)
    table = f'[notify]\nurls_file = "{urls}"\npage = "http://flameout.local:8520"\nmost_per_minute = 60\n{extra}'
    return program(folder, more=table, limits=limits)


def test_a_warning_and_a_cut_arrive_with_a_link(tmp_path: Path, receiver: Receiver) -> None:
    with notifying(tmp_path, receiver, limits='warn_before = "20s"') as stove:
        stove.start()
        stove.ready("left")
        stove.set_timer("left", 4)
        eventually("the warning arrives", lambda: "shuts off in" in receiver.bodies())
        eventually("the cut arrives", lambda: receiver.bodies().count("Left has shut off: its timer ended.") >= 2)
        hooks = [json.loads(body) for path, _, body in receiver.received if "hook" in path]
        warning = next(hook for hook in hooks if "shuts off in" in hook["message"])
        assert warning["title"] == "Test hob"
        assert warning["message"].endswith("http://flameout.local:8520/#/burner/left")
        ntfy = [(headers, body) for path, headers, body in receiver.received if "hook" not in path]
        assert "http://flameout.local:8520/#/burner/left" in str(ntfy[0])
        assert "s3cret" not in stove.log()


def test_a_receiver_that_hangs_does_not_touch_the_stove(tmp_path: Path, receiver: Receiver) -> None:
    receiver.mood = "hangs"
    with notifying(tmp_path, receiver) as stove:
        stove.start()
        stove.ready("left")
        stove.do("POST", "/burners/left/shut-off")
        eventually("the child hangs", lambda: receiver.received)
        stove.ready("left")
        stove.do("POST", "/burners/left/shut-off")
        assert not stove.witness.high(LEFT)
        assert stove.http.get("/healthz").status_code == 200
        children = _senders(stove)
        assert len(children) == 1, "one child at a time"
        began = time.monotonic()
        assert stove.stop() == 0
        assert time.monotonic() - began < 10, "nobody waits for it"
        assert _senders(stove) == []


def test_what_is_refused_is_tried_again_and_the_log_says_when_it_is_given_up(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.mood = "refuses"
    with notifying(tmp_path, receiver) as stove:
        stove.start()
        stove.ready("left")
        stove.do("POST", "/burners/left/shut-off")
        eventually("it is tried again", lambda: len([p for p, _, _ in receiver.received if "hook" in p]) >= 2, 30)
        receiver.mood = "well"
        assert stove.http.get("/healthz").status_code == 200


def test_the_test_message_says_which_service_took_it_and_no_secret(tmp_path: Path, receiver: Receiver) -> None:
    with notifying(tmp_path, receiver, extra='language = "zh"\n') as stove:
        done = _notify_test(stove)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == ["1. JSON: sent", "2. ntfy: sent"]
        assert "这是一条测试消息" in json.loads(receiver.received[0][2])["message"]
        receiver.mood = "refuses"
        done = _notify_test(stove)
        assert done.returncode == 1
        assert "1. JSON: NOT SENT" in done.stdout
        (tmp_path / "notify.urls").write_text("nonsense://s3cret\n")
        done = _notify_test(stove)
        assert (done.returncode, done.stdout) == (1, "1. nonsense: NOT SENT: its address is not one\n")


def test_secrets_that_others_may_read_are_refused(tmp_path: Path, receiver: Receiver) -> None:
    with notifying(tmp_path, receiver) as stove:
        (tmp_path / "notify.urls").chmod(0o644)
        done = _notify_test(stove)
        assert done.returncode == 1
        assert "may be read by others; run: chmod 600" in done.stderr


def _notify_test(stove: Program) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "api.entry", "notify-test", "--config", str(stove.config)]
    return subprocess.run(command, env=stove.environment, capture_output=True, text=True, check=False)


def _senders(stove: Program) -> list[int]:
    """The children that send, of this daemon or left behind by it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                mine = str(stove.folder) in (entry / "environ").read_text()
                if mine and b"api.notify.send" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
