"""A household on loopback that does not rest: what is asked of a real daemon in an hour of soaking, and put down.

Everything that moves a line comes from one thread, one command after the other, so that each statement is about an
instant that is known. What is only looked at comes from the same thread in between, and from the pages.
"""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.brokers import Mosquitto
from tests.e2e.program import eventually
from tests.faults.scene import ALL, Scene
from tests.soak.pages import Pages
from tests.witness import boot_seconds

BASE = "flameout/test"
FAR = 3.0  # s before a deadline; what is timed closer to it is left to end
OBEYED_WITHIN = 0.25  # s, for a line after a command that nobody answers
HEARD_WITHIN = 2.0  # s, for a command that no answer confirms
LOOKED_AT = (
    "/api/v1/stove",
    "/api/v1/burners/left",
    "/api/v1/burners/right",
    "/api/v1/history?limit=50",
    "/api/v1/history?limit=500&burner=left",
    "/api/v1/report?weeks=4",
    "/api/v1/usage?days=7",
    "/healthz",
    "/readyz",
    "/metrics",
    "/",
    "/openapi.json",
    "/api/v1/nowhere",
)
NONSENSE = (b"", b"\xff\xfe", b"NaN", b"-1", b"1e999", b"{}", b"OPEN", b"9" * 5000)


class SoakScene(Scene):
    """A scene whose commands go over one connection, which is let go of when nothing may be connected."""

    client: httpx2.Client | None = None

    @contextlib.contextmanager
    def connected(self) -> Iterator[httpx2.Client]:
        if self.client is None:
            self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.stove.port}", timeout=10)
        yield self.client

    def unlike(self, seconds: float) -> float:
        """The household's durations are by chance already."""
        return seconds

    def disconnect(self) -> None:
        """Hang up."""
        client, self.client = self.client, None
        if client is not None:
            client.close()

    def close(self) -> None:
        self.disconnect()
        super().close()


