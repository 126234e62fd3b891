"""The reverse proxies of docs/https.md, as they stand there, in front of the real daemon."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tests.api.rest.asking import bearer, refused
from tests.brokers import free_port
from tests.e2e.program import Program, eventually, program, sse
from tests.tools import lacking

DOCS = Path(__file__).parents[2] / "docs/https.md"
NAME = "hob.example.org"


@dataclass
class Proxied:
    """A daemon behind a proxy, and a client that comes by the proxy's name."""

    stove: Program
    port: int
    http: httpx2.Client

    def ask(self, method: str, path: str, **headers: str) -> httpx2.Response:
        given = {"Host": f"{NAME}:{self.port}", **headers}
        return self.http.request(method, path, headers=given, extensions={"sni_hostname": NAME})


def snippet(language: str, port: int, stove: Program, tls: Path) -> str:
    """A proxy's lines from the documentation, with this test's ports and files."""
    match = re.search(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert match is not None
    text = match[1].replace("127.0.0.1:8520", f"127.0.0.1:{stove.port}")
    assert f"127.0.0.1:{stove.port}" in text
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}")
    text = text.replace("/etc/ssl/hob/fullchain.pem", f"{tls}/server.crt")
    text = text.replace("/etc/ssl/hob/privkey.pem", f"{tls}/server.key")
    return re.sub(rf"^{NAME} {{", f"https://{NAME}:{port} {{\ntls {tls}/server.crt {tls}/server.key", text)


def nginx(folder: Path, text: str) -> list[str]:
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    head = f"daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
    (folder / "nginx.conf").write_text(f"{head}http {{ access_log off; {places}\n{text}}}\n")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, text: str) -> list[str]:
    own = "{\nadmin off\nauto_https off\n}\n"
    (folder / "Caddyfile").write_text(own + text)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    if shutil.which(request.param) is None:
        lacking(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    with program(folder, require_token=f'true\nallowed_hosts = ["{NAME}"]') as stove:
        assert stove.spawn("certificate", "make", "--config", str(stove.config), "--name", NAME).wait(60) == 0
        stove.start()
        port = free_port()
        text = snippet(request.param, port, stove, folder / "tls")
        command = {"nginx": nginx, "caddy": caddy}[request.param](folder, text)
        environment = stove.environment | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        with (folder / "proxy.log").open("w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        trust = ssl.create_default_context(cafile=folder / "tls/authority.crt")
        with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=trust, timeout=10) as client:
            made = Proxied(stove, port, client)
            try:
                eventually(f"{request.param} answers", lambda: _answers(made, process, folder))
                yield made
            finally:
                process.terminate()
                process.wait(20)


def _answers(proxied: Proxied, process: "subprocess.Popen[bytes]", folder: Path) -> bool:
    assert process.poll() is None, (folder / "proxy.log").read_text()
    try:
        return proxied.ask("GET", "/healthz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def token(proxied: Proxied) -> str:
    return (proxied.stove.folder / "console.token").read_text().strip()


def test_calls_pass_and_still_need_a_token(proxied: Proxied, token: str) -> None:
    refused(proxied.ask("GET", "/api/v1/stove"), 401, "token-needed")
    answer = proxied.ask("GET", "/api/v1/stove", **bearer(token))
    assert (answer.status_code, answer.json()["id"]) == (200, "test")


def test_events_pass_at_once(proxied: Proxied, token: str) -> None:
    headers = {"Host": f"{NAME}:{proxied.port}", **bearer(token)}
    with proxied.http.stream("GET", "/api/v1/events", headers=headers, extensions={"sni_hostname": NAME}) as stream:
        events = sse(stream.iter_lines())
        assert [next(events)[0] for _ in range(2)] == ["state", "state"]
        assert proxied.ask("PUT", "/api/v1/lock", **bearer(token)).status_code == 200
        assert any(data.get("event_type") == "locked" for kind, _, data in events if kind == "event")


def test_a_page_of_the_proxys_own_name_may_command_and_one_of_another_may_not(proxied: Proxied) -> None:
    own = {"Origin": f"https://{NAME}:{proxied.port}", "Sec-Fetch-Site": "same-origin"}
    assert proxied.ask("POST", "/api/v1/shut-off", **own).status_code == 200
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    refused(proxied.ask("POST", "/api/v1/shut-off", **foreign), 403, "foreign-origin")
    other_port = {"Origin": f"https://{NAME}:{proxied.port + 1}"}
    refused(proxied.ask("POST", "/api/v1/shut-off", **other_port), 403, "foreign-origin")


def test_a_name_that_is_not_allowed_does_not_get_through(proxied: Proxied) -> None:
    answer = proxied.ask("GET", "/healthz", Host=f"other.example.org:{proxied.port}")
    assert b"status" not in answer.content or answer.status_code == 403, answer.text  # caddy answers with nothing


def test_commands_to_try_on_the_documentations_page_lead_to_the_proxy(proxied: Proxied) -> None:
    assert f"https://{NAME}:{proxied.port}/api/v1/stove" in proxied.ask("GET", "/docs").text
