"""Who is measured: programs that each have a line and let it fall when told; and the race between them.

All write their line's level to a witness in the same way, through gpiozero, so that a level costs everybody the same.
"""

import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import httpx2
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.hob import PINS, Hob
from tests.brokers import free_port
from tests.e2e.program import LEFT, eventually
from tests.witness import Witness, boot_seconds

RESTED = 0.02  # s before each shut-off, so that all are woken alike, and after it


class Contender(ABC):
    """A program with a line; a context that starts and ends it."""

    name: str
    witness: Witness
    pin: int = LEFT

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @abstractmethod
    def arm(self) -> None:
        """Have the line driven high, or wait until it is."""

    @abstractmethod
    def send_off(self) -> object:
        """Say that it shall fall."""

    def off(self) -> float:
        """Milliseconds from before the command until the line is low."""
        time.sleep(RESTED)
        sent = boot_seconds()
        self.send_off()
        time.sleep(RESTED)  # whoever looks takes a core, and two processes want one now
        fell = eventually(f"the line of {self.name} fell", lambda: fall(self.witness, self.pin, sent))
        return float(fell - sent) * 1000


def fall(witness: Witness, pin: int, since: float) -> float | None:
    """When the line first fell after an instant, though it may have risen again; None while it has not."""
    falls = (level.at for level in witness.levels() if level.pin == pin and not level.high and level.at >= since)
    return next(falls, None)


def race(contenders: Sequence[Contender], rounds: int) -> dict[str, list[float]]:
    """Shut-offs of all in turn; everybody's times in ms."""
    took: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            contender.arm()
            eventually(f"the line of {contender.name} is high", lambda c=contender: c.witness.high(c.pin))  # type: ignore[misc]
            took[contender.name].append(contender.off())
    return took


def mqtt_client(port: int) -> Client:
    """A connected client whose thread runs, and that holds no packet back until the one before is acknowledged."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    connection = client.socket()
    assert isinstance(connection, socket.socket)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.loop_start()
    return client


class Ours(Contender):
    """flameout; every shut-off takes the next burner, for a line is held open for a second."""

    name = "flameout"

    def __init__(self, hob: Hob) -> None:
        """``hob`` is started and ended elsewhere."""
        self.hob = hob
        self.witness = hob.witness
        self.burner = ""

    def arm(self) -> None:
        self.burner = next(self.hob.turns)
        self.pin = PINS[self.burner]
        self.hob.wait_permitted(self.burner)

    def __exit__(self, *_: object) -> None:
        pass


class OursOverMqtt(Ours):
    def __init__(self, hob: Hob, client: Client) -> None:
        super().__init__(hob)
        self._client = client

    def arm(self) -> None:
        super().arm()
        # the others have just been told ON over MQTT; this is as much for us, and changes nothing
        self._client.publish(f"flameout/bench/burner/{self.burner}/cmd/cancel", "PRESS")

    def send_off(self) -> object:
        return self._client.publish(f"flameout/bench/burner/{self.burner}/cmd/valve", "CLOSE")


class OursOverRest(Ours):
    def send_off(self) -> object:
        return self.hob.http.post(f"/api/v1/burners/{self.burner}/shut-off")


class Floor(Contender):
    """A barest program; see :mod:`tests.bench.floors`."""

    name = "floor"

    def __init__(self, folder: Path, kind: str, port: int) -> None:
        folder.mkdir(parents=True)
        self.witness = Witness(folder)
        self._stack = ExitStack()
        self._command = [sys.executable, "-m", "tests.bench.floors", kind, str(port)]
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        environment = {"PATH": "/usr/bin:/bin"} | self.witness.environment
        self.process = subprocess.Popen(self._command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


class FloorOverMqtt(Floor):
    kind = "mqtt"

    def __init__(self, folder: Path, port: int, client: Client) -> None:
        super().__init__(folder, self.kind, port)
        self._client = client

    def arm(self) -> None:
        self._client.publish(f"{self.kind}/cmd", "ON")

    def send_off(self) -> object:
        return self._client.publish(f"{self.kind}/cmd", "OFF")


class PairOverMqtt(FloorOverMqtt):
    name = "floor of two processes"
    kind = "pair"


class FloorOverRest(Floor):
    def __init__(self, folder: Path) -> None:
        port = free_port()
        super().__init__(folder, "rest", port)
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}")
        self._stack.callback(self._http.close)

    def __enter__(self) -> Self:
        super().__enter__()
        eventually("the floor answers", self._answers)
        return self

    def _answers(self) -> bool:
        with suppress(httpx2.TransportError):
            return self._http.post("/off").is_success
        return False

    def arm(self) -> None:
        self._http.post("/on")

    def send_off(self) -> object:
        return self._http.post("/off")
