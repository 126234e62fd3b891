"""The controller's end of the keeper's socket.

:class:`KeeperClient` keeps one keeper at hand: it says what the controller decides, counts the answers, and
when they fail to come kills what is left and gets a new keeper. Nothing here waits before it sends.
"""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Protocol

from hardware.clock import SECOND, Clock, Millis
from hardware.origin import Origin, Reached
from hardware.protocol import LONGEST, VERSION, Malformed, Message, Part, decode, encode, opening_packet

START_PATIENCE: Millis = 10 * SECOND  # a Pi Zero with a cold SD card needs about 3 s to import gpiozero
FIRST_RETRY = 0.05  # s
LONGEST_RETRY = 2.0  # s


class KeeperAway(Exception):
    """There is no keeper to ask, or it went before it answered; the text says why."""


@dataclass(frozen=True)
class Opened:
    """The keeper opened ``line`` by itself; see :class:`hardware.permits.Opening`."""

    line: str
    cause: str
    cut: bool
    at: Millis


@dataclass(frozen=True)
class Sensed:
    """What the keeper measured: contacts and flames by burner, hard inputs and buttons by id, voltages in mV.

    None where there is a sensor and no reading, as of one that flickers too fast.
    """

    contacts: Mapping[str, bool | None] = field(default_factory=dict)
    flames: Mapping[str, bool | None] = field(default_factory=dict)
    inputs: Mapping[str, bool] = field(default_factory=dict)
    buttons: Mapping[str, bool] = field(default_factory=dict)
    millivolts: Mapping[str, float | None] = field(default_factory=dict)
    references: Sequence[float | None] = ()


OTHER_SETTINGS = (
    "it has other pins, sensors or limits than this program. Either only one of the two was started anew after a "
    "change (sudo systemctl restart flameout-keeper flameout), or a FLAMEOUT_ variable is set for one service only"
)
_SENSED = [each.name for each in fields(Sensed)]


class Listener(Protocol):
    """Who is told what the keeper says."""

    def keeper_ready(self) -> None: ...
    def keeper_lost(self, why: str) -> None: ...
    def keeper_opened(self, opened: Opened) -> None: ...
    def keeper_sensed(self, sensed: Sensed) -> None: ...
    def permit_answered(self, line: str) -> None: ...


@dataclass(frozen=True)
class _Permit:
    """What was asked for: until when, and which relays."""

    not_after: Millis
    part: Part


@dataclass
class _Asked:
    """A message that the keeper has not answered yet."""

    sent_at: Millis
    line: str | None
    permit: _Permit | None
    answer: asyncio.Future[None] = field(repr=False)


