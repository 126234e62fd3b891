"""Brokers for tests: a private mosquitto that can be stopped, frozen and wiped, and a wire with a will of its own."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

READY_WITHIN = 5.0  # s
PATIENCE = 15.0  # s, for a message that must come; far more than it needs
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"))


class MosquittoMissing(RuntimeError):
    """The tests need the real broker."""


class Mosquitto:
    """``with Mosquitto() as broker``: a private instance on a free port of loopback."""

    def __init__(self, persistence: bool = False, settings: str = "", started: bool = True) -> None:
        """``settings`` are further lines of mosquitto.conf; ``{folder}`` is the instance's own folder."""
        program = shutil.which("mosquitto", path=_PATH)
        if program is None:
            raise MosquittoMissing("mosquitto is not installed; run: apt-get install mosquitto")
        self._program = program
        self._folder = tempfile.TemporaryDirectory(prefix="mosquitto-")
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = started
        kept = f"persistence true\npersistence_location {self.folder}/\n" if persistence else "persistence false\n"
        self._config = self.folder / "mosquitto.conf"
        self._config.write_text(
            "user root\n"  # started by root, it could not write into its folder as anybody else
            f"listener {self.port} 127.0.0.1\n"
            f"set_tcp_nodelay true\nlog_type all\n{kept}{settings.format(folder=self.folder)}"
            + ("" if "allow_anonymous" in settings else "allow_anonymous true\n")
        )

    def __enter__(self) -> "Mosquitto":
        if self._starts:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start, and wait until connections are accepted."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        until = time.monotonic() + READY_WITHIN
        while not accepts(self.port):
            assert self._process.poll() is None, f"mosquitto ended: {self.log()}"
            assert time.monotonic() < until, f"mosquitto does not listen: {self.log()}"
            time.sleep(0.01)

    def stop(self) -> None:
        """End it as an administrator would."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(READY_WITHIN)

    def kill(self) -> None:
        """SIGKILL: no goodbye to anybody."""
        process, self._process = self._process, None
        assert process is not None
        process.kill()
        process.wait(READY_WITHIN)

    def wipe(self) -> None:
        """Forget everything, as after a broken SD card; stop it first."""
        (self.folder / "mosquitto.db").unlink(missing_ok=True)

    def freeze(self) -> None:
        """SIGSTOP: connections stay open, and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text(errors="replace")


class Wire:
    """A TCP relay in front of a broker. It can refuse, fall silent, be cut, and add packets of its own."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self.port = 0
        self.refuses_v5_with: bytes | None = None  # what a broker without MQTT 5 answers; b"" hangs up without a word
        self.silent = False
        # how much of all that was said on a connection passes before it is cut; None: everything
        self.passes_to_broker: Callable[[bytes], int] | None = None
        self.passes_to_client: Callable[[bytes], int] | None = None
        self.takes = 0.0  # s for each byte
        self.sent: list[bytes] = []  # what the client said, one item a connection
        self._to_client: asyncio.StreamWriter | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def connects(self) -> list[int]:
        """The protocol level of each connection: 5, or 4 for MQTT 3.1.1."""
        return [protocol_level(said) for said in self.sent if said]

    def inject(self, packet: bytes) -> None:
        """Say something to the client as if the broker had."""
        assert self._to_client is not None
        self._to_client.write(packet)

    def cut(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        number = len(self.sent)
        self.sent.append(b"")
        try:
            first = await reader.read(4096)
            self.sent[number] += first
            if self.silent:
                await reader.read(-1)
            elif self.refuses_v5_with is not None and protocol_level(first) == 5:
                writer.write(self.refuses_v5_with)
                await writer.drain()
            else:
                await self._relay(number, first, reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            self._tasks.discard(task)

    async def _relay(
        self, number: int, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._broker_port)
        self._to_client = writer

        async def to_client() -> None:
            said = b""
            while data := await from_broker.read(65536):
                said += data
                if not await self._pass(data, said, self.passes_to_client, writer):
                    break
            writer.transport.abort()

        back = asyncio.create_task(to_client())
        try:
            data = first
            while data and await self._pass(data, self.sent[number], self.passes_to_broker, to_broker):
                data = await reader.read(65536)
                self.sent[number] += data
        finally:
            back.cancel()
            to_broker.transport.abort()
            await asyncio.gather(back, return_exceptions=True)

    async def _pass(
        self, data: bytes, said: bytes, passes: Callable[[bytes], int] | None, writer: asyncio.StreamWriter
    ) -> bool:
        """Hand data on; False where the connection is to be cut now."""
        room = len(data) if passes is None else passes(said) - (len(said) - len(data))
        writer.write(data[: max(0, room)])
        if self.takes:
            await asyncio.sleep(self.takes * len(data))
        return room >= len(data)


@contextlib.asynccontextmanager
async def wire(broker_port: int) -> AsyncIterator[Wire]:
    """A wire that leads to a broker."""
    made = Wire(broker_port)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.cut()
        for task in list(made._tasks):
            task.cancel()
        await asyncio.gather(*made._tasks, return_exceptions=True)
        await server.wait_closed()


@contextlib.contextmanager
def wire_beside(broker_port: int) -> Iterator[tuple[Wire, Callable[[Callable[[], object]], None]]]:
    """A wire for who has no loop: it runs in a thread of its own. The function does something there, and waits."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def there(deed: Callable[[], object]) -> None:
        async def do() -> None:
            deed()

        asyncio.run_coroutine_threadsafe(do(), loop).result(PATIENCE)

    made = wire(broker_port)
    try:
        yield asyncio.run_coroutine_threadsafe(made.__aenter__(), loop).result(PATIENCE), there
    finally:
        asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def protocol_level(connect: bytes) -> int:
    """Of a CONNECT packet: 5, 4 for MQTT 3.1.1; 0 for anything else."""
    at = connect.find(b"\x00\x04MQTT")
    return connect[at + 6] if at >= 0 else 0


