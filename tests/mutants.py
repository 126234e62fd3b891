"""How good are the tests of the cores? ``make mutants``

Changes the cores of burner, proof and keeper in a thousand small ways, one at a time in a copy, and demands that
their tests notice: at least 95 % of the changes, and every other one has to be explained in
tests/mutants_survivors.toml. A function that nothing tests is planted in the copy; if its mutants are not found
to survive, the gate itself is broken.
"""

import subprocess
import sys
import tempfile
import tomllib
import venv
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parent.parent
MUTMUT = "mutmut==3.8.1"
LEAST = 0.95
CORES = ("controller/burner.py", "controller/proof.py", "hardware/permits.py")
TESTS = (
    "tests/controller/test_burner.py",
    "tests/controller/test_burner_measured.py",
    "tests/controller/test_burner_schedules.py",
    "tests/controller/test_proof.py",
    "tests/controller/test_refusals.py",
    "tests/hardware/test_permits.py",
)
PLANTED = '\n\ndef planted(number: int) -> int:\n    """Nothing tests this."""\n    return number * 2 + 1\n'
CONFIG = f"""
[tool.mutmut]
paths_to_mutate = {list(CORES)}
tests_dir = {list(TESTS)}
also_copy = ["api", "controller", "hardware", "tests", "deploy", "pyproject.toml"]
"""


@dataclass(frozen=True)
class Mutant:
    """One change; ``line`` is what stands there instead, in a few words."""

    module: str
    function: str
    line: str

    @property
    def planted(self) -> bool:
        return self.function == "planted"


def main() -> int:
    """Run the gate; 1 where it does not hold."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="flameout-mutants-") as folder:
        copy = Path(folder) / "copy"
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, files.split("\0")):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                (copy / name).write_bytes((ROOT / name).read_bytes())
        with (copy / "pyproject.toml").open("a") as file:
            file.write(CONFIG)
        with (copy / "controller/proof.py").open("a") as file:
            file.write(PLANTED)
        console.print("setting up mutmut, then two minutes of mutants …")
        mutmut = _install(Path(folder) / "venv")
        subprocess.run([mutmut, "run"], cwd=copy, check=False, capture_output=True)
        return _judge(console, _outcomes(mutmut, copy), lambda name: _change(mutmut, copy, name))


def _install(place: Path) -> str:
    venv.create(place, with_pip=True)
    requirements = ["-r", str(ROOT / "requirements/dev.txt")]
    for wanted in (requirements, [MUTMUT]):  # the first has hashes, and then everything has to
        command = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"mutmut cannot be set up: {' '.join(wanted)} could not be installed")
    return str(place / "bin/mutmut")


def _outcomes(mutmut: str, copy: Path) -> dict[str, str]:
    """What became of each mutant, by mutmut's name for it."""
    told = subprocess.run([mutmut, "results", "--all", "true"], cwd=copy, check=True, capture_output=True, text=True)
    pairs = (line.strip().rpartition(": ") for line in told.stdout.splitlines() if "__mutmut_" in line)
    return {name: outcome for name, _, outcome in pairs}


def _change(mutmut: str, copy: Path, name: str) -> str:
    """The line that stands there instead."""
    shown = subprocess.run([mutmut, "show", name], cwd=copy, check=True, capture_output=True, text=True).stdout
    added = [line[1:].strip() for line in shown.splitlines() if line.startswith("+") and not line.startswith("+++")]
    return " ".join(added)


def _mutant(name: str, line: str) -> Mutant:
    module, _, mangled = name.rpartition(".")
    function = mangled.partition("__mutmut_")[0].removeprefix("xǁ").removeprefix("x_").replace("ǁ", ".")
    return Mutant(module, function, line)


def _judge(console: Console, outcomes: dict[str, str], change: Callable[[str], str]) -> int:
    """Say how it went; 1 unless everything holds."""
    planted = {name: outcome for name, outcome in outcomes.items() if ".x_planted__" in name}
    own = {name: outcome for name, outcome in outcomes.items() if name not in planted}
    survivors = [_mutant(name, change(name)) for name, outcome in own.items() if outcome not in ("killed", "timeout")]
    explained = {(entry["function"], entry["line"]) for entry in _explanations()}
    unexplained = [mutant for mutant in survivors if (mutant.function, mutant.line) not in explained]
    failures = list(_table(console, own))
    if not planted or "killed" in planted.values():
        failures.append("The planted function, which nothing tests, was not found: the gate is broken.")
    if own and len(survivors) > (1 - LEAST) * len(own):
        failures.append(f"Fewer than {LEAST:.0%} of the mutants were killed.")
    for mutant in unexplained:
        failures.append(f"{mutant.module}.{mutant.function} survives, unexplained: {mutant.line}")
    for failure in failures:
        console.print(failure, style="red", markup=False)
    return 1 if failures else 0


def _table(console: Console, outcomes: dict[str, str]) -> Iterator[str]:
    """Print a line for each core; yields what is wrong with one of them."""
    table = Table("core", "mutants", "killed", "share", box=None)
    all_of, killed = Counter[str](), Counter[str]()
    for name, outcome in outcomes.items():
        core = "/".join(name.rpartition(".")[0].split(".")[:2]) + ".py"
        all_of[core] += 1
        killed[core] += outcome in ("killed", "timeout")
    for core in CORES:
        if not all_of[core]:
            yield f"No mutant of {core} was run."
            continue
        table.add_row(core, str(all_of[core]), str(killed[core]), f"{killed[core] / all_of[core]:.1%}")
    console.print(table)


def _explanations() -> list[dict[str, str]]:
    return list(tomllib.loads((Path(__file__).parent / "mutants_survivors.toml").read_text()).get("survivor", []))


if __name__ == "__main__":
    sys.exit(main())
