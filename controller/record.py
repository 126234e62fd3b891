"""What goes on record: events, for the journal and for everybody who listens, and what must survive a power cut."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.burner import Burner
from controller.events import Cause, Event, OpenedUnknown, Proof
from controller.journal import Entry, Journal, JournalFailing, retained_from
from controller.stream import Happened, Stream
from controller.terms import CHILD_LOCK, Hold, HoldKind, LastShutOff
from controller.view import parse_instant
from controller.wall import Calendar, rfc3339
from hardware.clock import DAY, HOUR, MINUTE, Millis

COMMIT_WITHIN = 2.0  # s, for the disk to take what is acknowledged
MARK_ALIVE_EVERY: Millis = MINUTE
_UNREADABLE = "journal unreadable"
_DISK_SLOW = f"The journal's disk has not answered for {COMMIT_WITHIN:g} s."


class Record:
    """The stove's record keeper: it writes down what the burners say, and remembers it at the next start."""

    def __init__(
        self, journal: Journal, stream: Stream, calendar: Calendar, burners: Mapping[str, Burner], keep: Millis
    ) -> None:
        """``keep``: how long the journal keeps its rows, in ms."""
        self._journal = journal
        self._stream = stream
        self._calendar = calendar
        self._burners = burners
        self._keep = keep
        self._overdue: asyncio.Future[None] | None = None  # a commit that took too long
        self._marked_at: Millis = 0
        self._forget_at: Millis | None = None
        self.restored = False  # the burners have been given what stands in the journal
        self._began: Millis = 0

    # --- writing --------------------------------------------------------------------------------------

    def write(self, events: Sequence[Event], standing: Mapping[str, Any] | None = None) -> asyncio.Future[None] | None:
        """Queue events and standing values for the journal and publish the events; waits for nothing.

        The future ends with their commit; None where there was nothing to write.
        """
        if not events and not standing:
            return None
        happened = [Happened(event, self._entry(event)) for event in events]
        changes = dict(standing or {}) | self._latched()
        committed = self._journal.append([item.entry for item in happened], changes)
        for item in happened:
            self._stream.publish(item)
        return committed

    async def committed(self, written: asyncio.Future[None] | None) -> None:
        """Wait until what was written is on the disk. Raises :class:`JournalFailing`."""
        if written is None:
            return
        try:
            async with asyncio.timeout(COMMIT_WITHIN):
                await asyncio.shield(written)
        except TimeoutError:
            self._overdue = written
            raise JournalFailing(_DISK_SLOW) from None

    def problem(self) -> str | None:
        """What is wrong with the disk, in a sentence."""
        slow = self._overdue is not None and not self._overdue.done()
        return self._journal.problem or (_DISK_SLOW if slow else None)

    def mark_alive(self, now: Millis, energised: list[str]) -> None:
        """Keep on record which relays are energised, and until when that was surely so, in case we die."""
        known = self._journal.standing.get("alive", {}).get("energised", [])
        if energised != known or (energised and now >= self._marked_at + MARK_ALIVE_EVERY):
            self._marked_at = now
            self._journal.append([], {"alive": {"at": rfc3339(self._calendar.now()), "energised": energised}})

    def forget(self, now: Millis) -> None:
        """An hour after a start, when the clock has been set, and then once a day: drop what is older than is kept."""
        if self._forget_at is None:
            self._forget_at = now + HOUR
        if now >= self._forget_at:
            self._forget_at = now + DAY
            self._journal.forget_before(retained_from(self._calendar.now(), self._keep))

    def _entry(self, event: Event) -> Entry:
        seq, self._journal.next_seq = self._journal.next_seq, self._journal.next_seq + 1
        at = rfc3339(self._calendar.at(event.at))
        return Entry(seq, at, event.at, event.kind, event.burner, event.by, event.details())

    def _latched(self) -> dict[str, Any]:
        """The holds that must survive a power cut, where they differ from what the journal says.

        Before they were restored, at the start or when the journal is there at last, the burners know nothing of them
        yet, and what stands is not to be overwritten.
        """
        if not self.restored:
            return {}
        changes: dict[str, Any] = {}
        for burner in self._burners.values():
            latched = [[hold.kind.value, hold.cause] for hold in burner.holds if _survives(hold)]
            if latched != self._journal.standing.get(f"holds.{burner.id}", []):
                changes[f"holds.{burner.id}"] = latched or None
        return changes

    # --- remembering ----------------------------------------------------------------------------------

    def restore(self, now: Millis) -> list[Event]:
        """Give the burners what still stands; returns what is not known about the end of the last run."""
        self.restored, self._began = self._journal.loaded, now
        for burner in self._burners.values():
            burner.last_shut_off = self._last_cut(burner.id)
            for kind, cause in self._standing(burner):
                burner.holds = (*burner.holds, Hold(kind, cause, now))
            if self._journal.unreadable:  # a lockout may stand in it
                burner.lock_out(now, _UNREADABLE)
        return self._unknown_end(now, self._journal.standing.get("alive"))

    def _unknown_end(self, now: Millis, alive: Mapping[str, Any] | None) -> list[Event]:
        try:
            return list(self._died_with(now, alive)) if alive is not None else []
        except (KeyError, TypeError, ValueError):
            self._journal.standing.pop("alive", None)
            return []

    def restore_late(self, now: Millis) -> Iterator[tuple[Burner | None, list[Event]]]:
        """Once a journal that could not be read at the start is there: what still stands in it counts all the same."""
        if self.restored or not self._journal.loaded:
            return iter(())
        for burner in self._burners.values():
            burner.last_shut_off = burner.last_shut_off or self._last_cut(burner.id)
        taken_up = [(burner, self._taken_up(now, burner)) for burner in self._burners.values()]
        self.restored = True
        self.write([], self._latched())  # what came in the meantime
        return iter([*taken_up, (None, self._unknown_end(now, self._journal.found.get("alive")))])

    def _taken_up(self, now: Millis, burner: Burner) -> list[Event]:
        events: list[Event] = []
        for kind, cause in self._standing(burner):
            lockout = kind is HoldKind.LOCKOUT
            events += burner.fail(now, cause, "journal") if lockout else burner.lock(now, "journal", cause)
        return events

    def _standing(self, burner: Burner) -> Iterator[tuple[HoldKind, str]]:
        """The holds that stand; one that says nothing to us may be a lockout."""
        for held in self._journal.standing.get(f"holds.{burner.id}", []):
            try:
                kind, cause = held
                yield HoldKind(kind), cause
            except (TypeError, ValueError):
                yield HoldKind.LOCKOUT, _UNREADABLE

    def _last_cut(self, burner_id: str) -> LastShutOff | None:
        entry = self._journal.cuts.get(burner_id)
        if entry is None:
            return None
        try:
            at = self._calendar.instant(parse_instant(entry.at))
            return LastShutOff(Cause(entry.details["cause"]), at, entry.by, Proof.UNAVAILABLE, entry.at)
        except (KeyError, ValueError):  # of a newer flameout, or damaged
            return None

    def _died_with(self, now: Millis, alive: Mapping[str, Any]) -> Iterator[Event]:
        # the last run had ended when this one began; a Pi without a clock of its own may start in the past
        latest = rfc3339(max(self._calendar.at(self._began), parse_instant(alive["at"])))
        for name in alive["energised"]:
            if name in self._burners:
                burner = self._burners[name]
                if burner.last_shut_off is None or burner.last_shut_off.wall is not None:  # else it was cut since
                    burner.last_shut_off = LastShutOff(Cause.RESTART, self._began, "flameout", Proof.UNAVAILABLE)
                yield OpenedUnknown(burner=name, at=now, by="flameout", earliest=alive["at"], latest=latest)


def _survives(hold: Hold) -> bool:
    return hold.kind is HoldKind.LOCKOUT or (hold.kind is HoldKind.LOCK and hold.cause == CHILD_LOCK)
