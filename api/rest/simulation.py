"""The simulated hob's knob and faults; answers only where the pins are simulated."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.rest import answers, bodies
from api.rest.access import Access
from api.rest.bodies import SimulateBody
from api.rest.described import PROBLEMS, gives, takes
from api.rest.examples import STOVE
from api.rest.problems import Problem
from controller.stove import Stove
from controller.tokens import Role
from controller.view import StoveView


def router(stove: Stove, access: Access) -> APIRouter:
    """POST /api/v1/simulate/{burner, interlock or button}."""
    routes = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    interlocks = {interlock.id for interlock in stove.config.interlocks}
    known = {*stove.burner_ids(), *interlocks, *(button.id for button in stove.config.buttons)}

    @routes.post(
        "/simulate/{name}",
        response_model=StoveView,
        tags=["simulated hob"],
        responses=gives(STOVE | {"simulated": True}),
        openapi_extra=takes(
            SimulateBody, light={"action": "light"}, fault={"action": "fault contact_stuck"}, alarm={"action": "trip"}
        ),
    )
    async def simulate(request: Request, name: str) -> Response:
        """Turn a simulated knob, set a fault, trip an interlock, press a button; refused on real pins. Role: cook."""
        access.require(request, Role.COOK, name)
        body = await bodies.read(request, SimulateBody)
        if name not in known:  # what is not known here must not be said to the keeper, who takes it for a fault
            raise Problem(404, "There is no such burner, interlock or button.")
        await stove.simulate(name, body.action)
        return answers.whole(request, stove.stove_view())

    return routes
