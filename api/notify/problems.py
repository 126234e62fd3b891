"""Problems of the stove that appear: each is told once when it has stood for a while. Pure; time is handed in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from api.notify.notice import Kind, Notice
from hardware.clock import MINUTE, SECOND, Millis

STANDS_FOR: Millis = 10 * SECOND  # at a start sensors have not spoken yet, and a lost keeper is replaced in a second
AGAIN_AFTER: Millis = 10 * MINUTE  # one that comes and goes is the same one
_STOVES = (
    ("journal", re.compile(r"The journal(?P<rest>.*)", re.DOTALL)),
    ("silent", re.compile(r"Interlock (?P<source>\S+): nothing has come .*", re.DOTALL)),
    ("stuck", re.compile(r"Interlock (?P<source>\S+) has been active .*")),
    ("clock", re.compile(r"The clock is not set.*")),
)
_BURNERS = {
    "voltage": ": a voltage shows at its thermocouple",
    "relay": ": the relay does not close",
    "flame": ": its flame is unknown",
    "worn": ": its holding circuit has grown",
}
_TOLD_OTHERWISE = re.compile(r"The keeper is (gone|being started).*", re.DOTALL)


@dataclass
class _Seen:
    since: Millis
    last: Millis
    told: bool = False


class Problems:
    """The problems that stand, since when, and which were told."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._looked_at: Millis | None = None

    def look(self, now: Millis, notices: Iterable[Notice]) -> list[Notice]:
        """What is to be told, of all the problems that stand now."""
        told, before = [], self._looked_at
        self._looked_at = now
        self._seen = {key: seen for key, seen in self._seen.items() if now - seen.last < AGAIN_AFTER}
        for notice in notices:
            seen = self._remember((notice.key, notice.burner or notice.fields.get("source", "")), now, before)
            if not seen.told and now - seen.since >= STANDS_FOR:
                seen.told = True
                told.append(notice)
        return told

    def due(self) -> Millis | None:
        """When the next of those that stand will have stood for long enough."""
        waiting = [seen.since for seen in self._seen.values() if not seen.told and seen.last == self._looked_at]
        return min(waiting) + STANDS_FOR if waiting else None

    def _remember(self, key: tuple[str, str], now: Millis, before: Millis | None) -> _Seen:
        seen = self._seen.setdefault(key, _Seen(now, now))
        if seen.last not in (now, before):  # it was gone in between
            seen.since = now
        seen.last = now
        return seen


def of_stove(now: Millis, sentence: str) -> Notice | None:
    """A problem of the stove's own; None where an event tells it."""
    if _TOLD_OTHERWISE.fullmatch(sentence):
        return None
    for category, pattern in _STOVES:
        match = pattern.fullmatch(sentence)
        if match:
            fields = {"sentence": sentence, "source": match.groupdict().get("source", "")}
            return Notice(Kind.PROBLEM, now, f"problem.{category}", None, fields)
    return Notice(Kind.PROBLEM, now, "problem.other", None, {"sentence": sentence, "source": sentence})


def of_burner(now: Millis, burner: str, name: str, sentence: str) -> Notice | None:
    """A burner's problem; None for a lockout, which an event tells."""
    words = sentence.removeprefix(name)
    if words.startswith(" is locked out: "):
        return None
    category = next((key for key, start in _BURNERS.items() if words.startswith(start)), "other")
    return Notice(Kind.PROBLEM, now, f"problem.{category}", burner, {"name": name, "sentence": sentence})
