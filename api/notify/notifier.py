"""The notifier beside the stove: reads what happens, decides what is told, and has one child at a time tell it.

Nothing of the stove waits for anything here. What is on its way when the program ends is dropped with the child.
"""

import asyncio
import contextlib
import logging

from api.notify import problems
from api.notify.child import MISSING, Courier, Report, is_installed
from api.notify.message import Style, compose
from api.notify.notice import Kind, Notice
from api.notify.queue import TRIES, Batch, Queue
from api.notify.telling import Telling, outdates_warnings
from api.notify.words import Words
from controller.config import Config, NotifyConfig
from controller.events import Event, Started
from controller.stove import Stove
from controller.stream import Ended, Happened, Item, Lagged, StateChanged, Subscription
from controller.terms import HoldKind
from hardware.clock import Clock, Millis

_log = logging.getLogger("flameout.notify")


def style(config: Config, notify: NotifyConfig) -> Style:
    """How this stove's messages look."""
    return Style(config.stove.name, Words(notify.language), notify.page)


class Notifier:
    """Tells phones what happens; :meth:`run` it beside the stove."""

    def __init__(self, stove: Stove, config: Config, clock: Clock, courier: Courier | None = None) -> None:
        """``config`` has a ``[notify]`` table."""
        assert config.notify is not None
        self._stove = stove
        self._clock = clock
        self._names = {burner.id: burner.name for burner in config.burners}
        self._style = style(config, config.notify)
        self._courier = courier or Courier(config.notify.urls_file)
        self._telling = Telling(config.notify.on, self._names)
        self._problems = problems.Problems()
        self._queue = Queue(config.notify.most_per_minute)
        self._complaints = Complaints()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until the stream ends; nobody is told anything after that."""
        if not is_installed():
            _log.warning("notify: %s. Nobody is told anything.", MISSING)
            self._stove.nobody_is_told(MISSING)
            return
        async with self._stove.stream.subscribe() as items:
            sending = asyncio.create_task(self._send_again_and_again(), name="notify sender")
            try:
                await self._follow(items)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    def look(self) -> None:
        """Look at the clock, the queue and the stove's problems now."""
        self._wake.set()

    async def _follow(self, items: Subscription) -> None:
        while not isinstance(item := await items.next(), Ended):
            with _surviving():
                self._take(item)
            self.look()

    def _take(self, item: Item) -> None:
        if isinstance(item, Happened):
            self._take_event(item.event)
        elif item in (StateChanged(None), Lagged()):
            self._look_at_problems()
        if isinstance(item, Lagged) or (isinstance(item, Happened) and isinstance(item.event, Started)):
            self._add(self._telling.standing(self._clock.now(), self._lockouts()))

    def _take_event(self, event: Event) -> None:
        outdated = outdates_warnings(event)
        if outdated is not None:
            self._queue.withdraw(outdated)
        self._add(self._telling.of(event))

    def _add(self, notices: list[Notice]) -> None:
        now = self._clock.now()
        for notice in notices:
            self._queue.add(notice, now)

    # --- what stands ----------------------------------------------------------------------------------

    def _lockouts(self) -> list[tuple[str, str]]:
        holds = [(view.id, hold) for view in self._stove.views() for hold in view.holds]
        return [(burner, hold.cause) for burner, hold in holds if hold.kind is HoldKind.LOCKOUT]

    def _look_at_problems(self) -> None:
        if not self._telling.wants(Kind.PROBLEM):
            return
        now = self._clock.now()
        views = [view for view in self._stove.views() if view.problem is not None]
        burners = {str(view.problem): view.id for view in views}
        found = [
            problems.of_burner(now, burners[sentence], self._names[burners[sentence]], sentence)
            if sentence in burners
            else problems.of_stove(now, sentence)
            for sentence in self._stove.problems()
        ]
        self._add(self._problems.look(now, [notice for notice in found if notice is not None]))

    # --- sending --------------------------------------------------------------------------------------

    async def _send_again_and_again(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._idle_for()):
                    await self._wake.wait()
            self._wake.clear()
            with _surviving():
                if self._is_due(self._problems.due()):
                    self._look_at_problems()
                batch = self._queue.take(self._clock.now())
                if batch is not None:
                    await self._send(batch)
                    self.look()  # there may be more

    async def _send(self, batch: Batch) -> None:
        report = await self._courier.deliver(compose(batch, self._style, self._clock.now()), batch.reached)
        batch.reached |= report.reached
        self._complaints.worked(report)
        if not report.complete and not self._queue.failed(batch, self._clock.now()):
            self._complaints.gave_up(report)

    def _is_due(self, at: Millis | None) -> bool:
        return at is not None and self._clock.now() >= at

    def _idle_for(self) -> float | None:
        """How long there is nothing to do, in s, unless something happens; None for ever."""
        instants = [at for at in (self._queue.due(), self._problems.due()) if at is not None]
        return max(0, min(instants) - self._clock.now()) / 1000 if instants else None


class Complaints:
    """Says in the log what was given up: once, until it works again."""

    def __init__(self) -> None:
        self._given_up: set[str] = set()

    def worked(self, report: Report) -> None:
        """Somebody may have taken a message again."""
        working = {report.labels[known_as] for known_as in report.reached if known_as in report.labels}
        for label in sorted(working & self._given_up):
            _log.info("notify: %s takes messages again.", label)
        self._given_up -= working | ({"the sender"} if working else set())

    def gave_up(self, report: Report) -> None:
        """A message did not reach all that it was for."""
        failed = set(report.failed or ["the sender"])
        new, self._given_up = failed - self._given_up, self._given_up | failed
        if new:
            why = f" ({report.trouble})" if report.trouble else ""
            _log.warning(
                "notify: given up after %d tries: %s%s. Nothing at the stove depends on it; "
                "flameout notify-test tries every service.",
                TRIES,
                ", ".join(sorted(new)),
                why,
            )


class _surviving(contextlib.AbstractContextManager[None]):
    """Log an exception and go on: nothing that is told may end what tells it."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            _log.exception("Something about notifications failed.", exc_info=error)
            return True
        return False
