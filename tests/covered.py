"""Which lines and branches does no test go through? ``make coverage``

Runs the tests of controller, keeper and interfaces, children included, in a copy in which every group has a planted
function that is called for one of its two ways only. Demands of each group a share of lines and of branches, that
the planted branch is among what is missing, and that there was something to measure at all.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.copies import ROOT, copy_to, plant

KEEPER = ("drive", "keeper", "lines", "outputs", "permits", "senses")
CORES = (*(f"hardware/{name}.py" for name in KEEPER), "controller/burner.py", "controller/proof.py")
TESTS = ("tests/controller", "tests/hardware", "tests/api", "tests/e2e")
LEFT_OUT = (
    "tests/controller/test_burner_walk.py",  # a million steps through lines that others go through too
    "tests/hardware/test_permits_walk.py",
    "tests/api/rest/test_against_the_description.py",  # minutes of requests that reach no line of their own
    "tests/e2e/test_reverse_proxy.py",  # of other programs
    "tests/e2e/test_mdns.py",
)
# coverage.py itself imports what these say must not be imported
NOT_UNDER_COVERAGE = "tests/api/cli/test_app.py::test_what_has_to_be_quick_imports_no_heavy_library"
PLANTED = '''\
def planted(number: int) -> int:
    """Called for one of its two ways only."""
    if number:
        number += 1
    return number


planted(1)
'''
CONFIG = """\
[run]
branch = true
parallel = true
patch =
    subprocess
    _exit
sigterm = true
data_file = {folder}/data/coverage
source =
    {copy}/api
    {copy}/controller
    {copy}/hardware
disable_warnings =
    no-data-collected
    module-not-measured
    module-not-imported
[report]
exclude_also =
    if TYPE_CHECKING:
    ^\\s*(def .*)?\\.\\.\\.$
"""


@dataclass(frozen=True)
class Group:
    """Files that have to be covered alike; ``plant`` is the one that gets the planted function."""

    name: str
    prefixes: tuple[str, ...]
    least: float
    plant: str


GROUPS = (
    Group("keeper and burner", CORES, 1.0, "hardware/permits.py"),
    Group("controller", ("controller/",), 0.95, "controller/wall.py"),
    Group("hardware", ("hardware/",), 0.9, "hardware/clock.py"),
    Group("api", ("api/",), 0.9, "api/wire.py"),
)


@dataclass
class Seen:
    """What was measured in one file, the planted function apart."""

    lines: int = 0
    branches: int = 0
    missing_lines: list[int] = field(default_factory=list)
    missing_branches: list[tuple[int, int]] = field(default_factory=list)
    planted_found: bool = False


def main() -> int:
    """Run the gate; 1 where it does not hold."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="flameout-coverage-") as name:
        folder = Path(name)
        copy = folder / "copy"
        copy_to(copy)
        lengths = {group.plant: plant(copy, group.plant, PLANTED) for group in GROUPS}
        console.print("running the tests of controller, hardware, interfaces and whole programs, slower than usual …")
        if failed := _run(folder, copy):
            console.print(failed, style="red", markup=False)
            return 1
        return _judge(console, _measured(folder, copy), lengths)


def _run(folder: Path, copy: Path) -> str | None:
    """Run the tests under measurement; says what failed, if anything did."""
    config = folder / "coverage.ini"
    (folder / "data").mkdir()
    config.write_text(CONFIG.format(folder=folder, copy=copy))
    tests = [*TESTS, *(f"--ignore={name}" for name in LEFT_OUT), f"--deselect={NOT_UNDER_COVERAGE}"]
    spread = ["--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-p", "no:cacheprovider"]
    spread += ["-o", "timeout=600"]  # a test takes longer while its lines are followed
    done = subprocess.run(
        [sys.executable, "-m", "coverage", "run", f"--rcfile={config}", "-m", "pytest", *spread, *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return f"Some tests failed, so nothing is said of the others:\n{done.stdout[-4000:]}" if done.returncode else None


def _measured(folder: Path, copy: Path) -> dict[str, Any]:
    """What coverage.py says of each file."""
    for words in (["combine", "--quiet"], ["json", "--quiet", "-o", str(folder / "report.json")]):
        command = [sys.executable, "-m", "coverage", words[0], f"--rcfile={folder}/coverage.ini", *words[1:]]
        subprocess.run(command, cwd=copy, check=False, capture_output=True)
    report = folder / "report.json"
    return dict(json.loads(report.read_text())["files"]) if report.exists() else {}


def _seen(told: dict[str, Any], length: int | None) -> Seen:
    """One file's numbers; what lies after ``length`` lines is planted."""

    def own(line: int) -> bool:
        return length is None or line <= length

    missing = [(start, end) for start, end in told["missing_branches"]]
    return Seen(
        lines=sum(own(line) for line in told["executed_lines"] + told["missing_lines"]),
        branches=sum(own(start) for start, _ in told["executed_branches"] + missing),
        missing_lines=[line for line in told["missing_lines"] if own(line)],
        missing_branches=[(start, end) for start, end in missing if own(start)],
        planted_found=any(not own(start) for start, _ in missing),
    )


def _judge(console: Console, measured: dict[str, Any], lengths: dict[str, int]) -> int:
    """Say how it went; 1 unless everything holds."""
    files = {name: _seen(told, lengths.get(name)) for name, told in measured.items()}
    table = Table("group", "lines", "covered", "branches", "covered", box=None)
    failures = [failure for group in GROUPS for failure in _row(table, group, files)]
    for name, seen in sorted(files.items()):
        for sentence in _missing(name, seen):
            console.print(sentence, markup=False, soft_wrap=True)
    console.print(table)
    for failure in failures:
        console.print(failure, style="red", markup=False, soft_wrap=True)
    return 1 if failures else 0


def _row(table: Table, group: Group, files: dict[str, Seen]) -> Iterator[str]:
    """Add a group's line to the table; yields what is wrong with it."""
    of_group = [seen for name, seen in files.items() if name.startswith(group.prefixes)]
    lines, branches = sum(seen.lines for seen in of_group), sum(seen.branches for seen in of_group)
    planted = files.get(group.plant)
    if not lines or not branches or planted is None or not planted.planted_found:
        yield f"{group.name}: the planted branch, which nothing goes through, was not found: the gate is broken."
        return
    of_lines = 1 - sum(len(seen.missing_lines) for seen in of_group) / lines
    of_branches = 1 - sum(len(seen.missing_branches) for seen in of_group) / branches
    table.add_row(group.name, str(lines), f"{of_lines:.2%}", str(branches), f"{of_branches:.2%}")
    if min(of_lines, of_branches) < group.least:
        yield f"{group.name}: less than {group.least:.0%} of lines or of branches; what is missing stands above."


def _missing(name: str, seen: Seen) -> Iterator[str]:
    """What no test goes through in one file, as sentences."""
    code = (ROOT / name).read_text().splitlines()
    for line in seen.missing_lines:
        yield f"{name}:{line} never runs: {code[line - 1].strip()}"
    for start, end in seen.missing_branches:
        if end not in seen.missing_lines and start not in seen.missing_lines:
            where = "leaves from there" if end < 0 else f"goes on to line {end}"
            yield f"{name}:{start} never {where}: {code[start - 1].strip()}"


if __name__ == "__main__":
    sys.exit(main())
