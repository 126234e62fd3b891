"""Where the daemon is found, who asks, and what is said when nobody answers."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.address import find
from api.cli.client import parse
from tests.api.cli.certificates import GOOD, KEY
from tests.api.cli.daemon import FakeDaemon, Shell, stove


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def write(text: str) -> None:
        file = tmp_path / "flameout.toml"
        file.write_text(text)
        monkeypatch.setenv("FLAMEOUT_CONFIG", str(file))

    return write


def console_token(folder: Path, token: str = "flameout_console") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "console.token"
    file.write_text(token)
    return file


# --- where ---------------------------------------------------------------------------------------------------


def test_without_anything_it_is_on_this_machine() -> None:
    assert find(None, None, None).url == "http://127.0.0.1:8520"


@pytest.mark.parametrize(
    ("rest", "url"),
    [
        ("port = 8600", "http://127.0.0.1:8600"),
        ('host = "0.0.0.0"', "http://127.0.0.1:8520"),
        ('host = "::"', "http://[::1]:8520"),
        ('host = "192.168.1.5"', "http://192.168.1.5:8520"),
        ('tls = { cert = "c", key = "k" }', "https://127.0.0.1:8520"),
    ],
)
def test_the_configuration_says_where(config: Callable[[str], None], rest: str, url: str) -> None:
    config(f"[rest]\n{rest}\n")
    assert find(None, None, None).url == url


def test_the_environment_counts_more_than_the_file_and_the_option_most(
    config: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    config("[rest]\nport = 8600\n")
    monkeypatch.setenv("FLAMEOUT_URL", "http://a.local:1/")
    assert find(None, None, None).url == "http://a.local:1"
    assert find("http://b.local:2", None, None).url == "http://b.local:2"


@pytest.mark.parametrize("url", ["127.0.0.1:8520", "ftp://a", "http://", "http://a:x", "http://a:99999", "http://[a"])
def test_what_is_no_address_is_refused_with_what_one_looks_like(flameout: Shell, url: str) -> None:
    done = flameout("status", "--url", url)
    assert done.code == 1
    assert "write it like http://127.0.0.1:8520" in done.err


def test_a_named_configuration_that_cannot_be_read_is_said(flameout: Shell) -> None:
    done = flameout("status", "--config", "/nowhere/flameout.toml")
    assert (done.code, done.err) == (
        1,
        "flameout: /nowhere/flameout.toml: cannot be read: No such file or directory\n",
    )


def test_nobody_there_is_one_line_with_what_to_do(flameout: Shell) -> None:
    done = flameout("status", "--url", "http://127.0.0.1:1")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "flameout: No flameout answers at http://127.0.0.1:1; is it running? "
        "Start it with: flameout run, or try: flameout demo\n"
    )


def test_where_it_is_a_service_nobody_there_is_told_how_to_start_that(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "flameout.service").touch()
    monkeypatch.setattr("api.cli.client._UNITS", (tmp_path / "flameout.service",))
    done = flameout("status", "--url", "http://127.0.0.1:1")
    assert "is it running? sudo systemctl start flameout-keeper flameout starts it" in done.err
    assert "flameout run" not in done.err


def test_nobody_there_and_a_broken_configuration_says_both(config: Callable[[str], None], flameout: Shell) -> None:
    config("[rest\n")
    done = flameout("status", "--url", "http://127.0.0.1:1")
    assert "No flameout answers" in done.err
    assert "is not TOML" in done.err


@pytest.mark.parametrize(("content", "status"), [("<html>", 200), ("<html>", 500), ("[]", 403)])
def test_something_else_on_the_port_is_not_taken_for_a_flameout(
    daemon: FakeDaemon, flameout: Shell, content: str, status: int
) -> None:
    daemon.raw("GET /stove", content, status)
    done = flameout("status")
    assert done.code == 1
    assert "is it a flameout?" in done.err


def test_a_prefix_in_the_address_is_kept_for_reverse_proxies(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /hob/api/v1/stove", stove())
    assert flameout("status", "--url", f"{daemon.url}/hob").code == 0


# --- who ----------------------------------------------------------------------------------------------------


def authorization(daemon: FakeDaemon) -> list[str | None]:
    return [asked.headers.get("authorization") for asked in daemon.asked]


def test_the_token_of_the_environment_is_sent(
    daemon: FakeDaemon, flameout: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAMEOUT_TOKEN", "flameout_anna")
    daemon.answer("GET /stove", stove())
    flameout("status")
    assert authorization(daemon) == ["Bearer flameout_anna"]


def test_a_token_file_counts_more(
    daemon: FakeDaemon, flameout: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAMEOUT_TOKEN", "flameout_anna")
    (tmp_path / "token").write_text("flameout_ben\n")
    daemon.answer("GET /stove", stove())
    flameout("status", "--token-file", str(tmp_path / "token"))
    assert authorization(daemon) == ["Bearer flameout_ben"]


@pytest.mark.parametrize("content", ["two words", "line\nbreak", "flameout_ö"])
def test_what_is_no_token_is_not_sent(daemon: FakeDaemon, flameout: Shell, tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    done = flameout("status", "--token-file", str(tmp_path / "token"))
    assert done.code == 1
    assert "does not hold a token" in done.err
    assert daemon.asked == []


def test_a_token_file_that_is_missing_is_said(daemon: FakeDaemon, flameout: Shell) -> None:
    done = flameout("status", "--token-file", "/nowhere")
    assert done.err == "flameout: --token-file: /nowhere cannot be read: No such file or directory\n"


def test_on_the_daemons_machine_its_console_token_does(daemon: FakeDaemon, flameout: Shell, tmp_path: Path) -> None:
    console_token(tmp_path / "state")
    daemon.answer("GET /stove", stove())
    assert flameout("status").code == 0
    assert authorization(daemon) == ["Bearer flameout_console"]


def test_the_console_token_of_the_systems_daemon_is_found(daemon: FakeDaemon, flameout: Shell, tmp_path: Path) -> None:
    console_token(tmp_path / "system")
    daemon.answer("GET /stove", stove())
    flameout("status")
    assert authorization(daemon) == ["Bearer flameout_console"]


def test_the_console_token_is_beside_the_configured_journal(
    daemon: FakeDaemon, flameout: Shell, config: Callable[[str], None], tmp_path: Path
) -> None:
    config(f'[journal]\npath = "{tmp_path}/elsewhere/flameout.db"\n')
    console_token(tmp_path / "elsewhere", "flameout_elsewhere")
    console_token(tmp_path / "system", "flameout_system")
    daemon.answer("GET /stove", stove())
    flameout("status")
    assert authorization(daemon) == ["Bearer flameout_elsewhere"]


@pytest.mark.parametrize("url", ["http://192.168.1.5:8520", "http://hob.local", "https://example.org"])
def test_the_console_token_never_leaves_the_machine(tmp_path: Path, url: str) -> None:
    console_token(tmp_path / "state")
    assert find(url, None, None).console_token() is None


def test_a_console_token_that_an_earlier_daemon_left_behind_does_not_lock_out(
    daemon: FakeDaemon, flameout: Shell, tmp_path: Path
) -> None:
    console_token(tmp_path / "state", "flameout_old")
    daemon.refuse("GET /stove", "This token is not known, or was revoked.", 401)
    daemon.answer("GET /stove", stove())
    assert flameout("status").code == 0
    assert authorization(daemon) == ["Bearer flameout_old", None]


def test_without_any_token_it_says_how_to_get_one(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.refuse("GET /stove", "A token is needed.", 401)
    done = flameout("status")
    assert (done.code, done.err) == (
        1,
        "flameout: A token is needed: make one with flameout tokens add, and set FLAMEOUT_TOKEN\n",
    )


def test_a_console_token_that_may_not_be_read_is_named_with_what_to_do(
    daemon: FakeDaemon, flameout: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", forbidden)
    daemon.refuse("GET /stove", "A token is needed.", 401)
    done = flameout("status")
    assert done.code == 1
    assert "console.token is not yours to read: run with sudo, or set FLAMEOUT_TOKEN" in done.err


def test_a_given_token_that_is_refused_is_told_in_the_daemons_words(
    daemon: FakeDaemon, flameout: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAMEOUT_TOKEN", "flameout_gone")
    daemon.refuse("GET /stove", "This token is not known, or was revoked.", 401)
    assert flameout("status").err == "flameout: This token is not known, or was revoked.\n"
    assert len(daemon.asked) == 1


# --- TLS ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "cert.pem").write_text(GOOD)
    (tmp_path / "key.pem").write_text(KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


def test_on_the_daemons_machine_its_very_certificate_is_trusted_whatever_its_name(
    tls: ssl.SSLContext, config: Callable[[str], None], flameout: Shell, tmp_path: Path
) -> None:
    with FakeDaemon(tls) as fake:
        fake.answer("GET /stove", stove())
        keys = f'tls = {{ cert = "{tmp_path}/cert.pem", key = "{tmp_path}/key.pem" }}'
        config(f"[rest]\nport = {fake.port}\n{keys}\n")
        assert flameout("status").code == 0


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext, flameout: Shell) -> None:
    with FakeDaemon(tls) as fake:
        fake.answer("GET /stove", stove())
        done = flameout("status", "--url", fake.url)
    assert done.code == 1
    assert "certificate verify failed" in done.err
    assert fake.asked == []


# --- the event stream ---------------------------------------------------------------------------------------


def test_events_states_and_pings_are_told_apart() -> None:
    stream = b': ping\n\nevent: state\ndata: {"id": "left"}\n\nid: 7\nevent: event\ndata: {"seq":\ndata: 7}\n\n'
    assert list(parse(stream.splitlines(keepends=True))) == [
        ("ping", None, None),
        ("state", None, {"id": "left"}),
        ("event", "7", {"seq": 7}),
    ]


def test_an_event_that_was_cut_off_is_not_taken_for_one() -> None:
    assert list(parse([b"event: state\n", b'data: {"id": "left"}\n'])) == []
