"""The soak: ``make soak``.

    python -m tests.soak --real 1h        # daemon, keeper and broker under load in real time; 24h, or 30s
    python -m tests.soak --report FOLDER  # where to

The report is index.html and report.md in the folder, with pictures; of a real run also every sample as it comes
(samples.csv), so that a long one can be looked at meanwhile.
"""

import argparse
import sys
import time
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hardware.durations import parse_duration
from tests.soak import real_report
from tests.soak.real import Plan, soak


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description="a long time of use, judged by an oracle")
    parser.add_argument("--real", help="for so long in real time, under load: 1h, 24h, 30s", metavar="DURATION")
    parser.add_argument("--pause", type=float, default=0.15, help="s between two things that are done, in real time")
    parser.add_argument("--seed", type=int, default=0, help="what chance begins with (0)")
    parser.add_argument("--report", type=Path, default=Path("build/soak"), help="where to (build/soak)")
    return parser.parse_args()


def main() -> int:
    """Soak; returns the exit code."""
    arguments = _arguments()
    return _real(arguments)


def _real(arguments: argparse.Namespace) -> int:
    plan = Plan(parse_duration(arguments.real) / 1000, arguments.seed, arguments.pause)
    folder = arguments.report / f"real-{time.strftime('%Y%m%d-%H%M%S')}"
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()) as progress:
        task = progress.add_task("real time", total=plan.seconds)
        result = soak(folder, plan, lambda passed: progress.update(task, completed=passed))
    real_report.write(folder, result)
    return _verdict(result.wrong, folder)


def _verdict(wrong: list[str], folder: Path) -> int:
    for sentence in wrong[:50]:
        print(f"✖ {sentence}", file=sys.stderr)
    print(f"{len(wrong)} things wrong; {folder}/index.html")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
