"""The event stream: whole burners as they change, and what happened, resumable from the journal."""

import asyncio
import contextlib
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
        openapi_extra={"parameters": [_LAST_EVENT_ID]},
    )
    async def events(request: Request) -> EventSourceResponse:
        """Server-sent events: `state` (a whole burner) and `event` (what happened). Role: view.

        Starts with every burner's state. With `Last-Event-ID` the events since then come first.
        """
        access.require(request, Role.VIEW)
        if len(stove.stream.readers) >= MOST_READERS:
            raise Problem(503, f"{MOST_READERS} streams are open already; close one.", Retry_After="10")
        reader = _Reader(stove, _last_event_id(request), lambda: access.allows(request, Role.VIEW))
        return _EventStream(reader.items(), ping=PING_EVERY, send_timeout=STALLED_AFTER, sep="\n")

    return routes


class _EventStream(EventSourceResponse):
    """Ends without an outcry when its reader has stopped reading."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(SendTimeoutError):
            await super().__call__(scope, receive, send)


def _last_event_id(request: Request) -> int | None:
    text = request.headers.get("last-event-id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(422, "Last-Event-ID is not one of ours; leave it out.", "Last-Event-ID")
    return int(text)


class _Reader:
    """One open stream. Every event goes out once and in order, over the journal when the reader was away or slow."""

    def __init__(self, stove: Stove, after: int | None, welcome: Callable[[], bool]) -> None:
        self._stove = stove
        self._resumes = after
        self._after = 0  # the number of the last event that this reader has
        self._welcome = welcome

    async def items(self) -> AsyncIterator[ServerSentEvent]:
        """What to send, until the program or the reader's token ends."""
        async with self._stove.stream.subscribe() as items:
            newest = self._newest()
            self._after = newest if self._resumes is None else min(self._resumes, newest)
            item: Item = Lagged()  # one who has just come knows as little as one who fell behind
            while not isinstance(item, Ended) and self._welcome():
                async for said in self._tell(item):
                    yield said
                item = await items.next()

    async def _tell(self, item: Item) -> AsyncIterator[ServerSentEvent]:
        if isinstance(item, Happened):
            if item.entry.seq > self._after:
                yield self._event(item.entry)
        elif isinstance(item, StateChanged):
            if item.burner is not None:
                yield self._state(item.burner)
        else:
            async for entry in self._missed():
                yield self._event(entry)
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

    def _state(self, name: str) -> ServerSentEvent:
        return ServerSentEvent(self._stove.view(name).model_dump_json(), event="state")


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
