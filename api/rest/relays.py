"""The calls that open relays, keep them open, and let them close again."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import answers, lane
from api.rest.access import Access
from api.rest.described import NO_TOKEN, PROBLEMS, BurnerId, gives
from api.rest.examples import BURNER, OFF_SENTENCE, SHUT_OFF, STOVE
from controller.stove import Stove
from controller.tokens import Role
from controller.view import BurnerView, StoveView

_LOCKED = SHUT_OFF | {
    "status": "locked",
    "holds": [{"kind": "lock", "cause": "child", "since": "2026-11-23T18:22:00.000+01:00", "until": None}],
}
_READY = BURNER | {"status": "ready", "flame": "out", "timer": None, "limit": None}


def router(stove: Stove, access: Access) -> APIRouter:
    """Shutting off, the sweep, the child lock, and reset."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    _shutting_off(routes, stove)
    _sweeping(routes, stove, access)
    _locking(routes, stove, access)
    return routes


def _shutting_off(routes: APIRouter, stove: Stove) -> None:
    @routes.post(
        "/burners/{burner_id}/shut-off",
        response_model=BurnerView,
        tags=["shut off"],
        responses=gives(SHUT_OFF, OFF_SENTENCE),
        openapi_extra=NO_TOKEN,
    )
    async def shut_off(request: Request, burner_id: BurnerId) -> Response:
        """Open the relay; answers when the line is open. Needs no token."""
        await stove.confirm(lane.opened(request, stove, burner_id))
        return answers.burner(request, stove.view(burner_id))

    @routes.post(
        "/shut-off",
        response_model=StoveView,
        tags=["shut off"],
        responses=gives(STOVE | {"burners": [SHUT_OFF]}, OFF_SENTENCE),
        openapi_extra=NO_TOKEN,
    )
    async def shut_off_all(request: Request) -> Response:
        """Open every relay; answers when the lines are open. Needs no token."""
        await stove.confirm(lane.opened(request, stove, None))
        return answers.whole(request, stove.stove_view())


def _sweeping(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.post("/sweep", response_model=StoveView, tags=["shut off"], responses=gives(STOVE))
    async def sweep(request: Request) -> Response:
        """Open every relay for hold_open, so that nothing can stay lit; burners in use are warned first. Role: cook."""
        return answers.whole(request, await stove.sweep(access.require(request, Role.COOK)))


def _locking(routes: APIRouter, stove: Stove, access: Access) -> None:
    @routes.put("/burners/{burner_id}/lock", response_model=BurnerView, tags=["lock"], responses=gives(_LOCKED))
    async def lock(request: Request, burner_id: BurnerId) -> Response:
        """Child lock: open the relay and keep it open. Role: cook."""
        by = access.require(request, Role.COOK, burner_id)
        return answers.burner(request, await stove.lock(burner_id, by))

    @routes.delete("/burners/{burner_id}/lock", response_model=BurnerView, tags=["lock"], responses=gives(_READY))
    async def unlock(request: Request, burner_id: BurnerId) -> Response:
        """End the child lock, the idle lock and the present night lock. Role: admin."""
        by = access.require(request, Role.ADMIN, burner_id)
        return answers.burner(request, await stove.unlock(burner_id, by))

    @routes.put("/lock", response_model=StoveView, tags=["lock"], responses=gives(STOVE | {"child_lock": True}))
    async def lock_all(request: Request) -> Response:
        """Child lock for every burner. Role: cook."""
        return answers.whole(request, await stove.lock_all(access.require(request, Role.COOK)))

    @routes.delete("/lock", response_model=StoveView, tags=["lock"], responses=gives(STOVE))
    async def unlock_all(request: Request) -> Response:
        """End every burner's child lock, idle lock and night lock. Role: admin."""
        return answers.whole(request, await stove.unlock_all(access.require(request, Role.ADMIN)))

    @routes.post("/burners/{burner_id}/reset", response_model=BurnerView, tags=["lock"], responses=gives(_READY))
    async def reset(request: Request, burner_id: BurnerId) -> Response:
        """End a lockout, or re-enable after a shut-off; refused while its cause stands. Role: admin."""
        by = access.require(request, Role.ADMIN, burner_id)
        return answers.burner(request, await stove.reset(burner_id, by))
