"""The gauges as they run on a Pi: a process of its own below its client; only the kernel's files are a folder's.

Processes are killed, stopped and blocked for real. Nothing here asserts how fast anything is.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from hardware import gauges, gauges_client
from hardware.clock import BootClock, Millis
from hardware.gauges_client import Gauged, GaugesClient
from hardware.protocol import LONGEST, Message, decode
from hardware.settings import keeper_settings, read_document
from tests.e2e.program import eventually
from tests.fakes import ManualClock
from tests.hardware.test_adc import tree

PATIENCE = 30.0  # s, for a slow machine
LONG: Millis = 600_000
SHORT: Millis = 300
CONFIG = """
[[burners]]
id = "left"
name = "Left"
relay = { pin = 17 }
flame = { kind = "thermocouple", adc = "ads1115", channel = 0 }
[[burners]]
id = "middle"
name = "Middle"
relay = { pin = 22 }
flame = { kind = "digital", pin = 23 }
[[burners]]
id = "right"
name = "Right"
relay = { pin = 27 }
flame = { kind = "thermocouple", adc = "ads1115", channel = 1, gain = 10 }
[[references]]
adc = "ads1115"
channel = 3
millivolts = 100
"""
READINGS = {"left": 20.0, "right": 2.0}


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The converter's files: both flames lit, and a reference of 100 mV."""
    for name in [name for name in os.environ if name.startswith("FLAMEOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FLAMEOUT_IIO", str(tmp_path / "iio"))
    return tree(tmp_path / "iio", in_voltage0_raw="160", in_voltage1_raw="160", in_voltage3_raw="800")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "flameout.toml"
    path.write_text(CONFIG)
    return path


def block(device: Path, file: str = "in_voltage0_raw") -> None:
    """Let readings of a file block for ever, as those of a stuck bus do."""
    fifo = device / "fifo"
    os.mkfifo(fifo)
    fifo.replace(device / file)


def unblock(device: Path, file: str = "in_voltage0_raw", text: str = "160") -> None:
    fresh = device / "fresh"
    fresh.write_text(text)
    fresh.replace(device / file)


# --- the process ------------------------------------------------------------------------------------------


class Child:
    """The gauges' process, and the controller's end of its socket."""

    def __init__(self, config: Path) -> None:
        self.words = config.with_suffix(".stderr")
        self.connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.connection.settimeout(PATIENCE)
        command = [sys.executable, "-m", "hardware.gauges", "--config", str(config), "--fd", str(theirs.fileno())]
        with theirs, self.words.open("w") as words:
            self.process = subprocess.Popen(command, stderr=words, pass_fds=(theirs.fileno(),))

    def hear(self) -> Message:
        return decode(self.connection.recv(LONGEST))

    def hear_until(self, holds: Callable[[Message], bool]) -> Message:
        return eventually("that reading", lambda: holds(message := self.hear()) and message, PATIENCE)  # type: ignore[no-any-return]

    def ended(self) -> int:
        """Its exit code; it said nothing on stderr."""
        code = self.process.wait(PATIENCE)
        assert self.words.read_text() == ""
        return code


@contextlib.contextmanager
def child(config: Path) -> Iterator[Child]:
    started = Child(config)
    try:
        yield started
    finally:
        started.connection.close()
        started.process.kill()
        started.process.wait()


def test_it_tells_every_reading_again_and_again(device: Path, config: Path) -> None:
    before = BootClock().now()
    with child(config) as process:
        first, second = process.hear(), process.hear()
        assert first == {"type": "gauged", "at": first["at"], "millivolts": READINGS, "references": [100.0]}
        assert before <= first["at"] < second["at"] <= BootClock().now()


def test_what_cannot_be_read_is_null_and_the_rest_is_told(device: Path, config: Path) -> None:
    with child(config) as process:
        assert process.hear()["millivolts"] == READINGS
        (device / "in_voltage0_raw").unlink()
        (device / "in_voltage3_raw").write_text("EIO")
        message = process.hear_until(lambda message: message["references"] == [None])
        assert message["millivolts"] == {"left": None, "right": 2.0}
        unblock(device, text="80")
        process.hear_until(lambda message: message["millivolts"] == {"left": 10.0, "right": 2.0})


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("blocked", [False, True])
def test_a_signal_ends_it_without_a_word(device: Path, config: Path, signum: signal.Signals, blocked: bool) -> None:
    with child(config) as process:
        process.hear()
        if blocked:
            block(device)
        process.process.send_signal(signum)
        assert process.ended() == -signum


def test_it_ends_when_the_controller_hangs_up(device: Path, config: Path) -> None:
    with child(config) as process:
        process.hear()
        process.connection.close()
        assert process.ended() == 0


def test_one_who_does_not_read_misses_packets_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "EVERY", 0)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 0)  # the kernel has a least size, of a few packets

    class Counting(gauges.Gauges):
        """Says how often it was read; is hung up at the end."""

        def __init__(self) -> None:
            self.reads = 0

        def read(self, now: Millis) -> Message:
            self.reads += 1
            if self.reads == 1_000:
                heard.extend(decode(ours.recv(LONGEST))["at"] for _ in range(2))
            elif self.reads == 2_000:
                ours.close()
            return {"type": "gauged", "at": self.reads}

    heard: list[int] = []
    counting = Counting()
    with ours, theirs:
        gauges.serve(counting, theirs, BootClock())
    assert heard == [1, 2]
    assert counting.reads == 2_000, "it went on, far beyond what the socket holds"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("ads1115", "hx711"), "there is no converter 'hx711'; known are ads1115 and mcp3008"),
        (("ads1115", "mcp3008"), "keeper.pin_factory: there is no pin factory 'nonesuch'"),
        (("channel = 3", "channel = 7"), "has no channel 7"),
        (("pin = 17", "pin = 3"), "burner left: relay pin 3 is pulled up at power-on"),
        (("relay", "["), "is not TOML"),
    ],
)
def test_why_it_cannot_start_is_told(device: Path, config: Path, change: tuple[str, str], why: str) -> None:
    config.write_text('[keeper]\npin_factory = "nonesuch"\n' + CONFIG.replace(*change))
    with child(config) as process:
        message = process.hear()
        assert message["type"] == "failed"
        assert why in message["why"]
        assert process.ended() == 1