class KeeperClient:
    """The one keeper this controller speaks to."""

    def __init__(self, origin: Origin, clock: Clock, patience: Millis, settings: str | None = None) -> None:
        """``patience``: ms that an answer may take before the keeper counts as hung.

        ``settings``: the fingerprint that the keeper's have to have; None where that is not compared.
        """
        self._origin = origin
        self._clock = clock
        self._patience = patience
        self._settings = settings
        self._reached: Reached | None = None
        self._asked: dict[int, _Asked] = {}
        self._seq = 0
        self._generations: dict[str, int] = {}
        self._permits: dict[str, _Permit] = {}  # as answered
        self._wanted: dict[str, _Permit] = {}  # as sent
        self._pauses: dict[str, Millis] = {}
        self._patterns: dict[str, str] = {}  # of the outputs, as sent
        self._judged_at: Millis = clock.now()
        self._gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Ends when the first keeper is ready, or with :class:`KeeperAway` when it did not start."""
        self.first.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.ready = False
        self.simulated = False
        self.pid: int | None = None

    async def run(self, listener: Listener) -> None:
        """Keep a keeper at hand until cancelled."""
        self._listener = listener
        retry = FIRST_RETRY
        while True:
            why = await self._one_life()
            retry = FIRST_RETRY if self.ready else min(retry * 2, LONGEST_RETRY)
            await self._bury(why)
            await asyncio.sleep(retry)

    async def _one_life(self) -> str:
        self._gone = asyncio.get_running_loop().create_future()
        try:
            self._reached = self._origin.reach()
        except OSError as error:
            return f"no keeper to be reached: {error.strerror or error}"
        self._seq = 0
        self._judged_at = self._clock.now()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._reached.connection, self._read)
        try:
            self._ask({"type": "hello", "version": VERSION})
            return await self._gone
        finally:
            loop.remove_reader(self._reached.connection)
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                self._reached.connection.close()

    async def _bury(self, why: str) -> None:
        self.ready = False
        self._permits.clear()
        self._wanted.clear()
        self._pauses.clear()
        self._patterns.clear()
        if self._reached is not None:
            self._reached.connection.close()  # one that hears that opens every line, and a child of ours ends
            left = self._reached.kill() if why.startswith("no answer") else None
            why = f"{why} ({left})" if left else why
        asked, self._asked = self._asked, {}
        for question in asked.values():
            if not question.answer.done():
                question.answer.set_exception(KeeperAway(why))
        if not self.first.done():
            self.first.set_exception(KeeperAway(why))
        self._listener.keeper_lost(why)
        if self._reached is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._reached.reap)
        self._reached = None

    # --- saying ---------------------------------------------------------------------------------------

    def open(self, line: str | None) -> asyncio.Future[None]:
        """Open a line, or all of them (None): sent before this returns; the future ends when it is open."""
        now = self._clock.now()
        answer = self._expect(now, self._send(opening_packet(line, self._seq + 1, now)), line)
        os.sched_yield()  # the kernel likes to wake the keeper on our core, where it would wait until we are done
        for name in [line] if line is not None else list(self._wanted):
            self._wanted.pop(name, None)
        return answer

    def permit(self, line: str, not_after: Millis, part: Part = Part.BOTH) -> None:
        """Permit a line until ``not_after``, unless just that has been said already."""
        permit = _Permit(not_after, part)
        if not self.ready or self._wanted.get(line) == permit:
            return
        self._wanted[line] = permit
        message = {"type": "permit", "line": line, "not_after": not_after, "part": part.value}
        self._ask(message | {"generation": self._generations[line]}, line=line, permit=permit)

    def indicate(self, output: str, pattern: str) -> None:
        """Have a buzzer, a lamp or the hood's relay play a pattern, unless it plays it already."""
        if self.ready and self._patterns.get(output) != pattern:
            self._patterns[output] = pattern
            self._ask({"type": "indicate", "output": output, "pattern": pattern})

    def renew(self) -> None:
        """Renew the lease; call it from the tick that evaluates the burners, and from nowhere else."""
        if self._reached is None:
            return
        self._read()
        self._judge(self._clock.now())
        if self.ready:
            self._ask({"type": "renew"})

    def simulate(self, burner: str, action: str) -> asyncio.Future[None]:
        """Turn the simulated hob's knob or set a fault; refused on real pins (:class:`KeeperAway`)."""
        return self._ask({"type": "simulate", "burner": burner, "action": action})

    def permitted_until(self, line: str) -> Millis | None:
        """Until when the keeper has said that it keeps the whole line energised; None while it is open."""
        permit = self._permits.get(line)
        return permit.not_after if permit is not None and permit.part is Part.BOTH else None

    def part(self, line: str) -> Part | None:
        """Which relays of the line the keeper has said that it keeps energised."""
        permit = self._permits.get(line)
        return permit.part if permit is not None else None

    def pauses_at(self, line: str) -> Millis | None:
        """When the keeper opens a line that it keeps energised, for a pause; None while it is open."""
        return self._pauses.get(line) if line in self._permits and line in self._wanted else None

    def wants(self, line: str) -> bool:
        """Whether a permit has been sent and not taken back."""
        return line in self._wanted

    def _ask(self, message: Message, line: str | None = None, permit: _Permit | None = None) -> asyncio.Future[None]:
        now = self._clock.now()
        return self._expect(now, self._send(encode(message | {"seq": self._seq + 1, "sent_at": now})), line, permit)

    def _expect(
        self, now: Millis, failed: str | None, line: str | None, permit: _Permit | None = None
    ) -> asyncio.Future[None]:
        """The answer to what has just been sent, unless that failed."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody has to look
        if failed is not None:
            answer.set_exception(KeeperAway(failed))
        else:
            self._seq += 1
            self._asked[self._seq] = _Asked(now, line, permit, answer)
        return answer

    def _send(self, packet: bytes) -> str | None:
        """Send at once; returns why not, where that cannot be."""
        if self._reached is None or self._gone.done():
            return "there is no keeper; a new one is being started"
        try:
            self._reached.connection.send(packet, socket.MSG_DONTWAIT)
        except OSError as error:
            self._read()  # its last words say why, where it had any
            self._give_up(f"does not listen: {error.strerror}")
            return f"the keeper does not listen: {error.strerror}"
        return None

    # --- hearing --------------------------------------------------------------------------------------

    def _read(self) -> None:
        while self._reached is not None and not self._gone.done():
            try:
                packet = self._reached.connection.recv(LONGEST, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # it left without reading all of ours; its last words may still be there
            except OSError as error:
                self._give_up(f"lost: {error.strerror}")
                return
            if not packet:
                self._give_up("hung up")
                return
            try:
                self._take(decode(packet))
            except (Malformed, KeyError, TypeError) as error:
                self._give_up(f"speaks nonsense: {error!r}")

    def _take(self, message: Message) -> None:
        kind = message["type"]
        if kind == "done":
            self._done(self._asked.pop(message["seq"]), message)
        elif kind == "sensed":
            self._listener.keeper_sensed(Sensed(**{name: message[name] for name in _SENSED}))
        elif kind == "opened":
            self._generations[message["line"]] = message["generation"]
            self._forget(message["line"])
            self._listener.keeper_opened(Opened(message["line"], message["cause"], message["cut"], message["at"]))
        elif kind == "refused":
            self._refused(self._asked.pop(message["seq"]), message)
        elif kind == "hello" and self._settings not in (None, message.get("settings")):
            self._give_up(OTHER_SETTINGS)
        elif kind == "hello":
            self._generations = dict(message["lines"])
            self.simulated, self.pid, self.ready = message["simulated"], message["pid"], True
            if not self.first.done():
                self.first.set_result(None)
            self._listener.keeper_ready()
        elif kind == "failed":
            self._give_up(message["why"])

    def _done(self, asked: _Asked, message: Message) -> None:
        if asked.permit is not None and asked.line is not None:
            if self._wanted.get(asked.line) is asked.permit:
                self._permits[asked.line] = asked.permit
                self._pauses[asked.line] = message["pauses_at"]
        elif asked.line is not None:
            self._permits.pop(asked.line, None)
        else:
            self._permits = {line: end for line, end in self._permits.items() if line in self._wanted}
        if not asked.answer.done():
            asked.answer.set_result(None)
        if asked.line is not None:
            self._listener.permit_answered(asked.line)

    def _refused(self, asked: _Asked, message: Message) -> None:
        if not asked.answer.done():
            asked.answer.set_exception(KeeperAway(message["why"]))
        if asked.line is not None:
            self._generations[asked.line] = message["generation"]
            if self._wanted.get(asked.line) is asked.permit:  # else a later one, perhaps an equal one, is on its way
                self._forget(asked.line)
            self._listener.permit_answered(asked.line)

    def _forget(self, line: str) -> None:
        self._wanted.pop(line, None)
        self._permits.pop(line, None)

    def _judge(self, now: Millis) -> None:
        """Give up a keeper that owes an answer for too long, unless it was us who slept."""
        slept = now - self._judged_at > self._patience // 2
        self._judged_at = now
        oldest = next(iter(self._asked.values()), None)
        patience = self._patience if self.ready else START_PATIENCE
        if oldest is not None and not slept and now - oldest.sent_at > patience:
            self._give_up(f"no answer for {now - oldest.sent_at} ms")

    def _give_up(self, why: str) -> None:
        if not self._gone.done():
            self._gone.set_result(why)
