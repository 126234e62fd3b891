"""``flameout check-config``: every problem at once, each with its key, its value, and what would be right."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.cli.daemon import Done, Shell

LEFT = '[[burners]]\nid = "left"\nname = "Left"\n'
Check = Callable[[str], Done]


@pytest.fixture
def check(flameout: Shell, tmp_path: Path) -> Check:
    def checked(text: str) -> Done:
        file = tmp_path / "flameout.toml"
        file.write_text(text)
        return flameout("check-config", str(file))

    return checked


MISTAKES = {
    "pin 4": (f"{LEFT}relay = {{ pin = 4 }}", "burners[0].relay.pin: 4 is pulled up at power-on, so the relay would"),
    "pin 30": (f"{LEFT}relay = {{ pin = 30 }}", "burners[0].relay.pin: 30 is not on the 40-pin header; use 9 to 27"),
    "input pin 40": (
        f"{LEFT}relay = {{ pin = 17 }}\ncontact = {{ pin = 40 }}",
        "burners[0].contact.pin: 40 is not on the 40-pin header; use 0 to 27",
    ),
    "pin twice": (
        f"{LEFT}relay = {{ pin = 17 }}\ncontact = {{ pin = 17 }}",
        "burners[0].contact.pin: 17 is used by burners[0].relay.pin already",
    ),
    "pin as text": (f'{LEFT}relay = {{ pin = "17" }}', "burners[0].relay.pin: '17' is no whole number"),
    "one bracket": ("[burners]\nid = 'left'", "burners: is no list; write [[…]] with two brackets"),
    "one burner": (
        "[[burner]]\nid = 'left'\nrelay = { pin = 17 }",
        "burner: is not a known key; did you mean burners?",
    ),
    "pin alone": (f"{LEFT}relay = 17", "burners[0].relay: 17 is no table; write { … }"),
    "broker with a scheme": (
        "[mqtt]\nhost = 'mqtt://a.local:1883'",
        "mqtt.host: 'mqtt://a.local:1883' is no name and no",
    ),
    "no address": ("[rest]\nhost = '192.168.1.300'", "rest.host: '192.168.1.300' is no name and no address"),
    "empty host": ("[mqtt]\nhost = ''", "mqtt.host: '' is no name and no address"),
    "active low": (
        f'{LEFT}relay = {{ pin = 17, active = "low" }}',
        "burners[0].relay.active: an active-low relay closes while the Pi boots; use an active-high one",
    ),
    "no relay": (LEFT, "burners[0].relay: is missing"),
    "id": ('[[burners]]\nid = "Left one"\nname = "L"\nrelay = { pin = 17 }', "burners[0].id: 'Left one' may have 1 to"),
    "id twice": (
        f"{LEFT}relay = {{ pin = 17 }}\n{LEFT}relay = {{ pin = 27 }}",
        "burners[1].id: 'left' is the id of another one already; ids are unique",
    ),
    "no burners": ("burners = []", "burners: "),
    "short lease": ('[keeper]\nlease = "0.1s"', "keeper.lease: '0.1s' is shorter than 0.5s"),
    "long lease": ('[keeper]\nlease = "11s"', "keeper.lease: '11s' is longer than 10s"),
    "no unit": ("[limits]\nlongest_timer = 25", 'limits.longest_timer: 25 has no unit; write it with one, like "25s"'),
    "no duration": ('[limits]\nextend_step = "soon"', "limits.extend_step: 'soon' is not a duration; write it like"),
    "too long": ('[limits]\nlongest_timer = "13h"', "limits.longest_timer: '13h' is not within 1 min and 12 h"),
    "longer than the keeper permits": (
        '[limits]\nlongest_timer = "8h"',
        "limits.longest_timer: 8 h is longer than keeper.longest_permit (6 h)",
    ),
    "unknown key": ("[rest]\nprot = 8520", "rest.prot: is not a known key; did you mean rest.port?"),
    "unknown table": ("[mqqt]\nhost = 'a'", "mqqt: is not a known key; did you mean mqtt?"),
    "unknown key in a burner": (
        f"{LEFT}relay = {{ pin = 17 }}\ncontct = {{ pin = 22 }}",
        "burners[0].contct: is not a known key; did you mean burners[0].contact?",
    ),
    "port": ("[rest]\nport = 70000", "rest.port: 70000 is wrong: input should be less than or equal to 65535"),
    "switch as text": (
        '[rest]\nrequire_token = "no"',
        "rest.require_token: 'no' is neither true nor false; write one of them, without quotes",
    ),
    "open door": (
        '[rest]\nhost = "0.0.0.0"\nrequire_token = false',
        "rest.require_token: false would let everybody who reaches 0.0.0.0 set timers",
    ),
    "idle": ('[stove]\nidle = "off"', "stove.idle: 'off' is not known; use 'ready' or 'locked'"),
    "night lock's time": (
        '[[locks]]\nburners = ["left"]\nfrom = "11pm"\nto = "06:00"',
        'locks[0].from: \'11pm\' is not a time of day; write it like "06:00" or "23:00"',
    ),
    "night lock of nobody": (
        '[[locks]]\nburners = ["lfet"]\nfrom = "23:00"\nto = "06:00"',
        "locks[0].burners: 'lfet' is not a burner's id; known are left",
    ),
    "night lock without a night": ('[[locks]]\nfrom = "23:00"\nto = "23:00"', "locks[0].to: 23:00 is the same as"),
    "interlock without a source": ('[[interlocks]]\nid = "gas"', "interlocks[0]: needs either input = { pin } or"),
    "interlock without a broker": (
        '[[interlocks]]\nid = "away"\nmqtt = { topic = "home/away" }',
        "interlocks[0].mqtt: can never speak without a broker; add the [mqtt] table",
    ),
    "second relay without a contact": (
        f"{LEFT}relay = {{ pin = 17, second_pin = 18 }}",
        "burners[0].contact: is missing: a second relay is tested by the contact of the pair",
    ),
    "second relay on the first one's pin": (
        f"{LEFT}relay = {{ pin = 17, second_pin = 17 }}\ncontact = {{ pin = 22 }}",
        "burners[0].relay.second_pin: 17 is used by burners[0].relay.pin already",
    ),
    "pulse": (f'{LEFT}relay = {{ pin = 17, drive = "pulse", duty = 1 }}', "burners[0].relay.duty: 1 is wrong"),
    "a relay on the converter's bus": (
        f'{LEFT}relay = {{ pin = 10 }}\nflame = {{ kind = "thermocouple", adc = "mcp3008", channel = 0, gain = 50 }}',
        "burners[0].relay.pin: 10 belongs to the bus of the mcp3008; use another pin",
    ),
    "channel used twice": (
        f'[[references]]\nadc = "ads1115"\nchannel = 0\nmillivolts = 100\n{LEFT}relay = {{ pin = 17 }}\n'
        'flame = { kind = "thermocouple", adc = "ads1115", channel = 0 }',
        "burners[0].flame.channel: 0 of the ads1115 is used by references[0] already",
    ),
    "mcp3008 without gain": (
        f'[keeper]\npin_factory = "simulated"\n{LEFT}relay = {{ pin = 17 }}\n'
        'flame = { kind = "thermocouple", adc = "mcp3008", channel = 0 }',
        "burners[0].flame.gain: is missing: an MCP3008 steps by 3.2 mV",
    ),
    "thresholds": (
        f'[keeper]\npin_factory = "simulated"\n{LEFT}relay = {{ pin = 17 }}\n'
        'flame = { kind = "thermocouple", adc = "ads1115", channel = 0, lit_above_mv = 2, out_below_mv = 3 }',
        "burners[0].flame.out_below_mv: 3.0 must be below lit_above_mv 2.0",
    ),
    "certificate missing": (
        '[rest]\ntls = { cert = "/nowhere.pem", key = "/dev/null" }',
        "rest.tls.cert: '/nowhere.pem' cannot be read: No such file or directory",
    ),
    "password file missing": (
        '[mqtt]\nhost = "a"\npassword_file = "/nowhere"',
        "mqtt.password_file: '/nowhere' cannot be read",
    ),
    "urls file missing": (
        '[notify]\nurls_file = "/nowhere"',
        "notify.urls_file: '/nowhere' cannot be read: No such file or directory",
    ),
    "urls file for everybody": ('[notify]\nurls_file = "/etc/hosts"', "notify.urls_file: '/etc/hosts' holds secrets"),
    "what is told": (
        '[notify]\nurls_file = "f"\non = ["cuts"]',
        "notify.on[0]: 'cuts' is not known; use 'warn', 'cut', 'lockout' or 'problem'",
    ),
    "nothing is told": ('[notify]\nurls_file = "f"\non = []', "notify.on: is wrong: list should have at least 1 item"),
    "language": ('[notify]\nurls_file = "f"\nlanguage = "de"', "notify.language: 'de' is not known; use 'en' or 'zh'"),
    "page": (
        '[notify]\nurls_file = "f"\npage = "flameout.local"',
        "notify.page: 'flameout.local' is not the address of a page; write it like \"http",
    ),
    "page with a password": (
        '[notify]\nurls_file = "f"\npage = "http://anna:secret@flameout.local"',
        "notify.page: 'http://anna:secret@flameout.local' is not the address of a page",
    ),
    "messages a minute": (
        '[notify]\nurls_file = "f"\nmost_per_minute = 61',
        "notify.most_per_minute: 61 is wrong: input should be less than or equal to 60",
    ),
    "no host": ("[mqtt]\nport = 1883", "mqtt.host: is missing"),
    "journal": ('[journal]\nkeep = "1h"', "journal.keep: '1h' is not within 1 d and"),
}


@pytest.mark.parametrize(("text", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_key_its_value_and_the_cure(check: Check, text: str, sentence: str) -> None:
    done = check(text)
    assert done.code == 1
    assert len(done.out.splitlines()) == 1, done.out
    assert done.out.startswith(sentence)


def test_every_mistake_is_named_at_once_and_they_are_counted(check: Check, tmp_path: Path) -> None:
    done = check(
        f'[stove]\nidle = "off"\n[keeper]\nlease = "0.1s"\n[rest]\nprot = 1\n{LEFT}relay = {{ pin = 4 }}\n'
        '[[burners]]\nid = "right"\nname = "Right"\nrelay = { pin = 4 }\n[[locks]]\nfrom = "23:00"'
    )
    keys = {line.partition(":")[0] for line in done.out.splitlines()}
    assert keys == {
        "stove.idle",
        "keeper.lease",
        "rest.prot",
        "burners[0].relay.pin",
        "burners[1].relay.pin",
        "locks[0].to",
    }
    assert done.err == f"flameout: {tmp_path}/flameout.toml: 7 problems\n"


# --- the file itself ----------------------------------------------------------------------------------------


def test_a_file_that_is_no_toml_is_said_with_the_place(check: Check, tmp_path: Path) -> None:
    done = check("[stove\n")
    assert done.code == 1
    assert done.out.startswith(f"{tmp_path}/flameout.toml: is not TOML: ")
    assert "line 1" in done.out


def test_a_file_that_others_may_write_is_refused_with_the_command_that_cures_it(
    flameout: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "flameout.toml"
    file.write_text("")
    file.chmod(0o666)
    done = flameout("check-config", str(file))
    assert done.code == 1
    assert done.out == f"{file}: others may write it, and so move a safety limit; run: chmod o-w {file}\n"


def test_a_file_that_is_not_there_is_said(flameout: Shell) -> None:
    done = flameout("check-config", "/nowhere/flameout.toml")
    assert (done.code, done.out) == (1, "/nowhere/flameout.toml: cannot be read: No such file or directory\n")


def test_an_override_from_the_environment_is_checked_too(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAMEOUT_REST__PORT", "70000")
    assert check("").out.startswith("rest.port: 70000 is wrong")


# --- all is well --------------------------------------------------------------------------------------------


def test_a_right_file_is_praised_with_what_it_means(check: Check, tmp_path: Path) -> None:
    done = check(f'{LEFT}relay = {{ pin = 17 }}\n[mqtt]\nhost = "broker.local"')
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"{tmp_path}/flameout.toml is right: 1 burner (left on GPIO 17), "
        "REST on 127.0.0.1:8520, MQTT to broker.local.\n"
    )


def test_without_a_file_the_defaults_are_told(flameout: Shell) -> None:
    done = flameout("check-config")
    assert done.code == 0
    assert done.out.startswith("There is no configuration file, and the defaults are right: 1 burner (left on GPIO 17)")


def test_the_file_of_the_environment_is_checked(
    flameout: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAMEOUT_CONFIG", str(tmp_path / "mine.toml"))
    (tmp_path / "mine.toml").write_text("")
    assert f"{tmp_path}/mine.toml is right" in flameout("check-config").out


def test_what_only_the_keeper_refuses_is_found_too(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.settings.LEASE_HIGHEST", 900)
    monkeypatch.setattr("controller.config.lease_problem", lambda _: None)
    done = check("")
    assert done.code == 1
    assert "keeper.lease: 1s is longer than 10s" in done.out


def test_for_programs_problems_are_keys_and_sentences(flameout: Shell, tmp_path: Path) -> None:
    file = tmp_path / "flameout.toml"
    file.write_text('[keeper]\nlease = "11s"')
    done = flameout("check-config", "--json", str(file))
    assert done.code == 1
    answer = json.loads(done.out)
    assert answer["file"] == str(file)
    assert [problem["key"] for problem in answer["problems"]] == ["keeper.lease"]
    assert answer["problems"][0]["sentence"].startswith("'11s' is longer than 10s")
