"""What the simulated burner's physics promise, in virtual time."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.clock import MINUTE, SECOND, Millis
from hardware.hob import NOISE, Fault, Knob, SimulatedBurner

HOLD_IN_AT: Millis = 2_567  # 3 s · ln(24 / (24 - 13.8)), rounded up
COOLED_AFTER: Millis = 16_095  # 10 s · ln(24 / 4.8), rounded up
STEADY: Millis = 5 * MINUTE

Deed = Callable[[SimulatedBurner, Millis], None]


def breaks(fault: Fault) -> Deed:
    return lambda burner, now: burner.fail(now, fault)


DEEDS: list[Deed] = [
    SimulatedBurner.light,
    SimulatedBurner.hold,
    SimulatedBurner.let_go,
    SimulatedBurner.turn_off,
    SimulatedBurner.blow_out,
    SimulatedBurner.energise,
    SimulatedBurner.release,
    SimulatedBurner.repair,
    *(breaks(fault) for fault in Fault),
]
HANDLESS = [deed for deed in DEEDS if deed not in (SimulatedBurner.light, SimulatedBurner.hold)]
gaps = st.integers(0, 30 * SECOND)


def cooking() -> SimulatedBurner:
    """A burner that has burnt for five minutes, at ``STEADY`` ms."""
    burner = SimulatedBurner()
    burner.energise(0)
    burner.light(0)
    burner.advance(STEADY)
    return burner


def seen(burner: SimulatedBurner) -> tuple[object, ...]:
    """All that can be seen of a burner."""
    loop = burner.energised, burner.contact_closed, burner.emf_mv, burner.current_ma
    return burner.knob, burner.valve_open, burner.flame, burner.reading, *loop


# --- the magnet ---------------------------------------------------------------------------------------


def test_a_cold_burner_does_nothing() -> None:
    burner = SimulatedBurner()
    burner.advance(MINUTE)
    assert (burner.knob, burner.valve_open, burner.flame, burner.reading.flame) == (Knob.OFF, False, False, False)
    assert (burner.energised, burner.contact_closed, burner.emf_mv, burner.current_ma) == (False, False, 0.0, 0.0)
    assert burner.reading.millivolts == pytest.approx(0.0, abs=NOISE)


@given(
    st.sampled_from([SimulatedBurner.turn_off, SimulatedBurner.release]),
    st.lists(st.tuples(gaps, st.sampled_from(HANDLESS)), max_size=20),
)
def test_the_magnet_holds_but_never_pulls(shut: Deed, script: list[tuple[Millis, Deed]]) -> None:
    burner, now = cooking(), STEADY
    shut(burner, now)
    for gap, deed in script:
        now += gap
        deed(burner, now)
        assert not burner.valve_open
        assert not burner.flame


def test_the_knob_is_let_go_as_soon_as_the_magnet_would_hold() -> None:
    burner = SimulatedBurner()
    burner.energise(0)
    burner.light(0)
    burner.advance(HOLD_IN_AT - 1)
    assert burner.current_ma < 230
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.PRESSED, True, True)
    burner.advance(HOLD_IN_AT)
    assert burner.current_ma == pytest.approx(230, abs=0.1)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.ON, True, True)


def test_a_probe_still_hot_lets_the_knob_go_at_once() -> None:
    burner = cooking()
    burner.release(STEADY)
    burner.energise(STEADY + SECOND)
    burner.light(STEADY + 2 * SECOND)
    assert burner.knob is Knob.ON
    assert burner.flame


def test_with_the_relay_open_a_person_gives_up_after_20_s_and_the_flame_dies() -> None:
    burner = SimulatedBurner()
    burner.light(0)
    burner.advance(20 * SECOND - 1)
    assert (burner.knob, burner.flame, burner.current_ma) == (Knob.PRESSED, True, 0.0)
    burner.advance(20 * SECOND)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.ON, False, False)


def test_a_relay_that_closes_while_the_knob_is_held_lets_the_magnet_take_over() -> None:
    burner = SimulatedBurner()
    burner.light(0)
    burner.energise(10 * SECOND)
    assert (burner.knob, burner.valve_open) == (Knob.ON, True)
    burner.advance(MINUTE)
    assert burner.flame


def test_a_cut_while_the_knob_is_held_changes_nothing() -> None:
    burner = SimulatedBurner()
    burner.energise(0)
    burner.light(0)
    burner.release(HOLD_IN_AT - 1)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.PRESSED, True, True)
    burner.advance(19 * SECOND)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.PRESSED, True, True)


def test_a_flame_blown_out_under_the_pressed_knob_leaves_the_gas_on_until_it_is_let_go() -> None:
    burner = SimulatedBurner()
    burner.energise(0)
    burner.light(0)
    burner.blow_out(SECOND)
    burner.advance(20 * SECOND - 1)
    assert (burner.valve_open, burner.flame) == (True, False)
    burner.advance(20 * SECOND)
    assert (burner.knob, burner.valve_open) == (Knob.ON, False)


def test_a_relay_that_closes_after_the_probe_has_cooled_does_not_relieve_the_hand() -> None:
    burner = SimulatedBurner()
    burner.light(0)
    burner.blow_out(10 * SECOND)
    burner.energise(19 * SECOND)
    assert burner.knob is Knob.PRESSED
    burner.advance(20 * SECOND)
    assert (burner.knob, burner.valve_open) == (Knob.ON, False)


def test_the_knob_pressed_anew_starts_its_20_s_anew() -> None:
    burner = SimulatedBurner()
    burner.light(0)
    burner.light(15 * SECOND)
    burner.advance(35 * SECOND - 1)
    assert burner.flame
    burner.advance(35 * SECOND)
    assert not burner.flame


# --- a hand that does not let go ------------------------------------------------------------------------


def test_a_held_knob_keeps_the_valve_open_whatever_the_relay_does() -> None:
    burner = SimulatedBurner()
    burner.hold(0)
    for now in (HOLD_IN_AT, MINUTE, 2 * MINUTE):
        burner.energise(now)
        assert (burner.knob, burner.valve_open, burner.flame) == (Knob.PRESSED, True, True)
        burner.release(now + SECOND)
        burner.advance(now + 50 * SECOND)
        assert (burner.knob, burner.valve_open, burner.flame) == (Knob.PRESSED, True, True)


def test_a_knob_held_over_a_cut_shuts_when_it_is_let_go() -> None:
    burner = cooking()
    burner.hold(STEADY)
    burner.release(STEADY + SECOND)
    assert burner.flame
    burner.let_go(STEADY + MINUTE)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.ON, False, False)
    burner.light(STEADY + 2 * MINUTE)
    burner.advance(STEADY + 3 * MINUTE)
    assert not burner.flame, "the next hand is an ordinary one again"


def test_a_held_knob_shuts_at_off() -> None:
    burner = cooking()
    burner.hold(STEADY)
    burner.turn_off(STEADY + MINUTE)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.OFF, False, False)
    burner.light(STEADY + 2 * MINUTE)
    burner.release(STEADY + 2 * MINUTE)
    burner.advance(STEADY + 3 * MINUTE)
    assert not burner.flame, "the next hand is an ordinary one again"


@pytest.mark.parametrize(("after", "holds"), [(HOLD_IN_AT - 1, False), (HOLD_IN_AT, True)])
def test_a_knob_let_go_under_a_closed_relay_leaves_the_valve_to_the_magnet_if_that_can_hold_it(
    after: Millis, holds: bool
) -> None:
    burner = SimulatedBurner()
    burner.energise(0)
    burner.hold(0)
    burner.let_go(after)
    burner.advance(MINUTE)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.ON, holds, holds)


def test_a_magnet_that_held_before_the_knob_was_pressed_needs_no_more_than_the_drop_out_current() -> None:
    burner = cooking()
    burner.blow_out(STEADY)
    burner.light(STEADY + COOLED_AFTER - SECOND)
    burner.let_go(STEADY + COOLED_AFTER - SECOND)
    assert 80 < burner.current_ma < 230
    assert burner.valve_open


def test_a_flame_blown_out_under_a_held_knob_lets_the_gas_flow_until_the_knob_is_let_go() -> None:
    burner = cooking()
    burner.hold(STEADY)
    burner.blow_out(STEADY + SECOND)
    burner.advance(STEADY + 10 * MINUTE)
    assert (burner.valve_open, burner.flame) == (True, False)
    burner.let_go(STEADY + 10 * MINUTE)
    assert not burner.valve_open


def test_lighting_does_not_make_a_held_knob_let_go() -> None:
    burner = SimulatedBurner()
    burner.hold(0)
    burner.blow_out(SECOND)
    burner.light(2 * SECOND)
    burner.advance(10 * MINUTE)
    assert (burner.knob, burner.flame) == (Knob.PRESSED, True)


@pytest.mark.parametrize("act", [SimulatedBurner.turn_off, SimulatedBurner.advance])
def test_letting_go_of_a_knob_that_is_not_pressed_changes_nothing(act: Deed) -> None:
    burner = cooking()
    act(burner, STEADY)
    before = seen(burner)
    burner.let_go(STEADY)
    assert seen(burner) == before


def test_a_knob_pressed_in_the_past_was_let_go_then_though_it_is_held_now() -> None:
    hasty, patient = SimulatedBurner(), SimulatedBurner()
    for burner in (hasty, patient):
        burner.light(0)
    patient.advance(20 * SECOND)
    for burner in (hasty, patient):
        burner.hold(MINUTE)
    assert seen(hasty) == seen(patient)
    assert hasty.emf_mv < 1


# --- the cut ------------------------------------------------------------------------------------------


def test_opening_the_relay_under_a_flame_steps_the_voltage_up_then_it_decays() -> None:
    burner = cooking()
    assert burner.reading.millivolts == pytest.approx(14.0, abs=NOISE)
    assert burner.current_ma == pytest.approx(400.0)
    burner.release(STEADY)
    assert burner.reading.millivolts == pytest.approx(24.0, abs=NOISE)
    assert (burner.current_ma, burner.valve_open, burner.flame) == (0.0, False, False)
    burner.advance(STEADY + 10 * SECOND)
    assert burner.reading.millivolts == pytest.approx(24.0 / 2.718281828, abs=NOISE)
    burner.advance(STEADY + MINUTE)
    assert burner.reading.millivolts < 0.06 + NOISE


def test_after_a_cut_a_relay_that_closes_again_relights_nothing() -> None:
    burner = cooking()
    burner.release(STEADY)
    burner.energise(STEADY + 1)
    burner.advance(STEADY + MINUTE)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.ON, False, False)


def test_turning_the_knob_off_ends_the_flame_whatever_the_relay_says() -> None:
    burner = cooking()
    burner.turn_off(STEADY)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.OFF, False, False)
    assert burner.contact_closed


def test_a_flame_blown_out_closes_the_valve_by_itself_within_the_60_s_of_en_125() -> None:
    burner = cooking()
    burner.blow_out(STEADY)
    burner.advance(STEADY + COOLED_AFTER - 1)
    assert burner.valve_open
    assert burner.current_ma >= 80
    burner.advance(STEADY + COOLED_AFTER)
    assert not burner.valve_open
    assert burner.current_ma < 80
    assert COOLED_AFTER < MINUTE


def test_a_flame_lit_again_in_time_keeps_the_valve() -> None:
    burner = cooking()
    burner.blow_out(STEADY)
    burner.light(STEADY + COOLED_AFTER - 1)
    burner.advance(STEADY + MINUTE)
    assert (burner.knob, burner.valve_open, burner.flame) == (Knob.ON, True, True)


def test_blowing_at_a_dead_burner_changes_nothing() -> None:
    burner = SimulatedBurner()
    burner.blow_out(SECOND)
    burner.light(SECOND)
    burner.blow_out(SECOND)
    burner.advance(MINUTE)
    assert (burner.valve_open, burner.flame, burner.emf_mv) == (False, False, 0.0)


# --- faults -------------------------------------------------------------------------------------------


def test_a_stuck_contact_makes_a_cut_do_nothing_and_show_no_step() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.CONTACT_STUCK)
    burner.release(STEADY + 1)
    assert (burner.contact_closed, burner.flame) == (True, True)
    assert burner.reading.millivolts == pytest.approx(14.0, abs=NOISE)


def test_a_stuck_contact_that_comes_loose_after_the_cut_drops_the_valve() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.CONTACT_STUCK)
    burner.release(STEADY + 1)
    burner.repair(STEADY + 2)
    assert (burner.contact_closed, burner.valve_open, burner.flame) == (False, False, False)


def test_a_stuck_valve_shows_the_step_but_no_decay() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.VALVE_STUCK)
    burner.release(STEADY + 1)
    burner.advance(STEADY + MINUTE)
    assert (burner.contact_closed, burner.valve_open, burner.flame) == (False, True, True)
    assert burner.reading.millivolts == pytest.approx(24.0, abs=NOISE)


def test_a_stuck_valve_with_the_flame_blown_out_goes_on_giving_gas() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.VALVE_STUCK)
    burner.blow_out(STEADY)
    burner.advance(STEADY + MINUTE)
    assert (burner.valve_open, burner.flame) == (True, False)


def test_a_shut_valve_that_gets_stuck_stays_shut() -> None:
    burner = cooking()
    burner.release(STEADY)
    burner.fail(STEADY, Fault.VALVE_STUCK)
    assert (burner.valve_open, burner.flame) == (False, False)


def test_the_knob_shuts_a_stuck_valve() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.VALVE_STUCK)
    burner.turn_off(STEADY)
    assert (burner.valve_open, burner.flame) == (False, False)


def test_a_stuck_valve_that_comes_loose_after_the_cut_drops() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.VALVE_STUCK)
    burner.release(STEADY)
    burner.energise(STEADY + 1)
    burner.repair(STEADY + 2)
    assert (burner.valve_open, burner.flame) == (False, False)


@pytest.mark.parametrize("fault", Fault)
def test_a_repair_clears_every_fault(fault: Fault) -> None:
    broken, sound = cooking(), cooking()
    broken.fail(STEADY, fault)
    broken.repair(STEADY + 1)
    for burner in (broken, sound):
        burner.blow_out(STEADY + 2)
        burner.advance(STEADY + MINUTE)
    assert seen(broken) == seen(sound)


# --- time ---------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(gaps, st.sampled_from(DEEDS)), max_size=15),
    st.lists(st.integers(0, 500 * SECOND), max_size=1_000),
)
def test_advancing_in_one_step_or_a_thousand_gives_the_same_state(
    script: list[tuple[Millis, Deed]], steps: list[Millis]
) -> None:
    hasty, patient, now = SimulatedBurner(), SimulatedBurner(), 0
    looks = iter(sorted(steps))
    look = next(looks, None)
    for gap, deed in [*script, (MINUTE, SimulatedBurner.advance)]:
        now += gap
        while look is not None and look <= now:
            patient.advance(look)
            look = next(looks, None)
        deed(hasty, now)
        deed(patient, now)
        assert seen(hasty) == seen(patient)


def test_a_meal_watched_every_millisecond_is_the_same_as_one_seen_at_its_end() -> None:
    def meal(step: Millis) -> SimulatedBurner:
        burner = SimulatedBurner()
        burner.energise(0)
        burner.light(0)
        for now in range(step, 5 * SECOND + 1, step):
            burner.advance(now)
        burner.blow_out(5 * SECOND)
        for now in range(5 * SECOND + step, 25 * SECOND + 1, step):
            burner.advance(now)
        return burner

    assert seen(meal(step=1)) == seen(meal(step=5 * SECOND))


@given(st.lists(st.tuples(gaps, st.sampled_from(DEEDS)), max_size=20))
def test_there_is_never_a_flame_without_gas_nor_gas_with_the_knob_off(script: list[tuple[Millis, Deed]]) -> None:
    burner, now = SimulatedBurner(), 0
    for gap, deed in script:
        now += gap
        deed(burner, now)
        assert burner.valve_open or not burner.flame
        assert burner.knob is not Knob.OFF or not burner.valve_open
        assert 0.0 <= burner.emf_mv <= 24.0


def test_an_earlier_instant_changes_nothing() -> None:
    burner = cooking()
    before = seen(burner)
    burner.advance(0)
    assert seen(burner) == before
