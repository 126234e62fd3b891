"""The fault campaign: ``make faults``.

    python -m tests.faults                            # faults at 20 instants, pairs at 3, power cut at each byte
    python -m tests.faults --instants 1 --edges       # the quick part
    python -m tests.faults --only keeper-sigstop      # one fault; a part of a name is enough
    python -m tests.faults --resume                   # go on where one was broken off, and play again what went wrong
    python -m tests.faults --keep                     # the report is for the documentation
    python -m tests.faults --list

The report is build/faults/index.html and report.md, with a picture for each fault; kept, it is docs/faults/report.md.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.faults.campaign import campaign, in_order
from tests.faults.kept import Kept, NothingKept
from tests.faults.powercut import Verdict, everywhere
from tests.faults.report import write, write_page
from tests.faults.run import Outcome
from tests.faults.table import FAULTS, GROUPS, PAIRS

PAIRS_AT = 3  # instants
SAY_EVERY = 60.0  # s
KEPT = Path("docs/faults")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description="every fault, judged by an oracle")
    parser.add_argument("--instants", type=int, default=20, help="instants for each fault (20)")
    parser.add_argument(
        "--pairs", type=int, help=f"instants for each pair ({PAIRS_AT}, and no more than for the others)"
    )
    parser.add_argument(
        "--edges",
        action="store_true",
        help="cut the power at the edges of each write, not at every byte of 200 commits",
    )
    parser.add_argument("--keep", action="store_true", help=f"write the report to {KEPT} too")
    parser.add_argument("--seed", type=int, default=0, help="the first instant's seed (0)")
    parser.add_argument("--only", default="", help="faults with one of these, with commas between, in their name")
    parser.add_argument("--jobs", type=int, default=4, help="runs at a time (4); most of a run is waiting")
    parser.add_argument(
        "--resume", action="store_true", help="play only what has not been played yet, and again what went wrong"
    )
    parser.add_argument("--report", type=Path, default=Path("build/faults"), help="where to (build/faults)")
    parser.add_argument("--list", action="store_true", help="name every fault")
    return parser.parse_args()


def _runs(names: list[str], arguments: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Seed after seed, so that a fault is not beside itself."""
    paired = {fault.name for fault in PAIRS}
    at_pairs = min(PAIRS_AT, arguments.instants) if arguments.pairs is None else arguments.pairs
    for seed in range(max(arguments.instants, at_pairs)):
        for name in names:
            if seed < (at_pairs if name in paired else arguments.instants):
                yield name, arguments.seed + seed


def main() -> int:
    """Run the campaign; returns the exit code."""
    try:
        return _campaign(_arguments())
    except NothingKept as error:
        print(f"make faults: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Broken off; --resume goes on from here.", file=sys.stderr)
        return 130


def _campaign(arguments: argparse.Namespace) -> int:
    if arguments.list:
        for group, faults in GROUPS.items():
            print(group, *(f"  {fault.name}: {fault.what}" for fault in faults), sep="\n")
        return 0
    names = [name for name in FAULTS if any(part in name for part in arguments.only.split(","))]
    if not names:
        print(f"make faults: there is no fault with {arguments.only!r} in its name; --list names them", file=sys.stderr)
        return 2
    began = time.monotonic()
    kept, known = Kept(arguments.report / "outcomes.jsonl"), {}
    if arguments.resume:
        known = kept.load()
    else:
        kept.start()
    wanted = list(_runs(names, arguments))
    right = [known[run] for run in wanted if run in known and not known[run].wrong]
    runs = [run for run in wanted if run not in known or known[run].wrong]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("faults", total=len(runs))
        said_at = began

        def show(outcome: Outcome) -> None:
            nonlocal said_at
            kept.add(outcome)
            progress.update(task, advance=1, description=outcome.fault)
            if not progress.console.is_terminal and time.monotonic() - said_at > SAY_EVERY:  # a pipe sees no bar
                said_at = time.monotonic()
                progress.console.print(f"{progress.tasks[0].completed:.0f} of {len(runs)} runs, {outcome.fault}")
            for wrong in outcome.wrong:
                progress.console.print(f"[red]✖[/] {outcome.fault}, seed {outcome.seed}, {outcome.moment}: {wrong}")

        outcomes = in_order([*right, *campaign(runs, arguments.jobs, show, known)])
    with Progress() as progress:
        power = Verdict() if arguments.only else everywhere(not arguments.edges, progress)
    print(*(f"✖ power cut, {wrong}" for wrong in power.wrong[:20]), sep="\n", end="\n" if power.wrong else "")
    write(arguments.report, outcomes, power)
    write_page(arguments.report, outcomes)
    if arguments.keep:
        write(KEPT, outcomes, power)
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    demands = sum(outcome.demands for outcome in outcomes)
    print(
        f"{len(names)} faults, {len(outcomes)} runs, {demands} demands of the oracle, {len(wrong)} runs with something "
        f"wrong; {sum(power.looks.values())} power cuts, {len(power.wrong)} with something wrong; "
        f"{time.monotonic() - began:.0f} s; {arguments.report}/index.html"
    )
    return 1 if wrong or power.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
