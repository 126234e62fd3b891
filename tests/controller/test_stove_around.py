"""What acts on a whole stove, or on it from around: attention, locks, sweep, nights, topics, converters."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from controller.journal import Query, read
from controller.stove import Stove
from controller.terms import NotNow
from controller.wall import Calendar
from hardware.client import KeeperClient
from hardware.clock import HOUR, MINUTE, SECOND, Millis
from hardware.gauges_client import Gauged, GaugesClient
from tests.controller.test_stove import last_cut
from tests.fakes import StoveBench, on_a_stove

ANNA = "phone:Anna"
FLAME = {"kind": "thermocouple", "adc": "ads1115", "channel": 0}
MEASURED = [
    {"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": FLAME},
    {"id": "right", "name": "Right", "relay": {"pin": 27}, "flame": FLAME | {"channel": 1}},
]
PRESENCE = [{"id": "presence", "mqtt": {"topic": "home/presence", "silent_after": "10m"}, "reset": "auto"}]
NIGHT = [{"from": "13:00", "to": "14:00"}]  # it is noon


async def on_record(bench: StoveBench, kind: str) -> list[tuple[str | None, str, dict[str, Any]]]:
    """Burner, author and details of every entry of a kind, oldest first."""
    await bench.journal.append([], {"read": bench.clock.now()})
    rows = read(bench.journal.path, Query(limit=1_000))
    return [(row.burner, row.by, dict(row.details)) for row in reversed(rows) if row.kind == kind]


def burn(bench: StoveBench, seconds: int, **flames: bool) -> None:
    """Let time pass with these flames, reported twice a second as the keeper does."""
    for _ in range(2 * seconds):
        bench.keeper.sense(flames=flames)
        bench.pass_time(500)


# --- commands to everything ---------------------------------------------------------------------------------


def test_attention_starts_a_burns_limit_anew_and_is_on_record(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        burn(bench, 60, left=True)
        view = await bench.stove.attend("left", ANNA)
        assert view.limit is not None
        assert view.limit.remaining_s == pytest.approx(bench.config.limits.unattended / 1000)
        assert await on_record(bench, "attended") == [("left", ANNA, {})]

    on_a_stove(tmp_path, act)


def test_attention_is_refused_while_there_is_no_keeper(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        burn(bench, 10, left=True)
        bench.keeper.leave()
        with pytest.raises(NotNow, match="keeper"):
            await bench.stove.attend("left", ANNA)

    on_a_stove(tmp_path, act)


def test_the_whole_stove_is_locked_and_unlocked_burner_by_burner(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        view = await bench.stove.lock_all(ANNA)
        assert view.child_lock
        assert bench.keeper.said == [("open", "left"), ("open", "right")]
        assert [(burner, by) for burner, by, _ in await on_record(bench, "locked")] == [("left", ANNA), ("right", ANNA)]
        view = await bench.stove.unlock_all(ANNA)
        assert not view.child_lock
        bench.pass_time(bench.config.limits.hold_open)
        assert [burner.permitted for burner in bench.stove.views()] == [True, True]

    on_a_stove(tmp_path, act)


def test_a_sweep_opens_what_is_idle_at_once_and_what_burns_after_a_warning(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        burn(bench, 10, left=True)
        bench.keeper.said.clear()
        view = await bench.stove.sweep(ANNA)
        assert ("open", "right") in bench.keeper.said
        assert ("open", "left") not in bench.keeper.said
        assert [burner.status for burner in view.burners] == ["ending", "shut_off"]
        assert await on_record(bench, "sweep") == [(None, ANNA, {"warned": 1})]
        burn(bench, 59, left=True)
        assert bench.stove.view("left").permitted
        burn(bench, 1, left=True)
        assert ("open", "left") in bench.keeper.said
        assert last_cut(bench, "left") == ("shut_off_all", ANNA)

    on_a_stove(tmp_path, act)


def test_the_daily_sweep_comes_at_its_time_by_itself_and_once(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        for _ in range(120):
            bench.pass_time(MINUTE)
        assert await on_record(bench, "sweep") == [(None, "daily sweep", {"warned": 1})], "left's flame is unknown"

    on_a_stove(tmp_path, act, sweep={"at": "13:00"})


# --- the time of day ----------------------------------------------------------------------------------------


def test_a_night_lock_holds_both_burners_from_its_start_to_its_end(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.pass_time(HOUR - 2 * MINUTE)
        assert bench.stove.view("left").permitted
        bench.pass_time(2 * MINUTE)
        assert [burner.status for burner in bench.stove.views()] == ["shut_off", "shut_off"]
        assert {("open", "left"), ("open", "right")} <= set(bench.keeper.said)
        bench.pass_time(MINUTE)
        assert [burner.status for burner in bench.stove.views()] == ["locked", "locked"]
        bench.pass_time(HOUR)
        assert [burner.permitted for burner in bench.stove.views()] == [True, True]
        assert [by for _, by, _ in await on_record(bench, "unlocked")] == ["night lock", "night lock"]

    on_a_stove(tmp_path, act, locks=NIGHT)


class EpochWall:
    """A Pi's wall clock before anybody has set it."""

    def wall(self) -> datetime:
        return datetime(1970, 1, 1, 13, 30, tzinfo=UTC)

    def local(self, naive: datetime) -> datetime:
        return naive.replace(tzinfo=UTC)

    def zoned(self, instant: datetime) -> datetime:
        return instant.astimezone(UTC)


