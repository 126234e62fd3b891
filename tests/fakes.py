"""Stand-ins for what is around the stove: time that moves when it is told to, and a keeper without a process."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

from controller.config import Config
from controller.journal import Journal
from controller.stove import Stove
from controller.wall import Calendar
from hardware.client import KeeperAway, KeeperClient, Opened, Sensed
from hardware.clock import SECOND, Millis
from hardware.protocol import Part

BOOT: Millis = 1_000_000
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_Result = TypeVar("_Result")


class ManualClock:
    """A boot clock that stands until it is moved."""

    def __init__(self, now: Millis = BOOT) -> None:
        self._now = now

    def now(self) -> Millis:
        return self._now

    def advance(self, duration: Millis) -> None:
        """Let ``duration`` ms pass."""
        self._now += duration


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that does not sleep: where nothing is to be done, its clock goes to what is due next."""

    def __init__(self) -> None:
        super().__init__(_Sleepless(self))
        self.instant = 0.0  # s

    def time(self) -> float:
        return self.instant


class _Sleepless(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self._loop.instant += timeout
        return ready


def run_virtually(act: Coroutine[Any, Any, _Result]) -> _Result:
    """As ``asyncio.run``, in virtual time; nothing in it may wait for another thread or process."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(act)


class FixedWall:
    """Wall time that keeps in step with a manual clock, from noon on."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._boot = NOON - timedelta(milliseconds=clock.now())

    def wall(self) -> datetime:
        return self._boot + timedelta(milliseconds=self._clock.now())

    def local(self, naive: datetime) -> datetime:
        return naive.replace(tzinfo=UTC)

    def zoned(self, instant: datetime) -> datetime:
        return instant.astimezone(UTC)

    def step(self, by: timedelta) -> None:
        """Somebody sets it."""
        self._boot += by


class FakeKeeper:
    """What a stove sees of :class:`hardware.client.KeeperClient`; it answers at once.

    ``said`` is what it was told, in order: ``("open", line)`` and ``("permit", line, not_after)``.
    """

    def __init__(self) -> None:
        self.ready = False
        self.simulated = True
        self.pid: int | None = 4711
        self.answers = True  # False: openings are heard and never confirmed
        self.said: list[tuple[Any, ...]] = []
        self.renewals = 0
        self.patterns: dict[str, str] = {}  # of the outputs
        self.pauses: dict[str, Millis] = {}
        self._permits: dict[str, Millis] = {}
        self._parts: dict[str, Part] = {}
        self._stove: Stove | None = None

    def serve(self, stove: Stove) -> None:
        """Be this stove's keeper, ready from now on."""
        self._stove = stove
        self.ready = True
        stove.keeper_ready()

    def leave(self, why: str = "killed") -> None:
        """Be gone; every line is open."""
        assert self._stove is not None
        self.ready = False
        self._permits.clear()
        self._stove.keeper_lost(why)

    def sense(
        self,
        flames: Mapping[str, bool] | None = None,
        contacts: Mapping[str, bool] | None = None,
        inputs: Mapping[str, bool] | None = None,
        buttons: Mapping[str, bool] | None = None,
        millivolts: Mapping[str, float | None] | None = None,
    ) -> None:
        """Report measurements."""
        assert self._stove is not None
        self._stove.keeper_sensed(Sensed(contacts or {}, flames or {}, inputs or {}, buttons or {}, millivolts or {}))

    def open_by_itself(self, line: str, cause: str) -> None:
        """Open a line as the keeper does at a deadline, a lapsed lease or a button."""
        assert self._stove is not None
        cut = self._permits.pop(line, None) is not None
        self._stove.keeper_opened(Opened(line, cause, cut, 0))

    # --- the client's surface -------------------------------------------------------------------------

    def open(self, line: str | None) -> asyncio.Future[None]:
        self.said.append(("open", line))
        for name in [line] if line is not None else list(self._permits):
            self._permits.pop(name, None)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody has to look
        if not self.ready:
            answer.set_exception(KeeperAway("there is no keeper"))
        elif self.answers:
            answer.set_result(None)
        return answer

    def permit(self, line: str, not_after: Millis, part: Part = Part.BOTH) -> None:
        if self.ready and (self._permits.get(line), self._parts.get(line)) != (not_after, part):
            self.said.append(("permit", line, not_after) if part is Part.BOTH else ("permit", line, not_after, part))
            self._permits[line], self._parts[line] = not_after, part

    def pauses_at(self, line: str) -> Millis | None:
        return self.pauses.get(line) if line in self._permits else None

    def indicate(self, output: str, pattern: str) -> None:
        if self.patterns.get(output) != pattern:
            self.patterns[output] = pattern

    def part(self, line: str) -> Part | None:
        return self._parts[line] if line in self._permits else None

    def renew(self) -> None:
        self.renewals += 1

    def permitted_until(self, line: str) -> Millis | None:
        return self._permits.get(line) if self._parts.get(line) is Part.BOTH else None

    def wants(self, line: str) -> bool:
        return line in self._permits

    def simulate(self, burner: str, action: str) -> asyncio.Future[None]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.set_result(None)
        return answer


def config(**tables: Any) -> Config:
    """A stove "kitchen" with the burners left (flame sensing) and right; ``tables`` replace or add."""
    return Config.model_validate(
        {
            "stove": {"id": "kitchen", "name": "Kitchen hob"},
            "burners": [
                {"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": {"kind": "digital", "pin": 23}},
                {"id": "right", "name": "Right", "relay": {"pin": 27}},
            ],
        }
        | tables
    )


class StoveBench:
    """A stove with fakes around it. Make it inside a running loop, and close it."""

    def __init__(self, folder: Path, configuration: Config) -> None:
        self.config = configuration
        self.clock = ManualClock()
        self.keeper = FakeKeeper()
        self.journal = Journal(folder / "flameout.db")
        self.wall = FixedWall(self.clock)
        calendar = Calendar(self.clock, self.wall)
        keeper = cast(KeeperClient, self.keeper)
        self.stove = Stove(configuration, self.clock, calendar, self.journal, keeper, "1.2.3")

    def start(self) -> None:
        """Start the stove with a keeper, and let the time pass after which burners are permitted."""
        self.stove.start()
        self.keeper.serve(self.stove)
        self.pass_time(self.config.limits.hold_open + SECOND)

    def pass_time(self, duration: Millis) -> None:
        """Move the clock on, and have the stove look at it."""
        self.clock.advance(duration)
        self.stove.tick()

    def close(self) -> None:
        self.journal.close()


def on_a_stove(folder: Path, act: Callable[[StoveBench], Awaitable[None]], started: bool = True, **tables: Any) -> None:
    """Run ``act`` with a stove whose burners are permitted, or with one that was only made."""

    async def run() -> None:
        bench = StoveBench(folder, config(**tables))
        if started:
            bench.start()
            bench.keeper.said.clear()
        try:
            await act(bench)
        finally:
            bench.close()

    asyncio.run(run())
