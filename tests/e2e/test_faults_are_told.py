"""Every fault that the simulated hob can play ends in the reaction of docs/safety.md, seen over REST and MQTT.

The stove and its keeper live in virtual time (tests/virtual.py); REST is the real application, MQTT a real broker.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.mqtt.adapter import MqttAdapter
from api.rest.access import Access
from api.rest.app import build
from api.tally import Tally
from controller.tokens import TokenStore
from hardware.clock import MINUTE, SECOND, Millis
from tests.brokers import Mosquitto
from tests.e2e.inbox import Inbox
from tests.virtual import DIGITAL, THERMOCOUPLES, VirtualKitchen

NO_CONTACTS = [{key: value for key, value in burner.items() if key != "contact"} for burner in THERMOCOUPLES]
PAIR = [THERMOCOUPLES[0] | {"relay": {"pin": 17, "second_pin": 18}}]
LEFT = "flameout/kitchen/burner/left"


@dataclass
class Told:
    """A kitchen, and what a REST client and an MQTT client hear of it."""

    kitchen: VirtualKitchen
    http: httpx2.AsyncClient
    inbox: Inbox

    async def ask(self, method: str, path: str) -> Any:
        """A REST call's answer."""
        return await self.kitchen.do(self.http.request(method, f"/api/v1{path}"))

    async def left(self) -> Any:
        """The left burner, over REST."""
        return (await self.ask("GET", "/burners/left")).json()

    async def heard(self, what: str, holds: Callable[[], Any]) -> None:
        """Wait until the broker has delivered it."""
        until = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < until, f"not heard over MQTT: {what}"
            await self.kitchen.settle()
            await asyncio.sleep(0.01)

    def state(self) -> Any:
        """The left burner's retained state."""
        return json.loads(self.inbox.newest(f"{LEFT}/state") or "{}")

    def kinds(self) -> list[str]:
        """What happened to the left burner, by MQTT."""
        return [json.loads(payload)["event_type"] for payload in self.inbox.all(f"{LEFT}/event")]


@asynccontextmanager
async def told(folder: Path, **tables: Any) -> AsyncIterator[Told]:
    with Mosquitto() as broker, Inbox(broker.port) as inbox:
        tables = {"mqtt": {"host": "127.0.0.1", "port": broker.port}, "rest": {"require_token": False}} | tables
        async with VirtualKitchen(folder, **tables) as kitchen:
            adapter = asyncio.create_task(MqttAdapter(kitchen.stove, kitchen.config, kitchen.clock).run())
            access = Access(TokenStore(folder / "tokens.json"), "flo_console", require_token=False)
            app = build(kitchen.stove, access, Tally(), kitchen.config.rest)
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                everything = Told(kitchen, http, inbox)
                await everything.heard("the state", lambda: inbox.newest(f"{LEFT}/state"))
                yield everything
            adapter.cancel()
            await asyncio.gather(adapter, return_exceptions=True)


@dataclass(frozen=True)
class Fault:
    """What is done to the hob, and what has to come of it within so long after the cut (or after the fault)."""

    action: str
    cause: str  # of the lockout
    within: Millis
    words: str
    burners: Any = None
    lit: bool = True
    cut: bool = True


