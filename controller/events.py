"""What can happen: the closed set of events that journal, page, MQTT and notifications are made of.

Events are past participles and carry plain values; durations and instants are ms on the boot clock.
``details`` gives what goes on the wire and into the journal: durations in seconds, keys ending in ``_s``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from hardware.clock import Millis

Json = str | int | float | bool | None


class Cause(StrEnum):
    """Why a flame was cut."""

    TIMER = "timer"
    LIMIT = "limit"
    USER = "user"
    SHUT_OFF_ALL = "shut_off_all"
    INTERLOCK = "interlock"
    LOCK = "lock"
    RESTART = "restart"
    SUPERVISION = "supervision"
    FAULT = "fault"


class Proof(StrEnum):
    """What is known about a cut having worked."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


def _seconds(duration: Millis) -> float:
    return duration / 1000


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a burner, or to the stove where ``burner`` is None."""

    kind: ClassVar[str]
    burner: str | None
    at: Millis
    by: str

    def details(self) -> Mapping[str, Json]:
        """The event's own fields for the wire; {} where kind, burner and by say all."""
        return {}


@dataclass(frozen=True, kw_only=True)
class TimerStarted(Event):
    kind = "timer_started"
    duration: Millis
    replaced: bool

    def details(self) -> Mapping[str, Json]:
        return {"duration_s": _seconds(self.duration), "replaced": self.replaced}


@dataclass(frozen=True, kw_only=True)
class TimerExtended(Event):
    kind = "timer_extended"
    extension: Millis
    remaining: Millis

    def details(self) -> Mapping[str, Json]:
        return {"by_s": _seconds(self.extension), "remaining_s": _seconds(self.remaining)}


@dataclass(frozen=True, kw_only=True)
class TimerCancelled(Event):
    kind = "timer_cancelled"
    remaining: Millis

    def details(self) -> Mapping[str, Json]:
        return {"remaining_s": _seconds(self.remaining)}


@dataclass(frozen=True, kw_only=True)
class TimerEnding(Event):
    """A deadline is near; ``deadline`` is an :class:`~controller.terms.Ending`."""

    kind = "timer_ending"
    deadline: str
    remaining: Millis

    def details(self) -> Mapping[str, Json]:
        return {"deadline": self.deadline, "remaining_s": _seconds(self.remaining)}


@dataclass(frozen=True, kw_only=True)
class ShutOff(Event):
    """The relay opened, or was told to; ``cut`` says whether it was energised until then."""

    kind = "shut_off"
    cause: Cause
    cut: bool
    reason: str = ""

    def details(self) -> Mapping[str, Json]:
        return {"cause": self.cause.value, "cut": self.cut} | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    """The relay of a burner that is out opened for a moment, lest the keeper has to open it over a flame."""

    kind = "paused"


@dataclass(frozen=True, kw_only=True)
class Locked(Event):
    kind = "locked"
    cause: str

    def details(self) -> Mapping[str, Json]:
        return {"cause": self.cause}


@dataclass(frozen=True, kw_only=True)
class Unlocked(Event):
    kind = "unlocked"
    cause: str

    def details(self) -> Mapping[str, Json]:
        return {"cause": self.cause}


@dataclass(frozen=True, kw_only=True)
class LockedOut(Event):
    kind = "lockout"
    cause: str

    def details(self) -> Mapping[str, Json]:
        return {"cause": self.cause}


@dataclass(frozen=True, kw_only=True)
class Attended(Event):
    """Somebody is there: the limit starts anew, and a sweep that was announced passes this burner by."""

    kind = "attended"


@dataclass(frozen=True, kw_only=True)
class Proved(Event):
    """What became of a cut; voltages in mV where a thermocouple was measured."""

    kind = "proof"
    outcome: Proof
    finding: str
    took: Millis
    loaded_mv: float | None = None
    open_mv: float | None = None

    def details(self) -> Mapping[str, Json]:
        measured = {"loaded_mv": self.loaded_mv, "open_mv": self.open_mv}
        known = {name: round(value, 2) for name, value in measured.items() if value is not None}
        return {"outcome": self.outcome.value, "finding": self.finding, "took_s": _seconds(self.took)} | known


@dataclass(frozen=True, kw_only=True)
class ContactWorn(Event):
    """The holding circuit's resistance has grown; ``ratio`` is its share against when it was new."""

    kind = "contact_worn"
    ratio: float

    def details(self) -> Mapping[str, Json]:
        return {"ratio": round(self.ratio, 2)}


@dataclass(frozen=True, kw_only=True)
class SweepBegan(Event):
    """Every relay opens, those of burners in use after a warning."""

    kind = "sweep"
    warned: int  # so many burners are in use

    def details(self) -> Mapping[str, Json]:
        return {"warned": self.warned}


@dataclass(frozen=True, kw_only=True)
class InterlockSilent(Event):
    """A source of an interlock has not spoken for too long, or speaks again."""

    kind = "interlock"
    source: str
    silent: bool

    def details(self) -> Mapping[str, Json]:
        return {"source": self.source, "silent": self.silent}


@dataclass(frozen=True, kw_only=True)
class WasReset(Event):
    kind = "reset"


@dataclass(frozen=True, kw_only=True)
class CommandRefused(Event):
    kind = "refused"
    command: str
    why: str

    def details(self) -> Mapping[str, Json]:
        return {"command": self.command, "why": self.why}


@dataclass(frozen=True, kw_only=True)
class FlameChanged(Event):
    """The measured flame went to lit, out or unknown."""

    kind = "flame"
    flame: str

    def details(self) -> Mapping[str, Json]:
        return {"flame": self.flame}


@dataclass(frozen=True, kw_only=True)
class OpenedUnknown(Event):
    """A relay that was energised when the program died: opened somewhen between two wall-clock instants."""

    kind = "opened_unknown"
    earliest: str
    latest: str

    def details(self) -> Mapping[str, Json]:
        return {"cause": "unknown", "earliest": self.earliest, "latest": self.latest}


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    kind = "started"
    version: str
    config_hash: str

    def details(self) -> Mapping[str, Json]:
        return {"version": self.version, "config_hash": self.config_hash}


@dataclass(frozen=True, kw_only=True)
class Stopped(Event):
    kind = "stopped"


@dataclass(frozen=True, kw_only=True)
class KeeperReady(Event):
    kind = "keeper_ready"
    pid: int

    def details(self) -> Mapping[str, Json]:
        return {"pid": self.pid}


@dataclass(frozen=True, kw_only=True)
class KeeperLost(Event):
    kind = "keeper_lost"
    why: str

    def details(self) -> Mapping[str, Json]:
        return {"why": self.why}


@dataclass(frozen=True, kw_only=True)
class DefaultTimerSet(Event):
    """The duration that the word "default" stands for was changed."""

    kind = "default_timer_set"
    duration: Millis

    def details(self) -> Mapping[str, Json]:
        return {"duration_s": _seconds(self.duration)}


@dataclass(frozen=True, kw_only=True)
class PairingOffered(Event):
    """A phone may pair now; the code itself is nowhere on record."""

    kind = "pairing_offered"
    role: str

    def details(self) -> Mapping[str, Json]:
        return {"role": self.role}


@dataclass(frozen=True, kw_only=True)
class Paired(Event):
    kind = "paired"
    role: str

    def details(self) -> Mapping[str, Json]:
        return {"role": self.role}


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(Event):
    kind = "token_revoked"
    name: str

    def details(self) -> Mapping[str, Json]:
        return {"name": self.name}
