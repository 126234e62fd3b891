"""Who may do what: 256-bit tokens, kept hashed in a small file of their own.

A random token of that length needs no slow hash. The file is read anew when it changes, so a token that is
added or revoked on the console counts at once.
"""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

PREFIX = "flameout_"  # so that a leaked one is recognised for what it is
_log = logging.getLogger("flameout")


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
    digest: str
    last_used_at: str | None = None


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenStore:
    """The tokens of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, ...] | None = None
        self._tokens: dict[str, Token] = {}  # by digest
        self._problem: str | None = None

    def add(self, name: str, role: Role, burners: tuple[str, ...] = ()) -> str:
        """Make a token and return its secret, which is kept nowhere. Raises ``ValueError``."""
        if not re.fullmatch(r"[^\W_][\w .-]{0,31}", name):
            raise ValueError(f"{name!r} cannot be a token's name; use 1 to 32 letters, digits, spaces, dots or dashes")
        with self._alone():
            if any(token.name == name for token in self._tokens.values()):
                raise ValueError(f"there is a token {name!r} already; revoke it first, or choose another name")
            secret = PREFIX + secrets.token_urlsafe(32)
            created_at = datetime.now(UTC).isoformat(timespec="seconds")
            token = Token(name, role, burners, created_at, digest(secret))
            self._write({**self._tokens, token.digest: token})
        return secret

    def list(self) -> "list[Token]":
        """Every token, oldest first."""
        self._read()
        return [*self._tokens.values()]

    def revoke(self, name: str) -> bool:
        """End a token; False where there is none of that name. Raises ``ValueError`` as :meth:`add` does."""
        with self._alone():
            kept = {key: token for key, token in self._tokens.items() if token.name != name}
            if len(kept) == len(self._tokens):
                return False
            self._write(kept)
        return True

    def find(self, secret: str) -> Token | None:
        """The token with this secret. A digest is looked up, so timing tells nothing about the secret."""
        self._read()
        return self._tokens.get(digest(secret))

    def remembered(self, secret: str) -> Token | None:
        """As :meth:`find`, by the file as it was last read: for those who must not wait for a disk."""
        return self._tokens.get(digest(secret))

    def _read(self) -> None:
        try:
            stat = self._path.stat()
        except OSError:
            self._tokens, self._read_at, self._problem = {}, None, None
            return
        stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns)  # the last one moves with owner and mode
        if stamp == self._read_at:
            return
        self._read_at = stamp
        try:
            rows = json.loads(self._path.read_text())
            self._tokens = {token.digest: token for token in map(_token, rows)}
            self._problem = None
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._tokens = {}  # nobody gets in by a file that cannot be read
            self._problem = f"{self._path} cannot be read ({error}); no token counts until it is repaired or removed"
            _log.error("%s", self._problem)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Read the file and keep other writers out. Raises ``ValueError`` where its tokens would be lost."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self._read()
            if self._problem is not None:
                raise ValueError(self._problem)
            yield
        finally:
            os.close(folder)

    def _write(self, tokens: dict[str, Token]) -> None:
        rows = [asdict(token) for token in tokens.values()]
        write_private(self._path, json.dumps(rows, indent=1))
        self._read_at = None
        self._read()


def _token(row: dict[str, Any]) -> Token:
    return Token(row["name"], Role(row["role"]), tuple(row["burners"]), row["created_at"], row["digest"])


def write_private(path: Path, text: str) -> None:
    """Replace a file's content at one stroke, for the eyes of the folder's owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if os.geteuid() == 0:  # a token that root adds has to be readable for the daemon's own user
            folder = path.parent.stat()
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
