"""Flames, cuts and their proofs in virtual time: controller, keeper and simulated hob together."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from controller.terms import NotNow
from hardware.clock import HOUR, MINUTE, SECOND
from tests.virtual import DIGITAL, THERMOCOUPLES, VirtualKitchen

ANNA = "phone:Anna"
LEFT, RIGHT = 17, 27


def cook(folder: Path, act: Callable[[VirtualKitchen], Awaitable[None]], **tables: Any) -> None:
    async def run() -> None:
        async with VirtualKitchen(folder, **tables) as kitchen:
            await act(kitchen)

    asyncio.run(run())


def proof(kitchen: VirtualKitchen, name: str = "left") -> str | None:
    last = kitchen.burner(name).last_shut_off
    return last.proof.value if last is not None else None


def test_a_cut_is_proved_by_step_and_decay(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        assert proof(kitchen) == "pending"
        took = await kitchen.until(lambda: proof(kitchen) != "pending")
        assert proof(kitchen) == "confirmed"
        assert 20 * SECOND < took < 30 * SECOND, "the simulated probe cools with a time constant of 10 s"
        (entry,) = await kitchen.events("proof")
        assert entry.details["finding"] == "flame_out"
        assert 13 < entry.details["loaded_mv"] < 15
        assert 22 < entry.details["open_mv"] < 25
        await kitchen.pass_time(SECOND)
        assert kitchen.burner().permitted, "proved, and past hold_open"

    cook(tmp_path, act)


@pytest.mark.parametrize("early", [0, 1_000, 6_000, 9_500])
def test_a_burner_that_is_lit_before_its_relay_closes_is_never_unknown(tmp_path: Path, early: int) -> None:
    """Its voltage steps down as the relay closes, which is no jump."""

    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.pass_time(early)
        kitchen.hob("left", "light")
        await kitchen.pass_time(MINUTE)
        assert [entry.details["flame"] for entry in await kitchen.events("flame")][:3] == ["out", "out", "lit"]
        assert "unknown" not in [entry.details["flame"] for entry in await kitchen.events("flame")]

    cook(tmp_path, act)


def test_a_relay_stays_open_for_hold_open_after_a_start(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        assert await kitchen.until(lambda: kitchen.high(LEFT)) >= 10 * SECOND

    cook(tmp_path, act)


@pytest.mark.parametrize("contacts", [True, False], ids=["contacts", "no contacts"])
def test_a_burner_stays_cut_until_its_flame_is_proved_out(tmp_path: Path, contacts: bool) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        await kitchen.pass_time(15 * SECOND)
        assert not kitchen.high(LEFT)
        with pytest.raises(NotNow, match="stays so until its flame is out"):
            await kitchen.do(kitchen.stove.start_timer("left", MINUTE, ANNA))

    burners = [
        {key: value for key, value in burner.items() if contacts or key != "contact"} for burner in THERMOCOUPLES
    ]
    cook(tmp_path, act, burners=burners)


def test_nothing_lit_needs_no_proof(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.until(lambda: kitchen.burner().permitted)
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        await kitchen.pass_time(2 * SECOND)
        assert proof(kitchen) == "unavailable"
        assert [entry.details["finding"] for entry in await kitchen.events("proof")] == ["nothing_lit"]

    cook(tmp_path, act)


@pytest.mark.parametrize("burners", [None, DIGITAL], ids=["thermocouple", "digital"])
def test_a_stuck_contact_locks_out_and_cuts_the_others(tmp_path: Path, burners: Any) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.light("right")
        kitchen.hob("left", "fault contact_stuck")
        await kitchen.pass_time(SECOND)
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        took = await kitchen.until(lambda: kitchen.burner().status == "lockout")
        assert took <= 3 * SECOND
        assert proof(kitchen) == "failed"
        assert "Turn the knob off and close the gas tap" in (kitchen.burner().problem or "")
        assert not kitchen.high(RIGHT)
        right = kitchen.burner("right").last_shut_off
        assert right is not None
        assert (right.cause.value, right.by) == ("fault", "left")
        await kitchen.pass_time(2 * MINUTE)
        with pytest.raises(NotNow, match="cannot be reset while the relay's contact is closed"):
            await kitchen.do(kitchen.stove.reset("left", ANNA))
        kitchen.hob("left", "fault none")
        kitchen.hob("left", "off")
        await kitchen.until(lambda: kitchen.burner().flame == "out")
        await kitchen.pass_time(SECOND)
        with pytest.raises(NotNow, match="its flame has to be out for another"):
            await kitchen.do(kitchen.stove.reset("left", ANNA))
        await kitchen.pass_time(MINUTE)
        await kitchen.do(kitchen.stove.reset("left", ANNA))
        assert kitchen.burner().status == "ready"

    cook(tmp_path, act, **({"burners": burners} if burners else {}))


def without_contacts(burners: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in burner.items() if key != "contact"} for burner in burners]


def test_a_stuck_contact_shows_without_an_auxiliary_contact_too(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        kitchen.hob("left", "fault contact_stuck")
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        took = await kitchen.until(lambda: kitchen.burner().status == "lockout")
        assert took <= 3 * SECOND
        (entry,) = [entry for entry in await kitchen.events("proof") if entry.burner == "left"]
        assert entry.details["finding"] == "contact_stuck"

    cook(tmp_path, act, burners=without_contacts(VirtualKitchen(tmp_path).document["burners"]))


@pytest.mark.parametrize(("burners", "finding"), [(None, "valve_stuck"), (DIGITAL, "still_lit")])
def test_a_stuck_valve_locks_out_when_its_time_is_over(tmp_path: Path, burners: Any, finding: str) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        kitchen.hob("left", "fault valve_stuck")
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        took = await kitchen.until(lambda: kitchen.burner().status == "lockout")
        assert 89 * SECOND <= took <= 91 * SECOND
        (entry,) = [entry for entry in await kitchen.events("proof") if entry.burner == "left"]
        assert entry.details["finding"] == finding
        with pytest.raises(NotNow, match="its flame burns"):
            await kitchen.do(kitchen.stove.reset("left", ANNA))

    cook(tmp_path, act, **({"burners": burners} if burners else {}))


def test_a_contact_that_is_welded_from_the_start_is_found_before_anybody_cooks(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        kitchen.hob("left", "fault contact_stuck")
        await kitchen.until(lambda: kitchen.burner().status == "lockout", within=5 * SECOND)
        assert kitchen.burner("right").status == "shut_off", "it is still held after the start"

    cook(tmp_path, act)


def test_a_lockout_survives_a_restart(tmp_path: Path) -> None:
    async def first(kitchen: VirtualKitchen) -> None:
        kitchen.hob("left", "fault contact_stuck")
        await kitchen.until(lambda: kitchen.burner().status == "lockout")

    async def second(kitchen: VirtualKitchen) -> None:
        assert kitchen.burner().status == "lockout"
        with pytest.raises(NotNow):
            await kitchen.do(kitchen.stove.reset("left", ANNA))
        await kitchen.pass_time(MINUTE)
        await kitchen.do(kitchen.stove.reset("left", ANNA))
        assert kitchen.burner().permitted

    cook(tmp_path, first)
    cook(tmp_path, second)


@pytest.mark.parametrize("fault", ["sensor_open", "sensor_frozen", "sensor_noisy"])
def test_a_broken_sensor_is_unknown_within_two_seconds_and_the_limit_still_cuts(tmp_path: Path, fault: str) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        kitchen.hob("left", f"fault {fault}")
        await kitchen.until(lambda: kitchen.burner().flame == "unknown", within=2 * SECOND + 1)
        looks = int(kitchen.stove.revision("left").rpartition("-")[2])
        for _ in range(60):
            await kitchen.pass_time(SECOND)
            assert kitchen.burner().flame == "unknown"
        assert int(kitchen.stove.revision("left").rpartition("-")[2]) - looks < 6, "noise makes no storm of messages"
        assert "its flame is unknown" in (kitchen.burner().problem or "")
        await kitchen.until(lambda: not kitchen.high(LEFT), within=10 * MINUTE)
        await kitchen.pass_time(2 * SECOND)
        assert proof(kitchen) == "unavailable", "nobody could tell"

    cook(tmp_path, act, limits={"unattended": "5m"})


def test_an_unattended_flame_is_cut_after_a_warning_and_attention_moves_that(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.until(lambda: kitchen.burner().status == "ending", within=10 * MINUTE)
        (warning,) = await kitchen.events("timer_ending")
        assert warning.details["deadline"] == "limit"
        await kitchen.do(kitchen.stove.attend("left", ANNA))
        assert kitchen.burner().status == "lit"
        await kitchen.pass_time(4 * MINUTE)
        assert kitchen.high(LEFT)
        await kitchen.until(lambda: not kitchen.high(LEFT), within=2 * MINUTE)
        last = kitchen.burner().last_shut_off
        assert last is not None
        assert last.cause.value == "limit"

    cook(tmp_path, act, limits={"unattended": "5m"})


def test_an_idle_burner_that_was_unlocked_locks_itself_unless_it_is_lit(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.pass_time(12 * SECOND)
        assert kitchen.burner().status == "locked"
        await kitchen.do(kitchen.stove.unlock("left", ANNA))
        await kitchen.pass_time(119 * SECOND)
        assert kitchen.high(LEFT)
        await kitchen.pass_time(2 * SECOND)
        assert not kitchen.high(LEFT)
        assert kitchen.burner().status == "locked"
        await kitchen.do(kitchen.stove.unlock("left", ANNA))
        await kitchen.light("left")
        await kitchen.pass_time(10 * MINUTE)
        assert kitchen.high(LEFT)
        kitchen.hob("left", "off")
        await kitchen.until(lambda: kitchen.burner().flame == "out")
        await kitchen.until(lambda: not kitchen.high(LEFT), within=3 * MINUTE)
        assert kitchen.burner().status == "locked"

    cook(tmp_path, act, stove={"idle": "locked"})


def test_a_sweep_opens_what_is_idle_at_once_and_warns_what_burns(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.do(kitchen.stove.sweep(ANNA))
        assert not kitchen.high(RIGHT)
        assert kitchen.high(LEFT)
        assert kitchen.burner().status == "ending"
        await kitchen.until(lambda: not kitchen.high(LEFT), within=61 * SECOND)
        await kitchen.pass_time(40 * SECOND)
        assert kitchen.high(RIGHT), "open for hold_open, then as before"

    cook(tmp_path, act)


def test_a_second_relay_is_tested_before_both_close(tmp_path: Path) -> None:
    burners = [
        {
            "id": "left",
            "name": "Left",
            "relay": {"pin": LEFT, "second_pin": 18},
            "contact": {"pin": 22},
            "flame": {"kind": "thermocouple", "adc": "ads1115", "channel": 0},
        }
    ]

    async def act(kitchen: VirtualKitchen) -> None:
        seen: list[tuple[bool, bool]] = []
        while not kitchen.burner().permitted:
            await kitchen.pass_time(50)
            levels = kitchen.high(LEFT), kitchen.high(18)
            if levels != (seen[-1] if seen else None):
                seen.append(levels)
        assert seen == [(False, False), (True, False), (False, True), (True, True)]
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        assert (kitchen.high(LEFT), kitchen.high(18)) == (False, False)
        kitchen.hob("left", "fault first_stuck")
        await kitchen.until(lambda: kitchen.burner().status == "lockout", within=MINUTE)
        assert not kitchen.high(18)
        (entry,) = [entry for entry in await kitchen.events("shut_off") if entry.details["cause"] == "fault"]
        assert entry.by == "first relay"

    cook(tmp_path, act, burners=burners)


def test_crossed_relays_lock_both_out(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.light("right")
        kitchen.hob("left", "fault crossed")
        await kitchen.pass_time(SECOND)
        await kitchen.do(kitchen.stove.shut_off("left", ANNA))
        await kitchen.until(lambda: kitchen.burner().status == "lockout", within=5 * SECOND)
        assert kitchen.burner("right").status == "lockout"
        assert not kitchen.high(LEFT)
        assert not kitchen.high(RIGHT)
        assert "its relay cuts another burner" in (kitchen.burner().problem or "")

    cook(tmp_path, act, burners=without_contacts(VirtualKitchen(tmp_path).document["burners"]))


def test_a_voltage_that_no_flame_made_locks_out(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.pass_time(20 * SECOND)
        kitchen.hob("left", "fault foreign_voltage")
        await kitchen.until(lambda: kitchen.burner().status == "lockout", within=5 * SECOND)
        assert "feeds its circuit" in (kitchen.burner().problem or "")

    cook(tmp_path, act)


def test_a_flickering_sensor_is_no_sensor(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        kitchen.hob("left", "fault flicker")
        await kitchen.until(lambda: kitchen.burner().flame == "unknown", within=30 * SECOND)

    cook(tmp_path, act, burners=DIGITAL)


def test_the_hood_runs_while_something_burns_and_five_minutes_after(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        assert not kitchen.high(12)
        await kitchen.light("left")
        assert kitchen.high(12)
        assert kitchen.stove.stove_view().hood
        kitchen.hob("left", "off")
        await kitchen.until(lambda: kitchen.burner().flame == "out")
        await kitchen.pass_time(4 * MINUTE)
        assert kitchen.high(12)
        await kitchen.pass_time(2 * MINUTE)
        assert not kitchen.high(12)
        assert kitchen.stove.stove_view().hood is False

    cook(tmp_path, act, outputs=[{"id": "hood", "kind": "hood", "pin": 12}])


def test_a_button_sets_the_default_timer_extends_it_and_another_shuts_off(tmp_path: Path) -> None:
    buttons = [
        {"id": "plus", "pin": 5, "does": "timer", "burners": ["left"]},
        {"id": "stop", "pin": 6, "does": "shut_off"},
    ]

    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.until(lambda: kitchen.burner().permitted)
        for expected in (20 * MINUTE, 25 * MINUTE):
            kitchen.hob("plus", "press")
            await kitchen.pass_time(SECOND)
            timer = kitchen.burner().timer
            assert timer is not None
            assert (timer.duration_s * 1000, timer.set_by) == (expected, "button:plus")
            kitchen.hob("plus", "let_go")
            await kitchen.pass_time(SECOND)
        kitchen.hob("stop", "press")
        await kitchen.pass_time(200)
        assert not kitchen.high(LEFT)
        assert not kitchen.high(RIGHT)
        last = kitchen.burner().last_shut_off
        assert last is not None
        assert last.by == "button:stop"

    cook(tmp_path, act, buttons=buttons)


def test_a_worn_contact_is_announced_long_before_it_lets_go(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        for burn in range(10):
            await kitchen.light("left")
            await kitchen.do(kitchen.stove.shut_off("left", ANNA))
            await kitchen.until(lambda: proof(kitchen) == "confirmed")
            kitchen.hob("left", "off")
            await kitchen.pass_time(20 * SECOND)
            if burn == 4:
                assert kitchen.burner().wear == pytest.approx(1, abs=0.03)
        assert kitchen.burner().problem is None
        assert not await kitchen.events("contact_worn")

    cook(tmp_path, act)


def test_a_night_lock_cuts_after_a_warning_and_ends_in_the_morning(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        await kitchen.do(kitchen.stove.start_timer("left", 4 * HOUR, ANNA))
        ending = kitchen.burner().ending
        assert ending is not None
        assert ending.kind.value == "night", "a timer never prolongs a burn into the night"
        assert ending.ends_at.startswith("2026-11-23T12:30:00")
        await kitchen.until(lambda: not kitchen.high(LEFT), within=31 * MINUTE)
        assert kitchen.burner().holds[-1].cause == "night"
        assert [entry.details["deadline"] for entry in await kitchen.events("timer_ending")] == ["night"]
        assert kitchen.high(RIGHT), "it is not in that lock"
        await kitchen.until(lambda: kitchen.high(LEFT), within=20 * MINUTE)

    cook(tmp_path, act, locks=[{"burners": ["left"], "from": "12:30", "to": "12:45"}])


PAUSING = {"keeper": {"pin_factory": "simulated", "longest_energised": "4m"}}


def test_relays_of_burners_that_are_out_pause_half_way_and_nobody_is_bothered(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.until(lambda: kitchen.high(LEFT))
        await kitchen.until(lambda: not kitchen.high(LEFT), within=3 * MINUTE)
        assert [entry.burner for entry in await kitchen.events("paused")] == ["left", "right"]
        assert await kitchen.events("shut_off") == []
        assert kitchen.burner().last_shut_off is None
        took = await kitchen.until(lambda: kitchen.high(LEFT))
        assert 10 * SECOND <= took < 11 * SECOND
        await kitchen.pass_time(10 * MINUTE)
        assert not [entry for entry in await kitchen.events("shut_off") if entry.details["cut"]], (
            "the keeper never has to"
        )

    cook(tmp_path, act, **PAUSING)


def test_a_flame_under_which_the_relay_has_to_pause_is_warned_and_says_when(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.until(lambda: kitchen.high(LEFT))
        closed = kitchen.clock.now()
        await kitchen.light("left")
        view = await kitchen.do(kitchen.stove.start_timer("left", HOUR, ANNA))
        assert view.ending is not None
        assert view.ending.kind == "pause"
        ends = kitchen.clock.now() + round(view.ending.remaining_s * 1000)
        assert closed + 4 * MINUTE - SECOND <= ends <= closed + 4 * MINUTE + SECOND
        assert kitchen.stove.stove_view().next_shut_off == view.ending.ends_at
        await kitchen.pass_time(ends - kitchen.clock.now() - 59 * SECOND)
        assert [entry.details["deadline"] for entry in await kitchen.events("timer_ending")] == ["pause"]
        assert kitchen.high(LEFT)
        await kitchen.pass_time(59 * SECOND)
        assert not kitchen.high(LEFT)
        (cut,) = [entry for entry in await kitchen.events("shut_off") if entry.burner == "left"]
        assert (cut.details["cause"], cut.details["reason"]) == ("limit", "energised")

    cook(tmp_path, act, **PAUSING)
