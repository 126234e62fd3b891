"""The self-test's hands and eyes: a keeper that it leases from, and everything measured since the test began.

A line is held by short permits that every tick renews, so that whatever becomes of this program its relay opens
by the keeper's own promises.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from api.cli.selftest_steps import Sample
from hardware.client import Opened, Sensed
from hardware.clock import SECOND, Clock, Millis
from hardware.gauges_client import Gauged
from hardware.protocol import Part

TICK: Millis = 200  # between renewals of the lease
LOOK_EVERY: Millis = 50
PERMIT_FOR: Millis = 3 * SECOND
ANSWERS_WITHIN: Millis = SECOND
SILENT_AFTER: Millis = 3 * SECOND  # the keeper speaks every 500 ms
KEPT: Millis = 6 * 60 * SECOND  # of samples, for a burner that somebody leaves burning


class Keeper(Protocol):
    """What is needed of :class:`hardware.client.KeeperClient`."""

    simulated: bool

    def open(self, line: str | None) -> asyncio.Future[None]: ...
    def permit(self, line: str, not_after: Millis, part: Part = Part.BOTH) -> None: ...
    def part(self, line: str) -> Part | None: ...
    def renew(self) -> None: ...
    def simulate(self, burner: str, action: str) -> asyncio.Future[None]: ...


class Interrupted(Exception):
    """The keeper went, or opened a line that was needed; the text says why."""


class Bench:
    """One keeper, its readings, and time that is handed in. Hears what the keeper says."""

    def __init__(self, keeper: Keeper, clock: Clock, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._keeper = keeper
        self._clock = clock
        self._sleep = sleep
        self._held: dict[str, Millis] = {}  # and until when they are permitted
        self._trouble: str | None = None
        self.contacts: dict[str, bool] = {}
        self.flames: dict[str, bool] = {}
        self.references: Sequence[float | None] = ()
        self.samples: defaultdict[str, list[Sample]] = defaultdict(list)

    def now(self) -> Millis:
        """ms on the boot clock."""
        return self._clock.now()

    @property
    def simulated(self) -> bool:
        """Whether the pins are."""
        return self._keeper.simulated

    async def simulate(self, burner: str, action: str) -> None:
        """Turn a knob of the simulated hob."""
        await self._keeper.simulate(burner, action)

    def latest(self, burner: str) -> float | None:
        """The last voltage in mV."""
        return self.samples[burner][-1][1] if self.samples[burner] else None

    # --- relays ---------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Renew the lease, and the permit of every held line. Call it every :data:`TICK` ms."""
        self._keeper.renew()
        now = self.now()
        for line, until in self._held.items():
            if until - now < PERMIT_FOR - SECOND:
                self._held[line] = now + PERMIT_FOR
                self._keeper.permit(line, now + PERMIT_FOR)

    async def pulse(self, line: str, duration: Millis, part: Part = Part.BOTH) -> bool:
        """Energise a line for ``duration`` ms, which the keeper itself ends; False where it refuses."""
        self._keeper.permit(line, self.now() + duration, part)
        return await self.until(lambda: self._keeper.part(line) is part, ANSWERS_WITHIN)

    async def hold(self, line: str) -> None:
        """Keep a line energised until it is opened. Raises :class:`Interrupted` where the keeper refuses."""
        until = self.now() + PERMIT_FOR
        self._keeper.permit(line, until)
        if not await self.until(lambda: self._keeper.part(line) is Part.BOTH, ANSWERS_WITHIN):
            raise Interrupted(f"the keeper does not close {line}; is an interlock tripped?")
        self._held[line] = until

    async def open(self, line: str | None = None) -> Millis:
        """Open a line, or all of them; returns when it was done."""
        for name in [line] if line is not None else list(self._held):
            self._held.pop(name, None)
        await self._keeper.open(line)
        return self.now()

    # --- time -----------------------------------------------------------------------------------------

    async def until(
        self, holds: Callable[[], bool], limit: Millis, look: Callable[[Millis], None] = lambda _: None
    ) -> bool:
        """Wait until ``holds()``, for ``limit`` ms at most, and tell ``look`` how long it has been.

        Returns whether it came to hold. Raises :class:`Interrupted`.
        """
        started = self.now()
        while not holds():
            if trouble := self._trouble or self._silence():
                raise Interrupted(trouble)
            if self.now() - started > limit:
                return False
            look(self.now() - started)
            await self._sleep(LOOK_EVERY / 1000)
        return True

    def _silence(self) -> str | None:
        """Whose voltage came once and comes no more; an old one would be taken for a flame's."""
        old = self.now() - SILENT_AFTER
        gone = [name for name, samples in self.samples.items() if samples and samples[-1][0] < old]
        return f"nothing is read from the thermocouple of {gone[0]} any more" if gone else None

    # --- what the keeper says -------------------------------------------------------------------------

    def keeper_ready(self) -> None:
        """A new keeper has every line open, so a second one is a trouble that ``keeper_lost`` has told of."""

    def keeper_lost(self, why: str) -> None:
        self._held.clear()
        self._trouble = f"the keeper went: {why}"

    def keeper_opened(self, opened: Opened) -> None:
        if self._held.pop(opened.line, None) is not None:
            self._trouble = f"the keeper opened {opened.line} by itself: {opened.cause}"

    def keeper_sensed(self, sensed: Sensed) -> None:
        self.contacts, self.flames = _steady(sensed.contacts), _steady(sensed.flames)
        if sensed.millivolts or sensed.references:
            self.gauged(Gauged(self.now(), sensed.millivolts, sensed.references))

    def permit_answered(self, line: str) -> None:
        """Waiting code looks by itself."""

    def gauged(self, gauged: Gauged) -> None:
        """Take one round of voltages, of the keeper's simulated pins or of real converters."""
        self.references = gauged.references
        for name, millivolts in gauged.millivolts.items():
            if millivolts is not None:
                samples = self.samples[name]
                samples.append((gauged.at, millivolts))
                if samples[0][0] < gauged.at - 2 * KEPT:
                    self.samples[name] = [sample for sample in samples if sample[0] >= gauged.at - KEPT]


def _steady(levels: Mapping[str, bool | None]) -> dict[str, bool]:
    """Without the inputs that flicker too fast to be read."""
    return {name: level for name, level in levels.items() if level is not None}
