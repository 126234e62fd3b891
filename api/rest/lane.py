"""The lane for shutting off: the opening is sent before any routing, validation or dependency runs.

A web framework spends most of a request's time finding its handler. For the one request that must not wait
the lane reads the path itself, right behind the guard; the handler then only waits for the keeper's answer.
"""

import asyncio
import contextlib
import re

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.rest.access import Access
from api.rest.turns import Turns
from controller.stove import Stove, UnknownBurner
from hardware.settings import IDENTIFIER

_SHUT_OFF = re.compile(f"/api/v1(?:/burners/({IDENTIFIER}))?/shut-off")
_OPENED = "flameout.opened"


class ShutOffLane:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, stove: Stove, access: Access) -> None:
        self._app = app
        self._others = Turns(app)
        self._stove = stove
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and (path := _SHUT_OFF.fullmatch(scope["path"])):
            with contextlib.suppress(UnknownBurner):  # the handler says so
                scope[_OPENED] = self._stove.open_now(path[1], self._access.name(scope))
        await (self._app if _OPENED in scope else self._others)(scope, receive, send)


def opened(request: Request, stove: Stove, burner_id: str | None) -> asyncio.Future[None]:
    """What the keeper will have answered to the opening. Raises :class:`UnknownBurner`."""
    sent: asyncio.Future[None] | None = request.scope.get(_OPENED)
    return sent if sent is not None else stove.open_now(burner_id, "rest")
