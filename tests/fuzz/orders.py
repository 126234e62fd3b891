"""What a broker hands over: any topics, payloads and flags, to the whole adapter, before a real stove.

An input is two switches of the configuration and a few messages. What each of them may lead to is worked out here once
more, from topic and payload alone: exactly these calls on the stove and no other, each refusal on record and its
sender shown what holds, a retained command cleared, and nothing raised, logged as an error or said to the stove by an
empty payload.
"""

import asyncio
import contextlib
import logging
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast
from unittest import mock

from api.mqtt import commands
from api.mqtt.adapter import MqttAdapter
from api.mqtt.commands import Arrived, CommandReader
from api.mqtt.orders import Orders
from controller.stove import Stove
from tests.fakes import StoveBench, config
from tests.fuzz.target import Choices, Target, Try, demand, piece

MINUTE = 60_000
MOST_MESSAGES = 8  # in one input; a stove notes 30 refusals a minute, and no more
REFUSED = ("refused",)
CALLS = {
    *("open_now", "shut_off", "shut_off_all", "start_timer", "extend", "cancel_timer", "reset", "attend", "sweep"),
    *("set_default_timer", "lock", "unlock", "lock_all", "unlock_all", "simulate", "refuse", "interlock_spoke"),
}
ROOT, LEFT = "flameout/kitchen", "flameout/kitchen/burner/left"
TOPICS = (
    *(f"{LEFT}/cmd/{name}" for name in commands.BURNER_COMMANDS),
    *(f"{ROOT}/cmd/{name}" for name in commands.STOVE_COMMANDS),
    f"{ROOT}/burner/right/cmd/timer",
    f"{ROOT}/burner/middle/cmd/valve",
    f"{ROOT}/cmd/valve",
    f"{LEFT}/cmd/child_lock",
    "homeassistant/status",
    "house/gas",
    f"{ROOT}/state",
)
WORDS = (b"", b"CLOSE", b"PRESS", b"ON", b"OFF", b"DEFAULT", b"25", b"12.5", b"0", b"0.0", b"online", b"OPEN")
PASSES = (0, 1, 59_999, 60_000, 60_001)
Call = tuple[Any, ...]


@dataclass
class Said:
    """What the adapter did with messages: its calls on the stove, what it published, its errors."""

    calls: list[Call]
    published: list[tuple[str, bytes, bool]]
    errors: list[str]


class Watched:
    """The stove, with each call that could change something noted before it is made."""

    def __init__(self, stove: Stove, said: Said) -> None:
        self._stove, self._said = stove, said

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._stove, name)
        if name not in CALLS:
            return value

        def call(*arguments: Any) -> Any:
            self._said.calls.append((name, *arguments))
            return value(*arguments)

        return call


class Broker:
    """Stands where the link to a broker does: takes what is published, and acknowledges nothing."""

    flags_retained, room = False, 1_000

    def __init__(self, said: Said) -> None:
        self._said = said

    def subscribe(self, *_: object) -> None: ...

    def publish(self, topic: str, payload: bytes, _qos: int, retain: bool) -> int | None:
        self._said.published.append((topic, payload, retain))
        return None


class Errors(logging.Handler):
    """What would be in the log as an error."""

    def __init__(self, said: Said) -> None:
        super().__init__(logging.ERROR)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.errors.append(f"{record.getMessage()} {record.exc_info}")


class AtOnce(random.Random):
    """Chance that makes nobody wait."""

    def random(self) -> float:
        return 0.0


# --- what a message means, worked out once more ------------------------------------------------------


