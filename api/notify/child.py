"""Handing a message to the sender, a child process that may hang, crash or lie, and is gone when this returns."""

import asyncio
import contextlib
import importlib.util
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from api.notify.message import Message
from api.notify.send import NOT_INSTALLED

TIME_LIMIT = 20.0  # s, from the start of the child
REAP_WITHIN = 1.0  # s, for the kernel to end a killed child
MOST_LINES = 512  # that a child may say
MISSING = "Apprise is not installed; install flameout[notify]"


def is_installed() -> bool:
    """Whether there is an Apprise to be had, without importing it."""
    return importlib.util.find_spec("apprise") is not None


@dataclass
class Report:
    """How a message fared: what each service is called and whether it took it, and what is wrong with the sender."""

    labels: dict[str, str] = field(default_factory=dict)  # by the name it is known as; says no secret
    sent: dict[str, bool] = field(default_factory=dict)  # by that name; one that is missing has not answered
    trouble: str | None = None  # as the end of a sentence

    @property
    def reached(self) -> set[str]:
        """The services that took it."""
        return {known_as for known_as, sent in self.sent.items() if sent}

    @property
    def failed(self) -> list[str]:
        """The labels of those that did not."""
        return [label for known_as, label in self.labels.items() if not self.sent.get(known_as)]

    @property
    def complete(self) -> bool:
        """Whether there is nothing left to do."""
        return not self.failed and (self.trouble is None or bool(self.labels))


class Courier:
    """Starts one child after the other, for the file of Apprise URLs."""

    def __init__(
        self,
        urls_file: str,
        time_limit: Callable[[], Awaitable[Any]] = lambda: asyncio.sleep(TIME_LIMIT),
        command: tuple[str, ...] = (sys.executable, "-P", "-m", "api.notify.send"),
    ) -> None:
        """``time_limit`` returns when a child has had its time."""
        self._urls_file = urls_file
        self._time_limit = time_limit
        self._command = command  # -P: not an api/ that lies in the working folder

    async def deliver(self, message: Message, reached: Iterable[str] = ()) -> Report:
        """Send to every service but those that were ``reached`` before. Never raises; kills the child if cancelled."""
        report = Report()
        try:
            child = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the daemon's to answer
            )
        except OSError as error:
            report.trouble = f"it cannot be started: {error.strerror or error}"
            return report
        order = {"urls_file": self._urls_file, "reached": sorted(reached), "message": asdict(message)}
        try:
            await self._within_its_time(child, json.dumps(order).encode() + b"\n", report)
        finally:
            await _bury(child)
        return report

    async def _within_its_time(self, child: asyncio.subprocess.Process, order: bytes, report: Report) -> None:
        hearing = asyncio.ensure_future(_hear(child, order, report))
        limit = asyncio.ensure_future(self._time_limit())
        try:
            await asyncio.wait([hearing, limit], return_when=asyncio.FIRST_COMPLETED)
            if not hearing.done():
                _kill(child)
                await asyncio.wait([hearing], timeout=REAP_WITHIN)  # what it had said by then
                report.trouble = "it took too long and was killed"
        finally:
            for task in (hearing, limit):
                task.cancel()
            await asyncio.gather(hearing, limit, return_exceptions=True)


async def _hear(child: asyncio.subprocess.Process, order: bytes, report: Report) -> None:
    """Give the child its order, and take down what it says until it ends."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(ConnectionError):
        child.stdin.write(order)  # and leave it open: its end means ours
        await child.stdin.drain()
    listed = False
    try:
        for _ in range(MOST_LINES):
            line = await child.stdout.readline()
            if not line:
                break
            said = json.loads(line)
            listed |= "services" in said
            _note(said, report)
        else:
            report.trouble = "it does not stop talking"
            return
    except (ValueError, KeyError, TypeError, AttributeError):
        report.trouble = "it speaks nonsense"
        return
    code = await child.wait()
    if code:
        report.trouble = MISSING if code == NOT_INSTALLED else f"it ended with {code}"
    elif not listed:
        report.trouble = "it said nothing"


def _note(said: Mapping[str, Any], report: Report) -> None:
    if "services" in said:
        report.labels = {str(known_as): str(label) for known_as, label in said["services"].items()}
    else:
        report.sent[str(said["service"])] = said["sent"] is True


async def _bury(child: asyncio.subprocess.Process) -> None:
    """Leave no child behind, however it is."""
    _kill(child)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REAP_WITHIN):
            await child.communicate()  # what is left in its pipes, too


def _kill(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.kill()
