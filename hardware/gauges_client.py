"""The controller's end of the gauges: one child that reads converters, started again whenever it fails.

Nothing here waits for the child, and nothing that cuts depends on it: without readings the flame is unknown.
"""

import asyncio
import contextlib
import math
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hardware.clock import SECOND, Clock, Millis
from hardware.durations import in_words
from hardware.protocol import LONGEST, Malformed, Message, decode

PATIENCE: Millis = 2 * SECOND  # 20 readings
START_PATIENCE: Millis = 10 * SECOND  # a Pi Zero with a cold SD card needs about 3 s to import gpiozero
FIRST_RETRY = 0.05  # s
LONGEST_RETRY = 2.0  # s
REAP_EVERY = 0.02  # s
REAP_PATIENCE = 2.0  # s; a process inside a hanging bus dies when the kernel gives the transfer up


@dataclass(frozen=True)
class Gauged:
    """One round of readings in mV, None where a converter failed, and when it began on the boot clock."""

    at: Millis
    millivolts: Mapping[str, float | None] = field(default_factory=dict)
    references: Sequence[float | None] = ()


class GaugesClient:
    """The one gauges process of this controller."""

    def __init__(
        self,
        config_path: str | None,
        clock: Clock,
        patience: Millis = PATIENCE,
        start_patience: Millis = START_PATIENCE,
        settings: str | None = None,
    ) -> None:
        """``patience``: ms of silence after which it counts as hung; ``start_patience``: before its first word.

        ``settings``: the fingerprint that its settings have to have; None where that is not compared.
        """
        self._arguments = [sys.executable, "-P", "-m", "hardware.gauges"]  # -P: not a hardware/ of the working folder
        if config_path is not None:
            self._arguments += ["--config", config_path]
        if settings is not None:
            self._arguments += ["--settings", settings]
        self._clock = clock
        self._patience = patience
        self._start_patience = start_patience
        self._child: subprocess.Popen[bytes] | None = None
        self._take: Callable[[Gauged], None] = lambda _: None
        self._gone: asyncio.Future[str]  # of the present child: why it is of no use any more
        self._silence: asyncio.TimerHandle | None = None  # runs out when the child is silent for too long
        self.problem: str | None = "the gauges have not said anything yet"
        """Why there are no readings, in a sentence; None while there are."""

    @property
    def pid(self) -> int | None:
        """The child's, while there is one."""
        return self._child.pid if self._child is not None else None

    async def run(self, take: Callable[[Gauged], None]) -> None:
        """Have every reading taken until cancelled."""
        self._take = take
        retry = FIRST_RETRY
        try:
            while True:
                why = await self._one_life()
                if self.problem is None:  # it has spoken
                    retry = FIRST_RETRY
                self.problem = why
                await self._bury()  # before the next, which would only queue behind it at the same bus
                await asyncio.sleep(retry)
                retry = min(retry * 2, LONGEST_RETRY)
        finally:
            self.problem = "the gauges have been stopped"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REAP_PATIENCE):
                    await self._bury()

    async def _one_life(self) -> str:
        """Start a child and hear it until it fails; returns why."""
        loop = asyncio.get_running_loop()
        self._gone = loop.create_future()
        try:
            connection = self._start()
        except OSError as error:
            return f"the gauges cannot be started: {error.strerror or error}"
        self._wait_for(self._start_patience)
        loop.add_reader(connection, self._hear, connection)
        try:
            return await self._gone
        finally:
            if self._silence is not None:
                self._silence.cancel()
            loop.remove_reader(connection)
            connection.close()

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._child = subprocess.Popen(
                [*self._arguments, "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the controller's to answer
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def _wait_for(self, patience: Millis) -> None:
        """Give the child so long for its next word. Words that wait when time is up are heard first."""
        if self._silence is not None:
            self._silence.cancel()
        why = f"the gauges said nothing for {in_words(patience)}, as when a converter's bus hangs, and were killed"
        self._silence = asyncio.get_running_loop().call_later(patience / 1000, self._fail, why)

    def _fail(self, why: str) -> None:
        if not self._gone.done():
            self._gone.set_result(why)

    async def _bury(self) -> None:
        """Kill the child and wait until it is gone, without blocking anybody."""
        if self._child is not None:
            self._child.kill()
            while self._child.poll() is None:  # noqa: ASYNC110  # no event tells of a child's end
                await asyncio.sleep(REAP_EVERY)
            self._child = None

    # --- hearing --------------------------------------------------------------------------------------

    def _hear(self, connection: socket.socket) -> None:
        """Take one packet; the loop calls again while there are more."""
        try:
            packet = connection.recv(LONGEST, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(f"the gauges were lost: {error.strerror}")
            return
        if not packet:
            self._fail("the gauges died or hung up")
            return
        try:
            message = decode(packet)
            if message["type"] == "failed":
                self._fail(str(message["why"]))
                return
            gauged = _gauged(message, self._clock.now())
        except (Malformed, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            self._fail(f"the gauges speak nonsense: {error!r}")
            return
        self._wait_for(self._patience)
        self.problem = None
        self._take(gauged)


def _gauged(message: Message, now: Millis) -> Gauged:
    """The readings in a message, checked. Raises ``KeyError``, ``ValueError`` and their like."""
    at, millivolts, references = message["at"], message["millivolts"], message["references"]
    if message["type"] != "gauged" or type(at) is not int or at > now:  # one from the future would never grow old
        raise ValueError(f"a {message['type'][:32]} of {at!r} at {now}")
    if type(references) is not list or not all(map(_is_reading, [*millivolts.values(), *references])):
        raise ValueError("readings that are no numbers")
    return Gauged(at, millivolts, references)


def _is_reading(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value))
