"""What is sent when: gathering, the rate, what is dropped, and tries that failed. Pure; time is handed in.

A lockout is neither gathered away nor held back by the rate, and goes last when the queue overflows.
"""

from collections import deque
from dataclasses import dataclass, field

from api.notify.notice import Kind, Notice
from hardware.clock import MINUTE, SECOND, Millis

CAPACITY = 32
LINES = 8  # sentences in a message, lockouts aside
GATHER: Millis = SECOND // 2  # a cut, its proof and the cuts of the others come together
RETRY_AFTER: tuple[Millis, ...] = (10 * SECOND, MINUTE)
TRIES = 1 + len(RETRY_AFTER)
FAILING = 4  # messages that are tried again; with more, the oldest is given up


@dataclass
class Batch:
    """One message: its notices, oldest first, and how many were dropped for it."""

    notices: list[Notice]
    dropped: int = 0
    failures: int = 0
    reached: set[str] = field(default_factory=set)  # services that need no other try
    due: Millis = 0


class Queue:
    """Notices on their way out; one message is out at a time."""

    def __init__(self, most_per_minute: int) -> None:
        self._most = most_per_minute
        self._fresh: list[Notice] = []
        self._dropped = 0
        self._gathered_at: Millis = 0
        self._failing: list[Batch] = []
        self._out: Batch | None = None  # it may fail, and be tried again
        self._sent: deque[Millis] = deque(maxlen=most_per_minute)

    def add(self, notice: Notice, now: Millis) -> None:
        """Put a notice at the end; the oldest that is no lockout makes room."""
        if not self._fresh:
            self._gathered_at = now + GATHER
        self._fresh.append(notice)
        if len(self._fresh) > CAPACITY:
            self._dropped += 1
            self._fresh.remove(next((old for old in self._fresh if old.kind is not Kind.LOCKOUT), self._fresh[0]))

    def withdraw(self, burner: str) -> None:
        """Forget the burner's warnings: its end has moved, or has come."""
        out = [self._out.notices] if self._out is not None else []
        for notices in (self._fresh, *out, *(batch.notices for batch in self._failing)):
            notices[:] = [n for n in notices if n.kind is not Kind.WARN or n.burner != burner]

    def due(self) -> Millis | None:
        """When there is something to send, as things stand; None for nothing."""
        instants = [batch.due for batch in self._failing]
        if self._fresh:
            instants.append(self._fresh_due())
        return min(instants, default=None)

    def take(self, now: Millis) -> Batch | None:
        """The message to send now, if there is one; a fresh one goes before one that failed."""
        self._out = self._next(now)
        return self._out

    def _next(self, now: Millis) -> Batch | None:
        self._expire(now)
        if self._fresh and now >= self._fresh_due():
            self._sent.append(now)
            return self._gather()
        batch = next((batch for batch in self._failing if now >= batch.due), None)
        if batch is not None:
            self._failing.remove(batch)
        return batch

    def failed(self, batch: Batch, now: Millis) -> bool:
        """Try a message again later; False where it is given up."""
        self._out = None
        batch.failures += 1
        if batch.failures >= TRIES:
            return False
        batch.due = now + RETRY_AFTER[batch.failures - 1]
        self._failing.append(batch)
        if len(self._failing) > FAILING:
            harmless = (old for old in self._failing if all(n.kind is not Kind.LOCKOUT for n in old.notices))
            self._failing.remove(next(harmless, self._failing[0]))
        return True

    def _fresh_due(self) -> Millis:
        free = self._sent[0] + MINUTE if len(self._sent) == self._most else 0
        if any(notice.kind is Kind.LOCKOUT for notice in self._fresh):
            free = 0
        return max(self._gathered_at, free)

    def _gather(self) -> Batch:
        """Everything that waits, in one message: every lockout, and the newest of the rest."""
        others = [notice for notice in self._fresh if notice.kind is not Kind.LOCKOUT]
        left_out = others[:-LINES]
        batch = Batch([notice for notice in self._fresh if notice not in left_out], self._dropped + len(left_out))
        self._fresh, self._dropped = [], 0
        return batch

    def _expire(self, now: Millis) -> None:
        """A warning is worth nothing after what it warned of."""
        for notices in (self._fresh, *(batch.notices for batch in self._failing)):
            notices[:] = [n for n in notices if n.ends_at is None or n.ends_at > now]
        self._failing = [batch for batch in self._failing if batch.notices]
