"""Carries out what arrives on the command topics.

Shutting off is done in the very callback that read the message. Everything else starts in the order in which
it arrived; none of it waits for the commit of what came before.
"""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable

from api.mqtt.commands import (
    Arrived,
    Attend,
    CancelTimer,
    CommandReader,
    Extend,
    LockAll,
    Refusal,
    Reset,
    SetDefaultTimer,
    ShutOff,
    StartTimer,
    Sweep,
    UnlockAll,
)
from controller.journal import JournalFailing
from controller.sparing import Sparing
from controller.stove import Stove
from controller.terms import Refused
from hardware.clock import Clock

BY = "mqtt"
MOST_WAITING = 64  # commands that wait for the disk
MOST_REFUSALS = 30  # a minute that go on record, which is an SD card
_log = logging.getLogger("flameout.mqtt")

_Slow = LockAll | UnlockAll | StartTimer | Extend | CancelTimer | Reset | Attend | Sweep | SetDefaultTimer
_Deed = Callable[[], Awaitable[object]]


class Orders:
    """What the broker's users ask of the stove."""

    def __init__(
        self, stove: Stove, reader: CommandReader, clock: Clock, not_obeyed: Callable[[Refusal], None]
    ) -> None:
        """``not_obeyed`` hears of each refusal, so that the sender can be shown what still holds."""
        self._stove = stove
        self._reader = reader
        self._clock = clock
        self._not_obeyed = not_obeyed
        self._waiting: set[asyncio.Task[None]] = set()
        self._refusals = Sparing(MOST_REFUSALS)
        self._shut_offs = reader.shut_offs()

    def shut_off_at_once(self, message: Arrived) -> bool:
        """Shut off if that is all that the message can mean; whether it was."""
        order = None if message.retained else self._shut_offs.get((message.topic, message.payload))
        if order is None:
            return False
        self._shut_off(order)
        return True

    def take(self, message: Arrived) -> None:
        """Obey or refuse a message; one that is not a command is let pass."""
        order = self._reader.read(self._clock.now(), message)
        if isinstance(order, ShutOff):
            self._shut_off(order)
        elif isinstance(order, Refusal):
            self._refuse(order)
        elif order is not None:
            name = message.topic.rpartition("/")[2]
            for burner, deed in self._deeds(order):
                self._start(burner, name, deed)

    def _shut_off(self, order: ShutOff) -> None:
        self._stove.open_now(order.burner, BY).add_done_callback(_log_unconfirmed)

    def stop(self) -> None:
        """Wait for nothing any more."""
        for task in self._waiting:
            task.cancel()

    def _deeds(self, order: _Slow) -> list[tuple[str | None, _Deed]]:
        stove = self._stove
        match order:
            case LockAll():
                return [(name, functools.partial(stove.lock, name, BY)) for name in stove.burner_ids()]
            case UnlockAll():
                return [(name, functools.partial(stove.unlock, name, BY)) for name in stove.burner_ids()]
            case StartTimer(burner, duration):
                deed: _Deed = functools.partial(stove.start_timer, burner, duration or stove.default_timer(), BY)
            case Extend(burner, extension):
                deed = functools.partial(stove.extend, burner, extension, BY)
            case CancelTimer(burner):
                deed = functools.partial(stove.cancel_timer, burner, BY)
            case Reset(burner):
                deed = functools.partial(stove.reset, burner, BY)
            case Attend(burner):
                deed = functools.partial(stove.attend, burner, BY)
            case Sweep():
                deed = functools.partial(stove.sweep, BY)
            case SetDefaultTimer(duration):
                deed = functools.partial(stove.set_default_timer, duration, BY)
        return [(order.burner, deed)]

    def _start(self, burner: str | None, name: str, deed: _Deed) -> None:
        if len(self._waiting) >= MOST_WAITING and name != "child_lock":
            self._refuse(Refusal(burner, name, "Too many commands wait for the disk already; try again."))
            return
        task = asyncio.create_task(self._carry_out(burner, name, deed))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _carry_out(self, burner: str | None, name: str, deed: _Deed) -> None:
        try:
            await deed()
        except Refused as error:
            self._refuse(Refusal(burner, name, str(error)))
        except JournalFailing as error:
            _log.warning("%s over MQTT was obeyed, but is not on record yet: %s", name, error)
        except Exception:
            _log.exception("%s over MQTT failed.", name)

    def _refuse(self, refusal: Refusal) -> None:
        if self._refusals.allows(self._clock.now()):
            self._stove.refuse(refusal.burner, refusal.command, refusal.why, BY)
        self._not_obeyed(refusal)


def _log_unconfirmed(opened: asyncio.Future[None]) -> None:
    error = None if opened.cancelled() else opened.exception()
    if error is not None:
        _log.error("Nobody confirms that a relay is open, which was asked for over MQTT: %s", error)
