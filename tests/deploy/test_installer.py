"""The installer's dry run: it says everything and touches nothing. The rest is deploy/try-systemd's."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    "install",
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
    shown = done.stdout.partition("would write /etc/flameout/flameout.toml:\n")[2].partition("      would run")[0]
    text = "\n".join(line.removeprefix("        | ") for line in shown.splitlines())
    content = tomllib.loads(text)
    assert [burner["relay"]["pin"] for burner in content["burners"]] == [17, 27]
    file = tmp_path / "flameout.toml"
    file.write_text(text)
    checked = subprocess.run(
        [ROOT / ".venv/bin/flameout", "check-config", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


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
