"""The journal on real disks: in order, without a gap, and honest about what it could not write."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.journal import Entry, Journal, JournalFailing, Query, read, read_since, retained_from, verify, walk
from controller.wall import rfc3339

PATIENCE = 20.0  # s, for a slow machine
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.journal.RETRY_EVERY", 0.02)


def entry(journal: Journal, kind: str = "timer_started", **fields: Any) -> Entry:
    """The next row, numbered as the stove numbers it."""
    seq, journal.next_seq = journal.next_seq, journal.next_seq + 1
    row: dict[str, Any] = {"at": rfc3339(NOON), "boot_ms": 1_000, "burner": "left", "by": "phone:Anna", "details": {}}
    return Entry(seq=seq, kind=kind, **(row | fields))


def on_journal(path: Path, act: Callable[[Journal], Awaitable[None]]) -> None:
    """Run ``act`` with an open journal, and close it."""

    async def run() -> None:
        journal = Journal(path)
        try:
            await act(journal)
        finally:
            journal.close()

    asyncio.run(run())


async def written(journal: Journal, *kinds: str, **standing: Any) -> None:
    """Append rows of these kinds and wait until they are on the disk."""
    await asyncio.wait_for(journal.append([entry(journal, kind) for kind in kinds], standing), PATIENCE)


async def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


def kinds(path: Path) -> list[str]:
    """What another process sees in the file, oldest first."""
    return [row.kind for row in read_since(path, 0, 1_000)]


def tamper(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


# --- writing ---------------------------------------------------------------------------------------------


def test_a_row_is_on_the_disk_when_its_future_ends(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        row = entry(journal, details={"duration_s": 1500.0, "replaced": False})
        await journal.append([row], {})
        assert read(journal.path, Query()) == [row]
        assert journal.problem is None

    on_journal(tmp_path / "j.db", act)


def test_rows_of_one_call_are_committed_together_and_numbered_without_a_gap(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await written(journal, "started", "keeper_ready")
        await written(journal, "shut_off")
        assert [row.seq for row in read_since(journal.path, 0, 10)] == [1, 2, 3]

    on_journal(tmp_path / "j.db", act)


def test_numbering_goes_on_after_a_restart(tmp_path: Path) -> None:
    async def first(journal: Journal) -> None:
        await written(journal, "started", "stopped")

    async def second(journal: Journal) -> None:
        assert journal.next_seq == 3
        await written(journal, "started")

    on_journal(tmp_path / "deep" / "er" / "j.db", first)
    on_journal(tmp_path / "deep" / "er" / "j.db", second)
    assert [row.seq for row in read_since(tmp_path / "deep/er/j.db", 0, 10)] == [1, 2, 3]
    assert verify(tmp_path / "deep/er/j.db") is None


def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        for _ in range(50):
            journal.append([entry(journal, "shut_off")], {})

    on_journal(tmp_path / "j.db", act)
    assert kinds(tmp_path / "j.db") == ["shut_off"] * 50


def test_nobody_has_to_wait_for_a_commit(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        abandoned = journal.append([entry(journal)], {})
        abandoned.cancel()
        await written(journal, "shut_off")

    on_journal(tmp_path / "j.db", act)
    assert kinds(tmp_path / "j.db") == ["timer_started", "shut_off"]


def test_an_answer_for_a_loop_that_has_ended_hurts_nobody(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db")

    async def append() -> None:
        journal.append([entry(journal)], {})

    locker = sqlite3.connect(tmp_path / "j.db", isolation_level=None)
    locker.execute("BEGIN EXCLUSIVE")
    asyncio.run(append())
    locker.rollback()
    locker.close()
    journal.close()
    assert kinds(tmp_path / "j.db") == ["timer_started"]


# --- standing values -------------------------------------------------------------------------------------


def test_standing_values_survive_and_removed_ones_do_not(tmp_path: Path) -> None:
    async def first(journal: Journal) -> None:
        assert journal.standing == {}
        await written(journal, **{"holds.left": [["lockout", "gas"]], "default_timer_ms": 60_000, "alive": {"at": "x"}})
        await written(journal, alive=None, never=None)
        assert journal.standing == {"holds.left": [["lockout", "gas"]], "default_timer_ms": 60_000}

    async def second(journal: Journal) -> None:
        assert journal.standing == {"holds.left": [["lockout", "gas"]], "default_timer_ms": 60_000}
        assert not journal.unreadable

    on_journal(tmp_path / "j.db", first)
    on_journal(tmp_path / "j.db", second)


def test_a_row_and_its_standing_value_are_one_transaction(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await written(journal, "started")
        both = journal.append([entry(journal, "lockout")], {"holds.left": object()})  # cannot be written
        with pytest.raises(JournalFailing):
            await asyncio.wait_for(both, PATIENCE)
        assert kinds(journal.path) == ["started"]
        assert "cannot be written" in (journal.problem or "")

    on_journal(tmp_path / "j.db", act)


# --- the chain -------------------------------------------------------------------------------------------


@pytest.fixture
def five_rows(tmp_path: Path) -> Path:
    async def act(journal: Journal) -> None:
        for _ in range(5):
            await written(journal, "shut_off")

    on_journal(tmp_path / "j.db", act)
    assert verify(tmp_path / "j.db") is None
    return tmp_path / "j.db"


@pytest.mark.parametrize(
    "change",
    [
        "by = 'nobody'",
        "at = '2026-11-23T12:00:01.000+00:00'",
        "boot_ms = 1001",
        "kind = 'reset'",
        "burner = 'right'",
        "burner = NULL",
        "details = '{\"cut\": true}'",
        "hash = 'ab' || substr(hash, 3)",
    ],
)
def test_an_altered_row_is_found(five_rows: Path, change: str) -> None:
    tamper(five_rows, f"UPDATE events SET {change} WHERE seq = 3")
    assert (verify(five_rows) or "").startswith("Entry 3 of 2026-11-23T12:00:0")


def test_a_lost_row_is_found(five_rows: Path) -> None:
    tamper(five_rows, "DELETE FROM events WHERE seq IN (3, 4)")
    assert verify(five_rows) == "Entries 3 to 4 are missing."


def test_a_lost_first_row_is_found(five_rows: Path) -> None:
    tamper(five_rows, "DELETE FROM events WHERE seq = 1")
    assert "the one before it is gone" in (verify(five_rows) or "")


def test_a_lost_row_whose_gap_was_closed_is_found(five_rows: Path) -> None:
    tamper(five_rows, "DELETE FROM events WHERE seq = 3")
    tamper(five_rows, "UPDATE events SET seq = seq - 1 WHERE seq > 3")
    assert (verify(five_rows) or "").startswith("Entry 3 of ")


def test_two_rows_that_changed_places_are_found(five_rows: Path) -> None:
    tamper(five_rows, "UPDATE events SET seq = 99 WHERE seq = 3")
    tamper(five_rows, "UPDATE events SET seq = 3 WHERE seq = 4")
    tamper(five_rows, "UPDATE events SET seq = 4 WHERE seq = 99")
    assert (verify(five_rows) or "").startswith("Entry 3 of ")


# --- retention -------------------------------------------------------------------------------------------


async def rows_at(journal: Journal, *days_ago: int) -> None:
    for days in days_ago:
        row = entry(journal, f"day_{days}", at=rfc3339(NOON - timedelta(days=days)))
        await asyncio.wait_for(journal.append([row], {}), PATIENCE)


def test_old_rows_go_and_the_chain_of_the_others_still_verifies(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await rows_at(journal, 401, 400, 399, 1)
        journal.forget_before(retained_from(NOON + timedelta(seconds=1), 400 * 86_400_000))
        await written(journal, "shut_off")
        assert kinds(journal.path) == ["day_399", "day_1", "shut_off"]
        assert verify(journal.path) is None
        tamper(journal.path, "DELETE FROM events WHERE kind = 'day_399'")
        assert verify(journal.path) is not None

    on_journal(tmp_path / "j.db", act)


def test_when_every_row_went_numbering_and_chain_go_on(tmp_path: Path) -> None:
    async def first(journal: Journal) -> None:
        await rows_at(journal, 500, 499)
        journal.forget_before(NOON)
        await written(journal)

    async def second(journal: Journal) -> None:
        assert journal.next_seq == 3
        await rows_at(journal, 0)

    on_journal(tmp_path / "j.db", first)
    on_journal(tmp_path / "j.db", second)
    assert [row.seq for row in read_since(tmp_path / "j.db", 0, 10)] == [3]
    assert verify(tmp_path / "j.db") is None


def test_where_nothing_is_old_nothing_is_forgotten(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await rows_at(journal, 2, 1)
        journal.forget_before(NOON - timedelta(days=3))
        await written(journal)
        assert kinds(journal.path) == ["day_2", "day_1"]
        assert verify(journal.path) is None

    on_journal(tmp_path / "j.db", act)


def test_a_start_with_a_wrong_clock_does_not_take_the_rows_before_it_with_it(tmp_path: Path) -> None:
    """A Pi without a clock of its own starts years ago, until the network tells it the time."""

    async def act(journal: Journal) -> None:
        await rows_at(journal, 3, 2, 20_000, 1)
        journal.forget_before(NOON - timedelta(days=400))
        await written(journal)
        assert kinds(journal.path) == ["day_3", "day_2", "day_20000", "day_1"]

    on_journal(tmp_path / "j.db", act)


# --- reading ---------------------------------------------------------------------------------------------


def test_the_newest_rows_come_first_and_a_cursor_goes_on_where_they_ended(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await rows_at(journal, 5, 4, 3, 2, 1)
        page = read(journal.path, Query(limit=2))
        assert [row.kind for row in page] == ["day_1", "day_2"]
        page = read(journal.path, Query(limit=2, cursor=page[-1].seq))
        assert [row.kind for row in page] == ["day_3", "day_4"]

    on_journal(tmp_path / "j.db", act)


def test_rows_are_found_by_burner_and_time_whatever_the_zone(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await rows_at(journal, 3, 2, 1)
        await journal.append([entry(journal, "mine", burner="right", at="2026-11-22T01:30:00.000+14:00")], {})
        since, until = NOON - timedelta(days=2), NOON - timedelta(days=1)
        assert [row.kind for row in read(journal.path, Query(since=since, until=until))] == ["day_2"]
        utc = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
        assert [row.kind for row in read(journal.path, Query(since=utc, until=utc + timedelta(seconds=1)))] == ["mine"]
        assert [row.kind for row in read(journal.path, Query(burner="right"))] == ["mine"]

    on_journal(tmp_path / "j.db", act)


def test_what_a_reader_missed_comes_oldest_first(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        await rows_at(journal, 5, 4, 3, 2)
        assert [row.kind for row in read_since(journal.path, 1, 2)] == ["day_4", "day_3"]
        assert read_since(journal.path, 4, 2) == []

    on_journal(tmp_path / "j.db", act)


def test_the_last_cut_of_a_burner_is_found_among_all_else(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        for cut in (True, False):
            await journal.append([entry(journal, "shut_off", details={"cause": "timer", "cut": cut})], {})
            await written(journal, "reset")
        await journal.append([entry(journal, "shut_off", burner="rear", details={"cut": True})], {})
        await journal.append([entry(journal, "reset", burner="right")], {})
        assert journal.cuts == {}, "only what was there before"

    async def again(journal: Journal) -> None:
        assert {burner: cut.seq for burner, cut in journal.cuts.items()} == {"left": 1, "rear": 5}

    on_journal(tmp_path / "j.db", act)
    on_journal(tmp_path / "j.db", again)


# --- disks that fail -------------------------------------------------------------------------------------


def test_a_path_that_is_a_folder_is_a_problem_in_a_sentence(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        assert (journal.problem or "").startswith(f"The journal {tmp_path} cannot be written: ")
        assert journal.unreadable
        assert journal.cuts.get("left") is None
        with pytest.raises(JournalFailing, match="cannot be written"):
            await written(journal, "started")

    on_journal(tmp_path, act)


@pytest.mark.parametrize("where", ["file/j.db", "x" * 300, "file"])
def test_a_path_that_cannot_be_had_is_a_problem_in_a_sentence(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_bytes(os.urandom(4_096))

    async def act(journal: Journal) -> None:
        assert "cannot be written" in (journal.problem or "")
        assert journal.unreadable == (where != "file/j.db"), "there is nothing below a file"
        assert journal.cuts.get("left") is None
        with pytest.raises(JournalFailing):
            await written(journal, "started")

    on_journal(tmp_path / where, act)


def test_a_file_of_garbage_is_unreadable_and_left_as_it_is(tmp_path: Path) -> None:
    garbage = os.urandom(8_192)
    (tmp_path / "j.db").write_bytes(garbage)

    async def act(journal: Journal) -> None:
        assert journal.unreadable
        assert "file is not a database" in (journal.problem or "")

    on_journal(tmp_path / "j.db", act)
    assert (tmp_path / "j.db").read_bytes() == garbage


def test_a_journal_whose_standing_values_are_garbage_is_unreadable(five_rows: Path) -> None:
    tamper(five_rows, "INSERT INTO standing VALUES ('holds.left', '[[\"lock')")

    async def act(journal: Journal) -> None:
        assert journal.unreadable, "a lockout may have stood there"
        assert "cannot be written" in (journal.problem or "")

    on_journal(five_rows, act)


def test_rows_without_the_table_of_what_stood_are_unreadable_and_left_as_they_are(five_rows: Path) -> None:
    tamper(five_rows, "DROP TABLE standing")
    before = five_rows.read_bytes()

    async def act(journal: Journal) -> None:
        assert journal.unreadable, "a lockout may have stood there"
        assert "lacks the table of what stood" in (journal.problem or "")

    on_journal(five_rows, act)
    assert five_rows.read_bytes() == before


def test_a_journal_that_was_being_made_as_the_power_went_is_made(five_rows: Path) -> None:
    tamper(five_rows, "DROP TABLE standing")
    tamper(five_rows, "DELETE FROM events")

    async def act(journal: Journal) -> None:
        await written(journal, "started")
        assert journal.problem is None

    on_journal(five_rows, act)


def test_damage_to_a_row_of_long_ago_takes_nothing_else_along(five_rows: Path) -> None:
    async def act(journal: Journal) -> None:
        await journal.append([entry(journal, "shut_off", details={"cut": True})], {"holds.left": [["lock", "child"]]})

    on_journal(five_rows, act)
    tamper(five_rows, "UPDATE events SET burner = CAST(x'6c65ff66' AS TEXT) WHERE seq = 2")

    async def look(journal: Journal) -> None:
        assert (journal.loaded, journal.unreadable) == (True, False)
        assert journal.standing["holds.left"] == [["lock", "child"]]
        assert journal.cuts["left"].seq == 6
        await written(journal, "started")

    on_journal(five_rows, look)


def test_a_last_cut_that_is_garbage_is_no_last_cut(five_rows: Path) -> None:
    tamper(five_rows, "UPDATE events SET details = '{\"cut\": true' WHERE seq = 5")

    async def act(journal: Journal) -> None:
        assert journal.cuts.get("left") is None

    on_journal(five_rows, act)


def test_a_journal_of_a_newer_version_is_refused_and_left_as_it_is(five_rows: Path) -> None:
    tamper(five_rows, "PRAGMA user_version = 2")
    before = five_rows.read_bytes()

    async def act(journal: Journal) -> None:
        assert journal.unreadable
        assert "it was written by a newer flameout (format 2)" in (journal.problem or "")

    on_journal(five_rows, act)
    assert five_rows.read_bytes() == before


def test_a_journal_that_was_never_there_is_not_unreadable(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        assert not journal.unreadable
        assert journal.problem is None

    on_journal(tmp_path / "j.db", act)


def test_what_could_not_be_written_is_kept_and_written_in_order_without_a_gap(tmp_path: Path) -> None:
    """Here the disk works, then another process holds the file, then it works again."""

    async def act(journal: Journal) -> None:
        await written(journal, "one")
        locker = sqlite3.connect(journal.path, isolation_level=None)
        locker.execute("BEGIN EXCLUSIVE")
        journal.append([entry(journal, "two")], {"default_timer_ms": 1})
        journal.append([entry(journal, "three")], {"default_timer_ms": 2})
        locker.rollback()
        locker.close()
        await written(journal, "four")

    on_journal(tmp_path / "j.db", act)
    assert kinds(tmp_path / "j.db") == ["one", "two", "three", "four"]
    assert verify(tmp_path / "j.db") is None


def test_a_folder_that_appears_late_gets_everything_from_the_start(tmp_path: Path) -> None:
    """A disk that is mounted late: first its folder cannot be made, then it is there."""
    (tmp_path / "disk").write_text("in the way")
    path = tmp_path / "disk" / "j.db"

    async def act(journal: Journal) -> None:
        assert not journal.unreadable
        for kind in ("one", "two"):
            with pytest.raises(JournalFailing):
                await written(journal, kind)
        (tmp_path / "disk").unlink()
        path.parent.mkdir()
        await eventually(lambda: journal.problem is None)
        await written(journal, "three")

    on_journal(path, act)
    assert [(row.seq, row.kind) for row in read_since(path, 0, 9)] == [(1, "one"), (2, "two"), (3, "three")]
    assert verify(path) is None


class HalfHearted(sqlite3.Connection):
    """Its commits reach the WAL and fail in their fsync, as long as it is told so."""

    failing = False

    def __exit__(self, *error: Any) -> Any:
        left = super().__exit__(*error)
        if self.failing and error[0] is None:
            raise sqlite3.OperationalError("disk I/O error")
        return left


def test_a_commit_that_fails_and_stands_in_the_file_all_the_same_is_not_written_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j.db"
    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.connect", lambda *args, **kw: connect(*args, **{"factory": HalfHearted} | kw))

    async def act(journal: Journal) -> None:
        await written(journal, "before")
        monkeypatch.setattr(HalfHearted, "failing", True)
        with pytest.raises(JournalFailing):
            await written(journal, "meanwhile", word="given")
        await eventually(lambda: "meanwhile" in kinds(path))
        monkeypatch.setattr(HalfHearted, "failing", False)
        await written(journal, "after")

    on_journal(path, act)
    assert [(row.seq, row.kind) for row in read_since(path, 0, 10)] == [(1, "before"), (2, "meanwhile"), (3, "after")]
    assert verify(path) is None


def test_what_somebody_else_wrote_is_not_taken_for_a_commit_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "j.db"

    async def act(journal: Journal) -> None:
        await written(journal, "one")
        other = Journal(path)
        await written(other, "of another")
        other.close()
        with pytest.raises(JournalFailing):
            await written(journal, "two")
        await eventually(lambda: journal.problem is None)

    on_journal(path, act)
    assert kinds(path) == ["one", "of another", "two"]
    assert verify(path) is None


def test_a_disk_that_fails_for_days_costs_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again and again must not push out what is waiting."""
    monkeypatch.setattr("controller.journal.RETRY_EVERY", 0.001)
    monkeypatch.setattr("controller.journal.REMEMBERED", 3)
    (tmp_path / "disk").write_text("in the way")
    path = tmp_path / "disk" / "j.db"

    async def act(journal: Journal) -> None:
        with pytest.raises(JournalFailing):
            await written(journal, "lockout", **{"holds.left": [["lockout", "gas"]]})
        await asyncio.sleep(0.3)  # some hundred attempts
        (tmp_path / "disk").unlink()
        path.parent.mkdir()
        await eventually(lambda: journal.problem is None)

    on_journal(path, act)
    assert kinds(path) == ["lockout"]


