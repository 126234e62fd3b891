"""From readings to lit, out or unknown: what cannot be believed is never "out"."""

import math
import random
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.flame import CLEAN_FOR, FOREIGN_AFTER, PLAUSIBLE_MV, SWITCHING, DigitalFlame, Thermocouple
from controller.terms import Flame
from hardware.clock import MINUTE, SECOND, Millis
from hardware.hob import Fault, SimulatedBurner
from tests.controller.builders import NOW

EVERY: Millis = 100
COLD, LOADED, OPEN = 0.1, 14.0, 24.0  # mV
LIT, OUT, UNKNOWN = Flame.LIT, Flame.OUT, Flame.UNKNOWN
Readings = Iterable[float | None]


class Probe:
    """A thermocouple that is read each 100 ms; ``said`` is what it said, in order."""

    def __init__(self) -> None:
        self.thermocouple = Thermocouple(lit_above_mv=4.0, out_below_mv=2.5)
        self.now = NOW
        self.said: list[Flame] = []

    def read(self, readings: Readings, switched: bool = False, every: Millis = EVERY) -> list[Flame]:
        """Take the readings; what it said to each."""
        said = []
        for millivolts in readings:
            self.now += every
            said.append(self.thermocouple.read(self.now, millivolts, switched))
        self.said += said
        return said


def near(millivolts: float, duration: Millis, noise: float = 0.02) -> list[float]:
    """What a converter makes of a steady voltage, for so long."""
    chance = random.Random(millivolts)
    return [millivolts + chance.uniform(-noise, noise) for _ in range(duration // EVERY)]


def a_cold_probe() -> Probe:
    probe = Probe()
    probe.read(near(COLD, 5 * SECOND))
    return probe


def a_lit_probe(millivolts: float = LOADED) -> Probe:
    probe = Probe()
    probe.read(near(millivolts, 5 * SECOND))
    assert probe.said[-1] is LIT
    return probe


# --- two voltages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("millivolts", "flame"), [(12.0, LIT), (4.01, LIT), (2.49, OUT), (0.0, OUT), (-0.5, OUT)])
def test_above_one_voltage_it_is_lit_and_below_another_out(millivolts: float, flame: Flame) -> None:
    assert Probe().read([millivolts]) == [flame]


@pytest.mark.parametrize("millivolts", [2.5, 3.2, 4.0])
@pytest.mark.parametrize("before", [4.5, 1.8])
def test_between_the_two_it_stays_what_it_was(millivolts: float, before: float) -> None:
    assert len(set(Probe().read([before, millivolts], every=SECOND))) == 1


@pytest.mark.parametrize("millivolts", [2.5, 3.2, 4.0])
def test_between_the_two_nothing_is_said_of_a_flame_that_was_never_seen(millivolts: float) -> None:
    assert Probe().read([millivolts]) == [UNKNOWN]


def test_a_flame_that_dies_away_is_lit_until_it_is_surely_out() -> None:
    dying = Probe()
    assert dying.read([6.0, 4.2, 3.9, 2.6, 2.4, 2.6, 3.9, 4.1], every=SECOND) == [*([LIT] * 4), *([OUT] * 3), LIT]


# --- what cannot be a reading ----------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf, -5.1, 60.1, 3_300.0])
@pytest.mark.parametrize("a_probe", [a_cold_probe, a_lit_probe])
def test_what_cannot_be_a_reading_is_unknown_at_once(a_probe: Callable[[], Probe], bad: float | None) -> None:
    probe = a_probe()
    assert probe.read([bad]) == [UNKNOWN]
    assert probe.thermocouple.believed_mv is None
    assert probe.thermocouple.trouble is not None


@pytest.mark.parametrize(("millivolts", "flame"), [(-5.0, OUT), (60.0, LIT)])
def test_the_rails_themselves_are_readings(millivolts: float, flame: Flame) -> None:
    assert Probe().read([millivolts]) == [flame]


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf, -5.1, 60.1, 3_300.0])
def test_a_cold_probe_is_out_again_once_its_readings_were_right_for_a_while(bad: float | None) -> None:
    probe = a_cold_probe()
    probe.read([bad] * 3)
    assert set(probe.read(near(COLD, CLEAN_FOR - EVERY))) == {UNKNOWN}
    probe.read(near(COLD, SECOND))
    assert probe.said[-1] is OUT
    assert probe.thermocouple.trouble is None


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf, -5.1, 60.1, 0.0])
def test_a_flame_that_goes_on_is_believed_again_after_a_bad_reading(bad: float | None) -> None:
    probe = a_lit_probe()
    probe.read([bad])
    assert set(probe.read(near(LOADED, CLEAN_FOR - EVERY))) == {UNKNOWN}
    probe.read(near(LOADED, SECOND))
    assert probe.said[-1] is LIT
    assert probe.thermocouple.trouble is None
    assert not probe.thermocouple.foreign


