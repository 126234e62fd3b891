"""Power cuts under the real journal, at the edges of each write; and the harness sees what it has to see."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from controller.journal import Journal
from tests.faults.disk import Disk, Op, lay_out, recorded
from tests.faults.powercut import Recording, commits, glance, judge, record


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(commits(12), 3)


def test_no_power_cut_loses_what_was_acknowledged(recording: Recording) -> None:
    verdict = judge(recording, range(len(recording.log)))
    assert verdict.wrong == []
    assert verdict.looks["lost"] == 12
    assert verdict.looks["cut"] > 200
    assert verdict.looks["torn"] > 50


def test_every_byte_of_a_page_and_its_frame(recording: Recording) -> None:
    answers = [number for number, op in enumerate(recording.log) if op.kind == "answer"]
    part = range(answers[5] + 1, answers[5] + 3)
    verdict = judge(recording, part, every_byte=True)
    assert verdict.wrong == []
    assert verdict.looks["byte"] == sum(len(recording.log[number].data) - 1 for number in part) == 23 + 4095


def test_the_harness_itself_deletes_nothing_that_the_program_would_keep(recording: Recording) -> None:
    """The record, played to its end, is the journal that the last run closed."""
    disk = Disk()
    for op in recording.log:
        disk.do(op)
    assert list(disk.seen) == ["flameout.db"]
    assert disk.lost() == disk.seen


class Unsynced(Journal):
    """Acknowledges what the disk may still lose."""

    def _open(self) -> sqlite3.Connection:
        connection = super()._open()
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


class _RowByRow(sqlite3.Connection):
    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        return super().execute("SELECT 1" if sql == "BEGIN IMMEDIATE" else sql, *values)


class Piecemeal(Journal):
    """Writes what belongs together row by row."""

    def _open(self) -> sqlite3.Connection:
        super()._open().close()
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, factory=_RowByRow)
        connection.execute("PRAGMA synchronous = FULL")
        return connection


class Forgetful(Journal):
    """Drops what stands."""

    def append(self, entries: Sequence[Any], standing: Any) -> Any:
        return super().append(entries, {})


@pytest.mark.parametrize(
    ("of", "word"),
    [(Unsynced, "lost, "), (Piecemeal, "commits were acknowledged, and the last row is"), (Forgetful, "what stands")],
)
def test_a_planted_flaw_is_found(of: type[Journal], word: str) -> None:
    flawed = record(commits(6), 1, of)
    assert any(word in wrong for wrong in judge(flawed, range(len(flawed.log))).wrong)


def test_a_glance_finds_a_lost_commit(recording: Recording, tmp_path: Path) -> None:
    disk, answered = Disk(), 0
    for op in recording.log:
        answered += op.kind == "answer"
        disk.do(op)
    lay_out(disk.seen, tmp_path)
    assert glance(tmp_path, recording, answered) is None
    assert glance(tmp_path, recording, answered - 2)


def test_what_was_torn_is_made_of_what_was_asked_for(tmp_path: Path) -> None:
    disk = Disk()
    with recorded() as log:
        connection = sqlite3.connect(tmp_path / "any.db")
        connection.execute("CREATE TABLE any (thing)")
        connection.close()
    for op in (*log, Op("write", "any.db", 0, b"x" * 1024)):
        disk.do(op)
    assert bytes(disk.seen["any.db"]) != (tmp_path / "any.db").read_bytes()
    assert disk.lost()["any.db"] == (tmp_path / "any.db").read_bytes()
