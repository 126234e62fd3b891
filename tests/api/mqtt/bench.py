"""A stove with fakes around it on a real broker, and an ear on the same broker."""

import asyncio
import contextlib
import functools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, ParamSpec

from api.mqtt.adapter import MqttAdapter
from api.mqtt.topics import Topics
from controller.stream import Ended
from tests.brokers import Ear, Heard, Mosquitto
from tests.fakes import StoveBench, config

_P = ParamSpec("_P")
LEFT = "flameout/kitchen/burner/left"
STOVE = "flameout/kitchen"
ONLINE: Callable[[Heard], bool] = lambda heard: heard.payload == b"online"  # noqa: E731
OFFLINE: Callable[[Heard], bool] = lambda heard: heard.payload == b"offline"  # noqa: E731


def in_a_loop(test: Callable[_P, Awaitable[None]]) -> Callable[_P, None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def run(*arguments: _P.args, **named: _P.kwargs) -> None:
        asyncio.run(test(*arguments, **named))  # type: ignore[arg-type]

    return run


class OnMqtt(StoveBench):
    """The stove, its adapter running, and what else the broker's users do."""

    def __init__(self, folder: Path, port: int, **tables: Any) -> None:
        mqtt = {"host": "127.0.0.1", "port": port} | tables.pop("mqtt", {})
        super().__init__(folder, config(mqtt=mqtt, **tables))
        self.topics = Topics.of(self.config)
        self._running: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Start the adapter, and then the stove, as the daemon does."""
        adapter = MqttAdapter(self.stove, self.config, self.clock, random.Random(7))
        self._running = asyncio.create_task(adapter.run())
        await asyncio.sleep(0)
        self.start()

    async def end(self) -> None:
        """Stop as the daemon does: the stream ends, and the adapter says goodbye."""
        assert self._running is not None
        self.stove.stream.publish(Ended())
        await self._running

    async def die(self) -> None:
        """Be gone without a goodbye."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


@contextlib.asynccontextmanager
async def on_mqtt(folder: Path, port: int, **tables: Any) -> AsyncIterator[OnMqtt]:
    """A running stove on the broker at a port; it need not be there."""
    bench = OnMqtt(folder, port, **tables)
    try:
        await bench.begin()
        yield bench
    finally:
        await bench.die()
        bench.close()


@contextlib.asynccontextmanager
async def stove_and_ear(folder: Path, **tables: Any) -> AsyncIterator[tuple[OnMqtt, Ear]]:
    """A running stove that has announced itself, and an ear that has heard it."""
    with Mosquitto() as broker:
        async with Ear(broker.port) as ear, on_mqtt(folder, broker.port, **tables) as bench:
            await ear.hears(f"{STOVE}/availability", ONLINE)
            await ear.hears_state(f"{LEFT}/state", permitted=True)
            yield bench, ear
