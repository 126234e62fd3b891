"""Where the daemon keeps its files: all of them beside the journal."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def default_journal() -> str:
    """Where systemd says, else /var/lib/flameout for root, else the user's state directory."""
    folder = os.environ.get("STATE_DIRECTORY")
    if folder is None and os.geteuid() == 0:
        folder = "/var/lib/flameout"
    if folder is None:
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local/state")
        folder = f"{state}/flameout"
    return f"{folder}/flameout.db"


def journal_of(document: Mapping[str, Any]) -> Path:
    """The journal that a configuration names, right or wrong as the rest of it may be."""
    section = document.get("journal")
    named = section.get("path") if isinstance(section, dict) else None
    return Path(named if isinstance(named, str) else default_journal())


def tokens(journal: Path) -> Path:
    """The tokens, hashed."""
    return journal.parent / "tokens.json"


def console_token(journal: Path) -> Path:
    """The running daemon's own token, for whoever may read its files."""
    return journal.parent / "console.token"


def lock(journal: Path) -> Path:
    """Held by the one daemon that writes the journal."""
    return journal.parent / "flameout.lock"


def tls(journal: Path) -> Path:
    """The folder of the own certificate authority and of the certificate that it signed."""
    return journal.parent / "tls"