def test_beyond_what_can_be_remembered_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.journal.REMEMBERED", 3)
    (tmp_path / "disk").write_text("in the way")
    path = tmp_path / "disk" / "j.db"

    async def act(journal: Journal) -> None:
        for number in range(6):
            with pytest.raises(JournalFailing):
                await written(journal, f"row_{number}")
        (tmp_path / "disk").unlink()
        path.parent.mkdir()
        await eventually(lambda: journal.problem is None)

    on_journal(path, act)
    assert kinds(path) == ["row_3", "row_4", "row_5"]


def test_closing_while_the_disk_fails_does_not_hang(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        journal.append([entry(journal)], {})

    before = time.monotonic()
    on_journal(tmp_path, act)
    assert time.monotonic() - before < 5


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB that can be filled."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a disk that can be filled")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_said_and_costs_nothing(tiny_disk: Path) -> None:
    path = tiny_disk / "j.db"

    async def act(journal: Journal) -> None:
        await written(journal, "before")
        ballast = tiny_disk / "ballast"
        fill(ballast)
        with pytest.raises(JournalFailing, match=r"cannot be written: (database or disk is full|disk I/O error)"):
            await until_full(journal)
        assert "cannot be written" in (journal.problem or "")
        ballast.unlink()
        await eventually(lambda: journal.problem is None)
        await written(journal, "after")

    on_journal(path, act)
    assert verify(path) is None
    rows = read_since(path, 0, 10_000)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert (rows[0].kind, rows[-1].kind) == ("before", "after")


