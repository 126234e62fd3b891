"""Tokens: who has one may do what its role includes, and nobody gets in by accident."""

import errno
import json
import os
import stat
import threading
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from controller.tokens import PREFIX, Role, TokenStore, digest, write_private


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


def edited(path: Path, **changes: Any) -> None:
    """Change the first row of the file by hand."""
    rows = json.loads(path.read_text())
    rows[0] |= changes
    write_private(path, json.dumps(rows))


def test_a_role_includes_those_below_it() -> None:
    for role in Role:
        assert [role.includes(other) for other in Role] == {
            Role.VIEW: [True, False, False],
            Role.COOK: [True, True, False],
            Role.ADMIN: [True, True, True],
        }[role]


def test_a_token_is_found_by_its_secret_and_only_by_that(path: Path) -> None:
    store = TokenStore(path)
    secret = store.add("Anna's phone".replace("'", ""), Role.COOK, ("left",))
    token = store.find(secret)
    assert token is not None
    assert (token.name, token.role, token.burners) == ("Annas phone", Role.COOK, ("left",))
    assert secret.startswith(PREFIX)
    for wrong in ("", PREFIX, secret[:-1], secret + "x", secret.upper(), token.digest, secret.removeprefix(PREFIX)):
        assert store.find(wrong) is None


def test_no_two_secrets_are_alike_and_none_is_kept(path: Path) -> None:
    store = TokenStore(path)
    secrets = {store.add(f"phone {number}", Role.VIEW) for number in range(20)}
    assert len(secrets) == 20
    assert min(map(len, secrets)) >= len(PREFIX) + 43, "256 bits"
    assert not any(secret in path.read_text() for secret in secrets)


def test_the_file_is_for_its_owners_eyes_only(path: Path) -> None:
    TokenStore(path).add("phone", Role.VIEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["tokens.json"], "no draft is left behind"


def test_a_token_lives_through_a_restart_and_dies_when_it_is_revoked(path: Path) -> None:
    secret = TokenStore(path).add("phone", Role.ADMIN)
    store = TokenStore(path)
    assert store.find(secret) is not None
    assert not store.revoke("another")
    assert store.revoke("phone")
    assert store.find(secret) is None
    assert store.list() == []


def test_what_is_added_and_revoked_on_the_console_counts_at_once_in_the_daemon(path: Path) -> None:
    daemon, console = TokenStore(path), TokenStore(path)
    assert daemon.find("x") is None
    secret = console.add("phone", Role.VIEW)
    assert daemon.find(secret) is not None
    assert daemon.remembered(secret) is not None
    console.revoke("phone")
    assert daemon.find(secret) is None
    assert daemon.remembered(secret) is None


def test_tokens_are_listed_oldest_first(path: Path) -> None:
    store = TokenStore(path)
    for name in ("zoe", "anna", "mia"):
        store.add(name, Role.VIEW)
    assert [token.name for token in store.list()] == ["zoe", "anna", "mia"]


def test_a_name_is_used_once(path: Path) -> None:
    store = TokenStore(path)
    secret = store.add("phone", Role.VIEW)
    with pytest.raises(ValueError, match="there is a token 'phone' already; revoke it first, or choose another name"):
        store.add("phone", Role.ADMIN)
    token = store.find(secret)
    assert token is not None
    assert token.role is Role.VIEW


@pytest.mark.parametrize(
    "name", ["", " ", " x", "x ", "a" * 33, "a\nb", "a\n", "a\x00", "a\x1b[2J", "a\ud800", "a\u202eb", "a\u200b"]
)
def test_a_name_that_would_confuse_a_reader_is_refused(path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a token's name: a name "):
        TokenStore(path).add(name, Role.VIEW)


@pytest.mark.parametrize(
    "name", ["a", "Anna's phone", "Küche", "安娜的手机", "home assistant 2", "a" * 32, "<b>", "a:b/c", "-x", "📱"]
)
def test_names_of_every_language_are_taken(path: Path, name: str) -> None:
    store = TokenStore(path)
    secret = store.add(name, Role.VIEW)
    token = TokenStore(path).find(secret)
    assert token is not None
    assert token.name == name


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"7", b"null", b'[{"digest": "x"}]', b"\xff\xfe", b'{"a": 1}', b'[["a"]]']
)
def test_nobody_gets_in_by_a_file_that_cannot_be_read_and_nothing_of_it_is_lost(path: Path, content: bytes) -> None:
    store = TokenStore(path)
    secret = store.add("phone", Role.ADMIN)
    path.write_bytes(content)
    assert store.find(secret) is None
    assert store.list() == []
    with pytest.raises(ValueError, match=r"cannot be read .*; no token counts until it is repaired or removed"):
        store.add("another", Role.VIEW)
    with pytest.raises(ValueError, match="cannot be read"):
        store.revoke("phone")
    assert path.read_bytes() == content


def test_a_role_that_does_not_exist_lets_nobody_in(path: Path) -> None:
    store = TokenStore(path)
    secret = store.add("phone", Role.VIEW)
    edited(path, role="root")
    assert store.find(secret) is None


def test_a_repaired_file_counts_again(path: Path) -> None:
    store = TokenStore(path)
    secret = store.add("phone", Role.VIEW)
    content = path.read_text()
    path.write_text("{")
    assert store.find(secret) is None
    path.write_text(content)
    assert store.find(secret) is not None


def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_no_tokens(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    store = TokenStore(tmp_path / "folder/tokens.json")
    assert store.find("flo_x") is None
    assert "cannot be read" in (store.problem or "")
    (tmp_path / "folder").unlink()
    assert store.find("flo_x") is None
    assert store.problem is None


def test_a_file_that_could_not_be_read_once_is_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As when no descriptor was left: the file is the same afterwards, and nothing but another try shows it."""
    secret = TokenStore(path).add("phone", Role.VIEW)
    store = TokenStore(path)

    def no_descriptor(_: Path) -> str:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_text", no_descriptor)
        assert [store.find(secret), store.find(secret)] == [None, None]
        assert "Too many open files" in str(store.problem)
    assert len(caplog.records) == 1, "it is said once"
    assert store.find(secret) is not None
    assert store.problem is None


def test_a_removed_file_lets_nobody_in(path: Path) -> None:
    store = TokenStore(path)
    secret = store.add("phone", Role.VIEW)
    path.unlink()
    assert store.find(secret) is None
    assert store.add("phone", Role.VIEW) != secret


def test_a_name_in_pieces_names_the_same_token(path: Path) -> None:
    store = TokenStore(path)
    store.add("José", Role.VIEW)
    assert store.revoke(unicodedata.normalize("NFD", "José")) is not None


def test_two_who_add_at_once_both_get_theirs(path: Path) -> None:
    def add(number: int) -> None:
        TokenStore(path).add(f"phone {number}", Role.VIEW)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token.name for token in TokenStore(path).list()} == {f"phone {number}" for number in range(8)}


def test_a_file_is_replaced_at_one_stroke(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    write_private(target, "old")
    with target.open() as reader:
        write_private(target, "new")
        assert reader.read() == "old"
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_link_laid_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / f".secret.{os.getpid()}").symlink_to(tmp_path / "victim")
    write_private(tmp_path / "secret", "new")
    assert (tmp_path / "victim").read_text() == "precious"
    assert (tmp_path / "secret").read_text() == "new"


def test_only_the_digest_of_a_secret_is_compared() -> None:
    assert digest("flameout_x") == digest("flameout_x") != digest("flameout_y")
    assert len(digest("")) == 64
