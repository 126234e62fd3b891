"""The event stream: whole burners as they change, and what happened, resumable from the journal."""

import asyncio
import contextlib
import functools
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api import wire
from api.rest import records
from api.rest.access import Access
from api.rest.described import PROBLEMS, Responses
from api.rest.examples import BURNER
from api.rest.me import MeView
from api.rest.problems import Problem
from api.rest.turns import Rounds
from controller import journal
from controller.journal import Entry
from controller.stove import Stove
from controller.stream import Ended, Happened, Item, Lagged, StateChanged
from controller.tokens import Role

PING_EVERY = 5  # s; a reader that hears nothing for twice as long has lost us
TICK_EVERY = 1.0  # s, for a page that shows by itself what it knows no more
SAID_ONCE_IN = 0.1  # s; so old a countdown may be when it is told
PACE = 0.05  # s from one message to the next where much happens; what comes meanwhile goes out in one
PACE_OF_ALL = 0.004  # s for each open page, where there are so many that this is more
AHEAD = 4  # messages that may go out at once before that
LOOK_EVERY = 2.0  # s; the stream of a token that was revoked ends so soon
STALLED_AFTER = 10  # s, for a reader that does not read
MOST_READERS = 64
BATCH = 500
EVENTS_REMEMBERED = 64
COMMIT_PATIENCE = 2.0  # s, for events that have happened and are on their way to the disk

_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was received; what came after it is sent first.",
    "schema": {"type": "string"},
}
_TICK = {
    "name": "tick",
    "in": "query",
    "description": "1: `me` says who asks, `tick` comes every second, `stove` has what is not about one burner.",
    "schema": {"type": "string", "enum": ["0", "1"]},
}
_DESCRIBED: Responses = {
    200: {
        "description": "A stream that stays open.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": f"event: state\ndata: {json.dumps(BURNER)}\n\n"
                'id: 41\nevent: event\ndata: {"seq":41,"event_type":"timer_started","burner":"left",…}\n\n',
            }
        },
    }
}


def router(stove: Stove, access: Access) -> APIRouter:
    """GET /api/v1/events."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    wording, rounds = _Wording(stove), Rounds()

    @routes.get(
        "/events",
        tags=["state"],
        response_class=_EventStream,
        responses=_DESCRIBED,
        openapi_extra={"parameters": [_LAST_EVENT_ID, _TICK]},
    )
    async def events(request: Request) -> EventSourceResponse:
        """Server-sent events: `state` (a whole burner) and `event` (what happened). Role: view.

        Starts with every burner's state. With `Last-Event-ID` the events since then come first.
        """
        access.require(request, Role.VIEW)
        if len(stove.stream.readers) >= MOST_READERS:
            raise Problem(503, f"{MOST_READERS} streams are open already; close one.", Retry_After="10")
        caller = access.caller(request)
        welcome = functools.partial(access.allows, request, Role.VIEW)
        greeting = _encoded("me", MeView.of(caller, stove).model_dump_json()) if _wants_ticks(request) else b""
        reader = _Reader(stove, wording, rounds, _last_event_id(request), welcome, greeting)
        return _EventStream(reader.items(), ping=PING_EVERY, send_timeout=STALLED_AFTER, sep="\n")

    return routes


class _EventStream(EventSourceResponse):
    """Ends without an outcry when its reader has stopped reading."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


def _wants_ticks(request: Request) -> bool:
    given = request.query_params.get("tick", "0")
    if given not in ("0", "1") or any(name != "tick" for name in request.query_params):
        raise Problem(422, "The only query parameter is tick, and it is 0 or 1.", "tick")
    return given == "1"


