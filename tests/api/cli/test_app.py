"""The command as a whole: its help, its exit codes, and what it says when something goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.app import MODULES, main
from tests.api.cli.daemon import FakeDaemon, Shell, burner, stove

CONTRACT = {
    "demo",
    "run",
    "check-config",
    "setup",
    "notify-test",
    "status",
    "watch",
    "timer",
    "extend",
    "cancel",
    "here",
    "off",
    "sweep",
    "selftest",
    "pair",
    "report",
    "lock",
    "unlock",
    "reset",
    "history",
    "make-safe",
    "tokens",
    "certificate",
    "mdns",
    "keeper",
    "doctor",
    "sim",
}
HEAVY = ["pydantic", "fastapi", "uvicorn", "paho", "gpiozero", "sqlite3", "asyncio"]


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_alone_it_lists_every_command(flameout: Shell) -> None:
    done = flameout()
    assert done.code == 0
    assert set(MODULES) == CONTRACT
    listed = {line.split()[0] for line in done.out.splitlines() if line.startswith("  ")}
    assert listed >= CONTRACT


@pytest.mark.parametrize("command", sorted(CONTRACT))
def test_every_command_explains_itself(flameout: Shell, command: str) -> None:
    done = flameout(command, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: flameout {command}")


def test_the_list_of_commands_cuts_nothing_off(flameout: Shell) -> None:
    assert "..." not in flameout().out.partition("Look:")[2]


def test_the_version_is_told(flameout: Shell) -> None:
    assert flameout("--version").out.startswith("flameout 0.")


@pytest.mark.parametrize(
    "arguments", [["lightt"], ["timer"], ["timer", "left"], ["status", "--nonsense"], ["history", "--limit", "0"]]
)
def test_wrong_usage_is_2_with_the_usage(flameout: Shell, arguments: list[str]) -> None:
    done = flameout(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: flameout")


def test_what_nobody_expected_is_one_line_and_1(flameout: Shell, daemon: FakeDaemon) -> None:
    daemon.answer("GET /stove", {"some": "other service"})
    done = flameout("status")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert "KeyError" in done.err


def test_ctrl_c_is_130_and_quiet(flameout: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_port: int | None) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("api.demo.run", interrupt)
    done = flameout("demo")
    assert (done.code, done.out, done.err.strip()) == (130, "", "")


def test_a_reader_that_has_seen_enough_is_no_failure() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "api.entry", "check-config", "--schema"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_our_symbols_still_gets_an_answer(daemon: FakeDaemon) -> None:
    daemon.answer("GET /stove", stove(burner()))
    done = python("-m", "api.entry", "status", FLAMEOUT_URL=daemon.url, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "ready" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "returned"),
    [(["demo", "--port", "8600"], 0), (["run", "--config", "f"], 1), (["keeper", "--config", "f", "--fd", "3"], 1)],
)
def test_programs_are_handed_over_to_and_their_code_is_ours(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], returned: int
) -> None:
    called: list[tuple[object, ...]] = []

    def instead(*given: object) -> int:
        called.append(given)
        return returned

    for name in ("api.demo.run", "api.daemon.run", "hardware.keeper.main"):
        monkeypatch.setattr(name, instead)
    assert main(arguments) == returned
    assert called == [{"demo": (8600,), "run": ("f",), "keeper": ("f", 3)}[arguments[0]]]


@pytest.mark.parametrize("command", [["status"], ["off"], ["timer", "left", "25m"], ["status", "--json"]])
def test_what_has_to_be_quick_imports_no_heavy_library(daemon: FakeDaemon, command: list[str]) -> None:
    daemon.answer("GET /stove", stove(burner()))
    daemon.answer("POST /shut-off", stove(burner(permitted=False)))
    daemon.answer("PUT /burners/left/timer", burner())
    heavy = [*HEAVY, "rich"] if command != ["status"] else HEAVY
    code = (
        f"import sys; from api.cli.app import main; code = main({command!r})\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules))); sys.exit(code)"
    )
    done = python("-c", code, FLAMEOUT_URL=daemon.url)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr


def test_make_safe_is_reached_from_the_list_too(tmp_path: Path) -> None:
    config = tmp_path / "flameout.toml"
    config.write_text('[keeper]\npin_factory = "simulated"\n')
    done = python("-c", f"from api.cli.app import main; main(['make-safe', '--config', {str(config)!r}])")
    assert (done.returncode, done.stdout) == (0, "left: GPIO 17 is low (simulated)\n")
