"""What comes to the keeper's socket: any packets at any times, to the whole keeper in this process.

An input is a list of deeds: a message with its right number or a wrong one, with a field's text replaced, a packet of
any bytes, time, a tilt switch, a new client. What the keeper does is held against :mod:`tests.fuzz.books`.
"""

import contextlib
import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from hardware import protocol
from hardware.permits import Permits
from tests.fuzz.books import PINS, Rig
from tests.fuzz.target import Choices, Target, Try, piece

MOST_DEEDS = 60  # of an input
PARTS_NAMED = ("both", "both", "first", "second", "third")
KINDS = ("renew", "permit", "permit", "open", "hello", "indicate", "simulate")
AHEAD = (1_000, 1, 0, -1, 499, 501, 1_999, 2_000, 2_001, 3_001, 10**12, -(10**12), 2**63, -(10**30))
AGO = (0, 1, 250, 499, 500, 501, 5_000, -1, -1_000, 10**12)
LINES = ("left", "right", "middle", "", "\ud800")
PASSES = (50, 1, 49, 51, 100, 499, 500, 501, 999, 1_000, 2_000, 3_000, 0)
ACTIONS = ("light", "off", "trip", "clear", "fault none", "fault contact_stuck", "nonsense")


def _fields(rig: Rig, choices: Choices) -> dict[str, Any]:
    """A message, right where the choices are 0."""
    if rig.client is None:
        rig.connect()
    kind, now = choices.of(KINDS), rig.clock.now()
    if rig.seq == 0 and kind != "simulate":
        kind = "hello"
    rig.seq += 1 + choices.of((0,) * 14 + (1, -1))
    message: dict[str, Any] = {"type": kind, "seq": rig.seq, "sent_at": now}
    if kind == "renew":
        message["sent_at"] = now - choices.of(AGO)
    elif kind == "hello":
        message["version"] = choices.of((protocol.VERSION,) * 7 + (1,))
    elif kind == "permit":
        line = choices.of(LINES)
        generation = rig.books[line].told if line in PINS else 0
        message |= {"line": line, "not_after": now + choices.of(AHEAD), "part": choices.of(PARTS_NAMED)}
        message["generation"] = generation + choices.of((0, 0, 0, -1, 1, -2))
    elif kind == "open":
        message["line"] = choices.of((*LINES, None))
    elif kind == "indicate":
        message |= {"output": choices.of(("lamp", "none")), "pattern": choices.of(("warn", "off", "cut", "none"))}
    else:
        message |= {"burner": choices.of((*LINES, "tilt")), "action": choices.of(ACTIONS)}
    return message


def _message(rig: Rig, choices: Choices) -> bytes:
    return json.dumps(_fields(rig, choices)).encode()


def _bent(rig: Rig, choices: Choices) -> bytes:
    """A message with one field's text replaced, or one field more."""
    texts = {json.dumps(name): json.dumps(value).encode() for name, value in _fields(rig, choices).items()}
    name = choices.of((*texts, '"more"'))
    texts[name] = choices.piece()
    return b"{" + b",".join(key.encode() + b":" + text for key, text in texts.items()) + b"}"


def _tilt(rig: Rig, choices: Choices) -> None:
    rig.factory.simulate("tilt", choices.of(("trip", "clear")))


def _pass(rig: Rig, choices: Choices) -> None:
    rig.clock.advance(choices.of(PASSES))
    rig.turn()


def _say(rig: Rig, choices: Choices) -> None:
    rig.send(_message(rig, choices))
    rig.turn()


def _queue(rig: Rig, choices: Choices) -> None:
    rig.send(_message(rig, choices))


def _say_bent(rig: Rig, choices: Choices) -> None:
    rig.send(_bent(rig, choices))
    rig.turn()


def _say_anything(rig: Rig, choices: Choices) -> None:
    rig.send(choices.piece())
    rig.turn()


def _come(rig: Rig, choices: Choices) -> None:
    rig.connect()


def _leave(rig: Rig, choices: Choices) -> None:
    rig.hang_up()