@pytest.mark.parametrize("millivolts", [OPEN, LOADED, 5.0, 1.2])
def test_a_hot_probe_that_stands_still_is_unknown_within_two_seconds(millivolts: float) -> None:
    probe = Probe()
    probe.read([*near(millivolts, 5 * SECOND), *[millivolts] * 21])
    assert probe.said[-1] is UNKNOWN
    assert set(probe.read([millivolts] * 36_000)) == {UNKNOWN}
    assert probe.thermocouple.trouble is not None


def test_a_reading_that_comes_twice_is_no_standstill() -> None:
    probe = a_lit_probe()
    assert set(probe.read([value for value in near(LOADED, MINUTE, noise=0.05) for _ in range(5)])) == {LIT}


@pytest.mark.parametrize(("times", "every"), [(14, 20), (9, 1_000)])
def test_neither_a_moment_nor_a_few_readings_make_a_standstill(times: int, every: Millis) -> None:
    probe = a_lit_probe()
    assert set(probe.read([LOADED] * times, every=every)) == {LIT}


def test_a_cold_probe_may_stand_still_for_half_a_minute_and_no_longer() -> None:
    probe = a_cold_probe()
    assert set(probe.read([0.0] * 300)) == {OUT}
    assert probe.read([0.0]) == [UNKNOWN]


def test_a_probe_that_stood_still_while_cold_is_out_again_when_it_moves() -> None:
    probe = a_cold_probe()
    probe.read([0.0] * 600)
    probe.read(near(COLD, CLEAN_FOR + SECOND))
    assert probe.said[-1] is OUT


@pytest.mark.parametrize(
    ("before", "after"), [(LOADED, OPEN), (OPEN, LOADED), (LOADED, 0.0), (LOADED, 9.0), (COLD, 9.0)]
)
def test_an_impossible_jump_is_unknown(before: float, after: float) -> None:
    probe = Probe()
    probe.read(near(before, 5 * SECOND))
    assert set(probe.read(near(after, CLEAN_FOR))) == {UNKNOWN}


@pytest.mark.parametrize("ratio", [1.4, 1.7, 2.3])
def test_a_relays_step_is_no_jump(ratio: float) -> None:
    probe = a_lit_probe(10.0)
    assert set(probe.read(near(10.0 * ratio, SWITCHING), switched=True)) == {LIT}
    assert set(probe.read(near(10.0, SWITCHING), switched=True)) == {LIT}
    assert probe.thermocouple.stepped_at is None
    assert probe.thermocouple.trouble is None


def test_a_relays_switching_excuses_no_open_lead() -> None:
    probe = a_lit_probe()
    assert probe.read([0.0], switched=True) == [UNKNOWN]


def test_a_step_without_a_relay_that_switched_is_remembered() -> None:
    probe = a_lit_probe()
    probe.read([LOADED * 1.7])
    assert probe.thermocouple.stepped_at == probe.now


@pytest.mark.parametrize("bad", [0.0, 9.0, 59.0, None, 3_300.0])
def test_only_a_step_up_like_a_relays_is_remembered_as_one(bad: float | None) -> None:
    probe = a_lit_probe()
    probe.read([bad, LOADED])
    assert probe.thermocouple.stepped_at is None


