"""MQTT over a wire that is cut at every byte, crawls, repeats, and a broker that kept commands for us."""

from collections.abc import Callable, Iterator
from functools import partial

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.brokers import publish_packet
from tests.e2e.program import eventually
from tests.faults.fault import Fault, Strike, Undisturbed
from tests.faults.scene import PINS, Scene, wait
from tests.witness import boot_seconds

OURS = "flameout_test"  # the daemon's name at the broker
TIMER = "flameout/test/burner/right/cmd/timer"
VALVE = "flameout/test/burner/right/cmd/valve"
AT_ONCE = "0.02"  # minutes, 1.2 s; whoever obeys it sees the line fall
CONNECT, PUBLISH = 1, 3  # types of packets
SMALL = 200  # bytes of a packet that is cut at each of them
HURRY = "import api.mqtt.link as link\nlink.LONGEST_PAUSE = 0.01"  # else each of many tries waits for half a minute


def packets(said: bytes) -> Iterator[tuple[int, int, int]]:
    """(type, start, end) of each MQTT packet whose head is there."""
    start = 0
    while start + 2 <= len(said):
        length, at = 0, start + 1
        while at < len(said):
            length |= (said[at] & 0x7F) << 7 * (at - start - 1)
            at += 1
            if said[at - 1] < 0x80:
                break
        yield said[start] >> 4, start, at + length
        start = at + length


def _first(said: bytes, kind: int) -> tuple[int, int] | None:
    """Where the first small packet of a type starts and ends."""
    return next(((start, end) for of, start, end in packets(said) if of == kind and end - start <= SMALL), None)


def _cut(scene: Scene, such: Callable[[bytes], object]) -> bytes:
    """Cut the wire, and wait until something such was said on a new connection; returns that."""
    before = len(scene.wire.sent)
    scene.on_wire(scene.wire.cut)
    return bytes(eventually("it connects again", lambda: next(filter(such, scene.wire.sent[before:]), None)))


def _cut_in(kind: int) -> Strike:
    """Every byte of a packet of ours in turn is the last that reaches the broker; each needs a connection."""
    after = 0

    def passes(said: bytes) -> int:
        place = _first(said, kind)
        return len(said) if place is None else place[0] + after

    def strike(scene: Scene) -> None:
        nonlocal after
        after, end = 0, 2
        scene.wire.passes_to_broker = passes
        while after < end - 1:
            after += 1
            start, until = _first(_cut(scene, lambda said: _first(said, kind)), kind) or (0, 0)
            end = until - start
        assert end > 10, "what was cut is no packet"

    return mended(strike)


def _cut_answers(scene: Scene) -> None:
    """CONNACK and SUBACK, byte after byte."""
    after = 0
    scene.wire.passes_to_client = lambda said: after
    for after in range(1, 30):  # noqa: B007 - the function above looks at it
        _cut(scene, len)
        wait(0.01)


def _cut_command(scene: Scene) -> None:
    """A command to us ends at each of its bytes but the last; nobody may obey the half of it, or it is on record.

    What the broker says next may fill it up: a PUBLISH begins with a digit, so the payload is none that ends with one.
    """
    command = publish_packet(TIMER, b"DEFAULT", packet=77, duplicate=False)
    for after in range(1, len(command)):
        half = command[:after]
        scene.on_wire(partial(scene.wire.inject, half))
        wait(0.005)
        _cut(scene, _subscribed)


def _subscribed(said: bytes) -> bool:
    return any(kind == 8 for kind, _, _ in packets(said))


def mended(strike: Strike) -> Strike:
    """The daemon does not pause between its tries, and in the end the wire is whole again."""

    def both(scene: Scene) -> None:
        def mend() -> None:
            scene.wire.passes_to_broker = scene.wire.passes_to_client = None
            scene.wire.takes = 0.0

        scene.on_heal(mend)
        scene.inside(scene.pid, HURRY)
        strike(scene)

    return both


