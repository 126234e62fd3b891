"""The words between controller and keeper: one JSON object per SOCK_SEQPACKET packet.

Controller to keeper, each with ``seq`` (1, 2, 3 … without a gap) and ``sent_at`` (ms on the boot clock):

    hello     version                    permit    line, not_after, generation, part
    renew                                open      line, or null for all
    indicate  output, pattern            simulate  burner, action (only where the pins are simulated)

``part`` is both, or first or second while two relays in series are tested one at a time.

Keeper to controller, each with ``type``:

    hello     version, pid, simulated, lines {name: generation}, settings (their fingerprint)
    done      seq, line                  what ``seq`` asked for has been done, on the line itself; of a permit also
                                         pauses_at, when the line opens after its longest time energised
    refused   seq, line, generation, why
    opened    line, cause, cut, generation, at      the keeper opened it by itself
    sensed    contacts, flames {burner: bool or null}, inputs, buttons {id: bool}, millivolts {burner: mV or null},
              references [mV]; not said where there is nothing of all that
    failed    why                        the last word before it goes

A packet that does not fit is a fault: the keeper opens every line and hangs up.
"""

import json
from enum import StrEnum
from typing import Any

VERSION = 3
LONGEST = 8_192  # bytes in a packet

_FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "hello": {"version": (int,)},
    "permit": {"line": (str,), "not_after": (int,), "generation": (int,), "part": (str,)},
    "open": {"line": (str, type(None))},
    "renew": {},
    "indicate": {"output": (str,), "pattern": (str,)},
    "simulate": {"burner": (str,), "action": (str,)},
}
_HEAD: dict[str, tuple[type, ...]] = {"type": (str,), "seq": (int,), "sent_at": (int,)}
_REQUESTS = {kind: _HEAD | fields for kind, fields in _FIELDS.items()}


class Part(StrEnum):
    """Which relays of a line are meant. Two in series are tested one at a time before both close."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


Message = dict[str, Any]
_compact = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps would make an encoder for each packet
_parse = json.JSONDecoder().decode  # json.loads would look for UTF-16 first


class Malformed(ValueError):
    """A packet that is not one of ours; the text says what is wrong with it."""


def encode(message: Message) -> bytes:
    """The packet for a message."""
    return _compact(message).encode()


def opening_packet(line: str | None, seq: int, sent_at: int) -> bytes:
    """The packet that asks to open a line, or all (None), without the encoder: that is 20 µs of cold code."""
    named = "null" if line is None else f'"{line}"'  # an identifier, so nothing to escape
    return f'{{"type":"open","line":{named},"seq":{seq},"sent_at":{sent_at}}}'.encode()


def decode(packet: bytes) -> Message:
    """The message in a packet. Raises :class:`Malformed` unless it is one JSON object with a type."""
    try:
        message = _parse(packet.decode())
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise Malformed("not an object with a type")
    return message


def decode_request(packet: bytes) -> Message:
    """A message to the keeper with exactly its fields, of exactly their types. Raises :class:`Malformed`."""
    message = decode(packet)
    expected = _REQUESTS.get(message["type"])
    if expected is None:
        raise Malformed(f"unknown type {message['type'][:32]!r}")
    if message.keys() != expected.keys():
        raise Malformed(f"{message['type']} has fields {sorted(message)}, not {sorted(expected)}")
    for name, types in expected.items():
        if type(message[name]) not in types:  # bool is an int to isinstance
            raise Malformed(f"{message['type']}.{name} is a {type(message[name]).__name__}")
    return message
