"""Messages to pockets: listens to the stove, and has a child send them. Nothing of the stove ever waits for it."""

import asyncio
import json
import logging
import sys
from typing import Any

from api.notify import send
from api.notify.messages import Kind, Message, Writer
from api.notify.outbox import Batch, Outbox
from controller.config import Config, NotifyConfig
from controller.stove import Stove
from controller.stream import Ended, Happened
from hardware.clock import SECOND, Clock, Millis

LOOK_EVERY = 1.0  # s, for what has to be tried again
PROBLEM_STANDS: Millis = 10 * SECOND  # a keeper that is started anew is no news
_log = logging.getLogger("flameout")


class NotSent(Exception):
    """The child could not do its errand; the text says why."""


class Notifier:
    """The notifications of one stove. ``run`` ends with the stream, and its child with it."""

    def __init__(self, stove: Stove, config: NotifyConfig, clock: Clock) -> None:
        self._stove = stove
        self._config = config
        self._clock = clock
        self._writer = writer(stove.config, config)
        self._outbox = Outbox(config.most_per_minute)
        self._problems: dict[str, Millis | None] = {}  # since when each stands; None once it was told
        self._sending: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Send what is worth it until the stream ends."""
        try:
            async with self._stove.stream.subscribe() as items:
                while not isinstance(item := await items.next_within(LOOK_EVERY), Ended):
                    if isinstance(item, Happened):
                        self._put(self._writer.about(item.event))
                    self._look_for_problems()
                    self._send_next()
        finally:
            if self._sending is not None:
                self._sending.cancel()
                await asyncio.gather(self._sending, return_exceptions=True)

    def _put(self, message: Message | None) -> None:
        if message is not None and message.kind.value in self._config.on:
            self._outbox.put(message)

    def _look_for_problems(self) -> None:
        now, standing = self._clock.now(), self._stove.own_problems()
        self._problems = {problem: self._problems.get(problem, now) for problem in standing}
        for problem, since in self._problems.items():
            if since is not None and now - since >= PROBLEM_STANDS:
                self._problems[problem] = None
                self._put(self._writer.problem(problem))

    def _send_next(self) -> None:
        if self._sending is not None and not self._sending.done():
            return
        batch = self._outbox.take(self._clock.now())
        self._sending = asyncio.create_task(self._send(batch)) if batch is not None else None

    async def _send(self, batch: Batch) -> None:
        body = [message.text for message in batch.messages]
        if batch.left_out:
            body.append(self._writer.more(batch.left_out))
        try:
            results = await deliver(self._config, self._stove.config.stove.name, body, _link(batch), batch.services)
            missed: list[int] | None = [result["place"] for result in results if not result["sent"]]
            why = ", ".join(f"{result['service']}: {result['why']}" for result in results if not result["sent"])
        except NotSent as error:
            missed, why = None, str(error)
        if missed != [] and self._outbox.failed(batch, missed, self._clock.now()):
            _log.warning("A notification was given up after %s tries (%s).", batch.tries, why)


def writer(config: Config, notify: NotifyConfig) -> Writer:
    """The writer for a configuration."""
    names = {burner.id: burner.name for burner in config.burners}
    return Writer(names, notify.language, notify.page.rstrip("/") if notify.page else None)


async def deliver(
    config: NotifyConfig, title: str, body: list[str], link: str | None, services: list[int] | None
) -> list[dict[str, Any]]:
    """Have a child send it; returns what became of it, service by service. Raises :class:`NotSent`."""
    errand = {"file": config.urls_file, "title": title, "body": "\n".join(body), "link": link, "services": services}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.notify.send",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(send.WITHIN):
            said, _ = await child.communicate(json.dumps(errand).encode())
    except TimeoutError:
        raise NotSent(f"it took longer than {send.WITHIN} s") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == send.NOT_INSTALLED:
        raise NotSent("Apprise is not installed; install flameout[notify]")
    try:
        return list(json.loads(said))
    except ValueError:
        raise NotSent(f"its process ended with {child.returncode}") from None


def _link(batch: Batch) -> str | None:
    """Where a tap leads: to the gravest of several."""
    order = (Kind.LOCKOUT, Kind.WARN, Kind.CUT, Kind.PROBLEM)
    return min(batch.messages, key=lambda message: order.index(message.kind)).link
