"""The REST API, put together."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from api.rest import (
    described,
    docs,
    events,
    health,
    history,
    page,
    problems,
    reception,
    relays,
    report,
    simulation,
    state,
    timers,
)
from api.rest.access import Access
from api.rest.authority import router as authority
from api.rest.guard import Guard
from api.rest.lane import ShutOffLane
from api.tally import Tally
from controller.config import RestConfig
from controller.stove import Stove


def build(stove: Stove, access: Access, tally: Tally, config: RestConfig) -> ASGIApp:
    """The ASGI application: the guard around everything, the lane, then the calls."""
    app = FastAPI(
        title="flameout",
        version=stove.version,
        summary="Shut-off timers, locks and state of a gas stove that can turn itself off, and never on.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a shut-off that is sent elsewhere is a shut-off that is not done
        generate_unique_id_function=lambda route: route.name,
    )
    problems.install(app)
    described.install(app, stove)
    for router in (
        state.router(stove, access),
        timers.router(stove, access),
        relays.router(stove, access),
        events.router(stove, access),
        history.router(stove, access),
        report.router(stove, access),
        reception.router(stove, access),
        simulation.router(stove, access),
        health.router(stove, tally),
        authority(stove),
        docs.router(app),
        page.router(),
    ):
        app.include_router(router)
    return Guard(ShutOffLane(app, stove, access), config.host, config.allowed_hosts)
