"""What waits to be sent: bounded, merged, not too often, tried again, and given up at last.

Pure: times are ms on the boot clock and come from outside.
"""

from collections import deque
from dataclasses import dataclass, field

from api.notify.messages import Kind, Message
from hardware.clock import MINUTE, SECOND, Millis

MOST_WAITING = 10  # beyond that the oldest goes, but never a lockout while there is anything else
TRIES = 3
PAUSES: tuple[Millis, ...] = (5 * SECOND, 30 * SECOND)  # before the second and the third try


@dataclass
class Batch:
    """Messages that are sent as one; ``services`` are those that have not taken it yet (None: all)."""

    messages: list[Message]
    left_out: int = 0
    services: list[int] | None = None
    tries: int = 0
    not_before: Millis = 0


@dataclass
class Outbox:
    """``put`` takes what happened, ``take`` gives what to send now."""

    most_per_minute: int
    _waiting: list[Message] = field(default_factory=list)
    _left_out: int = 0
    _again: list[Batch] = field(default_factory=list)
    _sent_at: deque[Millis] = field(default_factory=deque)

    def put(self, message: Message) -> None:
        """Queue a message; never waits."""
        self._waiting.append(message)
        if len(self._waiting) > MOST_WAITING:
            usual = [entry for entry in self._waiting if entry.kind is not Kind.LOCKOUT]
            self._waiting.remove(usual[0] if usual else self._waiting[0])
            self._left_out += 1

    def take(self, now: Millis) -> Batch | None:
        """What to send now, lockouts first; None while there is nothing, or it would be too often."""
        while self._sent_at and now - self._sent_at[0] >= MINUTE:
            self._sent_at.popleft()
        if len(self._sent_at) >= self.most_per_minute:
            return None
        batch = self._next(now)
        if batch is not None:
            batch.tries += 1
            self._sent_at.append(now)
        return batch

    def failed(self, batch: Batch, services: list[int] | None, now: Millis) -> bool:
        """Some services (None: all) did not take it; it is tried again, unless this says that it was given up."""
        if batch.tries >= TRIES:
            return True
        batch.services, batch.not_before = services, now + PAUSES[batch.tries - 1]
        self._again = [*self._again, batch][-MOST_WAITING:]
        return False

    def _next(self, now: Millis) -> Batch | None:
        if self._waiting:
            batch = Batch(sorted(self._waiting, key=lambda entry: entry.kind is not Kind.LOCKOUT), self._left_out)
            self._waiting, self._left_out = [], 0
            return batch
        due = next((batch for batch in self._again if batch.not_before <= now), None)
        if due is not None:
            self._again.remove(due)
        return due
