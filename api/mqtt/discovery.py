"""What Home Assistant is told about the stove: one device for it and one for each burner.

Pure: configuration in, JSON out. Only keys that every Home Assistant from 2024.12 on knows are used: one
unknown key at the top level or in ``dev`` and it refuses the whole device. No entity has ``retain`` or
``optimistic``: a command is meant now, and only the stove says what became of it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from api.mqtt.topics import Topics
from controller.config import Config
from controller.config_wiring import BurnerConfig
from controller.events import Cause, Proof
from controller.terms import Status
from hardware.clock import MINUTE, SECOND, Millis
from hardware.durations import in_words

HEARTBEAT_EVERY: Millis = 15 * SECOND
EVENT_TYPES = (
    "timer_started",
    "timer_extended",
    "timer_cancelled",
    "timer_ending",
    "shut_off",
    "proof",
    "locked",
    "unlocked",
    "lockout",
    "reset",
    "refused",
)

_Json = dict[str, Any]


def discovery(config: Config, topics: Topics, version: str) -> dict[str, bytes]:
    """The retained message of every device, by topic."""
    devices = {topics.discovery(): stove_device(config, topics, version)}
    for burner in config.burners:
        devices[topics.discovery(burner.id)] = burner_device(config, burner, topics, version)
    return {topic: _compact(device) for topic, device in devices.items()}


def stove_device(config: Config, topics: Topics, version: str) -> _Json:
    """The stove: what concerns every burner, and how the program itself is."""
    device_id = topics.device_id()
    device = {
        "ids": [device_id],
        "name": config.stove.name,
        "mf": "flameout",
        "mdl": "Gas stove shut-off",
        "sw": version,
    }
    return _device(device, version, [topics.availability()], _entities(device_id, _of_stove(config, topics)))


def burner_device(config: Config, burner: BurnerConfig, topics: Topics, version: str) -> _Json:
    """One burner."""
    device_id = topics.device_id(burner.id)
    device = {
        "ids": [device_id],
        "name": f"{config.stove.name} {burner.name}",
        "mf": "flameout",
        "mdl": "Burner",
        "sw": version,
        "via_device": topics.device_id(),
    }
    available = [topics.availability(), topics.availability(burner.id)]
    return _device(device, version, available, _entities(device_id, _of_burner(config, burner, topics)))


def _device(device: _Json, version: str, available: Sequence[str], entities: _Json) -> _Json:
    return {
        "dev": device,
        "o": {"name": "flameout", "sw": version},
        "availability": [{"topic": topic} for topic in available],
        "availability_mode": "all",
        "cmps": entities,
    }


def _entities(device_id: str, entities: Mapping[str, _Json]) -> _Json:
    """Give each entity its id: the dash cannot be confused with what is in an entity's key."""
    return {key: entity | {"unique_id": f"{device_id}-{key}"} for key, entity in entities.items()}