def test_without_a_converter_it_names_the_cure(device: Path, config: Path) -> None:
    (device / "name").unlink()
    with child(config) as process:
        assert "dtoverlay=ads1115,cha_enable,cha_cfg=4,cha_gain=5" in process.hear()["why"]
        assert process.ended() == 1


# --- its client -------------------------------------------------------------------------------------------


class Running:
    """A client at work, and what it had taken."""

    def __init__(self, client: GaugesClient) -> None:
        self.client = client
        self.taken: list[Gauged] = []
        self.problems: list[str] = []
        self.pids: list[int] = []
        self.task = asyncio.create_task(client.run(self.taken.append))

    def look(self) -> None:
        if self.client.problem is not None and self.client.problem not in self.problems:
            self.problems.append(self.client.problem)
        if self.client.pid is not None and self.client.pid not in self.pids:
            self.pids.append(self.client.pid)

    async def until(self, what: str, holds: Callable[[], object]) -> None:
        """Poll until ``holds()``, writing down problems and children meanwhile."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                assert not self.task.done(), what
                self.look()
                await asyncio.sleep(0.005)
        self.look()

    async def reading(self) -> Gauged:
        """A reading from after now, and what is wrong is over."""
        since = BootClock().now()
        await self.until("a reading", lambda: self.taken and self.taken[-1].at > since and self.client.problem is None)
        return self.taken[-1]

    async def problem(self, text: str) -> None:
        await self.until(f"the problem {text!r}", lambda: text in (self.client.problem or ""))


@contextlib.asynccontextmanager
async def running(client: GaugesClient) -> AsyncIterator[Running]:
    """Runs a client, and sees that it leaves neither processes nor open files."""
    files = set(os.listdir("/proc/self/fd"))
    run = Running(client)
    try:
        yield run
    finally:
        run.look()
        run.task.cancel()
        await asyncio.gather(run.task, return_exceptions=True)
        assert run.task.cancelled()
        assert client.pid is None
        assert client.problem is not None
        for pid in run.pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
        assert set(os.listdir("/proc/self/fd")) == files


def test_a_configuration_that_has_changed_since_is_not_read_by(device: Path, config: Path) -> None:
    """Else burners whose channels were swapped would have each other's flames."""

    async def check() -> None:
        mine = keeper_settings(read_document(config)).fingerprint
        async with running(GaugesClient(str(config), BootClock(), LONG, LONG, mine)) as run:
            await run.reading()
        async with running(GaugesClient(str(config), BootClock(), LONG, LONG, "another")) as run:
            await run.problem("the configuration has changed since flameout was started; start it anew")
            assert run.taken == []

    asyncio.run(check())


