"""Memory, idle time, and how soon the line is under control and a command is obeyed."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage

from tests.bench.contenders import mqtt_client
from tests.bench.figures import Figure, p50
from tests.bench.hob import Hob, started
from tests.bench.peers import Peer
from tests.brokers import Mosquitto
from tests.witness import boot_seconds

STARTS = 5
IDLE_FOR = 20.0  # s
SETTLED_AFTER = 3.0  # s
_EVENT = "flameout/bench/burner/b0/event"


def footprint(folder: Path, peers: list[type[Peer]], idle_for: float = IDLE_FOR) -> list[Figure]:
    """Ours beside everybody else's, one after the other."""
    with _broker() as (port, client):
        with started(folder / "ours", port) as hob:
            hob.wait_permitted("b7")
            assert hob.process is not None
            size, idle = _size_and_idle(hob.process.pid, idle_for)
        sizes, idles = {"flameout": size}, {"flameout": idle}
        for peer in peers:
            with peer(folder / peer.name, port, client) as other:
                assert other.process is not None
                sizes[peer.name], idles[peer.name] = _size_and_idle(other.process.pid, idle_for)
    return [
        Figure("daemon and keeper, PSS", size, "MiB", 60.0, _beside(sizes, "MiB", 1)),
        Figure("daemon and keeper idle, share of a core", idle, "%", 0.5, _beside(idles, "%", 2)),
    ]


def starts(folder: Path, peers: list[type[Peer]], times: int = STARTS) -> list[Figure]:
    """Cold starts in turn."""
    names = ["flameout", *(peer.name for peer in peers)]
    lines: dict[str, list[float]] = {name: [] for name in names}
    obeyed: dict[str, list[float]] = {name: [] for name in names}
    answers: list[float] = []
    with _broker() as (port, client):
        for turn in range(times):
            under_control, answered, at_command = _own_start(folder / f"{turn}" / "ours", port, client)
            lines["flameout"].append(under_control)
            answers.append(answered)
            obeyed["flameout"].append(at_command)
            for peer in peers:
                other = peer(folder / f"{turn}" / peer.name, port, client)
                started_at = boot_seconds()
                with other:  # until it obeys
                    lines[peer.name].append(other.witness.levels()[0].at - started_at)
                    obeyed[peer.name].append(other.witness.levels()[-1].at - started_at)
    control, at_once = ({name: p50(of) for name, of in column.items()} for column in (lines, obeyed))
    return [
        Figure("start to lines under control", control["flameout"], "s", 0.2, _beside(control, "s", 2)),
        Figure("start to REST answering", p50(answers), "s", 1.0, f"median of {times}"),
        Figure("start to the first MQTT command obeyed", at_once["flameout"], "s", None, _beside(at_once, "s", 2)),
    ]


def _own_start(folder: Path, port: int, client: Client) -> tuple[float, float, float]:
    """Seconds until the first line is claimed, until REST answers, until a shut-off over MQTT is obeyed.

    Relays are held open for a second after a start, so that it is the event that tells, not a level.
    """
    obeyed: list[float] = []

    def heard(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        if json.loads(message.payload).get("by") == "mqtt":
            obeyed.append(boot_seconds())

    client.message_callback_add(_EVENT, heard)
    client.subscribe(_EVENT)
    hob = Hob(folder, port)
    try:
        began = boot_seconds()
        hob.process = hob.spawn("run", "--config", str(hob.config))
        answered = None
        until = began + 20
        while not (answered and obeyed):
            assert boot_seconds() < until, hob.log()
            client.publish("flameout/bench/burner/b0/cmd/valve", "CLOSE")
            if answered is None and hob.healthy():
                answered = boot_seconds()
            time.sleep(0.005)
        return hob.witness.levels()[0].at - began, answered - began, obeyed[0] - began
    finally:
        client.message_callback_remove(_EVENT)
        hob.close()


@contextlib.contextmanager
def _broker() -> Iterator[tuple[int, Client]]:
    with Mosquitto() as broker:
        client = mqtt_client(broker.port)
        try:
            yield broker.port, client
        finally:
            client.loop_stop()


def _size_and_idle(pid: int, idle_for: float) -> tuple[float, float]:
    """MiB, and the share of a core in %, of a process and its children."""
    time.sleep(SETTLED_AFTER)
    pids = _family(pid)
    before = sum(map(_cpu_seconds, pids))
    time.sleep(idle_for)
    return sum(map(_pss, pids)), (sum(map(_cpu_seconds, pids)) - before) / idle_for * 100


def _family(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    return [pid, *(grandchild for child in children for grandchild in _family(child))]


def _pss(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def _cpu_seconds(pid: int) -> float:
    """As the scheduler counts it, in ns; the ticks of /proc/PID/stat are 10 ms."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _beside(values: dict[str, float], unit: str, digits: int) -> str:
    return "; ".join(f"{name} {value:.{digits}f} {unit}" for name, value in values.items())
