"""The stove with a journal on a real disk: what is acknowledged, what survives, what is in nobody's way."""

import asyncio
import contextlib
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.journal import JournalFailing, Query, read, verify
from controller.stove import MARK_AHEAD, MOST_IN_VAIN, NotConfirmed
from controller.stream import Happened
from controller.terms import NotNow
from hardware.client import Opened
from hardware.clock import HOUR, MINUTE, SECOND, ClockFault
from tests.controller.test_stove import last_cut
from tests.fakes import NOON, StoveBench, config, on_a_stove

ANNA = "rest:Anna"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the disk for long."""
    monkeypatch.setattr("controller.record.COMMIT_WITHIN", 0.05)


def kinds(bench: StoveBench, burner: str | None = None) -> list[str]:
    """What is on the disk, oldest first."""
    return [entry.kind for entry in reversed(read(bench.journal.path, Query(burner=burner)))]


def test_relays_that_close_together_are_on_record_together(tmp_path: Path) -> None:
    """A second commit would wait for the first one, and a death in between would lose an opening."""

    async def act(bench: StoveBench) -> None:
        bench.keeper.leave()
        bench.stove.tick()
        bench.keeper.serve(bench.stove)
        marks: list[list[str]] = []
        append = bench.journal.append

        def noted(entries: Any, standing: Any) -> asyncio.Future[None]:
            marks.extend([standing["alive"]["energised"]] if "alive" in standing else [])
            return append(entries, standing)

        bench.journal.append = noted  # type: ignore[method-assign]
        bench.pass_time(bench.config.limits.hold_open + SECOND)
        assert marks[0] == ["left", "right"]

    on_a_stove(tmp_path, act)


def test_a_relay_is_on_record_before_it_closes(tmp_path: Path) -> None:
    """Else a journal that is held by somebody else at that moment, and a death then, lose an opening."""

    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("right", ANNA)
        bench.keeper.leave()
        bench.stove.tick()
        bench.keeper.serve(bench.stove)
        bench.keeper.said.clear()
        marks: list[Any] = []

        def marked() -> Any:
            return bench.journal.standing.get("alive", {}).get("energised")

        for _ in range(0, bench.config.limits.hold_open + SECOND, 100):
            bench.pass_time(100)
            marks.append((bench.clock.now(), marked(), ("permit", "left") in [each[:2] for each in bench.keeper.said]))
        known = next(at for at, names, _ in marks if names == ["left"])
        closed = next(at for at, _, permitted in marks if permitted)
        assert 600 <= closed - known <= MARK_AHEAD
        assert all(names in ([], None, ["left"]) for _, names, _ in marks), "what is locked will not close"

    on_a_stove(tmp_path, act)


def test_while_there_is_no_keeper_no_relay_is_about_to_close(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.pass_time(bench.config.limits.hold_open + SECOND)
        bench.keeper.leave()
        bench.pass_time(bench.config.limits.hold_open + SECOND)
        assert bench.journal.standing["alive"]["energised"] == []

    on_a_stove(tmp_path, act)


def test_an_opening_is_sent_before_anything_else_is_looked_at(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.said.clear()
        heard: list[object] = []
        bench.journal.append = lambda *_: heard.append(list(bench.keeper.said))  # type: ignore[assignment,method-assign]
        bench.stove.open_now("left", ANNA)
        assert bench.keeper.said[0] == ("open", "left")
        assert heard[0] == [("open", "left")], "the journal came after the keeper"

    on_a_stove(tmp_path, act)


def test_shutting_off_what_is_off_a_thousand_times_is_obeyed_each_time_and_fills_no_memory_card(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        bench.keeper.said.clear()
        for _ in range(1000):
            bench.stove.open_now("left", "rest")
        assert bench.keeper.said.count(("open", "left")) == 1000
        await bench.stove.lock("left", ANNA)
        bench.clock.advance(MINUTE)
        bench.stove.open_now("left", ANNA)
        await bench.stove.set_default_timer(20 * MINUTE, ANNA)  # its commit is awaited
        cuts = [entry for entry in read(bench.journal.path, Query(burner="left")) if entry.kind == "shut_off"]
        assert len(cuts) == 1 + MOST_IN_VAIN + 1, "the cut, a minute's share, and one of the next minute"
        assert cuts[-1].details["cut"] is True
        assert cuts[0].by == ANNA

    on_a_stove(tmp_path, act)


def test_a_timer_is_on_the_disk_when_it_is_acknowledged(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        assert kinds(bench, "left")[-1] == "timer_started"

    on_a_stove(tmp_path, act)


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_does_not_answer_is_shown_and_the_timer_counts_but_is_not_acknowledged(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        locker = break_disk(bench)
        with pytest.raises(JournalFailing):
            await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        assert bench.stove.view("left").timer is not None
        assert "journal" in bench.stove.problems()[0]
        await bench.stove.shut_off("left", ANNA)
        assert not bench.stove.view("left").permitted
        mend_disk(locker)

    on_a_stove(tmp_path, act)


@pytest.mark.usefixtures("impatient")
def test_what_happened_while_the_disk_failed_is_written_later_in_order_and_without_a_gap(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        locker = break_disk(bench)
        for _ in range(2):
            with pytest.raises(JournalFailing):
                await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        mend_disk(locker)
        await bench.journal.append([], {})
        await bench.stove.cancel_timer("left", ANNA)
        assert kinds(bench, "left")[-3:] == ["timer_started", "timer_started", "timer_cancelled"]
        assert verify(bench.journal.path) is None
        assert bench.stove.problems() == []

    on_a_stove(tmp_path, act)


@pytest.mark.usefixtures("impatient")
def test_a_disk_that_does_not_answer_keeps_no_burner_from_being_locked(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        locker = break_disk(bench)
        with pytest.raises(JournalFailing):
            await bench.stove.lock_all(ANNA)
        assert bench.keeper.said == [("open", "left"), ("open", "right")]
        assert [burner.permitted for burner in bench.stove.views()] == [False, False]
        with pytest.raises(JournalFailing):
            await bench.stove.unlock_all(ANNA)
        assert not bench.stove.stove_view().child_lock
        mend_disk(locker)

    on_a_stove(tmp_path, act)


def break_disk(bench: StoveBench) -> sqlite3.Connection:
    """Let somebody else lock the database until :func:`mend_disk`."""
    locker = sqlite3.connect(bench.journal.path, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    return locker


def mend_disk(locker: sqlite3.Connection) -> None:
    locker.rollback()
    locker.close()


def test_an_altered_a_missing_and_an_untouched_row_are_told_apart(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        for minutes in (5, 10, 15):
            await bench.stove.start_timer("left", minutes * MINUTE, ANNA)

    on_a_stove(tmp_path, act)
    path = tmp_path / "flameout.db"
    assert verify(path) is None
    row = read(path, Query(burner="left"))[1]
    _tamper(path, "UPDATE events SET by = 'nobody' WHERE seq = ?", row.seq)
    assert f"Entry {row.seq} " in (verify(path) or "")
    _tamper(path, "DELETE FROM events WHERE seq = ?", row.seq)
    assert f"Entries {row.seq} to {row.seq} are missing." == verify(path)


def _tamper(path: Path, statement: str, seq: int) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, (seq,))
    connection.close()


def test_forgetting_the_oldest_rows_leaves_a_chain_that_verifies(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", 5 * MINUTE, ANNA)
        bench.clock.advance(3 * HOUR)
        bench.journal.forget_before(NOON + timedelta(hours=2))
        await bench.stove.set_default_timer(10 * MINUTE, ANNA)
        assert kinds(bench)[0] == "default_timer_set"
        assert verify(bench.journal.path) is None

    on_a_stove(tmp_path, act)


def test_the_oldest_rows_are_forgotten_every_day_by_a_stove_that_is_switched_off_every_night_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(bench: StoveBench) -> None:
        kept_from: list[datetime] = []
        monkeypatch.setattr(bench.journal, "forget_before", kept_from.append)
        bench.pass_time(59 * MINUTE)
        assert kept_from == [], "the clock may not have been set yet"
        bench.pass_time(2 * MINUTE)
        assert [kept.year for kept in kept_from] == [2025], "400 days before"
        bench.pass_time(23 * HOUR)
        assert len(kept_from) == 1
        bench.pass_time(HOUR)
        assert len(kept_from) == 2

    on_a_stove(tmp_path, act)


def test_a_crash_is_told_at_the_next_start_with_what_is_not_known(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", 20 * MINUTE, ANNA)

    async def look(bench: StoveBench) -> None:
        await bench.journal.append([], {})  # comes after all that was written at the start
        entries = [entry for entry in read(bench.journal.path, Query()) if entry.kind == "opened_unknown"]
        assert {entry.burner for entry in entries} == {"left", "right"}
        assert entries[0].details["earliest"] <= entries[0].details["latest"]
        last = bench.stove.view("left").last_shut_off
        assert last is not None
        assert (last.cause, last.by) == ("restart", "flameout")
        assert entries[0].by == "flameout"
        assert bench.stove.view("left").timer is None

    on_a_stove(tmp_path, act)
    on_a_stove(tmp_path, look)


def test_each_burners_last_shut_off_is_known_after_a_restart(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.shut_off("left", "rest:Bea")
        await bench.stove.lock("right", ANNA)
        await bench.stove.stop()

    async def look(bench: StoveBench) -> None:
        assert last_cut(bench, "left") == ("user", "rest:Bea")
        assert last_cut(bench, "right") == ("lock", ANNA)

    on_a_stove(tmp_path, act)
    on_a_stove(tmp_path, look)


def test_a_cut_of_an_earlier_run_keeps_its_time_wherever_the_clock_is_set_now(tmp_path: Path) -> None:
    """A Pi without a clock of its own starts with the time at which it was switched off, or in 1970."""
    told: list[str] = []

    async def act(bench: StoveBench) -> None:
        await bench.stove.shut_off("left", ANNA)
        last = bench.stove.view("left").last_shut_off
        assert last is not None
        told.append(last.at)
        await bench.stove.stop()

    async def look(bench: StoveBench) -> None:
        last = bench.stove.view("left").last_shut_off
        assert last is not None
        assert last.at == told[0]
        bench.wall.step(timedelta(hours=3))
        last = bench.stove.view("left").last_shut_off
        assert last is not None
        assert last.at == told[0]

    on_a_stove(tmp_path, act)
    on_a_stove(tmp_path, look)


def test_a_clock_that_is_set_is_news_to_everybody_who_was_told_an_instant(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", HOUR, ANNA)
        before, started = bench.stove.revision("left"), datetime.fromisoformat(bench.stove.stove_view().started_at)
        bench.pass_time(5 * SECOND)
        assert bench.stove.revision("left") == before, "time that passes is none"
        bench.wall.step(timedelta(hours=5))
        bench.pass_time(11 * SECOND)
        bench.pass_time(SECOND)
        assert bench.stove.revision("left") != before
        assert datetime.fromisoformat(bench.stove.stove_view().started_at) == started + timedelta(hours=5)

    on_a_stove(tmp_path, act)


def test_a_start_and_its_keeper_are_on_record(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.journal.append([], {})
        started, ready = sorted(read(bench.journal.path, Query()), key=lambda entry: entry.seq)
        assert (started.kind, started.by, started.details["version"]) == ("started", "flameout", "1.2.3")
        assert len(started.details["config_hash"]) >= 8
        assert (ready.kind, ready.by, ready.details) == ("keeper_ready", "keeper", {"pid": 4711})

    on_a_stove(tmp_path, act)


def test_after_a_stop_in_order_nothing_is_unknown(tmp_path: Path) -> None:
    async def stop(bench: StoveBench) -> None:
        await bench.stove.stop()

    async def look(bench: StoveBench) -> None:
        await bench.journal.append([], {})  # comes after all that was written at the start
        assert "opened_unknown" not in kinds(bench)
        assert kinds(bench).index("stopped") < len(kinds(bench)) - 1

    on_a_stove(tmp_path, stop)
    on_a_stove(tmp_path, look)


def test_child_lock_lockout_and_default_timer_survive_a_power_cut(tmp_path: Path) -> None:
    alarm = [{"id": "gas_alarm", "input": {"pin": 5}, "reset": "manual"}]

    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("right", ANNA)
        await bench.stove.set_default_timer(7 * MINUTE, ANNA)
        bench.keeper.sense(inputs={"gas_alarm": True})
        await bench.stove.set_default_timer(8 * MINUTE, ANNA)  # its commit comes after the lockout's

    async def look(bench: StoveBench) -> None:
        assert bench.stove.view("left").status == "lockout"
        assert bench.stove.view("right").status == "lockout"
        assert any(hold.cause == "child" for hold in bench.stove.view("right").holds)
        assert bench.stove.default_timer() == 8 * MINUTE

    on_a_stove(tmp_path, act, interlocks=alarm)
    on_a_stove(tmp_path, look, interlocks=alarm)


def test_a_keeper_that_is_lost_while_the_daemon_starts_takes_no_lock_and_no_lockout_along(tmp_path: Path) -> None:
    alarm = [{"id": "gas_alarm", "input": {"pin": 5}, "reset": "manual"}]

    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("right", ANNA)
        bench.keeper.sense(inputs={"gas_alarm": True})
        await bench.stove.set_default_timer(8 * MINUTE, ANNA)  # its commit comes after the lockout's

    async def lose() -> None:
        bench = StoveBench(tmp_path, config(interlocks=alarm))
        bench.stove.keeper_lost("hung up")
        bench.close()

    async def look(bench: StoveBench) -> None:
        assert bench.stove.view("left").status == "lockout"
        assert any(hold.cause == "child" for hold in bench.stove.view("right").holds)

    on_a_stove(tmp_path, act, interlocks=alarm)
    asyncio.run(lose())
    on_a_stove(tmp_path, look, interlocks=alarm)


@pytest.mark.parametrize("late", ["disk", "disk/flameout.db"])
def test_a_journal_that_comes_late_takes_no_lock_and_no_lockout_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """Its disk is mounted after the start, or cannot be read until then."""
    monkeypatch.setattr("controller.journal.RETRY_EVERY", 0.02)
    (tmp_path / "disk").mkdir()
    alarm = [{"id": "gas_alarm", "input": {"pin": 5}, "reset": "manual"}]

    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("right", ANNA)
        bench.keeper.sense(inputs={"gas_alarm": True})
        await bench.stove.set_default_timer(8 * MINUTE, ANNA)  # its commit comes after the lockout's

    async def come_late(bench: StoveBench) -> None:
        with pytest.raises(JournalFailing):
            await bench.stove.lock("left", ANNA)
        (tmp_path / late).unlink() if late == "disk" else (tmp_path / late).rmdir()
        (tmp_path / "away").rename(tmp_path / late)
        while bench.journal.problem is not None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
        await bench.stove.shut_off("right", ANNA)
        bench.stove.tick()
        await look(bench)
        await asyncio.wait_for(bench.journal.append([], {}), 5)  # what was queued before is on the disk

    async def look(bench: StoveBench) -> None:
        for view in bench.stove.views():
            assert {"gas_alarm", "child"} <= {hold.cause for hold in view.holds}
            assert (view.status, view.permitted) == ("lockout", False)

    on_a_stove(tmp_path / "disk", act, interlocks=alarm)
    (tmp_path / late).rename(tmp_path / "away")
    (tmp_path / late).touch() if late == "disk" else (tmp_path / late).mkdir()
    on_a_stove(tmp_path / "disk", come_late, interlocks=alarm)
    on_a_stove(tmp_path / "disk", look, interlocks=alarm)


async def its_disk_is_there(bench: StoveBench, folder: Path) -> None:
    """What was kept away in ``folder`` is mounted, and noticed."""
    (folder / "disk").unlink()
    (folder / "away").rename(folder / "disk")
    bench.journal.append([], {})
    while bench.journal.problem is not None:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    bench.stove.tick()


def test_a_journal_that_comes_late_tells_how_the_last_run_ended_and_keeps_the_wear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.journal.RETRY_EVERY", 0.02)
    (tmp_path / "disk").mkdir()
    worn = {"first": [1.0] * 5, "recent": [1.4] * 5}
    died = {"at": "2026-11-23T11:00:00.000+00:00", "energised": ["left"]}

    async def act(bench: StoveBench) -> None:
        await bench.journal.append([], {"alive": died, "health.left": worn})

    async def come_late(bench: StoveBench) -> None:
        began = bench.stove.stove_view().started_at
        bench.pass_time(HOUR)
        await its_disk_is_there(bench, tmp_path)
        view = bench.stove.view("left")
        assert view.last_shut_off is not None
        assert (view.wear, view.last_shut_off.cause) == (1.4, "restart")
        assert view.last_shut_off.at == began, "that run had ended when this one began"
        await asyncio.wait_for(bench.journal.append([], {}), 5)
        assert bench.journal.standing["health.left"] == worn
        (told,) = [entry for entry in read(bench.journal.path, Query()) if entry.kind == "opened_unknown"]
        assert (told.burner, told.details["earliest"], told.details["latest"]) == ("left", died["at"], began)

    flame = {"kind": "thermocouple", "adc": "ads1115", "channel": 0}
    burners = [{"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": flame}]
    on_a_stove(tmp_path / "disk", act, started=False, burners=burners)
    (tmp_path / "disk").rename(tmp_path / "away")
    (tmp_path / "disk").touch()
    on_a_stove(tmp_path / "disk", come_late, burners=burners)


def test_a_journal_that_cannot_be_read_locks_every_burner_out(tmp_path: Path) -> None:
    (tmp_path / "flameout.db").write_bytes(b"this is no database" * 100)

    async def look(bench: StoveBench) -> None:
        assert [view.status for view in bench.stove.views()] == ["lockout", "lockout"]
        assert "journal" in bench.stove.problems()[0]

    on_a_stove(tmp_path, look)


HOLDS = '[["of a newer one", "x"], ["lock", "child"]]'
UNFIT = {
    "holds": f"INSERT OR REPLACE INTO standing VALUES ('holds.left', '{HOLDS}')",
    "alive": """INSERT OR REPLACE INTO standing VALUES ('alive', '{"at": "2026-11-2?", "energised": ["right"]}')""",
    "cause": "UPDATE events SET details = json_set(details, '$.cause', 'of a newer one') WHERE kind = 'shut_off'",
}


@pytest.mark.parametrize("damage", UNFIT)
def test_a_journal_with_words_that_are_not_known_stops_no_start(tmp_path: Path, damage: str) -> None:
    """As after the way back from a newer flameout; without a start no keeper drives the lines low."""

    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("left", ANNA)

    async def look(bench: StoveBench) -> None:
        left, right = bench.stove.views()
        assert "child" in {hold.cause for hold in left.holds}
        assert left.status == ("lockout" if damage == "holds" else "locked")
        assert right.permitted
        bench.stove.tick()

    on_a_stove(tmp_path, act)
    with contextlib.closing(sqlite3.connect(tmp_path / "flameout.db", isolation_level=None)) as connection:
        connection.execute(UNFIT[damage])
    on_a_stove(tmp_path, look)


def test_nobody_confirming_an_opening_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.stove.ANSWER_WITHIN", 0.01)

    async def act(bench: StoveBench) -> None:
        bench.keeper.answers = False
        with pytest.raises(NotConfirmed, match=r"it does not answer.*Turn the knob off"):
            await bench.stove.shut_off("left", ANNA)

    on_a_stove(tmp_path, act)


def test_without_a_keeper_no_timer_promises_a_flame(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.leave()
        with pytest.raises(NotNow, match="keeper") as refused:
            await bench.stove.start_timer("left", MINUTE, ANNA)
        assert refused.value.code == "no_keeper"
        assert last_cut(bench, "left") == ("supervision", "keeper")

    on_a_stove(tmp_path, act)


@pytest.mark.parametrize(("cause", "told"), [("lease", "supervision"), ("energised", "limit"), ("readback", "fault")])
def test_what_the_keeper_opened_by_itself_is_told_with_its_cause(tmp_path: Path, cause: str, told: str) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.open_by_itself("left", cause)
        last = bench.stove.view("left").last_shut_off
        assert last is not None
        assert last.cause == told

    on_a_stove(tmp_path, act)


def test_a_deadline_that_the_keeper_met_is_the_timer_s(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", MINUTE, ANNA)
        bench.clock.advance(MINUTE)
        bench.keeper.open_by_itself("left", "deadline")
        assert last_cut(bench, "left") == ("timer", ANNA)

    on_a_stove(tmp_path, act)


def test_a_permit_ends_at_the_deadline_and_never_lasts_longer_than_the_cap(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        cap = bench.config.keeper.longest_permit
        until = bench.keeper.permitted_until("right")
        assert until is not None
        assert bench.clock.now() < until <= bench.clock.now() + cap
        await bench.stove.start_timer("right", MINUTE, ANNA)
        assert bench.keeper.permitted_until("right") == bench.clock.now() + MINUTE

    on_a_stove(tmp_path, act)


def test_an_idle_permit_is_moved_on_before_half_of_it_is_gone(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        for _ in range(24):
            bench.pass_time(HOUR)
            until = bench.keeper.permitted_until("right")
            assert until is not None
            assert until - bench.clock.now() >= bench.config.keeper.longest_permit // 2 - HOUR

    on_a_stove(tmp_path, act)


def test_a_boot_clock_that_runs_backwards_or_stands_still_is_a_fault(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        with pytest.raises(ClockFault, match="stands still"):
            tick_ten_times(bench)
        bench.clock.advance(-SECOND)
        with pytest.raises(ClockFault, match="backwards"):
            bench.stove.tick()

    on_a_stove(tmp_path, act)


def tick_ten_times(bench: StoveBench) -> None:
    for _ in range(10):
        bench.stove.tick()


def test_a_reading_older_than_two_seconds_is_no_reading(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False}, contacts={"left": True})
        bench.pass_time(1_800)
        assert bench.stove.view("left").flame == "out"
        bench.pass_time(SECOND)
        assert (bench.stove.view("left").flame, bench.stove.view("left").contact) == ("unknown", "unknown")

    on_a_stove(tmp_path, act)


def test_a_contact_that_stays_closed_after_a_cut_is_a_problem_in_words(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.shut_off("left", ANNA)
        for _ in range(5):
            bench.keeper.sense(contacts={"left": True})
            bench.pass_time(500)
        assert "close the gas tap" in (bench.stove.view("left").problem or "")
        assert bench.stove.stove_view().status == "problem"

    on_a_stove(tmp_path, act)


def test_the_revision_changes_when_a_burner_looks_different_and_only_then(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("right", 20 * MINUTE, ANNA)
        before = bench.stove.revision("right")
        bench.pass_time(SECOND)
        assert bench.stove.revision("right") == before
        await bench.stove.extend("right", MINUTE, ANNA)
        assert bench.stove.revision("right") != before

    on_a_stove(tmp_path, act)


def test_events_reach_the_stream_in_the_order_of_the_journal(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        async with bench.stove.stream.subscribe() as items:
            await bench.stove.start_timer("right", 20 * MINUTE, ANNA)
            await bench.stove.cancel_timer("right", ANNA)
            bench.stove.open_now(None, ANNA)
            seen: list[int] = []
            while len(seen) < 4:
                item = await items.next()
                if isinstance(item, Happened):
                    seen.append(item.entry.seq)
            assert seen == list(range(seen[0], seen[0] + 4))

    on_a_stove(tmp_path, act)


def test_a_command_that_comes_while_the_program_stops_closes_no_relay(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.stop()
        bench.keeper.said.clear()
        with pytest.raises(NotNow, match="flameout is being stopped"):
            await bench.stove.start_timer("left", MINUTE, ANNA)
        bench.stove.tick()
        assert [said for said in bench.keeper.said if said[0] == "permit"] == []

    on_a_stove(tmp_path, act)


def test_a_deadline_that_passes_while_the_program_stops_is_no_second_cut(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", MINUTE, ANNA)
        await bench.stove.stop()
        bench.clock.advance(2 * MINUTE)
        bench.keeper.sense(flames={"left": True})
        bench.keeper.open_by_itself("left", "lease")
        bench.keeper.leave()
        bench.stove.tick()
        bench.journal.close()
        assert kinds(bench, "left")[-1] == "timer_started"
        assert "stopped" in kinds(bench)

    on_a_stove(tmp_path, act)


def test_a_deadline_that_passed_just_before_the_program_stopped_is_on_record(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", MINUTE, ANNA)
        bench.clock.advance(MINUTE)
        await bench.stove.stop()
        bench.stove.keeper_opened(Opened("left", "deadline", True, 1))  # before it read our words
        bench.journal.close()
        assert kinds(bench, "left")[-1] == "shut_off"

    on_a_stove(tmp_path, act)


def test_a_journal_that_comes_late_knows_the_last_cut_of_each_burner_that_was_not_cut_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.journal.RETRY_EVERY", 0.02)
    (tmp_path / "disk").mkdir()

    async def act(bench: StoveBench) -> None:
        await bench.stove.shut_off("left", ANNA)
        await bench.stove.shut_off("right", ANNA)
        bench.stove.tick()
        await bench.journal.append([], {})  # that nothing is energised

    async def come_late(bench: StoveBench) -> None:
        bench.pass_time(HOUR)
        bench.stove.open_now("right", "Ben")
        await its_disk_is_there(bench, tmp_path)
        assert (last_cut(bench, "left"), last_cut(bench, "right")) == (("user", ANNA), ("user", "Ben"))

    on_a_stove(tmp_path / "disk", act)
    (tmp_path / "disk").rename(tmp_path / "away")
    (tmp_path / "disk").touch()
    on_a_stove(tmp_path / "disk", come_late)