def meaning(message: Arrived, unlock: bool, reset: bool) -> list[Call]:
    """The calls that it leads to; one REFUSED where it is a command that is not obeyed."""
    if message.topic == "house/gas":
        return [("interlock_spoke", "gas", message.payload == b"ON")]
    place = re.fullmatch(r"flameout/kitchen(?:/burner/([^/]*))?/cmd/([^/]*)", message.topic, re.DOTALL)
    if place is None or len(message.payload) == 0:
        return []
    burner, name = place[1], place[2]
    if message.retained or len(message.payload) > 64 or burner not in (None, "left", "right"):
        return [REFUSED]
    of_stove = {"shut_off_all": _shut_all, "child_lock": _child_lock, "sweep": _sweep, "default_timer": _default}
    if burner is None:
        return of_stove[name](message.payload, unlock) if name in of_stove else [REFUSED]
    return _of_burner(burner, name, message.payload, reset)


def _of_burner(burner: str, name: str, payload: bytes, reset: bool) -> list[Call]:
    minutes = _minutes(payload)
    words: dict[tuple[str, bytes], Call] = {
        ("valve", b"CLOSE"): ("open_now", burner, "mqtt"),
        ("timer", b"DEFAULT"): ("start_timer", burner, None, "mqtt"),
        ("cancel", b"PRESS"): ("cancel_timer", burner, "mqtt"),
        ("attention", b"PRESS"): ("attend", burner, "mqtt"),
        ("reset", b"PRESS"): ("reset", burner, "mqtt") if reset else REFUSED,
    }
    if minutes is None or name not in ("timer", "extend"):
        return [words.get((name, payload), REFUSED)]
    if name == "extend":
        return [("extend", burner, minutes, "mqtt")]
    return [("start_timer", burner, minutes, "mqtt") if minutes else ("cancel_timer", burner, "mqtt")]


def _shut_all(payload: bytes, _unlock: bool) -> list[Call]:
    return [("open_now", None, "mqtt")] if payload == b"PRESS" else [REFUSED]


def _sweep(payload: bytes, _unlock: bool) -> list[Call]:
    return [("sweep", "mqtt")] if payload == b"PRESS" else [REFUSED]


def _default(payload: bytes, _unlock: bool) -> list[Call]:
    minutes = _minutes(payload)
    return [("set_default_timer", minutes, "mqtt")] if minutes is not None else [REFUSED]


def _child_lock(payload: bytes, unlock: bool) -> list[Call]:
    if payload == b"ON":
        return [("lock", "left", "mqtt"), ("lock", "right", "mqtt")]
    if payload == b"OFF" and unlock:
        return [("unlock", "left", "mqtt"), ("unlock", "right", "mqtt")]
    return [REFUSED]


def _minutes(payload: bytes) -> int | None:
    """Milliseconds in up to six digits and up to three more after a point."""
    whole, point, rest = payload.partition(b".")
    digits = set(b"0123456789")
    if not (1 <= len(whole) <= 6 and set(whole) <= digits and set(rest) <= digits):
        return None
    if point and not 1 <= len(rest) <= 3:
        return None
    return int((int(whole) + Fraction(int(rest or b"0"), 10 ** len(rest))) * MINUTE)


# --- the rig ------------------------------------------------------------------------------------------


