"""The words on the wire: whatever arrives is a request that fits to the last field, or it is Malformed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.protocol import LONGEST, Malformed, Message, decode, decode_request, encode

REQUESTS: dict[str, Message] = {
    "hello": {"type": "hello", "seq": 1, "sent_at": 10, "version": 1},
    "indicate": {"type": "indicate", "seq": 5, "sent_at": 10, "output": "buzzer", "pattern": "warn"},
    "permit": {
        "type": "permit",
        "seq": 2,
        "sent_at": 10,
        "line": "left",
        "not_after": 900,
        "generation": 0,
        "part": "both",
    },
    "open": {"type": "open", "seq": 3, "sent_at": 10, "line": "left"},
    "open_all": {"type": "open", "seq": 3, "sent_at": 10, "line": None},
    "renew": {"type": "renew", "seq": 4, "sent_at": 10},
    "simulate": {"type": "simulate", "seq": 5, "sent_at": 10, "burner": "left", "action": "light"},
}
WRONG_VALUES: list[Any] = ["5", 5.0, True, False, None, [], {}, "left", 7]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))


def mentioned(request: Message, name: str) -> str:
    return f"{request['type']}.{name} is a "


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_every_request_survives_the_wire(request_: Message) -> None:
    assert decode_request(encode(request_)) == request_


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_request_with_a_field_too_few_or_too_many_is_malformed(request_: Message) -> None:
    for name in request_:
        with pytest.raises(Malformed):
            decode_request(encode({key: value for key, value in request_.items() if key != name}))
    with pytest.raises(Malformed, match=f"{request_['type']} has fields"):
        decode_request(encode(request_ | {"force": 1}))


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_field_of_another_type_is_malformed(request_: Message) -> None:
    for name in request_.keys() - {"type"}:
        right = (str, type(None)) if (request_["type"], name) == ("open", "line") else (type(request_[name]),)
        for value in WRONG_VALUES:
            if type(value) not in right:
                with pytest.raises(Malformed, match=mentioned(request_, name)):
                    decode_request(encode(request_ | {name: value}))


@pytest.mark.parametrize(
    "packet",
    [b"", b"{", b"[]", b"null", b"7", b'"renew"', b"{}", b'{"type": 5}', b'{"type": null}', b"\xff\xfe\x00", b"\x00"],
)
def test_what_is_no_object_with_a_type_is_malformed(packet: bytes) -> None:
    with pytest.raises(Malformed):
        decode(packet)


def test_a_type_that_does_not_exist_is_malformed() -> None:
    with pytest.raises(Malformed, match="unknown type 'energise'"):
        decode_request(encode({"type": "energise", "seq": 1, "sent_at": 1}))


def test_the_keepers_own_words_are_no_requests() -> None:
    with pytest.raises(Malformed, match="unknown type 'done'"):
        decode_request(encode({"type": "done", "seq": 1, "line": None}))


def test_an_unknown_type_is_quoted_in_brief() -> None:
    with pytest.raises(Malformed) as refused:
        decode_request(encode({"type": "x" * 5_000}))
    assert len(str(refused.value)) < 60


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e3", "1.0", "1e999"])
def test_a_deadline_is_a_whole_number_and_nothing_else(number: str) -> None:
    permit = encode(REQUESTS["permit"]).replace(b"900", number.encode())
    with pytest.raises(Malformed, match=r"permit\.not_after is a float"):
        decode_request(permit)


def test_a_number_too_long_to_be_read_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode_request(b'{"type":"renew","seq":1,"sent_at":' + b"9" * (LONGEST - 60) + b"}")


def test_a_packet_nested_deeper_than_the_stack_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode(b"[" * 200_000)


def test_the_longest_request_fits_into_a_packet() -> None:
    permit = REQUESTS["permit"] | dict.fromkeys(("seq", "sent_at", "not_after", "generation"), 2**63)
    assert len(encode(permit | {"line": "x" * 32})) < LONGEST


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_malformed(packet: bytes) -> None:
    valid_or_malformed(packet)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*REQUESTS["permit"], "version", "burner", "action"]), values))
def test_any_object_is_a_request_or_malformed(message: dict[str, Any]) -> None:
    valid_or_malformed(json.dumps(message).encode())


@settings(deadline=None)
@given(st.sampled_from(list(REQUESTS.values())), st.data())
def test_any_request_with_a_byte_changed_is_a_request_or_malformed(request_: Message, data: st.DataObject) -> None:
    packet = bytearray(encode(request_))
    packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    valid_or_malformed(bytes(packet))


def valid_or_malformed(packet: bytes) -> None:
    try:
        message = decode_request(packet)
    except Malformed:
        return
    assert message["type"] in {"hello", "permit", "open", "renew", "simulate", "indicate"}
    assert type(message["seq"]) is type(message["sent_at"]) is int
    if message["type"] == "permit":
        assert type(message["line"]) is str
        assert type(message["not_after"]) is type(message["generation"]) is int
