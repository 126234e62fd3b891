"""A network that floods, trickles, lies or is not there."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.program import eventually
from tests.faults.fault import Fault, Strike, Undisturbed
from tests.faults.scene import Scene, wait
from tests.faults.wire import TIMER, mended, obeys_mqtt, over_a_wire
from tests.witness import boot_seconds

BASE = "flameout/test"
COMMANDS = tuple(
    f"{BASE}/{path}"
    for path in (
        "cmd/shut_off_all",
        "cmd/child_lock",
        "cmd/default_timer",
        "burner/right/cmd/timer",
        "burner/right/cmd/extend",
        "burner/right/cmd/reset",
        "burner/right/cmd/valve",
    )
)


@contextlib.contextmanager
def _client(scene: Scene, identifier: str = "") -> Iterator[mqtt.Client]:
    assert scene.broker is not None
    client = mqtt.Client(CallbackAPIVersion.VERSION2, identifier)
    client.connect("127.0.0.1", scene.broker.port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def _publish(scene: Scene, messages: list[tuple[str, bytes, bool]], qos: int = 1) -> None:
    with _client(scene) as client:
        sent = [client.publish(topic, payload, qos, retain) for topic, payload, retain in messages]
        for one in sent:
            with contextlib.suppress(ValueError, RuntimeError):
                one.wait_for_publish(5)


def _broker_dies(scene: Scene) -> None:
    assert scene.broker is not None
    scene.broker.stop()
    scene.on_heal(scene.broker.start)


def _broker_flaps(scene: Scene) -> None:
    assert scene.broker is not None
    for _ in range(10):
        scene.broker.kill()
        wait(scene.random.uniform(0.02, 0.2))
        scene.broker.start()
        wait(scene.random.uniform(0.02, 0.6))


def _broker_freezes(scene: Scene) -> None:
    assert scene.broker is not None
    scene.broker.freeze()
    scene.on_heal(scene.broker.thaw)


def _retained(scene: Scene) -> None:
    """Commands that wait at the broker for whoever subscribes next; nobody obeys them, and they are cleared."""
    scene.wire.passes_to_broker = lambda said: 0
    scene.on_wire(scene.wire.cut)
    _publish(scene, [*((topic, b"PRESS", True) for topic in COMMANDS if topic != TIMER), (TIMER, b"0.02", True)])
    assert _kept(scene) == len(COMMANDS), "the broker keeps fewer"
    scene.wire.passes_to_broker = None
    eventually("they are cleared", lambda: _kept(scene) == 0, 40)
    wait(1.4)  # more than the timer of 1.2 s that nobody may obey


def _kept(scene: Scene) -> int:
    """How many commands the broker keeps."""
    kept: set[str] = set()
    with _client(scene) as client:
        client.on_message = lambda _client, _data, message: kept.add(message.topic) if message.retain else None
        for topic in COMMANDS:
            client.subscribe(topic)
        wait(0.3)
    return len(kept)


def _nonsense(scene: Scene) -> None:
    payloads = [b"", b"\xff\xfe", b"null", b"NaN", b"-1", b"1e999", b"{}", b"OPEN", b"ON ON", b"9" * 5000]
    _publish(scene, [(topic, scene.random.choice(payloads), False) for topic in COMMANDS for _ in range(20)])


def _large(scene: Scene) -> None:
    _publish(scene, [(f"{BASE}/burner/right/cmd/timer", b"5" * 20_000_000, False)], qos=0)


def _flood(scene: Scene) -> None:
    _publish(scene, [(f"{BASE}/burner/right/cmd/extend", b"nothing", False)] * 3000, qos=0)


def _twice(scene: Scene) -> None:
    sent = boot_seconds()
    _publish(scene, [(f"{BASE}/burner/right/cmd/timer", b"60", False)] * 10)
    scene.say("timer", "right", at=sent, acked=boot_seconds(), seconds=3600.0, times=10)


def _thief(scene: Scene) -> None:
    """Others come to the broker with the daemon's own name, so that it is thrown out again and again."""
    for _ in range(5):
        with _client(scene, "flameout_test"):
            wait(0.1)


# --- HTTP ---------------------------------------------------------------------------------------------


def _connect(scene: Scene) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", scene.stove.port), timeout=3)
    scene.on_heal(made.close)
    return made


CROWD = """\
import resource, socket, sys
port, many = int(sys.argv[1]), int(sys.argv[2])
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
made = []
for _ in range(many):
    one = socket.socket()
    one.settimeout(2)
    try:
        one.connect(("127.0.0.1", port))
        made.append(one)
    except OSError:
        pass
print(len(made), flush=True)
sys.stdin.read()
"""