def test_readings_are_taken(device: Path, config: Path) -> None:
    async def check() -> None:
        client = GaugesClient(str(config), BootClock(), LONG, LONG)
        assert client.problem == "the gauges have not said anything yet"
        async with running(client) as run:
            gauged = await run.reading()
            assert gauged == Gauged(gauged.at, READINGS, [100.0])
            assert len(run.pids) == 1

    asyncio.run(check())


def test_without_a_path_the_environment_names_the_file(
    device: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAMEOUT_CONFIG", str(config))

    async def check() -> None:
        async with running(GaugesClient(None, BootClock(), LONG, LONG)) as run:
            assert (await run.reading()).millivolts == READINGS

    asyncio.run(check())


def test_a_child_has_no_file_of_ours(device: Path, config: Path) -> None:
    async def check() -> None:
        with (device / "name").open() as ours:
            os.set_inheritable(ours.fileno(), True)
            async with running(GaugesClient(str(config), BootClock(), LONG, LONG)) as run:
                await run.reading()
                folder = f"/proc/{run.pids[0]}/fd"
                links = [os.readlink(f"{folder}/{number}") for number in os.listdir(folder) if int(number) > 2]
                assert len(links) == 1
                assert links[0].startswith("socket:")

    asyncio.run(check())


def test_a_killed_child_is_replaced(device: Path, config: Path) -> None:
    async def check() -> None:
        async with running(GaugesClient(str(config), BootClock(), LONG, LONG)) as run:
            for _ in range(3):
                await run.reading()
                os.kill(run.pids[-1], signal.SIGKILL)
                await run.problem("the gauges died or hung up")
            await run.reading()
            assert len(run.pids) == 4

    asyncio.run(check())


def test_a_stopped_child_is_killed_and_replaced(device: Path, config: Path) -> None:
    async def check() -> None:
        async with running(GaugesClient(str(config), BootClock(), SHORT, LONG)) as run:
            await run.reading()
            os.kill(run.pids[-1], signal.SIGSTOP)
            await run.problem("said nothing for 0.3 s, as when a converter's bus hangs, and were killed")
            await run.reading()

    asyncio.run(check())


def test_a_child_that_hangs_in_a_reading_is_killed_until_the_bus_recovers(device: Path, config: Path) -> None:
    async def check() -> None:
        async with running(GaugesClient(str(config), BootClock(), SHORT, LONG)) as run:
            await run.reading()
            block(device)
            await run.problem("said nothing for 0.3 s")
            unblock(device)
            with contextlib.suppress(ProcessLookupError):  # the next may hang already, with its longer patience
                os.kill(run.client.pid or run.pids[-1], signal.SIGKILL)
            await run.reading()

    asyncio.run(check())


def test_a_child_that_hangs_from_the_start_is_killed_again_and_again(device: Path, config: Path) -> None:
    block(device)

    async def check() -> None:
        async with running(GaugesClient(str(config), BootClock(), LONG, SHORT)) as run:
            await run.until("three of them", lambda: len(run.pids) >= 3)
            assert run.taken == []
            assert run.problems[1:] == [
                "the gauges said nothing for 0.3 s, as when a converter's bus hangs, and were killed"
            ]

    asyncio.run(check())


def test_why_it_does_not_start_is_the_problem_until_it_does(device: Path, config: Path) -> None:
    (device / "name").rename(device / "other")

    async def check() -> None:
        async with running(GaugesClient(str(config), BootClock(), LONG, LONG)) as run:
            await run.problem("dtoverlay=ads1115,cha_enable")
            (device / "other").rename(device / "name")
            await run.reading()

    asyncio.run(check())


def test_a_reading_from_the_future_is_not_believed(device: Path, config: Path) -> None:
    async def check() -> None:
        async with running(GaugesClient(str(config), ManualClock(1), LONG, LONG)) as run:
            await run.problem("the gauges speak nonsense: ValueError('a gauged of ")
            assert run.taken == []

    asyncio.run(check())


@pytest.mark.parametrize(
    "packet",
    [
        b"nonsense",
        b"[]",
        b'{"type":"gauged"}',
        b'{"type":"sensed","at":1,"millivolts":{},"references":[]}',
        b'{"type":"gauged","at":true,"millivolts":{},"references":[]}',
        b'{"type":"gauged","at":1,"millivolts":[],"references":[]}',
        b'{"type":"gauged","at":1,"millivolts":{"left":"20"},"references":[]}',
        b'{"type":"gauged","at":1,"millivolts":{"left":NaN},"references":[]}',
        b'{"type":"gauged","at":1,"millivolts":{},"references":{}}',
        b'{"type":"gauged","at":1,"millivolts":{},"references":[true]}',
        b'{"type":"gauged","at":1,"millivolts":{},"references":[1%s]}' % (b"0" * 400),
    ],
)
def test_a_child_that_speaks_nonsense_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packet: bytes
) -> None:
    liar = tmp_path / "liar.py"
    liar.write_text(
        f"import socket, sys, time\nsocket.socket(fileno=int(sys.argv[-1])).send({packet!r})\ntime.sleep(3600)\n"
    )

    async def check() -> None:
        client = GaugesClient(None, BootClock(), LONG, LONG)
        monkeypatch.setattr(client, "_arguments", [sys.executable, "-S", str(liar)])
        async with running(client) as run:
            await run.problem("the gauges speak nonsense: ")
            await run.until("another", lambda: len(run.pids) >= 2)
            assert run.taken == []

    asyncio.run(check())


