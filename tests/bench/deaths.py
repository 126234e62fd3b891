"""From a process's death until the line is low, the worst of several."""

import os
import signal
import time
from pathlib import Path

from tests.bench.figures import Figure
from tests.e2e.program import LEFT, eventually, program
from tests.witness import boot_seconds

DIED = 5  # times that each process is killed
GOALS = (
    ("controller", signal.SIGKILL, 50.0),
    ("controller", signal.SIGSTOP, 1250.0),  # the lease and a quarter of a second
    ("keeper", signal.SIGKILL, 2000.0),
    ("keeper", signal.SIGSTOP, 2000.0),
)


def deaths(folder: Path) -> list[Figure]:
    """Each process killed, and stopped."""
    figures = []
    for who, signum, goal in GOALS:
        took = [_death(folder / f"{who}-{signum}-{turn}", who, signum) for turn in range(DIED)]
        name = f"{who} {signum.name} to line low, worst of {DIED}"
        figures.append(Figure(name, max(took), "ms", goal, f"best {min(took):.0f} ms"))
    return figures


def _death(folder: Path, who: str, signum: signal.Signals) -> float:
    folder.mkdir(parents=True)
    with program(folder) as stove:
        stove.start()
        stove.ready("left")
        assert stove.process is not None
        victim = stove.process.pid if who == "controller" else stove.keeper_pid()
        time.sleep(0.02)
        died = boot_seconds()
        os.kill(victim, signum)
        eventually("the line is low", lambda: not stove.witness.high(LEFT))
        return (stove.witness.fell_at(LEFT) - died) * 1000
