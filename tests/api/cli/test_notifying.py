"""``flameout notify-test`` against services on loopback."""

import json
from pathlib import Path

import pytest

from tests.api.cli.daemon import Shell
from tests.e2e.receiver import Receiver


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "flameout.toml"
    file.write_text(f'[stove]\nname = "Kitchen"\n[notify]\nurls_file = "{tmp_path}/urls"\n')
    (tmp_path / "urls").touch(0o600)
    return file


def urls(folder: Path, *lines: str) -> None:
    (folder / "urls").write_text("\n".join(lines))


def test_every_service_gets_a_message(flameout: Shell, config: Path, tmp_path: Path) -> None:
    with Receiver() as receiver:
        urls(tmp_path, f"json://127.0.0.1:{receiver.port}/", f"ntfy://127.0.0.1:{receiver.port}/topic")
        done = flameout("notify-test", "--config", str(config))
    assert (done.code, done.err) == (0, "")
    assert done.out == "line 1 (JSON): sent\nline 2 (ntfy): sent\n"
    assert receiver.texts() == ["This is a test: flameout can reach you."] * 2
    assert {posted.body["title"] for posted in receiver.posted} == {"Kitchen"}


def test_what_fails_is_named_by_line_and_service_and_never_by_its_secrets(
    flameout: Shell, config: Path, tmp_path: Path
) -> None:
    with Receiver("refuse") as receiver:
        urls(tmp_path, f"json://anna:secret@127.0.0.1:{receiver.port}/secret", "secret")
        done = flameout("notify-test", "--config", str(config))
        answer = flameout("notify-test", "--json", "--config", str(config))
    assert done.code == 1
    assert done.out == "line 1 (JSON): NOT SENT\nline 2 (not a service that Apprise knows): NOT SENT\n"
    assert done.err == (
        "flameout: notify: not sent by line 1 (JSON), line 2 (not a service that Apprise knows): "
        "is its address right, and can this machine reach it?\n"
    )
    assert [service["sent"] for service in json.loads(answer.out)["services"]] == [False, False]
    assert "secret" not in done.out + done.err + answer.out + answer.err


def test_without_the_table_it_says_what_is_missing(flameout: Shell, config: Path) -> None:
    config.write_text("")
    done = flameout("notify-test", "--config", str(config))
    assert (done.code, done.out) == (1, "")
    assert "has no [notify] table" in done.err


def test_without_apprise_it_says_what_to_install(
    flameout: Shell, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls(tmp_path, "json://127.0.0.1/")
    monkeypatch.setattr("api.cli.notifying.is_installed", lambda: False)
    done = flameout("notify-test", "--config", str(config))
    assert (done.code, done.err) == (1, "flameout: notify: Apprise is not installed; install flameout[notify]\n")
