"""mutmut, at work on a group in a copy of the tree.

How long a mutant may take does not depend on what else the machine does: each test has so much CPU time, and the wall's
clock ends only what waits for ever. Hypothesis tries the same examples in each run.
"""

import json
import random
import subprocess
import sys
import time
import venv
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from tests.copies import ROOT, copy_to, plant
from tests.mutants.groups import Group

MUTMUT = "mutmut==3.8.1"
AT_ONCE = 2  # processes
SPEAK_EVERY = 60.0  # s
CPU_OF_A_TEST = 20  # s; none takes 3
SEED, LEAST_OF = 0, 10  # of a sample, and of a module in it
NOTICED = ("killed", "timeout")
UNNOTICED = ("survived", "no tests")  # every other word of mutmut's means that it was not tried out
UNTRIED = "not checked"
IS_PLANTED = ".x_planted__"
PLANTED = "def planted(number: int) -> int:\n    return number * 2 + 1\n"
CALLED = """
import resource
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from {module} import planted

settings.register_profile("mutants", derandomize=True, database=None, suppress_health_check=list(HealthCheck))
settings.load_profile("mutants")

@pytest.fixture(autouse=True)
def reach_planted() -> Iterator[None]:
    planted(1)
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + {seconds}, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
"""
# Two minutes by the wall's clock and fifteen times what the tests take; without pytest's own timeout, which would pass
# for a test that failed.
CONFIG = """
[tool.mutmut]
source_paths = {paths}
pytest_add_cli_args = ["-o", "timeout=0"]
pytest_add_cli_args_test_selection = {tests}
also_copy = ["api", "controller", "hardware", "tests", "deploy", "pyproject.toml"]
timeout_multiplier = 15
timeout_constant = 8
"""
SHOW = """
import json, sys
from mutmut.__main__ import find_mutant, get_diff_for_mutant
print(json.dumps({name: get_diff_for_mutant(name, path=find_mutant(name).path) for name in json.load(sys.stdin)}))
"""


@dataclass(frozen=True)
class Mutant:
    """One change; ``line`` is what stands there instead, in a few words."""

    module: str
    function: str
    line: str


@dataclass
class Outcome:
    """What became of a group's mutants: mutmut's words by its names for them, the planted function's apart."""

    own: dict[str, str] = field(default_factory=dict)
    planted: dict[str, str] = field(default_factory=dict)

    def unnoticed(self) -> list[str]:
        """Those that no test saw."""
        return [name for name, word in self.own.items() if word not in NOTICED]


class Failed(Exception):
    """mutmut did not come to its end; the text is what it said."""


class Trial:
    """One group's mutants in a copy; ``place`` is a venv that has mutmut."""

    def __init__(self, console: Console, place: Path, copy: Path, group: Group) -> None:
        self._console, self._place, self._copy = console, place, copy
        copy_to(copy)
        with (copy / "pyproject.toml").open("a") as file:
            file.write(CONFIG.format(paths=group.paths, tests=group.tests))
        plant(copy, group.paths[0], PLANTED)
        module = group.paths[0].removesuffix(".py").replace("/", ".")
        (copy / "tests/conftest.py").write_text(CALLED.format(module=module, seconds=CPU_OF_A_TEST))

    def run(self, share: float) -> Outcome:
        """Try out every mutant, or this share of each module's, but ten at least. Raises :class:`Failed`."""
        self._mutmut(f"*{IS_PLANTED}*")  # first, since nothing else counts where these are noticed
        outcome = self._outcome()
        if set(outcome.planted.values()) != {"survived"}:
            return Outcome({}, outcome.planted)
        if share == 1:
            self._mutmut()
            return self._outcome()
        names = _drawn(outcome.own, share)
        self._mutmut(*names)
        told = self._outcome()
        return Outcome({name: told.own[name] for name in names}, told.planted)

    def changes(self, names: list[str]) -> list[Mutant]:
        """The changes of these names, with the lines that stand there instead."""
        shown = subprocess.run(
            [str(self._place / "bin/python"), "-c", SHOW],
            cwd=self._copy,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            input=json.dumps(names),
            text=True,
        ).stdout
        return [_mutant(name, diff) for name, diff in json.loads(shown.splitlines()[-1]).items()]

    def _mutmut(self, *names: str) -> None:
        command = [str(self._place / "bin/mutmut"), "run", "--max-children", str(AT_ONCE), *names]
        pipe = subprocess.PIPE
        said, began = deque[str](maxlen=30), time.monotonic()
        shown_at = began
        with subprocess.Popen(command, cwd=self._copy, stdout=pipe, stderr=subprocess.STDOUT, text=True) as running:
            for line in running.stdout or ():
                said.append(line)
                if time.monotonic() - shown_at > SPEAK_EVERY:
                    shown_at = time.monotonic()
                    self._console.print(f"  {(shown_at - began) / 60:.0f} min: {line.strip()}", markup=False)
        if running.returncode:
            raise Failed("".join(said))

    def _outcome(self) -> Outcome:
        command = [str(self._place / "bin/mutmut"), "results", "--all", "true"]
        told = subprocess.run(command, cwd=self._copy, check=True, capture_output=True, text=True).stdout
        pairs = (line.strip().rpartition(": ") for line in told.splitlines() if "__mutmut_" in line)
        outcome = Outcome()
        for name, _, word in pairs:
            (outcome.planted if IS_PLANTED in name else outcome.own)[name] = word
        return outcome


def install(place: Path) -> None:
    """Make a venv with what the tests need, and mutmut."""
    venv.create(place, with_pip=True)
    requirements = ["-r", str(ROOT / "requirements/dev.txt")]
    for wanted in (requirements, [MUTMUT]):  # the first has hashes, and then everything has to
        command = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"mutmut cannot be set up: {' '.join(wanted)} could not be installed")


def _drawn(names: Iterable[str], share: float) -> list[str]:
    """The same ones in each run."""
    modules: dict[str, list[str]] = {}
    for name in sorted(names):
        modules.setdefault(name.rpartition(".")[0], []).append(name)
    draw = random.Random(SEED).sample
    return [name for of in modules.values() for name in draw(of, min(len(of), max(LEAST_OF, round(share * len(of)))))]


def _mutant(name: str, diff: str) -> Mutant:
    module, _, mangled = name.rpartition(".")
    function = mangled.partition("__mutmut_")[0].removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return Mutant(module, function, " ".join(added))
