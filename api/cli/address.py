"""Where the daemon answers, and by which token it is asked.

The address is ``--url``, ``$FLAMEOUT_URL``, or where the configuration puts REST. The token is in ``--token-file``
or ``$FLAMEOUT_TOKEN``; on the daemon's own machine its console token does, for whoever may read it. That one is
sent to this machine only.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from controller import places
from hardware.settings import BadSettings, find_file, read_document

SYSTEM_JOURNAL = Path("/var/lib/flameout/flameout.db")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class Failed(Exception):
    """The daemon refused, or could not be asked; the text is the one line to be said."""


@dataclass(frozen=True)
class Address:
    """One daemon, and how to be let in."""

    url: str
    journal: Path
    secret: str | None = None  # a token that the caller brings
    console: tuple[Path, ...] = ()  # where the daemon's own token may be
    certificate: Path | None = None  # the only one to trust, where the configuration names it
    complaint: str | None = None  # why the configuration could not be read

    def console_token(self) -> str | None:
        """The token of the daemon on this machine; None where there is none.

        Read anew each time, because each start of the daemon makes a new one. Raises ``PermissionError``.
        """
        for file in self.console:
            try:
                return file.read_text().strip()
            except PermissionError:
                raise
            except OSError:
                continue
        return None


def find(url: str | None, token_file: str | None, config: str | None) -> Address:
    """The daemon that is meant. Raises :class:`Failed` where the address or the token cannot be used."""
    document, complaint = _document(config)
    named = url or os.environ.get("FLAMEOUT_URL")
    chosen = (named or _configured(document)).rstrip("/")
    host = _host(chosen)
    at_home = named is None or host == "localhost" or host.startswith("127.") or host == "::1"
    return Address(
        url=chosen,
        journal=places.journal_of(document),
        secret=_secret(token_file),
        console=_console_files(document) if at_home else (),
        certificate=_certificate(document) if at_home else None,
        complaint=complaint,
    )


def _document(config: str | None) -> tuple[dict[str, Any], str | None]:
    """The configuration; a file that cannot be read must not keep anybody from shutting off."""
    try:
        return read_document(find_file(config)), None
    except BadSettings as error:
        return {}, str(error)


def _rest(document: Mapping[str, Any]) -> Mapping[str, Any]:
    rest = document.get("rest")
    return rest if isinstance(rest, dict) else {}


def _configured(document: Mapping[str, Any]) -> str:
    rest = _rest(document)
    host = str(rest.get("host", "127.0.0.1"))
    host = _EVERYWHERE.get(host, host)
    return f"{'https' if rest.get('tls') else 'http'}://{f'[{host}]' if ':' in host else host}:{rest.get('port', 8520)}"


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Failed(f"{url} is not an address of a flameout; write it like http://127.0.0.1:8520")
    return parts.hostname or ""


def _secret(token_file: str | None) -> str | None:
    if token_file is None:
        secret, source = os.environ.get("FLAMEOUT_TOKEN", "").strip(), "FLAMEOUT_TOKEN"
    else:
        source = token_file
        try:
            secret = Path(token_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise Failed(f"--token-file: {token_file} cannot be read: {why}") from None
    if not secret.isascii() or any(character.isspace() for character in secret):
        raise Failed(f"{source} does not hold a token; it is one word, as flameout tokens add printed it")
    return secret or None


def _console_files(document: Mapping[str, Any]) -> tuple[Path, ...]:
    """Beside the journal; and where the system's daemon keeps it, when the journal's place is left to the default."""
    journal = places.journal_of(document)
    journals = [journal] if document.get("journal") else [journal, SYSTEM_JOURNAL]
    return tuple(dict.fromkeys(map(places.console_token, journals)))


def _certificate(document: Mapping[str, Any]) -> Path | None:
    tls = _rest(document).get("tls")
    named = tls.get("cert") if isinstance(tls, dict) else None
    return Path(named) if isinstance(named, str) else None
