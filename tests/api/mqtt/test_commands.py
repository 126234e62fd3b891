"""What a message on a command topic means, and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.mqtt.commands import (
    Arrived,
    CancelTimer,
    Command,
    CommandReader,
    Extend,
    LockAll,
    Refusal,
    Reset,
    SetDefaultTimer,
    ShutOff,
    StartTimer,
    UnlockAll,
    shown,
)
from api.mqtt.topics import Topics
from controller.config import MqttConfig
from hardware.clock import HOUR, MINUTE, SECOND

STOVE = "flameout/kitchen"
LEFT = f"{STOVE}/burner/left"
TOPICS = Topics(STOVE, "homeassistant", "kitchen")


def reader(**policy: bool) -> CommandReader:
    return CommandReader(TOPICS, ["left", "right"], MqttConfig.model_validate({"host": "broker"} | policy))


def read(topic: str, payload: bytes, **policy: bool) -> Command | Refusal | None:
    return reader(**policy).read(0, Arrived(topic, payload))


def refusal(topic: str, payload: bytes) -> Refusal:
    refused = read(topic, payload)
    assert isinstance(refused, Refusal), refused
    return refused


@pytest.mark.parametrize(
    ("topic", "payload", "command"),
    [
        (f"{LEFT}/cmd/valve", b"CLOSE", ShutOff("left")),
        (f"{LEFT}/cmd/timer", b"25", StartTimer("left", 25 * MINUTE)),
        (f"{LEFT}/cmd/timer", b"12.5", StartTimer("left", 12 * MINUTE + 30 * SECOND)),
        (f"{LEFT}/cmd/timer", b"0.001", StartTimer("left", 60)),
        (f"{LEFT}/cmd/timer", b"DEFAULT", StartTimer("left", None)),
        (f"{LEFT}/cmd/timer", b"0", CancelTimer("left")),
        (f"{LEFT}/cmd/timer", b"0.0", CancelTimer("left")),
        (f"{LEFT}/cmd/extend", b"5", Extend("left", 5 * MINUTE)),
        (f"{STOVE}/burner/right/cmd/cancel", b"PRESS", CancelTimer("right")),
        (f"{STOVE}/cmd/shut_off_all", b"PRESS", ShutOff(None)),
        (f"{STOVE}/cmd/child_lock", b"ON", LockAll()),
        (f"{STOVE}/cmd/default_timer", b"90", SetDefaultTimer(90 * MINUTE)),
    ],
)
def test_each_command_is_understood(topic: str, payload: bytes, command: Command) -> None:
    assert read(topic, payload) == command


NOT_MINUTES = [
    b"NaN", b"nan", b"inf", b"-inf", b"Infinity", b"-5", b"+5", b"1e3", b"1E1", b"1_0", b" 5", b"5 ", b"5\n", b"1 0",
    b"0x10", b"5,0", b".5", b"5.", b"5.5.5", b"5.0000", b"1234567", b"\xd9\xa3", "５".encode(), "²".encode(),
    b"\xff\xfe", b"5\x00", b"\x00", b"true", b"null", b"{}", b'"5"', b"[5]", b'{"minutes": 5}', b"default", b"DEFAULT ",
    b"PRESS",
]  # fmt: skip


@pytest.mark.parametrize("payload", NOT_MINUTES)
@pytest.mark.parametrize("topic", [f"{LEFT}/cmd/timer", f"{LEFT}/cmd/extend", f"{STOVE}/cmd/default_timer"])
def test_what_is_not_a_plain_number_of_minutes_is_refused(topic: str, payload: bytes) -> None:
    assert "is not a number of minutes" in refusal(topic, payload).why


@pytest.mark.parametrize("payload", [b"OPEN", b"ON", b"close", b"CLOSE ", b"CLOSED", b"0", b"100", b"OPENING", b"STOP"])
def test_the_valve_topic_knows_one_word_and_it_closes(payload: bytes) -> None:
    refused = refusal(f"{LEFT}/cmd/valve", payload)
    assert (refused.burner, refused.command) == ("left", "valve")
    assert "send CLOSE" in refused.why


@pytest.mark.parametrize(
    "topic",
    [f"{LEFT}/cmd/cancel", f"{LEFT}/cmd/reset", f"{STOVE}/cmd/shut_off_all", f"{STOVE}/cmd/child_lock"],
)
def test_words_are_taken_exactly(topic: str) -> None:
    for payload in (b"press", b"PRESS\n", b"1", b"on", b"true", b"ON;OFF"):
        assert "is not what is sent here" in refusal(topic, payload).why


@pytest.mark.parametrize(
    "topic",
    [
        f"{LEFT}/cmd/open", f"{LEFT}/cmd/on", f"{LEFT}/cmd/ignite", f"{LEFT}/cmd/unlock", f"{LEFT}/cmd/",
        f"{LEFT}/cmd/shut_off_all", f"{STOVE}/cmd/valve", f"{STOVE}/burner/middle/cmd/timer",
        f"{STOVE}/burner//cmd/timer",
    ],
)  # fmt: skip
def test_an_unknown_command_or_burner_is_refused(topic: str) -> None:
    assert refusal(topic, b"1").why.startswith("There is no ")


@pytest.mark.parametrize(
    "topic",
    [
        f"{LEFT}/state", f"{LEFT}/cmd", f"{LEFT}/cmd/valve/now", "flameout/other/cmd/shut_off_all", "flameout/kitchen",
        f"/{STOVE}/cmd/shut_off_all", f"{STOVE}2/cmd/shut_off_all", "homeassistant/status", f"{STOVE}/heartbeat",
    ],
)  # fmt: skip
def test_other_topics_carry_no_commands(topic: str) -> None:
    assert read(topic, b"PRESS") is None


@pytest.mark.parametrize("retained", [True, False])
@pytest.mark.parametrize("topic", [f"{LEFT}/cmd/valve", f"{STOVE}/cmd/shut_off_all", f"{LEFT}/cmd/nonsense"])
def test_an_empty_payload_is_never_a_command(topic: str, retained: bool) -> None:
    assert reader().read(0, Arrived(topic, b"", retained=retained)) is None


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"{LEFT}/cmd/valve", b"CLOSE"),
        (f"{LEFT}/cmd/extend", b"5"),
        (f"{STOVE}/cmd/shut_off_all", b"PRESS"),
        (f"{LEFT}/cmd/nonsense", b"x" * 5000),
    ],
)
def test_a_retained_command_is_refused_and_has_to_be_cleared(topic: str, payload: bytes) -> None:
    refused = reader().read(0, Arrived(topic, payload, retained=True))
    assert isinstance(refused, Refusal)
    assert refused.clear == topic
    assert "retained" in refused.why


def test_unlocking_and_resetting_follow_the_policy() -> None:
    lock, reset = f"{STOVE}/cmd/child_lock", f"{LEFT}/cmd/reset"
    assert "mqtt.allow_unlock" in refusal(lock, b"OFF").why
    assert "mqtt.allow_reset" in refusal(reset, b"PRESS").why
    assert read(lock, b"OFF", allow_unlock=True) == UnlockAll()
    assert read(reset, b"PRESS", allow_reset=True) == Reset("left")
    assert read(lock, b"ON") == LockAll()


def test_a_redelivered_extend_does_not_extend_twice() -> None:
    commands = reader()
    once, again = Arrived(f"{LEFT}/cmd/extend", b"5"), Arrived(f"{LEFT}/cmd/extend", b"5", duplicate=True)
    assert commands.read(0, once) == Extend("left", 5 * MINUTE)
    refused = commands.read(SECOND, again)
    assert isinstance(refused, Refusal)
    assert "duplicate" in refused.why
    assert commands.read(2 * SECOND, once) == Extend("left", 5 * MINUTE), "a second press is meant"


def test_a_redelivery_of_something_never_seen_is_obeyed() -> None:
    assert reader().read(0, Arrived(f"{LEFT}/cmd/extend", b"5", duplicate=True)) == Extend("left", 5 * MINUTE)
    commands = reader()
    commands.read(0, Arrived(f"{LEFT}/cmd/extend", b"5"))
    late = commands.read(HOUR, Arrived(f"{LEFT}/cmd/extend", b"5", duplicate=True))
    assert late == Extend("left", 5 * MINUTE)


@pytest.mark.parametrize(
    ("topic", "payload", "command"),
    [
        (f"{LEFT}/cmd/valve", b"CLOSE", ShutOff("left")),
        (f"{STOVE}/cmd/shut_off_all", b"PRESS", ShutOff(None)),
        (f"{STOVE}/cmd/child_lock", b"ON", LockAll()),
    ],
)
def test_shutting_off_is_obeyed_however_often_it_is_delivered(topic: str, payload: bytes, command: Command) -> None:
    commands = reader()
    assert commands.read(0, Arrived(topic, payload)) == command
    assert commands.read(1, Arrived(topic, payload, duplicate=True)) == command


def test_a_long_payload_is_refused_without_being_shown() -> None:
    refused = refusal(f"{LEFT}/cmd/timer", b"secret" * 20)
    assert "120 bytes" in refused.why
    assert "secret" not in refused.why


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_shown_in_few_harmless_characters(payload: bytes) -> None:
    text = shown(payload)
    assert len(text) <= 32
    assert all(" " <= character <= "~" or character == "…" for character in text)


@given(st.binary(min_size=1, max_size=80), st.sampled_from(["valve", "timer", "extend", "cancel", "reset", "x"]))
def test_no_payload_of_a_burner_breaks_the_reader_or_means_more_than_it_says(payload: bytes, name: str) -> None:
    order = read(f"{LEFT}/cmd/{name}", payload)
    if isinstance(order, ShutOff):
        assert (name, payload) == ("valve", b"CLOSE")
    elif isinstance(order, StartTimer | Extend):
        duration = order.duration if isinstance(order, StartTimer) else order.extension
        assert duration is None or 0 <= duration < 1_000_000 * MINUTE
        assert payload.isascii()
