"""The soak: ``make soak``.

    python -m tests.soak                          # a year of a household in virtual time, some minutes
    python -m tests.soak --years 3 --seed 7
    python -m tests.soak --days 7
    python -m tests.soak --real 1h                # daemon, keeper and broker under load in real time; 24h, or 30s

The report is index.html and report.md in build/soak, with pictures; of a real run also every sample as it comes
(samples.csv), so that a long one can be looked at meanwhile.
"""

import argparse
import contextlib
import io
import sys
import time
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hardware.durations import parse_duration
from tests.soak import real_report, year_report
from tests.soak.real import Plan, soak
from tests.soak.year import run


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description="a long time of use, judged by an oracle")
    parser.add_argument("--years", type=int, default=1, help="of virtual time (1)")
    parser.add_argument("--days", type=int, help="of virtual time, in place of years")
    parser.add_argument("--real", help="for so long in real time, under load: 1h, 24h, 30s", metavar="DURATION")
    parser.add_argument("--pause", type=float, default=0.15, help="s between two things that are done, in real time")
    parser.add_argument("--seed", type=int, default=0, help="what chance begins with (0)")
    parser.add_argument("--report", type=Path, default=Path("build/soak"), help="where to (build/soak)")
    return parser.parse_args()


def main() -> int:
    """Soak; returns the exit code."""
    arguments = _arguments()
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()) as progress:
        return _real(arguments, progress) if arguments.real else _virtual(arguments, progress)


def _virtual(arguments: argparse.Namespace, progress: Progress) -> int:
    days = arguments.days or arguments.years * 365
    folder = arguments.report / "virtual"
    task = progress.add_task("days", total=days)
    with contextlib.redirect_stderr(io.StringIO()):  # the household's keepers report each power cut there
        year = run(days, arguments.seed, lambda day: progress.update(task, completed=day))
    year_report.write(folder, year)
    return _verdict(year.wrong, folder)


def _real(arguments: argparse.Namespace, progress: Progress) -> int:
    plan = Plan(parse_duration(arguments.real) / 1000, arguments.seed, arguments.pause)
    folder = arguments.report / f"real-{time.strftime('%Y%m%d-%H%M%S')}"
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