class Load:
    """``step()`` does one thing; ``rest()`` and ``go_on()`` are around moments in which nothing may be under way."""

    def __init__(self, scene: SoakScene, broker: Mosquitto, pages: int, seed: int) -> None:
        self.scene, self.broker = scene, broker
        self.random = random.Random(seed)
        self.done: dict[str, int] = {}
        self.pages = Pages(scene.stove.port, pages, seed)
        self.steps = 0
        self.unanswered: list[str] = []
        self._messages = 0
        self._ends = dict.fromkeys(ALL, 0.0)  # when the timer that was set last ends
        self._deeds: dict[Callable[[], object], float] = {
            self._look: 10,
            self._timer: 3,
            self._extend: 1,
            self._cancel: 0.4,
            self._shut_off: 0.5,
            self._lock: 0.1,
            self._turn_knob: 1,
            self._reset: 0.2,
            self._close_over_mqtt: 0.2,
            self._timer_over_mqtt: 0.3,
            self._nonsense_over_mqtt: 0.5,
        }
        self._mqtt = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._mqtt.on_connect = lambda client, *_: client.subscribe(f"{BASE}/#", 0)
        self._mqtt.on_message = self._hear
        self._mqtt.reconnect_delay_set(1, 5)
        self._mqtt.connect("127.0.0.1", broker.port)
        self._mqtt.loop_start()

    def step(self) -> None:
        """Do one thing, by chance."""
        self.steps += 1
        deed = self.random.choices(list(self._deeds), list(self._deeds.values()))[0]
        self._count(getattr(deed, "__name__", "").strip("_"))
        try:
            deed()
        except httpx2.HTTPError as error:
            self.unanswered.append(f"{deed} at {boot_seconds():.3f} s was not answered: {error!r}")
            self.scene.disconnect()

    def rest(self) -> None:
        """Nobody is connected any more."""
        self.pages.pause()
        self.scene.disconnect()

    def go_on(self) -> None:
        """Pages may come again."""
        self.pages.go_on()

    def close(self) -> None:
        self.done |= {"page": self.pages.opened, "message heard": self._messages}
        self.pages.close()
        self.scene.disconnect()
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def restart_broker(self) -> None:
        """The broker goes and comes back, without a memory."""
        self.broker.stop()
        (self.broker.folder / "log").write_bytes(b"")  # a day of it would be large
        time.sleep(self.random.uniform(0.1, 3.0))
        self.broker.start()
        self._count("broker restarted")

    def kill_keeper(self) -> None:
        """The keeper is killed; the next one opens every line."""
        pid = self.scene.keeper_pid()
        self.scene.must_dip(2.0, "the keeper was killed")
        self.scene.kill(pid)
        self._ends = dict.fromkeys(ALL, 0.0)
        eventually("there is another keeper", lambda: self.scene.keeper_pid() != pid)
        self._count("keeper killed")

    def _count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def _hear(self, *_: object) -> None:
        self._messages += 1

    # --- over HTTP ------------------------------------------------------------------------------------

    def _line(self) -> str:
        return self.random.choice(ALL)

    def _look(self) -> None:
        with self.scene.connected() as client:
            client.get(self.random.choice(LOOKED_AT))

    def _timer(self) -> None:
        line, seconds = self._line(), round(self.random.uniform(1, 20), 3)
        if self._may_change(line) and self.scene.timer(line, seconds):
            self._ends[line] = boot_seconds() + seconds

    def _extend(self) -> None:
        line, seconds = self._line(), round(self.random.uniform(1, 10), 3)
        if self._ends[line] > boot_seconds() + FAR:
            path = f"/burners/{line}/timer/extend"
            if self.scene.command("extend", "POST", path, line, {"by": seconds}, seconds=seconds):
                self._ends[line] += seconds

    def _cancel(self) -> None:
        line = self._line()
        if self._may_change(line):
            self.scene.command("cancel", "DELETE", f"/burners/{line}/timer", line)
            self._ends[line] = 0.0

    def _shut_off(self) -> None:
        line = self.random.choice([*ALL, None])
        lines = [line] if line is not None else list(ALL)
        if all(self._may_change(name) for name in ALL):
            if any(self._seen(name)["holds"] for name in lines):  # it counts from the first cut, so demands nothing new
                path = "/shut-off" if line is None else f"/burners/{line}/shut-off"
                self.scene.command("shut_off_again", "POST", path, line)
                for name in lines:
                    self.scene.say("cancel", name)
            else:
                self.scene.shut_off(line)
            self._ends |= dict.fromkeys(lines, 0.0)

    def _lock(self) -> None:
        """Child lock for a moment."""
        line = self._line()
        if not self._may_change(line):
            return
        sent = boot_seconds()
        if self.scene.command("locked", "PUT", f"/burners/{line}/lock", line):
            self.scene.say("must_open", line, at=sent, within=boot_seconds() - sent, why="it is locked", keeps=False)
            self._ends[line] = 0.0
            time.sleep(self.random.uniform(0.2, 3))
            self.scene.may_close(line)
            self.scene.command("unlocked", "DELETE", f"/burners/{line}/lock", line)

    def _turn_knob(self) -> None:
        line, action = self._line(), self.random.choice(["light", "light", "off", "blow_out"])
        if action != "light" or self._seen(line)["permitted"]:  # a hand that keeps pressing would fail the proof
            self._simulate(line, action)

    def _reset(self) -> None:
        """Somebody sees to a burner that is locked out."""
        line = self._line()
        if self._seen(line)["status"] == "lockout":
            self._count("lockout seen")
            self._simulate(line, "off")
            self.scene.command("reset", "POST", f"/burners/{line}/reset", line)

    def _simulate(self, line: str, action: str) -> None:
        with self.scene.connected() as client:
            client.post(f"/api/v1/simulate/{line}", json={"action": action})

    def _may_change(self, line: str) -> bool:
        """Whether a new command does not race with a deadline: which of the two counts is nobody's to say then."""
        return not -0.5 < self._ends[line] - boot_seconds() < FAR

    # --- over MQTT ------------------------------------------------------------------------------------

    def _publish(self, topic: str, payload: bytes) -> None:
        if not self._mqtt.is_connected():
            return  # it would be sent when nobody expects it any more
        with contextlib.suppress(ValueError, RuntimeError):
            self._mqtt.publish(f"{BASE}/{topic}", payload, qos=1).wait_for_publish(HEARD_WITHIN)

    def _close_over_mqtt(self) -> None:
        """Nothing answers a message, so the burner is looked at until it has opened."""
        line = self._line()
        if not self._may_change(line) or self._seen(line)["holds"]:
            return
        said = self.scene.say("told_to_close", line)
        self._publish(f"burner/{line}/cmd/valve", b"CLOSE")
        if self._until(lambda: any(hold["kind"] == "shut_off" for hold in self._seen(line)["holds"])):
            within = max(boot_seconds() - said["at"], OBEYED_WITHIN)  # what is seen is the command, not the line
            self.scene.say("must_dip", line, at=said["at"], within=within, why="CLOSE was heard")
            self._ends[line] = 0.0
        else:
            self._count("CLOSE not heard")

    def _timer_over_mqtt(self) -> None:
        line, seconds = self._line(), self.random.choice([6, 9, 12, 15])
        burner = self._seen(line)
        if not burner["permitted"] or burner["timer"] is not None:
            return
        sent = boot_seconds()
        self._publish(f"burner/{line}/cmd/timer", f"{seconds / 60:g}".encode())
        heard = self._until(lambda: self._seen(line)["timer"] is not None)
        if heard:
            self.scene.say("timer", line, at=sent, acked=boot_seconds(), seconds=float(seconds))
            self._ends[line] = boot_seconds() + seconds
        else:
            self.scene.loose = True  # it may be heard yet, and nobody would know since when
            self._count("timer not heard")

    def _nonsense_over_mqtt(self) -> None:
        self._publish(f"burner/{self._line()}/cmd/timer", self.random.choice(NONSENSE))

    def _seen(self, line: str) -> Any:
        with self.scene.connected() as client:
            return client.get(f"/api/v1/burners/{line}").json()

    def _until(self, holds: Callable[[], bool]) -> bool:
        until = time.monotonic() + HEARD_WITHIN
        while time.monotonic() < until:
            if holds():
                return True
            time.sleep(0.05)
        return False