def _last_event_id(request: Request) -> int | None:
    text = request.headers.get("last-event-id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(422, "Last-Event-ID is not one of ours; leave it out.", "Last-Event-ID")
    return int(text)


class _Wording:
    """What is said to every reader alike, put into bytes once: fifty pages must not cost fifty times that."""

    def __init__(self, stove: Stove) -> None:
        self._stove = stove
        self._said: dict[str | None, tuple[str, float, bytes]] = {}  # by burner (None: the stove)
        self._events: dict[tuple[int, str], bytes] = {}  # the last few: readers fall behind by different lengths

    def state(self, name: str) -> bytes:
        """A whole burner."""
        return self._cached(name, "state", lambda: self._stove.view(name).model_dump_json())

    def whole(self) -> bytes:
        """The stove without its burners, which come by themselves."""
        return self._cached(None, "stove", lambda: self._stove.stove_view().model_dump_json(exclude={"burners"}))

    def tick(self) -> bytes:
        """That we are there; ``alive`` says whether stove and keeper are, too."""
        return _encoded("tick", _compact({"alive": self._stove.alive()}))

    def event(self, entry: Entry) -> bytes:
        """Something that happened."""
        key = entry.seq, entry.at  # what happened while the journal could not be read was numbered from 1 again
        known = self._events.get(key)
        if known is None:
            known = self._events[key] = _encoded("event", _compact(wire.event(entry)), entry.seq)
            if len(self._events) > EVENTS_REMEMBERED:
                del self._events[next(iter(self._events))]
        return known

    def _cached(self, burner: str | None, kind: str, say: Callable[[], str]) -> bytes:
        revision, now = self._stove.revision(burner), time.monotonic()
        known = self._said.get(burner)
        if known is None or known[0] != revision or now - known[1] > SAID_ONCE_IN:
            self._said[burner] = known = (revision, now, _encoded(kind, say()))
        return known[2]


class _Reader:
    """One open stream. Every event goes out once and in order, over the journal when the reader was away or slow."""

    def __init__(
        self,
        stove: Stove,
        wording: _Wording,
        rounds: Rounds,
        after: int | None,
        welcome: Callable[[], bool],
        greeting: bytes,
    ) -> None:
        """``greeting`` is said first; a reader with one gets ticks, and the stove too."""
        self._stove = stove
        self._wording = wording
        self._rounds = rounds
        self._resumes = after
        self._after = 0  # the number of the last event that this reader has
        self._whole = b""  # what it was told last of the stove
        self._welcome = welcome
        self._greeting = greeting
        self._ticks = bool(greeting)
        self._paid_until = 0.0  # on the loop's clock: a pace for each message

    async def items(self) -> AsyncIterator[bytes]:
        """What to send, until the program or the reader's token ends."""
        async with self._stove.stream.subscribe(wake=self._rounds.let) as items:  # what wakes one page wakes them all
            newest = self._newest()
            self._after = newest if self._resumes is None else min(self._resumes, newest)
            waiting: list[Item] = [Lagged()]  # one who has just come knows as little as one who fell behind
            clock = asyncio.get_running_loop().time
            ticked = clock()
            if self._greeting:
                yield self._greeting
            while self._welcome():
                if Lagged() in waiting:
                    async for missed in self._missed():
                        yield missed
                said = b"".join(map(self._tell, waiting))
                if self._ticks and clock() - ticked >= TICK_EVERY:
                    ticked = clock()
                    said += self._wording.tick()
                if said:
                    pace = max(PACE, PACE_OF_ALL * len(self._stove.stream.readers))
                    self._paid_until = max(self._paid_until, clock()) + pace
                    yield said
                if Ended() in waiting:
                    return
                patience = ticked + TICK_EVERY - clock() if self._ticks else LOOK_EVERY
                had_its_turn = await items.filled(max(0.0, patience))
                if (rest := self._paid_until - AHEAD * PACE - clock()) > 0:
                    await asyncio.sleep(rest)
                    had_its_turn = False
                if not had_its_turn:
                    await self._rounds.turn()
                waiting = items.take()

    def _tell(self, item: Item) -> bytes:
        if isinstance(item, Happened):
            if item.entry.seq <= self._after:
                return b""
            self._after = item.entry.seq
            return self._wording.event(item.entry)
        if isinstance(item, StateChanged):
            return self._wording.state(item.burner) if item.burner is not None else self._tell_stove()
        if isinstance(item, Ended):
            return b""
        burners = b"".join(map(self._wording.state, self._stove.burner_ids()))
        return self._tell_stove() + (self._wording.tick() if self._ticks else b"") + burners

    def _tell_stove(self) -> bytes:
        """The stove, where it looks different from what was told last; with every burner's change it is looked at."""
        whole = self._wording.whole() if self._ticks else b""
        if whole == self._whole:
            return b""
        self._whole = whole
        return whole

    async def _missed(self) -> AsyncIterator[bytes]:
        """What has happened since the last event sent, from the journal, the newest commits awaited."""
        until = self._newest()
        patience = time.monotonic() + COMMIT_PATIENCE
        while self._after < until and time.monotonic() < patience:
            try:
                batch = await records.fetch(journal.read_since, self._stove.journal.path, self._after, BATCH)
            except Problem:
                return  # the stove's problems say that the journal fails
            if batch:
                patience = time.monotonic() + COMMIT_PATIENCE
                self._after = batch[-1].seq
                yield b"".join(map(self._wording.event, batch))
            else:
                await asyncio.sleep(0.02)

    def _newest(self) -> int:
        return self._stove.journal.next_seq - 1


def _encoded(kind: str, data: str, number: int | None = None) -> bytes:
    """A server-sent event; ``data`` is JSON, which has no line ends of its own."""
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