def _ten_thousand(scene: Scene) -> None:
    """By a process of its own, which holds each end open until it is told to go."""
    command = [sys.executable, "-c", CROWD, str(scene.stove.port), "10000"]
    crowd = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    scene.on_heal(lambda: crowd.communicate(timeout=10))
    assert crowd.stdout is not None
    came = int(crowd.stdout.readline())
    assert came > 2_000, f"only {came} could connect"  # more than the daemon has descriptors for


def _crowd(many: int, words: bytes) -> Strike:
    def strike(scene: Scene) -> None:
        for _ in range(many):
            with contextlib.suppress(OSError):
                _connect(scene).sendall(words)

    return strike


def _trickle(scene: Scene) -> None:
    sockets = [_connect(scene) for _ in range(50)]
    for letter in b"POST /api/v1/shut-off HTTP/1.1":
        for one in sockets:
            with contextlib.suppress(OSError):
                one.send(bytes([letter]))
        wait(0.02)


def _pour(head: bytes, piece: bytes, pieces: int) -> Strike:
    """Send a request that does not end, in the background; the daemon may hang up whenever it likes."""

    def pour(one: socket.socket) -> None:
        with contextlib.suppress(OSError):
            one.sendall(head)
            for _ in range(pieces):
                one.sendall(piece)

    def strike(scene: Scene) -> None:
        workers = [threading.Thread(target=pour, args=(_connect(scene),)) for _ in range(4)]
        for worker in workers:
            worker.start()
            scene.on_heal(worker.join)

    return strike


def _reconnecting_pages(scene: Scene) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            page = _connect(scene)
            page.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            page.close()


def _garbage(scene: Scene) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError):
            _connect(scene).sendall(scene.random.randbytes(scene.random.randrange(1, 3000)))


def _half_closed(scene: Scene) -> None:
    for _ in range(50):
        with contextlib.suppress(OSError):
            one = _connect(scene)
            one.sendall(b"GET /api/v1/stove HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            one.shutdown(socket.SHUT_WR)


def _over_mqtt(name: str, what: str, strike: Strike, lasts: float = 0.8) -> Fault:
    return Fault(name, what, strike, Undisturbed(), lasts, starting=False, mqtt=True, after=obeys_mqtt)


def _over_http(name: str, what: str, strike: Strike) -> Fault:
    return Fault(name, what, strike, Undisturbed(), 1.0, starting=False)


HEAD = b"PUT /api/v1/burners/right/timer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
FAULTS = (
    Fault("broker-absent", "no broker is there", lambda scene: None, Undisturbed(), 0.8, unreachable=True),
    _over_mqtt("broker-dies", "the broker dies and comes back", _broker_dies),
    _over_mqtt("broker-flaps", "the broker is killed ten times within seconds", _broker_flaps),
    _over_mqtt("broker-freezes", "the broker stands still, its connections half open", _broker_freezes, 1.5),
    over_a_wire("retained-commands", "retained commands wait at the broker for the daemon", mended(_retained)),
    _over_mqtt("invalid-payloads", "140 payloads that are no commands", _nonsense),
    _over_mqtt("large-payload", "a command of 20 MB", _large),
    _over_mqtt("message-flood", "3,000 commands at once", _flood, 1.5),
    _over_mqtt("command-repeated", "a command comes ten times", _twice),
    _over_mqtt("name-stolen", "others connect to the broker under the daemon's name", _thief),
    _over_http("idle-connections", "10,000 connections that say nothing", _ten_thousand),
    _over_http("slow-headers", "fifty requests a letter at a time", _trickle),
    _over_http(
        "header-bomb", "headers without an end", _pour(b"GET / HTTP/1.1\r\n", b"X: " + b"y" * 60_000 + b"\r\n", 200)
    ),
    _over_http(
        "body-of-150-mb", "bodies of 150 MB", _pour(HEAD + b"Content-Length: 150000000\r\n\r\n", b" " * 1_000_000, 150)
    ),
    _over_http(
        "chunks-without-end",
        "bodies without an end",
        _pour(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 50_000),
    ),
    _over_http(
        "deaf-pages",
        "sixty pages that never read",
        _crowd(60, b"GET /api/v1/events?tick=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    ),
    _over_http("reconnecting-pages", "pages that connect and leave 200 times", _reconnecting_pages),
    _over_http("garbage", "a hundred connections that are no HTTP", _garbage),
    _over_http("half-closed", "requests that are half closed", _half_closed),
)
