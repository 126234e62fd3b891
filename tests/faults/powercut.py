"""The power goes while the journal writes: at every byte of 200 commits, and between what was synced and what was not.

    python -m tests.faults.powercut           # every byte: three million, ten minutes on two cores
    python -m tests.faults.powercut --edges   # both edges and a byte within each write: half a minute

The real :class:`Journal` writes 200 commits in twenty runs of a daemon, each acknowledged before the next is asked for,
and once so many rows that the log starts anew within a run. Whatever SQLite asks of the disk is recorded (see
:mod:`tests.faults.disk`). Then, for each instant of that record, the files are laid out as a power cut leaves them:

- *cut*: everything in order up to a byte,
- *lost*: at each acknowledgement, only what was synced,
- *torn*: what was synced, and of the rest any sectors, by seeds.

The journal has to open on them without help. All that was acknowledged is there, in order, without a gap, and the
chain of hashes holds. Of the commit under way there is all or nothing, and what stands (locks) is of the same commit.
Then it goes on.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import Progress

from controller.journal import Entry, Journal, read_since, verify
from tests.faults.disk import Disk, Op, lay_out, recorded

COMMITS = 200
RUNS = 20  # of the daemon; each ends by closing the journal
FLOOD = 6_000  # rows of one commit, as after a disk that failed for long: more than the log takes before it starts anew
MEMORY = Path("/dev/shm")  # files there cost no real sync
NAME = "flameout.db"


@dataclass(frozen=True)
class Commit:
    """What is asked of the journal at once."""

    rows: tuple[Entry, ...]
    standing: dict[str, Any]


@dataclass
class Recording:
    """What was asked of the journal, and what it asked of the disk."""

    commits: list[Commit]
    log: list[Op]
    tips: dict[int, tuple[int, str, str]] = field(default_factory=dict)  # by commits: last number, hash, what stands

    def __post_init__(self) -> None:
        seq, tip, standing = 0, "", dict[str, Any]()
        self.tips[0] = seq, tip, _stands(standing)
        for number, commit in enumerate(self.commits, 1):
            for row in commit.rows:
                seq, tip = row.seq, row.sealed(tip)
            standing |= commit.standing
            standing = {key: value for key, value in standing.items() if value is not None}
            self.tips[number] = seq, tip, _stands(standing)


def _stands(standing: dict[str, Any]) -> str:
    return json.dumps(standing, sort_keys=True)


# --- what is recorded -----------------------------------------------------------------------------------


def commits(many: int, seed: int = 0, flood: int = 0) -> list[Commit]:
    """Seeded commits of one to three rows, half of them with a lock that comes or goes; one of them may be huge."""
    dice, made, seq = random.Random(seed), list[Commit](), 0
    for number in range(many):
        rows = flood if flood and number == many // 2 else dice.randint(1, 3)
        longest = 120 if rows < flood or not flood else 1_000
        entries = tuple(_entry(seq + row, dice, longest) for row in range(1, rows + 1))
        seq += rows
        lock = {f"holds.{dice.choice(['left', 'right'])}": dice.choice([None, [["lock", "child lock"]]])}
        made.append(Commit(entries, lock if dice.random() < 0.5 else {}))
    return made


def _entry(seq: int, dice: random.Random, longest: int) -> Entry:
    kind, burner = dice.choice(["timer_started", "shut_off", "locked"]), dice.choice(["left", "right", None])
    at = f"2026-01-01T12:{seq // 60 % 60:02}:{seq % 60:02}.000+00:00"
    return Entry(seq, at, 1000 * seq, kind, burner, "console", {"why": "x" * dice.randrange(longest)})


def record(wanted: list[Commit], runs: int = RUNS, of: type[Journal] = Journal) -> Recording:
    """Have the journal take these commits, in so many runs of a daemon."""
    with _folder() as folder, recorded() as log:
        asyncio.run(_write(folder / NAME, wanted, -(-len(wanted) // runs), of, log))
    return Recording(wanted, log)


async def _write(path: Path, wanted: Sequence[Commit], each: int, of: type[Journal], log: list[Op]) -> None:
    for start in range(0, len(wanted), each):
        journal = of(path)
        for commit in wanted[start : start + each]:
            await journal.append(commit.rows, commit.standing)
            log.append(Op("answer"))
        journal.close()


# --- what is demanded -----------------------------------------------------------------------------------


def tell_tale(folder: Path, recording: Recording, answered: int) -> str | None:
    """What is wrong with the journal that the real program opens here, in a sentence; None if nothing is."""
    path = folder / NAME
    journal = Journal(path)
    try:
        if journal.problem is not None:
            return journal.problem
        last, standing = journal.next_seq - 1, journal.standing
        found = [number for number in (answered, answered + 1) if recording.tips.get(number, (-1,))[0] == last]
        if not found:
            return f"{answered} commits were acknowledged, and the last row is {last}"
        if _stands(standing) != recording.tips[found[0]][2]:
            return f"the rows are of commit {found[0]}, and what stands is not"
        rows = [row for commit in recording.commits[: found[0]] for row in commit.rows]
        if read_since(path, 0, last + 1) != rows:
            return "the rows are not those that were written"
        asyncio.run(_go_on(journal, last + 1))
        return verify(path)
    finally:
        journal.close()


async def _go_on(journal: Journal, seq: int) -> None:
    await journal.append([Entry(seq, "2026-01-02T00:00:00.000+00:00", 0, "started", None, "flameout", {})], {})


def glance(folder: Path, recording: Recording, answered: int) -> str | None:
    """The same of the last row, its hash over all before it, and what stands, without changing a file."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{folder / NAME}?mode=ro", uri=True)) as journal:
            last = journal.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone() or (0, "")
            standing = {key: json.loads(value) for key, value in journal.execute("SELECT key, value FROM standing")}
    except sqlite3.Error as error:
        return f"not readable: {error}"
    if (*last, _stands(standing)) in (recording.tips[answered], recording.tips.get(answered + 1)):
        return None
    return f"{answered} commits were acknowledged, and the last row is {last[0]}"


