"""What SQLite asks of the disk, in order, and the disk as a power cut at any instant of that would leave it.

:func:`recorded` stands between SQLite and its files in this process: it puts a function of its own before ``xOpen``
of the default VFS (https://sqlite.org/vfs.html), and before write, truncate and sync of each file that is opened.
"""

import contextlib
import ctypes
import random
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512  # bytes that a disk writes whole or not at all


@dataclass(frozen=True)
class Op:
    """One step: a write, a truncation (``at`` is the length), a sync, a deletion, or an answer to whoever waited."""

    kind: str
    name: str = ""
    at: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """Files as the program sees them, and what of that is surely on the disk."""

    seen: dict[str, bytearray] = field(default_factory=dict)
    synced: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Op]] = field(default_factory=dict)

    def do(self, op: Op) -> None:
        """Take one step."""
        if op.kind == "delete":
            for files in (self.seen, self.synced, self.pending):
                files.pop(op.name, None)
        elif op.kind == "sync":
            self.synced[op.name] = bytearray(self.seen.get(op.name, b""))
            self.pending[op.name] = []
        elif op.kind in ("write", "truncate"):
            _change(self.seen.setdefault(op.name, bytearray()), op)
            self.pending.setdefault(op.name, []).append(op)

    def cut(self, op: Op, after: int) -> dict[str, bytearray]:
        """Everything as it was asked for, and of this write only so many bytes."""
        files = dict(self.seen)
        files[op.name] = bytearray(files.get(op.name, b""))
        _change(files[op.name], Op("write", op.name, op.at, op.data[:after]))
        return files

    def lost(self) -> dict[str, bytearray]:
        """Only what was synced."""
        return self.synced

    def torn(self, dice: random.Random) -> dict[str, bytearray]:
        """What was synced, and of everything since any sectors in any order."""
        files = {name: bytearray(content) for name, content in self.synced.items()}
        for name, ops in self.pending.items():
            content = files.setdefault(name, bytearray())
            for op in ops:
                if op.kind == "truncate":
                    _change(content, op)
                for start in range(0, len(op.data), SECTOR):
                    if dice.random() < 0.5:
                        _change(content, Op("write", name, op.at + start, op.data[start : start + SECTOR]))
        return files


def lay_out(files: dict[str, bytearray], folder: Path) -> None:
    """Make the folder hold these files and no others."""
    for old in folder.iterdir():
        if old.name not in files:
            old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _change(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del content[op.at :]
    elif op.data:
        content.extend(bytes(max(0, op.at - len(content))))
        content[op.at : op.at + len(op.data)] = op.data


# --- between SQLite and its files -----------------------------------------------------------------------

_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_I, _P, _P, _P, _I, _P)  # names as pointers: SQLite keeps them, and reads behind their end
_DELETE = ctypes.CFUNCTYPE(_I, _P, _P, _I)
_WRITE = ctypes.CFUNCTYPE(_I, _P, _P, _I, _L)
_TRUNCATE = ctypes.CFUNCTYPE(_I, _P, _L)
_SYNC = ctypes.CFUNCTYPE(_I, _P, _I)


class _Vfs(ctypes.Structure):
    """The head of a sqlite3_vfs."""

    _fields_ = (
        ("version", _I),
        ("file_size", _I),
        ("longest_path", _I),
        ("next", _P),
        ("name", ctypes.c_char_p),
        ("data", _P),
        ("open", _P),
        ("delete", _P),
    )


class _Methods(ctypes.Structure):
    """The head of a sqlite3_io_methods, and the twelve functions behind it that stay as they are."""

    _fields_ = (
        ("version", _I),
        ("close", _P),
        ("read", _P),
        ("write", _P),
        ("truncate", _P),
        ("sync", _P),
        ("others", _P * 13),
    )


@contextlib.contextmanager
def recorded() -> Iterator[list[Op]]:
    """Whatever SQLite writes in this process within the ``with`` block, by the file's name without its folder."""
    vfs = _default_vfs()
    before = vfs.open, vfs.delete
    recorder = _Recorder(*before)
    vfs.open, vfs.delete = recorder.functions
    try:
        yield recorder.log
    finally:
        vfs.open, vfs.delete = before


def slow_syncs(seconds: float) -> None:
    """From now on, each sync of what this process's SQLite opens takes so long; nothing is recorded."""
    vfs = _default_vfs()
    _slow.append(_Recorder(vfs.open, vfs.delete, seconds))
    vfs.open, vfs.delete = _slow[-1].functions


def _default_vfs() -> _Vfs:
    library = ctypes.CDLL("libsqlite3.so.0")  # the one that Python's own module has loaded
    library.sqlite3_libversion.restype = ctypes.c_char_p
    assert library.sqlite3_libversion().decode() == sqlite3.sqlite_version, "Python has another SQLite inside"
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    found: _Vfs = library.sqlite3_vfs_find(None).contents
    return found


def _file_name(path: int) -> str:
    return Path(ctypes.string_at(path).decode()).name


_slow: list["_Recorder"] = []  # alive as long as SQLite may call them


class _Recorder:
    def __init__(self, opens: int, deletes: int, slow: float | None = None) -> None:
        self.log: list[Op] = []
        self._slow = slow  # s for a sync, where nothing is to be recorded
        self._names: dict[int, str] = {}  # by the file's address
        self._really_open, self._really_delete = _OPEN(opens), _DELETE(deletes)
        self._kept = (_OPEN(self._open), _DELETE(self._delete))  # as long as SQLite may call them
        self._methods: dict[int, _Methods] = {}  # ours, by the address of those that they stand before
        self._alive: list[object] = []

    @property
    def functions(self) -> tuple[int, ...]:
        return tuple(ctypes.cast(function, _P).value or 0 for function in self._kept)

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        result = int(self._really_open(vfs, name, file, flags, out))
        methods = ctypes.cast(file, ctypes.POINTER(_P))
        if result == 0 and name and methods[0]:
            self._names[file] = _file_name(name)
            methods[0] = ctypes.addressof(self._ours(methods[0]))
        return result

    def _delete(self, vfs: int, name: int, sync: int) -> int:
        result = int(self._really_delete(vfs, name, sync))
        if result == 0:
            self._record(Op("delete", _file_name(name)))
        return result

    def _record(self, op: Op) -> None:
        if self._slow is None:
            self.log.append(op)

    def _ours(self, theirs: int) -> _Methods:
        """The same functions, with ours before those that change the disk."""
        if theirs not in self._methods:
            made = _Methods.from_buffer_copy(ctypes.string_at(theirs, ctypes.sizeof(_Methods)))
            write, truncate, sync = _WRITE(made.write), _TRUNCATE(made.truncate), _SYNC(made.sync)

            def wrote(file: int, data: int, length: int, at: int) -> int:
                self._record(Op("write", self._names[file], at, ctypes.string_at(data, length)))
                return int(write(file, data, length, at))

            def truncated(file: int, length: int) -> int:
                self._record(Op("truncate", self._names[file], length))
                return int(truncate(file, length))

            def has_synced(file: int, flags: int) -> int:
                time.sleep(self._slow or 0.0)
                result = int(sync(file, flags))
                self._record(Op("sync", self._names[file]))
                return result

            ours = _WRITE(wrote), _TRUNCATE(truncated), _SYNC(has_synced)
            self._alive.append(ours)
            made.write, made.truncate, made.sync = (ctypes.cast(function, _P).value for function in ours)
            self._methods[theirs] = made
        return self._methods[theirs]