@pytest.fixture
def turn_read_only(tiny_disk: Path) -> Callable[[bool], None]:
    """Make the small disk read-only and writable again, under open files, which go on taking what is written."""

    def turn(read_only: bool) -> None:
        if read_only:
            subprocess.run(["mount", "--bind", tiny_disk, tiny_disk], check=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", tiny_disk], check=True)
        else:
            subprocess.run(["umount", "-l", tiny_disk], check=True)

    return turn


def test_a_disk_that_turns_read_only_under_the_open_journal_is_not_believed(
    tiny_disk: Path, turn_read_only: Callable[[bool], None]
) -> None:
    path = tiny_disk / "j.db"

    async def act(journal: Journal) -> None:
        await written(journal, "before")
        turn_read_only(True)
        try:
            with pytest.raises(JournalFailing, match="cannot be written: its file system has become read-only"):
                await written(journal, "meanwhile")
            assert kinds(path) == ["before"]
        finally:
            turn_read_only(False)
        await eventually(lambda: journal.problem is None)
        await written(journal, "after")

    on_journal(path, act)
    assert kinds(path) == ["before", "meanwhile", "after"]
    assert verify(path) is None


class Turning(sqlite3.Connection):
    """Its disk turns read-only under the commit."""

    turn: Callable[[bool], None] | None = None

    def __exit__(self, *error: Any) -> Any:
        turn, Turning.turn = Turning.turn, None
        if turn is not None:
            turn(True)
        return super().__exit__(*error)


def test_a_disk_that_turns_read_only_under_a_commit_is_not_believed(
    tiny_disk: Path, turn_read_only: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny_disk / "j.db"
    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.connect", lambda *args, **kw: connect(*args, **{"factory": Turning} | kw))

    async def act(journal: Journal) -> None:
        await written(journal, "before")
        Turning.turn = turn_read_only
        try:
            with pytest.raises(JournalFailing, match="its file system has become read-only"):
                await written(journal, "meanwhile")
        finally:
            turn_read_only(False)
        await eventually(lambda: journal.problem is None)
        await written(journal, "after")

    on_journal(path, act)
    assert [(row.seq, row.kind) for row in read_since(path, 0, 10)] == [(1, "before"), (2, "meanwhile"), (3, "after")]
    assert verify(path) is None


def test_a_disk_that_turns_read_only_is_said_also_while_there_is_nothing_to_write(
    tiny_disk: Path, turn_read_only: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.journal.LOOK_EVERY", 0.02)

    async def act(journal: Journal) -> None:
        await written(journal, "before")
        turn_read_only(True)
        try:
            await eventually(lambda: "read-only" in (journal.problem or ""))
        finally:
            turn_read_only(False)
        await eventually(lambda: journal.problem is None)

    on_journal(tiny_disk / "j.db", act)


def test_a_link_on_a_read_only_system_to_a_journal_on_another_one_is_no_problem(
    tmp_path: Path, tiny_disk: Path, turn_read_only: Callable[[bool], None]
) -> None:
    link = tiny_disk / "j.db"
    link.symlink_to(tmp_path / "j.db")

    async def act(journal: Journal) -> None:
        turn_read_only(True)
        try:
            await written(journal, "after")
        finally:
            turn_read_only(False)

    on_journal(link, act)
    assert kinds(tmp_path / "j.db") == ["after"]


def test_a_journal_that_could_not_be_opened_is_tried_again_without_an_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.journal.LOOK_EVERY", 0.02)
    (tmp_path / "disk").write_text("in the way")

    async def act(journal: Journal) -> None:
        assert journal.problem is not None
        (tmp_path / "disk").unlink()
        journal.path.parent.mkdir()
        await eventually(lambda: journal.problem is None)

    on_journal(tmp_path / "disk" / "j.db", act)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4_096))
        except OSError:
            return


async def until_full(journal: Journal) -> None:
    """Write until the pages that the file already has are used up, too."""
    for _ in range(1_000):
        await written(journal, "shut_off")


# --- power cuts ------------------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from pathlib import Path
from controller.journal import Entry, Journal

async def main():
    journal = Journal(Path(sys.argv[1]))
    while True:
        seq, journal.next_seq = journal.next_seq, journal.next_seq + 1
        row = Entry(seq, "2026-11-23T12:00:00.000+00:00", seq, "timer_started", "left", "phone:Anna", {"n": seq})
        await journal.append([row], {"acknowledged": seq})
        print(seq, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 40])
