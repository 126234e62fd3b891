"""How fast, how late, how big: ``make bench``.

Speed is given as a ratio against the barest program that does the same job, measured in turn with ours in the
same run. Lines are observed through the witness, outside the processes that drive them.
"""

import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console
from rich.table import Table

from tests.bench.hob import PINS, Hob, busy, floor, open_pages
from tests.bench.page import interactive
from tests.brokers import Mosquitto
from tests.e2e.program import LEFT, eventually, program
from tests.witness import Witness, boot_seconds

ROUNDS = 160
RESTED = 0.02  # s before each shut-off, so that ours and the floor are woken alike
PAGES = 50
DIED = 5  # times that each process is killed


@dataclass(frozen=True)
class Figure:
    """One measured figure beside its goal."""

    what: str
    value: float
    unit: str
    goal: float
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.goal


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def until_low(witness: Witness, pin: int, send: Callable[[], object]) -> float:
    """Milliseconds from before ``send()`` until the line is low."""
    time.sleep(RESTED)
    sent = boot_seconds()
    send()
    eventually("the line is low", lambda: not witness.high(pin))
    return (witness.fell_at(pin) - sent) * 1000


def beside_the_floor(
    name: str,
    hob: Hob,
    ours: Callable[[str], object],
    floor_witness: Witness,
    arm: Callable[[], object],
    floor_off: Callable[[], object],
) -> list[Figure]:
    """Shut-offs of ours and of the floor in turn."""
    own: list[float] = []
    bare: list[float] = []
    for turn in range(ROUNDS):
        burner = f"b{turn % len(PINS)}"
        hob.wait_permitted(burner)
        arm()
        eventually("the floor's line is high", lambda: floor_witness.high(LEFT))
        bare.append(until_low(floor_witness, LEFT, floor_off))
        own.append(until_low(hob.witness, PINS[burner], lambda burner=burner: ours(burner)))  # type: ignore[misc]
    note = f"ours {statistics.median(own):.2f} ms, floor {statistics.median(bare):.2f} ms"
    ratio = statistics.median(own) / statistics.median(bare)
    tail = percentile(own, 0.99) / percentile(bare, 0.99)
    tail_note = f"ours {percentile(own, 0.99):.2f} ms, floor {percentile(bare, 0.99):.2f} ms"
    return [
        Figure(f"{name} shut-off to line low, p50 against floor", ratio, "×", 1.5, note),
        Figure(f"{name} shut-off to line low, p99 against floor", tail, "×", 4.0, tail_note),
    ]


def mqtt(folder: Path) -> list[Figure]:
    """An MQTT command until its line is low."""
    with Mosquitto() as broker:
        hob = Hob(_made(folder / "mqtt"), broker.port)
        client = Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        try:
            hob.start()
            with floor(folder / "mqtt-floor", "mqtt", broker.port) as (_, witness):
                return beside_the_floor(
                    "MQTT",
                    hob,
                    lambda burner: client.publish(f"flameout/bench/burner/{burner}/cmd/valve", "CLOSE"),
                    witness,
                    lambda: client.publish("floor/cmd", "ON"),
                    lambda: client.publish("floor/cmd", "OFF"),
                )
        finally:
            client.loop_stop()
            hob.close()


def rest(folder: Path, pages: int = 0) -> list[Figure]:
    """A REST call until its line is low, on a connection that is open already, while so many pages are open."""
    hob = Hob(_made(folder / f"rest-{pages}"), None)
    try:
        hob.start()
        with floor(folder / f"rest-{pages}-floor", "rest") as (port, witness), open_pages(hob.port, pages):
            bare = httpx2.Client(base_url=f"http://127.0.0.1:{port}")
            return beside_the_floor(
                f"REST with {pages} pages open," if pages else "REST",
                hob,
                lambda burner: hob.http.post(f"/api/v1/burners/{burner}/shut-off"),
                witness,
                lambda: bare.post("/on"),
                lambda: bare.post("/off"),
            )
    finally:
        hob.close()


def watched(folder: Path) -> list[Figure]:
    """The same with fifty pages open."""
    return rest(folder, PAGES)


def page(folder: Path) -> list[Figure]:
    """The phone page on a slow phone, until a burner can be shut off and a timer set."""
    with program(_made(folder / "page")) as stove:
        stove.start()
        stove.ready("left")
        own, bare, size = interactive(stove, "burner-card#left .chip:not([disabled])")
    note = f"ours {own:.0f} ms, barest page {bare:.0f} ms, 4 times slower CPU, 150 ms a request, 1.6 Mbit/s"
    return [
        Figure("page until a timer can be set, slow phone", own / 1000, "s", 1.0, note),
        Figure("page, bytes of the first visit", size / 1000, "kB", 60.0),
    ]


