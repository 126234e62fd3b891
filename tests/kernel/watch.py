"""What the guest sent: the witness's record of every line, and the scenarios' marks."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

SECOND = 1_000_000_000
LINES = ("17", "27")
Nanoseconds = int


@dataclass
class Watch:
    """The lines of one boot, on its monotonic clock."""

    levels: dict[str, list[tuple[Nanoseconds, bool]]] = field(default_factory=lambda: defaultdict(list))
    awake: list[tuple[Nanoseconds, Nanoseconds]] = field(default_factory=list)  # until when, and the longest gap

    def high(self, line: str, at: Nanoseconds) -> bool | None:
        """The line's level at an instant; None before the first record."""
        known = [level for since, level in self.levels[line] if since <= at]
        return known[-1] if known else None

    def low_from(self, at: Nanoseconds) -> Nanoseconds | None:
        """The first instant from ``at`` on by which every line has been seen low; None where one never was."""
        falls = [self.low_from_line(line, at) for line in LINES]
        return None if None in falls else max(fall for fall in falls if fall is not None)

    def low_from_line(self, line: str, at: Nanoseconds) -> Nanoseconds | None:
        """The same of one line."""
        if self.high(line, at) is False:
            return at
        return next((since for since, level in self.levels[line] if since >= at and not level), None)

    def rises(self, since: Nanoseconds, until: Nanoseconds) -> list[tuple[Nanoseconds, str]]:
        """Every time at which a line was or became high within a span."""
        found = [(since, line) for line in LINES if self.high(line, since)]
        found += [(at, line) for line in LINES for at, level in self.levels[line] if level and since < at <= until]
        return sorted(found)

    def covers(self, since: Nanoseconds, until: Nanoseconds) -> bool:
        """Whether the witness was there all the time: no second without a sign of it, but for its first and last."""
        signs = [since, *(at for at, _ in self.awake if since < at < until), until]
        return all(later - earlier < 3 * SECOND for earlier, later in pairwise(signs))


@dataclass
class Episode:
    """One scenario: its marks in their order, each with its boot and instant."""

    name: str
    marks: list[dict[str, Any]]

    def first(self, mark: str) -> dict[str, Any] | None:
        """The first mark of this name."""
        return next((each for each in self.marks if each["mark"] == mark), None)

    def at(self, mark: str) -> Nanoseconds:
        """When it was. Raises ``KeyError`` where it is missing."""
        found = self.first(mark)
        if found is None:
            raise KeyError(mark)
        return int(found["at"])

    def driven_high(self, since: Nanoseconds, until: Nanoseconds) -> list[tuple[Nanoseconds, str]]:
        """Every write of a line to high within a span, as the kernel traced it; also those over in no time."""
        done = self.first("done") or {}
        return [(at, line) for at, line, level in done.get("writes", []) if level and since <= at <= until]


def read_witness(text: str) -> dict[str, Watch]:
    """The witness's record by boot; a last line that was cut off is left out."""
    boots: dict[str, Watch] = {}
    watch = Watch()
    for words in (line.split() for line in text[: text.rfind("\n") + 1].splitlines()):
        match words:
            case ["boot", name]:
                watch = boots[name] = Watch()
            case ["level", at, line, level]:
                watch.levels[line].append((int(at), level == "1"))
            case ["awake", at, gap]:
                watch.awake.append((int(at), int(gap)))
    return boots


def read_report(text: str) -> list[dict[str, Any]]:
    """The marks, as far as they are whole."""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]


def episodes(marks: list[dict[str, Any]]) -> list[Episode]:
    """The marks by scenario; one that goes on after a restart of the machine is one."""
    found: dict[str, Episode] = {}
    name = ""
    for mark in marks:
        name = mark.get("scenario", name)
        if name:
            found.setdefault(name, Episode(name, [])).marks.append(mark)
    return list(found.values())
