"""Every role on every route in every state: the answer is the table's, and nothing that was refused is done.

The table is made of two rules that are written here once more, without the program's words: who may, and what the
state allows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.rest.access import Access
from api.rest.app import build
from api.tally import Tally
from controller.tokens import Role, TokenStore
from hardware.clock import SECOND
from tests.virtual import DIGITAL, VirtualKitchen

RANK = {"nobody": 0, "view": 1, "cook": 2, "cook of right": 2, "admin": 3}
FREE = 0  # a route that asks for nobody


@dataclass(frozen=True)
class Route:
    """A call, the rank that it needs, whether a cook of the right burner may, and the states that refuse it."""

    method: str
    path: str
    rank: int
    body: Any = None
    on_left: bool = True
    refused_in: tuple[str, ...] = ()


HELD = ("locked", "shut_off", "lockout")
NO_TIMER = ("ready", "locked", "shut_off", "lockout")
ROUTES = [
    Route("GET", "/stove", 1, on_left=False),
    Route("GET", "/burners/left", 1),
    Route("GET", "/history", 1, on_left=False),
    Route("GET", "/usage", 1, on_left=False),
    Route("GET", "/report", 1, on_left=False),
    Route("PUT", "/burners/left/timer", 2, {"duration": 600}, refused_in=HELD),
    Route("POST", "/burners/left/timer/extend", 2, {"by": 60}, refused_in=NO_TIMER),
    Route("DELETE", "/burners/left/timer", 2),
    Route("POST", "/burners/left/attention", 2, refused_in=("ready", *HELD)),
    Route("PUT", "/burners/left/lock", 2),
    Route("DELETE", "/burners/left/lock", 3),
    Route("POST", "/burners/left/reset", 3, refused_in=("shut_off", "lockout")),
    Route("POST", "/burners/left/shut-off", FREE),
    Route("PUT", "/lock", 2, on_left=False),
    Route("DELETE", "/lock", 3, on_left=False),
    Route("POST", "/sweep", 2, on_left=False),
    Route("POST", "/shut-off", FREE, on_left=False),
    Route("PUT", "/default-timer", 2, {"duration": 900}, on_left=False),
    Route("POST", "/pairing", 3, {}, on_left=False),
    Route("DELETE", "/pairing", 3, on_left=False),
    Route("GET", "/tokens", 3, on_left=False),
    Route("DELETE", "/tokens/000000000000", 3, on_left=False),
    Route("GET", "/me", FREE, on_left=False),
]


async def ready(kitchen: VirtualKitchen) -> None:
    await kitchen.until(lambda: kitchen.burner().permitted)


async def lit(kitchen: VirtualKitchen) -> None:
    await kitchen.light("left")


async def timing(kitchen: VirtualKitchen) -> None:
    await kitchen.light("left")
    await kitchen.do(kitchen.stove.start_timer("left", 600 * SECOND, "test"))


async def locked(kitchen: VirtualKitchen) -> None:
    await ready(kitchen)
    await kitchen.do(kitchen.stove.lock("left", "test"))
    await kitchen.until(lambda: kitchen.burner().status == "locked")


async def shut_off(kitchen: VirtualKitchen) -> None:
    await ready(kitchen)
    kitchen.stove.open_now("left", "test")
    await kitchen.settle()


async def lockout(kitchen: VirtualKitchen) -> None:
    kitchen.hob("left", "fault contact_stuck")
    await kitchen.until(lambda: kitchen.burner().status == "lockout")


STATES: dict[str, Callable[[VirtualKitchen], Awaitable[None]]] = {
    "ready": ready,
    "lit": lit,
    "timing": timing,
    "locked": locked,
    "shut_off": shut_off,
    "lockout": lockout,
}


def expected(route: Route, who: str, state: str) -> int:
    """The status code by the two rules."""
    if RANK[who] == 0 and route.rank > FREE:
        return 401
    if RANK[who] < route.rank or (who == "cook of right" and route.rank >= 2):
        return 403
    if state in route.refused_in:
        return 409
    return 404 if route.path.startswith("/tokens/0") else 200


async def ask(kitchen: VirtualKitchen, http: httpx2.AsyncClient, route: Route, who: str) -> None:
    """Check one call's answer, and that a refused one has done nothing."""
    state, before = kitchen.burner().status, kitchen.stove.revision(None)
    answer = await kitchen.do(http.request(route.method, f"/api/v1{route.path}", json=route.body))
    wanted = expected(route, who, state)
    where = f"{who} in {state}: {route.method} {route.path}"
    assert answer.status_code == wanted, f"{where}: {answer.status_code}, not {wanted}: {answer.text}"
    if wanted in (401, 403, 409):
        assert kitchen.burner().status == state, where
        assert kitchen.stove.revision(None) == before, f"{where} has changed something"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("who", RANK)
def test_the_answer_is_the_tables(tmp_path: Path, who: str, state: str) -> None:
    changing = [route for route in ROUTES if route.method != "GET" and expected(route, who, state) == 200]
    without = [route for route in ROUTES if route not in changing]

    async def ask_all(routes: list[Route], folder: Path) -> None:
        folder.mkdir()  # noqa: ASYNC240
        async with VirtualKitchen(folder, burners=DIGITAL) as kitchen:
            await STATES[state](kitchen)
            tokens = TokenStore(folder / "tokens.json")
            access = Access(tokens, "flo_console", require_token=True)
            headers = {}
            if who != "nobody":
                role = Role(who.split(maxsplit=1)[0])
                secret = tokens.add("t", role, ("right",) if who == "cook of right" else ())
                headers = {"Authorization": f"Bearer {secret}"}
            app = httpx2.ASGITransport(app=build(kitchen.stove, access, Tally(), kitchen.config.rest))
            async with httpx2.AsyncClient(transport=app, base_url="http://127.0.0.1", headers=headers) as http:
                for route in routes:
                    assert kitchen.burner().status == state
                    await ask(kitchen, http, route, who)

    for number, routes in enumerate([without, *([route] for route in changing)]):  # a changed stove is in no such state
        asyncio.run(ask_all(routes, tmp_path / str(number)))
