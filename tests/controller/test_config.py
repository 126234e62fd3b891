"""flameout.toml as the controller knows it. (What is said of mistakes is tested with ``flameout check-config``.)"""

from pathlib import Path
from typing import Any

import pytest

from controller.config import Config
from controller.config_check import check, is_loopback, load
from controller.places import default_journal, journal_of
from controller.terms import Limits
from hardware.clock import DAY, HOUR, MINUTE, SECOND
from hardware.settings import BadSettings, keeper_settings, read_document

EVERYTHING = """
[stove]
id = "kitchen"
name = "Kitchen hob"
idle = "locked"
[limits]
longest_timer = "3h"
unattended = "1h30m"
extend_step = "10m"
extend_total = "1h"
warn_before = "90s"
hold_open = "20s"
[keeper]
lease = "0.5s"
longest_permit = "4h"
longest_energised = "8h"
pin_factory = "simulated"
socket = "/run/flameout/keeper.sock"
[[burners]]
id = "left"
name = "Left"
relay = { pin = 17, drive = "steady" }
contact = { pin = 22 }
flame = { kind = "thermocouple", adc = "mcp3008", channel = 7, gain = 50, lit_above_mv = 5, out_below_mv = 2.5 }
[[burners]]
id = "right"
name = "Right"
relay = { pin = 27, active = "high" }
contact = { pin = 24, active = "high" }
flame = { kind = "digital", pin = 23, active = "high" }
[[interlocks]]
id = "gas_alarm"
input = { pin = 5, active = "low" }
reset = "manual"
[[interlocks]]
id = "tilt"
input = { pin = 6 }
reset = "auto"
[rest]
host = "0.0.0.0"
port = 8521
allowed_hosts = ["flameout.local"]
[mqtt]
host = "broker.local"
username = "flameout"
tls = true
allow_unlock = true
[journal]
path = "/tmp/j.db"
keep = "30d"
"""


