"""The stove around its burners, in virtual time: what goes to the keeper, what comes from it, what is shown.

What has to do with the disk is in ``test_stove_on_record.py``.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from controller.events import CommandRefused, FlameChanged, KeeperLost, ShutOff, TimerEnding
from controller.journal import Entry, Journal
from controller.series import EACH
from controller.stove import Stove, UnknownBurner
from controller.stream import Happened, Item, StateChanged, Subscription
from controller.terms import NotAllowed, NotNow
from controller.wall import Calendar
from hardware.client import KeeperClient, Opened, Sensed
from hardware.clock import HOUR, MINUTE, SECOND
from hardware.origin import Reached
from hardware.protocol import LONGEST, Part, decode, encode
from tests.fakes import NOON, FixedWall, ManualClock, StoveBench, config, on_a_stove

ANNA = "phone:Anna"
MANUAL = [{"id": "gas_alarm", "input": {"pin": 5}, "reset": "manual"}]
AUTO = [{"id": "smoke", "input": {"pin": 6}, "reset": "auto"}]
HOLD_OPEN = 10 * SECOND


def permitted(bench: StoveBench, burner: str = "left") -> bool:
    return bench.stove.view(burner).permitted


def last_cut(bench: StoveBench, burner: str = "left") -> tuple[str, str] | None:
    last = bench.stove.view(burner).last_shut_off
    return (last.cause, last.by) if last is not None else None


def waiting(items: Subscription) -> list[Item]:
    """Everything that a reader has not read yet."""
    stream_end = StateChanged("end of what was waiting")
    items.put(stream_end)
    seen: list[Item] = []

    async def read() -> None:
        while (item := await items.next()) != stream_end:
            seen.append(item)

    coroutine = read()
    with pytest.raises(StopIteration):
        coroutine.send(None)  # all of it is there, so nothing is waited for
    return seen


# --- commands ----------------------------------------------------------------------------------------------


def test_a_locked_burner_is_opened_before_anything_goes_on_record(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        before: list[object] = []
        append = bench.journal.append

        def noted(entries: Sequence[Entry], standing: Mapping[str, Any]) -> asyncio.Future[None]:
            before.append(list(bench.keeper.said))
            return append(entries, standing)

        bench.journal.append = noted  # type: ignore[method-assign]
        await bench.stove.lock("left", ANNA)
        assert before[0] == [("open", "left")]

    on_a_stove(tmp_path, act)


def test_shutting_off_everything_is_one_word_to_the_keeper(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        bench.keeper.said.clear()
        view = await bench.stove.shut_off_all(ANNA)
        assert bench.keeper.said == [("open", None)]
        assert [burner.status for burner in view.burners] == ["shut_off", "shut_off"]
        assert last_cut(bench, "left") == last_cut(bench, "right") == ("shut_off_all", ANNA)

    on_a_stove(tmp_path, act)


def test_shutting_off_one_burner_leaves_the_others(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        view = await bench.stove.shut_off("left", ANNA)
        assert bench.keeper.said == [("open", "left")]
        assert (view.status, view.permitted) == ("shut_off", False)
        assert permitted(bench, "right")

    on_a_stove(tmp_path, act)


def test_a_burner_that_cannot_be_trusted_cuts_every_other_that_is_permitted(tmp_path: Path) -> None:
    pins = {"left": 17, "middle": 27, "right": 16}
    burners = [{"id": name, "name": name.title(), "relay": {"pin": pin}} for name, pin in pins.items()]
    burners[0]["contact"] = {"pin": 22}

    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("middle", ANNA)
        await bench.stove.lock("left", ANNA)
        bench.keeper.said.clear()
        for _ in range(40):  # its contact stays closed under an open relay
            bench.stove.keeper_sensed(Sensed(contacts={"left": True}))
            bench.pass_time(100)
        assert bench.stove.view("left").status == "lockout"
        assert last_cut(bench, "middle") == ("lock", ANNA), "its relay was open already"
        assert last_cut(bench, "right") == ("fault", "left")
        assert ("open", "right") in bench.keeper.said

    on_a_stove(tmp_path, act, burners=burners)


def test_a_burner_that_does_not_exist_is_told_so_and_nothing_is_opened(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        with pytest.raises(UnknownBurner):
            bench.stove.open_now("rear", ANNA)
        with pytest.raises(UnknownBurner):
            await bench.stove.start_timer("rear", MINUTE, ANNA)
        with pytest.raises(UnknownBurner):
            bench.stove.view("rear")
        assert bench.keeper.said == []
        assert bench.stove.burner_ids() == ["left", "right"]

    on_a_stove(tmp_path, act)


def test_a_timer_goes_to_the_keeper_as_the_instant_it_ends_at(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        view = await bench.stove.start_timer("right", 20 * MINUTE, ANNA)
        end = bench.clock.now() + 20 * MINUTE
        assert bench.keeper.said == [("permit", "right", end)]
        assert view.timer is not None
        assert view.timer.ends_at == (NOON + timedelta(minutes=20, seconds=11)).isoformat(timespec="milliseconds")
        await bench.stove.extend("right", 5 * MINUTE, ANNA)
        assert bench.keeper.said[1:] == [("permit", "right", end + 5 * MINUTE)]
        view = await bench.stove.cancel_timer("right", ANNA)
        assert view.timer is None
        assert bench.keeper.permitted_until("right") == bench.clock.now() + 6 * HOUR - SECOND

    on_a_stove(tmp_path, act)


def test_at_its_end_the_stove_opens_the_line_even_if_the_keeper_has_not(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("right", MINUTE, ANNA)
        bench.keeper.said.clear()
        bench.pass_time(MINUTE)
        assert bench.keeper.said == [("open", "right")]
        assert last_cut(bench, "right") == ("timer", ANNA)
        bench.pass_time(HOLD_OPEN)
        assert permitted(bench, "right")

    on_a_stove(tmp_path, act)


@pytest.mark.parametrize("command", ["start_timer", "extend", "cancel_timer"])
def test_a_deadline_that_has_passed_cannot_be_taken_back(tmp_path: Path, command: str) -> None:
    """Nobody has looked at the clock since it passed."""

    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("right", MINUTE, ANNA)
        bench.clock.advance(MINUTE)
        if command == "cancel_timer":
            await bench.stove.cancel_timer("right", ANNA)
        else:
            with pytest.raises(NotNow):
                await getattr(bench.stove, command)("right", MINUTE, ANNA)
        assert last_cut(bench, "right") == ("timer", ANNA)
        bench.stove.tick()
        assert not permitted(bench, "right")

    on_a_stove(tmp_path, act)


def test_the_default_timer_is_twenty_minutes_until_somebody_sets_it(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert bench.stove.default_timer() == 20 * MINUTE
        view = await bench.stove.set_default_timer(7 * MINUTE, ANNA)
        assert view.default_timer_s == 420
        for duration in (0, 999, -1, 4 * HOUR + 1):
            with pytest.raises(NotAllowed, match=r"is not within 1 s and 4 h\.$") as refused:
                await bench.stove.set_default_timer(duration, ANNA)
            assert refused.value.field == "duration"
        assert bench.stove.default_timer() == 7 * MINUTE

    on_a_stove(tmp_path, act)


def test_neither_the_default_timer_nor_a_preset_is_one_that_the_limit_forbids(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert bench.stove.default_timer() == 15 * MINUTE
        assert bench.stove.stove_view().presets_s == [300, 600]
        await bench.stove.start_timer("left", bench.stove.default_timer(), ANNA)
        bench.journal.standing["default_timer_ms"] = 3 * HOUR  # of a time when that was allowed
        assert bench.stove.default_timer() == 15 * MINUTE

    on_a_stove(tmp_path, act, limits={"longest_timer": "15m"})


def test_a_refused_command_goes_on_record(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        async with bench.stove.stream.subscribe() as items:
            bench.stove.refuse("left", "timer", "too long", "mqtt")
            (item,) = waiting(items)
            assert isinstance(item, Happened)
            assert item.event == CommandRefused(
                burner="left", at=bench.clock.now(), by="mqtt", command="timer", why="too long"
            )

    on_a_stove(tmp_path, act)


def test_the_simulated_knob_is_the_keepers_to_turn(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.simulate("left", "light")

    on_a_stove(tmp_path, act)


# --- idle = "locked" ---------------------------------------------------------------------------------------


def test_a_stove_that_locks_when_idle_permits_nothing_until_somebody_unlocks(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert [view.status for view in bench.stove.views()] == ["locked", "locked"]
        assert bench.keeper.said == []
        await bench.stove.unlock("left", ANNA)
        assert permitted(bench, "left")
        assert not permitted(bench, "right")
        await bench.stove.shut_off("left", ANNA)
        bench.pass_time(HOLD_OPEN)
        assert bench.stove.view("left").status == "locked"
        await bench.stove.reset("left", ANNA)
        assert permitted(bench, "left")
        assert not bench.stove.stove_view().child_lock, "nobody set it"

    on_a_stove(tmp_path, act, stove={"idle": "locked"})


def test_the_child_lock_of_the_stove_is_on_when_every_burners_is(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("left", ANNA)
        assert not bench.stove.stove_view().child_lock
        await bench.stove.lock("right", ANNA)
        assert bench.stove.stove_view().child_lock
        await bench.stove.unlock("left", ANNA)
        assert not bench.stove.stove_view().child_lock

    on_a_stove(tmp_path, act)


# --- start, stop and the lease -----------------------------------------------------------------------------


def test_what_the_machine_lacks_stands_among_the_problems_and_stops_nothing(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.stove.machine_lacks(["This machine, kernel panic: …"])
        assert bench.stove.problems() == bench.stove.stove_view().problems == ["This machine, kernel panic: …"]
        assert bench.stove.own_problems() == []
        await bench.stove.start_timer("left", MINUTE, ANNA)

    on_a_stove(tmp_path, act)


def test_nothing_is_permitted_before_a_keeper_is_there_and_its_lines_have_been_open_for_long_enough(
    tmp_path: Path,
) -> None:
    async def act(bench: StoveBench) -> None:
        bench.stove.start()
        bench.pass_time(HOUR)
        assert bench.keeper.said == []
        assert bench.stove.problems() == ["The keeper is being started."]
        with pytest.raises(NotNow, match=r"^The keeper is being started\. Every relay is open until it is there\.$"):
            await bench.stove.start_timer("left", MINUTE, ANNA)
        bench.keeper.serve(bench.stove)
        bench.pass_time(HOLD_OPEN - 1)
        assert bench.keeper.said == []
        bench.pass_time(1)
        assert permitted(bench)
        assert bench.stove.problems() == []

    on_a_stove(tmp_path, act, started=False)


def test_every_tick_renews_the_lease_and_nothing_else_does(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        renewals = bench.keeper.renewals
        bench.keeper.sense()
        await bench.stove.start_timer("left", MINUTE, ANNA)
        assert bench.keeper.renewals == renewals
        bench.pass_time(200)
        assert bench.keeper.renewals == renewals + 1

    on_a_stove(tmp_path, act)


def test_a_tick_that_fails_does_not_renew_the_lease(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        def fail(line: str) -> int:
            raise RuntimeError(line)

        renewals = bench.keeper.renewals
        bench.keeper.permitted_until = fail  # type: ignore[method-assign]
        bench.clock.advance(200)
        with pytest.raises(RuntimeError):
            bench.stove.tick()
        assert bench.keeper.renewals == renewals

    on_a_stove(tmp_path, act)


def test_a_tick_renews_the_lease_before_it_permits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A controller whose clock has jumped is dropped for its renewal, before a permit of it closes a relay."""

    async def act(bench: StoveBench) -> None:
        order: list[str] = []
        monkeypatch.setattr(bench.keeper, "renew", lambda: order.append("renew"))
        monkeypatch.setattr(bench.keeper, "permit", lambda *_: order.append("permit"))
        bench.pass_time(SECOND)
        assert order == ["renew", "permit", "permit"]

    on_a_stove(tmp_path, act)