def test_retries_grow_rarer_and_start_anew_after_a_reading(
    device: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    sleep = asyncio.sleep

    async def hurried(seconds: float) -> None:
        if seconds >= gauges_client.FIRST_RETRY:
            waits.append(seconds)
        await sleep(min(seconds, 0.005))

    class Hurried:
        """asyncio as the client sees it, with shorter waits."""

        def __getattr__(self, name: str) -> object:
            return hurried if name == "sleep" else getattr(asyncio, name)

    monkeypatch.setattr(gauges_client, "asyncio", Hurried())

    async def check() -> None:
        client = GaugesClient(str(config), BootClock(), LONG, LONG)
        arguments = client._arguments
        client._arguments = ["/nonexistent"]
        async with running(client) as run:
            await run.until("eight starts", lambda: len(waits) >= 8)
            assert waits[:8] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
            assert client.problem == "the gauges cannot be started: No such file or directory"
            client._arguments = arguments
            await run.reading()
            waits.clear()
            os.kill(run.pids[-1], signal.SIGKILL)
            await run.until("a wait", lambda: waits)
            assert waits[0] == 0.05

    asyncio.run(check())


def test_one_that_is_cancelled_before_a_word_leaves_nothing(device: Path, config: Path) -> None:
    block(device)

    async def check() -> None:
        async with running(GaugesClient(str(config), BootClock(), LONG, LONG)) as run:
            await run.until("a child", lambda: run.client.pid is not None)

    asyncio.run(check())
