"""Disks that are full, slow, broken or lying: the journal may suffer, the lines may not."""

import contextlib
import json
import os
import resource
import sqlite3
import threading
from pathlib import Path

from tests.e2e.program import eventually
from tests.faults.fault import SESAME, Fault, Follows, Strike, Undisturbed
from tests.faults.saboteur import SLOW_SYNCS
from tests.faults.scene import Scene, wait
from tests.witness import boot_seconds

SYNC = 0.2  # s, of a slow disk


def _journal(scene: Scene) -> Path:
    return scene.folder / "flameout.db"


def _full(scene: Scene) -> None:
    """No file of the daemon's may grow: its writes fail as on a full disk."""
    before = resource.prlimit(scene.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, (512, before[1]))
    scene.on_heal(lambda: resource.prlimit(scene.pid, resource.RLIMIT_FSIZE, before))
    eventually("the daemon answers", scene.stove.healthy)
    assert not scene.timer("right", 3600), "a timer was acknowledged that is not on record"
    eventually("the stove says so", lambda: scene.get("/stove")["problems"], 5)


def hold_journal(scene: Scene) -> None:
    """Another program holds the journal for 1.5 s."""

    def hold() -> None:
        other = sqlite3.connect(_journal(scene), timeout=5, isolation_level=None)
        with contextlib.closing(other), contextlib.suppress(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
            wait(1.5)
            other.execute("ROLLBACK")

    holder = threading.Thread(target=hold)
    holder.start()
    scene.on_heal(lambda: holder.join(20))


def _slow(scene: Scene) -> None:
    """Every sync of the journal takes 0.2 s, since the start; so does the answer to what has to be on record."""
    began = boot_seconds()
    assert scene.timer("right", 3600), "a timer was not acknowledged"
    assert boot_seconds() - began > SYNC, "the disk is not slow"


def _overwrite(scene: Scene) -> None:
    scene.lost_record = True
    with _journal(scene).open("r+b") as journal:
        for page in range(1, max(2, _journal(scene).stat().st_size // 4096)):
            journal.seek(page * 4096)
            journal.write(scene.random.randbytes(64))


def _delete(scene: Scene) -> None:
    scene.lost_record = True
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{_journal(scene)}{suffix}")


def _scramble_tokens(scene: Scene) -> None:
    """What it cannot read lets nobody in; the console's own secret lies elsewhere."""
    assert scene.heirs_answer() == 200, "the token of before is not known"
    tokens = scene.folder / "tokens.json"
    eventually("its use is noted", lambda: any(token["last_used_at"] for token in json.loads(tokens.read_text())))
    before = tokens.read_bytes()
    tokens.write_bytes(scene.random.randbytes(300))
    scene.on_heal(lambda: tokens.write_bytes(before))
    assert (status := scene.heirs_answer()) == 401, f"a token of before is answered with {status}"


def _scramble_configuration(scene: Scene) -> None:
    before = scene.stove.config.read_text()
    scene.stove.config.write_text("[[burners\n" + json.dumps(before))
    scene.on_heal(lambda: scene.stove.config.write_text(before))


def _restarted_on(damage: Strike) -> Strike:
    """End the daemon, harm what lies on the disk, start it anew."""

    def strike(scene: Scene) -> None:
        scene.must_open(0.25, "the daemon was stopped")
        scene.stove.stop()
        damage(scene)
        scene.spawn()

    return strike


def _shorten(scene: Scene) -> None:
    """The power went while the last commit was written."""
    wal = Path(f"{_journal(scene)}-wal")
    for file in (wal, _journal(scene)):
        if file.exists() and file.stat().st_size > 4096:
            os.truncate(file, file.stat().st_size - scene.random.randrange(1, 4096))
            return


def _unreadable(scene: Scene) -> None:
    scene.lost_record = True
    _journal(scene).write_bytes(b"SQLite format 3\x00" + scene.random.randbytes(8192))
    for suffix in ("-wal", "-shm"):
        Path(f"{_journal(scene)}{suffix}").unlink(missing_ok=True)


def _newer(scene: Scene) -> None:
    scene.lost_record = True
    with contextlib.closing(sqlite3.connect(_journal(scene))) as journal:
        journal.execute("PRAGMA user_version = 99")


def _older(scene: Scene) -> None:
    """Without a number of its format, the table of what stands and the index: what was locked is not known."""
    scene.lost_record = True
    with contextlib.closing(sqlite3.connect(_journal(scene))) as journal, journal:
        journal.executescript("PRAGMA user_version = 0; DROP TABLE standing; DROP INDEX events_by_burner")


def _oldest(scene: Scene) -> None:
    """Without a number of its format and the index: what it has is what it needs."""
    with contextlib.closing(sqlite3.connect(_journal(scene))) as journal, journal:
        journal.executescript("PRAGMA user_version = 0; DROP INDEX events_by_burner")


def _nearly(scene: Scene) -> None:
    """A table of before a column was added cannot be read, and what stood in it is not known."""
    scene.lost_record = True
    with contextlib.closing(sqlite3.connect(_journal(scene))) as journal, journal:
        journal.executescript("PRAGMA user_version = 0; ALTER TABLE events DROP COLUMN hash")


def _read_only(scene: Scene) -> None:
    """The card came up read-only: in a mount namespace of the daemon's own, its folder cannot be written."""
    scene.lost_record = True
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    alone = "mount --make-rprivate / 2>/dev/null"  # where / is no mount, as in a chroot, unshare itself would give up
    mounted = f'{alone}; mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    flags = ["--mount", "--propagation", "unchanged", *user]
    scene.stove.before = ["unshare", *flags, "sh", "-c", mounted, str(scene.folder)]


def _bit_rot(scene: Scene) -> None:
    """A row that was changed by a bit; the chain of hashes has to tell."""
    with contextlib.closing(sqlite3.connect(_journal(scene))) as journal, journal:
        journal.execute("UPDATE events SET at = replace(at, '2', '3') WHERE seq = 1")
    scene.lost_record = True


def _tells_of_rot(scene: Scene) -> None:
    verdict = scene.verify()
    assert verdict.returncode == 1, f"history --verify ends with {verdict.returncode}"
    assert "Entry 1 of" in verdict.stdout + verdict.stderr, (
        f"it does not name the row: {verdict.stdout}{verdict.stderr}"
    )


def _gone(scene: Scene) -> None:
    """Nothing can be known then of what was locked; a lockout is as far away as the journal."""
    _delete(scene)
    scene.forgot = True
    scene.say("forgotten")


FAULTS = (
    Fault(
        "disk-full",
        "the disk is full",
        _full,
        Undisturbed(),
        1.5,
        starting=False,
        unrecorded=True,
    ),
    Fault("journal-locked", "another program holds the journal", hold_journal, Undisturbed(), 2.0, starting=False),
    Fault(
        "slow-disk",
        "the disk takes 200 ms for every commit",
        _slow,
        Undisturbed(),
        2.0,
        starting=False,
        environment={SLOW_SYNCS: str(SYNC)},
    ),
    Fault(
        "journal-overwritten", "pages of the journal are overwritten", _overwrite, Undisturbed(), 1.5, starting=False
    ),
    Fault(
        "journal-deleted", "the journal is deleted under a running daemon", _delete, Undisturbed(), 1.5, starting=False
    ),
    Fault(
        "tokens-scrambled",
        "the file of tokens is scrambled",
        _scramble_tokens,
        Undisturbed(),
        0.8,
        starting=False,
        sections=SESAME,
    ),
    Fault(
        "configuration-scrambled",
        "the configuration is scrambled under a running daemon",
        _scramble_configuration,
        Undisturbed(),
        0.8,
        starting=False,
    ),
    Fault(
        "commit-cut-short",
        "the last page of the journal is cut short, as by a power cut",
        _restarted_on(_shorten),
        Follows(),
        1.5,
        False,
        starting=False,
    ),
    Fault(
        "journal-unreadable",
        "the journal is not readable at a start",
        _restarted_on(_unreadable),
        Follows(),
        1.5,
        False,
        starting=False,
        locks=("left", "right"),
    ),
    Fault(
        "journal-of-the-future",
        "the journal was written by a newer flameout",
        _restarted_on(_newer),
        Follows(),
        1.5,
        False,
        starting=False,
        locks=("left", "right"),
    ),
    Fault(
        "journal-of-the-past",
        "the journal was written before what stands had a table",
        _restarted_on(_older),
        Follows(),
        1.5,
        False,
        starting=False,
        locks=("left", "right"),
    ),
    Fault(
        "journal-without-a-number",
        "the journal was written before its format had a number",
        _restarted_on(_oldest),
        Follows(),
        1.5,
        False,
        starting=False,
    ),
    Fault(
        "journal-without-a-column",
        "the journal lacks a column at a start",
        _restarted_on(_nearly),
        Follows(),
        1.5,
        False,
        starting=False,
        locks=("left", "right"),
    ),
    Fault(
        "read-only",
        "the disk is read-only at a start",
        _restarted_on(_read_only),
        Follows(),
        1.5,
        False,
        starting=False,
        locks=("left", "right"),
    ),
    Fault(
        "bit-rot",
        "a bit of the journal has changed at a start",
        _restarted_on(_bit_rot),
        Follows(),
        1.5,
        False,
        starting=False,
        after=_tells_of_rot,
    ),
    Fault(
        "journal-gone",
        "the journal is gone at a start",
        _restarted_on(_gone),
        Follows(),
        1.5,
        False,
        starting=False,
    ),
)
