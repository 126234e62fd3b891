"""Did the cut work? Every finding, the edges of the windows, and that nothing is confirmed without being measured."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.events import Proof
from controller.proof import CONTACT_SETTLES_WITHIN, STEP_RATIO, STEP_READINGS, STEP_WITHIN, CutProof, Finding
from controller.terms import Contact, Flame, Reading
from hardware.clock import SECOND, Millis
from tests.controller.builders import NOW

CLOSING: Millis = 90 * SECOND
LOADED, OPEN = 14.0, 24.0  # mV
LIT, OUT, UNKNOWN = Flame.LIT, Flame.OUT, Flame.UNKNOWN


def a_cut(flame: Flame = LIT, loaded_mv: float | None = LOADED, has_contact: bool = False) -> CutProof:
    """A cut at ``NOW``, over a flame that a thermocouple measures."""
    return CutProof(NOW, NOW + CLOSING, flame, loaded_mv, has_contact)


def a_cut_that_stepped() -> CutProof:
    proof = a_cut()
    assert proof.observe(NOW + 100, Reading(LIT, millivolts=OPEN)) is None
    return proof


def a_digital_cut(flame: Flame = LIT, has_contact: bool = False) -> CutProof:
    return a_cut(flame, None, has_contact)


def find(proof: CutProof, *readings: tuple[Millis, Reading]) -> Finding | None:
    """What the proof finds in readings at so many ms after the cut; it is asked no more once it found something."""
    for after, reading in readings:
        finding = proof.observe(NOW + after, reading)
        if finding is not None:
            return finding
    return None


def steady(until: Millis, reading: Reading, every: Millis = 100) -> list[tuple[Millis, Reading]]:
    return [(after, reading) for after in range(every, until + 1, every)]


# --- what a finding stands for ---------------------------------------------------------------------------


def test_each_finding_stands_for_one_outcome() -> None:
    outcomes = {finding: finding.proof for finding in Finding}
    assert [finding for finding in outcomes if outcomes[finding] is Proof.CONFIRMED] == [Finding.FLAME_OUT]
    assert {finding for finding in outcomes if outcomes[finding] is Proof.UNAVAILABLE} == {
        Finding.NOTHING_LIT,
        Finding.CANNOT_TELL,
    }
    assert Proof.PENDING not in outcomes.values()


# --- confirmed -------------------------------------------------------------------------------------------


def test_step_and_decay_confirm_the_cut() -> None:
    proof = a_cut_that_stepped()
    assert find(proof, *steady(20 * SECOND, Reading(LIT, millivolts=10.0))) is None
    assert find(proof, (21 * SECOND, Reading(OUT, millivolts=2.4))) is Finding.FLAME_OUT
    assert (proof.loaded_mv, proof.open_mv) == (LOADED, OPEN)


def test_a_digital_sensor_confirms_by_the_flame_alone() -> None:
    assert find(a_digital_cut(), (300, Reading(LIT)), (5 * SECOND, Reading(OUT))) is Finding.FLAME_OUT


def test_a_flame_that_was_unknown_for_a_while_and_then_out_is_proved() -> None:
    proof = a_cut_that_stepped()
    assert find(proof, (4_000, Reading()), (30 * SECOND, Reading(OUT, millivolts=1.0))) is Finding.FLAME_OUT


def test_the_highest_voltage_of_the_window_counts_as_open() -> None:
    proof = a_cut()
    find(proof, *[(at, Reading(LIT, millivolts=mv)) for at, mv in ((100, 14.0), (200, 23.0), (300, 22.0), (400, 21.0))])
    assert proof.open_mv == 23.0


@pytest.mark.parametrize(("open_mv", "finding"), [(LOADED * STEP_RATIO, None), (16.7, Finding.CONTACT_STUCK)])
def test_a_step_is_one_of_a_fifth_at_least(open_mv: float, finding: Finding | None) -> None:
    assert find(a_cut(), *steady(STEP_WITHIN, Reading(LIT, millivolts=open_mv))) is finding


# --- the contact stuck -----------------------------------------------------------------------------------


def test_no_step_means_a_stuck_contact() -> None:
    assert find(a_cut(), *steady(STEP_WITHIN - 100, Reading(LIT, millivolts=LOADED))) is None
    assert find(a_cut(), *steady(STEP_WITHIN, Reading(LIT, millivolts=LOADED))) is Finding.CONTACT_STUCK


def test_a_stuck_contact_is_found_at_the_end_of_the_steps_window_and_not_before() -> None:
    proof, loaded = a_cut(), Reading(LIT, millivolts=LOADED)
    assert find(proof, (100, loaded), (200, loaded), (300, loaded), (STEP_WITHIN - 1, loaded)) is None
    assert find(proof, (STEP_WITHIN, loaded)) is Finding.CONTACT_STUCK


def test_a_stuck_contact_whose_probe_cools_is_found_too() -> None:
    dying = [
        (at, Reading(OUT if at > 1_000 else LIT, millivolts=LOADED * 0.9 ** (at / 100)))
        for at in range(100, 2_600, 100)
    ]
    assert find(a_cut(), *dying) is Finding.CONTACT_STUCK


@pytest.mark.parametrize("flame", Flame)
def test_a_contact_that_is_closed_a_second_after_the_cut_is_stuck_whatever_burnt(flame: Flame) -> None:
    proof = a_cut(flame, has_contact=True)
    closed = Reading(flame, Contact.CLOSED, LOADED if flame is LIT else None)
    assert find(proof, (1, closed), (CONTACT_SETTLES_WITHIN - 1, closed)) is None
    assert find(proof, (CONTACT_SETTLES_WITHIN, closed)) is Finding.CONTACT_STUCK


def test_a_contact_that_closes_again_is_stuck() -> None:
    proof = a_digital_cut(has_contact=True)
    assert find(proof, (500, Reading(LIT, Contact.OPEN)), (1_200, Reading(LIT, Contact.OPEN))) is None
    assert find(proof, (1_300, Reading(LIT, Contact.CLOSED))) is Finding.CONTACT_STUCK


def test_a_closed_contact_outdoes_a_flame_that_is_out() -> None:
    proof = a_digital_cut(has_contact=True)
    assert find(proof, (CONTACT_SETTLES_WITHIN, Reading(OUT, Contact.CLOSED))) is Finding.CONTACT_STUCK


@pytest.mark.parametrize("readings", range(STEP_READINGS))
def test_too_few_readings_are_no_missing_step(readings: int) -> None:
    proof, loaded = a_cut(), Reading(LIT, millivolts=LOADED)
    assert find(proof, *[(100 + at, loaded) for at in range(readings)], (STEP_WITHIN + 1, Reading())) is None
    assert find(proof, (10 * SECOND, Reading(OUT, millivolts=1.0))) is Finding.CANNOT_TELL


def test_a_reading_at_the_very_instant_of_the_cut_is_not_of_the_open_circuit() -> None:
    proof = a_cut()
    assert find(proof, (0, Reading(LIT, millivolts=OPEN))) is None
    assert (proof.open_mv, proof.readings) == (None, 0)


@pytest.mark.parametrize(
    ("after", "counts"), [(1, True), (STEP_WITHIN - 1, True), (STEP_WITHIN, True), (STEP_WITHIN + 1, False)]
)
def test_a_step_counts_up_to_the_end_of_its_window(after: Millis, counts: bool) -> None:
    proof = a_cut()
    find(proof, (after, Reading(LIT, millivolts=OPEN)))
    assert proof.open_mv == (OPEN if counts else None)


# --- the valve stuck, or still lit -----------------------------------------------------------------------


def test_a_step_without_decay_means_a_stuck_valve() -> None:
    proof, burning = a_cut_that_stepped(), Reading(LIT, millivolts=OPEN)
    assert find(proof, *steady(CLOSING - 100, burning), (CLOSING - 1, burning)) is None
    assert find(proof, (CLOSING, burning)) is Finding.VALVE_STUCK


def test_a_flame_that_is_out_at_the_last_instant_is_out() -> None:
    assert find(a_cut_that_stepped(), (CLOSING, Reading(OUT, millivolts=2.4))) is Finding.FLAME_OUT


def test_a_flame_that_a_digital_sensor_still_sees_is_still_lit() -> None:
    proof = a_digital_cut()
    assert find(proof, *steady(CLOSING - 100, Reading(LIT)), (CLOSING - 1, Reading(LIT))) is None
    assert find(proof, (CLOSING, Reading(LIT))) is Finding.STILL_LIT


def test_a_flame_whose_step_was_not_measured_is_still_lit() -> None:
    burning = Reading(LIT, millivolts=OPEN)
    assert find(a_cut(), (5 * SECOND, burning), (CLOSING, burning)) is Finding.STILL_LIT


@pytest.mark.parametrize("proof", [a_cut(), a_digital_cut(), a_cut_that_stepped()])
def test_a_flame_that_stays_unknown_is_a_proof_that_cannot_tell(proof: CutProof) -> None:
    assert find(proof, *steady(CLOSING - 100, Reading())) is None
    assert find(proof, (CLOSING, Reading())) is Finding.CANNOT_TELL


def test_a_daemon_that_slept_through_the_windows_confirms_nothing_by_the_thermocouple() -> None:
    assert find(a_cut(), (CLOSING + 1, Reading(OUT, millivolts=0.2))) is Finding.CANNOT_TELL


# --- crossed ---------------------------------------------------------------------------------------------


def test_a_step_at_another_burner_means_crossed_leads() -> None:
    loaded, elsewhere = Reading(LIT, millivolts=LOADED), Reading(LIT, millivolts=LOADED, elsewhere=True)
    assert find(a_cut(), (100, loaded), (200, elsewhere)) is None
    assert find(a_cut(), (100, loaded), (200, loaded), (300, elsewhere)) is Finding.CROSSED


def test_a_step_at_both_burners_is_not_crossed() -> None:
    proof = a_cut()
    assert find(proof, *steady(STEP_WITHIN, Reading(LIT, millivolts=OPEN, elsewhere=True))) is None
    assert find(proof, (20 * SECOND, Reading(OUT, millivolts=1.0))) is Finding.FLAME_OUT


def test_a_digital_sensor_knows_nothing_of_crossed_leads() -> None:
    assert find(a_digital_cut(), *steady(STEP_WITHIN, Reading(LIT, elsewhere=True))) is None


# --- nothing to prove ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flame", "finding"), [(OUT, Finding.NOTHING_LIT), (UNKNOWN, Finding.CANNOT_TELL)])
def test_without_a_flame_that_was_lit_there_is_nothing_to_prove(flame: Flame, finding: Finding) -> None:
    assert find(a_digital_cut(flame), (0, Reading(flame))) is finding


@pytest.mark.parametrize(("flame", "finding"), [(OUT, Finding.NOTHING_LIT), (UNKNOWN, Finding.CANNOT_TELL)])
@pytest.mark.parametrize("contact", [Contact.OPEN, Contact.UNKNOWN])
def test_the_contact_is_given_its_time_though_nothing_was_lit(flame: Flame, finding: Finding, contact: Contact) -> None:
    proof = a_digital_cut(flame, has_contact=True)
    assert find(proof, (CONTACT_SETTLES_WITHIN - 1, Reading(flame, contact))) is None
    assert find(proof, (CONTACT_SETTLES_WITHIN, Reading(flame, contact))) is finding


def test_a_flame_that_shows_only_after_the_cut_proves_nothing() -> None:
    assert find(a_digital_cut(OUT), (100, Reading(LIT))) is Finding.NOTHING_LIT


# --- whatever comes --------------------------------------------------------------------------------------

voltages = st.none() | st.sampled_from([0.0, 2.0, LOADED, 16.7, 16.9, OPEN]) | st.floats(-5, 60)
readings = st.builds(Reading, st.sampled_from(Flame), st.sampled_from(Contact), voltages, st.booleans())
waits = st.integers(0, 600) | st.sampled_from([CONTACT_SETTLES_WITHIN, STEP_WITHIN, CLOSING]) | st.integers(0, CLOSING)
courses = st.lists(st.tuples(waits, readings), max_size=30)


@settings(deadline=None, max_examples=500)
@given(st.sampled_from(Flame), st.none() | st.floats(2.5, 30), st.booleans(), courses)
def test_a_cut_is_confirmed_only_by_a_flame_that_is_out_and_a_step_that_was_seen(
    flame: Flame, loaded_mv: float | None, has_contact: bool, course: "list[tuple[Millis, Reading]]"
) -> None:
    proof, after, stepped = a_cut(flame, loaded_mv, has_contact), 0, False
    for wait, reading in course:
        after += wait
        if loaded_mv is not None and reading.millivolts is not None and 0 < after <= STEP_WITHIN:
            stepped |= reading.millivolts >= STEP_RATIO * loaded_mv
        finding = proof.observe(NOW + after, reading)
        if finding is Finding.FLAME_OUT:
            assert flame is LIT
            assert reading.flame is OUT
            assert stepped or loaded_mv is None
            assert reading.contact is not Contact.CLOSED or after < CONTACT_SETTLES_WITHIN
        if finding is not None:
            return


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(Flame), st.none() | st.floats(2.5, 30), st.booleans(), courses, readings)
def test_every_proof_comes_to_something_by_its_end(
    flame: Flame, loaded_mv: float | None, has_contact: bool, course: "list[tuple[Millis, Reading]]", last: Reading
) -> None:
    proof, after = a_cut(flame, loaded_mv, has_contact), 0
    for wait, reading in course:
        after += wait
        if proof.observe(NOW + after, reading) is not None:
            return
    assert proof.observe(NOW + max(after, CLOSING), last) is not None
