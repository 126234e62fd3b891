"""The calls on timers: set, extend, cancel, the default, and attention."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import answers, bodies
from api.rest.access import Access
from api.rest.bodies import DefaultTimerBody, ExtendBody, TimerBody
from api.rest.described import PROBLEMS, BurnerId, gives, takes
from api.rest.examples import BURNER, SENTENCE, STOVE
from api.rest.idempotency import Idempotency
from api.rest.problems import Problem, refused
from controller.stove import Stove
from controller.terms import NotAllowed
from controller.tokens import Role
from controller.view import BurnerView, StoveView
from hardware.clock import SECOND, Millis

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes a repetition harmless: the same key extends once.",
    "schema": {"type": "string", "maxLength": 255},
}
_EXTEND: dict[str, Any] = {"parameters": [_IDEMPOTENCY_KEY]} | takes(ExtendBody, five_minutes={"by": "5m"})


def router(stove: Stove, access: Access) -> APIRouter:
    """/api/v1/burners/{burner_id}/timer, /timer/extend, and /default-timer."""
    routes = APIRouter(prefix="/api/v1", tags=["timer"], responses=PROBLEMS)
    idempotency = Idempotency()

    @routes.put(
        "/burners/{burner_id}/timer",
        response_model=BurnerView,
        responses=gives(BURNER, SENTENCE),
        openapi_extra=takes(
            TimerBody,
            duration={"duration": "25m"},
            seconds={"duration": 1500},
            end={"ends_at": "2026-11-23T18:42:00+01:00"},
        ),
    )
    async def put_timer(request: Request, burner_id: BurnerId) -> Response:
        """Set or replace the shut-off timer. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        body = await bodies.read(request, TimerBody)
        try:
            return answers.burner(request, await stove.start_timer(burner_id, _wanted(stove, body), by))
        except NotAllowed as error:
            raise refused(422, error, "ends_at" if body.ends_at is not None else None) from None

    @routes.post(
        "/burners/{burner_id}/timer/extend",
        response_model=BurnerView,
        responses=gives(BURNER, SENTENCE),
        openapi_extra=_EXTEND,
    )
    async def extend_timer(request: Request, burner_id: BurnerId) -> Response:
        """Move the running timer's end; an `Idempotency-Key` makes a repetition harmless. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        body = await bodies.read(request, ExtendBody)

        async def extend() -> Response:
            return answers.burner(request, await stove.extend(burner_id, bodies.duration(body.by, "by"), by))

        return await idempotency.once(request, by, extend)

    @routes.delete("/burners/{burner_id}/timer", response_model=BurnerView, responses=gives(BURNER | {"timer": None}))
    async def cancel_timer(request: Request, burner_id: BurnerId) -> Response:
        """End the user's timer, never a limit. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        return answers.burner(request, await stove.cancel_timer(burner_id, by))

    @routes.post("/burners/{burner_id}/attention", response_model=BurnerView, responses=gives(BURNER, SENTENCE))
    async def attend(request: Request, burner_id: BurnerId) -> Response:
        """Say that somebody is there: the limit of a burn without attention starts anew. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        return answers.burner(request, await stove.attend(burner_id, by))

    @routes.put(
        "/default-timer",
        response_model=StoveView,
        responses=gives(STOVE),
        openapi_extra=takes(DefaultTimerBody, twenty_minutes={"duration": "20m"}),
    )
    async def put_default_timer(request: Request) -> Response:
        """Set what the duration "default" stands for. Role: cook."""
        by = access.require(request, Role.COOK)
        body = await bodies.read(request, DefaultTimerBody)
        view = await stove.set_default_timer(bodies.duration(body.duration, "duration"), by)
        return answers.whole(request, view)

    return routes


def _wanted(stove: Stove, body: TimerBody) -> Millis:
    if body.ends_at is not None and body.duration is None:
        return _until(stove, body.ends_at)
    if body.duration is None or body.ends_at is not None:
        raise Problem(422, "Send either duration or ends_at.", "duration")
    if body.duration == "default":
        return stove.default_timer()
    return bodies.duration(body.duration, "duration")


def _until(stove: Stove, ends_at: str) -> Millis:
    try:
        left = stove.until(ends_at)
    except ValueError as error:
        raise Problem(422, f"ends_at {error}.", "ends_at") from None
    except OverflowError:  # a zone can push the first and the last day out of the calendar
        raise Problem(422, "ends_at is too far away.", "ends_at") from None
    if left < SECOND:
        past = "ends_at is in the past, or less than a second ahead."
        raise Problem(422, past, "ends_at", said=("ends_at_past", {}))
    return left
