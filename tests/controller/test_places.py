"""Where the daemon keeps its files."""

from pathlib import Path

import pytest

from controller import places


@pytest.fixture(autouse=True)
def nowhere_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_systemd_says_where_before_anybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/elsewhere")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert places.default_journal() == "/var/lib/elsewhere/flameout.db"


def test_root_has_the_system_s_folder_and_a_user_his_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert places.default_journal() == "/var/lib/flameout/flameout.db"
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/anna")
    assert places.default_journal() == "/home/anna/.local/state/flameout/flameout.db"
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert places.default_journal() == "/state/flameout/flameout.db"


@pytest.mark.parametrize("section", [None, "x", {}, {"path": 3}])
def test_a_journal_that_is_named_wrongly_is_the_default_one(section: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/there")
    assert places.journal_of({"journal": section}) == Path("/there/flameout.db")
    assert places.journal_of({"journal": {"path": "/data/hob.db"}}) == Path("/data/hob.db")


def test_everything_else_lies_beside_the_journal() -> None:
    journal = Path("/data/hob.db")
    assert places.tokens(journal) == Path("/data/tokens.json")
    assert places.console_token(journal) == Path("/data/console.token")
    assert places.lock(journal) == Path("/data/flameout.lock")
    assert places.tls(journal) == Path("/data/tls")
