"""Tokens on the console: printed once, kept where the daemon reads them."""

import json
from pathlib import Path

import pytest

from controller.tokens import Role, TokenStore
from tests.api.cli.daemon import Shell


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state/tokens.json"


def test_a_new_token_alone_is_on_stdout_and_opens_the_door(flameout: Shell, file: Path) -> None:
    done = flameout("tokens", "add", "Anna", "--role", "cook", "--burner", "left")
    assert done.code == 0
    token = TokenStore(file).find(done.out.strip())
    assert token is not None
    assert (token.name, token.role, token.burners) == ("Anna", Role.COOK, ("left",))
    assert "shown this once" in done.err


def test_the_secret_is_kept_nowhere(flameout: Shell, file: Path) -> None:
    secret = flameout("tokens", "add", "Anna", "--role", "view").out.strip()
    assert secret not in file.read_text()
    assert secret not in flameout("tokens", "list").out + flameout("tokens", "list", "--json").out


def test_only_its_owner_may_read_the_file(flameout: Shell, file: Path) -> None:
    flameout("tokens", "add", "Anna", "--role", "view")
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_root_writes_belongs_to_whom_the_daemons_folder_belongs(
    flameout: Shell, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Path, int, int]] = []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda *arguments: given.append(arguments))
    flameout("tokens", "add", "Anna", "--role", "view")
    folder = file.parent.stat()
    assert given == [(file, folder.st_uid, folder.st_gid)]


def test_a_token_for_an_unknown_burner_is_refused_with_the_known_ones(flameout: Shell, file: Path) -> None:
    done = flameout("tokens", "add", "Anna", "--role", "cook", "--burner", "lft")
    assert (done.code, done.err) == (1, "flameout: There is no burner 'lft'; there is left\n")
    assert not file.exists()


def test_a_role_is_needed_and_has_to_be_known(flameout: Shell) -> None:
    assert flameout("tokens", "add", "Anna").code == 2
    assert flameout("tokens", "add", "Anna", "--role", "chef").code == 2


@pytest.mark.parametrize("name", ["", "a\tb", "-x-" * 20])
def test_a_name_that_cannot_be_one_is_refused_in_a_sentence(flameout: Shell, name: str) -> None:
    done = flameout("tokens", "add", "--role", "view", "--", name)
    assert done.code == 1
    assert "cannot be a token's name" in done.err


def test_a_name_is_given_once(flameout: Shell) -> None:
    flameout("tokens", "add", "Anna", "--role", "view")
    done = flameout("tokens", "add", "Anna", "--role", "admin")
    assert (done.code, done.out) == (1, "")
    assert "there is a token 'Anna' already" in done.err


def test_the_list_says_who_may_do_what(flameout: Shell) -> None:
    flameout("tokens", "add", "Anna", "--role", "cook", "--burner", "left")
    flameout("tokens", "add", "Ben", "--role", "admin")
    rows = [line.split() for line in flameout("tokens", "list").out.splitlines()[1:]]
    assert [row[:3] for row in rows] == [["Anna", "cook", "left"], ["Ben", "admin", "all"]]
    listed = json.loads(flameout("tokens", "list", "--json").out)
    assert [set(token) for token in listed] == [{"name", "role", "burners", "phone", "created_at", "last_used_at"}] * 2


def test_an_empty_list_says_how_to_make_one(flameout: Shell) -> None:
    assert "flameout tokens add NAME" in flameout("tokens", "list").out


def test_a_revoked_token_is_gone(flameout: Shell, file: Path) -> None:
    secret = flameout("tokens", "add", "Anna", "--role", "cook").out.strip()
    assert flameout("tokens", "revoke", "Anna").out == "Anna: revoked.\n"
    assert TokenStore(file).find(secret) is None


def test_revoking_nobody_is_a_failure(flameout: Shell) -> None:
    done = flameout("tokens", "revoke", "Anna")
    assert (done.code, done.err) == (1, "flameout: There is no token 'Anna'; flameout tokens list shows all\n")


def test_a_token_that_the_systems_daemon_would_never_read_is_not_made(
    flameout: Shell, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "system").mkdir()
    done = flameout("tokens", "add", "Anna", "--role", "cook")
    assert done.code == 1
    assert f"keeps its tokens in {tmp_path}/system: run this with sudo" in done.err
    assert not file.exists()


def test_tokens_that_may_not_be_read_are_not_taken_for_none(
    flameout: Shell, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flameout("tokens", "add", "Anna", "--role", "view")
    monkeypatch.setattr("os.access", lambda *_: False)
    done = flameout("tokens", "list")
    assert (done.code, done.out) == (1, "")
    assert "not yours to read. Is it run with sudo?" in done.err
