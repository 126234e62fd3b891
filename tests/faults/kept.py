"""Outcomes on disk, so that a campaign that was broken off can be gone on with."""

import json
from dataclasses import asdict
from pathlib import Path

from tests.faults.run import Outcome


class NothingKept(Exception):
    """There is nothing to go on with; the text says what to do."""


class Kept:
    """A file with a line for each outcome."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def start(self) -> None:
        """Forget what was kept."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("")

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome; of the same fault and seed the last one counts."""
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")

    def load(self) -> dict[tuple[str, int], Outcome]:
        """What was kept, by fault and seed. Raises :class:`NothingKept`."""
        if not self._path.exists():
            raise NothingKept(f"There is nothing to go on with in {self._path}; begin without --resume.")
        outcomes = map(_outcome, self._path.read_text().splitlines())
        return {(outcome.fault, outcome.seed): outcome for outcome in outcomes}


def _outcome(line: str) -> Outcome:
    given = json.loads(line)
    given["wrong"] = tuple(given["wrong"])
    given["before"] = tuple(map(tuple, given["before"]))
    return Outcome(**given)
