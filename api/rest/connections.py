"""Connections that nobody can hold open with half a handshake, half a request or half an answer.

uvicorn waits for the rest of a request, and for an answer to be read, for as long as it takes; asyncio waits for a
TLS handshake before uvicorn hears of anybody. A client that ends none of them would take one file descriptor after
the other, until nobody can get through to shut off.
"""

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.prompt_loop import PromptLoop
from api.rest.problems import Problem

REQUEST_WITHIN = 10.0  # s, for a whole request; it ends between one and two of these after it began
LONGEST_HEAD = 16 * 1024  # bytes
READ_AT_ONCE = 16 * 1024  # bytes of one connection, before the others have their turn; asyncio would take 256 KiB
CRUMB = 128  # bytes; a body arrives in packets or chunks of more, or there is not much of it
MOST_CRUMBS = 64  # in a body
MOST = 256  # open connections; beyond that the oldest of those that owe us a request goes
SHUT_OFF = b"/shut-off "  # in a request's first line; split over two packets it is as welcome, and waits its turn
_NO_REQUEST = "This is not an HTTP request, its head is larger than 16 KiB, or its body comes in too many pieces."


class _Parser(h11.Connection):
    """h11, for bodies that do not come crumb by crumb: each crumb costs as much as a small request."""

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._crumbs = 0
        elif isinstance(event, h11.Data) and len(event.data) < CRUMB:
            self._crumbs += 1
            if self._crumbs > MOST_CRUMBS:
                raise h11.RemoteProtocolError("The body comes in too many pieces.")
        return event


class Connection(H11Protocol):
    """uvicorn's protocol for HTTP/1.1, with limits to its patience."""

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        self.conn = _Parser(h11.SERVER, LONGEST_HEAD)

    def arrives(self, transport: asyncio.Transport) -> None:
        """Count a client from its first packet; over TLS that is before :meth:`connection_made`."""
        self.transport = transport
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]
        self._opened_at = self.loop.time()
        self.connections.add(self)
        if len(self.connections) > MOST:
            self._make_room()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if self not in self.connections:
            self.arrives(transport)
        super().connection_made(transport)
        self._owed: object = None  # the last request known when the client was seen to owe something
        self._watch = self.loop.call_later(REQUEST_WITHIN, self._look)

    def data_received(self, data: bytes) -> None:
        if SHUT_OFF in data and isinstance(self.loop, PromptLoop):
            self.loop.first(super().data_received, data)
        else:
            super().data_received(data)

    def resume_writing(self) -> None:
        self._owed = self  # it reads, so it owes from now on at the earliest
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says what to do
        """Answer what is not HTTP, with a problem like everywhere else."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = Problem(400, _NO_REQUEST).response()
            headers = [*answer.raw_headers, (b"connection", b"close")]
            head = self.conn.send(h11.Response(status_code=400, headers=headers, reason=b"Bad Request"))
            body = self.conn.send(h11.Data(data=bytes(answer.body)))
            self.transport.writelines(part for part in (head, body) if part)
        self.transport.close()

    def _look(self) -> None:
        """End the connection if what was owed at the last look still is, or if the client does not take its end."""
        if self.transport.is_closing() or (self._owes() and self._owed is self.cycle):
            self.transport.abort()
            return
        self._owed = self.cycle if self._owes() else self
        self._watch = self.loop.call_later(REQUEST_WITHIN, self._look)

    def _owes(self) -> bool:
        """Whether the client has yet to send a request, or the rest of one, or to read what it was answered."""
        if self.cycle is None or self.flow.write_paused:
            return True
        return self.cycle.response_complete or self.cycle.more_body

    def _make_room(self) -> None:
        others = (other for other in self.connections if isinstance(other, Connection) and other is not self)
        oldest = min((other for other in others if other._owes()), key=lambda other: other._opened_at, default=None)
        if oldest is not None:
            self.connections.discard(oldest)  # the next one who comes has to find somebody else
            oldest.transport.abort()


class Handshake(SSLProtocol):
    """What a connection is until TLS stands, and below it from then on."""

    max_size = READ_AT_ONCE  # set aside for each; a TLS record is no longer

    def __init__(self, context: ssl.SSLContext, connection: Connection) -> None:
        patience = {"ssl_handshake_timeout": REQUEST_WITHIN}
        super().__init__(connection.loop, connection, context, None, server_side=True, **patience)  # type: ignore[arg-type]
        self._connection = connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._connection.arrives(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        super().connection_lost(exc)
        self._connection.connections.discard(self._connection)  # the handshake may not have come to its end
