"""A whole stove in virtual time: the real controller, the real keeper, the simulated hob, one clock for all.

Nothing is faked but the clock and the process boundary: the keeper's loop is turned by hand in this process, at
the other end of a real socket pair. A minute of cooking takes a tenth of a second.
"""

import asyncio
import dataclasses
import os
import socket
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest import mock

from controller.config import Config
from controller.journal import Entry, Journal, Query, read
from controller.stove import Stove
from controller.view import BurnerView
from controller.wall import Calendar, WallClock
from hardware.client import KeeperClient
from hardware.clock import SECOND, BootClock, Clock, Millis
from hardware.keeper import Keeper
from hardware.origin import Reached
from hardware.settings import keeper_settings
from hardware.simulated import SimulatedFactory
from tests.fakes import FixedWall, ManualClock

STEP: Millis = 50
Result = TypeVar("Result")
THERMOCOUPLES: list[dict[str, Any]] = [
    {
        "id": name,
        "name": name.title(),
        "relay": {"pin": relay},
        "contact": {"pin": contact},
        "flame": {"kind": "thermocouple", "adc": "ads1115", "channel": channel},
    }
    for name, relay, contact, channel in (("left", 17, 22, 0), ("right", 27, 24, 1))
]
DIGITAL: list[dict[str, Any]] = [
    burner | {"flame": {"kind": "digital", "pin": pin}} for burner, pin in zip(THERMOCOUPLES, (23, 25), strict=True)
]


class KeepersClock(ManualClock):
    """The same instant as the controller's; a keeper that is turned by hand has nothing to wait for."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> Millis:
        return self._clock.now()

    def seconds_until(self, _instant: Millis) -> float:
        return 0.0


@dataclasses.dataclass(frozen=True)
class Nearby(Reached):
    """A keeper in this very process."""

    kitchen: "VirtualKitchen | None" = None

    def kill(self) -> str | None:
        assert self.kitchen is not None
        self.kitchen.keeper = None
        return None

    def reap(self) -> None:
        return None


class VirtualKitchen:
    """``async with VirtualKitchen(folder, …) as kitchen``; ``tables`` are those of flameout.toml."""

    owned = True

    def __init__(self, folder: Path, **tables: Any) -> None:
        self.document = {
            "stove": {"id": "kitchen", "name": "Kitchen hob"},
            "keeper": {"pin_factory": "simulated"},
            "burners": THERMOCOUPLES,
        } | tables
        self.config = Config.model_validate(self.document)
        self.folder = folder
        self.clock = ManualClock()
        self.wall: WallClock = FixedWall(self.clock)
        self.settings = keeper_settings(self.document)
        self.factory = SimulatedFactory(self.settings, self.clock)
        self.keeper: Keeper | None = None
        # how long it takes is this machine's time, which says nothing here
        self._patience = mock.patch("controller.stove.ANSWER_WITHIN", 60.0)

    async def __aenter__(self) -> "VirtualKitchen":
        self._patience.start()
        calendar = Calendar(self.clock, self.wall)
        self.journal = Journal(self.folder / "flameout.db")
        self.client = KeeperClient(self, self.clock, patience=SECOND)
        self.stove = Stove(self.config, self.clock, calendar, self.journal, self.client, "1.2.3")
        self._keeping = asyncio.create_task(self.client.run(self.stove))
        self.stove.start()
        await self.until(lambda: self.client.ready)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._patience.stop()
        self._keeping.cancel()
        await asyncio.gather(self._keeping, return_exceptions=True)
        if self.keeper is not None:
            self.keeper.turn(None, 0)  # it hears the hang-up
        self.factory.reset()
        self.journal.close()

    def reach(self) -> Reached:
        """Start a keeper, at the hob that is there."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self.factory.reset()  # a dead keeper's pins
        with mock.patch("hardware.keeper.open_factory", return_value=self.factory):
            self.keeper = Keeper(self.settings, cast(BootClock, KeepersClock(self.clock)))
        self.keeper.attach(theirs)
        return Nearby(ours, os.getpid(), None, self)

    # --- time -----------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything that was said be heard and answered, without any time passing."""
        for _ in range(4):
            if self.keeper is not None:
                for _ in range(4):
                    self.keeper.turn(None, 0)
            await asyncio.sleep(0)

    async def pass_time(self, duration: Millis) -> None:
        """Let ``duration`` ms pass, step by step, the controller looking as often as it does in life."""
        end = self.clock.now() + duration
        while self.clock.now() < end:
            self.clock.advance(min(STEP, end - self.clock.now()))
            await self.settle()
            if self.clock.now() - self.stove.ticked_at >= self.stove.tick_every:
                self.stove.tick()
                await self.settle()

    async def until(self, holds: Any, within: Millis = 120 * SECOND) -> Millis:
        """Let time pass until ``holds()``; returns how many ms that took. Fails after ``within`` ms."""
        start = self.clock.now()
        while not holds():
            assert self.clock.now() - start < within, f"not within {within} ms"
            await self.pass_time(STEP)
        return self.clock.now() - start

    async def do(self, deed: Awaitable[Result]) -> Result:
        """Have something done that waits for the keeper or the disk, without any time passing."""
        task = asyncio.ensure_future(deed)
        while not task.done():
            await self.settle()
            await asyncio.sleep(0.0005)  # the journal's thread writes
        return task.result()

    # --- the hob --------------------------------------------------------------------------------------

    def hob(self, name: str, action: str) -> None:
        """What a hand, a draught or wear does; see :mod:`hardware.simulated`."""
        self.factory.simulate(name, action)

    async def light(self, name: str) -> None:
        """Light a burner and wait until its flame is measured."""
        await self.until(lambda: self.burner(name).permitted)
        self.hob(name, "light")
        await self.until(lambda: self.burner(name).flame == "lit")
        await self.pass_time(10 * SECOND)

    def high(self, pin: int) -> bool:
        """The level of a pin."""
        return bool(self.factory.pin(pin).state)

    # --- what is known --------------------------------------------------------------------------------

    def burner(self, name: str = "left") -> BurnerView:
        """The burner as everybody sees it."""
        return self.stove.view(name)

    async def events(self, kind: str | None = None) -> list[Entry]:
        """What is on record, oldest first."""
        await self.journal.append([], {"read": self.clock.now()})
        rows = read(self.folder / "flameout.db", Query(limit=10_000))
        return [row for row in reversed(rows) if kind is None or row.kind == kind]
