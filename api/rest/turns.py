"""Turns: whoever shuts off never finds hundreds of others before it in the event loop's line.

Everything that has come in is begun in the loop's next round, and a shut-off waits until the round is over. So a round
begins one other request, and tells one open page what has happened; the rest wait, in the order in which they came, and
hold nothing meanwhile.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

BEGUN_AT_ONCE = 1  # request, or page; a round of the loop then takes a millisecond or two


class Rounds:
    """Lets so many go on in each round of the loop."""

    def __init__(self) -> None:
        self._left = BEGUN_AT_ONCE  # in this round
        self._waiting: deque[Callable[[], object]] = deque()

    async def turn(self) -> None:
        """Return once it is one's turn."""
        turn = asyncio.get_running_loop().create_future()
        self.let(functools.partial(_give, turn))
        await turn

    def let(self, go: Callable[[], object]) -> None:
        """Call it now, or in a later round once its turn comes; one that returns False did not need it."""
        loop = asyncio.get_running_loop()
        if self._left == BEGUN_AT_ONCE:
            loop.call_soon(self._next_round, loop)
        self._waiting.append(go)
        self._go_on()

    def _next_round(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left = BEGUN_AT_ONCE
        self._go_on()
        if self._left < BEGUN_AT_ONCE:
            loop.call_soon(self._next_round, loop)

    def _go_on(self) -> None:
        while self._left and self._waiting:
            if self._waiting.popleft()() is not False:
                self._left -= 1


def _give(turn: asyncio.Future[None]) -> bool:
    if turn.cancelled():
        return False
    turn.set_result(None)
    return True


class Turns:
    """ASGI middleware, for what the lane has not taken already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._rounds = Rounds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._rounds.turn()
        await self._app(scope, receive, send)
