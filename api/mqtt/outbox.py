"""What waits to be published: of each retained topic the newest, and the last events.

A slow broker costs states in between and, past the bound, the oldest events; never memory, and never the time
of anybody who puts something in here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hardware.clock import SECOND, Millis

EVENTS = 256
EVENT_KEEPS: Millis = 30 * SECOND  # an older event would be news of yesterday, and set off automations
_log = logging.getLogger("flameout.mqtt")

Render = Callable[[], bytes]
Send = Callable[[str, bytes, bool], int | None]


@dataclass(frozen=True)
class _Event:
    topic: str
    payload: bytes
    at: Millis


class Outbox:
    """Sends while the connection is open and the broker keeps up with its acknowledgements."""

    def __init__(self, send: Send, delivered: Callable[[str], None]) -> None:
        """``send`` (topic, payload, retain) returns a packet id; ``delivered`` hears of each topic that got there."""
        self._send = send
        self._delivered = delivered
        self._states: dict[str, Render] = {}
        self._events: deque[_Event] = deque(maxlen=EVENTS)
        self._in_flight: dict[int, str | _Event] = {}  # of a state its topic
        self._room = 0
        self._due = False
        self._empty = asyncio.Event()

    def put_state(self, topic: str, render: Render) -> None:
        """Publish a retained state, as it is when its turn comes."""
        self._states[topic] = render
        self._wake()

    def put_event(self, topic: str, payload: bytes, at: Millis) -> None:
        """Publish an event that happened at ``at``; never retained."""
        self._events.append(_Event(topic, payload, at))
        self._wake()

    def open(self, room: int, now: Millis) -> None:
        """A connection is there; up to ``room`` messages may be unacknowledged on it."""
        self._room = room
        while self._events and now - self._events[0].at > EVENT_KEEPS:
            self._events.popleft()
        self._wake()

    def close(self) -> None:
        """The connection is gone. States are put in anew with the next one; events wait for a while.

        Nobody knows whether the broker has those that it has not acknowledged: each comes again, with the same number.
        """
        self._room = 0
        self._states.clear()
        again = [sent for sent in self._in_flight.values() if isinstance(sent, _Event)]
        self._events = deque([*again, *self._events], maxlen=EVENTS)
        self._in_flight.clear()

    def acknowledged(self, packet: int) -> None:
        """The broker has taken a message."""
        sent = self._in_flight.pop(packet, None)
        if sent is not None:
            self._delivered(sent.topic if isinstance(sent, _Event) else sent)
        self._wake()

    async def emptied(self) -> None:
        """Return once everything is sent and acknowledged."""
        while self._states or self._events or self._in_flight:
            self._empty.clear()
            await self._empty.wait()

    def _wake(self) -> None:
        """Send from the loop, once, and not from within somebody's call."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._due = False
        while len(self._in_flight) < self._room and (self._events or self._states):
            try:
                self._send_next()
            except Exception:
                _log.exception("A message could not be published.")
        if not (self._states or self._events or self._in_flight):
            self._empty.set()

    def _send_next(self) -> None:
        sent: str | _Event
        if self._events:
            sent = self._events.popleft()
            packet = self._send(sent.topic, sent.payload, False)
        else:
            topic, render = next(iter(self._states.items()))
            del self._states[topic]
            packet, sent = self._send(topic, render(), True), topic
        if packet is not None:
            self._in_flight[packet] = sent
