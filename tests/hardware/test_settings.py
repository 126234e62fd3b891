"""flameout.toml as the keeper reads it: what it takes, and what it refuses by itself."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hardware.permits import Caps
from hardware.settings import (
    BadSettings,
    HardInput,
    Probe,
    Pulse,
    Wiring,
    find_file,
    input_pin_problem,
    keeper_settings,
    read_document,
    relay_pin_problem,
)

SECOND, HOUR = 1_000, 3_600_000


def burner(name: str = "left", pin: int = 17, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "relay": {"pin": pin}, **more}


def interlock(name: str = "button", pin: Any = 5, **more: Any) -> dict[str, Any]:
    return {"id": name, "input": {"pin": pin, **more}}


def document(**sections: Any) -> dict[str, Any]:
    return {"burners": [burner()], **sections}


def refused(**sections: Any) -> str:
    """Why the keeper does not take a document."""
    with pytest.raises(BadSettings) as refusal:
        keeper_settings(document(**sections))
    return str(refusal.value)


# --- the file -------------------------------------------------------------------------------------------


def test_without_a_file_there_is_an_empty_document() -> None:
    assert read_document(None, {}) == {}


def test_the_file_is_read_as_toml(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text('[keeper]\nlease = "2s"\n')
    assert read_document(file, {}) == {"keeper": {"lease": "2s"}}


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text('[keeper]\nlease = "2s"\npin_factory = "lgpio"\n')
    environment = {
        "FLAMEOUT_KEEPER__PIN_FACTORY": "mock",
        "FLAMEOUT_REST__PORT": "8521",
        "FLAMEOUT_REST__REQUIRE_TOKEN": "false",
        "FLAMEOUT_REST__ALLOWED_HOSTS": '["a.local"]',
        "FLAMEOUT_CONFIG": "elsewhere.toml",
        "FLAMEOUT_keeper__lease": "9s",
        "PATH": "/bin",
    }
    assert read_document(file, environment) == {
        "keeper": {"lease": "2s", "pin_factory": "mock"},
        "rest": {"port": 8521, "require_token": False, "allowed_hosts": ["a.local"]},
    }


def test_the_environment_of_the_process_counts_where_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAMEOUT_STOVE__ID", "kitchen")
    assert read_document(None)["stove"] == {"id": "kitchen"}


def test_an_override_of_what_is_no_table_changes_nothing() -> None:
    assert read_document(None, {"FLAMEOUT_X__Y": "1"}) == {"x": {"y": 1}}


def test_an_override_of_a_list_of_tables_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text('[[burners]]\nid = "left"\n')
    with pytest.raises(
        BadSettings, match=r"FLAMEOUT_BURNERS__ID: burners is no single table in .*f\.toml; set its keys"
    ):
        read_document(file, {"FLAMEOUT_BURNERS__ID": "right"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = " + "[" * 3_000, "is not TOML: it is nested too deeply"),
        ("a" + ".a" * 1_500 + " = 1", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a: is nested too deeply"),
        ("[rest]\nport = " + "1" * 5_000, "is not TOML: a number in it has thousands of digits"),
        ("[keeper]\nlease = 0x" + "f" * 4_000, "keeper.lease: is larger than any number in TOML"),
        ("x = [0, 0x8000000000000000]", "x[1]: is larger than any number in TOML"),
        ('[mqtt]\npassword_file = "a\\u0000b"', "mqtt.password_file: has a NUL character"),
        ('[[burners]]\n"a\\nb" = 1', r"burners[0].'a\nb': has characters that cannot be seen"),
    ],
    ids=lambda value: value[:12],
)
def test_what_would_end_in_a_crash_later_on_is_refused_with_a_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "f.toml"
    file.write_text(text)
    with pytest.raises(BadSettings) as refusal:
        read_document(file, {})
    assert sentence in str(refusal.value)


def test_an_override_that_no_reader_takes_is_a_text(tmp_path: Path) -> None:
    for value in ("[" * 3_000, "1" * 5_000):
        assert read_document(None, {"FLAMEOUT_REST__PORT": value}) == {"rest": {"port": value}}
    with pytest.raises(BadSettings, match=r"rest\.port: is larger"):
        read_document(None, {"FLAMEOUT_REST__PORT": "0x" + "f" * 4_000})


def test_a_channel_that_is_infinite_is_refused_by_the_keeper_alone() -> None:
    probe = {"kind": "thermocouple", "adc": "ads1115", "channel": float("inf")}
    assert "infinity" in refused(burners=[burner(flame=probe)])


def test_a_file_that_others_may_write_is_refused_with_the_cure(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text("")
    file.chmod(0o646)
    with pytest.raises(BadSettings, match=r"others may write it, and so move a safety limit; run: chmod o-w .*f\.toml"):
        read_document(file, {})
    file.chmod(0o644)
    assert read_document(file, {}) == {}


@pytest.mark.parametrize("content", [b"[keeper", b"\xff\xfe", b"lease = 1s"])
def test_a_file_that_is_not_toml_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "f.toml"
    file.write_bytes(content)
    with pytest.raises(BadSettings, match=rf"{file}: (is not TOML|cannot be read)"):
        read_document(file, {})


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.toml: cannot be read: No such file or directory"):
        read_document(tmp_path / "none.toml", {})
    with pytest.raises(BadSettings, match="cannot be read: Is a directory"):
        read_document(tmp_path, {})


def test_the_named_file_comes_before_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAMEOUT_CONFIG", "/from/environment.toml")
    assert find_file("/named.toml") == Path("/named.toml")
    assert find_file(None) == Path("/from/environment.toml")


def test_the_systems_file_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FLAMEOUT_CONFIG", raising=False)
    monkeypatch.setattr("hardware.settings.SYSTEM_FILE", tmp_path / "flameout.toml")
    assert find_file(None) is None
    (tmp_path / "flameout.toml").touch()
    assert find_file(None) == tmp_path / "flameout.toml"


# --- what the keeper takes from it ----------------------------------------------------------------------


def test_an_empty_document_is_one_burner_on_gpio_17_and_the_documented_caps() -> None:
    settings = keeper_settings({})
    assert settings.caps == Caps(SECOND, 6 * HOUR, 12 * HOUR, 9 * SECOND)
    assert settings.burners == (Wiring("left", 17),)
    assert settings.inputs == ()
    assert settings.pin_factory == "lgpio"
    assert settings.socket is None


def test_everything_can_be_said() -> None:
    settings = keeper_settings(
        {
            "keeper": {
                "lease": "0.5s",
                "longest_permit": "1h",
                "longest_energised": "PT2H",
                "pin_factory": "mock",
                "socket": "/run/k.sock",
            },
            "limits": {"hold_open": "20s"},
            "burners": [
                burner("left", 17, contact={"pin": 22}, flame={"kind": "digital", "pin": 23, "active": "high"}),
                burner(
                    "right",
                    27,
                    contact={"pin": 24, "active": "high"},
                    flame={"kind": "thermocouple", "adc": "ads1115", "channel": 0},
                ),
            ],
            "interlocks": [interlock("button", 5), interlock("gas-alarm", 6, active="high")],
        }
    )
    assert settings.caps == Caps(500, HOUR, 2 * HOUR, 18 * SECOND)
    assert settings.burners == (
        Wiring("left", 17, contact=22, flame_pin=23, flame_active="high"),
        Wiring("right", 27, contact=24, contact_active="high", probe=Probe("ads1115", 0)),
    )
    assert settings.inputs == (HardInput("button", 5, "low"), HardInput("gas-alarm", 6, "high"))
    assert settings.socket == Path("/run/k.sock")


# --- what it refuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pin", range(9))
def test_a_relay_on_a_pin_that_is_pulled_up_at_power_on_is_refused(pin: int) -> None:
    assert refused(burners=[burner(pin=pin)]) == (
        f"burner left: relay pin {pin} is pulled up at power-on, so the relay would close during boot; use 9 to 27"
    )


@pytest.mark.parametrize("pin", [28, 99, -1])
def test_a_relay_on_a_pin_that_is_not_there_is_refused(pin: int) -> None:
    assert "run: flameout check-config" in refused(burners=[burner(pin=pin)])
    assert relay_pin_problem(pin) == "is not on the 40-pin header; use 9 to 27"
    assert input_pin_problem(pin) == "is not on the 40-pin header; use 0 to 27"


@pytest.mark.parametrize("pin", [9, 17, 27])
def test_a_relay_on_gpio_9_to_27_is_taken(pin: int) -> None:
    assert keeper_settings({"burners": [burner(pin=pin)]}).burners[0].relay == pin


@pytest.mark.parametrize("pin", [True, "17", 17.0, None, [17]])
def test_a_pin_is_a_whole_number(pin: Any) -> None:
    assert "is not a BCM pin number" in refused(burners=[burner(pin=pin)])
    assert "is not a BCM pin number" in refused(interlocks=[interlock(pin=pin)])
    assert "is not a BCM pin number" in refused(burners=[burner(contact={"pin": pin})])


@pytest.mark.parametrize("lease", ["0.499s", "0s"])
def test_a_lease_that_puts_flames_out_is_refused(lease: str) -> None:
    assert refused(keeper={"lease": lease}).startswith(f"keeper.lease: {lease} is shorter than 0.5s")


@pytest.mark.parametrize("lease", ["10.001s", "1h"])
def test_a_lease_that_keeps_the_gas_on_is_refused(lease: str) -> None:
    assert refused(keeper={"lease": lease}).startswith(f"keeper.lease: {lease} is longer than 10s")


@pytest.mark.parametrize("lease", ["0.5s", "10s"])
def test_a_lease_of_half_a_second_to_ten_is_taken(lease: str) -> None:
    keeper_settings(document(keeper={"lease": lease}))


def test_no_configuration_moves_the_ceilings_in_the_code() -> None:
    assert refused(keeper={"longest_permit": "13h"}) == "keeper.longest_permit: 13h is not within 12 h"
    assert refused(keeper={"longest_energised": "25h"}) == "keeper.longest_energised: 25h is not within 1 d"
    assert keeper_settings(document(keeper={"longest_permit": "12h", "longest_energised": "24h"}))


def test_caps_of_nothing_are_refused() -> None:
    assert refused(keeper={"longest_permit": "0s"}).startswith("keeper.longest_permit: 0s is not within")
    assert refused(keeper={"longest_energised": "0s"}).startswith("keeper.longest_energised: 0s is not within")


def test_the_fingerprint_differs_where_anything_but_the_socket_does() -> None:
    plain = keeper_settings(document())
    assert plain.fingerprint == keeper_settings(document()).fingerprint
    assert keeper_settings(document(keeper={"socket": "/run/keeper.sock"})).fingerprint == plain.fingerprint
    changed = [
        keeper_settings(document(keeper={"lease": "2s"})),
        keeper_settings(document(limits={"hold_open": "11s"})),
        replace(plain, burners=(replace(plain.burners[0], relay=10), *plain.burners[1:])),
        replace(plain, references=(Probe("ads1115", 3),)),
    ]
    assert len({settings.fingerprint for settings in (plain, *changed)}) == len(changed) + 1


def test_a_pause_of_nothing_is_refused_because_it_would_make_the_longest_time_energised_endless() -> None:
    assert refused(limits={"hold_open": "0s"}).startswith("limits.hold_open: 0 s is not a pause")


@pytest.mark.parametrize("value", [5, 5.0, True, ["1s"], None, "5", "soon"])
def test_a_duration_without_a_unit_is_refused(value: Any) -> None:
    for key in ("lease", "longest_permit", "longest_energised"):
        assert "run: flameout check-config" in refused(keeper={key: value})


def test_an_active_low_relay_is_refused() -> None:
    assert "an active-low relay closes while the Pi boots" in refused(
        burners=[{"id": "left", "relay": {"pin": 17, "active": "low"}}]
    )


@pytest.mark.parametrize(
    "drive", [{"drive": "pwm"}, {"frequency_hz": 4.9}, {"frequency_hz": 51}, {"duty": 0.1}, {"duty": 0.9}]
)
def test_a_drive_that_no_driver_would_follow_is_refused(drive: dict[str, Any]) -> None:
    relay = {"pin": 17, "drive": "pulse", "frequency_hz": 25, "duty": 0.5} | drive
    assert "run: flameout check-config" in refused(burners=[{"id": "left", "relay": relay}])


def test_a_pulsed_drive_and_a_second_relay_are_taken() -> None:
    relay = {"pin": 17, "second_pin": 18, "drive": "pulse", "frequency_hz": 20, "duty": 0.4}
    (wiring,) = keeper_settings(document(burners=[{"id": "left", "relay": relay}])).burners
    assert wiring.relays == (17, 18)
    assert wiring.pulse == Pulse(on=20, off=30)


def test_a_second_relay_obeys_the_rules_of_the_first() -> None:
    relay = {"pin": 17, "second_pin": 4}
    assert "relay pin 4 is pulled up at power-on" in refused(burners=[{"id": "left", "relay": relay}])


@pytest.mark.parametrize(
    "sections",
    [
        {"burners": [burner("left", 17), burner("right", 17)]},
        {"burners": [burner("left", 17, contact={"pin": 17})]},
        {"burners": [burner("left", 17, contact={"pin": 22}, flame={"kind": "digital", "pin": 22})]},
        {"interlocks": [interlock(pin=17)]},
        {"interlocks": [interlock("a", 5), interlock("b", 5)]},
    ],
)
def test_a_pin_that_serves_two_things_is_refused(sections: dict[str, Any]) -> None:
    assert "two things share a pin" in refused(**sections)


def test_two_burners_of_one_name_are_refused() -> None:
    assert refused(burners=[burner("left", 17), burner("left", 18)]) == "burners: two have the same id"


def test_two_interlocks_of_one_name_are_refused_because_only_one_would_be_polled() -> None:
    assert refused(interlocks=[interlock("button", 5), interlock("button", 6)]) == "interlocks: two have the same id"


def test_no_burner_at_all_is_refused() -> None:
    assert refused(burners=[]) == "burners: there is none; add a [[burners]] table"


@pytest.mark.parametrize("name", ["Left", "", "a" * 33, "left burner", "left\n", "l/r"])
def test_a_burners_id_is_fit_for_a_topic(name: str) -> None:
    assert refused(burners=[burner(name)]) == f"burners.id: {name!r} does not match [a-z0-9_-]{{1,32}}"


def test_a_level_is_low_or_high() -> None:
    assert "'down' is neither low nor high" in refused(interlocks=[interlock(active="down")])


@pytest.mark.parametrize(
    "sections",
    [
        {"keeper": 5},
        {"keeper": ["lease"]},
        {"limits": 5},
        {"burners": {"id": "left"}},
        {"burners": [5]},
        {"burners": [{}]},
        {"burners": [{"id": "left"}]},
        {"burners": [{"id": 5, "relay": {"pin": 17}}]},
        {"interlocks": [{"id": "button"}]},
        {"interlocks": 7},
        {"keeper": {"pin_factory": ["mock"]}},
        {"keeper": {"pin_factory": 5}},
        {"keeper": {"socket": 5}},
    ],
)
def test_a_document_of_the_wrong_shape_is_refused_and_never_guessed_at(sections: dict[str, Any]) -> None:
    assert "run: flameout check-config" in refused(**sections)


def test_the_environment_reaches_the_keepers_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"FLAMEOUT_KEEPER__LEASE": "2s"})
    assert keeper_settings(read_document(None)).caps.lease == 2 * SECOND
