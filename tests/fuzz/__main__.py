"""Fuzzing: ``make fuzz``.

    python -m tests.fuzz                         # every target for a minute, two at a time
    python -m tests.fuzz keeper --seconds 3600   # one of keeper, mqtt, rest, config
    python -m tests.fuzz --runs 2000             # a number of inputs instead of a time
    python -m tests.fuzz rest --replay FILE      # one input again
    python -m tests.fuzz --flaws                 # only whether every planted flaw is found

Before a target is run, each flaw that is planted in it has to be found; what is found otherwise is kept in
build/fuzz/TARGET with the command that plays it again, and the exit code is 1. The corpus grows there from run to run.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.fuzz.engine import TARGETS, load

ROOT = Path(__file__).parent.parent.parent
FLAW_RUNS = 20_000  # within which each planted flaw has to be found
_DONE = re.compile(r"^#(\d+)\s+\w+(?:\s+cov: (\d+) ft: (\d+) corp: (\d+))?", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What came of one process."""

    what: str
    broken: str | None  # how, and how to see it again
    inputs: int
    coverage: int | None  # edges; None where there was no steering
    seconds: float

    @property
    def found(self) -> bool:
        """Whether an input broke what has to hold; a target that does not even start has found nothing."""
        return self.broken is not None and "BROKEN" in self.broken

    def __str__(self) -> str:
        covered = f", {self.coverage} edges" if self.coverage is not None else ", blindly"
        return f"{self.what}: {self.inputs:,} inputs{covered}, {self.seconds:.0f} s"


def run(name: str, folder: Path, *options: str, what: str = "") -> Outcome:
    """Run one target in a process of its own, its words in ``folder``/log."""
    folder.mkdir(parents=True, exist_ok=True)
    log, began = folder / "log", time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.engine", name, "--folder", str(folder), *options]
    with log.open("w") as words:
        code = subprocess.run(command, cwd=ROOT, stdout=words, stderr=words, check=False).returncode
    said = log.read_text(errors="replace")
    progress = _DONE.findall(said)
    inputs = int(progress[-1][0]) if progress else 0
    coverage = [int(edges) for _, edges, _, _ in progress if edges]
    broken = None
    if code != 0:
        why = re.findall(r"^(?:BROKEN|again:|SUMMARY:|\S*Error:).*$", said, re.MULTILINE)[-2:]
        broken = "\n  ".join([*why, f"all of it: {log}"])
    return Outcome(what or name, broken, inputs, coverage[-1] if coverage else None, time.monotonic() - began)


def find_flaw(name: str, flaw: str, options: Sequence[str] = ()) -> Outcome:
    """Run a target with a planted flaw, which has to break something."""
    with tempfile.TemporaryDirectory() as folder:
        return run(name, Path(folder), "--flaw", flaw, "--runs", str(FLAW_RUNS), *options, what=f"{name}, {flaw}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description="fuzz what others hand in")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; left out: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--runs", type=int, help="inputs for each target, instead of a time")
    parser.add_argument("--seed", type=int, default=0, help="of chance (0: another one each time)")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time (2)")
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="try these inputs only")
    parser.add_argument("--flaws", action="store_true", help="only look whether each planted flaw is found")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="where to (build/fuzz)")
    arguments = parser.parse_args()
    if wrong := set(arguments.targets) - set(TARGETS):
        parser.error(f"there is no target {min(wrong)!r}; known are {', '.join(TARGETS)}")
    arguments.targets = arguments.targets or list(TARGETS)
    return arguments


def _options(arguments: argparse.Namespace) -> list[str]:
    if arguments.replay:
        return ["--replay", *(str(path.resolve()) for path in arguments.replay)]
    seed = str(arguments.seed or time.time_ns() % 2**31)
    return [
        "--seed",
        seed,
        *(["--runs", str(arguments.runs)] if arguments.runs else ["--seconds", f"{arguments.seconds}"]),
    ]


def _planted(targets: Sequence[str], progress: Progress, pool: ThreadPoolExecutor) -> int:
    """Look for every planted flaw; returns how many were not found."""
    flaws = [(name, flaw) for name in targets for flaw in load(name).flaws]
    task, missed = progress.add_task("planted flaws", total=len(flaws)), 0
    for outcome in pool.map(lambda pair: find_flaw(*pair), flaws):
        missed += not outcome.found
        sign = "[green]✔[/] found" if outcome.found else "[red]✖ NOT FOUND[/]"
        progress.console.print(f"{sign}: {outcome.what}, {outcome.seconds:.0f} s")
        progress.advance(task)
    return missed


def _fuzzed(arguments: argparse.Namespace, progress: Progress, pool: ThreadPoolExecutor) -> int:
    """Run every target; returns how many were broken."""
    task, broken = progress.add_task("targets", total=len(arguments.targets)), 0
    options, folder = _options(arguments), arguments.folder.resolve()
    for outcome in pool.map(lambda name: run(name, folder / name, *options), arguments.targets):
        broken += outcome.broken is not None
        progress.console.print(f"{'[red]✖[/]' if outcome.broken else '[green]✔[/]'} {outcome}")
        if outcome.broken:
            progress.console.print(f"  {outcome.broken}", markup=False, soft_wrap=True)
        progress.advance(task)
    return broken


def main() -> int:
    """Fuzz; returns the exit code."""
    arguments = _arguments()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(highlight=False)
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(arguments.jobs) as pool:
        missed = 0 if arguments.replay else _planted(arguments.targets, progress, pool)
        broken = 0 if arguments.flaws else _fuzzed(arguments, progress, pool)
    return 1 if broken or missed else 0


if __name__ == "__main__":
    sys.exit(main())
