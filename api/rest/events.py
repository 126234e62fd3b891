"""The event stream: whole burners as they change, and what happened, resumable from the journal."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from api import wire
from api.rest.access import Access
from api.rest.answers import PROBLEMS
from api.rest.problems import Problem
from controller import journal
from controller.journal import Entry
from controller.stove import Stove
from controller.stream import Ended, Happened, StateChanged, Subscription
from controller.tokens import Role

PING_EVERY = 5  # s; a reader that hears nothing for twice as long has lost us
STALLED_AFTER = 10  # s, for a reader that does not read
MOST_READERS = 64
REPLAYED = 1_000  # events after Last-Event-ID; who missed more reads /history


def router(stove: Stove, access: Access) -> APIRouter:
    """GET /api/v1/events."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)

    @routes.get("/events", tags=["state"], response_class=EventSourceResponse)
    async def events(request: Request) -> EventSourceResponse:
        """Server-sent events: `state` (a whole burner) and `event` (what happened). Role: view.

        Starts with every burner's state. With `Last-Event-ID` the events since then come first.
        """
        access.require(request, Role.VIEW)
        if len(stove.stream.readers) >= MOST_READERS:
            raise Problem(503, f"{MOST_READERS} streams are open already; close one.", Retry_After="10")
        after = _last_event_id(request)
        return EventSourceResponse(_items(stove, after), ping=PING_EVERY, send_timeout=STALLED_AFTER, sep="\n")

    return routes


def _last_event_id(request: Request) -> int | None:
    text = request.headers.get("last-event-id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(422, "Last-Event-ID is not one of ours; leave it out.", "Last-Event-ID")
    return int(text)


async def _items(stove: Stove, after: int | None) -> AsyncIterator[ServerSentEvent]:
    async with stove.stream.subscribe() as items:
        for entry in await _missed(stove, after):
            after = entry.seq
            yield _event(entry)
        for name in stove.burner_ids():
            yield _state(stove, name)
        async for said in _live(stove, items, after or 0):
            yield said


async def _live(stove: Stove, items: Subscription, after: int) -> AsyncIterator[ServerSentEvent]:
    while not isinstance(item := await items.next(), Ended):
        if isinstance(item, Happened):
            if item.entry.seq > after:  # the journal may have given it already
                yield _event(item.entry)
        elif isinstance(item, StateChanged):
            if item.burner is not None:
                yield _state(stove, item.burner)
        else:
            for name in stove.burner_ids():
                yield _state(stove, name)


async def _missed(stove: Stove, after: int | None) -> list[Entry]:
    if after is None:
        return []
    try:
        return await asyncio.to_thread(journal.read_since, stove.journal.path, after, REPLAYED)
    except sqlite3.Error:
        return []  # the stove's problems say that the journal fails


def _event(entry: Entry) -> ServerSentEvent:
    return ServerSentEvent(_compact(wire.event(entry)), event="event", id=str(entry.seq))


def _state(stove: Stove, name: str) -> ServerSentEvent:
    return ServerSentEvent(stove.view(name).model_dump_json(), event="state")


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
