"""Who may do what: 256-bit tokens, kept hashed in a small file of their own.

A random token of that length needs no slow hash. The file is read anew when it changes, so a token that is
added or revoked on the console counts at once. When one was used last is written at most once in ten minutes.
"""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

PREFIX = "flameout_"  # so that a leaked one is recognised for what it is
LONGEST_NAME = 32
USE_IS_NOTED_EVERY = timedelta(minutes=10)  # a memory card wears out
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
    """One token without its secret; ``burners`` limits cook to some burners, () to none in particular.

    ``phone`` is one that a browser got by pairing and keeps as a cookie.
    """

    name: str
    role: Role
    burners: tuple[str, ...]
    created_at: str
    digest: str
    last_used_at: str | None = None
    phone: bool = False

    @property
    def id(self) -> str:
        """Names the token where its name, which may hold anything, does not fit."""
        return self.digest[:12]


def name_problem(name: str) -> str | None:
    """What is wrong with a token's name; None if it is fine. Any script is, and any sign that can be seen."""
    if not 1 <= len(name) <= LONGEST_NAME or name != name.strip():
        return f"a name has 1 to {LONGEST_NAME} characters and no space at its ends"
    if not name.isprintable():
        return "a name is made of characters that can be seen"
    return None


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
        self._used: dict[str, datetime] = {}  # by digest, since this program began

    def add(self, name: str, role: Role, burners: tuple[str, ...] = (), phone: bool = False) -> str:
        """Make a token and return its secret, which is kept nowhere. Raises ``ValueError``."""
        name = unicodedata.normalize("NFC", name)
        problem = name_problem(name)
        if problem is not None:
            raise ValueError(f"{name!r} cannot be a token's name: {problem}")
        with self._alone():
            if any(token.name == name for token in self._tokens.values()):
                raise ValueError(f"there is a token {name!r} already; revoke it first, or choose another name")
            secret = PREFIX + secrets.token_urlsafe(32)
            token = Token(name, role, burners, _text(datetime.now(UTC)), digest(secret), phone=phone)
            self._write({**self._tokens, token.digest: token})
        return secret

    def free_name(self, wanted: str) -> str:
        """``wanted``, or ``wanted 2`` and so on where that is taken."""
        taken = {token.name for token in self.list()}
        names = (wanted if number == 1 else f"{wanted[: LONGEST_NAME - 4]} {number}" for number in range(1, 1000))
        return next(name for name in names if unicodedata.normalize("NFC", name) not in taken)

    def list(self) -> "list[Token]":
        """Every token, oldest first."""
        self._read()
        return [*self._tokens.values()]

    def revoke(self, name: str) -> Token | None:
        """End the token of this name and return it; None where there is none. Raises as :meth:`add` does."""
        composed = unicodedata.normalize("NFC", name)
        return self._end(lambda token: token.name == composed)

    def revoke_id(self, token_id: str) -> Token | None:
        """As :meth:`revoke`, by id."""
        return self._end(lambda token: token.id == token_id)

    def used(self, token: Token, now: datetime) -> bool:
        """Note that a token was just used; True where that is worth writing down (:meth:`write_uses`)."""
        self._used[token.digest] = now
        known = token.last_used_at
        return known is None or now - datetime.fromisoformat(known) >= USE_IS_NOTED_EVERY

    def write_uses(self) -> None:
        """Write down when tokens were used last. Waits for the disk; what cannot be written is left for later."""
        with contextlib.suppress(OSError, ValueError), self._alone():
            used = {key: _text(at) for key, at in list(self._used.items())}
            kept = self._tokens.items()
            self._write({key: replace(token, last_used_at=used.get(key, token.last_used_at)) for key, token in kept})

    def find(self, secret: str) -> Token | None:
        """The token with this secret. A digest is looked up, so timing tells nothing about the secret."""
        self._read()
        return self._tokens.get(digest(secret))

    def remembered(self, secret: str) -> Token | None:
        """As :meth:`find`, by the file as it was last read: for those who must not wait for a disk."""
        return self._tokens.get(digest(secret))

    @property
    def problem(self) -> str | None:
        """Why no token counts, in a sentence; None while the file could be read."""
        return self._problem

    def _read(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._tokens, self._read_at, self._problem = {}, None, None
            return
        except OSError as error:
            self._cannot(error)
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
            self._cannot(error)

    def _cannot(self, error: Exception) -> None:
        self._tokens = {}  # nobody gets in by a file that cannot be read
        if isinstance(error, OSError):
            self._read_at = None  # the same file may be read at the next try, as when there was no descriptor left
        before = self._problem
        self._problem = f"{self._path} cannot be read ({error}); no token counts until it is repaired or removed"
        if self._problem != before:
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

    def _end(self, is_meant: Callable[[Token], bool]) -> Token | None:
        with self._alone():
            found = next(filter(is_meant, self._tokens.values()), None)
            if found is not None:
                self._write({key: token for key, token in self._tokens.items() if token is not found})
        return found

    def _write(self, tokens: dict[str, Token]) -> None:
        rows = [asdict(token) for token in tokens.values()]
        write_private(self._path, json.dumps(rows, indent=1))
        self._read_at = None
        self._read()


def _token(row: dict[str, Any]) -> Token:
    return Token(
        row["name"],
        Role(row["role"]),
        tuple(row["burners"]),
        row["created_at"],
        row["digest"],
        row.get("last_used_at"),
        row.get("phone", False),
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


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
