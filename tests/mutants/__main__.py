"""How good are the tests? ``make mutants``

    python -m tests.mutants                           # the cores
    python -m tests.mutants all                       # or one or more of cores, keeper, controller
    python -m tests.mutants controller/stove.py       # one module, under its group's demands
    python -m tests.mutants controller --share 0.2    # a fifth of the changes, drawn by a fixed seed

Changes the program in thousands of small ways, one at a time in a copy, and demands that its tests notice: at least
95 % of the changes in the cores and in the keeper, each other one explained in survivors.toml, and at least 80 % in
the rest of controller/. What no test reaches was not noticed; what was not tried out ends the gate. In each group a
function is planted that every test calls and none looks at: if its mutants do not survive them all, the gate is
broken. What survives is listed in build/mutants.
"""

import argparse
import ast
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.copies import ROOT
from tests.mutants.groups import GROUPS, Group, chosen
from tests.mutants.trying import NOTICED, UNNOTICED, Failed, Mutant, Outcome, Trial, install

REPORTS = ROOT / "build" / "mutants"


def main() -> int:
    """Run the gate for what is named; 1 where it does not hold."""
    parser = argparse.ArgumentParser(prog="make mutants", description="what no test notices")
    parser.add_argument("wanted", nargs="*", help=f"all, {', '.join(GROUPS)}, or a module's path (cores)")
    parser.add_argument("--share", type=float, default=1.0, help="how many of the mutants, by a fixed seed (1.0)")
    arguments = parser.parse_args()
    try:
        groups = chosen(arguments.wanted)
    except KeyError as unknown:
        parser.error(f"there is no group or module {unknown}; known are all, {', '.join(GROUPS)}")
    console = Console(highlight=False)
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="flameout-mutants-") as folder:
        console.print("setting up mutmut …")
        place = Path(folder) / "venv"
        install(place)
        for group in groups:
            failures += _try(console, Trial(console, place, Path(folder) / group.name, group), group, arguments.share)
    for failure in failures:
        console.print(failure, style="red", markup=False, soft_wrap=True)
    return 1 if failures else 0


def _try(console: Console, trial: Trial, group: Group, share: float) -> Iterator[str]:
    """Try a group out and say how it went; yields what does not hold."""
    console.print(f"{group.name}: changing {len(group.paths)} modules …")
    try:
        outcome = trial.run(share)
    except Failed as failed:
        yield f"{group.name}: mutmut did not come to its end:\n{failed}"
        return
    if set(outcome.planted.values()) != {"survived"}:  # else a test fails in mutmut's worker, whatever is changed
        yield f"{group.name}: the gate is broken: what no test looks at was noticed {outcome.planted}"
        return
    yield from _judge(console, group, outcome, trial.changes(outcome.unnoticed()))


def _judge(console: Console, group: Group, outcome: Outcome, survivors: list[Mutant]) -> Iterator[str]:
    """Show the table and list what survived; yields what does not hold."""
    yield from _table(console, group, outcome.own)
    _report(group, survivors)
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
        if of_path:
            table.add_row(path, *_cells(of_path))
        elif _has_functions(path):
            yield f"{group.name}: no mutant of {path} was tried out."
    table.add_row("together", *_cells(sum(words.values(), Counter())))
    console.print(table)


def _cells(words: Counter[str]) -> Iterator[str]:
    noticed = sum(words[word] for word in NOTICED)
    yield from map(str, (words.total(), noticed, words["timeout"], words["no tests"]))
    yield f"{noticed / max(1, words.total()):.1%}"


def _has_functions(path: str) -> bool:
    """Whether there is anything to change; mutmut changes bodies of functions without decorators only."""
    functions = (node for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef))
    return any(not function.decorator_list for function in functions)


def _report(group: Group, survivors: list[Mutant]) -> None:
    """List what nobody noticed, by module and function."""
    report = REPORTS / f"{group.name}.txt"
    report.parent.mkdir(parents=True, exist_ok=True)
    lines = sorted(f"{mutant.module}.{mutant.function}: {mutant.line}" for mutant in survivors)
    report.write_text("".join(f"{line}\n" for line in lines))


def _explanations() -> list[dict[str, str]]:
    return list(tomllib.loads((Path(__file__).parent / "survivors.toml").read_text()).get("survivor", []))


if __name__ == "__main__":
    sys.exit(main())
