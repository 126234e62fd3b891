"""What sensors say, and what their faults make them say, in virtual time."""

import itertools
from collections.abc import Callable

import pytest

from hardware.clock import HOUR, MINUTE, SECOND, Millis
from hardware.hob import NOISE, Fault, Reading, SimulatedBurner

STEADY: Millis = 5 * MINUTE
STEP = 0.0078125  # mV, of an ADS1115


def cooking(seed: int = 0) -> SimulatedBurner:
    """A burner that has burnt for five minutes, at ``STEADY`` ms."""
    burner = SimulatedBurner(seed)
    burner.energise(0)
    burner.light(0)
    burner.advance(STEADY)
    return burner


def cold(seed: int = 0) -> SimulatedBurner:
    """One that nobody has lit, at ``STEADY`` ms."""
    burner = SimulatedBurner(seed)
    burner.advance(STEADY)
    return burner


def readings(burner: SimulatedBurner, every: Millis = 100, lasts: Millis = 10 * SECOND) -> list[Reading]:
    """What the burner says from ``STEADY`` on."""
    taken = []
    for now in range(STEADY, STEADY + lasts, every):
        burner.advance(now)
        taken.append(burner.reading)
    return taken


def voltages(burner: SimulatedBurner, every: Millis = 100, lasts: Millis = 10 * SECOND) -> list[float]:
    return [reading.millivolts for reading in readings(burner, every, lasts)]


# --- noise --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "level"), [(cooking, 14.0), (cold, 0.0)])
def test_a_reading_never_stands_still_hot_or_cold(make: Callable[[], SimulatedBurner], level: float) -> None:
    taken = voltages(make(), lasts=HOUR // 10)
    assert all(abs(millivolts - level) <= NOISE for millivolts in taken)
    steps = [round(millivolts / STEP) for millivolts in taken]
    assert len(set(steps)) >= 10
    longest = max(len(list(group)) for _, group in itertools.groupby(steps))
    assert longest <= 5, "a hundred ms each"


def test_noise_is_spread_evenly_over_ten_steps() -> None:
    taken = voltages(cold(), lasts=1_000 * SECOND)
    shares = [sum(low <= 10 * (mv + NOISE) / (2 * NOISE) < low + 1 for mv in taken) / len(taken) for low in range(10)]
    assert shares == pytest.approx([0.1] * 10, abs=0.015)
    assert sum(taken) / len(taken) == pytest.approx(0, abs=0.001)


def test_noise_is_of_the_instant_and_the_burner_and_not_of_who_reads() -> None:
    assert voltages(cooking(1)) == voltages(cooking(1)) != voltages(cooking(2))
    assert voltages(cooking(), every=20)[::5] == voltages(cooking(), every=100)
    assert len(set(voltages(cold(), every=1, lasts=100))) == 1


def test_noise_never_reaches_the_digital_flame() -> None:
    assert {reading.flame for reading in readings(cooking())} == {True}
    assert {reading.flame for reading in readings(cold())} == {False}


# --- open, frozen, noisy ------------------------------------------------------------------------------


def test_an_open_sensor_lead_reads_exactly_zero_and_no_flame_under_a_flame() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.SENSOR_OPEN)
    assert set(readings(burner)) == {Reading(0.0, flame=False)}
    assert burner.flame


def test_a_frozen_sensor_keeps_exactly_its_last_value_through_a_cut() -> None:
    burner = cooking()
    before = burner.reading
    burner.fail(STEADY, Fault.SENSOR_FROZEN)
    burner.release(STEADY)
    assert set(readings(burner, every=SECOND, lasts=HOUR)) == {before}
    assert not burner.flame


def test_a_sensor_frozen_twice_keeps_its_first_value() -> None:
    burner = cooking()
    before = burner.reading
    for now in (STEADY, STEADY + SECOND):
        burner.fail(now, Fault.SENSOR_FROZEN)
    assert burner.reading == before


def test_a_noisy_sensor_is_random_within_3_mv_and_the_same_each_time() -> None:
    def noisy(seed: int) -> list[Reading]:
        burner = cold(seed)
        burner.fail(STEADY, Fault.SENSOR_NOISY)
        return readings(burner, every=50)

    taken = [reading.millivolts for reading in noisy(1)]
    assert -3 - NOISE <= min(taken) < -2.5
    assert 2.5 < max(taken) <= 3 + NOISE
    assert {reading.flame for reading in noisy(1)} == {False, True}
    assert noisy(1) == noisy(1) != noisy(2)


def test_an_open_lead_outdoes_every_other_fault() -> None:
    burner = cooking()
    for fault in Fault:
        burner.fail(STEADY, fault)
    assert set(readings(burner)) == {Reading(0.0, flame=False)}


# --- flicker ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [cooking, cold])
def test_a_loose_plug_changes_both_sensors_between_cold_and_lit_at_5_hz_whatever_burns(
    make: Callable[[], SimulatedBurner],
) -> None:
    burner = make()
    burner.fail(STEADY, Fault.FLICKER)
    taken = readings(burner, every=10, lasts=SECOND)
    levels = [(flame, len(list(group))) for flame, group in itertools.groupby(taken, lambda reading: reading.flame)]
    assert levels == [(False, 10), (True, 10)] * 5
    lit = 14.0 if burner.contact_closed else 24.0
    for reading in taken:
        assert reading.millivolts == pytest.approx(lit if reading.flame else 0.0, abs=NOISE)


def test_a_loose_plug_moves_no_valve() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.FLICKER)
    burner.advance(STEADY + MINUTE)
    assert (burner.valve_open, burner.flame) == (True, True)
    assert burner.current_ma == pytest.approx(400.0)


# --- a stray voltage ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "level"), [(cooking, 26.0), (cold, 12.0)])
def test_a_stray_voltage_is_12_mv_more_at_once_and_gone_at_once(
    make: Callable[[], SimulatedBurner], level: float
) -> None:
    burner = make()
    flame = burner.reading.flame
    burner.fail(STEADY, Fault.FOREIGN_VOLTAGE)
    for reading in readings(burner):
        assert reading.millivolts == pytest.approx(level, abs=NOISE)
        assert reading.flame is flame
    burner.repair(STEADY + MINUTE)
    assert burner.reading.millivolts == pytest.approx(level - 12, abs=NOISE)


def test_a_stray_voltage_does_not_hold_the_valve() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.FOREIGN_VOLTAGE)
    burner.blow_out(STEADY)
    burner.advance(STEADY + MINUTE)
    assert not burner.valve_open
    assert burner.current_ma < 80


@pytest.mark.parametrize("fault", [Fault.FIRST_STUCK, Fault.SECOND_STUCK, Fault.CROSSED, Fault.REFERENCE])
def test_what_only_the_wiring_can_do_the_burner_does_not_feel(fault: Fault) -> None:
    broken, sound = cooking(), cooking()
    broken.fail(STEADY, fault)
    for burner in (broken, sound):
        burner.release(STEADY)
        burner.advance(STEADY + SECOND)
    assert (broken.reading, broken.contact_closed, broken.flame) == (sound.reading, False, False)


def test_a_burner_tells_its_faults_until_they_are_repaired() -> None:
    burner = cooking()
    burner.fail(STEADY, Fault.FLICKER)
    burner.fail(STEADY, Fault.VALVE_STUCK)
    assert burner.faults == {Fault.FLICKER, Fault.VALVE_STUCK}
    burner.repair(STEADY)
    assert not burner.faults
