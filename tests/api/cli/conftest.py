"""Every test of the command line starts on a machine without flameout, in UTC, with a plain wide terminal."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cli.daemon import FakeDaemon, Shell


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in os.environ:
        if name.startswith("FLAMEOUT"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr("hardware.settings.SYSTEM_FILE", tmp_path / "etc.toml")
    for module in ("address", "tokens"):
        monkeypatch.setattr(f"api.cli.{module}.SYSTEM_JOURNAL", tmp_path / "system/flameout.db")
    monkeypatch.setattr("api.cli.telling.PAUSE", 0.0)
    for name, value in {"TZ": "UTC", "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """A daemon that the command line finds."""
    with FakeDaemon() as fake:
        monkeypatch.setenv("FLAMEOUT_URL", fake.url)
        yield fake


@pytest.fixture
def flameout(capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line: ``flameout("timer", "left", "25m").out``."""
    return Shell(capsys)
