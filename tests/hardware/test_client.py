"""The controller's end of the keeper's socket, against a keeper that is played by hand."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hardware.client import KeeperClient
from hardware.clock import Millis
from hardware.origin import Reached
from hardware.protocol import LONGEST, VERSION, Part, decode, encode
from tests.fakes import ManualClock
from tests.hardware.keepers import Silent


class Unkillable(Reached):
    """The other end is this very process."""

    def kill(self) -> str | None:
        return None

    def reap(self) -> None:
        return None


@dataclass
class Keeper:
    """The other end, by hand."""

    connection: socket.socket

    def heard(self) -> list[Any]:
        """Everything that was said and not heard yet."""
        found = []
        while True:
            try:
                found.append(decode(self.connection.recv(LONGEST, socket.MSG_DONTWAIT)))
            except BlockingIOError:
                return found

    def say(self, kind: str, **fields: Any) -> None:
        self.connection.send(encode({"type": kind, **fields}))


class Bench:
    """An origin whose keeper is in the test's hand."""

    owned = True

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._reached = Unkillable(ours, os.getpid(), None)
        self.keeper = Keeper(theirs)
        self.client = KeeperClient(self, ManualClock(), patience=1_000)

    def reach(self) -> Reached:
        return self._reached


def with_a_keeper(act: Callable[[KeeperClient, Keeper], Awaitable[None]]) -> None:
    """Run ``act`` with a client and a keeper that have greeted each other."""

    async def run() -> None:
        bench = Bench()
        running = asyncio.create_task(bench.client.run(Silent()))
        await asyncio.sleep(0)
        (hello,) = bench.keeper.heard()
        bench.keeper.say("hello", version=VERSION, pid=1, simulated=True, lines={"left": 0})
        bench.keeper.say("done", seq=hello["seq"], line=None)
        await bench.client.first
        await act(bench.client, bench.keeper)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        bench.keeper.connection.close()

    asyncio.run(run())


@pytest.mark.parametrize("later", [1_500_000, 2_000_000])
def test_a_refusal_does_not_make_it_forget_a_later_permit_that_is_granted(later: Millis) -> None:
    """Else it would not open a line of which it does not know that it is energised.

    An equal permit is sent where the keeper tells of an opening of its own before it refuses what was under way.
    """

    async def act(client: KeeperClient, keeper: Keeper) -> None:
        client.permit("left", 2_000_000)
        keeper.say("opened", line="left", cause="gas alarm", cut=False, generation=1, at=1_000_000)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        client.permit("left", later)
        first, second = keeper.heard()
        assert (first["generation"], second["generation"]) == (0, 1)
        keeper.say("refused", seq=first["seq"], line="left", generation=1, why="the line was opened since")
        keeper.say("done", seq=second["seq"], line="left", pauses_at=3_000_000)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert client.wants("left")
        assert client.permitted_until("left") == later
        assert client.pauses_at("left") == 3_000_000
        client.open("left")
        assert client.pauses_at("left") is None

    with_a_keeper(act)


def test_a_refused_permit_is_not_wanted_any_more_and_can_be_asked_for_again() -> None:
    async def act(client: KeeperClient, keeper: Keeper) -> None:
        client.permit("left", 2_000_000)
        (asked,) = keeper.heard()
        keeper.say("refused", seq=asked["seq"], line="left", generation=3, why="the line was opened since")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not client.wants("left")
        client.permit("left", 2_000_000)
        assert keeper.heard()[0]["generation"] == 3

    with_a_keeper(act)


def test_one_relay_of_a_pair_does_not_count_as_the_line_being_energised() -> None:
    async def act(client: KeeperClient, keeper: Keeper) -> None:
        client.permit("left", 2_000_000, Part.FIRST)
        (asked,) = keeper.heard()
        assert asked["part"] == "first"
        keeper.say("done", seq=asked["seq"], line="left", pauses_at=3_000_000)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert client.permitted_until("left") is None
        assert client.part("left") is Part.FIRST
        assert client.wants("left")

    with_a_keeper(act)


def test_a_pattern_is_said_once() -> None:
    async def act(client: KeeperClient, keeper: Keeper) -> None:
        client.indicate("buzzer", "warn")
        client.indicate("buzzer", "warn")
        client.indicate("buzzer", "off")
        assert [message["pattern"] for message in keeper.heard()] == ["warn", "off"]

    with_a_keeper(act)


_HANGS_UP = """
import pathlib, signal, socket, sys, time
keeper = socket.socket(fileno=int(sys.argv[1]))
keeper.send(b"nonsense")
while keeper.recv(8192):
    pass
if sys.argv[3] == "stays":
    signal.pause()
time.sleep(0.05)  # one line after the other
pathlib.Path(sys.argv[2]).write_text("every line is open")
"""


class ByAChild:
    """An origin whose keepers are real processes, which talk nonsense and open their lines once they are hung up on."""

    def __init__(self, note: Path, stays: bool) -> None:
        self.owned = True
        self.note = note
        self.children: list[subprocess.Popen[bytes]] = []
        self._stays = "stays" if stays else "goes"

    def reach(self) -> Reached:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        command = [sys.executable, "-c", _HANGS_UP, str(theirs.fileno()), str(self.note), self._stays]
        self.children.append(subprocess.Popen(command, pass_fds=(theirs.fileno(),)))
        theirs.close()
        return Reached(ours, self.children[-1].pid, self.children[-1])


def given_up(origin: ByAChild) -> int:
    """How the first keeper ended, once a second one was started."""

    async def run() -> int:
        running = asyncio.create_task(KeeperClient(origin, ManualClock(), patience=1_000).run(Silent()))
        while len(origin.children) < 2:  # noqa: ASYNC110 - a real process
            await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        ended = origin.children[0].poll()
        assert ended is not None, "nobody else may own the lines when the next one comes"
        for child in origin.children:
            child.kill()
            child.wait()
        return ended

    return asyncio.run(run())


def test_a_keeper_that_hears_us_hang_up_has_time_to_open_its_lines(tmp_path: Path) -> None:
    note = tmp_path / "note"
    assert given_up(ByAChild(note, stays=False)) == 0
    assert note.read_text() == "every line is open"


def test_a_keeper_that_does_not_go_is_killed(tmp_path: Path) -> None:
    assert given_up(ByAChild(tmp_path / "note", stays=True)) == -signal.SIGKILL