@pytest.mark.parametrize("tables", [{"locks": NIGHT}, {"sweep": {"at": "13:00"}}])
def test_while_the_clock_is_not_set_nothing_happens_by_it_and_that_is_a_problem(
    tmp_path: Path, tables: dict[str, Any]
) -> None:
    async def act(bench: StoveBench) -> None:
        calendar = Calendar(bench.clock, EpochWall())
        keeper = cast(KeeperClient, bench.keeper)
        stove = Stove(bench.config, bench.clock, calendar, bench.journal, keeper, "1.2.3")
        stove.start()
        bench.keeper.serve(stove)
        for _ in range(60):
            bench.clock.advance(MINUTE)
            stove.tick()
        assert [burner.status for burner in stove.views()] == ["ready", "ready"]
        wait = "The clock is not set, so night locks and the sweep wait for it; check the network's time."
        assert wait in stove.problems()

    on_a_stove(tmp_path, act, **tables)


def test_a_set_clock_is_no_problem(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert not [problem for problem in bench.stove.problems() if "clock" in problem]

    on_a_stove(tmp_path, act, locks=NIGHT, sweep={"at": "13:00"})


# --- interlocks that speak by a topic -----------------------------------------------------------------------


def test_a_topic_cuts_every_burner_and_lets_go_after_it_was_quiet_for_a_while(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.stove.interlock_spoke("presence", active=True)
        assert {("open", "left"), ("open", "right")} <= set(bench.keeper.said)
        assert last_cut(bench, "right") == ("interlock", "presence")
        bench.pass_time(MINUTE)
        assert not bench.stove.view("left").permitted
        bench.stove.interlock_spoke("presence", active=False)
        bench.pass_time(MINUTE)
        assert bench.stove.view("left").permitted

    on_a_stove(tmp_path, act, interlocks=PRESENCE)


def test_a_topic_that_falls_silent_and_speaks_again_is_on_record_and_a_problem_meanwhile(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.stove.interlock_spoke("presence", active=False)
        bench.pass_time(10 * MINUTE - 1)
        assert not bench.stove.problems()
        bench.pass_time(1)
        assert [problem[:20] for problem in bench.stove.problems()] == ["Interlock presence: "]
        bench.pass_time(SECOND)
        bench.stove.interlock_spoke("presence", active=False)
        bench.pass_time(SECOND)
        assert not bench.stove.problems()
        told = await on_record(bench, "interlock")
        assert told == [(None, "mqtt", {"source": "presence", "silent": silent}) for silent in (True, False)]

    on_a_stove(tmp_path, act, interlocks=PRESENCE)


# --- thermocouples on converters of their own ---------------------------------------------------------------


def gauge(bench: StoveBench, duration: Millis, left: float, right: float) -> None:
    """Let time pass with about these voltages, read ten times a second; a sensor that never moves is frozen."""
    for read_as in range(duration // 100):
        bench.clock.advance(100)
        bench.keeper.sense()
        noise = 0.02 * (read_as % 3)
        bench.stove.gauged(Gauged(bench.clock.now(), {"left": left + noise, "right": right + noise}))
        bench.stove.tick()


def test_what_converters_read_becomes_each_burners_flame(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        gauge(bench, 5 * SECOND, 0.3, 0.3)
        assert [burner.flame for burner in bench.stove.views()] == ["out", "out"]
        for step in range(1, 40):
            gauge(bench, SECOND, min(20, step * 0.5), 0.3)
        assert [burner.flame for burner in bench.stove.views()] == ["lit", "out"]
        assert bench.stove.stove_view().in_use

    on_a_stove(tmp_path, act, burners=MEASURED)


def test_a_voltage_that_no_flame_makes_locks_its_burner_out_and_cuts_the_other(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        gauge(bench, 10 * SECOND, 0.3, 0.3)
        gauge(bench, 3 * SECOND, 12.0, 0.3)
        assert bench.stove.view("left").status == "lockout"
        assert last_cut(bench, "right") == ("fault", "left")
        assert [burner for burner, _, _ in await on_record(bench, "lockout")] == ["left"]
        assert ("left", "sensor", "foreign_voltage") in [
            (burner, by, details["reason"]) for burner, by, details in await on_record(bench, "shut_off")
        ]

    on_a_stove(tmp_path, act, burners=MEASURED)


def test_converters_that_are_not_read_are_a_problem_in_their_own_words(tmp_path: Path) -> None:
    class Broken:
        problem = "the converter does not answer"

    async def act(bench: StoveBench) -> None:
        nothing = "Left: its flame is unknown, for nothing is read from its thermocouple."
        assert nothing in bench.stove.problems()
        bench.stove.measure_with(cast(GaugesClient, Broken()))
        assert "Left: its flame is unknown, for the converter does not answer." in bench.stove.problems()

    on_a_stove(tmp_path, act, burners=MEASURED)