def publish_packet(topic: str, payload: bytes, *, packet: int, duplicate: bool, v5: bool = True) -> bytes:
    """A PUBLISH with QoS 1 as a broker sends it."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + packet.to_bytes(2, "big") + (b"\x00" if v5 else b"") + payload
    assert len(body) < 128
    return bytes([0x32 | (0x08 if duplicate else 0), len(body)]) + body


def free_port() -> int:
    """A port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def dead_end() -> Iterator[int]:
    """A port that takes connections and never says a word: its backlog is all there is."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def _holds(content: Any, wanted: Any) -> bool:
    """Whether an object has the wanted values, and theirs; anything else is to be equal."""
    if isinstance(content, dict) and isinstance(wanted, dict):
        return all(key in content and _holds(content[key], value) for key, value in wanted.items())
    return bool(content == wanted)


@dataclass(frozen=True)
class Heard:
    """A message as a client of the broker got it."""

    topic: str
    payload: bytes
    retained: bool

    def json(self) -> Any:
        return json.loads(self.payload)


class Ear:
    """``async with Ear(port) as ear``: another client of the broker's, as Home Assistant is one."""

    def __init__(self, port: int, *filters: str) -> None:
        self.heard: list[Heard] = []
        self._port = port
        self._filters = filters or ("#",)
        self._news = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)

    async def __aenter__(self) -> "Ear":
        loop = asyncio.get_running_loop()

        def took(_c: object, _u: object, message: mqtt.MQTTMessage) -> None:
            heard = Heard(message.topic, bytes(message.payload), bool(message.retain))
            loop.call_soon_threadsafe(self._take, heard)

        def subscribed(*_: object) -> None:
            loop.call_soon_threadsafe(self._subscribed.set)

        self._client.on_message = took
        self._client.on_subscribe = subscribed
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(name, SubscribeOptions(qos=1, retainAsPublished=True)) for name in self._filters]
        )
        self._client.connect("127.0.0.1", self._port)
        opened = self._client.socket()
        assert isinstance(opened, socket.socket)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.loop_start()
        async with asyncio.timeout(READY_WITHIN):
            await self._subscribed.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _take(self, heard: Heard) -> None:
        self.heard.append(heard)
        self._news.set()

    def forget(self) -> None:
        """Only what is heard from now on counts."""
        self.heard.clear()

    def say(self, topic: str, payload: str | bytes, retain: bool = False, qos: int = 1) -> None:
        """Publish."""
        self._client.publish(topic, payload, qos, retain)

    def on(self, topic: str) -> list[Heard]:
        """What was heard on a topic."""
        return [heard for heard in self.heard if heard.topic == topic]

    async def hears(
        self, topic: str, such: Callable[[Heard], Any] = lambda heard: True, within: float = PATIENCE
    ) -> Heard:
        """The first message on a topic, heard already or to come, of which ``such`` is true."""
        try:
            async with asyncio.timeout(within):
                while True:
                    for heard in self.on(topic):
                        if such(heard):
                            return heard
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            there = [heard.payload for heard in self.on(topic)]
            elsewhere = sorted({heard.topic for heard in self.heard})
            raise AssertionError(f"not on {topic} within {within} s: {there}; heard on {elsewhere}") from None

    async def hears_state(self, topic: str, within: float = PATIENCE, **values: Any) -> Any:
        """A JSON message on a topic with these values (of an object within it, those named), as a dictionary."""

        def fits(heard: Heard) -> bool:
            return bool(heard.payload) and _holds(heard.json(), values)

        return (await self.hears(topic, fits, within)).json()
