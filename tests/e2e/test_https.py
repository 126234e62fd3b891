"""HTTPS with an own authority: the real daemon, and clients that trust that authority and nobody else."""

import os
import plistlib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.api.rest.asking import is_a_sentence, refused
from tests.e2e.program import Program, eventually, program, sse

# the daemon as it is, but for looking at its certificate more often than once a minute
SOON = (
    "import sys, api.tls.renewal; api.tls.renewal.EVERY = 0.05; "
    "from api.entry import main; sys.exit(main(sys.argv[1:]))"
)


class Secure:
    """A daemon with its own authority."""

    def __init__(self, stove: Program) -> None:
        self.stove = stove
        self.tls = stove.folder / "tls"

    def make(self, *arguments: str) -> None:
        process = self.stove.spawn("certificate", "make", "--config", str(self.stove.config), *arguments)
        assert process.wait(60) == 0, (self.stove.folder / "certificate.log").read_text()

    def start(self) -> None:
        text = self.stove.config.read_text()
        keys = f'tls = {{ cert = "{self.tls}/server.crt", key = "{self.tls}/server.key" }}'
        self.stove.config.write_text(text.replace("[rest]", f"[rest]\n{keys}"))
        self.stove.http.close()
        self.stove.http = self.client()
        with (self.stove.folder / "run.log").open("a") as log:
            self.stove.process = subprocess.Popen(
                [sys.executable, "-c", SOON, "run", "--config", str(self.stove.config)],
                env=self.stove.environment,
                stdout=log,
                stderr=log,
                text=True,
                cwd=self.stove.folder,
            )
        eventually("the daemon answers", self.stove.healthy)

    def client(self, trusting: bool = True) -> httpx2.Client:
        """One that trusts the authority as it is now, or nobody at all."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if trusting:
            context.load_verify_locations(self.tls / "authority.crt")
        return httpx2.Client(base_url=f"https://127.0.0.1:{self.stove.port}", timeout=10, verify=context)

    def by_name(self, name: str, path: str = "/api/v1/stove", client: httpx2.Client | None = None) -> httpx2.Response:
        """GET as if ``name`` led here."""
        headers = {"Host": f"{name}:{self.stove.port}"}
        return (client or self.stove.http).get(path, headers=headers, extensions={"sni_hostname": name})

    def certificate(self) -> bytes:
        """What a new connection is shown."""
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", self.stove.port)))

    def der(self, name: str) -> bytes:
        return ssl.PEM_cert_to_DER_cert((self.tls / name).read_text())


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    with program(tmp_path_factory.mktemp("https")) as stove:
        made = Secure(stove)
        made.make("--name", "hob.example.org")
        made.start()
        yield made


def test_who_trusts_the_authority_is_answered_by_name_and_by_address(secure: Secure) -> None:
    assert secure.stove.get("/stove")["id"] == "test"
    answer = secure.by_name("flameout.local")
    assert (answer.status_code, answer.json()["id"]) == (200, "test")


def test_everything_goes_that_way(secure: Secure) -> None:
    secure.stove.ready()
    assert secure.stove.set_timer("left", 600)["timer"]["duration_s"] == 600
    with secure.stove.http.stream("GET", "/api/v1/events") as stream:
        assert next(sse(stream.iter_lines()))[0] == "state"
    assert secure.stove.send("POST", "/burners/left/shut-off").status_code == 200
    eventually("the relay is open", lambda: not secure.stove.burner()["permitted"])


def test_who_does_not_trust_it_refuses(secure: Secure) -> None:
    with secure.client(trusting=False) as stranger, pytest.raises(httpx2.ConnectError, match="verify failed"):
        stranger.get("/healthz")


def test_a_name_that_is_not_in_it_is_refused_by_the_client_and_one_not_allowed_by_the_daemon(secure: Secure) -> None:
    with secure.client() as client:
        with pytest.raises(httpx2.ConnectError, match="not valid for"):
            secure.by_name("other.example.org", client=client)
        refused(secure.by_name("hob.example.org", client=client), 403, "foreign-host")


def test_the_command_line_finds_it_by_its_configuration(secure: Secure) -> None:
    process = secure.stove.spawn("status", "--config", str(secure.stove.config))
    assert process.wait(20) == 0
    assert "Test hob" in (secure.stove.folder / "status.log").read_text()


def test_a_page_of_the_same_place_may_ask_and_one_of_another_may_not(secure: Secure) -> None:
    for origin, status in ((f"https://flameout.local:{secure.stove.port}", 200), ("https://evil.example", 403)):
        headers = {"Host": f"flameout.local:{secure.stove.port}", "Origin": origin}
        assert secure.stove.send("DELETE", "/burners/left/timer", **headers).status_code == status


# --- the authority, for phones ------------------------------------------------------------------------------


def test_phones_get_the_authority_without_a_token(secure: Secure) -> None:
    answer = secure.stove.http.get("/tls/authority.crt")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert answer.content == secure.der("authority.crt")


def test_the_profile_holds_the_same_authority(secure: Secure) -> None:
    answer = secure.stove.http.get("/tls/authority.mobileconfig")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    profile = plistlib.loads(answer.content)
    [payload] = profile["PayloadContent"]
    assert profile["PayloadType"] == "Configuration"
    assert payload["PayloadType"] == "com.apple.security.root"
    assert payload["PayloadContent"] == secure.der("authority.crt")
    marks = [part[key] for part in (profile, payload) for key in ("PayloadUUID", "PayloadIdentifier")]
    assert len(set(marks)) == 4
    assert secure.stove.http.get("/tls/authority.mobileconfig").content == answer.content, "it is told apart by these"


def test_no_key_is_ever_served(secure: Secure) -> None:
    secret = "".join((secure.tls / "authority.key").read_text().splitlines()[1:-1])
    answers = [
        secure.stove.http.get(path)
        for path in (
            *(f"/tls/{file.name}" for file in secure.tls.iterdir()),
            *("/tls/", "/tls", "/tls/authority.crt/../authority.key", "/tls/..%2ftls%2fauthority.key"),
            *("/tls/authority.mobileconfig", "/tls/%2e%2e/flameout.db", "/authority.key"),
        )
    ]
    assert [answer.status_code for answer in answers].count(200) == 2
    for answer in answers:
        assert b"PRIVATE" not in answer.content
        assert secret.encode() not in answer.content


def test_a_key_in_the_authoritys_own_file_is_not_served_either(secure: Secure) -> None:
    file = secure.tls / "authority.crt"
    before = file.read_text()
    try:
        file.write_text((secure.tls / "authority.key").read_text() + before)
        assert secure.stove.http.get("/tls/authority.crt").content == ssl.PEM_cert_to_DER_cert(before)
        file.write_text((secure.tls / "authority.key").read_text())
        sentence = refused(secure.stove.http.get("/tls/authority.crt"), 503, "unavailable")
        assert "cannot be read" in sentence
    finally:
        file.write_text(before)


def test_without_an_own_authority_there_is_none_to_get(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        for path in ("/tls/authority.crt", "/tls/authority.mobileconfig"):
            assert is_a_sentence(refused(stove.http.get(path), 404, "not-found"))


# --- renewal ------------------------------------------------------------------------------------------------


def test_a_renewed_certificate_is_taken_without_a_restart_and_phones_notice_nothing(secure: Secure) -> None:
    with secure.client() as phone:  # it has trusted the authority since before the renewal
        old, authority = secure.certificate(), secure.der("authority.crt")
        secure.make()
        assert secure.der("server.crt") != old
        eventually("the new one is shown", lambda: secure.certificate() == secure.der("server.crt"))
        assert secure.der("authority.crt") == authority
        assert phone.get("/healthz").status_code == 200
        assert secure.by_name("flameout.local", client=phone).status_code == 200
    assert secure.stove.http.get("/healthz").status_code == 200, "who was connected stays so"


def test_files_that_do_not_fit_end_the_start_in_a_sentence(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        secure = Secure(stove)
        secure.make()
        key = (secure.tls / "server.key").read_text()
        secure.make("--new-authority")
        (secure.tls / "server.key").write_text(key)
        keys = f'tls = {{ cert = "{secure.tls}/server.crt", key = "{secure.tls}/server.key" }}'
        stove.config.write_text(stove.config.read_text().replace("[rest]", f"[rest]\n{keys}"))
        assert stove.spawn("run", "--config", str(stove.config)).wait(20) == 1
        assert "do they belong together" in stove.log()
        assert "Traceback" not in stove.log()


def test_keys_stay_private(secure: Secure) -> None:
    for name in ("authority.key", "server.key"):
        status = (secure.tls / name).stat()
        assert (status.st_mode & 0o777, status.st_uid) == (0o600, os.getuid())
