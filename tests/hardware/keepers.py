"""A keeper's real process, and a controller played by hand at the other end of its socket."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from hardware.client import Opened, Sensed
from hardware.clock import BootClock, Clock
from hardware.protocol import LONGEST, VERSION, Message, decode, encode
from hardware.rendezvous import connect
from tests.tools import end

PATIENCE = 30.0  # s, for a slow machine
BURNERS = """
[[burners]]
id = "left"
name = "Left"
relay = { pin = 17 }
contact = { pin = 22, active = "high" }
flame = { kind = "digital", pin = 23 }
[[burners]]
id = "right"
name = "Right"
relay = { pin = 27 }
"""
TILTED = """
[[interlocks]]
id = "tilt"
input = { pin = 5, active = "high" }
"""  # mocked pins are pulled up, so it is active from the start


def config(folder: Path, more: str = "", lease: str = "10s", factory: str = "mock", listens: bool = True) -> Path:
    path = folder / "keeper.toml"
    where = f'socket = "{folder}/keeper.sock"' if listens else ""
    path.write_text(f'[keeper]\nlease = "{lease}"\npin_factory = "{factory}"\n{where}\n{BURNERS}{more}')
    return path


class Keeper:
    """A keeper's process; its last words are in ``stderr``."""

    def __init__(
        self, path: Path, *arguments: str, fds: tuple[int, ...] = (), environ: Mapping[str, str] | None = None
    ) -> None:
        self._words = path.with_suffix(f".{len(list(path.parent.iterdir()))}.stderr")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FLAMEOUT_")}
        environment |= environ or {}
        with self._words.open("w") as words:
            command = [sys.executable, "-m", "hardware.keeper", "--config", str(path), *arguments]
            self.process = subprocess.Popen(command, stderr=words, pass_fds=fds, env=environment)
        self.pid = self.process.pid

    def exit_code(self) -> int:
        """Wait for its end."""
        return self.process.wait(PATIENCE)

    @property
    def stderr(self) -> str:
        return self._words.read_text()

    def end(self) -> None:
        end(self.process)


class Silent:
    """A listener who takes no notice."""

    def keeper_ready(self) -> None: ...
    def keeper_lost(self, why: str) -> None: ...
    def keeper_opened(self, opened: Opened) -> None: ...
    def keeper_sensed(self, sensed: Sensed) -> None: ...
    def permit_answered(self, line: str) -> None: ...


class Controller:
    """The other end of the socket, played by hand."""

    def __init__(self, connection: socket.socket, clock: Clock | None = None) -> None:
        self.connection = connection
        self.clock: Clock = BootClock() if clock is None else clock
        self.connection.settimeout(PATIENCE)
        self.seq = 0
        self.generations: dict[str, int] = {}

    def say(self, kind: str, **fields: object) -> int:
        """Send a message with its right number and time, unless ``fields`` says otherwise."""
        self.seq += 1
        message = {"type": kind, "seq": self.seq, "sent_at": self.clock.now()} | fields
        self.connection.send(encode(message))
        return self.seq

    def hear(self, *kinds: str) -> Message:
        """The next message of these kinds; of any but readings where none is named."""
        while True:
            packet = self.connection.recv(LONGEST)
            assert packet, "the keeper hung up"
            message = decode(packet)
            if message["type"] in kinds or (not kinds and message["type"] != "sensed"):
                return message

    def greet(self) -> Message:
        self.say("hello", version=VERSION)
        hello = self.hear()
        self.generations = hello["lines"]
        assert self.hear() == {"type": "done", "seq": 1, "line": None}
        return hello

    def permit(self, line: str, lasts: int = 60_000, part: str = "both") -> int:
        """Ask for a permit of the generation that the greeting named."""
        end = self.clock.now() + lasts
        return self.say("permit", line=line, not_after=end, generation=self.generations[line], part=part)

    def energise(self, line: str, lasts: int = 60_000, part: str = "both") -> None:
        """Renew and permit."""
        renewed, permitted = self.say("renew"), self.permit(line, lasts, part)
        assert self.hear() == {"type": "done", "seq": renewed, "line": None}
        granted = self.hear()
        assert granted.pop("pauses_at") > self.clock.now()
        assert granted == {"type": "done", "seq": permitted, "line": line}

    def last_words(self) -> str | None:
        """Why the keeper hung up; None where it hung up without a word."""
        why = None
        while True:
            try:
                packet = self.connection.recv(LONGEST)
            except ConnectionResetError:  # it left something unread; what it said is still to be had
                continue
            if not packet:
                return why
            message = decode(packet)
            why = message["why"] if message["type"] == "failed" else why


@contextlib.contextmanager
def child(path: Path, environ: Mapping[str, str] | None = None) -> Iterator[tuple[Keeper, Controller]]:
    """A keeper on one end of a socket pair, as ``flameout run`` starts it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            keeper = Keeper(path, "--fd", str(theirs.fileno()), fds=(theirs.fileno(),), environ=environ)
        try:
            yield keeper, Controller(ours)
        finally:
            keeper.end()


@contextlib.contextmanager
def listening(path: Path) -> Iterator[Keeper]:
    """A keeper that listens at its socket, as systemd starts it."""
    keeper = Keeper(path)
    try:
        with controller(path):
            pass  # it answers
        yield keeper
    finally:
        keeper.end()


@contextlib.contextmanager
def controller(path: Path) -> Iterator[Controller]:
    """A connection to the keeper beside ``path``, as soon as it listens."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection = connect(path.with_name("keeper.sock"))
            break
        except OSError:
            assert time.monotonic() < until, "nobody listens"
            time.sleep(0.02)
    with connection:
        yield Controller(connection)
