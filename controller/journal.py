"""The journal: what happened, in order, without a gap, and what has to survive a power cut.

One SQLite file in WAL mode with full synchronisation, written by one thread. A caller that tells somebody
about an event awaits its commit first; opening a relay awaits nothing. While the disk fails, entries wait in
memory in their order, ``problem`` says so, and they are written as soon as it works again.

Every row carries a SHA-256 over the row before it, so a lost or altered row shows (see :func:`verify`).
"""

import asyncio
import contextlib
import hashlib
import json
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from controller.wall import rfc3339

RETRY_EVERY = 1.0  # s, while the disk fails
LOOK_EVERY = 10.0  # s, at the disk while there is nothing to write
REMEMBERED = 100_000  # entries in memory while the disk fails, the oldest of them are the first to go

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, boot_ms INTEGER NOT NULL, kind TEXT NOT NULL,
    burner TEXT, by TEXT NOT NULL, details TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_burner ON events (burner, seq);
CREATE TABLE IF NOT EXISTS standing (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_ANCHOR = "journal.anchor"  # the hash that the oldest kept row builds on
_ANCHOR_SEQ = "journal.anchor_seq"
_VERSION = 1


class JournalFailing(Exception):
    """The entry is not on the disk (yet); the text says why."""


class _ReadOnly(Exception):
    """The file system must not be written."""


@dataclass(frozen=True)
class Entry:
    """One row: ``at`` is RFC 3339 wall time, ``boot_ms`` the boot clock, ``details`` the event's own fields."""

    seq: int
    at: str
    boot_ms: int
    kind: str
    burner: str | None
    by: str
    details: Mapping[str, Any]

    def sealed(self, before: str) -> str:
        """The row's hash, over its content and the hash of the row before it."""
        content = [before, self.seq, self.at, self.boot_ms, self.kind, self.burner, self.by, self.details]
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass
class _Work:
    """Rows and standing values that belong into one transaction, and who waits for it."""

    entries: Sequence[Entry] = ()
    standing: Mapping[str, Any] = field(default_factory=dict)
    forget_before: str | None = None
    done: asyncio.Future[None] | None = None


class Journal:
    """The open journal. ``problem`` is a sentence while the disk fails, else None."""

    def __init__(self, path: Path) -> None:
        """Read what stands; ``next_seq`` and ``standing`` are known from here on, the disk willing."""
        self.path = path
        self.problem: str | None = None
        self.unreadable = False  # it is there, and what stood in it cannot be known
        self.next_seq = 1
        self.standing: dict[str, Any] = {}
        self.found: Mapping[str, Any] = {}  # what stood in it when it was opened first
        self.cuts: Mapping[str, Entry] = {}  # by burner, the newest that was in it then
        self.loaded = False  # what stands in it is known; it may be there later than we are
        self._tip, self._last = "", 0
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._open()
        except (OSError, sqlite3.Error, ValueError) as error:
            self.problem = self._sentence(error)
            self.unreadable = _is_there(path)
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def append(self, entries: Sequence[Entry], standing: Mapping[str, Any]) -> asyncio.Future[None]:
        """Queue rows and standing values (None removes one) for one transaction.

        Returns at once; the future ends when they are committed, or with :class:`JournalFailing` when a first
        attempt failed. They are written later even so.
        """
        for key, value in standing.items():
            if value is None:
                self.standing.pop(key, None)
            else:
                self.standing[key] = value
        done = asyncio.get_running_loop().create_future()
        done.add_done_callback(lambda future: future.cancelled() or future.exception())  # nobody has to look
        self._queue.put(_Work(entries, standing, done=done))
        return done

    def forget_before(self, instant: datetime) -> None:
        """Drop rows older than ``instant``; the hash chain stays verifiable."""
        self._queue.put(_Work(forget_before=rfc3339(instant)))

    def close(self) -> None:
        """Write what is queued, for 5 s at the most, and close."""
        self._queue.put(None)
        self._thread.join(timeout=5)

    # --- the writing thread ---------------------------------------------------------------------------

    def _write(self) -> None:
        waiting: list[_Work] = []
        closing = False
        while not closing or (waiting and self.problem is None):
            received: list[_Work | None] = []
            with contextlib.suppress(queue.Empty):  # time to try again
                received.append(self._queue.get(timeout=RETRY_EVERY if waiting else LOOK_EVERY))
            while not self._queue.empty():
                received.append(self._queue.get())
            closing = closing or None in received
            waiting += [work for work in received if work is not None]
            self._attempt(waiting)
        if self._connection is not None:
            self._connection.close()

    def _attempt(self, waiting: list[_Work]) -> None:
        try:
            _refuse_read_only(self.path)
            if self._connection is None:
                tip, last = self._tip, self._last
                self._connection = self._open()
                if _stand_already(self._connection, tip, last, waiting):
                    self._tip, self._last = tip, last
            if waiting:
                tip, last = self._commit(self._connection, waiting)
                _refuse_read_only(self.path)  # what turned so under the commit may have synced nothing
                self._tip, self._last = tip, last
        except _ReadOnly as error:  # the connection is sound, and goes on when the disk may be written again
            self._fail(waiting, self._sentence(error))
            return
        except Exception as error:  # whatever it is, nobody may wait for a thread that has ended
            problem = self._sentence(error)
            self._fail(waiting, self._give_up_connection() or problem)
            return
        self.problem = None
        for work in waiting:
            _answer(work, None)
        waiting.clear()

    def _fail(self, waiting: list[_Work], problem: str) -> None:
        self.problem = problem
        for work in waiting:
            _answer(work, JournalFailing(problem))
        del waiting[:-REMEMBERED]

    def _commit(self, connection: sqlite3.Connection, waiting: Sequence[_Work]) -> tuple[str, int]:
        tip, seq = self._tip, self._last
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if _stand_already(connection, tip, seq, waiting):
                connection.execute("DELETE FROM events WHERE seq > ?", (seq,))
            for work in waiting:
                for entry in work.entries:
                    seq += 1  # as the entry says, unless the disk failed from the start
                    tip = (entry := replace(entry, seq=seq)).sealed(tip)
                    details = json.dumps(entry.details, sort_keys=True)
                    connection.execute(
                        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        (entry.seq, entry.at, entry.boot_ms, entry.kind, entry.burner, entry.by, details, tip),
                    )
                for key, value in work.standing.items():
                    _stand(connection, key, value)
                if work.forget_before is not None:
                    _forget(connection, work.forget_before)
        return tip, seq

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise sqlite3.DatabaseError(f"it was written by a newer flameout (format {version})")
            if _lacks_what_stood(connection):
                raise sqlite3.DatabaseError("it lacks the table of what stood, so locks and lockouts are not known")
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
            self._load(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _load(self, connection: sqlite3.Connection) -> None:
        stored = {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM standing")}
        row = connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self._tip = row[1] if row else stored.get(_ANCHOR, "")
        self._last = row[0] if row else stored.get(_ANCHOR_SEQ, 0)
        if not self.loaded:
            self.next_seq += self._last
            self.found, self.cuts = stored, dict(_newest_cuts(connection))
            self.standing = stored | self.standing
            self.loaded = True

    def _give_up_connection(self) -> str | None:
        """Close what does not work; a sentence where even that fails."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error as error:
                return self._sentence(error)
        return None

    def _sentence(self, error: Exception) -> str:
        return f"The journal {self.path} cannot be written: {error}."


def _lacks_what_stood(connection: sqlite3.Connection) -> bool:
    """Whether there are rows without that table; one that is being made, as the power went, has none yet."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {"events"} == tables & {"events", "standing"} and any(connection.execute("SELECT 1 FROM events LIMIT 1"))


# --- reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Query:
    """Which entries: of one burner, between two RFC 3339 instants, older than a cursor."""

    burner: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 100
    cursor: int | None = None


def read(path: Path, query: Query) -> list[Entry]:
    """Up to ``query.limit`` entries, newest first. Blocks; raises ``sqlite3.Error``."""
    conditions = [
        ("burner = ?", query.burner),
        ("julianday(at) >= julianday(?)", rfc3339(query.since) if query.since else None),
        ("julianday(at) < julianday(?)", rfc3339(query.until) if query.until else None),
        ("seq < ?", query.cursor),
    ]
    wanted = [(condition, value) for condition, value in conditions if value is not None]
    where = "WHERE " + " AND ".join(condition for condition, _ in wanted) if wanted else ""
    with _reading(path) as connection:
        rows = connection.execute(
            f"SELECT * FROM events {where} ORDER BY seq DESC LIMIT ?", [*(value for _, value in wanted), query.limit]
        )
        return [_entry(row) for row in rows]


def read_since(path: Path, seq: int, limit: int) -> list[Entry]:
    """Up to ``limit`` entries after ``seq``, oldest first: what a reader missed. Blocks; raises ``sqlite3.Error``."""
    with _reading(path) as connection:
        rows = connection.execute("SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        return [_entry(row) for row in rows]


def walk(path: Path, since: datetime, most: int) -> Iterator[Entry]:
    """The entries since an instant, oldest first, of the newest ``most``; one at a time, however many there are.

    Blocks; raises ``sqlite3.Error``.
    """
    newest = "seq > (SELECT max(seq) FROM events) - ? AND julianday(at) >= julianday(?)"
    with _reading(path) as connection:
        for row in connection.execute(f"SELECT * FROM events WHERE {newest} ORDER BY seq", (most, rfc3339(since))):
            yield _entry(row)


def verify(path: Path) -> str | None:
    """The first break in numbering or hash chain, in a sentence; None for an unbroken journal. Blocks."""
    with _reading(path) as connection:
        anchor = connection.execute("SELECT value FROM standing WHERE key = ?", (_ANCHOR,)).fetchone()
        tip, before = json.loads(anchor[0]) if anchor else "", None
        for row in connection.execute("SELECT * FROM events ORDER BY seq"):
            entry = _entry(row)
            if before is not None and entry.seq != before + 1:
                return f"Entries {before + 1} to {entry.seq - 1} are missing."
            tip, before = entry.sealed(tip), entry.seq
            if tip != row["hash"]:
                return f"Entry {entry.seq} of {entry.at} is not what was written, or the one before it is gone."
    return None


def _refuse_read_only(path: Path) -> None:
    """Raises where a file system has turned read-only under an open journal; a link's own does not matter.

    ext4 still takes what needs no new block then (seen on Linux 6.1 after SysRq-U), and its fsync answers with success
    and does nothing (ext4_sync_file): SQLite's commits can succeed. So answers are worth nothing there.
    """
    try:
        flags = os.statvfs(path).f_flag
    except OSError:  # what is wrong there SQLite says better
        return
    if flags & os.ST_RDONLY:
        raise _ReadOnly("its file system has become read-only")


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # as far as can be known
    return True


class _reading:
    """A read-only connection for one ``with`` block."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=2)
        self._connection.row_factory = sqlite3.Row
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _newest_cuts(connection: sqlite3.Connection) -> Iterator[tuple[str, Entry]]:
    """Each burner's newest entry of its relay being opened under permission; none of one whose rows are garbage."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    burners: list[sqlite3.Row] = []
    with contextlib.suppress(sqlite3.Error):  # what stands in it counts even if a row of long ago is damaged
        burners = cursor.execute(
            "WITH RECURSIVE burners(name) AS (SELECT min(burner) FROM events UNION ALL "  # as many steps as burners
            "SELECT (SELECT min(burner) FROM events WHERE burner > name) FROM burners WHERE name IS NOT NULL) "
            "SELECT CAST(name AS BLOB) FROM burners WHERE name IS NOT NULL"
        ).fetchall()
    for name in (row[0].decode(errors="replace") for row in burners):
        with contextlib.suppress(sqlite3.Error, ValueError):
            row = cursor.execute(
                "SELECT * FROM events WHERE kind = 'shut_off' AND burner = ? AND json_extract(details, '$.cut') "
                "ORDER BY seq DESC LIMIT 1",
                (name,),
            ).fetchone()
            if row is not None:
                yield name, _entry(row)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["seq"], row["at"], row["boot_ms"], row["kind"], row["burner"], row["by"], json.loads(row["details"])
    )


def _stand(connection: sqlite3.Connection, key: str, value: Any) -> None:
    if value is None:
        connection.execute("DELETE FROM standing WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO standing VALUES (?, ?)", (key, json.dumps(value)))


def _stand_already(connection: sqlite3.Connection, tip: str, last: int, waiting: Sequence[_Work]) -> bool:
    """Whether what waits stands after the row ``last`` already, and is to be written anew in its place.

    A commit that fails in its fsync is in the WAL all the same, and whoever opens the file next finds it.
    """
    first = next((entry for work in waiting for entry in work.entries), None)
    if first is None:
        return False
    sealed = replace(first, seq=last + 1).sealed(tip)
    return (
        connection.execute("SELECT 1 FROM events WHERE (seq, hash) = (?, ?)", (last + 1, sealed)).fetchone() is not None
    )


def _forget(connection: sqlite3.Connection, before: str) -> None:
    # up to the first row that is to be kept: one of a start with a wrong clock takes none before it along
    row = connection.execute(
        "SELECT seq, hash FROM events WHERE seq < ifnull("
        "(SELECT min(seq) FROM events WHERE julianday(at) >= julianday(?)), 1 + (SELECT max(seq) FROM events)) "
        "ORDER BY seq DESC LIMIT 1",
        (before,),
    ).fetchone()
    if row is not None:
        connection.execute("DELETE FROM events WHERE seq <= ?", (row[0],))
        _stand(connection, _ANCHOR, row[1])
        _stand(connection, _ANCHOR_SEQ, row[0])


def _answer(work: _Work, error: JournalFailing | None) -> None:
    done, work.done = work.done, None
    if done is None:
        return

    def settle() -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(None)

    try:
        done.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:  # the loop has ended, and with it whoever waited
        return


def retained_from(now: datetime, keep_ms: int) -> datetime:
    """The oldest instant that a journal kept for ``keep_ms`` still holds."""
    return now - timedelta(milliseconds=keep_ms)
