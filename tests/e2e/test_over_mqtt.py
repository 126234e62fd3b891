"""The main job over MQTT: the real daemon and a real mosquitto."""

import json
from pathlib import Path
from typing import Any

from tests.brokers import Mosquitto, free_port
from tests.e2e.inbox import Inbox
from tests.e2e.program import LEFT, eventually, program

LEFT_TOPIC = "flameout/test/burner/left"


def _mqtt(port: int) -> str:
    return f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'


def test_a_timer_set_over_mqtt_puts_the_flame_out_and_everybody_hears_of_it(tmp_path: Path) -> None:
    with Mosquitto() as broker, program(tmp_path, more=_mqtt(broker.port)) as stove, Inbox(broker.port) as inbox:
        stove.start()
        stove.light("left")
        inbox.publish(f"{LEFT_TOPIC}/cmd/timer", "0.05")  # minutes
        eventually("the timer runs", lambda: stove.burner()["timer"])
        assert stove.burner()["timer"]["set_by"] == "mqtt"
        eventually("the line is low", lambda: not stove.witness.high(LEFT))
        eventually("the event is told", lambda: "shut_off" in _kinds(inbox))
        eventually("the state is told", lambda: _state(inbox)["status"] == "shut_off")
        eventually("the flame is out", lambda: _state(inbox)["flame"] == "out")
        assert _kinds(inbox).index("timer_started") < _kinds(inbox).index("shut_off")


def test_closing_the_valve_over_mqtt_opens_that_relay(tmp_path: Path) -> None:
    with Mosquitto() as broker, program(tmp_path, more=_mqtt(broker.port)) as stove, Inbox(broker.port) as inbox:
        stove.start()
        stove.ready("left")
        eventually("it is online", lambda: inbox.newest(f"{LEFT_TOPIC}/availability") == "online")
        inbox.publish(f"{LEFT_TOPIC}/cmd/valve", "CLOSE")
        eventually("the line is low", lambda: not stove.witness.high(LEFT))
        assert stove.burner()["last_shut_off"]["by"] == "mqtt"


def test_a_broker_that_dies_changes_nothing_at_the_relay_and_hears_everything_when_it_is_back(tmp_path: Path) -> None:
    with Mosquitto() as broker, program(tmp_path, more=_mqtt(broker.port)) as stove:
        stove.start()
        stove.ready("left")
        broker.stop()
        stove.set_timer("left", 600)
        assert stove.witness.high(LEFT)
        broker.start()
        with Inbox(broker.port) as inbox:
            eventually("the state is there again", lambda: inbox.newest(f"{LEFT_TOPIC}/state"))
            assert _state(inbox)["timer"]["duration_s"] == 600
            eventually("discovery too", lambda: inbox.newest("homeassistant/device/flameout_test_left/config"))
        assert stove.witness.high(LEFT)


def test_an_absent_broker_delays_nothing(tmp_path: Path) -> None:
    with program(tmp_path, more=_mqtt(free_port())) as stove:
        stove.start()
        stove.ready("left")
        stove.do("POST", "/shut-off")
        assert not stove.witness.high(LEFT)


def test_a_killed_daemon_is_offline_on_mqtt(tmp_path: Path) -> None:
    with Mosquitto() as broker, program(tmp_path, more=_mqtt(broker.port)) as stove, Inbox(broker.port) as inbox:
        stove.start()
        eventually("it is online", lambda: inbox.newest("flameout/test/availability") == "online")
        assert stove.process is not None
        stove.process.kill()
        eventually("its will is read", lambda: inbox.newest("flameout/test/availability") == "offline")


def test_a_clean_stop_leaves_every_availability_offline(tmp_path: Path) -> None:
    with Mosquitto() as broker, program(tmp_path, more=_mqtt(broker.port)) as stove, Inbox(broker.port) as inbox:
        stove.start()
        eventually("it is online", lambda: inbox.newest(f"{LEFT_TOPIC}/availability") == "online")
        assert stove.stop() == 0
        for topic in ("flameout/test/availability", f"{LEFT_TOPIC}/availability"):
            eventually(f"{topic} is offline", lambda topic=topic: inbox.newest(topic) == "offline")  # type: ignore[misc]


def _kinds(inbox: Inbox) -> list[str]:
    return [json.loads(payload)["event_type"] for payload in inbox.all(f"{LEFT_TOPIC}/event")]


def _state(inbox: Inbox) -> Any:
    payload = inbox.newest(f"{LEFT_TOPIC}/state")
    return json.loads(payload) if payload else {"status": "", "flame": ""}