def test_a_process_killed_right_after_an_acknowledgement_loses_nothing(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "j.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer.stdout:
        for _ in range(acknowledged):
            last = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        last = max([last, *map(int, writer.stdout.read().split())])
    writer.wait()

    async def act(journal: Journal) -> None:
        assert journal.problem is None
        assert journal.standing["acknowledged"] >= last
        assert journal.next_seq > last
        await written(journal, "started")

    on_journal(path, act)
    assert verify(path) is None
    assert [row.seq for row in read_since(path, 0, 10_000)][:last] == list(range(1, last + 1))


def minutes(count: int) -> Callable[[Journal], Awaitable[None]]:
    """So many entries, one a minute from noon on."""

    async def act(journal: Journal) -> None:
        rows = [entry(journal, at=rfc3339(NOON + timedelta(minutes=minute))) for minute in range(count)]
        await asyncio.wait_for(journal.append(rows, {}), PATIENCE)

    return act


def test_a_walk_gives_what_is_new_enough_oldest_first(tmp_path: Path) -> None:
    on_journal(tmp_path / "journal.db", minutes(10))
    since = NOON + timedelta(minutes=4)
    assert [one.seq for one in walk(tmp_path / "journal.db", since, most=100)] == [5, 6, 7, 8, 9, 10]
    assert [one.seq for one in walk(tmp_path / "journal.db", since, most=3)] == [8, 9, 10]


def test_a_walk_holds_one_entry_at_a_time_however_long_it_is(tmp_path: Path) -> None:
    on_journal(tmp_path / "journal.db", minutes(5_000))
    for _ in walk(tmp_path / "journal.db", NOON, most=1):  # what it needs whatever its length is paid for
        pass
    tracemalloc.start()
    try:
        assert sum(1 for _ in walk(tmp_path / "journal.db", NOON, most=10_000)) == 5_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000  # bytes; all of them at a time are forty times that
