"""From a command until the line is low: ours beside the floor and the peers, idle and under load."""

import contextlib
from pathlib import Path

from tests.bench.contenders import (
    FloorOverMqtt,
    FloorOverRest,
    Ours,
    OursOverMqtt,
    OursOverRest,
    PairOverMqtt,
    mqtt_client,
    race,
)
from tests.bench.figures import Figure, beside, p50, p99
from tests.bench.hob import beside as program
from tests.bench.hob import started
from tests.bench.peers import Peer
from tests.brokers import Mosquitto

ROUNDS = 200
PAGES = 50
REQUESTS = 200  # a second
MESSAGES = 500  # a second
TURNS = 2  # idle and loaded in turn
LOADED_FOR = 150  # s at the most


def mqtt(folder: Path, peers: list[type[Peer]], rounds: int = ROUNDS) -> list[Figure]:
    """An MQTT command until its line is low."""
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto())
        client = mqtt_client(broker.port)
        stack.callback(client.loop_stop)
        hob = stack.enter_context(started(folder / "ours", broker.port))
        contenders = [
            OursOverMqtt(hob, client),
            FloorOverMqtt(folder / "floor", broker.port, client),
            PairOverMqtt(folder / "pair", broker.port, client),
            *(peer(folder / peer.name, broker.port, client) for peer in peers),
        ]
        for contender in contenders:
            stack.enter_context(contender)
        took = race(contenders, rounds)
    ours, floor = took["flameout"], took["floor"]
    what, note = "MQTT command to line low", beside(took)
    return [
        Figure(f"{what}, p50 against the floor", p50(ours) / p50(floor), "×", 1.3, note),
        Figure(f"{what}, p99 against the floor's", p99(ours) / p99(floor), "×", 2.0),
        Figure(f"{what}, p50 against a floor of two processes", p50(ours) / p50(took[PairOverMqtt.name]), "×"),
        *(
            Figure(
                f"{what}, how much faster than {peer.name}, p50",
                p50(took[peer.name]) / p50(ours),
                "×",
                1.6 if peer.name == "mqtt-io" else None,
                at_least=True,
            )
            for peer in peers
        ),
    ]


def rest(folder: Path, rounds: int = ROUNDS) -> list[Figure]:
    """A REST call until its line is low, on a connection that is open already."""
    with started(folder / "ours") as hob, FloorOverRest(folder / "floor") as bare:
        took = race([OursOverRest(hob), bare], rounds)
    ours, floor = took["flameout"], took["floor"]
    return [
        Figure("REST call to line low, p50 against the floor", p50(ours) / p50(floor), "×", 1.3, beside(took)),
        Figure("REST call to line low, p99 against the floor's", p99(ours) / p99(floor), "×", 2.0),
    ]


def loaded(folder: Path, rounds: int = ROUNDS) -> list[Figure]:
    """Shut-offs while many others want something, against those while nobody does."""
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto())
        client = mqtt_client(broker.port)
        stack.callback(client.loop_stop)
        hob = stack.enter_context(started(folder / "ours", broker.port, favoured=True))
        ways: dict[str, Ours] = {"MQTT": OursOverMqtt(hob, client), "REST": OursOverRest(hob)}
        idle: dict[str, list[float]] = {way: [] for way in ways}
        busy: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(TURNS):
            _add(idle, ways, rounds // TURNS)
            with (
                program("readers", hob.port, PAGES),
                program("load", "rest", hob.port, REQUESTS, LOADED_FOR),
                program("load", "mqtt", broker.port, MESSAGES, LOADED_FOR),
            ):
                _add(busy, ways, rounds // TURNS)
    return [
        Figure(
            f"{way} shut-off under load, p99 against its idle p99",
            p99(busy[way]) / p99(idle[way]),
            "×",
            3.0,
            beside({"loaded": busy[way], "idle": idle[way]}),
        )
        for way in ways
    ]


def _add(to: dict[str, list[float]], ways: dict[str, Ours], rounds: int) -> None:
    for _ in range(rounds):
        for way, contender in ways.items():
            to[way] += race([contender], 1)[contender.name]
