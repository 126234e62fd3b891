"""What people use instead: mqtt-io from PyPI and Node-RED from npm, each with the lines of :mod:`tests.witness`.

They are installed once, into folders of their own under ~/.cache/flameout. mqtt-io drives its lines through its own
gpiozero module with our pin factory. Node-RED's node for the Pi writes to a Python program that drives the pin; ours is
:mod:`tests.bench.pins`, called from a function node.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client

from tests.bench.contenders import Contender
from tests.bench.hob import PINS
from tests.brokers import free_port
from tests.e2e.program import PATIENCE, eventually
from tests.witness import Witness

MQTT_IO = "2.7.0"
NODE_RED = "4.1.14"  # 5 needs Node 22.9
INSTALLED_WITHIN = 300.0  # s, each command


class Lacking(Exception):
    """A peer cannot be had here; the text says why."""


def _place(name: str) -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flameout" / name


def _installed(name: str, install: Callable[[Path], list[list[str]]]) -> Path:
    """Where the peer is; installed if it is not yet. Raises :class:`Lacking`."""
    place = _place(name)
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for command in install(place):
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALLED_WITHIN, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Lacking(f"{name} is left out: {error}") from None
            if done.returncode:
                raise Lacking(f"{name} is left out, it cannot be installed: {done.stderr[-300:]}")
        (place / "ready").touch()
    return place


def mqtt_io_place() -> Path:
    """An environment of its own with mqtt-io and gpiozero. Raises :class:`Lacking`."""
    gpiozero = "gpiozero==2.0.1.post3"

    def install(place: Path) -> list[list[str]]:
        pip = [str(place / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        return [[sys.executable, "-m", "venv", str(place)], [*pip, f"mqtt-io=={MQTT_IO}", gpiozero]]

    return _installed(f"mqtt-io-{MQTT_IO}", install)


def node_red_place() -> Path:
    """A folder with Node-RED. Raises :class:`Lacking`."""
    if shutil.which("npm") is None:
        raise Lacking("Node-RED is left out: there is no npm")
    return _installed(
        f"node-red-{NODE_RED}",
        lambda place: [["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place), f"node-red@{NODE_RED}"]],
    )


class Peer(Contender):
    """A program that drives eight outputs for whoever asks on MQTT."""

    def __init__(self, folder: Path, broker: int, client: Client) -> None:
        """``client`` says what is wanted."""
        folder.mkdir(parents=True)
        self.folder = folder
        self.witness = Witness(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self._broker = broker
        self._client = client
        self._environment = os.environ | self.witness.environment | {"GPIOZERO_PIN_FACTORY": "witness"}

    def command(self) -> list[str]:
        """Write what it needs into the folder; what starts it."""
        raise NotImplementedError

    def set(self, output: str, level: str) -> None:
        """Ask for a level, ON or OFF."""
        raise NotImplementedError

    def time(self, output: str, milliseconds: int) -> None:
        """Ask for an output to be on for so long."""
        raise NotImplementedError

    def spawn(self) -> None:
        """Start, and wait for nothing."""
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, env=self._environment, stdout=log, stderr=log
            )

    def __enter__(self) -> Self:
        self.spawn()
        self.wait_obeyed()
        return self

    def wait_obeyed(self) -> None:
        """Wait until the first output obeys; what is said before it listens is lost, so it is said again and again."""
        until = time.monotonic() + PATIENCE
        while not self.witness.high(self.pin):
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, f"{self.name} does not obey: {(self.folder / 'log').read_text()}"
            self.arm()
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def arm(self) -> None:
        self.set("b0", "ON")

    def send_off(self) -> None:
        self.set("b0", "OFF")


class MqttIo(Peer):
    name = "mqtt-io"

    def command(self) -> list[str]:
        place = mqtt_io_place()
        outputs = [
            {"name": name, "module": "gpio", "pin": pin, "on_payload": "ON", "off_payload": "OFF"}
            for name, pin in PINS.items()
        ]
        config = {
            "mqtt": {"host": "127.0.0.1", "port": self._broker, "topic_prefix": "io"},
            "gpio_modules": [{"name": "gpio", "module": "gpiozero"}],
            "digital_outputs": outputs,
        }
        (self.folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
        return [str(place / "bin" / "python"), "-m", "mqtt_io", "config.yml"]

    def set(self, output: str, level: str) -> None:
        self._client.publish(f"io/output/{output}/set", level)

    def time(self, output: str, milliseconds: int) -> None:
        self._client.publish(f"io/output/{output}/set_on_ms", str(milliseconds))


_SETTINGS = """\
const {{ spawn }} = require("child_process");
const pins = spawn({python}, ["-m", "tests.bench.pins", ...{pins}], {{ stdio: ["pipe", "inherit", "inherit"] }});
module.exports = {{
    uiPort: {port}, uiHost: "127.0.0.1", flowFile: "flows.json", userDir: {folder},
    credentialSecret: false, telemetry: {{ enabled: false }},
    functionGlobalContext: {{ drive: (pin, level) => pins.stdin.write(`${{pin}} ${{level}}\\n`) }},
}};
"""


class NodeRed(Peer):
    name = "Node-RED"

    def command(self) -> list[str]:
        place = node_red_place()
        names = {"python": sys.executable, "pins": [str(pin) for pin in PINS.values()], "folder": str(self.folder)}
        words = {name: json.dumps(value) for name, value in names.items()}
        (self.folder / "settings.js").write_text(_SETTINGS.format(port=free_port(), **words))
        (self.folder / "flows.json").write_text(json.dumps(self._flows()))
        program = place / "node_modules" / "node-red" / "red.js"
        return ["node", str(program), "--settings", str(self.folder / "settings.js")]

    def _flows(self) -> list[dict[str, Any]]:
        """mqtt in → function; and mqtt in → function (on) → delay → function (off)."""
        pins = json.dumps(PINS)
        drive = f"global.get('drive')({pins}[msg.topic.split('/')[1]], "
        node: functools.partial[dict[str, Any]] = functools.partial(dict, z="flow")
        listen = functools.partial(node, type="mqtt in", qos="0", datatype="utf8", broker="broker")
        act = functools.partial(node, type="function", outputs=1, noerr=0, initialize="", finalize="", libs=[])
        broker = {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(self._broker)}
        wait = node(id="wait", type="delay", pauseType="delayv", timeout="1", timeoutUnits="seconds", wires=[["off"]])
        return [
            {"id": "flow", "type": "tab", "label": "bench"},
            broker | {"clientid": "", "keepalive": "60", "cleansession": True, "protocolVersion": "4"},
            listen(id="set", topic="nr/+/set", wires=[["level"]]),
            act(id="level", func=drive + "msg.payload === 'ON' ? 1 : 0);", wires=[[]]),
            listen(id="time", topic="nr/+/on_ms", wires=[["on"]]),
            act(id="on", func=drive + "1); msg.delay = Number(msg.payload); return msg;", wires=[["wait"]]),
            wait | {"rate": "1", "nbRateUnits": "1", "rateUnits": "second", "drop": False, "outputs": 1},
            act(id="off", func=drive + "0);", wires=[[]]),
        ]

    def set(self, output: str, level: str) -> None:
        self._client.publish(f"nr/{output}/set", level)

    def time(self, output: str, milliseconds: int) -> None:
        self._client.publish(f"nr/{output}/on_ms", str(milliseconds))


def at_hand() -> list[type[Peer]]:
    """The peers that can be had here; of the others it is said why not."""
    found: list[type[Peer]] = []
    for peer, install in ((MqttIo, mqtt_io_place), (NodeRed, node_red_place)):
        try:
            install()
        except Lacking as lacking:
            print(lacking, file=sys.stderr)
        else:
            found.append(peer)
    return found


def round_of_timers(peer: Peer) -> list[float]:
    """Each output on for about a second; by how many ms each fell too late, counted from its own rise."""
    lengths = {name: 1000 + index * 37 for index, name in enumerate(PINS)}
    peer.send_off()
    eventually("the first output is off", lambda: not peer.witness.high(peer.pin))
    before = len(peer.witness.levels())
    for name, length in lengths.items():
        peer.time(name, length)
    eventually("every output was on and is off", lambda: len(peer.witness.levels()) >= before + 2 * len(PINS))
    late = []
    for name, pin in PINS.items():
        rose, fell = [level.at for level in peer.witness.levels()[before:] if level.pin == pin]
        late.append((fell - rose) * 1000 - lengths[name])
    return late
