"""What Home Assistant is told, against what it knows."""

import json
from typing import Any

import pytest

from api.mqtt.discovery import EVENT_TYPES, burner_device, discovery, stove_device
from api.mqtt.topics import Topics
from controller.config import Config
from controller.terms import Status
from tests.fakes import config

# What homeassistant/components/mqtt/schemas.py accepts in 2024.12: one more key, and the device is refused.
TOP_LEVEL = {
    "dev", "o", "cmps", "availability", "availability_mode", "availability_template", "availability_topic",
    "payload_available", "payload_not_available", "state_topic", "command_topic", "qos", "encoding",
}  # fmt: skip
DEVICE = {
    "ids", "cns", "mf", "mdl", "mdl_id", "name", "hw", "sn", "sw", "via_device", "sa", "cu",
}  # fmt: skip
ORIGIN = {"name", "sw", "url"}
# What the platforms know in 2024.12 and still do in 2026.11. They drop what they do not know, which is no better.
COMMON = {
    "platform", "name", "qos", "unique_id", "availability", "icon", "entity_category", "enabled_by_default",
    "json_attributes_topic", "json_attributes_template",
}  # fmt: skip
OWN = {
    "valve": {"device_class", "command_topic", "payload_close", "payload_open", "reports_position", "state_topic",
              "value_template"},
    "sensor": {"device_class", "options", "unit_of_measurement", "suggested_display_precision", "state_topic",
               "value_template"},
    "binary_sensor": {"device_class", "expire_after", "state_topic", "value_template"},
    "number": {"device_class", "unit_of_measurement", "min", "max", "step", "mode", "command_topic", "state_topic",
               "value_template"},
    "button": {"command_topic", "payload_press"},
    "switch": {"command_topic", "state_topic", "value_template"},
    "event": {"state_topic", "event_types"},
}  # fmt: skip


def on_mqtt(**tables: Any) -> Config:
    return config(mqtt={"host": "broker"}, **tables)


def devices(**tables: Any) -> dict[str, Any]:
    configuration = on_mqtt(**tables)
    found = discovery(configuration, Topics.of(configuration), "1.2.3")
    return {topic: json.loads(payload) for topic, payload in found.items()}


def left(**tables: Any) -> Any:
    configuration = on_mqtt(**tables)
    return burner_device(configuration, configuration.burners[0], Topics.of(configuration), "1.2.3")


def stove(**tables: Any) -> Any:
    configuration = on_mqtt(**tables)
    return stove_device(configuration, Topics.of(configuration), "1.2.3")


def test_there_is_one_device_for_the_stove_and_one_for_each_burner() -> None:
    found = devices()
    assert list(found) == [
        "homeassistant/device/flameout_kitchen/config",
        "homeassistant/device/flameout_kitchen_left/config",
        "homeassistant/device/flameout_kitchen_right/config",
    ]
    assert "via_device" not in found["homeassistant/device/flameout_kitchen/config"]["dev"]
    assert found["homeassistant/device/flameout_kitchen_left/config"]["dev"]["via_device"] == "flameout_kitchen"


def test_no_key_is_used_that_home_assistant_2024_12_does_not_know() -> None:
    for device in devices().values():
        assert set(device) <= TOP_LEVEL
        assert set(device["dev"]) <= DEVICE
        assert set(device["o"]) <= ORIGIN
        for key, entity in device["cmps"].items():
            assert set(entity) <= COMMON | OWN[entity["platform"]], key


def test_no_entity_is_retained_or_optimistic() -> None:
    text = json.dumps(devices())
    assert "retain" not in text
    assert "optimistic" not in text


def test_every_entity_has_an_id_of_its_own_whatever_the_burners_are_called() -> None:
    relay = {"pin": 17}
    burners = [{"id": "default", "name": "D", "relay": relay}, {"id": "child", "name": "C", "relay": {"pin": 27}}]
    burners += [{"id": "child-reset", "name": "R", "relay": {"pin": 22}}]
    ids = [entity["unique_id"] for device in devices(burners=burners).values() for entity in device["cmps"].values()]
    assert len(ids) == len(set(ids))


def test_a_burner_has_the_entities_that_users_rely_on() -> None:
    entities = {(entity["platform"], entity["name"]) for entity in left()["cmps"].values()}
    assert entities == {
        ("valve", None),
        ("sensor", "Status"),
        ("binary_sensor", "In use"),
        ("number", "Timer"),
        ("sensor", "Shuts off at"),
        ("button", "Extend by 5 minutes"),
        ("button", "Cancel timer"),
        ("button", "Reset"),
        ("sensor", "Last shut-off reason"),
        ("binary_sensor", "Problem"),
        ("event", "Event"),
        ("sensor", "Time left"),
        ("button", "I'm here"),
        ("sensor", "Last cut"),
        ("sensor", "What to do"),
    }
    off = {key for key, entity in left()["cmps"].items() if not entity.get("enabled_by_default", True)}
    assert off == {"reset", "time_left"}


