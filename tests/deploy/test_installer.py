"""The installer's dry run: it says everything and touches nothing. The rest is deploy/try-systemd's."""

import io
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pexpect
import pytest

from hardware.adc import Ads1115

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    "install",
    "configure",
    "debian/build",
    "setup",
    "lock",
    "try-fresh",
    "try-systemd",
    "systemd/lines-low",
    "mosquitto/setup",
    "avahi/flameout-alias",
]
SCRIPTS += [f"../tests/kernel/{script}" for script in ("make-guest", "make-machine", "guest/lines")]


def install(*words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(ROOT / "deploy/install"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.skipif(Path("/etc/flameout/flameout.toml").exists(), reason="flameout is installed on this machine")
def test_a_dry_run_shows_a_configuration_that_is_right_and_touches_nothing(tmp_path: Path) -> None:
    done = install("--dry-run", "--yes", "--simulated")
    assert done.returncode == 0, done.stderr
    assert not Path("/opt/flameout").exists()
    assert not Path("/etc/flameout").exists()
    content = configuration(done.stdout, tmp_path)
    assert [burner["relay"]["pin"] for burner in content["burners"]] == [17, 27]


def configuration(shown: str, folder: Path) -> dict[str, Any]:
    """The configuration that a dry run shows; flameout itself has nothing to say against it."""
    shown = shown.replace("\r", "").partition("would write /etc/flameout/flameout.toml:\n")[2]
    text = "\n".join(line.removeprefix("        | ") for line in shown.partition("      would run")[0].splitlines())
    file = folder / "flameout.toml"
    # the password's file is another of the installer's steps
    (folder / "mqtt.password").write_text("secret\n")
    file.write_text(text.replace("/etc/flameout/mqtt.password", str(folder / "mqtt.password")))
    command = [str(ROOT / ".venv/bin/flameout"), "check-config", str(file)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    return tomllib.loads(text)


def answering(*answers: tuple[str, str]) -> tuple[str, int]:
    """What a dry run at a terminal shows, and its exit code; each answer is given to a question that begins so."""
    terminal = pexpect.spawn(str(ROOT / "deploy/install"), ["--dry-run"], encoding="utf-8", timeout=60)
    terminal.logfile_read = io.StringIO()
    for question, answer in answers:
        terminal.expect_exact(question)
        terminal.expect(r"\] |\? ")
        terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.logfile_read.getvalue(), terminal.exitstatus


FIRST = [("Which language", ""), ("How many", "1"), ("What is burner 1", ""), ("Its relay", ""), ("high level", "")]
LAST = ("simulated pins", "yes")


@pytest.mark.skipif(Path("/etc/flameout/flameout.toml").exists(), reason="flameout is installed on this machine")
class TestQuestions:
    def test_broker_and_sensor(self, tmp_path: Path) -> None:
        shown, code = answering(
            *FIRST,
            ("flame sensed", "ads1115"),
            ("phones", "no"),
            ("Which MQTT broker", "homeassistant.local"),
            ("As which user", ""),
            ("With which password", "hush-hush"),
            LAST,
        )
        assert code == 0, shown
        content = configuration(shown, tmp_path)
        assert content["burners"][0]["flame"] == {"kind": "thermocouple", "adc": "ads1115", "channel": 0}
        assert content["mqtt"] == {
            "host": "homeassistant.local",
            "username": "flameout",
            "password_file": "/etc/flameout/mqtt.password",
        }
        assert content["rest"]["host"] == "127.0.0.1"
        assert "hush-hush" not in shown, "a password is for nobody's eyes"

    def test_a_kitchen_that_speaks_chinese(self, tmp_path: Path) -> None:
        shown, code = answering(
            ("Which language", "zh"), *FIRST[1:], ("flame sensed", ""), ("phones", ""), ("Which MQTT", ""), LAST
        )
        assert code == 0, shown
        content = configuration(shown, tmp_path)
        assert (content["stove"]["name"], content["burners"][0]["name"]) == ("灶台", "左灶")
        assert content["burners"][0]["id"] == "left"

    def test_a_wrong_answer_is_asked_again_and_says_what_would_be_right(self) -> None:
        shown, _ = answering(
            ("Which language", "fr"),
            ("Which language", "en"),
            ("How many", "9"),
            ("How many", "2"),
            ("What is burner 1", ""),
            ("Its relay", "4"),
            ("Its relay", "17"),
            ("What is burner 2", "Left"),
            ("What is burner 2", "Right"),
            ("Its relay", "17"),
            ("Its relay", ""),
            ("high level", "perhaps"),
            ("high level", ""),
            ("flame sensed", "camera"),
            ("flame sensed", ""),
            ("phones", ""),
            ("Which MQTT", "my broker"),
            ("Which MQTT", ""),
            LAST,
        )
        for sentence in (
            "there are en (English) and zh (Chinese)",
            "9 is not a number of burners from 1 to 8",
            "4 cannot drive a relay: pins below 9 are pulled up at power-on; use 9 to 27",
            "Left is the name of another burner already",
            "17 has the relay of another burner already",
            "please answer yes or no",
            "there are none and ads1115",
            "my broker is not the name or address of a machine",
        ):
            assert sentence in shown

    def test_boards_that_close_at_a_low_level_are_refused(self) -> None:
        shown, code = answering(*FIRST[:-1], ("high level", "no"))
        assert code == 1
        assert "an active-low board closes its relays while the Pi starts" in shown


def test_every_step_is_named_and_counted() -> None:
    done = install("--dry-run", "--yes", "--simulated")
    steps = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert [step.partition("]")[0] for step in steps] == [f"[{n}/{len(steps)}" for n in range(1, len(steps) + 1)]


def test_into_an_image_nothing_is_started() -> None:
    done = install("--dry-run", "--yes", "--simulated", "--image")
    assert done.returncode == 0, done.stderr
    assert "would run: systemctl enable --quiet flameout-keeper.service flameout.service" in done.stdout
    for elsewhere in ("systemctl restart", "systemctl daemon-reload", "sysctl", "udevadm"):
        assert f"would run: {elsewhere}" not in done.stdout, elsewhere


def test_what_it_does_not_know_it_says() -> None:
    done = install("--now")
    assert done.returncode == 2
    assert "sudo deploy/install" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_can_be_run_and_read_by_its_shell(script: str) -> None:
    file = ROOT / "deploy" / script
    assert file.stat().st_mode & 0o111
    shell = "bash" if "bash" in file.read_text().splitlines()[0] else "sh"
    assert subprocess.run([shell, "-n", str(file)], check=False).returncode == 0
    if shutil.which("shellcheck"):
        done = subprocess.run(
            ["shellcheck", "--external-sources", str(file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def firmware_lines(text: str) -> list[str]:
    command = [sys.executable, str(ROOT / "deploy/steps/firmware-lines"), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_firmware_gives_each_converter_channel_its_finest_range() -> None:
    """The service may not set it: in a coarse range a steady flame is the same number for seconds, and looks frozen."""
    told = firmware_lines(
        "\n".join(
            f'[[burners]]\nid = "b{pin}"\nname = "B"\nrelay = {{ pin = {pin} }}\n'
            f'flame = {{ kind = "thermocouple", adc = "ads1115", channel = {channel}, gain = {gain} }}'
            for pin, channel, gain in ((17, 0, 1), (27, 2, 10))
        )
    )
    assert "gpio=17,27=op,dl" in told
    assert told[-2:] == ["dtparam=i2c_arm=on", "dtoverlay=ads1115,cha_enable,cha_gain=5,chc_enable,chc_gain=1"]
    for gain, place in ((1, 5), (10, 1)):
        assert Ads1115.finest(gain) == place, "the program says the same when it says what is missing"


def test_a_config_txt_without_a_last_newline_keeps_its_last_line(tmp_path: Path) -> None:
    config = tmp_path / "config.txt"
    config.write_text("dtparam=audio=on\ndtoverlay=disable-bt")
    steps = ROOT / "deploy/steps/machine.sh"
    script = f"""
        set -eu; . {steps}; run() {{ "$@"; }}; say() {{ :; }}; write() {{ cat >"$1.new"; mv "$1.new" "$1"; }}
        begin='# flameout begin (x)'; end='# flameout end'; firmware={config}; simulated=; etc={tmp_path}
        set_firmware {ROOT}/deploy/steps; set_firmware {ROOT}/deploy/steps; cp {config} {config}.set; unset_firmware"""
    (tmp_path / "flameout.toml").write_text("")
    subprocess.run(["bash", "-c", script], check=True)
    lines = Path(f"{config}.set").read_text().splitlines()
    assert lines[:3] == ["dtparam=audio=on", "dtoverlay=disable-bt", "# flameout begin (x)"]
    assert lines.count("# flameout begin (x)") == 1
    assert config.read_text() == "dtparam=audio=on\ndtoverlay=disable-bt\n"


def test_a_release_of_another_python_is_made_anew(tmp_path: Path) -> None:
    release = tmp_path / "releases" / "1"
    (release / "bin").mkdir(parents=True)
    (release / "complete").touch()
    steps = ROOT / "deploy/steps/release.sh"
    script = f'. {steps}; root={tmp_path}; run() {{ echo "$1 $2" >>{tmp_path}/made; }}; make_release {release} r p f'
    for works, made in (("exit 0", False), ("exit 1", True)):
        (release / "bin/python3").write_text(f"#!/bin/sh\n{works}\n")
        (release / "bin/python3").chmod(0o755)
        subprocess.run(["bash", "-c", script], check=False)
        assert (tmp_path / "made").exists() is made
