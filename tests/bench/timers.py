"""How late a line falls at the end of a timer: idle, with every core busy, with and without real-time scheduling."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.contenders import fall, mqtt_client
from tests.bench.figures import Figure, beside, p50, p99, stolen
from tests.bench.hob import PINS, Hob, busy, started
from tests.bench.peers import Peer, round_of_timers
from tests.brokers import Mosquitto
from tests.e2e.program import eventually
from tests.witness import boot_seconds

ROUNDS = 15  # of eight timers


def lateness(folder: Path, peers: list[type[Peer]], rounds: int = ROUNDS) -> list[Figure]:
    """The same timers, in turn, by everybody."""
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto())
        client = mqtt_client(broker.port)
        stack.callback(client.loop_stop)
        hob = stack.enter_context(started(folder / "ours"))
        others = [stack.enter_context(peer(folder / peer.name, broker.port, client)) for peer in peers]
        keeper = hob.keeper_pid()
        figures = []
        with scheduled(keeper, os.SCHED_OTHER):
            idle = _rounds(hob, others, rounds)
            figures += [
                Figure("timer's end to line low, p50", p50(idle["flameout"]), "ms late", 0.4, beside(idle)),
            ]
            if "mqtt-io" in idle:
                what = "timer's end to line low, lateness against mqtt-io's, p50"
                figures.append(Figure(what, p50(idle["flameout"]) / p50(idle["mqtt-io"]), "×", 0.3))
            figures.append(_while_busy("", hob, others, rounds, 5.0))
        if _may_be_real_time(keeper):
            with scheduled(keeper, os.SCHED_FIFO):
                figures.append(_while_busy(", SCHED_FIFO", hob, [], rounds, 1.0))
        else:
            print("Real-time scheduling is not allowed here, so it is left out; root may.", file=sys.stderr)
        return figures


def _while_busy(how: str, hob: Hob, others: list[Peer], rounds: int, goal: float) -> Figure:
    before = stolen()
    with busy(os.cpu_count() or 2):
        late = _rounds(hob, others, rounds)
    taken = stolen() - before
    note = f"{beside(late)}; the machine's host took {taken:.2f} s of its cores meanwhile" if taken else beside(late)
    return Figure(f"timer's end to line low, every core busy{how}, p99", p99(late["flameout"]), "ms late", goal, note)


def _rounds(hob: Hob, peers: list[Peer], rounds: int) -> dict[str, list[float]]:
    late: dict[str, list[float]] = {name: [] for name in ("flameout", *(peer.name for peer in peers))}
    for _ in range(rounds):
        late["flameout"] += _round_of_ours(hob)
        for peer in peers:
            late[peer.name] += round_of_timers(peer)
    return late


def _round_of_ours(hob: Hob) -> list[float]:
    for name in PINS:
        hob.wait_permitted(name)
    since = boot_seconds()
    for index, name in enumerate(PINS):
        hob.set_timer(name, 1 + index * 0.037)
    fell = {
        name: eventually(f"{name} fell", lambda pin=pin: fall(hob.witness, pin, since))  # type: ignore[misc]
        for name, pin in PINS.items()
    }
    ends = hob.deadlines()
    return [(fell[name] - ends[name]) * 1000 for name in PINS]


@contextlib.contextmanager
def scheduled(pid: int, policy: int) -> Iterator[None]:
    """Another process scheduled in this way meanwhile."""
    before = os.sched_getscheduler(pid), os.sched_getparam(pid)
    os.sched_setscheduler(pid, policy, os.sched_param(10 if policy == os.SCHED_FIFO else 0))
    try:
        yield
    finally:
        os.sched_setscheduler(pid, *before)


def _may_be_real_time(pid: int) -> bool:
    try:
        with scheduled(pid, os.SCHED_FIFO):
            return True
    except PermissionError:
        return False
