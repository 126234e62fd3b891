"""Pages that come and go: event streams that are read, read slowly or dropped, on a thread of their own."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine
from typing import Any

_ASK = b"GET /api/v1/events?tick=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_STAYS = (2.0, 60.0)  # s
_COMES_EVERY = 1.0  # s
_SLOW = 0.2  # of the pages do not read for a while
_RUDE = 0.3  # leave without a word


class Pages:
    """Up to ``most`` open pages at a time."""

    def __init__(self, port: int, most: int, seed: int) -> None:
        self.opened = 0
        self._port, self._most, self._random = port, most, random.Random(seed)
        self._open: set[asyncio.Task[None]] = set()
        self._paused = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pages", daemon=True)
        self._thread.start()
        self._coming = asyncio.run_coroutine_threadsafe(self._come(), self._loop)

    async def _come(self) -> None:
        while True:
            if not self._paused and len(self._open) < self._most:
                task = asyncio.ensure_future(self._page())
                self._open.add(task)
                task.add_done_callback(self._open.discard)
            await asyncio.sleep(_COMES_EVERY * self._random.random() * 2)

    async def _page(self) -> None:
        stays, slow = self._random.uniform(*_STAYS), self._random.random() < _SLOW
        rude = self._random.random() < _RUDE
        writer = None
        with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(stays):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(_ASK)
                self.opened += 1
                await _read(reader, 3.0 if slow else 0.0)
        if writer is not None:
            writer.transport.abort() if rude else writer.close()

    def pause(self) -> None:
        """Everybody leaves, and nobody comes."""
        self._paused = True
        self._wait(self._leave())

    def go_on(self) -> None:
        """They may come again."""
        self._paused = False

    def close(self) -> None:
        self._coming.cancel()
        self.pause()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _leave(self) -> None:
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0.05)  # their connections close after that

    def _wait(self, deed: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(deed, self._loop).result(10)


async def _read(reader: asyncio.StreamReader, pause: float) -> None:
    """Read to the end, with a pause after each piece."""
    async for _ in reader:
        if pause:
            await asyncio.sleep(pause)
