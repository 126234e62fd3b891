"""From millivolts to lit, out or unknown: what cannot be a reading is never "out"."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.flame import PLAUSIBLE_MV, Thermocouple
from controller.terms import Flame


def gauge(last: Flame = Flame.UNKNOWN) -> Thermocouple:
    return Thermocouple(lit_above_mv=4.0, out_below_mv=2.5, last=last)


@pytest.mark.parametrize(
    ("millivolts", "flame"), [(12.0, Flame.LIT), (4.01, Flame.LIT), (2.49, Flame.OUT), (0, Flame.OUT)]
)
@pytest.mark.parametrize("last", Flame)
def test_above_one_voltage_it_is_lit_and_below_another_out(millivolts: float, flame: Flame, last: Flame) -> None:
    assert gauge(last).read(millivolts) is flame


@pytest.mark.parametrize("millivolts", [2.5, 3.0, 4.0])
@pytest.mark.parametrize("last", Flame)
def test_between_the_two_it_stays_what_it_was(millivolts: float, last: Flame) -> None:
    assert gauge(last).read(millivolts) is last


@pytest.mark.parametrize("millivolts", [None, math.nan, math.inf, -math.inf, -5.1, 60.1, 3_300.0])
@pytest.mark.parametrize("last", Flame)
def test_what_cannot_be_a_reading_is_unknown(millivolts: float | None, last: Flame) -> None:
    assert gauge(last).read(millivolts) is Flame.UNKNOWN


def test_after_an_impossible_reading_nothing_is_remembered() -> None:
    broken = gauge(Flame.OUT)
    broken.read(None)
    assert broken.read(3.0) is Flame.UNKNOWN


def test_a_flame_that_dies_away_is_lit_until_it_is_surely_out() -> None:
    dying = gauge()
    assert [dying.read(mv) for mv in (14, 6, 4.2, 3.9, 2.6, 2.4, 2.6, 3.9, 4.1)] == [
        *([Flame.LIT] * 5),
        *([Flame.OUT] * 3),
        Flame.LIT,
    ]


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=True) | st.none(), max_size=20))
def test_out_is_said_only_after_a_reading_that_says_so(readings: "list[float | None]") -> None:
    probe, said_out = gauge(), False
    for reading in readings:
        flame = probe.read(reading)
        lowest, highest = PLAUSIBLE_MV
        if reading is None or not lowest <= reading <= highest or reading > 4.0:
            said_out = False
        elif reading < 2.5:
            said_out = True
        assert (flame is Flame.OUT) == said_out
