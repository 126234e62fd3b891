"""A message that is read from the bytes in the socket is the one that paho reads next, or none."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion

from api.mqtt.commands import Arrived
from api.mqtt.link import MqttLink
from api.mqtt.peek import LOOKED_AT, between_packets, first_message
from controller.journal import Query, read
from tests.api.mqtt.bench import LEFT, STOVE, in_a_loop, on_mqtt
from tests.api.mqtt.test_link import Diary, linked
from tests.brokers import Ear, Mosquitto, Wire, publish_packet, wire

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


def packed(message: Arrived, qos: int, properties: bytes | None) -> bytes:
    """A PUBLISH as the standard has it; ``properties`` is None in MQTT 3.1.1."""
    topic = message.topic.encode()
    body = len(topic).to_bytes(2, "big") + topic + (b"\x12\x34" if qos else b"")
    body += b"" if properties is None else bytes([len(properties)]) + properties
    body += message.payload
    assert len(body) < 128
    return bytes([0x30 | 8 * message.duplicate | 2 * qos | message.retained, len(body)]) + body


@given(
    st.builds(Arrived, TEXTS, st.binary(max_size=20), st.booleans(), st.booleans()),
    st.integers(0, 1),
    st.none() | st.binary(max_size=20),
    st.binary(max_size=20),
)
def test_what_is_there_is_read_and_what_is_not_there_yet_is_not(
    message: Arrived, qos: int, properties: bytes | None, after: bytes
) -> None:
    packet = packed(message, qos, properties)
    assert first_message(packet + after, properties=properties is not None) == message
    for end in range(len(packet)):
        assert first_message(packet[:end], properties=properties is not None) is None


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: b"\x30" + rest), st.booleans())
def test_garbage_is_no_message_or_one_that_paho_would_read(held: bytes, properties: bool) -> None:
    message = first_message(held, properties)
    if message is not None:
        assert held[0] & 0xF4 == 0x30
        assert len(message.topic.encode()) + len(message.payload) + 2 <= held[1]


@pytest.mark.parametrize(
    "packet",
    [
        b"\x34" + packed(Arrived("a", b"CLOSE"), 1, None)[1:],
        b"\x82" + packed(Arrived("a", b"CLOSE"), 0, None)[1:],
        b"\x30\x88\x01" + packed(Arrived("a" * 60, b"CLOSE"), 0, None)[2:],
        packed(Arrived("a", b"CLOSE"), 0, None).replace(b"a", b"\xff"),
    ],
    ids=["QoS 2, which is not delivered yet", "another kind", "a long one", "no text"],
)
def test_what_is_no_plain_short_message_is_left_to_paho(packet: bytes) -> None:
    assert first_message(packet, properties=False) is None


def test_in_the_middle_of_a_packet_nothing_begins() -> None:
    """Else somebody who may publish anything at all could send a payload that passes for a shut-off."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client._sock = ours
    packet = packed(Arrived("news", packed(Arrived("cmd", b"CLOSE"), 0, None)), 0, None)
    assert between_packets(client)
    theirs.send(packet[:8])
    client.loop_read()
    assert not between_packets(client)
    theirs.send(packet[8:])
    client.loop_read()
    assert between_packets(client)
    theirs.send(b"\x00\x05ab")  # of no kind that there is
    client.loop_read()
    assert not between_packets(client)
    client._sock = None
    ours.close()
    theirs.close()


def test_another_paho_is_left_as_it_is() -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    del client._in_packet
    assert not between_packets(client)


# --- on a connection --------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def subscribed() -> AsyncIterator[tuple[Wire, MqttLink, Diary]]:
    """A link whose listener deals with ``urgent`` ahead, and a broker that has nothing more to say by itself."""
    with Mosquitto() as broker:
        async with wire(broker.port) as line, linked(line.port) as (link, diary):
            await diary.until(connections=1)
            link.publish("cmd/x", b"subscribed", 1, False)
            await asyncio.wait_for(diary.messages.get(), 5)
            await until(lambda: diary.acknowledged_packets)
            diary.deals_with = b"urgent"
            yield line, link, diary


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


@in_a_loop
async def test_what_was_dealt_with_ahead_of_paho_does_not_arrive_again() -> None:
    async with subscribed() as (line, _, diary):
        line.inject(publish_packet("cmd/x", b"urgent", packet=7, duplicate=False))
        line.inject(publish_packet("cmd/x", b"other", packet=8, duplicate=False))
        line.inject(publish_packet("cmd/x", b"urgent", packet=9, duplicate=False) * 2)
        line.inject(publish_packet("cmd/x", b"last", packet=9, duplicate=False))
        heard = [await asyncio.wait_for(diary.messages.get(), 5) for _ in range(2)]
        assert [message.payload for message in heard] == [b"other", b"last"]
        assert [message.payload for message in diary.dealt_with] == [b"urgent"] * 3


@in_a_loop
async def test_what_comes_in_pieces_arrives_as_ever() -> None:
    async with subscribed() as (line, link, diary):
        urgent = publish_packet("cmd/x", b"urgent", packet=7, duplicate=False)
        packet = publish_packet("cmd/x", urgent, packet=8, duplicate=False)
        line.inject(packet.removesuffix(urgent))
        await until(lambda: link._connection._client._in_packet["command"] != 0)  # type: ignore[union-attr]
        line.inject(urgent)
        assert (await asyncio.wait_for(diary.messages.get(), 5)).payload == urgent
        assert diary.dealt_with == []


@pytest.mark.parametrize(("topic", "payload"), [(f"{LEFT}/cmd/valve", "CLOSE"), (f"{STOVE}/cmd/shut_off_all", "PRESS")])
@pytest.mark.parametrize("qos", [0, 1])
def test_a_shut_off_is_carried_out_once_and_on_record_once(tmp_path: Path, topic: str, payload: str, qos: int) -> None:
    @in_a_loop
    async def scenario() -> None:
        with Mosquitto() as broker:
            async with Ear(broker.port) as ear, on_mqtt(tmp_path, broker.port) as bench:
                await ear.hears_state(f"{LEFT}/state", permitted=True)
                bench.keeper.said.clear()
                ear.say(topic, payload, qos=qos)
                await ear.hears_state(f"{LEFT}/state", status="shut_off")
                await asyncio.wait_for(bench.journal.append([], {}), 5)
                cuts = [entry for entry in read(bench.journal.path, Query()) if entry.kind == "shut_off"]
                assert [(entry.by, entry.details["cut"]) for entry in cuts if entry.burner == "left"] == [
                    ("mqtt", True)
                ]
                assert [said for said in bench.keeper.said if said[0] == "open"] == [
                    ("open", "left" if "valve" in topic else None)
                ]

    scenario()


def test_it_looks_at_whole_commands() -> None:
    assert (
        len(packed(Arrived("flameout/" + "k" * 32 + "/burner/" + "b" * 32 + "/cmd/valve", b"CLOSE"), 1, b""))
        <= LOOKED_AT
    )