class Rig:
    """A stove that lives through all inputs, and an adapter that is new for each."""

    def __init__(self, folder: Path) -> None:
        self.configs = {
            (unlock, reset): config(
                mqtt={"host": "broker", "allow_unlock": unlock, "allow_reset": reset},
                interlocks=[{"id": "gas", "mqtt": {"topic": "house/gas"}, "reset": "auto"}],
            )
            for unlock in (False, True)
            for reset in (False, True)
        }
        self.bench = StoveBench(folder, self.configs[False, False])
        self.bench.start()

    async def take(self, data: bytes) -> None:
        choices = Choices(data)
        unlock, reset = bool(choices.below(2)), bool(choices.below(2))
        said = Said([], [], [])
        errors = Errors(said)
        log = logging.getLogger("flameout.mqtt")
        log.addHandler(errors)
        try:
            with mock.patch("api.mqtt.adapter.MqttLink", return_value=Broker(said)):
                stove = cast(Stove, Watched(self.bench.stove, said))
                adapter = MqttAdapter(stove, self.configs[unlock, reset], self.bench.clock, AtOnce())
            adapter.connected()
            await settled()
            await self._play(adapter, said, choices, (unlock, reset))
        finally:
            log.removeHandler(errors)
        self.bench.pass_time(2 * MINUTE)  # the memory for refusals is a minute

    async def _play(self, adapter: MqttAdapter, said: Said, choices: Choices, may: tuple[bool, bool]) -> None:
        obeyed: dict[tuple[str, bytes], int] = {}  # when a message came last that was a command
        for _ in range(MOST_MESSAGES):
            if not choices.left:
                return
            message = _message(choices)
            if passes := choices.of(PASSES):
                self.bench.pass_time(passes)
            said.calls.clear()
            said.published.clear()
            if not adapter.ahead(message):  # as a connection asks before it hands over
                adapter.arrived(message)
            at_once = list(said.calls)
            await settled()
            self._judge(message, at_once, said, self._wanted(message, obeyed, may))

    def _wanted(self, message: Arrived, obeyed: dict[tuple[str, bytes], int], may: tuple[bool, bool]) -> list[Call]:
        """What it means, after what came before it: a broker's second delivery counts only where it does no harm."""
        wanted, now, key = meaning(message, *may), self.bench.clock.now(), (message.topic, message.payload)
        slow = wanted and wanted != [REFUSED] and wanted[0][0] not in ("open_now", "interlock_spoke")
        if not slow:
            return wanted
        before, obeyed[key] = obeyed.get(key), now
        again = message.duplicate and before is not None and now - before <= MINUTE
        return [REFUSED] if again and wanted[0][0] not in ("lock", "sweep") else wanted

    def _judge(self, message: Arrived, at_once: list[Call], said: Said, wanted: list[Call]) -> None:
        demand(not said.errors, f"{message}: {said.errors}")
        refusals = [call for call in said.calls if call[0] == "refuse"]
        done = [call for call in said.calls if call[0] != "refuse"]
        default = self.bench.stove.default_timer()
        expected = [
            ("start_timer", call[1], default, call[3]) if call[0] == "start_timer" and call[2] is None else call
            for call in wanted
            if call != REFUSED
        ]
        demand(done == expected, f"{message} led to {done}, not {expected}")
        if expected and expected[0][0] == "open_now":
            demand(at_once == expected, f"{message} was obeyed only later")
        if wanted == [REFUSED]:
            demand(len(refusals) == 1 and refusals[0][3].endswith("."), f"{message} was refused as {refusals}")
            demand(any(topic.endswith("/state") for topic, _, _ in said.published), f"{message}: nobody was shown")
            cleared = (message.topic, b"", True) in said.published
            demand(cleared == message.retained, f"{message} was {'' if cleared else 'not '}cleared")
        if not message.payload and message.topic != "house/gas":
            demand(not said.calls, f"an empty payload led to {said.calls}")


def _message(choices: Choices) -> Arrived:
    topic = choices.below(len(TOPICS) + 2)
    text = TOPICS[topic] if topic < len(TOPICS) else choices.piece().decode("utf-8", "replace")
    word = choices.below(len(WORDS) + 4)
    payload = WORDS[word] if word < len(WORDS) else choices.piece()
    flags = choices.of((0, 0, 0, 0, 0, 1, 2, 3))
    return Arrived(text, payload, retained=bool(flags & 1), duplicate=bool(flags & 2))


async def settled() -> None:
    """Wait until all that was begun has ended: the journal writes in a thread."""
    for _ in range(3):
        await asyncio.sleep(0)
    while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(tasks)
    await asyncio.sleep(0)


@contextlib.contextmanager
def begin() -> Iterator[Try]:
    silent = mock.patch.object(logging.getLogger("flameout.mqtt"), "propagate", False)
    with silent, tempfile.TemporaryDirectory(dir=fast_folder()) as folder, asyncio.Runner() as runner:

        async def started() -> Rig:
            return Rig(Path(folder))

        rig = runner.run(started())
        try:
            yield lambda data: runner.run(rig.take(data))
        finally:
            runner.run(settled())
            rig.bench.close()


