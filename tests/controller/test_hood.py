"""The hood runs with a flame and for a while after it; what is unknown neither starts nor stops it."""

import pytest

from controller.hood import Hood
from controller.terms import Flame
from hardware.clock import HOUR, MINUTE, SECOND, Millis
from tests.controller.builders import NOW

LIT, OUT, UNKNOWN = Flame.LIT, Flame.OUT, Flame.UNKNOWN
RUN_ON: Millis = 5 * MINUTE


def a_running_hood(run_on: Millis = RUN_ON) -> Hood:
    """A hood over a flame at ``NOW``."""
    hood = Hood(run_on)
    assert hood.watch(NOW, [LIT, OUT])
    return hood


def test_a_hood_is_not_wanted_before_something_burns() -> None:
    assert not Hood(RUN_ON).wanted
    assert not Hood(RUN_ON).watch(NOW, [OUT, OUT])


def test_a_hood_without_sensors_is_never_wanted() -> None:
    assert not Hood(RUN_ON).watch(NOW, [])


@pytest.mark.parametrize("flames", [[LIT], [OUT, LIT], [UNKNOWN, LIT]])
def test_one_flame_is_enough(flames: list[Flame]) -> None:
    hood = Hood(RUN_ON)
    assert hood.watch(NOW, flames)
    assert hood.wanted


def test_the_hood_runs_on_after_the_last_flame() -> None:
    hood = a_running_hood()
    assert hood.watch(NOW + HOUR, [LIT])
    assert hood.watch(NOW + HOUR + RUN_ON - 1, [OUT])
    assert not hood.watch(NOW + HOUR + RUN_ON, [OUT])
    assert not hood.wanted


def test_a_hood_that_does_not_run_on_stops_with_the_flame() -> None:
    assert not a_running_hood(run_on=0).watch(NOW + SECOND, [OUT])


def test_a_new_flame_while_it_runs_on_gives_it_the_whole_time_again() -> None:
    hood = a_running_hood()
    hood.watch(NOW + RUN_ON - SECOND, [LIT])
    assert hood.watch(NOW + 2 * RUN_ON - 2 * SECOND, [OUT])


def test_a_flame_that_is_unknown_does_not_start_the_hood() -> None:
    hood = Hood(RUN_ON)
    assert not any(hood.watch(NOW + at, [UNKNOWN, OUT]) for at in range(0, HOUR, SECOND))


def test_a_flame_that_becomes_unknown_does_not_stop_the_hood() -> None:
    hood = a_running_hood()
    assert all(hood.watch(NOW + at, [UNKNOWN, OUT]) for at in range(SECOND, HOUR, SECOND))


def test_a_hood_that_has_stopped_is_not_started_by_what_becomes_unknown() -> None:
    hood = a_running_hood()
    hood.watch(NOW + SECOND, [OUT])
    assert not hood.watch(NOW + RUN_ON + SECOND, [OUT])
    assert not hood.watch(NOW + RUN_ON + 2 * SECOND, [UNKNOWN])


def test_the_hood_runs_on_after_an_unknown_flame_that_turned_out_to_be_none() -> None:
    hood = a_running_hood()
    hood.watch(NOW + HOUR, [UNKNOWN])
    assert hood.watch(NOW + HOUR + RUN_ON - 1, [OUT])
    assert not hood.watch(NOW + HOUR + RUN_ON, [OUT])