DEEDS: tuple[Callable[[Rig, Choices], None], ...] = (
    _say, _pass, _queue, _say_bent, _say_anything, _tilt, _come, _leave, _say, _pass,
)  # fmt: skip


@contextlib.contextmanager
def begin() -> Iterator[Try]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(f"\0flameout-fuzz-{os.getpid()}")
        listener.listen()
        rig = Rig(listener)

        def try_one(data: bytes) -> None:
            choices = Choices(data)
            with contextlib.redirect_stderr(io.StringIO()):
                for _ in range(MOST_DEEDS):
                    if not choices.left:
                        break
                    choices.of(DEEDS)(rig, choices)
                rig.rest()

        with contextlib.closing(rig):
            yield try_one


# --- flaws --------------------------------------------------------------------------------------------


class WithoutGenerations(Permits):
    """Grants a permit that was on its way when the keeper opened the line."""

    def permit(self, now: int, name: str, not_after: int, generation: int) -> None:
        line = self.lines.get(name)
        super().permit(now, name, not_after, line.generation if line is not None else generation)


class LeaseFromReading(Permits):
    """Counts the lease from when the renewal was read."""

    def renew(self, now: int, sent_at: int) -> None:
        super().renew(now, sent_at)
        self.leased_from = now


def _lenient(packet: bytes) -> protocol.Message:
    """Takes what is like a message."""
    message = protocol.decode(packet)
    return {"seq": 0, "sent_at": 0, "line": None} | message


HELLO, RENEW, PERMIT = bytes([0, 4, 0, 0]), bytes([0, 0, 0, 0]), bytes([0, 1, 0, 0, 0, 0, 0])  # as _say reads them
BEGUN = HELLO + RENEW + PERMIT

TARGET = Target(
    "packets to the keeper",
    begin,
    {
        "nothing": b"",
        "a burn": BEGUN + bytes([1, 0, *RENEW, 1, 0, *RENEW, 1, 4]),
        "an end": HELLO + RENEW + bytes([*PERMIT[:4], 1, 0, 0, 1, 0]),
        "a lapse": BEGUN + bytes([1, 7, *RENEW, *PERMIT]),
        "both lines": BEGUN + bytes([0, 1, 0, 1, 0, 0, 0, 0, 3, 0, 5]),
        "a tilt": BEGUN + bytes([5, 0, 1, 0, 1, 0, 1, 0, *PERMIT, 5, 1, 1, 0, 1, 0, *PERMIT]),
        "a permit in flight": BEGUN + bytes([2, *PERMIT[1:], 1, 7, *RENEW, 1, 0]),
        "a stale permit": BEGUN + bytes([1, 7, *RENEW, *PERMIT[:-1], 3]),
        "a renewal that queued": HELLO + bytes([2, *RENEW[1:], 2, *PERMIT[1:], 1, 5, 1, 0]),
        "the longest time": BEGUN + bytes([1, 5, *RENEW, *PERMIT] * 7),
        "one relay of a pair": HELLO + RENEW + bytes([*PERMIT[:5], 2, 0, *PERMIT[:5], 3, 0]),
        "bent": HELLO + RENEW + bytes([3, *PERMIT[1:], 4]) + piece(b"NaN"),
        "more": HELLO + bytes([3, *RENEW[1:], 3]) + piece(b"1"),
        "anything": bytes([4])
        + piece(b'{"type":"hello","seq":1,"sent_at":0,"version":%d}' % protocol.VERSION)
        + bytes([4])
        + piece(b"[]"),
        "another client": BEGUN + bytes([6, 1, 7, 6]) + BEGUN + bytes([7, 6]) + HELLO,
    },
    [b"NaN", b"Infinity", b"true", b"null", b"1e3", b"1.0", b"-1", b'"left"', b"[]", b"{}", b'"seq":1', b"\xff"],
    {
        "generations are ignored": lambda: mock.patch("hardware.keeper.Permits", WithoutGenerations),
        "the lease counts from the reading": lambda: mock.patch("hardware.keeper.Permits", LeaseFromReading),
        "what is like a message is taken": lambda: mock.patch("hardware.keeper.decode_request", _lenient),
    },
)