@pytest.mark.parametrize("lease", ["0.5s", "1s", "2.5s", "10s"])
def test_the_lease_is_renewed_several_times_before_it_lapses(tmp_path: Path, lease: str) -> None:
    async def act(bench: StoveBench) -> None:
        assert bench.stove.tick_every * 4 <= bench.config.keeper.lease
        assert bench.stove.tick_every <= 250

    on_a_stove(tmp_path, act, keeper={"lease": lease})


def test_a_command_that_comes_while_the_stove_stops_closes_nothing(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("right", ANNA)
        await bench.stove.stop()
        assert not permitted(bench)
        bench.keeper.said.clear()
        await bench.stove.unlock("right", ANNA)
        with pytest.raises(NotNow, match="flameout is being stopped") as refused:
            await bench.stove.start_timer("left", MINUTE, ANNA)
        assert refused.value.code == "stopping"
        bench.pass_time(HOUR)
        assert not [said for said in bench.keeper.said if said[0] == "permit"]

    on_a_stove(tmp_path, act)


def test_the_loop_turns_until_it_is_cancelled(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        renewals = bench.keeper.renewals
        loop = asyncio.create_task(bench.stove.run())
        bench.clock.advance(1)
        await asyncio.sleep(0)
        assert bench.keeper.renewals == renewals + 1
        assert bench.stove.alive()
        loop.cancel()
        bench.clock.advance(999)
        assert bench.stove.alive()
        bench.clock.advance(1)
        assert not bench.stove.alive(), "nobody has looked at the clock for a second"

    on_a_stove(tmp_path, act)


def test_without_a_keeper_the_stove_is_not_alive(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert bench.stove.alive()
        bench.keeper.leave()
        assert not bench.stove.alive()

    on_a_stove(tmp_path, act)


# --- a keeper that goes ------------------------------------------------------------------------------------


def test_a_lost_keeper_is_a_cut_and_the_next_one_starts_with_open_lines(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        bench.keeper.leave("killed by signal 9")
        assert last_cut(bench, "left") == last_cut(bench, "right") == ("supervision", "keeper")
        assert bench.stove.view("left").timer is None
        assert bench.stove.problems() == ["The keeper is gone: killed by signal 9. A new one is being started."]
        bench.pass_time(HOUR)
        bench.keeper.serve(bench.stove)
        bench.stove.tick()
        assert not permitted(bench), "a valve that was open needs its time"
        bench.pass_time(HOLD_OPEN)
        assert permitted(bench)

    on_a_stove(tmp_path, act)


def test_a_cut_that_was_there_before_the_keeper_went_stays_the_last_one(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.shut_off("left", ANNA)
        bench.keeper.leave()
        assert last_cut(bench) == ("user", ANNA)

    on_a_stove(tmp_path, act)


def test_a_keeper_that_cannot_be_reached_for_hours_is_one_loss_and_one_cut(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        async with bench.stove.stream.subscribe(100_000) as items:
            for _ in range(600):
                bench.keeper.leave("no keeper to be reached: No such file or directory")
                bench.pass_time(6 * SECOND)
            events = [item.event for item in waiting(items) if isinstance(item, Happened)]
        cuts = [event.burner for event in events if isinstance(event, ShutOff)]
        assert cuts == ["left", "right"], "an open line cannot be cut"
        assert len([event for event in events if isinstance(event, KeeperLost)]) == 1

    on_a_stove(tmp_path, act)


def test_a_keeper_that_is_lost_for_another_reason_is_news(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.leave("hung up")
        async with bench.stove.stream.subscribe() as items:
            bench.keeper.leave("there is no pin factory 'x'")
            (event,) = [item.event for item in waiting(items) if isinstance(item, Happened)]
        assert event == KeeperLost(burner=None, at=bench.clock.now(), by="keeper", why="there is no pin factory 'x'")
        assert "no pin factory 'x'" in bench.stove.problems()[0]

    on_a_stove(tmp_path, act)


class Stopped:
    """A keeper's process that greets and then answers nothing more, as one that was stopped."""

    owned = True

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.setblocking(False)
        self.killed = False

    def reach(self) -> Reached:
        return cast(Reached, self)

    @property
    def connection(self) -> socket.socket:
        return self.ours

    @property
    def pid(self) -> int:
        return 4711

    def kill(self) -> None:
        self.killed = True

    def reap(self) -> None:
        self.theirs.close()

    def greet(self) -> None:
        assert decode(self.theirs.recv(LONGEST))["type"] == "hello"
        hello = {"type": "hello", "version": 1, "pid": 4711, "simulated": False, "lines": {"left": 0, "right": 0}}
        self.theirs.send(encode(hello))
        self.theirs.send(encode({"type": "done", "seq": 1, "line": None}))


@pytest.mark.parametrize("lease", ["0.5s", "1s", "3s", "10s"])
def test_a_keeper_that_stops_answering_is_killed_whatever_the_lease(tmp_path: Path, lease: str) -> None:
    """Its lines may stay as they are, energised, for as long as it is stopped."""

    async def act() -> None:
        clock, configuration = ManualClock(), config(keeper={"lease": lease})
        origin, journal = Stopped(), Journal(tmp_path / "j.db")
        client = KeeperClient(origin, clock, patience=min(configuration.keeper.lease, SECOND))
        stove = Stove(configuration, clock, Calendar(clock, FixedWall(clock)), journal, client, "1.2.3")
        keeping = asyncio.create_task(client.run(stove))
        await asyncio.sleep(0)
        stove.start()
        origin.greet()
        waited = 0
        while not origin.killed and waited < 30 * SECOND:
            clock.advance(stove.tick_every)
            waited += stove.tick_every
            stove.tick()
            await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        journal.close()
        assert origin.killed
        assert waited <= 3 * SECOND

    asyncio.run(act())


# --- what the keeper opens ---------------------------------------------------------------------------------


def test_a_line_the_keeper_opened_is_shown_open_and_held(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("right", 20 * MINUTE, ANNA)
        bench.keeper.open_by_itself("right", "lease")
        view = bench.stove.view("right")
        assert (view.status, view.permitted, view.timer) == ("shut_off", False, None)
        assert last_cut(bench, "right") == ("supervision", "keeper")
        bench.pass_time(HOLD_OPEN)
        assert permitted(bench, "right")

    on_a_stove(tmp_path, act)


def test_a_permit_that_died_on_its_way_is_no_cut_and_is_sent_anew(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.open_by_itself("right", "lease")
        bench.pass_time(HOLD_OPEN)
        before = last_cut(bench, "right")
        await bench.stove.shut_off("left", ANNA)
        bench.keeper.open_by_itself("left", "lease")  # it was open
        assert last_cut(bench, "left") == ("user", ANNA)
        assert last_cut(bench, "right") == before

    on_a_stove(tmp_path, act)


def test_a_permit_that_was_still_on_its_way_when_the_keeper_opened_its_line_is_no_cut(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.stove.keeper_opened(Opened("right", "lease", cut=False, at=bench.clock.now()))
        assert last_cut(bench, "right") is None
        assert bench.stove.view("right").status == "ready"

    on_a_stove(tmp_path, act)


@pytest.mark.parametrize("cause", ["readback", "gas_alarm"])
def test_what_fell_due_before_the_keeper_opened_a_line_is_told_before_it(tmp_path: Path, cause: str) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("right", 5 * MINUTE, ANNA)
        async with bench.stove.stream.subscribe() as items:
            bench.clock.advance(4 * MINUTE)  # its warning is due, and nobody has looked yet
            bench.keeper.open_by_itself("right", cause)
            events = [type(item.event) for item in waiting(items) if isinstance(item, Happened)]
        assert events[:2] == [TimerEnding, ShutOff]

    on_a_stove(tmp_path, act, interlocks=MANUAL)


def test_a_deadline_met_late_after_an_extension_is_the_keepers_cut_and_stays_one(tmp_path: Path) -> None:
    """The extension was on its way when the keeper opened the line; its permit is void."""

    async def act(bench: StoveBench) -> None:
        await bench.stove.start_timer("right", MINUTE, ANNA)
        bench.clock.advance(MINUTE - 1)
        await bench.stove.extend("right", MINUTE, ANNA)
        bench.clock.advance(1)
        bench.keeper.open_by_itself("right", "deadline")
        assert last_cut(bench, "right") == ("supervision", "keeper")
        bench.stove.tick()
        assert not permitted(bench, "right")

    on_a_stove(tmp_path, act)


# --- interlocks --------------------------------------------------------------------------------------------


def test_an_alarm_that_the_keeper_acted_on_locks_every_burner_out(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        for line in ("left", "right"):
            bench.keeper.open_by_itself(line, "gas_alarm")
        assert last_cut(bench, "left") == last_cut(bench, "right") == ("interlock", "gas_alarm")
        assert [view.status for view in bench.stove.views()] == ["lockout", "lockout"]
        bench.keeper.sense(inputs={"gas_alarm": True})
        bench.pass_time(HOUR)
        with pytest.raises(NotNow, match="while gas_alarm is active"):
            await bench.stove.reset("left", ANNA)
        bench.keeper.sense(inputs={"gas_alarm": False})
        bench.pass_time(2 * SECOND)
        await bench.stove.reset("left", ANNA)
        assert permitted(bench, "left")
        assert not permitted(bench, "right"), "every burner is reset by itself"

    on_a_stove(tmp_path, act, interlocks=MANUAL)


def test_an_alarm_on_an_open_line_counts_as_soon_as_it_is_reported(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.shut_off_all(ANNA)
        bench.keeper.open_by_itself("left", "gas_alarm")
        bench.keeper.sense(inputs={"gas_alarm": True})
        bench.keeper.sense(inputs={"gas_alarm": False})
        assert [view.status for view in bench.stove.views()] == ["lockout", "lockout"], "brief as it was"

    on_a_stove(tmp_path, act, interlocks=MANUAL)


def test_an_alarm_that_resets_by_itself_holds_until_it_clears(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.open_by_itself("left", "smoke")
        bench.keeper.sense(inputs={"smoke": True})
        bench.pass_time(HOUR)
        assert [view.status for view in bench.stove.views()] == ["locked", "locked"]
        bench.keeper.sense(inputs={"smoke": False})
        bench.pass_time(1_999)
        assert not permitted(bench, "left"), "one that flickers does not let go in between"
        bench.pass_time(1)
        assert permitted(bench, "left")
        assert last_cut(bench, "left") == last_cut(bench, "right") == ("interlock", "smoke")

    on_a_stove(tmp_path, act, interlocks=AUTO)


def test_an_input_that_the_configuration_does_not_know_locks_out(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(inputs={"tilt": True})
        assert bench.stove.view("left").status == "lockout"

    on_a_stove(tmp_path, act)


# --- flames and contacts -----------------------------------------------------------------------------------


def test_a_flame_starts_the_limit_and_the_limit_cuts(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False})
        bench.pass_time(SECOND)
        assert bench.stove.view("left").limit is None
        bench.keeper.sense(flames={"left": True})
        limit = bench.stove.view("left").limit
        assert limit is not None
        assert limit.remaining_s == 7_200
        bench.pass_time(SECOND)
        assert bench.keeper.permitted_until("left") == bench.clock.now() - SECOND + 2 * HOUR
        bench.keeper.sense(flames={"left": True})
        bench.pass_time(2 * HOUR - SECOND)
        assert last_cut(bench) == ("limit", "limits.unattended")
        assert not permitted(bench)

    on_a_stove(tmp_path, act)


def test_a_limit_that_has_passed_is_not_forgotten_because_the_flame_went_out(tmp_path: Path) -> None:
    """The reading arrives before anybody has looked at the clock."""

    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": True})
        bench.pass_time(SECOND)
        bench.clock.advance(2 * HOUR - SECOND)
        bench.keeper.sense(flames={"left": False})
        bench.stove.tick()
        assert last_cut(bench) == ("limit", "limits.unattended")
        assert not permitted(bench)

    on_a_stove(tmp_path, act)


def test_a_sensor_that_falls_silent_is_unknown_within_two_seconds_and_counts_as_lit(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False})
        bench.pass_time(1_800)
        assert bench.stove.view("left").flame == "out"
        bench.pass_time(1)
        assert bench.stove.view("left").flame == "unknown"
        assert bench.stove.view("left").limit is not None
        assert bench.stove.stove_view().in_use, "unknown is not out"

    on_a_stove(tmp_path, act)


def test_a_flame_that_is_not_reported_any_more_is_unknown(tmp_path: Path) -> None:
    """As from a keeper that was started anew with other wiring."""

    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False})
        bench.keeper.sense(flames={})
        assert bench.stove.view("left").flame == "unknown"

    on_a_stove(tmp_path, act)


def test_without_a_keeper_no_reading_counts(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False}, contacts={"left": True})
        bench.keeper.leave()
        bench.pass_time(200)
        assert (bench.stove.view("left").flame, bench.stove.view("left").contact) == ("unknown", "unknown")

    on_a_stove(tmp_path, act)


def test_millivolts_become_a_flame(tmp_path: Path) -> None:
    probe = {"kind": "thermocouple", "adc": "ads1115", "channel": 0}
    burners = [{"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": probe}]

    async def act(bench: StoveBench) -> None:
        for millivolts, flame in ((0.1, "out"), (14.0, "lit"), (3.0, "lit"), (1.9, "out"), (None, "unknown")):
            bench.clock.advance(SECOND)
            bench.keeper.sense(millivolts={"left": millivolts})
            assert (bench.stove.view("left").flame, bench.stove.view("left").millivolts) == (
                flame,
                millivolts if flame != "unknown" else None,
            )

    on_a_stove(tmp_path, act, burners=burners, keeper={"pin_factory": "simulated"})


def test_a_stove_without_flame_sensing_does_not_say_whether_it_is_in_use(tmp_path: Path) -> None:
    burners = [{"id": "left", "name": "Left", "relay": {"pin": 17}}]

    async def act(bench: StoveBench) -> None:
        assert bench.stove.stove_view().in_use is None
        bench.keeper.sense(flames={"left": True})
        assert bench.stove.view("left").flame == "unknown"
        assert bench.stove.view("left").limit is None

    on_a_stove(tmp_path, act, burners=burners)


def test_a_relay_that_does_not_close_is_a_problem_in_words(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False}, contacts={"left": False})
        bench.pass_time(200)
        assert bench.stove.view("left").problem is None, "a relay and its contact need a moment"
        bench.clock.advance(SECOND + 1)
        bench.keeper.sense(flames={"left": False}, contacts={"left": False})
        assert bench.stove.view("left").problem == (
            "Left: the relay does not close although it is energised; check relay, driver and contact wiring."
        )
        bench.keeper.sense(flames={"left": False}, contacts={"left": True})
        bench.pass_time(200)
        assert bench.stove.view("left").problem is None
        assert bench.stove.stove_view().status == "ok"

    on_a_stove(tmp_path, act)


# --- what is shown and announced ---------------------------------------------------------------------------


def test_every_change_is_announced_once(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        async with bench.stove.stream.subscribe() as items:
            await bench.stove.start_timer("right", 20 * MINUTE, ANNA)
            changes = [item for item in waiting(items) if isinstance(item, StateChanged)]
            assert changes == [StateChanged("right"), StateChanged(None)]
            bench.pass_time(SECOND)
            assert waiting(items) == [], "a countdown is no change"
            bench.keeper.sense(flames={"left": True})
            bench.keeper.sense(flames={"left": True})
            seen = waiting(items)
            assert seen.count(StateChanged("left")) == 1
            assert len([item for item in seen if isinstance(item, Happened)]) == 1

    on_a_stove(tmp_path, act)


def test_a_change_of_the_flame_is_an_event(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": False})
        async with bench.stove.stream.subscribe() as items:
            bench.keeper.sense(flames={"left": True})
            (event,) = [item.event for item in waiting(items) if isinstance(item, Happened)]
        assert event == FlameChanged(burner="left", at=bench.clock.now(), by="sensor", flame="lit")

    on_a_stove(tmp_path, act)


def test_the_answer_of_the_keeper_is_announced(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        before = bench.stove.revision("right")
        bench.stove.permit_answered("right")
        assert bench.stove.revision("right") == before
        bench.keeper.open("right")
        bench.stove.permit_answered("right")
        assert bench.stove.revision("right") != before

    on_a_stove(tmp_path, act)


def test_the_stoves_revision_changes_with_any_burners(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        seen = {bench.stove.revision(None)}
        left = bench.stove.revision("left")
        await bench.stove.start_timer("right", MINUTE, ANNA)
        seen.add(bench.stove.revision(None))
        bench.pass_time(30 * SECOND)
        seen.add(bench.stove.revision(None))
        await bench.stove.shut_off("right", ANNA)
        seen.add(bench.stove.revision(None))
        assert len(seen) == 4
        assert bench.stove.revision("left") == left

    on_a_stove(tmp_path, act)


def test_the_stoves_revision_changes_with_what_is_the_stoves_own(tmp_path: Path) -> None:
    """Else somebody who asks again would be told that nothing has changed."""

    async def act(bench: StoveBench) -> None:
        before = bench.stove.revision(None)
        await bench.stove.set_default_timer(7 * MINUTE, ANNA)
        after = bench.stove.revision(None)
        assert after != before
        await bench.stove.shut_off_all(ANNA)
        held = bench.stove.revision(None)
        bench.keeper.leave()  # every burner is held and looks as before
        assert bench.stove.revision(None) != held

    on_a_stove(tmp_path, act)


def test_a_disk_that_begins_to_fail_is_announced(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        before = bench.stove.revision(None)
        bench.pass_time(SECOND)
        assert bench.stove.revision(None) == before
        async with bench.stove.stream.subscribe() as items:
            bench.journal.problem = "The journal cannot be written: disk full."
            bench.pass_time(SECOND)
            assert waiting(items) == [StateChanged(None)]
            assert bench.stove.revision(None) != before
            bench.journal.problem = None
            bench.pass_time(SECOND)
            assert waiting(items) == [StateChanged(None)]

    on_a_stove(tmp_path, act)


def test_two_runs_of_the_program_have_no_revision_in_common(tmp_path: Path) -> None:
    revisions: list[str] = []

    async def act(bench: StoveBench) -> None:
        revisions.extend([bench.stove.revision("left"), bench.stove.revision(None)])

    on_a_stove(tmp_path, act)
    on_a_stove(tmp_path, act)
    assert len(set(revisions)) == 4


def test_the_next_shut_off_of_the_stove_is_the_earliest_of_its_burners(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert bench.stove.stove_view().next_shut_off is not None, "of a flame that is unknown"
        bench.keeper.sense(flames={"left": False})
        assert bench.stove.stove_view().next_shut_off is None
        await bench.stove.start_timer("left", 20 * MINUTE, ANNA)
        await bench.stove.start_timer("right", 10 * MINUTE, ANNA)
        view = bench.stove.stove_view()
        timer = view.burners[1].timer
        assert timer is not None
        assert view.next_shut_off == timer.ends_at
        assert (view.id, view.name, view.version, view.status) == ("kitchen", "Kitchen hob", "1.2.3", "ok")
        assert view.started_at == NOON.isoformat(timespec="milliseconds")

    on_a_stove(tmp_path, act)


def test_a_wall_time_is_as_far_ahead_as_the_wall_clock_says(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        assert bench.stove.until("2026-11-23T13:00:11+01:00") == 0
        assert bench.stove.until("2026-11-23T12:10:11Z") == 10 * MINUTE
        assert bench.stove.until("2026-11-23T11:50:11Z") == -10 * MINUTE
        with pytest.raises(ValueError, match="has no zone"):
            bench.stove.until("2026-11-23T12:10:11")

    on_a_stove(tmp_path, act)


# --- two relays in series ----------------------------------------------------------------------------------


def test_a_contact_read_before_a_relay_closed_does_not_pass_the_other_one(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        def tick_until_tested() -> None:
            for _ in range(0, EACH + 1, 50):
                bench.clock.advance(50)
                bench.stove.tick()

        bench.keeper.sense(contacts={"left": False})
        assert bench.keeper.part("left") is Part.FIRST
        tick_until_tested()
        assert bench.keeper.part("left") is Part.FIRST, "nothing was read since the first one closed"
        bench.keeper.sense(contacts={"left": False})
        bench.stove.tick()
        assert bench.keeper.part("left") is Part.SECOND
        tick_until_tested()
        bench.keeper.sense(contacts={"left": True})
        assert bench.stove.view("left").status == "lockout", "the second one alone closed it: the first is welded"

    left = {"id": "left", "name": "Left", "relay": {"pin": 17, "second_pin": 27}, "contact": {"pin": 16}}
    on_a_stove(tmp_path, act, burners=[left])
