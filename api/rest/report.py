"""The nuisance report over REST."""

from datetime import datetime, timedelta
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import records
from api.rest.access import Access
from api.rest.described import PROBLEMS, gives
from api.rest.problems import Problem
from controller import journal
from controller.journal import Query
from controller.report import Report, weekly
from controller.stove import Stove
from controller.tokens import Role

MOST_WEEKS = 52
MOST_ENTRIES = 200_000  # of a year; what is older is left out
_EXAMPLE = {
    "weeks": [
        {
            "week": "2026-W48",
            "monday": "2026-11-23",
            "burners": {
                "left": {
                    "cuts": {"timer": 9, "limit": 1},
                    "flame_outs_with_timer": 0,
                    "flame_outs_without_timer": 14,
                    "proofs": {"confirmed": 10},
                    "extensions": 4,
                    "refusals": 0,
                }
            },
        }
    ],
    "judgement": [],
}


def router(stove: Stove, access: Access) -> APIRouter:
    """GET /api/v1/report."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    parameter = {"name": "weeks", "in": "query", "schema": {"type": "integer", "maximum": MOST_WEEKS}, "example": 4}

    @routes.get(
        "/report",
        response_model=Report,
        tags=["state"],
        responses=gives(_EXAMPLE),
        openapi_extra={"parameters": [parameter]},
    )
    async def report(request: Request) -> Response:
        """Cuts by cause and flames that went out by themselves, per burner and week. Role: view."""
        access.require(request, Role.VIEW)
        found = await records.fetch(_read, stove.journal.path, _weeks(request))
        return Response(found.model_dump_json(), headers={"Cache-Control": "no-cache"}, media_type="application/json")

    return routes


def _read(path: Path, weeks: int) -> Report:
    now = datetime.now().astimezone()
    monday = now.date() - timedelta(days=now.weekday(), weeks=weeks - 1)
    before = now - timedelta(days=now.weekday() + 2, weeks=weeks - 1)  # a timer that ran at midnight was set before it
    entries = journal.read(path, Query(since=before, limit=MOST_ENTRIES))
    return weekly(reversed(entries), monday)


def _weeks(request: Request) -> int:
    for name in request.query_params:
        if name != "weeks":
            raise Problem(422, "A query parameter is unknown; known is weeks.", name[:32])
    text = request.query_params.get("weeks", "4")
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and 0 < int(text) <= MOST_WEEKS):
        raise Problem(422, f"weeks is not a whole number from 1 to {MOST_WEEKS}.", "weeks")
    return int(text)
