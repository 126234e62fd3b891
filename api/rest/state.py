"""The calls that read the stove and its burners."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import answers
from api.rest.access import Access
from api.rest.described import IF_NONE_MATCH, PROBLEMS, UNCHANGED, BurnerId, gives
from api.rest.examples import BURNER, SENTENCE, STOVE
from controller.stove import Stove
from controller.tokens import Role
from controller.view import BurnerView, StoveView

_EXTRA = {"parameters": [IF_NONE_MATCH]}


def router(stove: Stove, access: Access) -> APIRouter:
    """GET /api/v1/stove, /burners and /burners/{burner_id}."""
    routes = APIRouter(prefix="/api/v1", tags=["state"], responses=PROBLEMS | UNCHANGED)

    @routes.get("/stove", response_model=StoveView, responses=gives(STOVE, SENTENCE), openapi_extra=_EXTRA)
    async def get_stove(request: Request) -> Response:
        """The stove, its problems and all its burners. Role: view."""
        access.require(request, Role.VIEW)
        return answers.whole(request, stove.stove_view())

    @routes.get("/burners", response_model=list[BurnerView], responses=gives([BURNER], SENTENCE), openapi_extra=_EXTRA)
    async def get_burners(request: Request) -> Response:
        """Every burner, in the configuration's order. Role: view."""
        access.require(request, Role.VIEW)
        return answers.burners(request, stove.views())

    @routes.get(
        "/burners/{burner_id}", response_model=BurnerView, responses=gives(BURNER, SENTENCE), openapi_extra=_EXTRA
    )
    async def get_burner(request: Request, burner_id: BurnerId) -> Response:
        """One burner. Role: view."""
        access.require(request, Role.VIEW)
        return answers.burner(request, stove.view(burner_id))

    return routes
