"""What the keeper does with its lines, in its own loop and in virtual time."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from unittest import mock

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.clock import HOUR, BootClock, ClockFault
from hardware.drive import Drive
from hardware.keeper import READ_BACK_WITHIN, Keeper
from hardware.protocol import VERSION
from hardware.settings import keeper_settings
from tests.hardware.virtual_keeper import DOCUMENT, ESTOP, LAMP, LEFT, RIGHT, VirtualKeeper, listening

BLIND_PINS = (17, 27, 22, 23, 24, 25, 12, 13)


@pytest.fixture
def kept() -> Iterator[VirtualKeeper]:
    with VirtualKeeper() as made:
        made.greet()
        yield made


def test_every_line_is_claimed_low_and_stays_so_without_a_permit() -> None:
    with VirtualKeeper() as kept:
        kept.pass_time(200)
        assert kept.factory.levels == []
        assert (kept.high(LEFT), kept.high(RIGHT)) == (False, False)


def test_the_greeting_names_process_pins_and_generations_and_readings_follow_at_once() -> None:
    with VirtualKeeper() as kept:
        kept.pass_time(1_000)
        assert kept.heard("hello", "done", "sensed") != [], "readings do not wait for a greeting"
        kept.controller.say("hello", version=VERSION)
        kept.turn()
        hello = {
            "type": "hello",
            "version": VERSION,
            "pid": os.getpid(),
            "simulated": True,
            "lines": {"left": 0, "right": 0},
            "settings": keeper_settings(DOCUMENT).fingerprint,
        }
        assert kept.heard() == [hello, {"type": "done", "seq": 1, "line": None}]
        kept.pass_time(100)
        assert len(kept.heard("sensed")) == 1


def test_readings_are_told_twice_a_second_and_a_change_at_once(kept: VirtualKeeper) -> None:
    kept.pass_time(100)
    kept.heard("sensed")
    told = []
    for _ in range(20):
        kept.pass_time(100)
        told.append(len(kept.heard("sensed")))
    assert told == [0, 0, 0, 0, 1] * 4
    kept.energise("left")
    kept.pass_time(200)
    assert [reading["contacts"] for reading in kept.heard("sensed")][-1] == {"left": True}


def test_a_permit_energises_its_line_alone_and_opening_it_is_answered(kept: VirtualKeeper) -> None:
    kept.controller.say("renew")
    kept.controller.permit("left")
    kept.turn()
    kept.turn()
    pauses_at = kept.clock.now() + 2 * HOUR
    granted = {"type": "done", "seq": 3, "line": "left", "pauses_at": pauses_at}
    assert kept.heard() == [{"type": "done", "seq": 2, "line": None}, granted]
    assert (kept.high(LEFT), kept.high(RIGHT)) == (True, False)
    kept.controller.say("open", line="left")
    kept.turn()
    assert kept.heard() == [{"type": "done", "seq": 4, "line": "left"}]
    assert not kept.high(LEFT)


def test_opening_all_opens_each(kept: VirtualKeeper) -> None:
    kept.energise("left")
    kept.energise("right")
    kept.heard()
    kept.controller.say("open", line=None)
    kept.turn()
    assert kept.heard() == [{"type": "done", "seq": 6, "line": None}]
    assert (kept.high(LEFT), kept.high(RIGHT)) == (False, False)
    kept.pass_time(20_000)
    assert not [told for told in kept.heard("opened") if told["cut"]], "what was opened already is not cut again"


def test_a_renewed_permit_moves_no_line(kept: VirtualKeeper) -> None:
    kept.energise("left", 1_000)
    kept.energise("left", 5_000)
    assert kept.factory.levels == [(0, LEFT, True)]


def test_the_keeper_wakes_to_the_millisecond_at_the_end_of_a_permit(kept: VirtualKeeper) -> None:
    kept.energise("right", 60_000)
    kept.at(3, lambda: kept.controller.permit("left", 4_321))
    kept.at(5_000, lambda: kept.controller.say("renew"))
    kept.serve(until=8_000)
    assert (4_324, LEFT, False) in kept.factory.levels
    assert (8_000, RIGHT, False) in kept.factory.levels


def test_an_opening_at_the_deadline_is_told_with_its_cause(kept: VirtualKeeper) -> None:
    kept.energise("left", 300)
    kept.heard()
    kept.pass_time(299)
    assert kept.high(LEFT)
    kept.pass_time(1)
    assert not kept.high(LEFT)
    opened = {"type": "opened", "line": "left", "cause": "deadline", "cut": True, "generation": 1}
    assert kept.heard() == [opened | {"at": kept.start + 300}]


def test_the_keeper_wakes_to_the_millisecond_when_the_lease_lapses(kept: VirtualKeeper) -> None:
    kept.energise("left", 60_000)
    kept.serve(until=12_000)
    assert kept.factory.levels == [(0, LEFT, True), (10_000, LEFT, False)]


def test_a_denied_permit_opens_its_line_and_no_other(kept: VirtualKeeper) -> None:
    kept.energise("left")
    kept.energise("right")
    kept.heard()
    kept.controller.say("permit", line="left", not_after=1, generation=0, part="both")
    kept.turn()
    why = "it has already ended"
    assert kept.heard() == [{"type": "refused", "seq": 6, "line": "left", "generation": 0, "why": why}]
    assert (kept.high(LEFT), kept.high(RIGHT)) == (False, True)


def test_a_refusal_names_the_generation_that_the_line_has_now(kept: VirtualKeeper) -> None:
    kept.energise("left", 100)
    kept.pass_time(100)
    kept.heard()
    kept.controller.permit("left")
    kept.turn()
    refused = kept.heard()
    assert [(told["type"], told["generation"]) for told in refused] == [("refused", 1)]


def test_what_is_not_of_a_line_is_refused_without_one(kept: VirtualKeeper) -> None:
    kept.controller.say("simulate", burner="left", action="dance")
    kept.controller.say("indicate", output="horn", pattern="on")
    kept.turn()
    kept.turn()
    dance, horn = kept.heard()
    assert dance["why"].startswith("a simulated burner cannot 'dance'; it knows ")
    assert horn == {"type": "refused", "seq": 3, "line": None, "generation": 0, "why": "there is no output 'horn'"}


def test_the_simulated_hob_feels_a_hand(kept: VirtualKeeper) -> None:
    kept.energise("left")
    kept.heard()
    kept.controller.say("simulate", burner="left", action="fault contact_stuck")
    kept.turn()
    assert kept.heard() == [{"type": "done", "seq": 4, "line": None}]
    kept.controller.say("open", line="left")
    kept.turn()
    kept.pass_time(200)
    assert kept.heard("sensed")[-1]["contacts"] == {"left": True}


def test_nobody_turns_the_knob_of_a_hob_on_real_pins() -> None:
    with VirtualKeeper() as kept:
        with mock.patch("hardware.keeper.open_factory", return_value=MockFactory()):
            keeper = Keeper(keeper_settings(DOCUMENT), cast(BootClock, kept.clock))
        keeper.attach(kept.swap())
        kept.controller.say("hello", version=VERSION)
        kept.controller.say("simulate", burner="left", action="light")
        for _ in range(2):
            keeper.turn(None, 0)
        hello, _, refused = kept.heard()
        assert hello["simulated"] is False
        assert (refused["type"], refused["why"]) == ("refused", "the pins are real")
        kept.controller.connection.close()
        keeper.turn(None, 0)


# --- inputs that open every line ----------------------------------------------------------------------------


def test_an_emergency_button_opens_every_line_in_the_keeper_itself() -> None:
    with VirtualKeeper(**ESTOP) as kept:
        kept.greet()
        kept.energise("left")
        kept.energise("right")
        kept.heard()
        kept.factory.simulate("estop", "trip")
        kept.pass_time(100)
        assert (kept.high(LEFT), kept.high(RIGHT)) == (False, False)
        told = kept.heard()
        assert [(opened["line"], opened["cause"], opened["cut"]) for opened in told] == [
            ("left", "estop", True),
            ("right", "estop", True),
        ]
        assert {opened["at"] for opened in told} == {kept.start + 100}, "two polls that agree, 50 ms apart"


def test_no_line_closes_while_the_button_is_pressed_and_each_may_after_it() -> None:
    with VirtualKeeper(**ESTOP) as kept:
        kept.greet()
        kept.factory.simulate("estop", "trip")
        kept.pass_time(100)
        kept.controller.generations = {"left": 1, "right": 1}
        kept.heard()
        kept.energise("left")
        assert kept.heard("refused")[0]["why"] == "input 'estop' is tripped"
        kept.factory.simulate("estop", "clear")
        kept.pass_time(100)
        kept.energise("left")
        assert kept.high(LEFT)


def test_a_button_that_is_pressed_at_the_start_forbids_every_line() -> None:
    with VirtualKeeper(lambda board: board.simulate("estop", "trip"), **ESTOP) as kept:
        kept.greet()
        kept.energise("left")
        assert kept.heard("refused")[0]["why"] == "input 'estop' is tripped"
        assert not kept.high(LEFT)


SHORT = {"keeper": DOCUMENT["keeper"] | {"longest_permit": "2s", "longest_energised": "3s"}}


def learn(kept: VirtualKeeper) -> None:
    """Take over the generations that the keeper told with its openings."""
    kept.controller.generations = {opened["line"]: opened["generation"] for opened in kept.heard("opened")}


def trip(kept: VirtualKeeper) -> None:
    for action in ("trip", "clear"):
        kept.factory.simulate("estop", action)
        kept.pass_time(200)
    learn(kept)


def misread(kept: VirtualKeeper) -> None:
    kept.factory.stuck[LEFT] = False
    kept.pass_time(200)
    kept.factory.stuck.clear()
    kept.pass_time(200)
    learn(kept)


def ask(kept: VirtualKeeper) -> None:
    kept.pass_time(200)
    kept.controller.say("open", line="left")
    kept.turn()
    kept.pass_time(200)


@pytest.mark.parametrize("interrupt", [trip, misread, ask])
def test_an_opening_that_is_shorter_than_a_pause_does_not_start_the_longest_time_anew(
    interrupt: Callable[[VirtualKeeper], None],
) -> None:
    with VirtualKeeper(**ESTOP, **SHORT) as kept:
        kept.greet()
        kept.energise("left", 2_000)
        interrupt(kept)
        assert not kept.high(LEFT)
        kept.pass_time(1_000)
        kept.energise("left", 2_000)
        assert kept.high(LEFT)
        kept.heard()
        kept.pass_time(3_000)
        (opened,) = [told for told in kept.heard("opened") if told["cut"]]
        assert (opened["cause"], opened["at"]) == ("energised", kept.start + 3_000)


# --- what the chip reads back -------------------------------------------------------------------------------


@pytest.mark.parametrize(("pin", "level"), [(LEFT, False), (RIGHT, True)])
def test_a_level_that_is_not_what_was_written_opens_every_line(kept: VirtualKeeper, pin: int, level: bool) -> None:
    kept.energise("left")
    kept.pass_time(200)
    kept.heard()
    kept.factory.stuck[pin] = level
    kept.pass_time(200)
    told = kept.heard()
    assert [(opened["line"], opened["cause"], opened["cut"]) for opened in told][:2] == [
        ("left", "readback", True),
        ("right", "readback", False),
    ]
    assert (LEFT, False) in [(pin, high) for _, pin, high in kept.factory.levels]


def test_an_opening_for_a_wrong_level_names_its_instant(kept: VirtualKeeper) -> None:
    kept.energise("left")
    kept.pass_time(200)
    kept.heard()
    kept.factory.stuck[LEFT] = False
    kept.pass_time(200)
    assert kept.heard("opened")[0]["at"] - kept.start in (300, 400), "one line is read back at each poll"


def test_a_line_that_reads_back_well_stays_as_it_is(kept: VirtualKeeper) -> None:
    kept.energise("left")
    kept.pass_time(5_000)
    assert kept.factory.levels == [(0, LEFT, True)]


# --- what is played and pulsed meanwhile --------------------------------------------------------------------


def test_a_lamp_plays_its_pattern_to_the_millisecond_and_is_dark_after_the_controller(kept: VirtualKeeper) -> None:
    kept.at(7, lambda: kept.controller.say("indicate", output="lamp", pattern="warn"))
    kept.serve(until=2_020)
    played = [(at, high) for at, pin, high in kept.factory.levels if pin == LAMP]
    assert played == [(7, True), (157, False), (307, True), (457, False), (2_007, True), (2_020, False)]


def test_a_pulsed_line_makes_its_edges_to_the_millisecond_until_its_deadline() -> None:
    relay = {"pin": LEFT, "drive": "pulse", "frequency_hz": 20, "duty": 0.4}
    with VirtualKeeper(burners=[{"id": "left", "name": "Left", "relay": relay}]) as kept:
        kept.greet()
        kept.energise("left", 130)
        kept.serve(until=500)
        assert kept.factory.levels == [
            (0, LEFT, True),
            (20, LEFT, False),
            (50, LEFT, True),
            (70, LEFT, False),
            (100, LEFT, True),
            (120, LEFT, False),
        ]


def test_a_renewal_makes_no_edge_on_a_pulsed_line() -> None:
    relay = {"pin": LEFT, "drive": "pulse", "frequency_hz": 20, "duty": 0.4}
    with VirtualKeeper(burners=[{"id": "left", "name": "Left", "relay": relay}]) as kept:
        kept.greet()
        kept.energise("left", 60)
        for instant in (10, 30):
            kept.at(instant, lambda: kept.controller.say("renew"))
        kept.serve(until=500)
        assert kept.factory.levels == [(0, LEFT, True), (20, LEFT, False), (50, LEFT, True), (60, LEFT, False)]


def test_the_keeper_sleeps_between_its_polls_and_does_not_spin(kept: VirtualKeeper) -> None:
    kept.serve(until=1_000)
    assert sum(kept.slept) == pytest.approx(1.0)
    assert len(kept.slept) <= 12


def _blind() -> VirtualKeeper:
    """Eight burners of which nothing is sensed."""
    return VirtualKeeper(
        burners=[{"id": f"b{pin}", "name": f"B{pin}", "relay": {"pin": pin}} for pin in BLIND_PINS], outputs=[]
    )


def test_where_nothing_is_sensed_it_wakes_for_the_lease_alone() -> None:
    with _blind() as kept:
        kept.greet()
        for instant in range(250, 4_000, 250):
            kept.at(instant, lambda: kept.controller.say("renew"))
        told: list[object] = []
        kept.at(3_999, lambda: told.extend(kept.heard("sensed")))
        kept.serve(until=4_000)
        assert len(kept.slept) <= 18
        assert told == [], "there is no reading to tell of"


@pytest.mark.parametrize("pin", BLIND_PINS)
def test_of_eight_lines_each_is_read_back_within_half_a_second(pin: int) -> None:
    with _blind() as kept:
        kept.greet()
        kept.energise(f"b{pin}")
        kept.pass_time(1_000)
        kept.heard()
        kept.factory.stuck[pin] = False
        wrong_since = kept.clock.now()
        kept.pass_time(READ_BACK_WITHIN)
        opened = kept.heard("opened")
        assert [(each["line"], each["cause"], each["cut"]) for each in opened if each["cut"]] == [
            (f"b{pin}", "readback", True)
        ]
        assert opened[0]["at"] - wrong_since <= READ_BACK_WITHIN


def test_a_poll_reads_back_one_line_of_two(kept: VirtualKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Drive] = []
    monkeypatch.setattr(Drive, "as_written", lambda drive: read.append(drive) or True)  # type: ignore[func-returns-value]
    kept.serve(until=1_000)
    assert len(read) == 10, "ten polls"
    assert read[0] is not read[1]


def test_where_nothing_else_is_due_it_sleeps_from_poll_to_poll(kept: VirtualKeeper) -> None:
    kept.serve(until=350)
    assert kept.slept == [0.1] * 4


def test_systemd_hears_that_it_turns_and_once_that_it_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end() -> None:
        raise SystemExit  # as a signal does

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear, listening() as listener:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "4000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        with VirtualKeeper() as kept:
            kept.at(2_500, end)
            with pytest.raises(SystemExit):
                kept.serve(until=3_000, listener=listener)
        assert ear.recv(100) == b"READY=1"
        assert [ear.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        with pytest.raises(BlockingIOError):
            ear.recv(100)


# --- the clock ----------------------------------------------------------------------------------------------


def test_a_clock_that_stands_still_ends_the_keeper(kept: VirtualKeeper) -> None:
    kept.energise("left")
    kept.turn()
    for _ in range(2):
        kept.keeper.turn(None, 0.011)
    with pytest.raises(ClockFault, match=r"^the boot clock stands still$"):
        kept.keeper.turn(None, 0.011)


def test_a_clock_that_stands_still_from_the_start_has_its_three_sleeps_too() -> None:
    with VirtualKeeper() as kept:
        for _ in range(2):
            kept.keeper.turn(None, 0.011)
        with pytest.raises(ClockFault, match=r"^the boot clock stands still$"):
            kept.keeper.turn(None, 0.011)


def test_a_clock_that_moves_in_between_or_a_short_sleep_is_no_fault(kept: VirtualKeeper) -> None:
    for _ in range(3):
        kept.clock.advance(1)
        for _ in range(3):
            kept.keeper.turn(None, 0.011)
    for _ in range(5):
        kept.keeper.turn(None, 0.01)


def test_a_fault_of_the_clock_opens_every_line_and_is_told_before_the_end(kept: VirtualKeeper) -> None:
    def step_back() -> None:
        kept.clock.advance(-1_000)
        kept.controller.say("renew")

    kept.energise("left")
    kept.at(50, step_back)
    with pytest.raises(ClockFault, match="ran backwards"):
        kept.serve(until=1_000)
    assert not kept.high(LEFT)
    assert kept.heard("failed")[0]["why"].startswith("the keeper stops: the boot clock ran backwards, from ")


def test_a_fault_of_the_clock_ends_a_keeper_without_a_client_too(
    kept: VirtualKeeper, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.controller.connection.close()
    kept.turn()
    with listening() as listener, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:

        def step_back() -> None:
            kept.clock.advance(-1_000)
            stranger.connect(listener.getsockname())

        kept.at(50, step_back)
        with pytest.raises(ClockFault, match="ran backwards"):
            kept.serve(until=100, listener=listener)
    assert capsys.readouterr().err == "", "there is nobody to drop; whoever started it sees the exception"
