"""Every refusal of a burner by its code and values, with which it can be said in another language."""

from collections.abc import Callable
from typing import Any

import pytest

from controller.burner import BURN_CEILING, COLD_FOR, Burner
from controller.events import Cause
from controller.terms import CHILD_LOCK, Contact, Flame, Reading, Refused
from hardware.clock import HOUR, MINUTE, SECOND
from tests.controller.builders import (
    LIMITS,
    NOW,
    a_burner,
    a_cut_burner,
    a_lit_burner,
    a_sensing_burner,
    a_timed_burner,
)

ANNA = "phone:Anna"
HELD = NOW + LIMITS.hold_open


def timer(burner: Burner) -> Any:
    return burner.start_timer(NOW, 5 * MINUTE, ANNA)


def extend(burner: Burner) -> Any:
    return burner.extend(NOW, 5 * MINUTE, ANNA)


def attend(burner: Burner) -> Any:
    return burner.attend(NOW, ANNA)


def reset(burner: Burner) -> Any:
    return burner.reset(HELD, ANNA)


def locked() -> Burner:
    burner = a_burner()
    burner.lock(NOW, ANNA, CHILD_LOCK)
    return burner


def tripped() -> Burner:
    burner = a_burner()
    burner.trip(NOW, "smoke", latches=False)
    return burner


def failed(cause: str = "valve_stuck", **fields: Any) -> Burner:
    burner = a_burner(**fields) if fields else a_sensing_burner()
    burner.lock_out(NOW, cause)
    return burner


def seen(burner: Burner, **measured: Any) -> Burner:
    burner.observe(NOW, Reading(**measured))
    return burner


def proving() -> Burner:
    burner = a_lit_burner()
    burner.shut_off(NOW, Cause.USER, ANNA)
    return burner


def used_up() -> Burner:
    burner = a_timed_burner()
    burner.extend(NOW, 28 * MINUTE, ANNA)
    return burner


def ceiling() -> Burner:
    burner = a_lit_burner()
    burner.burning_since = NOW - BURN_CEILING
    return burner


def over() -> Burner:
    burner = a_timed_burner()
    burner.timer = None
    burner.limit = NOW
    return burner


LEFT = {"name": "Left"}
REFUSED: list[tuple[Callable[[], Burner], Callable[[Burner], Any], str, dict[str, Any]]] = [
    (a_burner, lambda b: b.start_timer(NOW, 999, ANNA), "timer_too_short", {}),
    (
        a_burner,
        lambda b: b.start_timer(NOW, 5 * HOUR, ANNA),
        "timer_too_long",
        {"duration": 5 * HOUR, "longest": 4 * HOUR},
    ),
    (a_timed_burner, lambda b: b.extend(NOW, 999, ANNA), "extension_too_short", {}),
    (a_burner, extend, "no_timer", LEFT),
    (used_up, extend, "extended_enough", LEFT | {"left": 2 * MINUTE}),
    (a_burner, attend, "nothing_burns", LEFT),
    (ceiling, timer, "burns_too_long", LEFT | {"longest": BURN_CEILING}),
    (locked, timer, "locked", LEFT | {"wanted": "timer", "cause": "child"}),
    (locked, extend, "locked", LEFT | {"wanted": "extend", "cause": "child"}),
    (locked, attend, "locked", LEFT | {"wanted": "attend", "cause": "child"}),
    (tripped, timer, "held_by_interlock", LEFT | {"wanted": "timer", "cause": "smoke"}),
    (failed, timer, "held_by_lockout", LEFT | {"wanted": "timer", "cause": "valve_stuck"}),
    (
        a_cut_burner,
        lambda b: b.start_timer(HELD - 1, MINUTE, ANNA),
        "shut_off_for",
        LEFT | {"wanted": "timer", "left": 1},
    ),
    (
        proving,
        lambda b: b.start_timer(NOW + LIMITS.closing_time - 1, MINUTE, ANNA),
        "shut_off_until_out",
        LEFT | {"wanted": "timer", "left": 1},
    ),
    (over, timer, "being_shut_off", LEFT | {"wanted": "timer"}),
    (tripped, reset, "reset_while_active", LEFT | {"cause": "smoke"}),
    (a_cut_burner, lambda b: b.reset(HELD - 1, ANNA), "reset_too_early", LEFT | {"left": 1}),
    (lambda: failed(has_contact=True), reset, "reset_contact_unknown", LEFT),
    (
        lambda: seen(failed(has_contact=True), contact=Contact.CLOSED),
        reset,
        "reset_contact_closed",
        LEFT,
    ),
    (lambda: seen(failed(), flame=Flame.LIT), reset, "reset_while_lit", LEFT | {"cause": "valve_stuck"}),
    (lambda: seen(failed(), flame=Flame.UNKNOWN), reset, "reset_flame_unknown", LEFT | {"cause": "valve_stuck"}),
    (
        lambda: seen(failed(), flame=Flame.OUT),
        lambda b: b.reset(NOW + 10 * SECOND, ANNA),
        "reset_too_warm",
        LEFT | {"left": COLD_FOR - 10 * SECOND},
    ),
]


@pytest.mark.parametrize(("made", "act", "code", "values"), REFUSED)
def test_a_refusal_carries_its_code_and_what_its_sentence_names(
    made: Callable[[], Burner], act: Callable[[Burner], Any], code: str, values: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as refused:
        act(made())
    assert (refused.value.code, refused.value.values) == (code, values)