def fast_folder() -> str | None:
    """Memory where there is some to be had; the journal waits for the disk at each commit."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


# --- seeds and flaws ----------------------------------------------------------------------------------


def _seed(*messages: tuple[str, bytes, int], unlock: int = 0, reset: int = 0) -> bytes:
    made = bytes([unlock, reset])
    for topic, payload, flags in messages:
        place = [TOPICS.index(topic)] if topic in TOPICS else [len(TOPICS), *piece(topic.encode())]
        word = [WORDS.index(payload)] if payload in WORDS else [len(WORDS), *piece(payload)]
        made += bytes([*place, *word, (0, 5, 6, 7)[flags], 1])
    return made


def _each() -> Sequence[tuple[str, bytes, int]]:
    right = {"valve": b"CLOSE", "timer": b"25", "extend": b"12.5", "child_lock": b"ON", "default_timer": b"25"}
    return [(topic, right.get(topic.rpartition("/")[2], b"PRESS"), 0) for topic in TOPICS]


def _empty_is_a_press() -> contextlib.AbstractContextManager[object]:
    read: Callable[..., Any] = CommandReader.read

    def flawed(self: CommandReader, now: int, message: Arrived) -> Any:
        payload = message.payload or (b"CLOSE" if message.topic.endswith("valve") else b"PRESS")
        return read(self, now, Arrived(message.topic, payload, message.retained, message.duplicate))

    return mock.patch.object(CommandReader, "read", flawed)


def _any_number() -> contextlib.AbstractContextManager[object]:
    """Minutes by ``float``: 1e3, -5, NaN, infinity and ２５ are numbers then."""
    return mock.patch("api.mqtt.commands._minutes", lambda payload: int(float(payload.decode()) * MINUTE))


def _retained_is_urgent() -> contextlib.AbstractContextManager[object]:
    at_once: Callable[..., bool] = Orders.shut_off_at_once

    def flawed(self: Orders, message: Arrived) -> bool:
        return at_once(self, Arrived(message.topic, message.payload))

    return mock.patch.object(Orders, "shut_off_at_once", flawed)


def _everything_may() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(CommandReader, "_forbid", return_value=None)


TARGET = Target(
    "MQTT messages",
    begin,
    {
        **{f"each {n}": _seed(*_each()[n : n + 6], unlock=1, reset=1) for n in range(0, len(TOPICS), 6)},
        "nothing allowed": _seed((f"{ROOT}/cmd/child_lock", b"OFF", 0), (f"{LEFT}/cmd/reset", b"PRESS", 0)),
        "retained": _seed((f"{LEFT}/cmd/valve", b"CLOSE", 1), (f"{LEFT}/cmd/timer", b"25", 1)),
        "duplicates": _seed((f"{LEFT}/cmd/timer", b"25", 0), (f"{LEFT}/cmd/timer", b"25", 2)),
        "empty": _seed((f"{LEFT}/cmd/valve", b"", 0), (f"{ROOT}/cmd/sweep", b"", 0)),
        "numbers": _seed(*((f"{LEFT}/cmd/timer", text, 0) for text in (b"0", b"0.001", b"999999.999", b"1e3", b"-1"))),
        "topics": _seed((f"{LEFT}/cmd/timer/", b"25", 0), (f"{ROOT}//cmd/x", b"1", 0), (f"{ROOT}/cmd/\n", b"\xff", 0)),
    },
    [*WORDS[1:], b"1e3", b"-1", b"NaN", b"inf", b"+5", b" 5", b"5\n", b"1_0", "２５".encode(), ROOT.encode(), b"/cmd/"],
    {
        "an empty payload is a press": _empty_is_a_press,
        "minutes are whatever float takes": _any_number,
        "everything is allowed": _everything_may,
        "a retained shut-off is obeyed": _retained_is_urgent,
    },
)
