"""Buttons at the stove: what a press does, what holding one does, and who else is let in. In virtual time."""

from pathlib import Path
from typing import Any

import pytest

from controller.events import Attended, CommandRefused, Paired, PairingOffered, TokenRevoked
from controller.pairing import BUTTON_LASTS, Grant, PairingRefused
from controller.stream import Happened
from controller.tokens import Role, Token
from hardware.clock import SECOND
from tests.controller.test_stove import ANNA, permitted, waiting
from tests.fakes import StoveBench, on_a_stove

STOP = {"id": "stop", "pin": 12, "does": "shut_off"}
TIMER = {"id": "egg", "pin": 13, "does": "timer", "burners": ["left"]}
HERE = {"id": "here", "pin": 16, "does": "attention"}


def press(bench: StoveBench, name: str) -> None:
    """Press a button and let it go."""
    bench.keeper.sense(buttons={name: True})
    bench.keeper.sense(buttons={name: False})


def happened(items: Any, kind: type) -> list[Any]:
    return [item.event for item in waiting(items) if isinstance(item, Happened) and isinstance(item.event, kind)]


def test_a_stop_button_opens_every_relay_in_one_word(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        press(bench, "stop")
        assert bench.keeper.said == [("open", None)]
        assert not permitted(bench, "left")

    on_a_stove(tmp_path, act, buttons=[STOP])


def test_a_stop_button_of_some_burners_leaves_the_others(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        press(bench, "stop")
        assert bench.keeper.said == [("open", "right")]
        assert (permitted(bench, "left"), permitted(bench, "right")) == (True, False)

    on_a_stove(tmp_path, act, buttons=[STOP | {"burners": ["right"]}])


def test_a_timer_button_starts_the_default_timer_and_each_further_press_extends_it(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        default, step = bench.stove.default_timer(), bench.config.limits.extend_step
        now = bench.clock.now()
        press(bench, "egg")
        assert bench.keeper.said == [("permit", "left", now + default)]
        press(bench, "egg")
        assert bench.keeper.said[1:] == [("permit", "left", now + default + step)]
        assert bench.stove.view("right").timer is None

    on_a_stove(tmp_path, act, buttons=[TIMER])


def test_a_button_that_stays_down_counts_once(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        now = bench.clock.now()
        for _ in range(3):
            bench.keeper.sense(buttons={"egg": True})
        assert bench.keeper.said == [("permit", "left", now + bench.stove.default_timer())]

    on_a_stove(tmp_path, act, buttons=[TIMER])


def test_a_press_that_is_refused_goes_on_record_with_the_reason(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        await bench.stove.lock("left", ANNA)
        async with bench.stove.stream.subscribe() as items:
            press(bench, "egg")
            refused = happened(items, CommandRefused)
        assert [(event.burner, event.by, event.command) for event in refused] == [("left", "button:egg", "timer")]
        assert "Left is locked" in refused[0].why

    on_a_stove(tmp_path, act, buttons=[TIMER])


def test_without_a_keeper_a_press_promises_nothing(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.ready = False
        press(bench, "egg")
        assert bench.stove.view("left").timer is None

    on_a_stove(tmp_path, act, buttons=[TIMER])


def test_a_press_for_attention_counts_for_every_burner_that_burns_and_is_refused_for_the_others(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(flames={"left": True})
        bench.pass_time(SECOND)
        bench.keeper.sense(flames={"left": True})
        bench.pass_time(SECOND)
        async with bench.stove.stream.subscribe() as items:
            bench.keeper.sense(flames={"left": True}, buttons={"here": True})
            events = [item.event for item in waiting(items) if isinstance(item, Happened)]
        attended = [(event.burner, event.by) for event in events if isinstance(event, Attended)]
        refused = [(event.burner, event.command) for event in events if isinstance(event, CommandRefused)]
        assert attended == [("left", "button:here")]
        assert refused == [("right", "attention")]

    on_a_stove(tmp_path, act, buttons=[HERE])


# --- holding it, and pairing --------------------------------------------------------------------------------


def test_five_seconds_on_a_stop_button_let_one_phone_in_for_two_minutes(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        async with bench.stove.stream.subscribe() as items:
            bench.keeper.sense(buttons={"stop": True})
            bench.pass_time(5 * SECOND - 1)
            assert bench.stove.reception.way() == "closed"
            for _ in range(3):
                bench.pass_time(SECOND)
            offered = happened(items, PairingOffered)
        assert [(event.by, event.role) for event in offered] == [("button:stop", "cook")], "each press counts once"
        assert bench.stove.reception.way() == "button"
        assert bench.stove.reception.claim(None) == Grant(Role.COOK)
        with pytest.raises(PairingRefused):
            bench.stove.reception.claim(None)

    on_a_stove(tmp_path, act, buttons=[STOP])


def test_an_offer_of_the_button_ends_by_itself_and_other_buttons_offer_nothing(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        bench.keeper.sense(buttons={"egg": True})
        bench.pass_time(10 * SECOND)
        assert bench.stove.reception.way() == "closed"
        bench.keeper.sense(buttons={"stop": True})
        bench.pass_time(5 * SECOND)
        assert bench.stove.reception.way() == "button"
        bench.pass_time(BUTTON_LASTS)
        assert bench.stove.reception.way() == "closed"

    on_a_stove(tmp_path, act, buttons=[STOP, TIMER])


def test_a_code_is_on_record_with_its_role_and_can_be_withdrawn(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        reception = bench.stove.reception
        async with bench.stove.stream.subscribe() as items:
            code = await reception.offer(Grant(Role.ADMIN), ANNA)
            offered = happened(items, PairingOffered)
        assert [(event.by, event.role, event.at) for event in offered] == [(ANNA, "admin", bench.clock.now())]
        assert reception.way() == "code"
        assert reception.withdraw()
        assert not reception.withdraw()
        with pytest.raises(PairingRefused):
            reception.claim(code)

    on_a_stove(tmp_path, act)


def test_who_was_let_in_and_whose_token_ended_are_on_record(tmp_path: Path) -> None:
    async def act(bench: StoveBench) -> None:
        token = Token("Bob's phone", Role.COOK, (), "2026-11-23T12:00:00Z", "0" * 64)
        async with bench.stove.stream.subscribe() as items:
            await bench.stove.reception.paired(token)
            await bench.stove.reception.revoked(token, ANNA)
            events = [item.event for item in waiting(items) if isinstance(item, Happened)]
        paired, revoked = events
        assert isinstance(paired, Paired)
        assert (paired.by, paired.role) == ("phone:Bob's phone", "cook")
        assert isinstance(revoked, TokenRevoked)
        assert (revoked.by, revoked.name) == (ANNA, "Bob's phone")

    on_a_stove(tmp_path, act)
