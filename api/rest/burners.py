"""The calls on burners and on the stove as a whole."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import answers, bodies, lane
from api.rest.access import Access
from api.rest.answers import PROBLEMS
from api.rest.bodies import Body, DefaultTimerBody, ExtendBody, TimerBody
from api.rest.idempotency import Idempotency
from api.rest.problems import Problem
from controller.stove import Stove
from controller.tokens import Role
from controller.view import BurnerView, StoveView
from hardware.clock import Millis


def takes(model: type[Body], **examples: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI description of a body that is read by :func:`bodies.read`."""
    media = {"schema": model.model_json_schema(), "examples": {name: {"value": v} for name, v in examples.items()}}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def router(stove: Stove, access: Access) -> APIRouter:
    """The calls under /api/v1."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    _reading(routes, stove, access)
    _timers(routes, stove, access)
    _shutting_off(routes, stove)
    _locking(routes, stove, access)
    return routes


def _reading(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.get("/stove", response_model=StoveView, tags=["state"])
    async def get_stove(request: Request) -> Response:
        """The stove, its problems and all its burners. Role: view."""
        access.require(request, Role.VIEW)
        return answers.whole(request, stove, stove.stove_view())

    @routes.get("/burners", response_model=list[BurnerView], tags=["state"])
    async def get_burners(request: Request) -> Response:
        """Every burner, in the configuration's order. Role: view."""
        access.require(request, Role.VIEW)
        return answers.burners(request, stove, stove.views())

    @routes.get("/burners/{burner_id}", response_model=BurnerView, tags=["state"])
    async def get_burner(request: Request, burner_id: str) -> Response:
        """One burner. Role: view."""
        access.require(request, Role.VIEW)
        return answers.burner(request, stove, stove.view(burner_id))


def _timers(routes: APIRouter, stove: Stove, access: Access) -> None:
    idempotency = Idempotency()

    @routes.put(
        "/burners/{burner_id}/timer",
        response_model=BurnerView,
        tags=["timer"],
        openapi_extra=takes(
            TimerBody,
            duration={"duration": "25m"},
            seconds={"duration": 1500},
            end={"ends_at": "2026-11-23T18:42:00+01:00"},
        ),
    )
    async def put_timer(request: Request, burner_id: str) -> Response:
        """Set or replace the shut-off timer. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        duration = _wanted(stove, await bodies.read(request, TimerBody))
        return answers.burner(request, stove, await stove.start_timer(burner_id, duration, by))

    @routes.post(
        "/burners/{burner_id}/timer/extend",
        response_model=BurnerView,
        tags=["timer"],
        openapi_extra=takes(ExtendBody, five_minutes={"by": "5m"}),
    )
    async def extend_timer(request: Request, burner_id: str) -> Response:
        """Move the running timer's end; an `Idempotency-Key` makes a repetition harmless. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        body = await bodies.read(request, ExtendBody)

        async def extend() -> Response:
            view = await stove.extend(burner_id, bodies.duration(body.by, "by"), by)
            return answers.burner(request, stove, view)

        return await idempotency.once(request, by, extend)

    @routes.delete("/burners/{burner_id}/timer", response_model=BurnerView, tags=["timer"])
    async def cancel_timer(request: Request, burner_id: str) -> Response:
        """End the user's timer, never a limit. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        return answers.burner(request, stove, await stove.cancel_timer(burner_id, by))

    @routes.put(
        "/default-timer",
        response_model=StoveView,
        tags=["timer"],
        openapi_extra=takes(DefaultTimerBody, twenty_minutes={"duration": "20m"}),
    )
    async def put_default_timer(request: Request) -> Response:
        """Set what the duration "default" stands for. Role: cook."""
        by = access.require(request, Role.COOK)
        body = await bodies.read(request, DefaultTimerBody)
        view = await stove.set_default_timer(bodies.duration(body.duration, "duration"), by)
        return answers.whole(request, stove, view)


def _shutting_off(routes: APIRouter, stove: Stove) -> None:
    @routes.post("/burners/{burner_id}/shut-off", response_model=BurnerView, tags=["shut off"])
    async def shut_off(request: Request, burner_id: str) -> Response:
        """Open the relay; answers when the line is open. Needs no token."""
        await stove.confirm(lane.opened(request, stove, burner_id))
        return answers.burner(request, stove, stove.view(burner_id))

    @routes.post("/shut-off", response_model=StoveView, tags=["shut off"])
    async def shut_off_all(request: Request) -> Response:
        """Open every relay; answers when the lines are open. Needs no token."""
        await stove.confirm(lane.opened(request, stove, None))
        return answers.whole(request, stove, stove.stove_view())


def _locking(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.put("/burners/{burner_id}/lock", response_model=BurnerView, tags=["lock"])
    async def lock(request: Request, burner_id: str) -> Response:
        """Child lock: open the relay and keep it open. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        return answers.burner(request, stove, await stove.lock(burner_id, by))

    @routes.delete("/burners/{burner_id}/lock", response_model=BurnerView, tags=["lock"])
    async def unlock(request: Request, burner_id: str) -> Response:
        """End the child lock and the idle lock. Role: admin."""
        by = access.require(request, Role.ADMIN, burner_id)
        return answers.burner(request, stove, await stove.unlock(burner_id, by))

    @routes.post("/burners/{burner_id}/reset", response_model=BurnerView, tags=["lock"])
    async def reset(request: Request, burner_id: str) -> Response:
        """End a lockout, or re-enable after a shut-off; refused while its cause stands. Role: admin."""
        by = access.require(request, Role.ADMIN, burner_id)
        return answers.burner(request, stove, await stove.reset(burner_id, by))


def _wanted(stove: Stove, body: TimerBody) -> Millis:
    if (body.duration is None) == (body.ends_at is None):
        raise Problem(422, "Send either duration or ends_at.", "duration")
    if body.ends_at is not None:
        try:
            return stove.until(body.ends_at)
        except ValueError as error:
            raise Problem(422, f"ends_at {error}.", "ends_at") from None
    if body.duration == "default":
        return stove.default_timer()
    return bodies.duration(body.duration or 0, "duration")
