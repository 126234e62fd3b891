"""A stove in virtual time that may leap: hours in which nothing is due pass in one tick.

While something happens, time passes as in life: 50 ms at a time around each change, a tick at a time while a proof or
a flame is on its way. In between, the clock goes straight to the next instant that anybody expects something of: the
product by its permits, the household by its plans, the oracle by its own arithmetic; at most :data:`LONGEST_LEAP`.
What is skipped so are ticks that find everything as it was. A lease would lapse in a leap, so this keeper's lease is
longer than one; leases are judged elsewhere (``tests/faults``).
"""

import asyncio
import select
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hardware.clock import MINUTE, SECOND, Clock, Millis
from hardware.hob import Fault
from hardware.origin import Reached
from hardware.simulated import ADC_STEP, SimulatedFactory
from tests.virtual import DIGITAL, THERMOCOUPLES, VirtualKitchen

ZONE = ZoneInfo("Europe/Berlin")
FINE: Millis = 50
LONGEST_LEAP: Millis = 30 * MINUTE
BEFORE_DUE: Millis = 300  # a leap ends so long before something is due, and goes on in fine steps
MOST_MESSAGES = 50  # that are said and answered at one instant
AFTER_CHANGE: Millis = 500  # fine steps after a line has moved
TABLES: dict[str, Any] = {
    "burners": [DIGITAL[0], THERMOCOUPLES[1]],
    "locks": [{"from": "23:00", "to": "06:00"}],
    "sweep": {"at": "16:30"},
    "interlocks": [{"id": "gas_alarm", "input": {"pin": 5, "active": "low"}, "reset": "auto"}],
    "buttons": [{"id": "stop", "pin": 6, "does": "shut_off"}],
    "journal": {"keep": "60d"},
}
LINES = {17: "left", 27: "right"}


class HouseholdWall:
    """What the clock on the wall says: the zone's time, wrong by ``skew`` ms until somebody sets it."""

    def __init__(self, clock: Clock, start: datetime, epoch: Millis) -> None:
        self._clock, self._start, self._epoch = clock, start, epoch
        self.skew: Millis = 0

    def wall(self) -> datetime:
        passed = self._epoch + self._clock.now() + self.skew
        there = (self._start + timedelta(milliseconds=passed)).astimezone(ZONE)
        return there.astimezone(
            timezone(there.utcoffset() or timedelta())
        )  # an offset without a zone's name, as in life

    def local(self, naive: datetime) -> datetime:
        return naive.replace(tzinfo=ZONE)

    def zoned(self, instant: datetime) -> datetime:
        return instant.astimezone(ZONE)


class WatchedFactory(SimulatedFactory):
    """Tells of each relay line's changes."""

    moved: Callable[[str, bool], None] | None = None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._read: deque[tuple[Millis, float]] = deque(maxlen=60)

    def millivolts(self, burner: str) -> float | None:
        """Never to the step what it was before a leap: nobody saw it move meanwhile, and it would pass for frozen."""
        now, reading = self._clock.now(), super().millivolts(burner)
        if reading is None or Fault.SENSOR_FROZEN in self._burners[burner].faults:
            return reading
        before = {value for at, value in self._read if now - at > SECOND}
        while reading in before:
            reading += ADC_STEP
        self._read.append((now, reading))
        return reading

    def level_changed(self, pin: int, high: bool) -> None:
        if pin in LINES and self.moved is not None:
            self.moved(LINES[pin], high)


class SoakKitchen(VirtualKitchen):
    """One life of the program, from a start at ``at`` (ms of the household's time) until it stops."""

    def __init__(self, folder: Path, start: datetime, at: Millis, moved: Callable[[str, bool], None]) -> None:
        super().__init__(folder, **TABLES)
        self.epoch = at - self.clock.now()
        self.household_wall = HouseholdWall(self.clock, start, self.epoch)
        self.wall = self.household_wall
        caps = replace(self.settings.caps, lease=LONGEST_LEAP + 10 * SECOND)
        self.settings = replace(self.settings, caps=caps)
        self.factory: SimulatedFactory = WatchedFactory(self.settings, self.clock)
        self.factory.moved = self._moved
        self.fine_until: Millis = 0
        self.strolls_until: Millis = 0
        self.skipped: Millis = 0
        self._tell = moved
        self._said = select.poll()

    @property
    def now(self) -> Millis:
        """The household's time."""
        return self.epoch + self.clock.now()

    def stroll(self, duration: Millis) -> None:
        """For so long something is going on: no leaps."""
        self.strolls_until = max(self.strolls_until, self.clock.now() + duration)

    def look_closely(self, duration: Millis) -> None:
        """For so long, in fine steps."""
        self.fine_until = max(self.fine_until, self.clock.now() + duration)

    async def pass_until(self, at: Millis) -> None:
        """Let time pass until an instant of the household's."""
        end = at - self.epoch
        while self.clock.now() < end:
            self.clock.advance(self._step(end))
            await self.settle()
            if self.clock.now() - self.stove.ticked_at >= self.stove.tick_every:
                self.stove.tick()
                await self.settle()

    def reach(self) -> Reached:
        reached = super().reach()
        self._said = select.poll()
        self._said.register(reached.connection, select.POLLIN)
        return reached

    async def settle(self) -> None:
        """As the kitchen does, but no longer than something is said: every message has an answer."""
        for _ in range(MOST_MESSAGES):
            if self.keeper is None:
                break
            self.keeper.turn(None, 0)
            if not self._said.poll(0):
                return
            await _breathe(3)
        await _breathe(4)

    def _step(self, end: Millis) -> Millis:
        now, permits = self.clock.now(), self._permits_end()
        due = min([end, *permits])
        if now < self.fine_until or any(at - now <= BEFORE_DUE for at in permits):
            return min(FINE, due - now)
        if now < self.strolls_until or self._something_is_open():
            return min(self.stove.tick_every, due - now)
        leap = min(end - now, LONGEST_LEAP, *(at - BEFORE_DUE - now for at in permits))
        self.skipped += leap
        return leap

    def _permits_end(self) -> list[Millis]:
        ends = (self.client.permitted_until(line) for line in LINES.values())
        return [end for end in ends if end is not None and end > self.clock.now()]

    def _something_is_open(self) -> bool:
        """Whether a hold counts down, or the keeper is still to be heard."""
        holds = (hold for view in self.stove.views() for hold in view.holds)
        return not self.client.ready or any(hold.until is not None for hold in holds)

    def _moved(self, line: str, high: bool) -> None:
        self.look_closely(AFTER_CHANGE)
        self.stroll(2 * SECOND)
        self._tell(line, high)


async def _breathe(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


def utc(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