def read(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    file = tmp_path / "flameout.toml"
    file.write_text(text)
    return read_document(file, environment or {})


def accepted(document: dict[str, Any]) -> Config:
    config, problems = check(document)
    assert problems == []
    assert config is not None
    return config


# --- defaults --------------------------------------------------------------------------------------------


def test_left_out_altogether_it_is_one_burner_on_gpio_17_with_rest_on_loopback_and_no_mqtt() -> None:
    config = accepted({})
    (burner,) = config.burners
    assert (burner.id, burner.relay.pin, burner.contact, burner.flame) == ("left", 17, None, None)
    assert (config.rest.host, config.rest.port, config.rest.require_token) == ("127.0.0.1", 8520, True)
    assert config.mqtt is None
    assert config.interlocks == []


def test_the_defaults_are_the_documented_ones() -> None:
    config = accepted({})
    assert config.stove.idle == "ready"
    limits = config.limits.for_burner(config.stove.unlock_for, config.keeper.longest_energised)
    assert limits == Limits(4 * HOUR, 2 * HOUR, 2 * HOUR, MINUTE, 10 * SECOND)
    assert config.limits.extend_step == 5 * MINUTE
    assert (config.keeper.lease, config.keeper.longest_permit, config.keeper.longest_energised) == (
        *(SECOND, 6 * HOUR, 12 * HOUR),
    )
    assert (config.keeper.pin_factory, config.keeper.socket) == ("lgpio", None)
    assert config.journal.keep == 400 * DAY


def test_a_broker_may_neither_unlock_nor_reset_unless_the_owner_says_so() -> None:
    mqtt = accepted({"mqtt": {"host": "broker"}}).mqtt
    assert mqtt is not None
    assert (mqtt.allow_unlock, mqtt.allow_reset) == (False, False)
    assert (mqtt.base_topic, mqtt.discovery_prefix, mqtt.port, mqtt.tls) == ("flameout", "homeassistant", None, False)


def test_an_interlock_latches_unless_it_says_otherwise() -> None:
    assert accepted({"interlocks": [{"id": "gas", "input": {"pin": 5}}]}).interlocks[0].reset == "manual"


# --- reading ---------------------------------------------------------------------------------------------


def test_everything_can_be_said(tmp_path: Path) -> None:
    config = accepted(read(tmp_path, EVERYTHING))
    limits = config.limits.for_burner(config.stove.unlock_for, config.keeper.longest_energised)
    assert limits == Limits(3 * HOUR, 90 * MINUTE, HOUR, 90 * SECOND, 20 * SECOND, longest_energised=8 * HOUR)
    left, right = config.burners
    assert left.flame is not None
    assert left.flame.kind == "thermocouple"
    assert (left.flame.gain, left.flame.lit_above_mv) == (50.0, 5.0)
    assert right.flame is not None
    assert right.flame.kind == "digital"
    assert right.flame.active == "high"


def test_keeper_and_controller_read_the_same_from_one_file(tmp_path: Path) -> None:
    document = read(tmp_path, EVERYTHING)
    config, settings = accepted(document), keeper_settings(document)
    assert settings.caps.lease == config.keeper.lease
    assert settings.caps.longest_permit == config.keeper.longest_permit
    assert settings.caps.longest_energised == config.keeper.longest_energised
    assert settings.caps.pause == config.limits.hold_open * 9 // 10
    assert settings.pin_factory == config.keeper.pin_factory
    assert str(settings.socket) == config.keeper.socket
    assert [(wiring.id, wiring.relay) for wiring in settings.burners] == [
        (burner.id, burner.relay.pin) for burner in config.burners
    ]
    assert [(entry.id, entry.pin, entry.active) for entry in settings.inputs] == [
        (interlock.id, interlock.input.pin, interlock.input.active)
        for interlock in config.interlocks
        if interlock.input is not None
    ]


def test_keeper_and_controller_have_the_same_defaults() -> None:
    config, settings = accepted({}), keeper_settings({})
    assert settings.caps.lease == config.keeper.lease
    assert settings.caps.longest_permit == config.keeper.longest_permit
    assert settings.caps.longest_energised == config.keeper.longest_energised
    assert settings.caps.pause == config.limits.hold_open * 9 // 10
    assert [(wiring.id, wiring.relay) for wiring in settings.burners] == [
        (burner.id, burner.relay.pin) for burner in config.burners
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"keeper": {"lease": "0.499s"}},
        {"keeper": {"lease": "10.001s"}},
        {"keeper": {"longest_permit": "12h1s"}},
        {"keeper": {"longest_energised": "1d1s"}},
        {"limits": {"hold_open": "0s"}},
        {"burners": []},
        {"burners": [{"id": "left", "name": "L", "relay": {"pin": 8}}]},
        {"burners": [{"id": "left", "name": "L", "relay": {"pin": 28}}]},
        {"burners": [{"id": "left", "name": "L", "relay": {"pin": True}}]},
        {"burners": [{"id": "left", "name": "L", "relay": {"pin": 17, "active": "low"}}]},
        {"burners": [{"id": "left", "name": "L", "relay": {"pin": 17, "drive": "pulse", "duty": 0.9}}]},
        {"burners": [{"id": "l", "name": "L", "relay": {"pin": 17}}, {"id": "l", "name": "L", "relay": {"pin": 18}}]},
        {"interlocks": [{"id": "gas", "input": {"pin": 17}}]},
        {"interlocks": [{"id": "gas", "input": {"pin": "5"}}]},
        {"interlocks": [{"id": "gas", "input": {"pin": 5}}, {"id": "gas", "input": {"pin": 6}}]},
    ],
)
def test_what_the_keeper_refuses_for_safety_the_controller_refuses_too(document: dict[str, Any]) -> None:
    with pytest.raises(BadSettings):
        keeper_settings(document)
    _, problems = check(document)
    assert problems


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    environment = {
        "FLAMEOUT_LIMITS__LONGEST_TIMER": "1h",
        "FLAMEOUT_REST__PORT": "9000",
        "FLAMEOUT_REST__ALLOWED_HOSTS": '["a.local", "b.local"]',
        "FLAMEOUT_KEEPER__PIN_FACTORY": "mock",
        "FLAMEOUT_MQTT__HOST": "10.0.0.2",
    }
    config = accepted(read(tmp_path, '[limits]\nlongest_timer = "2h"\nextend_total = "30m"\n', environment))
    assert (config.limits.longest_timer, config.limits.extend_total) == (HOUR, 30 * MINUTE)
    assert (config.rest.port, config.rest.allowed_hosts) == (9000, ["a.local", "b.local"])
    assert config.keeper.pin_factory == "mock"
    assert config.mqtt is not None
    assert config.mqtt.host == "10.0.0.2"


def test_an_override_is_checked_like_the_file(tmp_path: Path) -> None:
    config, problems = check(read(tmp_path, "", {"FLAMEOUT_KEEPER__LEASE": "1h", "FLAMEOUT_REST__PROT": "1"}))
    assert config is None
    assert sorted(problem.key for problem in problems) == ["keeper.lease", "rest.prot"]


def test_a_file_that_cannot_be_used_is_refused_with_every_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "flameout.toml"
    file.write_text('[keeper]\nlease = "1h"\n[limits]\nlongest_timer = "13h"\n')
    with pytest.raises(BadSettings) as refused:
        load(str(file))
    assert len(str(refused.value).splitlines()) == 2
    file.write_text('[stove]\nid = "from-the-environment"\n')
    monkeypatch.setenv("FLAMEOUT_CONFIG", str(file))
    assert load(None).stove.id == "from-the-environment"


