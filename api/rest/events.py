"""The event stream: whole burners as they change, and what happened, resumable from the journal."""

import asyncio
import contextlib
import functools
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from api import wire
from api.rest import records
from api.rest.access import Access
from api.rest.described import PROBLEMS, Responses
from api.rest.examples import BURNER
from api.rest.problems import Problem
from controller import journal
from controller.journal import Entry
from controller.stove import Stove
from controller.stream import Ended, Happened, Item, Lagged, StateChanged
from controller.tokens import Role

PING_EVERY = 5  # s; a reader that hears nothing for twice as long has lost us
TICK_EVERY = 1.0  # s, for a page that shows by itself what it knows no more
LOOK_EVERY = 2.0  # s; the stream of a token that was revoked ends so soon
STALLED_AFTER = 10  # s, for a reader that does not read
MOST_READERS = 64
BATCH = 500
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
    "description": "1: a `tick` event comes every second, and `stove` events with what is not about one burner.",
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
        welcome = functools.partial(access.allows, request, Role.VIEW)
        reader = _Reader(stove, _last_event_id(request), welcome, _wants_ticks(request))
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


class _Reader:
    """One open stream. Every event goes out once and in order, over the journal when the reader was away or slow."""

    def __init__(self, stove: Stove, after: int | None, welcome: Callable[[], bool], ticks: bool) -> None:
        self._stove = stove
        self._resumes = after
        self._after = 0  # the number of the last event that this reader has
        self._welcome = welcome
        self._ticks = ticks

    async def items(self) -> AsyncIterator[ServerSentEvent]:
        """What to send, until the program or the reader's token ends."""
        async with self._stove.stream.subscribe() as items:
            newest = self._newest()
            self._after = newest if self._resumes is None else min(self._resumes, newest)
            item: Item | None = Lagged()  # one who has just come knows as little as one who fell behind
            ticked = time.monotonic()
            while not isinstance(item, Ended) and self._welcome():
                if item is not None:
                    async for said in self._tell(item):
                        yield said
                if self._ticks and time.monotonic() - ticked >= TICK_EVERY:
                    ticked = time.monotonic()
                    yield self._tick()
                patience = ticked + TICK_EVERY - time.monotonic() if self._ticks else LOOK_EVERY
                item = await items.next_within(max(0.0, patience))

    async def _tell(self, item: Item) -> AsyncIterator[ServerSentEvent]:
        if isinstance(item, Happened):
            if item.entry.seq > self._after:
                yield self._event(item.entry)
        elif isinstance(item, StateChanged):
            if item.burner is not None:
                yield self._state(item.burner)
            elif self._ticks:
                yield self._whole()
        else:
            async for entry in self._missed():
                yield self._event(entry)
            if self._ticks:
                yield self._whole()
                yield self._tick()
            for name in self._stove.burner_ids():
                yield self._state(name)

    async def _missed(self) -> AsyncIterator[Entry]:
        """What has happened since the last event sent, from the journal, the newest commits awaited."""
        until = self._newest()
        patience = time.monotonic() + COMMIT_PATIENCE
        while self._after < until and time.monotonic() < patience:
            try:
                batch = await records.fetch(journal.read_since, self._stove.journal.path, self._after, BATCH)
            except Problem:
                return  # the stove's problems say that the journal fails
            for entry in batch:
                yield entry
                patience = time.monotonic() + COMMIT_PATIENCE
            if not batch:
                await asyncio.sleep(0.02)

    def _newest(self) -> int:
        return self._stove.journal.next_seq - 1

    def _event(self, entry: Entry) -> ServerSentEvent:
        self._after = entry.seq
        return ServerSentEvent(_compact(wire.event(entry)), event="event", id=str(entry.seq))

    def _tick(self) -> ServerSentEvent:
        """That we are there; ``alive`` says whether stove and keeper are, too."""
        return ServerSentEvent(_compact({"alive": self._stove.alive()}), event="tick")

    def _whole(self) -> ServerSentEvent:
        """The stove without its burners, which come by themselves."""
        return ServerSentEvent(self._stove.stove_view().model_dump_json(exclude={"burners"}), event="stove")

    def _state(self, name: str) -> ServerSentEvent:
        return ServerSentEvent(self._stove.view(name).model_dump_json(), event="state")


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
