"""How good are the tests? ``make mutants``; ``make mutants ARGS=all``, or one or more groups' names

Changes the program in thousands of small ways, one at a time in a copy, and demands that its tests notice: at least
95 % of the changes in the cores and in the keeper, each other one explained in tests/mutants_survivors.toml, and at
least 80 % in the rest of controller/. What no test reaches was not noticed; what was not tried out ends the gate. In
each group a function is planted that every test calls and none looks at: if its mutants do not survive them all, the
gate is broken. What survives is listed in build/mutants.
"""

import json
import subprocess
import sys
import tempfile
import time
import tomllib
import venv
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.copies import ROOT, copy_to, plant

MUTMUT = "mutmut==3.8.1"
REPORTS = ROOT / "build" / "mutants"
AT_ONCE = 2  # processes
SPEAK_EVERY = 60.0  # s
NOTICED = ("killed", "timeout")
UNNOTICED = ("survived", "no tests")  # every other word of mutmut's means that it was not tried out
PLANTED = "def planted(number: int) -> int:\n    return number * 2 + 1\n"
CALLED = """
import pytest
from {module} import planted

@pytest.fixture(autouse=True)
def reach_planted() -> None:
    planted(1)
"""
CONFIG = """
[tool.mutmut]
source_paths = {paths}
pytest_add_cli_args_test_selection = {tests}
also_copy = ["api", "controller", "hardware", "tests", "deploy", "pyproject.toml"]
"""
SHOW = """
import json, sys
from mutmut.__main__ import find_mutant, get_diff_for_mutant
print(json.dumps({name: get_diff_for_mutant(name, path=find_mutant(name).path) for name in json.load(sys.stdin)}))
"""


@dataclass(frozen=True)
class Group:
    """Modules, and the tests that have to notice a change in them; each runs in one process."""

    name: str
    paths: list[str]
    tests: list[str]
    least: float
    explained: bool  # whether each survivor has to be


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


def _files(pattern: str, *but: str) -> list[str]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    return [name for name in found if name not in but]


CORES = ["controller/burner.py", "controller/proof.py", "hardware/permits.py"]
OF_CORES = [
    *_files("tests/controller/test_burner*.py"),
    "tests/controller/test_proof.py",
    "tests/controller/test_refusals.py",
    "tests/hardware/test_permits.py",
]
TOO_MANY_STEPS = ["tests/controller/test_burner_machine.py", "tests/controller/test_burner_walk.py"]
READS_SOURCES = "tests/controller/test_cut_path.py"  # mutmut writes others there
GROUPS = {
    group.name: group
    for group in (
        Group("cores", CORES, [name for name in OF_CORES if name not in TOO_MANY_STEPS], 0.95, explained=True),
        Group(
            "keeper",
            [f"hardware/{name}.py" for name in ("keeper", "senses", "outputs", "drive", "lines")],
            [
                *(f"tests/hardware/test_keeper{part}.py" for part in ("", "_clients", "_program")),
                *(f"tests/hardware/test_{name}.py" for name in ("senses", "outputs", "drive", "lines")),
            ],
            0.95,
            explained=True,
        ),
        Group(
            "controller",
            _files("controller/*.py", "controller/__init__.py", *CORES),
            _files("tests/controller/test_*.py", READS_SOURCES, *OF_CORES),
            0.8,
            explained=False,
        ),
    )
}


def main(wanted: list[str]) -> int:
    """Run the gate for the cores, for the groups that are named, or for all; 1 where it does not hold."""
    if unknown := set(wanted) - {"all", *GROUPS}:
        print(f"there is no group {', '.join(sorted(unknown))}; known are all, {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    console = Console(highlight=False)
    chosen = list(GROUPS) if "all" in wanted else wanted or ["cores"]
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="flameout-mutants-") as folder:
        console.print("setting up mutmut …")
        place = Path(folder) / "venv"
        _install(place)
        for group in (GROUPS[name] for name in chosen):
            console.print(f"{group.name}: changing {len(group.paths)} modules …")
            copy = Path(folder) / group.name
            if failed := _run(console, place, copy, group):
                failures.append(failed)
                continue
            outcome = _outcome(place, copy)
            failures += _judge(console, group, outcome, _changes(place, copy, _unnoticed(outcome)))
    for failure in failures:
        console.print(failure, style="red", markup=False, soft_wrap=True)
    return 1 if failures else 0


def _install(place: Path) -> None:
    venv.create(place, with_pip=True)
    requirements = ["-r", str(ROOT / "requirements/dev.txt")]
    for wanted in (requirements, [MUTMUT]):  # the first has hashes, and then everything has to
        command = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"mutmut cannot be set up: {' '.join(wanted)} could not be installed")