def _compact(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


# --- entities -----------------------------------------------------------------------------------------


def _of_burner(config: Config, burner: BurnerConfig, topics: Topics) -> dict[str, _Json]:
    state = topics.state(burner.id)

    def command(name: str) -> str:
        return topics.command(name, burner.id)

    entities = {
        "valve": _entity(
            "valve",
            None,
            device_class="gas",
            command_topic=command("valve"),
            payload_close="CLOSE",
            payload_open=None,  # it can only be closed
            reports_position=False,
            state_topic=state,
            value_template="{{ 'open' if value_json.permitted else 'closed' }}",
        ),
        "status": _entity(
            "sensor",
            "Status",
            icon="mdi:gas-burner",
            device_class="enum",
            options=[status.value for status in Status],
            state_topic=state,
            value_template="{{ value_json.status }}",
            **_attributes(state, "contact", "flame", "holds"),
        ),
        "in_use": _in_use(state, "{{ {'lit': 'ON', 'out': 'OFF'}.get(value_json.flame, 'None') }}"),
        "timer": _entity(
            "number",
            "Timer",
            icon="mdi:timer-outline",
            command_topic=command("timer"),
            state_topic=state,
            # An extension can make a timer longer than one can be set, and Home Assistant refuses the number.
            value_template="{{ [(value_json.timer.duration_s / 60) | round(1), "
            f"{_minutes(config.limits.longest_timer)}] | min if value_json.timer else 0 }}}}",
            **_range(0, config.limits.longest_timer),
        ),
        "shuts_off_at": _entity(
            "sensor",
            "Shuts off at",
            device_class="timestamp",
            state_topic=state,
            value_template="{{ value_json.ending.ends_at if value_json.ending else None }}",
        ),
        "time_left": _entity(
            "sensor",
            "Time left",
            device_class="duration",
            unit_of_measurement="min",
            suggested_display_precision=0,
            enabled_by_default=False,
            state_topic=state,
            value_template="{{ (value_json.ending.remaining_s / 60) | round(0, 'ceil') | int "
            "if value_json.ending else None }}",
        ),
        "extend": _entity(
            "button",
            f"Extend by {_spoken(config.limits.extend_step)}",
            icon="mdi:timer-plus-outline",
            command_topic=command("extend"),
            payload_press=str(_minutes(config.limits.extend_step)),
        ),
        "cancel": _entity("button", "Cancel timer", icon="mdi:timer-cancel-outline", command_topic=command("cancel")),
        "attention": _entity("button", "I'm here", icon="mdi:hand-wave", command_topic=command("attention")),
        "reset": _entity(
            "button", "Reset", icon="mdi:restart", command_topic=command("reset"), enabled_by_default=False
        ),
        "last_shut_off": _entity(
            "sensor",
            "Last shut-off reason",
            icon="mdi:fire-off",
            entity_category="diagnostic",
            device_class="enum",
            options=[cause.value for cause in Cause],
            state_topic=state,
            value_template="{{ value_json.last_shut_off.cause if value_json.last_shut_off else None }}",
            **_attributes(state, "last_shut_off"),
        ),
        "proof": _entity(
            "sensor",
            "Last cut",
            icon="mdi:check-decagram-outline",
            entity_category="diagnostic",
            device_class="enum",
            # "unavailable" is Home Assistant's own word for an entity that is not there
            options=[proof.value for proof in Proof if proof is not Proof.UNAVAILABLE] + ["not_proved"],
            state_topic=state,
            value_template="{{ (value_json.last_shut_off.proof | replace('unavailable', 'not_proved')) "
            "if value_json.last_shut_off else None }}",
        ),
        "advice": _advice(state, "{{ (value_json.problem or 'Nothing') | truncate(255, True, '...', 0) }}"),
        "millivolts": _entity(
            "sensor",
            "Thermocouple",
            device_class="voltage",
            unit_of_measurement="mV",
            entity_category="diagnostic",
            enabled_by_default=False,
            state_topic=state,
            value_template="{{ value_json.millivolts }}",
        ),
        "wear": _entity(
            "sensor",
            "Holding circuit",
            icon="mdi:resistor",
            unit_of_measurement="%",
            entity_category="diagnostic",
            state_topic=state,
            value_template="{{ (value_json.wear * 100) | round(0) | int if value_json.wear else None }}",
        ),
        "problem": _problem(
            state,
            "{{ 'ON' if value_json.problem or value_json.status == 'lockout' "
            "or (value_json.last_shut_off or {}).get('proof') == 'failed' else 'OFF' }}",
            "problem",
        ),
        "event": _entity(
            "event", "Event", icon="mdi:bell-ring-outline", state_topic=topics.event(burner.id), event_types=EVENT_TYPES
        ),
    }
    for key in _without(burner):
        del entities[key]
    return entities


def _without(burner: BurnerConfig) -> tuple[str, ...]:
    """What cannot be said of a burner that is wired like this."""
    if burner.flame is None:
        return ("in_use", "attention", "millivolts", "wear") + (("proof",) if burner.contact is None else ())
    return () if burner.flame.kind == "thermocouple" else ("millivolts", "wear")


def _of_stove(config: Config, topics: Topics) -> dict[str, _Json]:
    state = topics.state()
    entities = {
        "shut_off_all": _entity(
            "button", "Shut off all burners", icon="mdi:fire-off", command_topic=topics.command("shut_off_all")
        ),
        "sweep": _entity("button", "Make sure all is off", icon="mdi:broom", command_topic=topics.command("sweep")),
        "hood": _entity(
            "binary_sensor",
            "Hood wanted",
            icon="mdi:fan",
            device_class="running",
            state_topic=state,
            value_template="{{ {true: 'ON', false: 'OFF'}.get(value_json.hood, 'None') }}",
        ),
        "advice": _advice(
            state, "{{ (value_json.problems | join(' ') or 'Nothing') | truncate(255, True, '...', 0) }}"
        ),
        "in_use": _in_use(state, "{{ {true: 'ON', false: 'OFF'}.get(value_json.in_use, 'None') }}"),
        "next_shut_off": _entity(
            "sensor",
            "Next shut-off",
            device_class="timestamp",
            state_topic=state,
            value_template="{{ value_json.next_shut_off }}",
        ),
        "child_lock": _entity(
            "switch",
            "Child lock",
            icon="mdi:account-lock",
            entity_category="config",  # without a category it would be offered to voice assistants
            command_topic=topics.command("child_lock"),
            state_topic=state,
            value_template="{{ 'ON' if value_json.child_lock else 'OFF' }}",
        ),
        "default_timer": _entity(
            "number",
            "Default timer",
            icon="mdi:timer-cog-outline",
            entity_category="config",
            command_topic=topics.command("default_timer"),
            state_topic=state,
            value_template="{{ (value_json.default_timer_s / 60) | round(1) }}",
            **_range(1, config.limits.longest_timer),
        ),
        "maximum_run_time": _entity(
            "sensor",
            "Maximum run time",
            device_class="duration",
            unit_of_measurement="min",
            entity_category="diagnostic",
            state_topic=state,
            value_template="{{ (value_json.unattended_s / 60) | round(0) | int }}",
        ),
        "problem": _problem(state, "{{ 'ON' if value_json.problems else 'OFF' }}", "problems"),
        "control_loop": _entity(
            "binary_sensor",
            "Control loop",
            device_class="safety",  # on means unsafe
            entity_category="diagnostic",
            availability=[],  # it says by itself that nothing is heard any more
            expire_after=3 * HEARTBEAT_EVERY // SECOND,
            state_topic=topics.heartbeat,
            value_template="{{ 'OFF' if value_json.alive else 'ON' }}",
        ),
        "started": _entity(
            "sensor",
            "Started",
            device_class="timestamp",
            entity_category="diagnostic",
            state_topic=state,
            value_template="{{ value_json.started_at }}",
        ),
    }
    if not any(burner.flame is not None for burner in config.burners):  # nobody measures a flame
        del entities["hood"], entities["in_use"]
    return entities


def _entity(platform: str, name: str | None, **keys: Any) -> _Json:
    return {"platform": platform, "name": name, "qos": 1} | keys


def _in_use(state: str, template: str) -> _Json:
    return _entity("binary_sensor", "In use", device_class="running", state_topic=state, value_template=template)


def _advice(state: str, template: str) -> _Json:
    return _entity(
        "sensor",
        "What to do",
        icon="mdi:message-alert-outline",
        entity_category="diagnostic",
        state_topic=state,
        value_template=template,
    )


def _problem(state: str, template: str, key: str) -> _Json:
    return _entity(
        "binary_sensor",
        "Problem",
        device_class="problem",
        entity_category="diagnostic",
        state_topic=state,
        value_template=template,
        **_attributes(state, key),
    )


def _attributes(state: str, *keys: str) -> _Json:
    """Some of the state's keys as the entity's attributes."""
    chosen = ", ".join(f"'{key}': value_json.{key}" for key in keys)
    return {"json_attributes_topic": state, "json_attributes_template": f"{{{{ {{{chosen}}} | to_json }}}}"}


def _range(lowest: int, highest: Millis) -> _Json:
    return {
        "device_class": "duration",
        "unit_of_measurement": "min",
        "min": lowest,
        "max": _minutes(highest),
        "step": 1,
        "mode": "box",
    }


def _minutes(duration: Millis) -> int | float:
    """Minutes as a number that a template and a payload can carry: 5 or 0.5, never 5.0."""
    return duration // MINUTE if duration % MINUTE == 0 else round(duration / MINUTE, 3)


def _spoken(duration: Millis) -> str:
    minutes = _minutes(duration)
    if isinstance(minutes, float):
        return in_words(duration)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
