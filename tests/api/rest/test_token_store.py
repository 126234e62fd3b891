"""The file of tokens: names that can do no harm, writers that do not lose each other's, and files that are broken."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.tokens import Role, TokenStore, write_private


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens.json"


def test_a_token_is_found_by_its_secret_and_by_nothing_else(file: Path) -> None:
    secret = TokenStore(file).add("Anna", Role.COOK, ("left",))
    token = TokenStore(file).find(secret)
    assert token is not None
    assert (token.name, token.role, token.burners) == ("Anna", Role.COOK, ("left",))
    for other in ("", secret[:-1], secret + " ", secret.upper(), token.digest, "Anna"):
        assert TokenStore(file).find(other) is None


def test_no_secret_is_kept_and_the_file_is_for_its_owner_alone(file: Path) -> None:
    secret = TokenStore(file).add("Anna", Role.COOK)
    assert secret.removeprefix("flameout_") not in file.read_text()
    assert len(secret.removeprefix("flameout_")) == 43  # 256 bit
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["tokens.json"]


@pytest.mark.parametrize("name", ["Anna", "Zoë 2", "hall.tablet", "a", "x" * 32, "左"])
def test_these_names_are_names(file: Path, name: str) -> None:
    TokenStore(file).add(name, Role.VIEW)
    assert [token.name for token in TokenStore(file).list()] == [name]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 33,
        "Anna\r\nSet-Cookie: a=b",
        "Anna\n",
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@sum",
        "\tAnna",
        "a,b",
        'a"b',
        "a;b",
        "a/b",
        "../x",
        "<b>",
        "a:b",
        "a\x00",
        "a\u202eb",
        "a\ud800",
        "💡",
    ],
)
def test_these_names_are_refused(file: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a token's name"):
        TokenStore(file).add(name, Role.VIEW)
    assert not file.exists()


def test_a_name_is_given_once(file: Path) -> None:
    TokenStore(file).add("Anna", Role.VIEW)
    with pytest.raises(ValueError, match="already"):
        TokenStore(file).add("Anna", Role.ADMIN)
    assert TokenStore(file).revoke("Anna")
    assert not TokenStore(file).revoke("Anna")
    TokenStore(file).add("Anna", Role.ADMIN)


def test_writers_at_the_same_time_lose_nothing(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(lambda n: TokenStore(file).add(f"phone {n}", Role.VIEW), range(24)))
    assert all(TokenStore(file).find(secret) for secret in secrets)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda n: TokenStore(file).revoke(f"phone {n}"), range(24)))
    assert TokenStore(file).list() == []


def test_a_running_reader_sees_what_others_write(file: Path) -> None:
    reader = TokenStore(file)
    assert reader.find("anything") is None
    secret = TokenStore(file).add("Anna", Role.VIEW)
    assert reader.find(secret)
    TokenStore(file).revoke("Anna")
    assert reader.find(secret) is None
    secret = TokenStore(file).add("Anna", Role.VIEW)
    assert reader.find(secret)
    file.unlink()
    assert reader.find(secret) is None


@pytest.mark.parametrize("content", ["", "[", "null", "5", "{}x", '{"a": 1}', "[1]", '[{"name": "x"}]', "\x00", "[[]]"])
def test_a_broken_file_lets_nobody_in_and_is_not_written_over(file: Path, content: str) -> None:
    secret = TokenStore(file).add("Anna", Role.ADMIN)
    reader = TokenStore(file)
    whole = file.read_text()
    file.write_text(content)
    assert reader.find(secret) is None
    for write in (lambda: reader.add("Ben", Role.VIEW), lambda: reader.revoke("Anna")):
        with pytest.raises(ValueError, match="cannot be read"):
            write()
    assert file.read_text() == content
    file.write_text(whole)
    assert reader.find(secret)


def test_an_unknown_role_is_no_role(file: Path) -> None:
    secret = TokenStore(file).add("Anna", Role.VIEW)
    file.write_text(file.read_text().replace('"view"', '"owner"'))
    assert TokenStore(file).find(secret) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(file: Path) -> None:
    file.parent.mkdir()
    os.chown(file.parent, 12_345, 12_346)
    TokenStore(file).add("Anna", Role.VIEW)
    assert (file.stat().st_uid, file.stat().st_gid) == (12_345, 12_346)


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "passwd"
    target.write_text("untouched")
    (tmp_path / f".tokens.json.{os.getpid()}").symlink_to(target)
    write_private(tmp_path / "tokens.json", "[]")
    assert target.read_text() == "untouched"
