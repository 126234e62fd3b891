"""Run SPIN over a model: every interleaving, to the end or to the first broken demand."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RACES = Path(__file__).parent / "races.pml"
FLAWS = ("LEASE_COUNTS_FROM_READING", "NO_GENERATION", "PERMITS_COMPARED_BY_VALUE")
DEEPEST = 1_000_000  # steps; a search that gets there is no whole one, and is refused
LONGEST = 300  # seconds


@dataclass(frozen=True)
class Search:
    """What came of it: the demand that was broken (None: none was), and how many states were seen."""

    broken: str | None
    states: int


def can_search() -> bool:
    """Whether there are SPIN and a C compiler."""
    return shutil.which("spin") is not None and shutil.which("cc") is not None


def search(model: Path, folder: Path, flaws: Sequence[str] = (), bounds: Mapping[str, int] | None = None) -> Search:
    """Search all of ``model`` with the flaws and bounds switched on, working in ``folder``.

    Raises :class:`RuntimeError` where the search did not come to an end.
    """
    defines = [*(f"-D{flaw}" for flaw in flaws), *(f"-D{name}={value}" for name, value in (bounds or {}).items())]
    _run(folder, "spin", "-a", *defines, str(model))
    _run(folder, "cc", "-w", "-O2", "-DSAFETY", "-o", "pan", "pan.c")
    said = _run(folder, "./pan", f"-m{DEEPEST}")
    errors, states = re.search(r"errors: (\d+)", said), re.search(r"(\d+) states, stored", said)
    if errors is None or states is None or "truncated" in said or "max search depth too small" in said:
        raise RuntimeError(f"the search did not come to an end:\n{said}")
    broken = re.search(r"assertion violated (.*) \(at depth", said)
    if (broken is None) != (errors[1] == "0"):
        raise RuntimeError(f"something other than a demand is broken:\n{said}")
    return Search(broken[1].strip() if broken is not None else None, int(states[1]))


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