# --- an open lead ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [100, 250, 500, 1_000])
@pytest.mark.parametrize("lit", [5.0, LOADED, OPEN])
@pytest.mark.parametrize("reads", [0.0, 0.2, -0.3])
def test_an_open_lead_never_reads_as_a_flame_that_is_out(lit: float, reads: float, every: Millis) -> None:
    probe = a_lit_probe(lit)
    assert OUT not in probe.read([reads] * 36_000, every=every)


@pytest.mark.parametrize("every", [100, 250])
@pytest.mark.parametrize("lit", [2.6, 3.3, 3.9])
def test_an_open_lead_over_a_flame_that_is_hardly_one_never_reads_as_out(lit: float, every: Millis) -> None:
    probe = a_lit_probe(5.0)
    probe.read([*ramp(5.0, lit, 10 * SECOND), *near(lit, SECOND)])
    assert probe.said[-1] is LIT
    assert OUT not in probe.read([0.0] * 36_000, every=every)


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.3])
def test_an_open_lead_that_wags_never_reads_as_a_flame_that_is_out(noise: float) -> None:
    probe = a_lit_probe()
    for _ in range(20):
        probe.read([*near(0.0, 3 * SECOND, noise), *near(LOADED, 2 * SECOND)])
    probe.read(near(0.0, 10 * MINUTE, noise))
    assert OUT not in probe.said
    assert not probe.thermocouple.foreign


def test_an_open_lead_is_told_for_as_long_as_no_flame_was_seen_again() -> None:
    probe = a_lit_probe()
    probe.read(near(0.0, MINUTE))
    assert probe.thermocouple.trouble == "fell without cooling down; light it once, so that it is believed again"


def test_a_mended_lead_is_believed_after_one_flame() -> None:
    probe = a_lit_probe()
    probe.read(near(0.0, MINUTE))
    probe.read([*ramp(0.0, LOADED, 4 * SECOND), *near(LOADED, SECOND)])
    assert probe.said[-1] is LIT
    probe.read([*ramp(LOADED, 0.2, 40 * SECOND), *near(COLD, SECOND)])
    assert probe.said[-1] is OUT
    assert probe.thermocouple.trouble is None


def ramp(start: float, end: float, duration: Millis) -> list[float]:
    """From one voltage to another as a probe heats and cools: fast at first."""
    steps = duration // EVERY
    return [end + (start - end) * math.exp(-5 * step / steps) for step in range(1, steps + 1)]


anything = st.none() | st.floats(allow_nan=True) | st.floats(-6, 61) | st.sampled_from([0.0, COLD, 3.0, LOADED, OPEN])
stretches = st.lists(st.tuples(anything, st.integers(1, 80), st.booleans(), st.booleans()), max_size=8)
bad_over_a_flame = st.none() | st.sampled_from([math.nan, math.inf, -math.inf, -6.0, 61.0]) | st.floats(-5, 9.5)


@settings(deadline=None, max_examples=300)
@given(bad_over_a_flame, stretches, st.integers(20, 1_000))
def test_after_a_bad_reading_over_a_flame_out_is_never_said_before_lit(
    bad: float | None, later: "list[tuple[float | None, int, bool, bool]]", every: Millis
) -> None:
    probe = a_lit_probe()
    probe.read([bad])
    for millivolts, times, still, switched in later:
        shiver = [0.0] if still or millivolts is None else [0.0, 0.01, -0.01]
        values = [millivolts if millivolts is None else millivolts + shiver[i % len(shiver)] for i in range(times)]
        probe.read(values, switched, every)
    assert not unlit_out(probe.said[51:])


def unlit_out(said: list[Flame]) -> bool:
    """Whether "out" was said although "lit" was not, before."""
    return OUT in said and LIT not in said[: said.index(OUT)]


@settings(deadline=None)
@given(stretches)
def test_nothing_that_cannot_be_a_voltage_is_ever_believed(
    stretches: "list[tuple[float | None, int, bool, bool]]",
) -> None:
    probe, (lowest, highest) = Probe(), PLAUSIBLE_MV
    for millivolts, times, _, switched in stretches:
        for flame in probe.read([millivolts] * times, switched):
            believed = probe.thermocouple.believed_mv
            assert believed is None or lowest <= believed <= highest
            assert flame is not OUT or (millivolts is not None and millivolts <= 4.0)
            assert flame is not LIT or (millivolts is not None and millivolts >= 2.5)


