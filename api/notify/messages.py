"""What is sent to people's pockets: which event becomes which message, in which words.

Names of burners are text and stay text: messages are sent as plain text, never as markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from api.notify.words import WORDS
from controller.events import Event, LockedOut, Proof, Proved, ShutOff, TimerEnding
from hardware.clock import Millis
from hardware.durations import in_words

_UNITS = {"h": "小时", "min": "分钟", "s": "秒", "d": "天"}


class Kind(StrEnum):
    """What a message is about; the configuration's words in ``notify.on``."""

    WARN = "warn"
    CUT = "cut"
    LOCKOUT = "lockout"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Message:
    """One line for a pocket, and where a tap on it leads (None: nowhere)."""

    kind: Kind
    text: str
    link: str | None = None


@dataclass(frozen=True)
class Writer:
    """Writes messages in one language; ``page`` is the phone page's address, without a slash at its end."""

    names: Mapping[str, str]  # burner id: what people call it
    language: str
    page: str | None

    def about(self, event: Event) -> Message | None:
        """The message that an event becomes; None for most."""
        if isinstance(event, TimerEnding):
            left = self._duration(event.remaining)
            return self._write(Kind.WARN, f"warn.{event.deadline}", event.burner, left=left)
        if isinstance(event, ShutOff) and event.cut:
            return self._write(Kind.CUT, f"cut.{event.cause}", event.burner)
        if isinstance(event, Proved) and event.outcome is Proof.FAILED:
            return self._write(Kind.CUT, "not_proved", event.burner)
        if isinstance(event, LockedOut):
            words = WORDS[self.language]
            key = f"lockout.{event.cause}"
            return self._write(Kind.LOCKOUT, key if key in words else "lockout.other", event.burner, cause=event.cause)
        return None

    def problem(self, sentence: str) -> Message:
        """The message about a problem of the stove's own, whose sentence is the stove's."""
        return Message(Kind.PROBLEM, WORDS[self.language]["problem"].format(sentence=sentence), self._link(None))

    def more(self, count: int) -> str:
        """The line about messages that were left out."""
        return WORDS[self.language]["more"].format(count=count)

    def test(self) -> Message:
        """The message of ``flameout notify-test``."""
        return Message(Kind.PROBLEM, WORDS[self.language]["test"], self._link(None))

    def _write(self, kind: Kind, key: str, burner: str | None, **values: str) -> Message:
        name = self.names.get(burner or "", burner or "")
        return Message(kind, WORDS[self.language][key].format(name=name, **values), self._link(burner))

    def _link(self, burner: str | None) -> str | None:
        if self.page is None:
            return None
        return f"{self.page}/" if burner is None else f"{self.page}/#/burner/{burner}"

    def _duration(self, duration: Millis) -> str:
        said = in_words(duration)
        if self.language == "zh":
            words = said.split()
            return "".join(f"{n}{_UNITS[unit]}" for n, unit in zip(words[::2], words[1::2], strict=True))
        return said
