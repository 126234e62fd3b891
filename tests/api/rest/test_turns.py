"""A shut-off does not stand in line behind whatever else is asked at the same time."""

import asyncio
import itertools
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from api.rest.lane import ShutOffLane
from api.rest.turns import BEGUN_AT_ONCE, Turns

SHUT_OFF = ("POST", "/api/v1/burners/left/shut-off")
OTHERS = [("GET", f"/{number}") for number in range(100)]


class Asked:
    """Stands in for stove, access and application: remembers which paths were begun, in which order."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def open_now(self, _burner: str | None, _by: str) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def name(self, _scope: Scope) -> str:
        return "rest"

    async def __call__(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        self.begun.append(scope["path"])


def ask(app: ASGIApp, method: str, path: str) -> "asyncio.Task[None]":
    async def call() -> None:
        scope = {"type": "http", "method": method, "path": path, "headers": []}
        await app(scope, None, None)  # type: ignore[arg-type]

    return asyncio.ensure_future(call())


def test_a_shut_off_is_begun_before_those_that_came_earlier() -> None:
    async def scene() -> list[str]:
        asked: Any = Asked()
        lane = ShutOffLane(asked, asked, asked)
        await asyncio.gather(*(ask(lane, *other) for other in [*OTHERS, SHUT_OFF]))
        return list(asked.begun)

    begun = asyncio.run(scene())
    assert begun.index(SHUT_OFF[1]) <= BEGUN_AT_ONCE
    assert [path for path in begun if path != SHUT_OFF[1]] == [path for _, path in OTHERS], "in turn, and everybody"


def test_a_round_begins_a_few_and_nobody_waits_where_few_ask() -> None:
    async def scene() -> list[int]:
        asked: Any = Asked()
        turns = Turns(asked)
        tasks = [ask(turns, *other) for other in OTHERS]
        counts = []
        while len(asked.begun) < len(OTHERS):
            await asyncio.sleep(0)
            counts.append(len(asked.begun))
        await asyncio.gather(*tasks)
        return counts

    counts = asyncio.run(scene())
    assert counts[0] == BEGUN_AT_ONCE
    assert max(after - before for before, after in itertools.pairwise(counts)) <= BEGUN_AT_ONCE


def test_one_who_goes_while_waiting_takes_nobodys_turn() -> None:
    async def scene() -> int:
        asked: Any = Asked()
        turns = Turns(asked)
        tasks = [ask(turns, *other) for other in OTHERS]
        await asyncio.sleep(0)
        for task in tasks[BEGUN_AT_ONCE : 2 * BEGUN_AT_ONCE]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(asked.begun)

    assert asyncio.run(scene()) == len(OTHERS) - BEGUN_AT_ONCE
