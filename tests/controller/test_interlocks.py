"""Interlocks act at once and let go late; silence and a day of activity are told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config_wiring import InterlockConfig
from controller.interlocks import QUIET_FOR, SPOKEN_WITHIN, STUCK_AFTER, Interlock, interlocks
from hardware.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tests.controller.builders import NOW


def an_interlock() -> Interlock:
    return Interlock("gas", latches=False, heard_at=NOW)


def an_active_interlock() -> Interlock:
    interlock = an_interlock()
    interlock.hear(NOW, active=True)
    return interlock


def a_topic(silent_after: Millis = 10 * MINUTE) -> Interlock:
    return Interlock("presence", latches=False, topic="home/presence", silent_after=silent_after, heard_at=NOW)


def test_an_interlock_that_nobody_heard_of_is_quiet() -> None:
    assert not an_interlock().active(NOW)


def test_an_interlock_that_says_that_it_is_quiet_holds_nobody() -> None:
    interlock = an_interlock()
    for at in range(3):
        interlock.hear(NOW + at, active=False)
        assert not interlock.active(NOW + at)


def test_an_interlock_acts_at_once() -> None:
    assert an_active_interlock().active(NOW)


def test_an_interlock_holds_for_as_long_as_it_is_active() -> None:
    interlock = an_active_interlock()
    assert all(interlock.active(NOW + at) for at in range(0, HOUR, SECOND))


def test_an_interlock_lets_go_only_after_it_was_quiet_for_a_while() -> None:
    interlock = an_active_interlock()
    interlock.hear(NOW + MINUTE, active=False)
    assert interlock.active(NOW + MINUTE)
    assert interlock.active(NOW + MINUTE + QUIET_FOR - 1)
    assert not interlock.active(NOW + MINUTE + QUIET_FOR)


def test_an_interlock_that_nobody_looked_at_while_it_was_active_lets_go_no_earlier() -> None:
    interlock = an_active_interlock()
    interlock.hear(NOW + HOUR, active=False)
    assert interlock.active(NOW + HOUR)
    assert interlock.active(NOW + HOUR + QUIET_FOR - 1)
    assert not interlock.active(NOW + HOUR + QUIET_FOR)


def test_one_flash_of_activity_is_held_for_as_long_as_quiet_takes() -> None:
    interlock = an_interlock()
    interlock.hear(NOW, active=True)
    interlock.hear(NOW, active=False)
    assert interlock.active(NOW + QUIET_FOR - 1)
    assert not interlock.active(NOW + QUIET_FOR)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, QUIET_FOR - 1)), min_size=1, max_size=40),
    st.integers(50, 5_000),
)
def test_an_interlock_that_flickers_at_any_rate_never_lets_go(
    flickers: "list[tuple[Millis, Millis]]", looked_at_each: Millis
) -> None:
    interlock, now, held = an_interlock(), NOW, []
    for active_for, quiet_for in flickers:
        for active, duration in ((True, active_for), (False, quiet_for)):
            interlock.hear(now, active)
            held += [interlock.active(now + at) for at in range(looked_at_each, duration, looked_at_each)]
            now += duration
            held.append(interlock.active(now - 1))
    assert all(held)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3_000), st.booleans()), max_size=40))
def test_an_interlock_that_says_it_is_active_always_holds(said: "list[tuple[Millis, bool]]") -> None:
    interlock, now = an_interlock(), NOW
    for wait, active in said:
        now += wait
        interlock.hear(now, active)
        assert interlock.active(now) or not active
    assert not interlock.active(now + QUIET_FOR) or interlock.level


# --- silence ---------------------------------------------------------------------------------------------


def test_a_silent_topic_says_nothing_any_more() -> None:
    interlock = a_topic(10 * MINUTE)
    interlock.hear(NOW, active=True)
    assert interlock.active(NOW + 10 * MINUTE - 1)
    assert not interlock.active(NOW + 10 * MINUTE)
    assert interlock.silent


def test_a_topic_that_never_spoke_is_silent_in_the_end() -> None:
    interlock = a_topic(10 * MINUTE)
    assert not interlock.active(NOW + 10 * MINUTE - 1)
    assert not interlock.silent
    assert interlock.problem(NOW) is None
    interlock.active(NOW + 10 * MINUTE)
    problem = interlock.problem(NOW + 10 * MINUTE)
    assert problem is not None
    assert "home/presence" in problem
    assert "10 min" in problem


@pytest.mark.parametrize("active", [True, False])
def test_a_topic_that_speaks_again_is_believed_again(active: bool) -> None:
    interlock = a_topic(10 * MINUTE)
    interlock.hear(NOW, active=True)
    interlock.active(NOW + 10 * MINUTE)
    interlock.hear(NOW + HOUR, active)
    assert interlock.active(NOW + HOUR) is active
    assert not interlock.silent
    assert interlock.problem(NOW + HOUR) is None


def test_a_word_of_quiet_after_silence_brings_no_old_activity_back() -> None:
    interlock = a_topic(10 * MINUTE)
    interlock.hear(NOW, active=True)
    interlock.hear(NOW + HOUR, active=False)
    assert not interlock.active(NOW + HOUR + QUIET_FOR)


def test_every_word_puts_silence_off() -> None:
    interlock = a_topic(10 * MINUTE)
    for at in range(0, DAY, 9 * MINUTE):
        interlock.hear(NOW + at, active=True)
        assert interlock.active(NOW + at + 9 * MINUTE)
    assert not interlock.silent


def test_an_interlock_without_a_limit_of_silence_is_never_silent() -> None:
    interlock = an_active_interlock()
    assert interlock.active(NOW + 7 * DAY)
    assert not interlock.silent


# --- stuck -----------------------------------------------------------------------------------------------


def test_an_interlock_that_is_active_for_a_day_is_told() -> None:
    interlock = an_active_interlock()
    interlock.active(NOW + STUCK_AFTER)
    assert interlock.problem(NOW + STUCK_AFTER - 1) is None
    problem = interlock.problem(NOW + STUCK_AFTER)
    assert problem is not None
    assert "gas" in problem


def test_an_interlock_that_flickers_all_day_is_told() -> None:
    interlock = an_interlock()
    for at in range(0, DAY + SECOND, SECOND):
        interlock.hear(NOW + at, active=at % 2_000 == 0)
    assert interlock.problem(NOW + DAY) is not None


def test_an_interlock_that_was_quiet_in_between_begins_its_day_anew() -> None:
    interlock = an_active_interlock()
    interlock.hear(NOW + 20 * HOUR, active=False)
    interlock.active(NOW + 20 * HOUR + QUIET_FOR)
    interlock.hear(NOW + 21 * HOUR, active=True)
    assert interlock.problem(NOW + 30 * HOUR) is None
    assert interlock.problem(NOW + 45 * HOUR) is not None


# --- of the configuration --------------------------------------------------------------------------------


def test_every_configured_interlock_begins_quiet_and_is_given_its_time_to_speak() -> None:
    configured = [
        InterlockConfig.model_validate(entry)
        for entry in (
            {"id": "gas", "input": {"pin": 5}},
            {"id": "presence", "mqtt": {"topic": "home/presence", "silent_after": "10m"}, "reset": "auto"},
        )
    ]
    made = interlocks(configured, NOW)
    assert {name: (each.latches, each.topic, each.silent_after) for name, each in made.items()} == {
        "gas": (True, None, None),
        "presence": (False, "home/presence", 10 * MINUTE),
    }
    assert not any(each.active(NOW + 10 * MINUTE - 1) or each.silent for each in made.values())


def test_a_topic_on_which_nothing_ever_came_protects_nobody_and_that_is_told() -> None:
    for interlock in (a_topic(), Interlock("presence", latches=False, topic="home/presence", heard_at=NOW)):
        assert interlock.problem(NOW + SPOKEN_WITHIN - 1) is None
        told = interlock.problem(NOW + SPOKEN_WITHIN)
        assert told is not None
        assert told.startswith("Interlock presence: nothing has come on home/presence yet, so it protects nobody.")
        interlock.hear(NOW + SPOKEN_WITHIN, active=False)
        assert interlock.problem(NOW + SPOKEN_WITHIN) is None
    assert an_interlock().problem(NOW + HOUR) is None, "a wire says something all the time"
