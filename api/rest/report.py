"""What was done with the stove, counted: by week for the nuisance report, by day for a picture."""

from collections.abc import Iterator
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
from controller.journal import Entry
from controller.report import Report, weekly
from controller.stove import Stove
from controller.tokens import Role
from controller.usage import Usage, daily

MOST_WEEKS = 52
MOST_DAYS = 31
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
_USAGE = {"days": [{"day": "2026-11-23", "burners": {"left": {"burnt_s": 2710.0, "cuts": {"timer": 2}}}}]}


def router(stove: Stove, access: Access) -> APIRouter:
    """GET /api/v1/report and /usage."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    days = {
        "name": "days",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS},
        "example": 7,
    }
    parameter = {
        "name": "weeks",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_WEEKS},
        "example": 4,
    }

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
        found = await records.fetch(_read, stove.journal.path, _whole(request, "weeks", 4, MOST_WEEKS))
        return Response(found.model_dump_json(), headers={"Cache-Control": "no-cache"}, media_type="application/json")

    @routes.get(
        "/usage",
        response_model=Usage,
        tags=["state"],
        responses=gives(_USAGE),
        openapi_extra={"parameters": [days]},
    )
    async def usage(request: Request) -> Response:
        """For how long each burner burnt on each day, and what cut it; the oldest day first. Role: view."""
        access.require(request, Role.VIEW)
        senses = {burner.id: burner.flame is not None for burner in stove.config.burners}
        wanted = _whole(request, "days", 7, MOST_DAYS)
        found = await records.fetch(_read_days, stove.journal.path, wanted, senses)
        return Response(found.model_dump_json(), headers={"Cache-Control": "no-cache"}, media_type="application/json")

    return routes


def _read(path: Path, weeks: int) -> Report:
    now = datetime.now().astimezone()
    monday = now.date() - timedelta(days=now.weekday(), weeks=weeks - 1)
    return weekly(_entries_since(path, now - timedelta(days=now.weekday(), weeks=weeks - 1)), monday)


def _read_days(path: Path, days: int, senses: dict[str, bool]) -> Usage:
    now = datetime.now().astimezone()
    first = now - timedelta(days=days - 1)
    return daily(_entries_since(path, first), first.date(), now, senses)


def _entries_since(path: Path, day: datetime) -> Iterator[Entry]:
    """Oldest first, and from two days before: what went on at midnight began before it."""
    return journal.walk(path, day - timedelta(days=2), MOST_ENTRIES)


def _whole(request: Request, name: str, default: int, most: int) -> int:
    for given in request.query_params:
        if given != name:
            raise Problem(422, f"A query parameter is unknown; known is {name}.", given[:32])
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 2 and 0 < int(text) <= most):
        raise Problem(422, f"{name} is not a whole number from 1 to {most}.", name)
    return int(text)
