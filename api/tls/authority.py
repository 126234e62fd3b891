"""An own certificate authority and a server's certificate, made by the ``openssl`` program.

Everything is made in a folder that nobody else may enter and put into place file by file at one stroke. A renewal
keeps the server's key and so replaces a single file: there is no moment at which key and certificate do not fit.
"""

import ipaddress
import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from api.tls.certificates import Files
from controller.tokens import write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # iOS believes nothing that is good for more than 398
_CLOCK_IS_SET = 1_735_689_600  # 2025-01-01, s since 1970; a Pi without a network starts long before it
_PATIENCE = 60  # s, for a Pi Zero that is busy

_AUTHORITY = """\
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = {name}
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_SERVER = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {alternatives}
"""


class NotMade(Exception):
    """No certificate could be made; the text says why and what to do."""


def make(files: Files, host: str, names: Sequence[str], new_authority: bool) -> bool:
    """Make or renew the server's certificate for ``names``; True where there is a new authority now.

    The authority is made where there is none, or with ``new_authority``. Raises :class:`NotMade` and ``OSError``.
    """
    if time.time() < _CLOCK_IS_SET:
        raise NotMade(f"The clock says {time.strftime('%Y-%m-%d')}; set it, or wait until the network has set it")
    _make_folder(files.folder)
    fresh = new_authority or not files.authority_cert.exists()
    if not fresh and not files.authority_key.exists():
        raise NotMade(f"{files.authority_key} is gone; put it back, or make a new authority with --new-authority")
    with tempfile.TemporaryDirectory(prefix=".making-", dir=files.folder) as folder:
        workshop = _Workshop(Path(folder))
        if fresh:
            key, cert = workshop.authority(_common_name(host))
            write_private(files.authority_key, key)
            write_public(files.authority_cert, cert)
        if fresh or not files.server_key.exists():  # whoever replaces the authority may have lost both
            write_private(files.server_key, workshop.key())
        write_public(files.server_cert, workshop.server(files, names))
    return fresh


def describe(cert: Path) -> dict[str, str]:
    """What ``openssl x509`` prints about a certificate: subject, notAfter, names. Raises :class:`NotMade`."""
    text = _openssl("x509", "-in", str(cert), "-noout", "-subject", "-enddate", "-ext", "subjectAltName")
    lines = [line.strip() for line in text.splitlines()]
    pairs = dict(line.split("=", 1) for line in lines if line.startswith(("subject=", "notAfter=")))
    names = [_name(entry) for line in lines if line.startswith(("DNS:", "IP ")) for entry in line.split(", ")]
    subject = pairs["subject"].strip().partition("CN")[2].lstrip(" =")
    return {"subject": subject, "ends": pairs["notAfter"], "names": " ".join(names)}


def _name(entry: str) -> str:
    kind, _, value = entry.partition(":")
    return str(ipaddress.ip_address(value)) if kind == "IP Address" else value


def _common_name(host: str) -> str:
    """Another one for each authority, or programs mistake it for the one before; 64 characters are the most."""
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", host)[:36]
    return f"flameout {plain} {time.strftime('%Y-%m-%d')} {secrets.token_hex(3)}"


def _make_folder(folder: Path) -> None:
    """As the daemon's own: what root makes there belongs to whom the folder around it belongs."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o755)
    except FileExistsError:
        return
    if os.geteuid() == 0:
        around = folder.parent.stat()
        os.chown(folder, around.st_uid, around.st_gid)


def write_public(file: Path, text: str) -> None:
    """Replace a certificate at one stroke; everybody who connects is shown it anyway."""
    write_private(file, text)
    file.chmod(0o644)


class _Workshop:
    """openssl, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def key(self) -> str:
        """A new ECDSA key on P-256, as PEM."""
        return _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")

    def authority(self, name: str) -> tuple[str, str]:
        """Key and certificate of a new authority, as PEM."""
        key = self.key()
        settings = self._put("authority.cnf", _AUTHORITY.format(name=name))
        key_file = self._put("authority.key", key)
        days = str(AUTHORITY_DAYS)
        return key, _openssl("req", "-x509", "-new", "-sha256", "-config", settings, "-key", key_file, "-days", days)

    def server(self, files: Files, names: Sequence[str]) -> str:
        """A certificate for the server's key, signed by the authority, as PEM."""
        settings = self._put("server.cnf", _SERVER.format(name=names[0], alternatives=_alternatives(names)))
        request = _openssl("req", "-new", "-sha256", "-config", settings, "-key", str(files.server_key))
        return _openssl(
            *("x509", "-req", "-sha256", "-in", self._put("server.csr", request), "-days", str(SERVER_DAYS)),
            *("-CA", str(files.authority_cert), "-CAkey", str(files.authority_key)),
            *("-set_serial", str(secrets.randbits(152) + 1), "-extfile", settings, "-extensions", "server"),
        )

    def _put(self, name: str, text: str) -> str:
        write_private(self._folder / name, text)
        return str(self._folder / name)


def _alternatives(names: Sequence[str]) -> str:
    return ", ".join(f"IP:{name}" if is_address(name) else f"DNS:{name}" for name in names)


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _openssl(*arguments: str) -> str:
    """What openssl prints. Raises :class:`NotMade`."""
    environment = os.environ | {"OPENSSL_CONF": os.devnull}  # only what is written here counts
    try:
        done = subprocess.run(
            ["openssl", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise NotMade("There is no openssl on this machine; install it with: sudo apt install openssl") from None
    except subprocess.TimeoutExpired:
        raise NotMade(f"openssl {arguments[0]} did not end within {_PATIENCE} s; is the machine very busy?") from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotMade(f"openssl {arguments[0]} failed: {said[0] if said else f'code {done.returncode}'}")
    return done.stdout
