"""Who may do what: 256-bit tokens, kept hashed in a small file of their own.

A random token of that length needs no slow hash. The file is read anew when it changes, so a token that is
added or revoked on the console counts at once.
"""

import hashlib
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

PREFIX = "flameout_"  # so that a leaked one is recognised for what it is


class Role(StrEnum):
    """view reads; cook sets, extends, cancels, locks, shuts off; admin also unlocks, resets, manages tokens."""

    VIEW = "view"
    COOK = "cook"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other one may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True)
class Token:
    """One token without its secret; ``burners`` limits cook to some burners, () to none in particular."""

    name: str
    role: Role
    burners: tuple[str, ...]
    created_at: str
    last_used_at: str | None
    digest: str


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenStore:
    """The tokens of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._tokens: dict[str, Token] = {}  # by digest
        self._used: dict[str, str] = {}

    def add(self, name: str, role: Role, burners: tuple[str, ...] = ()) -> str:
        """Make a token and return its secret, which is kept nowhere. Raises ``ValueError``."""
        if not re.fullmatch(r"[^\W_][\w .-]{0,31}", name):
            raise ValueError(f"{name!r} cannot be a token's name; use 1 to 32 letters, digits, spaces, dots or dashes")
        self._read()
        if any(token.name == name for token in self._tokens.values()):
            raise ValueError(f"there is a token {name!r} already; revoke it first, or choose another name")
        secret = PREFIX + secrets.token_urlsafe(32)
        created_at = datetime.now(UTC).isoformat(timespec="seconds")
        token = Token(name, role, burners, created_at, None, digest(secret))
        self._write({**self._tokens, token.digest: token})
        return secret

    def list(self) -> "list[Token]":
        """Every token, oldest first."""
        self._read()
        return [
            replace(token, last_used_at=self._used.get(token.digest, token.last_used_at))
            for token in self._tokens.values()
        ]

    def revoke(self, name: str) -> bool:
        """End a token; False where there is none of that name."""
        self._read()
        kept = {key: token for key, token in self._tokens.items() if token.name != name}
        if len(kept) == len(self._tokens):
            return False
        self._write(kept)
        return True

    def find(self, secret: str) -> Token | None:
        """The token with this secret. A digest is looked up, so timing tells nothing about the secret."""
        self._read()
        token = self._tokens.get(digest(secret))
        if token is not None:
            self._used[token.digest] = datetime.now(UTC).isoformat(timespec="seconds")
        return token

    def _read(self) -> None:
        try:
            stat = self._path.stat()
        except OSError:
            self._tokens, self._read_at = {}, None
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp == self._read_at:
            return
        try:
            rows = json.loads(self._path.read_text())
            self._tokens = {
                row["digest"]: Token(**{**row, "role": Role(row["role"]), "burners": tuple(row["burners"])})
                for row in rows
            }
        except (OSError, ValueError, TypeError, KeyError):
            self._tokens = {}  # nobody gets in by a file that cannot be read
        self._read_at = stamp

    def _write(self, tokens: dict[str, Token]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(token) for token in tokens.values()]
        write_private(self._path, json.dumps(rows, indent=1))
        self._read_at = None
        self._read()


def write_private(path: Path, text: str) -> None:
    """Replace a file's content at one stroke, for its owner's eyes only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
