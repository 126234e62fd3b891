"""Requests that a page of a stranger makes a browser send: refused before any handler, whatever they ask for."""

import socket
from collections.abc import Iterator

import httpx2
import pytest

from tests.api.rest.asking import TIMER, raw, refused
from tests.e2e.program import LEFT, Program, program

CALLS = [
    ("GET", "/api/v1/stove"),
    ("GET", "/api/v1/events"),
    ("PUT", f"/api/v1{TIMER}"),
    ("POST", "/api/v1/shut-off"),
    ("POST", "/api/v1/burners/left/shut-off"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/nothing-here"),
    ("OPTIONS", "/api/v1/shut-off"),
]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8520",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil-localhost",
    "127.1",
    "0x7f000001",
    "2130706433",
    "localhost@evil.example",
    "evil.example@localhost",
    "evil.example#localhost",
    "localhost/evil",
    "localhost:8520:evil.example",
    "localhost, evil.example",
    "local\xa0host",
    "[evil.example]",
    "[::1",
    "*",
    ".",
    "_",
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A daemon that is known under another name, too."""
    folder = tmp_path_factory.mktemp("daemon")
    with program(folder, lease="5s") as made:
        text = made.config.read_text()
        made.config.write_text(text.replace("[rest]\n", '[rest]\nallowed_hosts = ["Stove.Example"]\n'))
        made.start()
        yield made


def own(stove: Program) -> str:
    return f"127.0.0.1:{stove.port}"


def asked(stove: Program, method: str, path: str, **headers: str) -> httpx2.Response:
    """Any call; a stream is not read."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with stove.http.stream(method, path, headers=fields) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
        return answer


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_a_foreign_name_is_refused_for_every_call(stove: Program, host: str) -> None:
    for method, path in CALLS:
        request = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        answer = raw(stove.port, request.encode("latin-1"))
        assert b" 403 " in answer.splitlines()[0] or b" 400 " in answer.splitlines()[0]
    assert stove.witness.high(LEFT)


def test_a_refused_name_says_what_to_do(stove: Program) -> None:
    assert "allowed_hosts" in refused(asked(stove, "GET", "/api/v1/stove", Host="evil.example"), 403, "foreign-host")


def test_a_request_without_a_name_is_refused(stove: Program) -> None:
    assert b" 403 " in raw(stove.port, b"POST /api/v1/shut-off HTTP/1.0\r\n\r\n").splitlines()[0]
    assert b" 400 " in raw(stove.port, b"POST /api/v1/shut-off HTTP/1.1\r\n\r\n").splitlines()[0]
    two = b"POST /api/v1/shut-off HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert b" 400 " in raw(stove.port, two).splitlines()[0]
    assert stove.witness.high(LEFT)


def test_its_own_names_and_every_address_are_its_own(stove: Program) -> None:
    machine = socket.gethostname()
    for host in (
        "localhost",
        "LOCALHOST:1",
        "localhost.",
        "flameout.local",
        machine,
        f"{machine}.local",
        "stove.example",
        "STOVE.example:443",
        "127.0.0.1",
        "192.168.1.20:8520",
        "[::1]:8520",
        "[fe80::1]",
    ):
        assert asked(stove, "GET", "/api/v1/stove", Host=host).status_code == 200, host


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "https://127.0.0.1.evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost:{port}",
        "http://192.168.1.66:{port}",
        "http://203.0.113.5",
        "http://stove.example",
        "http://127.0.0.1:{port}@evil.example",
        "http://evil.example#127.0.0.1:{port}",
        "127.0.0.1:{port}",
        "",
    ],
)
def test_a_page_of_another_origin_is_refused_for_every_call(stove: Program, origin: str) -> None:
    for method, path in CALLS:
        answer = asked(stove, method, path, Origin=origin.format(port=stove.port))
        refused(answer, 403, "foreign-origin")
    assert stove.witness.high(LEFT)


def test_two_origins_are_not_its_own(stove: Program) -> None:
    request = (
        f"POST /api/v1/shut-off HTTP/1.1\r\nHost: {own(stove)}\r\nOrigin: http://evil.example\r\n"
        f"Origin: http://{own(stove)}\r\nConnection: close\r\n\r\n"
    )
    assert b" 403 " in raw(stove.port, request.encode()).splitlines()[0]
    assert stove.witness.high(LEFT)


def test_its_own_page_may_do_everything(stove: Program) -> None:
    for host in (own(stove), f"localhost:{stove.port}", "stove.example", f"flameout.local:{stove.port}"):
        for scheme in ("http", "https"):  # https where somebody else ends TLS
            answer = asked(stove, "GET", "/api/v1/stove", Host=host, Origin=f"{scheme}://{host}")
            assert answer.status_code == 200
    answer = asked(stove, "POST", "/api/v1/shut-off", Origin=f"http://{own(stove)}", Sec_Fetch_Site="same-origin")
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_what_a_browser_says_comes_from_another_site_is_refused(stove: Program, site: str) -> None:
    for method, path in CALLS:
        for mode in ("no-cors", "cors"):
            refused(asked(stove, method, path, Sec_Fetch_Site=site, Sec_Fetch_Mode=mode), 403, "foreign-origin")
    form = asked(stove, "POST", "/api/v1/shut-off", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate")
    refused(form, 403, "foreign-origin")
    assert stove.witness.high(LEFT)


def test_a_link_from_another_site_may_be_followed(stove: Program) -> None:
    answer = asked(stove, "GET", "/docs", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert answer.status_code == 200


def test_nobody_is_ever_told_that_another_origin_may_read(stove: Program) -> None:
    for method, path in CALLS:
        for headers in ({}, {"Origin": f"http://{own(stove)}"}, {"Origin": "http://evil.example"}):
            answer = asked(stove, method, path, **headers, Access_Control_Request_Method="POST")
            assert not [name for name in answer.headers if name.startswith("access-control-")]
