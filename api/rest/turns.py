"""Turns: whoever shuts off never finds hundreds of others before it in the event loop's line.

Everything that has come in is begun in the loop's next round, and a shut-off takes a handful of rounds. So a round
begins a few requests only, and tells a few open pages what has happened; the others wait, in the order in which they
came, and hold nothing meanwhile.
"""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

BEGUN_AT_ONCE = 4  # requests, or pages; a round of the loop then takes milliseconds


class Rounds:
    """Lets a few go on in each round of the loop."""

    def __init__(self) -> None:
        self._left = BEGUN_AT_ONCE  # in this round
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Return once it is one's turn."""
        loop = asyncio.get_running_loop()
        if self._left == BEGUN_AT_ONCE:
            loop.call_soon(self._next_round, loop)
        if self._left:
            self._left -= 1
        else:
            self._waiting.append(loop.create_future())
            await self._waiting[-1]

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left = BEGUN_AT_ONCE
        while self._left and self._waiting:
            turn = self._waiting.popleft()
            if not turn.cancelled():
                turn.set_result(None)
                self._left -= 1
        if self._left < BEGUN_AT_ONCE:
            loop.call_soon(self._next_round, loop)


class Turns:
    """ASGI middleware, for what the lane has not taken already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._rounds = Rounds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._rounds.turn()
        await self._app(scope, receive, send)
