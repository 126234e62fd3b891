"""The link to the broker: when it is absent, deaf, old, gone, strict or frozen."""

import asyncio
import contextlib
import random
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.mqtt.commands import Arrived
from api.mqtt.connection import ANSWER_WITHIN
from api.mqtt.dialling import V5, V311, Account
from api.mqtt.link import LONGEST_PAUSE, Dialect, MqttLink, Pauses
from controller.config import MqttConfig
from tests.api.mqtt.bench import LEFT, OFFLINE, ONLINE, STOVE, in_a_loop, on_mqtt
from tests.brokers import Ear, Mosquitto, dead_end, free_port, publish_packet, wire

REFUSED_V5 = b"\x20\x03\x00\x84\x00"
REFUSED_AS_BROKERS_OF_OLD_DO = b"\x20\x02\x00\x01"


class Diary:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.link: MqttLink | None = None
        self.connections = 0
        self.losses = 0
        self.messages: asyncio.Queue[Arrived] = asyncio.Queue()
        self.acknowledged_packets: list[int] = []
        self.deals_with: bytes | None = None
        self.dealt_with: list[Arrived] = []
        self._news = asyncio.Event()

    def connected(self) -> None:
        assert self.link is not None
        self.link.subscribe(["cmd/+"], ["news"])
        self.connections += 1
        self._news.set()

    def lost(self) -> None:
        self.losses += 1
        self._news.set()

    def ahead(self, message: Arrived) -> bool:
        if message.payload != self.deals_with:
            return False
        self.dealt_with.append(message)
        return True

    def arrived(self, message: Arrived) -> None:
        if message.payload == b"bomb":
            raise RuntimeError("a callback that fails")
        self.messages.put_nowait(message)

    def acknowledged(self, packet: int) -> None:
        self.acknowledged_packets.append(packet)

    async def until(self, connections: int = 0, losses: int = 0, within: float = 20) -> None:
        async with asyncio.timeout(within):
            while self.connections < connections or self.losses < losses:
                self._news.clear()
                await self._news.wait()


@contextlib.asynccontextmanager
async def linked(port: int, keepalive: int = 15, **mqtt: Any) -> AsyncIterator[tuple[MqttLink, Diary]]:
    """A link that is kept up in the background."""
    config = MqttConfig.model_validate({"host": "127.0.0.1", "port": port} | mqtt)
    diary = Diary()
    link = diary.link = MqttLink(Account(config, "test", "gone", b"offline", keepalive), diary, random.Random(3))
    running = asyncio.create_task(link.run())
    try:
        yield link, diary
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


# --- which version ------------------------------------------------------------------------------------


def test_a_refusal_changes_the_version_at_once_and_silence_after_the_second_time() -> None:
    dialect = Dialect()
    assert dialect.version == V5
    dialect.unanswered()
    assert dialect.version == V5
    dialect.unanswered()
    assert dialect.version == V311
    dialect.refused()
    assert dialect.version == V5


def test_a_version_that_worked_is_kept_through_a_bad_day() -> None:
    dialect = Dialect()
    dialect.understood()
    for _ in range(5):
        dialect.unanswered()
    assert dialect.version == V5
    dialect.unanswered()
    assert dialect.version == V311


def test_pauses_grow_to_half_a_minute_and_start_anew() -> None:
    pauses = Pauses(random.Random(1))
    grown = [pauses.next() for _ in range(10)]
    assert 0.25 <= grown[0] <= 0.5
    assert all(LONGEST_PAUSE / 2 <= pause <= LONGEST_PAUSE for pause in grown[7:])
    pauses.start_anew()
    assert pauses.next() <= 0.5


@pytest.mark.parametrize("answer", [REFUSED_V5, REFUSED_AS_BROKERS_OF_OLD_DO, b""])
def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(answer: bytes) -> None:
    @in_a_loop
    async def scenario() -> None:
        with Mosquitto() as broker:
            async with wire(broker.port) as line:
                line.refuses_v5_with = answer
                async with linked(line.port) as (link, diary):
                    await diary.until(connections=1)
                    assert line.connects[-1] == 4
                    assert not link.flags_retained
                    tries = len(line.connects)
                    line.cut()
                    await diary.until(connections=2)
                    assert line.connects[tries:] == [4], "what worked is remembered"

    scenario()