def _run(console: Console, place: Path, copy: Path, group: Group) -> str | None:
    """Try out every mutant of a group; says why, where that could not be."""
    copy_to(copy)
    with (copy / "pyproject.toml").open("a") as file:
        file.write(CONFIG.format(paths=group.paths, tests=group.tests))
    plant(copy, group.paths[0], PLANTED)
    module = group.paths[0].removesuffix(".py").replace("/", ".")
    (copy / "tests/conftest.py").write_text(CALLED.format(module=module))
    command = [str(place / "bin/mutmut"), "run", "--max-children", str(AT_ONCE)]
    pipe = subprocess.PIPE
    said, began = deque[str](maxlen=30), time.monotonic()
    shown_at = began
    with subprocess.Popen(command, cwd=copy, stdout=pipe, stderr=subprocess.STDOUT, text=True) as running:
        for line in running.stdout or ():
            said.append(line)
            if time.monotonic() - shown_at > SPEAK_EVERY:
                shown_at = time.monotonic()
                console.print(f"  {(shown_at - began) / 60:.0f} min: {line.strip()}", markup=False)
    return f"{group.name}: mutmut did not come to its end:\n{''.join(said)}" if running.returncode else None


def _outcome(place: Path, copy: Path) -> Outcome:
    command = [str(place / "bin/mutmut"), "results", "--all", "true"]
    told = subprocess.run(command, cwd=copy, check=True, capture_output=True, text=True).stdout
    pairs = (line.strip().rpartition(": ") for line in told.splitlines() if "__mutmut_" in line)
    outcome = Outcome()
    for name, _, word in pairs:
        (outcome.planted if ".x_planted__" in name else outcome.own)[name] = word
    return outcome


def _unnoticed(outcome: Outcome) -> list[str]:
    return [name for name, word in outcome.own.items() if word not in NOTICED]


def _changes(place: Path, copy: Path, names: list[str]) -> list[Mutant]:
    """The changes of these names, with the lines that stand there instead."""
    command = [str(place / "bin/python"), "-c", SHOW]
    shown = subprocess.run(
        command,
        cwd=copy,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        input=json.dumps(names),
        text=True,
    ).stdout
    return [_mutant(name, diff) for name, diff in json.loads(shown.splitlines()[-1]).items()]


def _mutant(name: str, diff: str) -> Mutant:
    module, _, mangled = name.rpartition(".")
    function = mangled.partition("__mutmut_")[0].removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")
    added = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return Mutant(module, function, " ".join(added))


def _judge(console: Console, group: Group, outcome: Outcome, survivors: list[Mutant]) -> Iterator[str]:
    """Say how it went, and list what survived; yields what does not hold."""
    yield from _table(console, group, outcome.own)
    _report(group, survivors)
    if set(outcome.planted.values()) != {"survived"}:  # else a test fails in mutmut's worker, whatever is changed
        yield f"{group.name}: the gate is broken: what no test looks at was noticed {outcome.planted}"
    for word, count in Counter(outcome.own.values()).items():
        if word not in (*NOTICED, *UNNOTICED):
            yield f"{group.name}: {count} mutants were not tried out ({word})."
    if len(survivors) > (1 - group.least) * len(outcome.own):
        yield f"{group.name}: fewer than {group.least:.0%} of the mutants were noticed."
    if group.explained:
        explained = {(entry["function"], entry["line"]) for entry in _explanations()}
        for mutant in survivors:
            if (mutant.function, mutant.line) not in explained:
                yield f"{mutant.module}.{mutant.function} survives, unexplained: {mutant.line}"


def _table(console: Console, group: Group, outcomes: dict[str, str]) -> Iterator[str]:
    """Print a line for each module; yields which of them had no mutant."""
    table = Table(group.name, "mutants", "noticed", "of them by time", "no test", "share", box=None)
    words: dict[str, Counter[str]] = {path: Counter() for path in group.paths}
    for name, word in outcomes.items():
        words["/".join(name.rpartition(".")[0].split(".")) + ".py"][word] += 1
    for path, of_path in words.items():
        if not of_path:
            if _has_functions(path):
                yield f"{group.name}: no mutant of {path} was made."
            continue
        noticed = sum(of_path[word] for word in NOTICED)
        counts = of_path.total(), noticed, of_path["timeout"], of_path["no tests"]
        table.add_row(path, *map(str, counts), f"{noticed / of_path.total():.1%}")
    all_noticed = sum(of_path[word] for of_path in words.values() for word in NOTICED)
    table.add_row(
        "together", str(len(outcomes)), str(all_noticed), "", "", f"{all_noticed / max(1, len(outcomes)):.1%}"
    )
    console.print(table)


def _has_functions(path: str) -> bool:
    """Whether there is anything to change; mutmut changes bodies of functions only."""
    return "    return" in (ROOT / path).read_text()


def _report(group: Group, survivors: list[Mutant]) -> None:
    """List what nobody noticed, by module and function."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    lines = sorted(f"{mutant.module}.{mutant.function}: {mutant.line}" for mutant in survivors)
    (REPORTS / f"{group.name}.txt").write_text("".join(f"{line}\n" for line in lines))


def _explanations() -> list[dict[str, str]]:
    return list(tomllib.loads((Path(__file__).parent / "mutants_survivors.toml").read_text()).get("survivor", []))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
