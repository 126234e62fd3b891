"""Outcomes on disk, so that a campaign that was broken off can be gone on with."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from tests.copies import ROOT
from tests.faults.run import Outcome

PROGRAM = ("api", "controller", "hardware", "tests/faults")


class OfAnotherProgram(Exception):
    """The outcomes are of a program that was changed since; the text says what to do."""


class Kept:
    """A file with a line for each outcome, under a line that says of which program they are."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def start(self) -> None:
        """Forget what was kept."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(digest() + "\n")

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome; of the same fault and seed the last one counts."""
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")

    def load(self) -> dict[tuple[str, int], Outcome]:
        """What was kept, by fault and seed. Raises :class:`OfAnotherProgram`."""
        if not self._path.exists():
            raise OfAnotherProgram(f"There is nothing to go on with in {self._path}; begin without --resume.")
        first, *lines = self._path.read_text().splitlines()
        if first != digest():
            raise OfAnotherProgram("The program was changed since; begin without --resume.")
        outcomes = map(_outcome, lines)
        return {(outcome.fault, outcome.seed): outcome for outcome in outcomes}


def digest(program: Iterable[str] = PROGRAM) -> str:
    """Tells one state of the program and of the campaign from any other."""
    files = sorted(file for part in program for file in (ROOT / part).rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _outcome(line: str) -> Outcome:
    given = json.loads(line)
    given["wrong"] = tuple(given["wrong"])
    given["before"] = tuple(map(tuple, given["before"]))
    return Outcome(**given)