# --- noise and foreign voltages --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("lit", [True, False])
def test_noise_makes_the_flame_unknown_within_two_seconds(seed: int, lit: bool) -> None:
    hob = Hob(seed)
    if lit:
        hob.light()
    hob.watch(30 * SECOND)
    hob.fail(Fault.SENSOR_NOISY)
    hob.watch(2 * SECOND)
    assert hob.probe.said[-1] is UNKNOWN
    assert set(hob.watch(2 * MINUTE)) == {UNKNOWN}
    assert not hob.probe.thermocouple.foreign


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("millivolts", [5.0, LOADED, OPEN])
def test_a_voltage_that_jumps_up_from_a_cold_probe_and_stays_is_foreign_after_two_seconds(
    millivolts: float, noise: float
) -> None:
    probe = a_cold_probe()
    probe.read(near(millivolts, FOREIGN_AFTER, noise))
    assert not probe.thermocouple.foreign
    probe.read(near(millivolts, EVERY, noise))
    assert probe.thermocouple.foreign
    assert set(probe.read(near(millivolts, MINUTE, noise))) == {UNKNOWN}
    assert probe.thermocouple.foreign


def test_a_foreign_voltage_ends_when_it_is_gone_and_the_probe_is_out_again() -> None:
    probe = a_cold_probe()
    probe.read(near(LOADED, MINUTE))
    probe.read(near(COLD, EVERY))
    assert not probe.thermocouple.foreign
    probe.read(near(COLD, CLEAN_FOR + SECOND))
    assert probe.said[-1] is OUT


@pytest.mark.parametrize("bad", [None, math.nan, -math.inf, -6.0, 61.0])
def test_a_bad_reading_does_not_end_a_foreign_voltage(bad: float | None) -> None:
    probe = a_cold_probe()
    probe.read([*near(LOADED, MINUTE), bad])
    assert probe.thermocouple.foreign


@pytest.mark.parametrize("duration", [100, 500, 1_900])
def test_a_spike_is_not_foreign(duration: Millis) -> None:
    probe = a_cold_probe()
    probe.read([*near(LOADED, duration), *near(COLD, MINUTE)])
    assert not probe.thermocouple.foreign
    assert probe.said[-1] is OUT


def test_an_igniters_sparks_are_not_foreign() -> None:
    for seed in range(50):
        probe, chance = a_cold_probe(), random.Random(seed)
        heating = ramp(COLD, LOADED, 10 * SECOND)
        probe.read(value + (chance.uniform(-6, 6) if at < 15 else 0) for at, value in enumerate(heating))
        probe.read(near(LOADED, 10 * SECOND))
        assert not probe.thermocouple.foreign
        assert probe.said[-1] is LIT


def test_a_lead_that_comes_back_to_its_flame_is_not_foreign() -> None:
    probe = a_lit_probe()
    probe.read([*near(0.0, 10 * SECOND), *near(LOADED, 10 * SECOND)])
    assert not probe.thermocouple.foreign
    assert probe.said[-1] is LIT


# --- pauses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("later", "flame"), [(COLD, OUT), (LOADED, LIT), (OPEN, LIT)])
@pytest.mark.parametrize("a_probe", [a_cold_probe, a_lit_probe])
def test_after_a_pause_the_next_reading_may_be_anything(
    a_probe: Callable[[], Probe], later: float, flame: Flame
) -> None:
    probe = a_probe()
    probe.thermocouple.forget()
    assert probe.thermocouple.believed_mv is None
    assert probe.read([later]) == [flame]


def test_a_pause_does_not_make_an_open_lead_believed() -> None:
    probe = a_lit_probe()
    probe.read([0.0])
    probe.thermocouple.forget()
    assert OUT not in probe.read(near(0.0, MINUTE))


def test_a_pause_within_a_spike_does_not_make_it_foreign() -> None:
    probe = a_cold_probe()
    probe.read([LOADED])
    probe.thermocouple.forget()
    probe.read(near(LOADED, 10 * SECOND))
    assert not probe.thermocouple.foreign


