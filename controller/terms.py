"""The words a burner is described in: its states, holds, timer and limits, and how a command is refused."""

from dataclasses import dataclass
from enum import StrEnum

from controller.events import Cause, Proof
from hardware.clock import Millis


class HoldKind(StrEnum):
    """Reasons to keep the relay open; a refusal names the first, and what passes by itself last."""

    LOCK = "lock"
    INTERLOCK = "interlock"
    LOCKOUT = "lockout"
    SHUT_OFF = "shut_off"


class Status(StrEnum):
    """A burner in one word."""

    READY = "ready"
    LIT = "lit"
    TIMING = "timing"
    ENDING = "ending"
    SHUT_OFF = "shut_off"
    LOCKED = "locked"
    LOCKOUT = "lockout"


class Flame(StrEnum):
    """The measured flame. Unknown is never out."""

    LIT = "lit"
    OUT = "out"
    UNKNOWN = "unknown"


class Contact(StrEnum):
    """The measured auxiliary contact of the relay."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


CHILD_LOCK = "child"
IDLE_LOCK = "idle"
NIGHT_LOCK = "night"


class Ending(StrEnum):
    """What opens the relay at an instant that is known before."""

    TIMER = "timer"
    LIMIT = "limit"
    NIGHT = "night"  # a night lock begins
    SWEEP = "sweep"
    IDLE = "idle"  # an unlocked burner that nobody lit locks itself again
    PAUSE = "pause"  # the relay has been energised for as long as the keeper allows


@dataclass(frozen=True)
class Reading:
    """What is measured of a burner, as far as it can be believed."""

    flame: Flame = Flame.UNKNOWN
    contact: Contact = Contact.UNKNOWN
    millivolts: float | None = None  # of its thermocouple
    elsewhere: bool = False  # another burner's voltage stepped as if this one's relay were its own
    at: Millis | None = None  # when it was measured; None: now


class Refused(Exception):
    """A command that cannot be done; nothing changed. The text is a sentence for the one who asked.

    ``code`` is stable, and with ``values`` lets the sentence be said in another language: whole numbers are
    durations, everything else is a name or a word of this program's.
    """

    def __init__(self, sentence: str, field: str | None = None, *, code: str = "", **values: str | Millis) -> None:
        super().__init__(sentence)
        self.field = field  # of the request, where one is to blame
        self.code = code
        self.values = values


class NotNow(Refused):
    """Refused because of the state the burner is in."""


class NotAllowed(Refused):
    """Refused because a limit forbids the value, whatever the state."""


@dataclass(frozen=True)
class Limits:
    """A burner's limits, all in ms."""

    longest_timer: Millis
    unattended: Millis
    extend_total: Millis
    warn_before: Millis
    hold_open: Millis
    closing_time: Millis = 90_000  # for a cut flame to be measured out
    unlock_for: Millis = 120_000  # for an unlocked burner to be lit, where idle burners are locked
    longest_energised: Millis = 43_200_000  # the keeper's; then the relay pauses for hold_open


@dataclass(frozen=True)
class Hold:
    """A reason to keep the relay open, until an instant or until somebody ends it (None)."""

    kind: HoldKind
    cause: str
    since: Millis
    until: Millis | None = None


@dataclass(frozen=True)
class Timer:
    """The user's shut-off timer."""

    duration: Millis
    ends_at: Millis
    set_by: str


@dataclass(frozen=True)
class LastShutOff:
    """The last time the relay was opened under permission."""

    cause: Cause
    at: Millis
    by: str
    proof: Proof
    wall: str | None = None  # of an earlier run: RFC 3339, as the clock had it then