def _slow(scene: Scene) -> None:
    """500 bytes a second, either way."""
    scene.wire.takes = 0.002
    scene.on_wire(scene.wire.cut)
    wait(1.0)


def _repeated(scene: Scene) -> None:
    """A command that the broker delivers once and repeats nine times with its DUP flag: it counts once."""
    sent = boot_seconds()
    for number in range(10):
        packet = publish_packet(TIMER, b"61", packet=77, duplicate=number > 0)
        scene.on_wire(partial(scene.wire.inject, packet))
        wait(scene.random.uniform(0, 0.05))
    eventually("it is obeyed", lambda: any(row.details.get("duration_s") == 3660 for row in scene.rows()))
    scene.say("timer", "right", at=sent, acked=boot_seconds(), seconds=3660.0)


def _queued(scene: Scene) -> None:
    """While we are away, somebody opens a session in our name that stays, and commands are kept for it."""
    scene.wire.passes_to_broker = lambda said: 0
    scene.on_wire(scene.wire.cut)
    lasting = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    lasting.SessionExpiryInterval = 3600
    with _at_the_broker(scene, OURS, lambda client: client.subscribe("flameout/test/#", 1), lasting):
        pass
    with _at_the_broker(scene, "", lambda client: None) as other:
        for _ in range(3):
            other.publish(TIMER, AT_ONCE, 1).wait_for_publish(5)
    scene.wire.passes_to_broker = None
    before = len(scene.wire.sent)
    eventually("it subscribes again", lambda: any(_subscribed(said) for said in scene.wire.sent[before:]), 5)
    wait(1.6)  # more than the timer that nobody may obey


class _at_the_broker:
    """A client of the broker that has done something there, and leaves at the end."""

    def __init__(
        self, scene: Scene, name: str, deed: Callable[[mqtt.Client], object], wishes: Properties | None = None
    ) -> None:
        assert scene.broker is not None
        self._port, self._deed, self._wishes = scene.broker.port, deed, wishes
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)

    def __enter__(self) -> mqtt.Client:
        done: list[int] = []
        self._client.on_subscribe = lambda *_: done.append(1)
        self._client.connect("127.0.0.1", self._port, clean_start=self._wishes is None, properties=self._wishes)
        self._client.loop_start()
        eventually("it is connected", self._client.is_connected)
        if self._deed(self._client) is not None:
            eventually("it has subscribed", lambda: done)
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def obeys_mqtt(scene: Scene) -> None:
    """The daemon has found the broker again."""
    with _at_the_broker(scene, "", lambda client: None) as client:

        def obeyed() -> bool:
            client.publish(VALVE, "CLOSE", 1).wait_for_publish(5)
            wait(0.1)
            return not scene.lines.high(PINS["right"])

        eventually("a command over MQTT is obeyed again", obeyed, 40)


def over_a_wire(name: str, what: str, strike: Strike) -> Fault:
    return Fault(name, what, strike, Undisturbed(), 0.6, starting=False, mqtt=True, wire=True, after=obeys_mqtt)


FAULTS = (
    over_a_wire("cut-in-connect", "the wire is cut at every byte of CONNECT", _cut_in(CONNECT)),
    over_a_wire("cut-in-publish", "the wire is cut at every byte of a PUBLISH of ours", _cut_in(PUBLISH)),
    over_a_wire("cut-in-answers", "the wire is cut at every byte of the broker's answers", mended(_cut_answers)),
    over_a_wire("cut-in-command", "the wire is cut at every byte of a command to us", mended(_cut_command)),
    over_a_wire("slow-broker", "the broker is reached at 500 bytes a second", mended(_slow)),
    over_a_wire("duplicates", "a command of QoS 1 is repeated nine times with DUP", _repeated),
    over_a_wire("queued-commands", "commands were kept for a lasting session in our name", mended(_queued)),
)
