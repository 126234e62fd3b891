"""The simulated hob's knob and faults; answers only where the pins are simulated."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import answers, bodies
from api.rest.access import Access
from api.rest.answers import PROBLEMS
from api.rest.bodies import SimulateBody
from api.rest.burners import takes
from controller.stove import Stove
from controller.tokens import Role
from controller.view import BurnerView


def router(stove: Stove, access: Access) -> APIRouter:
    """POST /api/v1/simulate/{burner}."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)

    @routes.post(
        "/simulate/{burner_id}",
        response_model=BurnerView,
        tags=["simulated hob"],
        openapi_extra=takes(SimulateBody, light={"action": "light"}, fault={"action": "fault contact_stuck"}),
    )
    async def simulate(request: Request, burner_id: str) -> Response:
        """Turn the simulated knob, or set a fault; refused on real pins. Role: cook."""
        access.require(request, Role.COOK)
        body = await bodies.read(request, SimulateBody)
        view = stove.view(burner_id)
        await stove.simulate(burner_id, body.action)
        return answers.burner(request, stove, view)

    return routes