# --- every instant --------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """How many states were looked at, by kind, and what was wrong."""

    looks: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, kind: str, where: str, wrong: str | None) -> None:
        """Put down one look."""
        self.looks[kind] += 1
        if wrong is not None:
            self.wrong.append(f"{kind}, {where}: {wrong}")

    def __iadd__(self, other: "Verdict") -> "Verdict":
        self.looks += other.looks
        self.wrong += other.wrong
        return self


def judge(recording: Recording, part: range, every_byte: bool = False, seed: int = 0) -> Verdict:
    """Cut the power at the steps of the record with these numbers."""
    with _folder() as folder:
        looker = _Looker(recording, folder, random.Random(f"{seed} {part.start}"))
        for number, op in enumerate(recording.log[: part.stop]):
            looker.answered += op.kind == "answer"
            if number in part:
                looker.at(op, f"step {number}")
            if number in part and op.kind == "write" and every_byte:
                looker.at_every_byte(op, f"step {number}")
            looker.disk.do(op)
    return looker.verdict


@dataclass
class _Looker:
    """Lays out what a power cut leaves, and looks at it."""

    recording: Recording
    folder: Path
    dice: random.Random
    disk: Disk = field(default_factory=Disk)
    answered: int = 0
    verdict: Verdict = field(default_factory=Verdict)

    def at(self, op: Op, where: str) -> None:
        """Before this step, within it, or as it ends."""
        if op.kind == "answer":
            self._look("lost", where, self.disk.lost())
        elif op.kind == "sync":
            for _ in range(3):
                self._look("torn", where, self.disk.torn(self.dice))
        elif op.kind == "write":
            whole = len(op.data)
            for after in sorted({0, min(1, whole), self.dice.randrange(whole), whole - 1}):
                self._look("cut", f"{where} after {after} of {whole} bytes of {op.name}", self.disk.cut(op, after))

    def _look(self, kind: str, where: str, files: dict[str, bytearray]) -> None:
        lay_out(files, self.folder)
        self.verdict.add(kind, where, tell_tale(self.folder, self.recording, self.answered))

    def at_every_byte(self, op: Op, where: str) -> None:
        """The real program looks while the file is being made, else a glance does."""
        made = self.answered > 0
        lay_out(self.disk.cut(op, 0), self.folder)
        with (self.folder / op.name).open("r+b") as file:
            for after in range(1, len(op.data)):
                here = f"{where} after {after} bytes of {op.name}"
                if made:
                    os.pwrite(file.fileno(), op.data[after - 1 : after], op.at + after - 1)
                    self.verdict.add("byte", here, glance(self.folder, self.recording, self.answered))
                else:
                    self._look("byte", here, self.disk.cut(op, after))


def whole(recording: Recording, every_byte: bool, jobs: int, parts: int = 40) -> Iterator[tuple[Verdict, float]]:
    """Every step of a record, in processes of their own; a verdict for each part, and the share that is done."""
    each = -(-len(recording.log) // parts)
    ranges = [range(start, min(start + each, len(recording.log))) for start in range(0, len(recording.log), each)]
    with ProcessPoolExecutor(jobs) as pool:
        for done, one in enumerate(pool.map(partial(judge, recording, every_byte=every_byte), ranges), 1):
            yield one, done / len(ranges)


def flooded(jobs: int) -> Verdict:
    """The log starts anew within a run, over frames of before; looked at there, and seldom within the flood."""
    recording = record(commits(8, 1, FLOOD), 1)
    assert any(op.kind == "write" and op.name.endswith("-wal") and op.at == 0 for op in recording.log[20:]), (
        "no new log"
    )
    answers = [number for number, op in enumerate(recording.log) if op.kind == "answer"]
    inside = range(answers[3], answers[4], 150)
    behind = range(answers[4] - 1, len(recording.log), 3)
    verdict = Verdict()
    with ProcessPoolExecutor(jobs) as pool:
        for one in pool.map(partial(judge, recording), [range(at, at + 1) for at in (*inside, *behind)]):
            verdict += one
    return verdict


def everywhere(every_byte: bool, progress: Progress, jobs: int = 2) -> Verdict:
    """All of it."""
    task = progress.add_task("power cuts", total=1.0)
    verdict = flooded(jobs)
    for one, share in whole(record(commits(COMMITS)), every_byte, jobs):
        verdict += one
        progress.update(task, completed=share)
        if not progress.console.is_terminal:  # a pipe sees no bar
            progress.console.print(f"power cuts: {share:.0%}, {sum(verdict.looks.values()):,} looks")
    return verdict


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="flameout-power-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def main() -> int:
    """Cut the power everywhere; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.powercut", description="power cuts under the journal")
    parser.add_argument("--edges", action="store_true", help="only at the edges of each write, not at every byte")
    arguments = parser.parse_args()
    began = time.monotonic()
    with Progress() as progress:
        verdict = everywhere(not arguments.edges, progress)
    print(*verdict.wrong[:20], sep="\n", file=sys.stderr)
    print(f"{dict(verdict.looks)}, {len(verdict.wrong)} wrong; {time.monotonic() - began:.0f} s")
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
