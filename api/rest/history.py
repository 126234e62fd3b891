"""The journal for reading: newest first, page by page, as JSON or CSV."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.rest import records
from api.rest.access import Access
from api.rest.described import PROBLEMS, gives
from api.rest.examples import TIMER_STARTED
from api.rest.problems import Problem
from controller import journal
from controller.journal import Entry, Query
from controller.stove import Stove
from controller.tokens import Role
from controller.view import parse_instant

LONGEST_PAGE = 1_000
_PARAMETERS = ("burner", "from", "to", "limit", "cursor")
_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept"}
_EXAMPLE = {"entries": [TIMER_STARTED], "next_cursor": 41}
_CSV_EXAMPLE = (
    'seq,at,event_type,burner,by,details\n41,2026-11-23T18:17:00.000+01:00,timer_started,left,rest:Anna,"{}"\n'
)


class HistoryEntry(BaseModel):
    """One journal row."""

    seq: int
    at: str
    event_type: str
    burner: str | None
    by: str
    details: dict[str, Any]


class HistoryView(BaseModel):
    """A page of the journal; ``next_cursor`` asks for the next older one, null at the end."""

    entries: list[HistoryEntry]
    next_cursor: int | None


def router(stove: Stove, access: Access) -> APIRouter:
    """GET /api/v1/history."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    parameters = [
        {"name": "burner", "in": "query", "schema": {"type": "string"}, "example": "left"},
        {"name": "from", "in": "query", "schema": {"type": "string", "format": "date-time"}},
        {"name": "to", "in": "query", "schema": {"type": "string", "format": "date-time"}},
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE},
            "example": 50,
        },
        {"name": "cursor", "in": "query", "schema": {"type": "integer"}},
    ]

    described = gives(_EXAMPLE)
    described[200]["content"]["text/csv"] = {"schema": {"type": "string"}, "example": _CSV_EXAMPLE}

    @routes.get(
        "/history",
        response_model=HistoryView,
        tags=["state"],
        responses=described,
        openapi_extra={"parameters": parameters},
    )
    async def history(request: Request) -> Response:
        """What happened, newest first; CSV with `Accept: text/csv`. Role: view."""
        access.require(request, Role.VIEW)
        query = _query(request, stove)
        found = await records.fetch(journal.read, stove.journal.path, replace(query, limit=query.limit + 1))
        entries = found[: query.limit]
        cursor = entries[-1].seq if len(found) > len(entries) else None
        headers = _HEADERS if cursor is None else _HEADERS | {"Link": _next(request, cursor)}
        if "text/csv" in request.headers.get("accept", "").lower():
            return Response(_csv(entries), headers=headers, media_type="text/csv; charset=utf-8")
        page = HistoryView(entries=[_view(entry) for entry in entries], next_cursor=cursor)
        return Response(page.model_dump_json(), headers=headers, media_type="application/json")

    return routes


def _query(request: Request, stove: Stove) -> Query:
    given = request.query_params
    for name in given:
        if name not in _PARAMETERS:
            raise Problem(422, f"A query parameter is unknown; known are {', '.join(_PARAMETERS)}.", name[:32])
    burner = given.get("burner")
    if burner is not None:
        stove.view(burner)  # 404 for an unknown one
    return Query(
        burner=burner,
        since=_instant(given.get("from"), "from"),
        until=_instant(given.get("to"), "to"),
        limit=_whole(given.get("limit"), "limit", 100, LONGEST_PAGE),
        cursor=_whole(given.get("cursor"), "cursor", 0, 10**15) or None,
    )


def _instant(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        instant = parse_instant(text.replace(" ", "+"))  # a + that was not escaped arrives as a space
    except ValueError as error:
        raise Problem(422, f"{name} {error}.", name) from None
    try:
        return instant.astimezone(UTC)  # SQLite does not know every offset
    except OverflowError:  # within a day of the calendar's ends
        return instant.replace(tzinfo=UTC)


def _whole(text: str | None, name: str, default: int, highest: int) -> int:
    if text is None:
        return default
    if not (len(text) <= 18 and text.isascii() and text.isdigit() and 0 < int(text) <= highest):
        raise Problem(422, f"{name} is not a whole number from 1 to {highest}.", name)
    return int(text)


def _view(entry: Entry) -> HistoryEntry:
    return HistoryEntry(
        seq=entry.seq,
        at=entry.at,
        event_type=entry.kind,
        burner=entry.burner,
        by=entry.by,
        details=dict(entry.details),
    )


def _next(request: Request, cursor: int) -> str:
    given = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return f'<?{urlencode(given | {"cursor": cursor})}>; rel="next"'


def _csv(entries: list[Entry]) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["seq", "at", "event_type", "burner", "by", "details"])
    for entry in entries:
        details = json.dumps(dict(entry.details), ensure_ascii=False)
        writer.writerow([entry.seq, entry.at, entry.kind, entry.burner or "", _cell(entry.by), details])
    return table.getvalue()


def _cell(text: str) -> str:
    """A name that a spreadsheet would take for a formula is text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
