"""What a running daemon does about files that change and a certificate that ends, without waiting for either."""

import logging
import os
import ssl
from pathlib import Path

import pytest

from api.tls import certificates
from api.tls.renewal import DAY, Renewal
from controller.config import RestTls
from tests.api.cli.certificates import EXPIRED, GOOD, KEY

AT_2026 = 1_767_225_600.0
END = 4_733_510_400.0  # of GOOD


class Served:
    """A listener's context that lives through renewals, and the files it came from."""

    def __init__(self, folder: Path) -> None:
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        self.put(GOOD, KEY)
        self.context = certificates.context(str(self.cert), str(self.key))
        self.renewal = Renewal(RestTls(cert=str(self.cert), key=str(self.key)), self.context)

    def put(self, cert: str, key: str) -> None:
        """Replace both files at one stroke each, as everybody does who renews."""
        for file, text in ((self.cert, cert), (self.key, key)):
            draft = file.with_suffix(".draft")
            draft.write_text(text)
            draft.replace(file)

    def shown(self, name: str | None = "flameout.local") -> str:
        """The certificate that a new connection is shown, as PEM."""
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = self.context.wrap_bio(there, back, server_side=True)
        client = trusting.wrap_bio(back, there, server_hostname=name)
        for end in (client, server, client):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
        content = client.getpeercert(binary_form=True)
        assert content is not None
        return ssl.DER_cert_to_PEM_cert(content)


@pytest.fixture
def served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Served:
    caplog.set_level(logging.INFO, "flameout")
    return Served(tmp_path)


@pytest.mark.parametrize("name", ["flameout.local", None])
def test_new_connections_get_the_new_certificate(served: Served, name: str | None) -> None:
    served.renewal.look(AT_2026)
    assert served.shown(name) == GOOD
    served.put(EXPIRED, KEY)
    assert served.shown(name) == GOOD
    served.renewal.look(AT_2026)
    assert served.shown(name) == EXPIRED


def test_files_that_cannot_be_used_leave_the_old_one_and_are_said_once(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    served.renewal.look(AT_2026)
    for spoiled in ("half a key", None):
        caplog.clear()
        if spoiled is not None:
            served.put(EXPIRED, spoiled)
        else:
            served.cert.unlink()
        for _ in range(3):
            served.renewal.look(AT_2026)
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "cannot be used" in caplog.text
        assert served.shown() == GOOD
    served.put(EXPIRED, KEY)
    served.renewal.look(AT_2026)
    assert served.shown() == EXPIRED


def test_files_that_were_only_touched_are_no_news_twice(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    os.utime(served.cert, (1, 1))
    served.renewal.look(AT_2026)
    served.renewal.look(AT_2026)
    assert caplog.text.count("is a new certificate") == 1
    assert served.shown() == GOOD


@pytest.mark.parametrize(
    ("now", "said"),
    [(AT_2026, []), (END - 31 * DAY, []), (END - 29.5 * DAY, ["is good for 29 more days; renew it"])],
)
def test_thirty_days_before_the_end_it_is_said(
    served: Served, caplog: pytest.LogCaptureFixture, now: float, said: list[str]
) -> None:
    served.renewal.look(now)
    assert [record.getMessage().split("cert.pem ")[1] for record in caplog.records] == said


def test_it_is_said_once_a_day_until_it_is_renewed(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    start = END - 20 * DAY
    for minute in range(0, 3 * 1440, 7):
        served.renewal.look(start + minute * 60)
    assert len(caplog.records) == 3
    caplog.clear()
    served.renewal.look(AT_2026)  # the clock was put back: said again by the new clock, if it has to be
    assert caplog.records == []


def test_an_expired_one_is_an_error(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    served.put(EXPIRED, KEY)
    served.renewal.look(AT_2026)
    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR"]
    assert "has expired; browsers and phones refuse it" in caplog.text
