"""From a message on a command topic to what the stove is asked for, or to a sentence that says why not.

Nothing here can be heard as "open": a command sets, moves or ends a countdown, or it shuts off.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal

from api.mqtt.topics import Topics
from controller.config import MqttConfig
from hardware.clock import MINUTE, SECOND, Millis

LONGEST_PAYLOAD = 64  # bytes; the longest sensible one has seven
REDELIVERED_WITHIN: Millis = 60 * SECOND
_CLOSE, _PRESS = b"CLOSE", b"PRESS"
_SHOWN = 32  # characters of what somebody sent, in a sentence
_REMEMBERED = 64  # commands
_MINUTES = re.compile(rb"[0-9]{1,6}(?:\.[0-9]{1,3})?")  # no sign, exponent, underscore, space, NaN or infinity


@dataclass(frozen=True)
class Arrived:
    """A message as the broker gave it."""

    topic: str
    payload: bytes
    retained: bool = False
    duplicate: bool = False


@dataclass(frozen=True)
class ShutOff:
    """Open the relay of one burner, or of all (None)."""

    burner: str | None


@dataclass(frozen=True)
class LockAll:
    """Put the child lock on every burner."""

    burner: None = None


@dataclass(frozen=True)
class UnlockAll:
    """End the child lock of every burner."""

    burner: None = None


@dataclass(frozen=True)
class StartTimer:
    """Set or replace the timer; None stands for the default timer."""

    burner: str
    duration: Millis | None


@dataclass(frozen=True)
class Extend:
    burner: str
    extension: Millis


@dataclass(frozen=True)
class CancelTimer:
    burner: str


@dataclass(frozen=True)
class Reset:
    burner: str


@dataclass(frozen=True)
class Attend:
    """Somebody is there."""

    burner: str


@dataclass(frozen=True)
class Sweep:
    """Open every relay for a while, after a warning where something burns."""

    burner: None = None


@dataclass(frozen=True)
class SetDefaultTimer:
    duration: Millis
    burner: None = None


Command = ShutOff | LockAll | UnlockAll | StartTimer | Extend | CancelTimer | Reset | Attend | Sweep | SetDefaultTimer


@dataclass(frozen=True)
class Refusal:
    """A message that is not obeyed; ``clear`` names the topic whose retained message has to go."""

    burner: str | None
    command: str
    why: str
    clear: str | None = None


class _No(Exception):
    """Not obeyed; the text says why."""


class CommandReader:
    """Reads command messages, with a short memory for what was obeyed already."""

    def __init__(self, topics: Topics, burner_ids: Collection[str], policy: MqttConfig) -> None:
        self._topics = topics
        self._burners = frozenset(burner_ids)
        self._policy = policy
        self._obeyed: dict[tuple[str, bytes], Millis] = {}

    def read(self, now: Millis, message: Arrived) -> Command | Refusal | None:
        """What to do; None where the message is not a command at all: another topic, or an empty payload."""
        addressee = self._topics.addressee(message.topic)
        if addressee is None or not message.payload:
            return None
        burner, name = addressee
        try:
            return self._command(now, message, burner, name)
        except _No as error:
            known = burner if burner in self._burners else None
            said = name if name in BURNER_COMMANDS + STOVE_COMMANDS else shown(name.encode())
            return Refusal(known, said, str(error), clear=message.topic if message.retained else None)

    def shut_offs(self) -> dict[tuple[str, bytes], ShutOff]:
        """Topic and payload of every message that shuts off, which is obeyed unless it is retained."""
        burners = {(self._topics.command("valve", burner), _CLOSE): ShutOff(burner) for burner in self._burners}
        return burners | {(self._topics.command("shut_off_all"), _PRESS): ShutOff(None)}

    def _command(self, now: Millis, message: Arrived, burner: str | None, name: str) -> Command:
        if message.retained:
            raise _No("A retained command is not obeyed: it would come again at every connection. It is cleared.")
        if burner is not None and burner not in self._burners:
            raise _No(f"There is no burner {shown(burner.encode())}.")
        parse = (_OF_STOVE if burner is None else _OF_BURNER).get(name)
        if parse is None:
            raise _No(f"There is no command {shown(name.encode())} here.")
        if len(message.payload) > LONGEST_PAYLOAD:
            raise _No(f"The payload has {len(message.payload)} bytes; no command needs that many.")
        command = parse(burner or "", message.payload)
        if isinstance(command, ShutOff):  # whatever forbids a command does not forbid this one
            return command
        self._forbid(command)
        self._forbid_again(now, message, command)
        return command

    def _forbid(self, command: Command) -> None:
        if isinstance(command, UnlockAll) and not self._policy.allow_unlock:
            raise _No("Unlocking over MQTT is off; set mqtt.allow_unlock = true to allow it.")
        if isinstance(command, Reset) and not self._policy.allow_reset:
            raise _No("Resetting over MQTT is off; set mqtt.allow_reset = true to allow it.")

    def _forbid_again(self, now: Millis, message: Arrived, command: Command) -> None:
        """A redelivered message is not obeyed twice, unless it shuts off, which does no harm."""
        key = (message.topic, message.payload)
        before = self._obeyed.pop(key, None)
        self._obeyed[key] = now
        while len(self._obeyed) > _REMEMBERED:
            del self._obeyed[next(iter(self._obeyed))]
        if not message.duplicate or before is None or now - before > REDELIVERED_WITHIN:
            return
        if not isinstance(command, LockAll | Sweep):
            raise _No("This is a duplicate: the broker delivered a message twice, and the first has been dealt with.")


def shown(payload: bytes) -> str:
    """What somebody sent, in at most 32 harmless characters."""
    text = ascii(payload[: 4 * _SHOWN].decode("utf-8", "replace"))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


# --- payloads -----------------------------------------------------------------------------------------


def _minutes(payload: bytes) -> Millis:
    if not _MINUTES.fullmatch(payload):
        raise _No(f"{shown(payload)} is not a number of minutes; send one like 25 or 12.5.")
    return int(Decimal(payload.decode()) * MINUTE)


def _word(payload: bytes, *words: bytes) -> bytes:
    if payload not in words:
        raise _No(f"{shown(payload)} is not what is sent here; send {' or '.join(word.decode() for word in words)}.")
    return payload


def _valve(burner: str, payload: bytes) -> Command:
    if payload != _CLOSE:
        raise _No(f"{shown(payload)} is not what is sent here; send CLOSE. Nothing but a hand on the knob opens gas.")
    return ShutOff(burner)


def _timer(burner: str, payload: bytes) -> Command:
    if payload == b"DEFAULT":
        return StartTimer(burner, None)
    duration = _minutes(payload)
    return StartTimer(burner, duration) if duration else CancelTimer(burner)


def _extend(burner: str, payload: bytes) -> Command:
    return Extend(burner, _minutes(payload))


def _cancel(burner: str, payload: bytes) -> Command:
    _word(payload, _PRESS)
    return CancelTimer(burner)


def _attention(burner: str, payload: bytes) -> Command:
    _word(payload, _PRESS)
    return Attend(burner)


def _sweep(_: str, payload: bytes) -> Command:
    _word(payload, _PRESS)
    return Sweep()


def _reset(burner: str, payload: bytes) -> Command:
    _word(payload, _PRESS)
    return Reset(burner)


def _shut_off_all(_: str, payload: bytes) -> Command:
    _word(payload, _PRESS)
    return ShutOff(None)


def _child_lock(_: str, payload: bytes) -> Command:
    return LockAll() if _word(payload, b"ON", b"OFF") == b"ON" else UnlockAll()


def _default_timer(_: str, payload: bytes) -> Command:
    return SetDefaultTimer(_minutes(payload))


_Parser = Callable[[str, bytes], Command]
_OF_BURNER: dict[str, _Parser] = {
    "valve": _valve,
    "timer": _timer,
    "extend": _extend,
    "cancel": _cancel,
    "reset": _reset,
    "attention": _attention,
}
_OF_STOVE: dict[str, _Parser] = {
    "shut_off_all": _shut_off_all,
    "child_lock": _child_lock,
    "sweep": _sweep,
    "default_timer": _default_timer,
}
BURNER_COMMANDS = tuple(_OF_BURNER)
STOVE_COMMANDS = tuple(_OF_STOVE)