FAULTS = {
    "a stuck contact, by its auxiliary contact": Fault(
        "fault contact_stuck", "contact_stuck", 3 * SECOND, "cannot be shut off", burners=DIGITAL
    ),
    "a stuck contact, by the missing step": Fault(
        "fault contact_stuck", "contact_stuck", 3 * SECOND, "cannot be shut off", burners=NO_CONTACTS
    ),
    "a contact welded at the start": Fault(
        "fault contact_stuck", "contact_stuck", 5 * SECOND, "cannot be shut off", lit=False, cut=False
    ),
    "a stuck valve, by step without decay": Fault(
        "fault valve_stuck", "valve_stuck", 91 * SECOND, "burns on although the relay is open"
    ),
    "a stuck valve, by a digital sensor": Fault(
        "fault valve_stuck", "still_lit", 91 * SECOND, "burns on", burners=DIGITAL
    ),
    "crossed channels": Fault("fault crossed", "crossed", 3 * SECOND, "cuts another burner", burners=NO_CONTACTS),
    "a foreign voltage": Fault(
        "fault foreign_voltage", "foreign_voltage", 4 * SECOND, "feeds its circuit", lit=False, cut=False
    ),
    "a welded relay of a pair": Fault("fault first_stuck", "contact_stuck", MINUTE, "cannot be shut off", burners=PAIR),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_ends_in_a_lockout_that_says_what_to_do(tmp_path: Path, fault: Fault) -> None:
    async def run() -> None:
        async with told(tmp_path, burners=fault.burners or THERMOCOUPLES) as seen:
            kitchen = seen.kitchen
            if fault.lit:
                for name in kitchen.stove.burner_ids():
                    await kitchen.light(name)
            else:
                await kitchen.pass_time(5 * SECOND)
            kitchen.hob("left", fault.action)
            if fault.cut:
                await kitchen.pass_time(300)
                assert (await seen.ask("POST", "/burners/left/shut-off")).status_code == 200
            await kitchen.until(lambda: kitchen.burner().status == "lockout", within=fault.within)
            view = await seen.left()
            assert [hold["cause"] for hold in view["holds"] if hold["kind"] == "lockout"] == [fault.cause]
            assert fault.words in view["problem"]
            assert "Turn the knob off and close the gas tap." in view["problem"]
            assert not view["permitted"]
            if fault.cut and fault.burners is not PAIR:
                assert view["last_shut_off"]["proof"] == "failed"
            for pin in (17, 27):
                assert not kitchen.high(pin), "the others are cut, too"
            await seen.heard("the lockout", lambda: seen.state().get("status") == "lockout")
            assert seen.state()["problem"] == view["problem"]
            await seen.heard("the event", lambda: "lockout" in seen.kinds())
            refused = await seen.ask("POST", "/burners/left/reset")
            assert refused.status_code == 409
            assert "cannot be reset" in refused.json()["detail"]

    asyncio.run(run())


@pytest.mark.parametrize("sensor", ["sensor_open", "sensor_frozen", "sensor_noisy", "flicker", "reference"])
def test_a_broken_sensor_is_told_as_unknown_and_never_as_out(tmp_path: Path, sensor: str) -> None:
    references = [{"adc": "ads1115", "channel": 3, "millivolts": 100}] if sensor == "reference" else []

    async def run() -> None:
        async with told(tmp_path, references=references) as seen:
            await seen.kitchen.light("left")
            await seen.heard("the flame", lambda: seen.state().get("flame") == "lit")  # the broker's time is its own
            before = len(seen.inbox.all(f"{LEFT}/state"))
            seen.kitchen.hob("left", f"fault {sensor}")
            await seen.kitchen.until(lambda: seen.kitchen.burner().flame == "unknown", within=2 * SECOND + 1)
            view = await seen.left()
            assert (view["flame"], view["status"]) == ("unknown", "ready")
            assert "its flame is unknown" in view["problem"]
            assert view["limit"] is not None, "unknown counts as lit"
            await seen.heard("the flame", lambda: seen.state()["flame"] == "unknown")
            since = [json.loads(payload)["flame"] for payload in seen.inbox.all(f"{LEFT}/state")[before:]]
            assert "out" not in since
            stove = (await seen.ask("GET", "/stove")).json()
            assert stove["in_use"] is True

    asyncio.run(run())


def test_an_interlock_by_topic_cuts_and_its_silence_is_told(tmp_path: Path) -> None:
    interlocks = [
        {"id": "away", "mqtt": {"topic": "home/away", "active": "ON", "silent_after": "10m"}, "reset": "auto"},
        {"id": "smoke", "mqtt": {"topic": "home/smoke", "active": "alarm"}, "reset": "manual"},
    ]

    async def run() -> None:
        async with told(tmp_path, interlocks=interlocks) as seen:
            kitchen = seen.kitchen
            await kitchen.light("left")
            seen.inbox.publish("home/smoke", "quiet")
            seen.inbox.publish("home/away", "ON")
            await seen.heard("the cut", lambda: not kitchen.high(17))
            assert (await seen.left())["holds"][-1]["cause"] == "away"
            seen.inbox.publish("home/away", "OFF")
            await seen.heard("all clear", lambda: not kitchen.stove._surroundings._interlocks["away"].level)
            await kitchen.until(lambda: kitchen.burner().permitted, within=2 * MINUTE)
            await kitchen.pass_time(11 * MINUTE)
            problems = (await seen.ask("GET", "/stove")).json()["problems"]
            assert problems == [
                "Interlock away: nothing has come on home/away for 10 min, so it protects nobody; the limits still do. "
                "Check what publishes there."
            ]
            assert kitchen.burner().permitted, "it falls back to the plain limits"
            seen.inbox.publish("home/smoke", "alarm")
            await seen.heard("the lockout", lambda: seen.state()["status"] == "lockout")

    asyncio.run(run())


def test_home_assistants_own_status_can_be_an_interlock(tmp_path: Path) -> None:
    interlocks = [{"id": "home", "mqtt": {"topic": "homeassistant/status", "active": "offline"}, "reset": "auto"}]

    async def run() -> None:
        async with told(tmp_path, interlocks=interlocks) as seen:
            await seen.kitchen.light("left")
            seen.inbox.publish("homeassistant/status", "offline")
            await seen.heard("the cut", lambda: not seen.kitchen.high(17))
            assert (await seen.left())["holds"][-1]["cause"] == "home"

    asyncio.run(run())


def test_attention_and_sweep_over_mqtt(tmp_path: Path) -> None:
    async def run() -> None:
        async with told(tmp_path, limits={"unattended": "5m"}) as seen:
            kitchen = seen.kitchen
            await kitchen.light("left")
            await kitchen.until(lambda: kitchen.burner().status == "ending", within=10 * MINUTE)
            await seen.heard("the warning", lambda: "timer_ending" in seen.kinds())
            seen.inbox.publish(f"{LEFT}/cmd/attention", "PRESS")
            await seen.heard("the attention", lambda: seen.state()["status"] == "lit")
            seen.inbox.publish("flameout/kitchen/cmd/sweep", "PRESS")
            await seen.heard("the sweep", lambda: (seen.state()["ending"] or {}).get("kind") == "sweep")
            await kitchen.until(lambda: not kitchen.high(17), within=61 * SECOND)

    asyncio.run(run())