def deadlines(folder: Path) -> list[Figure]:
    """How late the keeper opens at the end of a timer, idle and with both cores busy."""
    hob = Hob(_made(folder / "deadlines"), None)
    try:
        hob.start()
        figures = []
        for name, spinning in (("idle", 0), ("both cores busy", os.cpu_count() or 2)):
            with busy(spinning):
                late = [lateness for _ in range(15) for lateness in _round_of_timers(hob)]
            note = f"{len(late)} timers, latest {max(late):.2f} ms"
            figures += [
                Figure(f"timer's end to line low, {name}, p50", statistics.median(late), "ms", 0.5, note),
                Figure(f"timer's end to line low, {name}, p99", percentile(late, 0.99), "ms", 10.0, note),
            ]
        return figures
    finally:
        hob.close()


def _round_of_timers(hob: Hob) -> list[float]:
    for name in PINS:
        hob.wait_permitted(name)
    for index, name in enumerate(PINS):
        hob.set_timer(name, 1 + index * 0.037)
    for name, pin in PINS.items():
        eventually(f"{name} is low", lambda pin=pin: not hob.witness.high(pin))  # type: ignore[misc]
    ends = hob.deadlines()
    return [(hob.witness.fell_at(pin) - ends[name]) * 1000 for name, pin in PINS.items()]


def deaths(folder: Path) -> list[Figure]:
    """From a process's death until the line is low, the worst of several."""
    goals = [
        ("controller", signal.SIGKILL, 50.0),
        ("controller", signal.SIGSTOP, 1250.0),  # the lease and a quarter of a second
        ("keeper", signal.SIGKILL, 2000.0),
        ("keeper", signal.SIGSTOP, 2000.0),
    ]
    figures = []
    for who, signum, goal in goals:
        took = [_death(_made(folder / f"{who}-{signum}-{turn}"), who, signum) for turn in range(DIED)]
        name = f"{who} {signum.name} to line low, worst of {DIED}"
        figures.append(Figure(name, max(took), "ms", goal, f"best {min(took):.0f} ms"))
    return figures


def _death(folder: Path, who: str, signum: signal.Signals) -> float:
    with program(folder) as stove:
        stove.start()
        stove.ready("left")
        assert stove.process is not None
        victim = stove.process.pid if who == "controller" else stove.keeper_pid()
        return until_low(stove.witness, LEFT, lambda: os.kill(victim, signum))


def footprint(folder: Path) -> list[Figure]:
    """Memory, idle time, and how soon lines and REST are there."""
    starts = [_start(_made(folder / f"start-{turn}")) for turn in range(5)]
    lines, answers = (statistics.median(column) for column in zip(*starts, strict=True))
    with Mosquitto() as broker:
        hob = Hob(_made(folder / "footprint"), broker.port)
        try:
            hob.start()
            hob.wait_permitted("b7")
            assert hob.process is not None
            pids = [hob.process.pid, hob.keeper_pid()]
            sizes = [_pss(pid) for pid in pids]
            before = sum(map(_cpu_seconds, pids))
            time.sleep(10)
            idle = (sum(map(_cpu_seconds, pids)) - before) / 10 * 100
        finally:
            hob.close()
    note = f"daemon {sizes[0]:.1f}, keeper {sizes[1]:.1f}"
    return [
        Figure("daemon and keeper, PSS", sum(sizes), "MiB", 70.0, note),
        Figure("daemon and keeper idle, share of a core", idle, "%", 1.0, "over 10 s, 8 burners, MQTT"),
        Figure("start to lines under control", lines, "s", 0.3, "median of 5"),
        Figure("start to REST answering", answers, "s", 1.5, "median of 5"),
    ]


def _start(folder: Path) -> tuple[float, float]:
    hob = Hob(folder, None)
    try:
        started = boot_seconds()
        hob.start()
        return hob.witness.levels()[0].at - started, boot_seconds() - started
    finally:
        hob.close()


def _pss(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def main(wanted: list[str]) -> int:
    """Measure and print; returns 1 if a goal was missed."""
    parts: dict[str, Callable[[Path], list[Figure]]] = {
        "mqtt": mqtt,
        "rest": rest,
        "watched": watched,
        "page": page,
        "deadlines": deadlines,
        "deaths": deaths,
        "footprint": footprint,
    }
    table = Table("figure", "measured", "goal", "", "detail", title=f"flameout on {os.cpu_count()} cores")
    missed = 0
    console = Console(width=150 if not sys.stdout.isatty() else None)
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted or parts:
            with console.status(f"measuring {name} …"):
                figures = parts[name](Path(folder))
            for figure in figures:
                missed += not figure.met
                table.add_row(
                    figure.what,
                    f"{figure.value:.2f} {figure.unit}",
                    f"≤ {figure.goal:g} {figure.unit}",
                    "ok" if figure.met else "[red]missed[/]",
                    figure.note,
                )
    console.print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