@in_a_loop
async def test_on_3_1_1_a_retained_command_is_known_by_its_flag(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with wire(broker.port) as line, Ear(broker.port) as ear:
            line.refuses_v5_with = REFUSED_V5
            ear.say(f"{LEFT}/cmd/timer", "25", retain=True)
            await ear.hears(f"{LEFT}/cmd/timer")
            async with on_mqtt(tmp_path, line.port) as bench:
                await ear.hears(f"{LEFT}/cmd/timer", lambda heard: not heard.payload)
                assert (await ear.hears(f"{LEFT}/event")).json()["event_type"] == "refused"
                ear.say(f"{LEFT}/cmd/timer", "10")
                assert (await ear.hears_state(f"{LEFT}/state", status="timing"))["timer"]["duration_s"] == 600
                assert len([heard for heard in ear.on(f"{LEFT}/event") if heard.json()["event_type"] == "refused"]) == 1
                assert bench.stove.view("left").timer is not None


@in_a_loop
async def test_the_embedded_broker_of_the_demo_will_do() -> None:
    iotcore = pytest.importorskip("iotcore")
    with iotcore.Broker(port=free_port(), listen="127.0.0.1") as broker:
        async with linked(broker.port) as (link, diary):
            await diary.until(connections=1)
            link.publish("cmd/x", b"hello", 1, False)
            assert (await asyncio.wait_for(diary.messages.get(), 5)).payload == b"hello"


# --- MQTT 5 as it is asked for ------------------------------------------------------------------------


@in_a_loop
async def test_the_session_is_clean_and_commands_are_subscribed_with_their_retain_flag() -> None:
    with Mosquitto() as broker:
        async with wire(broker.port) as line, linked(line.port) as (_, diary):
            await diary.until(connections=1)
            said = line.sent[-1]
            while b"cmd/+" not in said:
                await asyncio.sleep(0.01)
                said = line.sent[-1]
            assert said[9] & 0x02, "clean start"
            expiry = said.index(b"\x11", 11)
            assert said[expiry : expiry + 5] == b"\x11\x00\x00\x00\x00", "session expiry 0"
            options = said[said.index(b"cmd/+") + 5]
            assert options & 0x03 == 1, "QoS 1"
            assert options & 0x08, "retainAsPublished"
            assert options & 0x30 == 0x20, "retainHandling 2"


@in_a_loop
async def test_a_redelivered_extend_does_not_extend_twice(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with wire(broker.port) as line, Ear(broker.port) as ear, on_mqtt(tmp_path, line.port) as bench:
            await ear.hears_state(f"{LEFT}/state", permitted=True)
            ear.say(f"{LEFT}/cmd/timer", "25")
            await ear.hears_state(f"{LEFT}/state", status="timing")
            line.inject(publish_packet(f"{LEFT}/cmd/extend", b"5", packet=900, duplicate=False))
            await ear.hears(f"{LEFT}/event", lambda heard: heard.json()["event_type"] == "timer_extended")
            line.inject(publish_packet(f"{LEFT}/cmd/extend", b"5", packet=900, duplicate=True))
            refused = await ear.hears(f"{LEFT}/event", lambda heard: heard.json()["event_type"] == "refused")
            assert "duplicate" in refused.json()["why"]
            timer = bench.stove.view("left").timer
            assert timer is not None
            assert timer.duration_s == 30 * 60
            line.inject(publish_packet(f"{LEFT}/cmd/valve", b"CLOSE", packet=901, duplicate=True))
            await ear.hears_state(f"{LEFT}/state", status="shut_off")


# --- a broker that is not there -----------------------------------------------------------------------


@in_a_loop
async def test_a_broker_that_appears_later_is_found(tmp_path: Path) -> None:
    with Mosquitto(started=False) as broker:
        async with on_mqtt(tmp_path, broker.port) as bench:
            view = await bench.stove.start_timer("left", 60_000, "test")
            assert view.timer is not None, "nothing waits for the broker"
            broker.start()
            async with Ear(broker.port) as ear:
                await ear.hears(f"{STOVE}/availability", ONLINE)
                await ear.hears_state(f"{LEFT}/state", status="timing")


@in_a_loop
async def test_the_broker_says_offline_for_a_program_that_is_gone(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with wire(broker.port) as line, Ear(broker.port) as ear, on_mqtt(tmp_path, line.port) as bench:
            await ear.hears(f"{STOVE}/availability", ONLINE)
            ear.forget()
            line.cut()
            await ear.hears(f"{STOVE}/availability", OFFLINE)
            await ear.hears(f"{STOVE}/availability", ONLINE)
            ear.forget()
            await bench.die()
            will = await ear.hears(f"{STOVE}/availability", OFFLINE)
            assert will.retained


@in_a_loop
async def test_a_host_that_takes_the_call_and_says_nothing_holds_nobody_up() -> None:
    loop = asyncio.get_running_loop()
    with dead_end() as port:
        async with linked(port):
            worst, until = 0.0, loop.time() + ANSWER_WITHIN + 1
            while (before := loop.time()) < until:
                await asyncio.sleep(0.01)
                worst = max(worst, loop.time() - before)
    assert worst < 0.2


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\xff" * 64,
        b"\x00\x00",
        b"\x30\xff\xff\xff\xff\x7f",  # a length of five bytes
        b"\x30\x02\x00\x09",  # a topic that is longer than its message
        b"\x32\x04\x00\x01a\x00",  # half a packet id
        b"\x30\x07\x00\x01a\xff\xff\xff\x7f",  # properties without an end
        b"\x40\x00",
        b"\x90\x02\x00\x01",
    ],
)
def test_a_broker_that_talks_nonsense_is_left_and_tried_again(nonsense: bytes) -> None:
    @in_a_loop
    async def scenario() -> None:
        with Mosquitto() as broker:
            async with wire(broker.port) as line, linked(line.port) as (link, diary):
                await diary.until(connections=1)
                line.inject(nonsense)
                line.cut()
                await diary.until(connections=2)
                link.publish("cmd/x", b"fine", 1, False)
                assert (await asyncio.wait_for(diary.messages.get(), 5)).payload == b"fine"

    scenario()


@in_a_loop
async def test_a_message_whose_topic_is_no_text_is_let_pass() -> None:
    with Mosquitto() as broker:
        async with wire(broker.port) as line, linked(line.port) as (link, diary):
            await diary.until(connections=1)
            line.inject(b"\x30\x05\x00\x01\xff\x00x")
            link.publish("cmd/x", b"fine", 1, False)
            assert (await asyncio.wait_for(diary.messages.get(), 5)).payload == b"fine"
            assert diary.losses == 0


@in_a_loop
async def test_a_frozen_broker_is_given_up_and_taken_up_again() -> None:
    with Mosquitto() as broker:
        async with linked(broker.port, keepalive=1) as (link, diary):
            await diary.until(connections=1)
            broker.freeze()
            link.publish("news", b"nobody reads this", 1, False)
            await diary.until(losses=1)
            assert link.room == 0
            broker.thaw()
            await diary.until(connections=2)


@in_a_loop
async def test_a_slow_broker_is_told_the_newest_state_when_it_can_listen(tmp_path: Path) -> None:
    with Mosquitto() as broker:
        async with on_mqtt(tmp_path, broker.port) as bench:
            async with Ear(broker.port) as ear:
                await ear.hears_state(f"{LEFT}/state", permitted=True)
            broker.freeze()
            for seconds in range(1, 400):
                await bench.stove.start_timer("left", seconds * 1000, "test")
            broker.thaw()
            async with Ear(broker.port) as ear:
                await ear.hears_state(f"{LEFT}/state", timer={"duration_s": 399})


@in_a_loop
async def test_a_callback_that_fails_fails_alone() -> None:
    with Mosquitto() as broker:
        async with linked(broker.port) as (link, diary):
            await diary.until(connections=1)
            link.publish("cmd/x", b"bomb", 1, False)
            link.publish("cmd/x", b"fine", 1, False)
            assert (await asyncio.wait_for(diary.messages.get(), 5)).payload == b"fine"
            assert diary.losses == 0


# --- a broker that asks who we are --------------------------------------------------------------------


def run(name: str, *arguments: str) -> None:
    """Run a program that has to be there."""
    program = shutil.which(name)
    assert program is not None, f"{name} is not installed; run: apt-get install mosquitto openssl"
    subprocess.run([program, *arguments], check=True, capture_output=True)


@in_a_loop
async def test_a_password_is_read_from_its_file_at_each_try(tmp_path: Path) -> None:
    password = tmp_path / "password"
    with Mosquitto(settings="allow_anonymous false\npassword_file {folder}/users\n", started=False) as broker:
        run("mosquitto_passwd", "-b", "-c", f"{broker.folder}/users", "hob", "right")
        broker.start()
        async with linked(broker.port, username="hob", password_file=str(password)) as (_, diary):
            with pytest.raises(TimeoutError):
                await diary.until(connections=1, within=0.5)
            password.write_text("right\nand a second line\n")
            await diary.until(connections=1)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho forgets a refused socket
@in_a_loop
async def test_a_broker_with_tls_has_to_show_the_right_certificate(tmp_path: Path) -> None:
    files = ["-keyout", f"{tmp_path}/key.pem", "-out", f"{tmp_path}/cert.pem"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files)
    with Mosquitto(settings=f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\n") as broker:
        async with linked(broker.port, tls=True) as (_, diary):
            with pytest.raises(TimeoutError):
                await diary.until(connections=1, within=1)
        async with linked(broker.port, tls={"ca": str(tmp_path / "cert.pem")}) as (link, diary):
            await diary.until(connections=1)
            for number in range(50):
                link.publish("cmd/x", f"{number} {'x' * 2000}".encode(), 1, False)
            heard = [await asyncio.wait_for(diary.messages.get(), 5) for _ in range(50)]
            assert [int(message.payload.split()[0]) for message in heard] == list(range(50))
