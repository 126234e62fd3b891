"""What has come in is read before the loop goes on with what waits, and a shut-off's task begins first."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.prompt_loop import PromptLoop
from api.rest.connections import Connection

SHUT_OFF = b"POST /api/v1/burners/left/shut-off HTTP/1.1\r\nHost: hob\r\n\r\n"


def order(loop: asyncio.SelectorEventLoop) -> list[str]:
    """In which order a loop does what is ready and what has come in, in the round in which it sees both."""
    done: list[str] = []
    ours, theirs = socket.socketpair()

    async def act() -> None:
        everything = loop.create_future()

        def read() -> None:
            done.append("read")
            loop.remove_reader(ours)
            loop.call_soon(everything.set_result, None)

        loop.add_reader(ours, read)
        theirs.send(b"x")
        for name in ("one", "two", "three"):
            loop.call_soon(done.append, name)
        await everything

    try:
        loop.run_until_complete(act())
    finally:
        loop.close()
        ours.close()
        theirs.close()
    return done


def test_what_has_come_in_is_read_first() -> None:
    assert order(asyncio.SelectorEventLoop()) == ["one", "two", "three", "read"], "the standard loop does not"
    assert order(PromptLoop()) == ["read", "one", "two", "three"]


def run_with_others(act: Callable[[PromptLoop, list[str]], object]) -> list[str]:
    loop, done = PromptLoop(), list[str]()
    try:
        loop.call_soon(done.append, "waits")
        act(loop, done)
        loop.call_soon(loop.stop)
        loop.run_forever()
    finally:
        loop.close()
    return done


def test_what_is_made_ready_first_keeps_its_own_order() -> None:
    def both(loop: PromptLoop, done: list[str]) -> None:
        loop.call_soon(done.append, "a")
        loop.call_soon(done.append, "b")

    assert run_with_others(lambda loop, done: loop.first(both, loop, done)) == ["a", "b", "waits"]


def test_a_loop_with_other_insides_is_left_as_it_is() -> None:
    loop, done = PromptLoop(), list[str]()
    known, loop._ready = loop._ready, None  # type: ignore[attr-defined]
    loop.first(done.append, "done")
    loop._ready = known  # type: ignore[attr-defined]
    loop.close()
    assert done == ["done"]


@pytest.mark.parametrize(("data", "first"), [(SHUT_OFF, True), (b"GET /api/v1/burners HTTP/1.1\r\n\r\n", False)])
def test_of_all_requests_a_shut_off_begins_first(monkeypatch: pytest.MonkeyPatch, data: bytes, first: bool) -> None:
    def received(self: Any, _: bytes) -> None:
        self.loop.call_soon(self.done.append, "begun")

    monkeypatch.setattr(H11Protocol, "data_received", received)

    def arrives(loop: PromptLoop, done: list[str]) -> None:
        connection: Any = Connection.__new__(Connection)
        connection.loop, connection.done = loop, done
        connection.data_received(data)

    assert run_with_others(arrives) == (["begun", "waits"] if first else ["waits", "begun"])