def test_between_the_two_voltages_nothing_is_remembered_over_a_pause() -> None:
    probe = a_lit_probe()
    probe.thermocouple.forget()
    assert probe.read([3.2]) == [UNKNOWN]


# --- the simulated burner --------------------------------------------------------------------------------


class Hob:
    """A simulated burner whose thermocouple is read each 100 ms."""

    def __init__(self, seed: int = 0) -> None:
        self.burner = SimulatedBurner(seed)
        self.probe = Probe()
        self._switched_at = -SWITCHING
        self.energise()

    @property
    def now(self) -> Millis:
        return self.probe.now - NOW

    def energise(self) -> None:
        self.burner.energise(self.now)
        self._switched_at = self.now

    def release(self) -> None:
        self.burner.release(self.now)
        self._switched_at = self.now

    def light(self) -> None:
        self.burner.light(self.now)

    def fail(self, fault: Fault) -> None:
        self.burner.fail(self.now, fault)

    def watch(self, duration: Millis) -> list[Flame]:
        """Read for so long; what was said."""
        said = []
        for _ in range(duration // EVERY):
            self.burner.advance(self.now + EVERY)
            switched = self.now + EVERY - self._switched_at <= SWITCHING
            said += self.probe.read([self.burner.reading.millivolts], switched)
        return said


@pytest.mark.parametrize("seed", range(5))
def test_a_whole_burn_never_becomes_unknown(seed: int) -> None:
    hob = Hob(seed)
    hob.watch(5 * SECOND)
    assert hob.probe.said[-1] is OUT
    hob.light()
    hob.watch(10 * MINUTE)
    assert hob.probe.said[-1] is LIT
    hob.release()
    hob.watch(10 * SECOND)
    hob.energise()
    hob.watch(4 * MINUTE)
    assert hob.probe.said[-1] is OUT
    hob.light()
    hob.watch(30 * SECOND)
    assert hob.probe.said[-1] is LIT
    hob.burner.blow_out(hob.now)
    hob.watch(7 * SECOND)
    hob.light()
    hob.watch(MINUTE)
    hob.burner.turn_off(hob.now)
    hob.watch(2 * MINUTE)
    assert changes(hob.probe.said) == [OUT, LIT, OUT, LIT, OUT]
    assert hob.probe.thermocouple.stepped_at is None


@pytest.mark.parametrize("pressed_again", [500, 2_000, 5_000, 10_000, 20_000])
def test_a_burner_that_is_lit_again_while_it_cools_never_becomes_unknown(pressed_again: Millis) -> None:
    hob = Hob()
    hob.light()
    hob.watch(MINUTE)
    hob.release()
    hob.watch(pressed_again)
    hob.energise()
    hob.light()
    hob.watch(MINUTE)
    assert UNKNOWN not in hob.probe.said
    assert hob.probe.said[-1] is LIT


@pytest.mark.parametrize("fault", [Fault.SENSOR_OPEN, Fault.SENSOR_FROZEN])
@pytest.mark.parametrize("after", [5 * SECOND, MINUTE])
def test_a_sensor_that_fails_over_a_flame_is_unknown_within_two_seconds_and_never_out(
    fault: Fault, after: Millis
) -> None:
    hob = Hob()
    hob.light()
    hob.watch(after)
    hob.fail(fault)
    assert hob.watch(2 * SECOND)[-1] is UNKNOWN
    assert set(hob.watch(10 * MINUTE)) == {UNKNOWN}


@pytest.mark.parametrize("lit", [True, False])
def test_a_loose_plug_is_unknown_within_two_seconds_and_for_as_long_as_it_is_loose(lit: bool) -> None:
    hob = Hob()
    if lit:
        hob.light()
    hob.watch(MINUTE)
    hob.fail(Fault.FLICKER)
    hob.watch(2 * SECOND)
    assert set(hob.watch(10 * MINUTE)) == {UNKNOWN}
    assert not hob.probe.thermocouple.foreign


def test_a_stray_source_at_a_cold_probe_is_foreign_until_it_is_gone() -> None:
    hob = Hob()
    hob.watch(MINUTE)
    hob.fail(Fault.FOREIGN_VOLTAGE)
    hob.watch(3 * SECOND)
    assert hob.probe.thermocouple.foreign
    hob.burner.repair(hob.now)
    hob.watch(10 * SECOND)
    assert not hob.probe.thermocouple.foreign
    assert hob.probe.said[-1] is OUT


def changes(said: list[Flame]) -> list[Flame]:
    """What was said, each as long as it was the same once."""
    return [flame for before, flame in zip([None, *said], said, strict=False) if flame is not before]


# --- a switched sensor -----------------------------------------------------------------------------------


def poll(sensor: DigitalFlame, levels: Iterable[bool | None], start: Millis = NOW) -> Iterator[tuple[Millis, Flame]]:
    """Read it each 100 ms; when, from the start on, and what it said."""
    for index, lit in enumerate(levels):
        yield index * EVERY, sensor.read(start + index * EVERY, lit)


def square(hertz: float, duration: Millis, phase: float = 0.0) -> list[bool]:
    """A flickering level as it is polled."""
    return [(at * hertz / 1000 + phase) % 1 < 0.5 for at in range(0, duration, EVERY)]


def test_a_switched_sensor_is_believed_at_once() -> None:
    sensor = DigitalFlame()
    assert [flame for _, flame in poll(sensor, [False, True, True, False])] == [OUT, LIT, LIT, OUT]
    assert sensor.trouble is None


# 10 Hz and 20 Hz stand still for one who looks each 100 ms, so the polled rates keep off their neighbourhood
@pytest.mark.parametrize("hertz", [0.1, 0.13, 0.2, 0.5, 1.0, 2.0, 3.3, 4.9, 5.0, 7.0, 9.8, 10.3, 13.0, 17.7, 19.8])
@pytest.mark.parametrize("phase", [0.0, 0.2, 0.5, 0.7])
def test_a_sensor_that_flickers_is_unknown_within_half_a_minute_and_stays_so(hertz: float, phase: float) -> None:
    said = list(poll(DigitalFlame(), square(hertz, 20 * MINUTE, phase)))
    assert {flame for at, flame in said if at >= 30 * SECOND} == {UNKNOWN}


@settings(deadline=None)
@given(st.floats(0.1, 9.8), st.floats(0, 1))
def test_no_rate_of_flickering_is_believed(hertz: float, phase: float) -> None:
    said = list(poll(DigitalFlame(), square(hertz, 2 * MINUTE, phase)))
    assert {flame for at, flame in said if at > 30 * SECOND} == {UNKNOWN}


def test_a_sensor_that_flickered_is_believed_once_it_was_calm() -> None:
    sensor = DigitalFlame()
    list(poll(sensor, square(1.0, MINUTE)))
    calm = list(poll(sensor, [False] * 300, start=NOW + MINUTE))
    assert {flame for at, flame in calm if at < 9 * SECOND} == {UNKNOWN}
    assert {flame for at, flame in calm if at >= 10 * SECOND} == {OUT}
    assert sensor.trouble is None


@pytest.mark.parametrize("burns", [5, 10, 15])
def test_somebody_who_lights_and_turns_off_three_times_in_a_minute_is_believed(burns: int) -> None:
    one = [True] * (burns * 10) + [False] * (200 - burns * 10)
    levels = [False] * 50 + one * 3 + [False] * 600
    assert [flame for _, flame in poll(DigitalFlame(), levels)] == [LIT if lit else OUT for lit in levels]


def test_no_reading_is_unknown_until_there_is_one() -> None:
    sensor = DigitalFlame()
    assert [flame for _, flame in poll(sensor, [None, None])] == [UNKNOWN, UNKNOWN]
    assert sensor.trouble == "gives no reading"
    assert [flame for _, flame in poll(sensor, [True], start=NOW + SECOND)] == [LIT]
    assert sensor.trouble is None


def test_a_gap_ends_no_flicker() -> None:
    sensor = DigitalFlame()
    list(poll(sensor, square(1.0, 20 * SECOND)))
    gap: list[bool | None] = [None, *([False] * 50)]
    assert {flame for _, flame in poll(sensor, gap, start=NOW + 20 * SECOND)} == {UNKNOWN}
