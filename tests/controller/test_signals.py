"""What buzzers, lamps and the hood's relay play: the gravest of what is the matter."""

import pytest

from controller.burner import Burner
from controller.config_wiring import OutputConfig
from controller.events import Cause, Proof
from controller.signals import CUT_SOUNDS_FOR, SOUNDS_FOR, pattern
from controller.terms import Flame, LastShutOff, Reading
from hardware.clock import HOUR, MINUTE, SECOND, Millis
from tests.controller.builders import (
    NOW,
    a_burner,
    a_cut_burner,
    a_lit_burner,
    a_sensing_burner,
    a_timed_burner,
)

ENDING: Millis = NOW + 19 * MINUTE + 30 * SECOND  # within the warning of a timer of 20 min


def an_output(kind: str, *burners: str) -> OutputConfig:
    return OutputConfig.model_validate({"id": "output", "kind": kind, "pin": 9, "burners": list(burners)})


def plays(kind: str, *burners: Burner, now: Millis = NOW, hood: bool = False) -> str:
    return pattern(an_output(kind), burners, hood, now)


def a_locked_out_burner() -> Burner:
    burner = a_burner()
    burner.fail(NOW, "contact_stuck", "proof")
    return burner


def named(burner: Burner, name: str) -> Burner:
    burner.id = name
    return burner


# --- the hood --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hood", "playing"), [(True, "on"), (False, "off")])
def test_the_hoods_relay_follows_the_hood_and_nothing_else(hood: bool, playing: str) -> None:
    burners = (a_locked_out_burner(), a_timed_burner(), a_cut_burner(), a_lit_burner())
    assert all(plays("hood", burner, hood=hood) == playing for burner in burners)


# --- quiet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["buzzer", "led"])
def test_nothing_is_played_while_nothing_is_the_matter(kind: str) -> None:
    assert plays(kind) == "off"
    assert plays(kind, a_burner(), a_sensing_burner(), hood=True) == "off"


def test_a_buzzer_is_quiet_while_a_flame_burns() -> None:
    assert plays("buzzer", a_lit_burner()) == "off"
    assert plays("buzzer", a_timed_burner()) == "off"


# --- a lamp ----------------------------------------------------------------------------------------------


def test_a_lamp_is_on_while_a_flame_burns_or_a_timer_runs() -> None:
    assert plays("led", a_burner(), a_lit_burner()) == "on"
    assert plays("led", a_timed_burner()) == "on"


def test_a_lamp_is_on_while_a_flame_may_burn() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, Reading(Flame.UNKNOWN))
    assert plays("led", burner) == "on"


def test_a_lamp_is_off_once_the_burner_was_cut() -> None:
    burner = a_lit_burner()
    burner.shut_off(NOW, Cause.USER, "phone:Anna")
    assert plays("led", burner) == "off"


# --- an end that comes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["buzzer", "led"])
def test_a_burner_that_is_about_to_be_cut_is_warned_of(kind: str) -> None:
    assert plays(kind, a_timed_burner(), now=NOW + 19 * MINUTE - 1) != "warn"
    assert plays(kind, a_timed_burner(), now=NOW + 19 * MINUTE) == "warn"
    assert plays(kind, a_timed_burner(), a_lit_burner(), now=ENDING) == "warn"


# --- a cut -----------------------------------------------------------------------------------------------


def test_a_buzzer_tells_of_a_cut_for_a_moment() -> None:
    assert plays("buzzer", a_cut_burner(), now=NOW) == "cut"
    assert plays("buzzer", a_cut_burner(), now=NOW + CUT_SOUNDS_FOR - 1) == "cut"
    assert plays("buzzer", a_cut_burner(), now=NOW + CUT_SOUNDS_FOR) == "off"


def test_a_buzzer_does_not_tell_of_a_start() -> None:
    burner = a_burner()
    burner.begin(NOW)
    assert plays("buzzer", burner) == "off"


def test_a_lamp_does_not_tell_of_a_cut() -> None:
    assert plays("led", a_cut_burner()) == "off"


def test_a_warning_outdoes_another_burners_cut() -> None:
    cut = a_burner()
    cut.shut_off(ENDING, Cause.USER, "phone:Anna")
    assert plays("buzzer", cut, a_timed_burner(), now=ENDING) == "warn"


# --- a lockout -------------------------------------------------------------------------------------------


def test_a_lockout_sounds_for_ten_minutes() -> None:
    assert plays("buzzer", a_locked_out_burner(), now=NOW) == "lockout"
    assert plays("buzzer", a_locked_out_burner(), now=NOW + SOUNDS_FOR - 1) == "lockout"
    assert plays("buzzer", a_locked_out_burner(), now=NOW + SOUNDS_FOR) == "off"


def test_a_lamp_shows_a_lockout_for_as_long_as_it_lasts() -> None:
    burner = a_locked_out_burner()
    assert plays("led", burner, now=NOW + 100 * HOUR) == "lockout"
    burner.reset(NOW + 100 * HOUR, "phone:Anna")
    assert plays("led", burner, now=NOW + 100 * HOUR) == "off"


def test_a_new_lockout_sounds_beside_an_old_one() -> None:
    burner = a_locked_out_burner()
    burner.lock_out(NOW + HOUR, "gas")
    assert plays("buzzer", burner, now=NOW + HOUR) == "lockout"


@pytest.mark.parametrize("kind", ["buzzer", "led"])
def test_a_lockout_outdoes_everything(kind: str) -> None:
    locked_out = a_burner()
    locked_out.fail(ENDING, "contact_stuck", "proof")
    assert plays(kind, a_timed_burner(), a_lit_burner(), locked_out, now=ENDING) == "lockout"


def test_a_shut_off_or_a_lock_is_no_lockout() -> None:
    locked = a_burner()
    locked.lock(NOW, "phone:Anna")
    assert plays("led", locked, a_cut_burner()) == "off"


# --- whose -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["buzzer", "led"])
def test_an_output_tells_of_its_own_burners_only(kind: str) -> None:
    burners = [named(a_locked_out_burner(), "left"), named(a_burner(), "right")]
    assert pattern(an_output(kind, "left"), burners, False, NOW) == "lockout"
    assert pattern(an_output(kind, "right"), burners, False, NOW) == "off"
    assert pattern(an_output(kind, "right", "left"), burners, False, NOW) == "lockout"


def test_a_cut_of_an_earlier_run_makes_no_sound() -> None:
    burner = a_burner()
    burner.last_shut_off = LastShutOff(Cause.USER, NOW, "rest", Proof.UNAVAILABLE, "2026-11-22T18:42:00+00:00")
    assert plays("buzzer", burner, now=NOW) == "off"