# --- bounds ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "within", "beyond"),
    [
        ("limits.longest_timer", ["1m", "12h"], ["59s", "12h1s"]),
        ("limits.unattended", ["1m", "12h"], ["59s", "12h1s"]),
        ("limits.extend_step", ["1s", "1h"], ["0.9s", "1h1s"]),
        ("limits.extend_total", ["0s", "12h"], ["12h1s"]),
        ("limits.warn_before", ["0s", "1h"], ["1h1s"]),
        ("limits.hold_open", ["1s", "10m"], ["0.9s", "10m1s"]),
        ("keeper.lease", ["0.5s", "10s"], ["0.499s", "10.001s"]),
        ("keeper.longest_permit", ["1m", "12h"], ["59s", "12h1s"]),
        ("keeper.longest_energised", ["1m", "24h"], ["59s", "24h1s"]),
        ("journal.keep", ["1d", "3650d"], ["23h", "3650d1s"]),
    ],
)
def test_no_configuration_moves_the_bounds_in_the_code(key: str, within: list[str], beyond: list[str]) -> None:
    section, _, name = key.partition(".")
    for value in within:
        document: dict[str, Any] = {"keeper": {"longest_permit": "12h"}, "limits": {"longest_timer": "1m"}}
        accepted(document | {section: document.get(section, {}) | {name: value}})
    for value in beyond:
        _, problems = check({section: {name: value}})
        assert [problem.key for problem in problems] == [key]


@pytest.mark.parametrize("value", [25, 25.0, True, None, ["25m"], "25", "-25m", "soon", ""])
def test_a_duration_without_a_unit_is_refused(value: object) -> None:
    _, (problem,) = check({"limits": {"longest_timer": value}})
    assert problem.key == "limits.longest_timer"


@pytest.mark.parametrize("count", [9, 50])
def test_there_are_no_more_burners_than_pins_can_be_checked_for(count: int) -> None:
    burners = [{"id": f"b{number}", "name": "B", "relay": {"pin": 9 + number}} for number in range(count)]
    config, problems = check({"burners": burners})
    assert config is None
    assert problems[0].key == "burners"


def test_a_channel_that_the_converter_does_not_have_is_refused() -> None:
    flame = {"kind": "thermocouple", "adc": "ads1115", "channel": 4}
    burner = {"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": flame}
    _, (problem,) = check({"keeper": {"pin_factory": "simulated"}, "burners": [burner]})
    assert str(problem) == "burners[0].flame.channel: 4 is not on an ADS1115; use 0 to 3"


def test_a_key_inside_a_union_is_named_as_it_stands_in_the_file() -> None:
    flame = {"kind": "digital", "pin": 23, "activ": "low"}
    burner = {"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": flame}
    _, (problem,) = check({"burners": [burner]})
    assert str(problem) == "burners[0].flame.activ: is not a known key; did you mean burners[0].flame.active?"


def test_an_unknown_kind_of_sensor_is_refused() -> None:
    burner = {"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": {"kind": "ionisation", "pin": 23}}
    _, (problem,) = check({"burners": [burner]})
    assert str(problem) == "burners[0].flame.kind: 'ionisation' is not known; use 'digital', 'thermocouple'"


def test_an_unknown_key_without_a_neighbour_is_refused_with_what_is_known() -> None:
    _, (problem,) = check({"journal": {"zzz": 1}})
    assert str(problem) == "journal.zzz: is not a known key; known here are keep, path"


def test_two_interlocks_of_one_name_are_refused() -> None:
    interlocks = [{"id": "gas", "input": {"pin": 5}}, {"id": "gas", "input": {"pin": 6}}]
    _, (problem,) = check({"interlocks": interlocks})
    assert problem.key == "interlocks[1].id"


# --- the rest --------------------------------------------------------------------------------------------


def test_the_fingerprint_changes_when_the_configuration_does_and_only_then() -> None:
    assert accepted({}).fingerprint() == accepted({"stove": {}}).fingerprint()
    assert accepted({}).fingerprint() == accepted({"limits": {"longest_timer": "240m"}}).fingerprint()
    assert accepted({}).fingerprint() != accepted({"limits": {"longest_timer": "241m"}}).fingerprint()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_these_are_loopback(host: str) -> None:
    assert is_loopback(host)
    accepted({"rest": {"host": host, "require_token": False}})


@pytest.mark.parametrize("host", ["", "127.1"])
def test_what_is_no_address_is_not_loopback_either(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "flameout.local", "localhost.evil.example"])
def test_these_are_not(host: str) -> None:
    assert not is_loopback(host)
    _, (problem,) = check({"rest": {"host": host, "require_token": False}})
    assert problem.key == "rest.require_token"


def test_the_journal_lies_where_systemd_says_else_in_the_users_own_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/state")
    assert default_journal() == "/state/flameout.db"
    assert accepted({}).journal.path == "/state/flameout.db"
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_journal() == "/var/lib/flameout/flameout.db"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_journal() == f"{tmp_path}/flameout/flameout.db"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/anna")
    assert default_journal() == "/home/anna/.local/state/flameout/flameout.db"


def test_the_journal_is_found_in_a_configuration_however_wrong_the_rest_of_it_is() -> None:
    assert journal_of({"journal": {"path": "/x/j.db"}, "keeper": 5}) == Path("/x/j.db")
    for wrong in ({}, {"journal": 5}, {"journal": {"path": 5}}):
        assert journal_of(wrong) == Path(default_journal())
