"""One stream of what happens, many readers, none of whom can hold anybody up.

Each reader has a bounded queue of its own. One who falls behind loses the oldest items and is told so
(:class:`Lagged`); it then reads the state anew. Publishing never waits.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from controller.events import Event
from controller.journal import Entry

CAPACITY = 256


@dataclass(frozen=True)
class Happened:
    """An event, and the journal row it becomes."""

    event: Event
    entry: Entry


@dataclass(frozen=True)
class StateChanged:
    """A burner looks different now, or the stove where ``burner`` is None; ask the stove how."""

    burner: str | None


@dataclass(frozen=True)
class Lagged:
    """Items were lost; read the state anew."""


@dataclass(frozen=True)
class Ended:
    """The program stops; nothing will follow."""


Item = Happened | StateChanged | Lagged | Ended
Wake = Callable[[Callable[[], None]], None]


def _at_once(ring: Callable[[], None]) -> None:
    ring()


class Subscription:
    """One reader's end: ``async with stream.subscribe() as items: item = await items.next()``."""

    def __init__(self, stream: "Stream", capacity: int, wake: Wake) -> None:
        self._stream = stream
        self._wake = wake
        self._woken = False  # there is a reason to wake, and it is still to come
        self._items: deque[Item] = deque()
        self._capacity = capacity
        self._filled = asyncio.Event()

    async def next(self) -> Item:
        """The next item; waits for one."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()

    def take(self) -> list[Item]:
        """Everything that waits."""
        items, self._items = [*self._items], deque()
        return items

    async def filled(self, seconds: float) -> bool:
        """Wait until there is something to take, for so many seconds at the most; returns whether it was woken."""
        if self._items:
            return False
        self._filled.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        return bool(self._items)

    def put(self, item: Item) -> None:
        """Queue an item; never waits. A state that is announced already is not announced twice."""
        if isinstance(item, StateChanged) and item in self._items:
            return
        if len(self._items) >= self._capacity:
            self._items.clear()
            self._items.append(Lagged())
        self._items.append(item)
        if not self._woken and not self._filled.is_set():
            self._woken = True
            self._wake(self._ring)

    def _ring(self) -> None:
        self._woken = False
        self._filled.set()

    async def __aenter__(self) -> "Subscription":
        self._stream.readers.add(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.readers.discard(self)


class Stream:
    """The stove's stream."""

    def __init__(self) -> None:
        self.readers: set[Subscription] = set()

    def subscribe(self, capacity: int = CAPACITY, wake: Wake = _at_once) -> Subscription:
        """A new reader; it sees what is published while its ``async with`` block lasts.

        ``wake`` may put off what wakes it, where many readers would wake together.
        """
        return Subscription(self, capacity, wake)

    def publish(self, item: Item) -> None:
        """Hand an item to every reader."""
        for reader in self.readers:
            reader.put(item)
