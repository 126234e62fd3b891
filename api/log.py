"""The daemon's log: one line an event on stderr, with priorities where systemd reads them."""

import json
import logging
import os
import sys

from controller.events import CommandRefused, Event, KeeperLost, LockedOut, OpenedUnknown, ShutOff
from controller.stove import Stove
from controller.stream import Ended, Happened

_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_log = logging.getLogger("flameout")


def install(level: int = logging.INFO) -> None:
    """Send the log to stderr, for a person or for systemd's journal."""
    to_systemd = "JOURNAL_STREAM" in os.environ
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(message)s" if to_systemd else "%(asctime)s %(message)s", to_systemd))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    _log.setLevel(level)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # a line for whatever strangers send fills a disk


class _Formatter(logging.Formatter):
    def __init__(self, template: str, with_priority: bool) -> None:
        super().__init__(template, "%H:%M:%S")
        self._with_priority = with_priority

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if not self._with_priority:
            return text
        return "\n".join(f"<{_PRIORITIES.get(record.levelno, 6)}>{line}" for line in text.splitlines())


async def follow(stove: Stove) -> None:
    """Log every event until the stream ends."""
    async with stove.stream.subscribe() as items:
        while not isinstance(item := await items.next(), Ended):
            if isinstance(item, Happened):
                _log.log(_level(item.event), "%s", line(item.event))


def line(event: Event) -> str:
    """An event in one line: ``left: shut_off by rest:Anna (cause timer)``."""
    details = ", ".join(
        f"{name} {value if isinstance(value, str) else json.dumps(value)}" for name, value in event.details().items()
    )
    return f"{event.burner or 'stove'}: {event.kind} by {event.by}" + (f" ({details})" if details else "")


def _level(event: Event) -> int:
    if isinstance(event, KeeperLost | LockedOut | OpenedUnknown):
        return logging.ERROR
    if isinstance(event, CommandRefused) or (isinstance(event, ShutOff) and event.cause.value not in ("user", "timer")):
        return logging.WARNING
    return logging.INFO
