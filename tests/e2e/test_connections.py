"""Strangers who open connections and end nothing: they are sent away, and shutting off goes through meanwhile."""

import asyncio
import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import uvicorn
from uvicorn.server import ServerState

from api.rest.connections import MOST, READ_AT_ONCE, Connection
from tests.api.rest.asking import raw
from tests.e2e.program import LEFT, PATIENCE, Program, eventually, program
from tests.e2e.test_https import Secure

FEW = 60  # file descriptors of the daemon's own, and of connections on their way out
# the daemon as it is, but for being less patient
SOON = (
    "import sys, api.rest.connections; api.rest.connections.REQUEST_WITHIN = 0.5; "
    "from api.entry import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path) as stove:
        with (stove.folder / "run.log").open("a") as log:
            arguments = [sys.executable, "-c", SOON, "run", "--config", str(stove.config)]
            stove.process = subprocess.Popen(
                arguments, env=stove.environment, stdout=log, stderr=log, text=True, cwd=stove.folder
            )
        eventually("the daemon answers", stove.healthy)
        yield stove


def client(stack: contextlib.ExitStack, port: int) -> socket.socket:
    """A connection with little room for answers."""
    made = stack.enter_context(socket.socket())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(10)
    made.connect(("127.0.0.1", port))
    return made


def is_ended(connection: socket.socket) -> bool:
    """Whether the other end has sent us away; what it wrote before is left unread."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    return any(what & (select.POLLRDHUP | select.POLLERR | select.POLLHUP) for _, what in poll.poll(0))


@pytest.mark.parametrize(
    "half", [b"", b"GET /docs HTTP/1.1\r\nHost:", b"PUT /api/v1/default-timer HTTP/1.1\r\nHost: localhost\r\n"]
)
def test_one_who_does_not_end_a_request_is_sent_away(hasty: Program, half: bytes) -> None:
    if half.startswith(b"PUT"):
        half += b"Content-Length: 100\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        connection = client(stack, hasty.port)
        connection.sendall(half)
        eventually("it is sent away", lambda: is_ended(connection))


def test_one_who_reads_no_answer_is_sent_away(hasty: Program) -> None:
    request = f"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{hasty.port}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        connection = client(stack, hasty.port)
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while connection.send(request * 100):  # more answers than the system keeps for one who does not read
                pass
        eventually("it is sent away", lambda: is_ended(connection))


def test_a_body_in_crumbs_is_refused_and_not_logged(hasty: Program) -> None:
    head = f"POST /api/v1/pair HTTP/1.1\r\nHost: 127.0.0.1:{hasty.port}\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(hasty.port, head.encode() + b"1\r\n \r\n" * 200)
    assert b" 400 " in answer.splitlines()[0]
    assert b"pieces" in answer
    assert "request" not in hasty.log()


def test_no_connection_is_read_from_for_long_while_others_wait() -> None:
    sizes: list[int] = []

    async def scene() -> None:
        arrived = asyncio.Event()

        class Noting(Connection):
            def data_received(self, data: bytes) -> None:
                sizes.append(len(data))
                if sum(sizes) == 500_000:
                    arrived.set()

        config, state = uvicorn.Config(_never), ServerState()
        server = await asyncio.get_running_loop().create_server(lambda: Noting(config, state, {}), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b" " * 500_000)
        async with asyncio.timeout(PATIENCE):
            await arrived.wait()
        writer.close()
        server.close()

    asyncio.run(scene())
    assert max(sizes) <= READ_AT_ONCE


async def _never(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError("nothing is asked")


@pytest.fixture(params=["http", "https"])
def stove(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    """A daemon that listens either way."""
    with program(tmp_path) as made:
        if request.param == "https":
            secure = Secure(made)
            secure.make()
            secure.start()
        else:
            made.start()
        yield made


def test_those_who_say_nothing_make_room_for_those_who_do(stove: Program) -> None:
    stove.ready("left")
    assert stove.process is not None
    descriptors = f"/proc/{stove.process.pid}/fd"
    with contextlib.ExitStack() as stack:
        silent = [client(stack, stove.port) for _ in range(MOST + 2 * FEW)]
        # on a connection of its own: an idle one that was there before is among the first to go
        answer = httpx2.post(stove.http.base_url.join("/api/v1/burners/left/shut-off"), verify=False, timeout=10)
        assert answer.status_code == 200
        assert not stove.witness.high(LEFT)
        eventually("the first of them is sent away", lambda: is_ended(silent[0]), within=5)
        eventually("the others are few enough", lambda: len(os.listdir(descriptors)) <= MOST + FEW, within=5)
    assert "Traceback" not in stove.log()