def test_a_burner_without_flame_sensing_claims_no_knowledge_of_use() -> None:
    found = devices()
    assert "in_use" not in found["homeassistant/device/flameout_kitchen_right/config"]["cmps"]


def test_a_thermocouple_shows_its_voltage_and_how_worn_the_circuit_is() -> None:
    flame = {"kind": "thermocouple", "adc": "ads1115", "channel": 0}
    burners = [{"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": flame}]
    found = left(burners=burners)["cmps"]
    assert found["millivolts"]["enabled_by_default"] is False
    assert found["wear"]["unit_of_measurement"] == "%"
    assert not {"millivolts", "wear"} & set(left()["cmps"])


def test_a_stove_without_flame_sensing_has_no_use_and_no_hood() -> None:
    burners = [{"id": "left", "name": "Left", "relay": {"pin": 17}}]
    assert not {"in_use", "hood"} & set(stove(burners=burners)["cmps"])
    assert not {"in_use", "attention", "proof"} & set(left(burners=burners)["cmps"])


def test_the_stove_has_the_entities_that_users_rely_on() -> None:
    found = {(entity["platform"], entity["name"], entity.get("entity_category")) for entity in stove()["cmps"].values()}
    assert found == {
        ("button", "Shut off all burners", None),
        ("binary_sensor", "In use", None),
        ("sensor", "Next shut-off", None),
        ("switch", "Child lock", "config"),
        ("number", "Default timer", "config"),
        ("sensor", "Maximum run time", "diagnostic"),
        ("binary_sensor", "Problem", "diagnostic"),
        ("binary_sensor", "Control loop", "diagnostic"),
        ("sensor", "Started", "diagnostic"),
        ("button", "Make sure all is off", None),
        ("binary_sensor", "Hood wanted", None),
        ("sensor", "What to do", "diagnostic"),
    }


def test_the_valve_can_only_be_closed() -> None:
    valve = left()["cmps"]["valve"]
    assert valve["payload_open"] is None
    assert valve["payload_close"] == "CLOSE"
    assert valve["reports_position"] is False, "a position could be set by voice"


def test_nothing_is_available_while_the_stove_or_the_burner_is_not() -> None:
    assert left()["availability_mode"] == "all"
    assert left()["availability"] == [
        {"topic": "flameout/kitchen/availability"},
        {"topic": "flameout/kitchen/burner/left/availability"},
    ]


def test_the_control_loop_expires_after_three_heartbeats() -> None:
    loop = stove()["cmps"]["control_loop"]
    assert (loop["expire_after"], loop["state_topic"]) == (45, "flameout/kitchen/heartbeat")
    assert (loop["device_class"], loop["availability"]) == ("safety", [])


def test_the_enumerations_are_complete() -> None:
    entities = left()["cmps"]
    assert entities["status"]["options"] == [status.value for status in Status]
    assert set(entities["event"]["event_types"]) == set(EVENT_TYPES)
    assert entities["proof"]["options"] == ["confirmed", "pending", "failed", "not_proved"]
    assert "refused" in EVENT_TYPES
    assert "flame" not in EVENT_TYPES


@pytest.mark.parametrize(
    ("step", "name", "payload"),
    [("5m", "Extend by 5 minutes", "5"), ("1m", "Extend by 1 minute", "1"), ("30s", "Extend by 30 s", "0.5")],
)
def test_the_extend_button_says_and_sends_the_configured_step(step: str, name: str, payload: str) -> None:
    button = left(limits={"extend_step": step})["cmps"]["extend"]
    assert (button["name"], button["payload_press"]) == (name, payload)


def test_numbers_end_where_the_limits_do() -> None:
    tables = {"limits": {"longest_timer": "90m"}}
    assert left(**tables)["cmps"]["timer"]["max"] == 90
    assert stove(**tables)["cmps"]["default_timer"]["max"] == 90


def test_names_may_hold_any_character() -> None:
    found = devices(stove={"id": "kitchen", "name": 'Küche "Süd" {{ 1 }} 灶'})
    assert found["homeassistant/device/flameout_kitchen/config"]["dev"]["name"] == 'Küche "Süd" {{ 1 }} 灶'


def test_a_device_fits_into_a_small_broker() -> None:
    configuration = on_mqtt()
    for payload in discovery(configuration, Topics.of(configuration), "1.2.3").values():
        assert len(payload) < 10_000
