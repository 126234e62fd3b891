"""Which event is told, and as what: from what happens at the stove to notices. Pure; time is handed in."""

from collections.abc import Iterable, Iterator, Mapping

from api.notify.notice import Kind, Notice
from api.notify.problems import AGAIN_AFTER
from controller.advice import CAUSES
from controller.events import (
    Attended,
    Cause,
    Event,
    KeeperLost,
    LockedOut,
    OpenedUnknown,
    Proof,
    Proved,
    ShutOff,
    TimerCancelled,
    TimerEnding,
    TimerExtended,
    TimerStarted,
    WasReset,
)
from hardware.clock import Millis

_MOVES_THE_END = (TimerStarted, TimerExtended, TimerCancelled, Attended, ShutOff, LockedOut)


class Telling:
    """Turns events into notices; ``on`` are the kinds that are wanted, ``names`` the burners'."""

    def __init__(self, on: Iterable[str], names: Mapping[str, str]) -> None:
        self._on = {Kind(name) for name in on}
        self._names = names
        self._keeper_lost_at: Millis | None = None
        self._locked_out: set[tuple[str, str]] = set()  # burner and cause, told already

    def wants(self, kind: Kind) -> bool:
        """Whether notices of a kind are wanted."""
        return kind in self._on

    def of(self, event: Event) -> list[Notice]:
        """What an event is to be told as; [] for what nobody has to hear."""
        if isinstance(event, WasReset):
            self._locked_out = {told for told in self._locked_out if told[0] != event.burner}
        return [notice for notice in self._notices(event) if self.wants(notice.kind)]

    def standing(self, now: Millis, lockouts: Iterable[tuple[str, str]]) -> list[Notice]:
        """Lockouts (burner, cause) that hold now and have not been told: those of an earlier run, or missed."""
        notices = [notice for burner, cause in lockouts for notice in self._lockout(now, burner, cause)]
        return notices if self.wants(Kind.LOCKOUT) else []

    def _notices(self, event: Event) -> Iterator[Notice]:
        burner = event.burner
        if isinstance(event, KeeperLost):
            yield from self._lost(event)
        if burner is None:
            return
        name = {"name": self._names.get(burner, burner)}
        if isinstance(event, TimerEnding):
            yield Notice(Kind.WARN, event.at, f"warn.{event.deadline}", burner, name, event.at + event.remaining)
        elif isinstance(event, ShutOff) and event.cut:
            yield Notice(Kind.CUT, event.at, f"cut.{_reason(event)}", burner, name | {"source": event.by})
        elif isinstance(event, OpenedUnknown):
            yield Notice(Kind.CUT, event.at, "cut.unknown", burner, name)
        elif isinstance(event, Proved) and event.outcome is Proof.FAILED:
            yield Notice(Kind.CUT, event.at, f"proof.{event.finding}", burner, name)
        elif isinstance(event, LockedOut):
            yield from self._lockout(event.at, burner, event.cause)

    def _lost(self, event: KeeperLost) -> list[Notice]:
        """A keeper that is lost again and again is one problem."""
        last, self._keeper_lost_at = self._keeper_lost_at, event.at
        if last is not None and event.at - last < AGAIN_AFTER:
            return []
        return [Notice(Kind.PROBLEM, event.at, "problem.keeper", None, {"why": event.why})]

    def _lockout(self, at: Millis, burner: str, cause: str) -> list[Notice]:
        if (burner, cause) in self._locked_out:
            return []
        self._locked_out.add((burner, cause))
        key = f"lockout.{cause}" if cause in CAUSES else "lockout.interlock"
        fields = {"name": self._names.get(burner, burner), "source": cause}
        return [Notice(Kind.LOCKOUT, at, key, burner, fields)]


def outdates_warnings(event: Event) -> str | None:
    """The burner whose warnings are no longer true after this event; None for most events."""
    return event.burner if isinstance(event, _MOVES_THE_END) else None


def _reason(event: ShutOff) -> str:
    """The cause, or what is more exact where it stands for several."""
    if event.cause is Cause.SHUT_OFF_ALL and event.reason == "sweep":
        return "sweep"
    if event.cause is Cause.LIMIT and event.reason == "energised":
        return "energised"
    if event.cause is Cause.LOCK and event.by == "night lock":
        return "night"
    return event.cause.value
