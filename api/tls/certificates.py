"""Certificates as the daemon, the doctor and the command line see them; authority.py makes them."""

import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

from controller import places

SOON = 30  # days before its end from which a certificate is complained about
HAS_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True)
class Files:
    """The own authority and the certificate that it signed, in one folder."""

    folder: Path

    @classmethod
    def beside(cls, journal: Path) -> "Files":
        """Where the daemon that writes this journal looks for them."""
        return cls(places.tls(journal))

    @property
    def authority_cert(self) -> Path:
        """What phones are given."""
        return self.folder / "authority.crt"

    @property
    def authority_key(self) -> Path:
        """What no one is given."""
        return self.folder / "authority.key"

    @property
    def server_cert(self) -> Path:
        """``rest.tls.cert``."""
        return self.folder / "server.crt"

    @property
    def server_key(self) -> Path:
        """``rest.tls.key``."""
        return self.folder / "server.key"

    @property
    def names(self) -> Path:
        """The further names that were asked for, so that a renewal keeps them."""
        return self.folder / "names"


def der(file: Path) -> bytes:
    """The first certificate of a PEM file, and nothing else that may be in it. Raises ``OSError``, ``ValueError``."""
    return ssl.PEM_cert_to_DER_cert(_first(file.read_text()))


def fingerprint(content: bytes) -> str:
    """SHA-256 as phones show it: pairs of digits."""
    return hashlib.sha256(content).digest().hex(" ").upper()


def ends(cert: str, key: str) -> float:
    """When it expires, s since 1970, from a handshake with ourselves in memory.

    The standard library shows a certificate's dates to its peer only. Raises ``ssl.SSLError`` and ``OSError``.
    """
    server_side = context(cert, key)
    client_side = ssl.create_default_context(cadata=_first(Path(cert).read_text()))
    client_side.check_hostname = False
    client_side.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(there, back, server_side=True)
    client = client_side.wrap_bio(back, there)
    for _ in range(3):  # flights of a TLS 1.3 handshake, and one to spare
        for end_of_line in (client, server):
            try:
                end_of_line.do_handshake()
            except ssl.SSLWantReadError:
                continue
    peer = client.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(peer["notAfter"]))


def context(cert: str, key: str) -> ssl.SSLContext:
    """A server's context; never asks the terminal for a password. Raises ``ssl.SSLError`` and ``OSError``."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(cert, key, password=lambda: "")
    return made


def _first(text: str) -> str:
    _, begin, rest = text.partition(_BEGIN)
    content, end, _ = rest.partition(_END)
    if not end:
        raise ValueError("there is no certificate in it")
    return begin + content + end
