"""What a burner makes of what is measured: proofs, lockouts for faults, and their reset."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from controller.advice import advice
from controller.burner import COLD_FOR, Burner
from controller.events import Cause, LockedOut, Proof, Proved, ShutOff, WasReset
from controller.proof import Finding
from controller.terms import Contact, Flame, HoldKind, LastShutOff, NotNow, Reading, Status
from hardware.clock import HOUR, MINUTE, SECOND
from tests.controller.builders import LIMITS, NOW, a_burner, a_lit_burner, a_sensing_burner

ANNA = "phone:Anna"
OUT, LIT, UNKNOWN = Reading(Flame.OUT), Reading(Flame.LIT), Reading(Flame.UNKNOWN)
OPEN, CLOSED = Reading(contact=Contact.OPEN), Reading(contact=Contact.CLOSED)
LATER = NOW + MINUTE  # of a cut


def a_heated_burner(**fields: object):  # type: ignore[no-untyped-def]
    """A burner whose thermocouple has shown 14 mV under load since ``NOW``."""
    burner = a_lit_burner(**fields)
    burner.observe(NOW, Reading(Flame.LIT, millivolts=14.0))
    return burner


def test_a_cut_under_a_measured_flame_is_pending_and_held_for_the_closing_time() -> None:
    burner = a_lit_burner()
    assert burner.shut_off(LATER, Cause.USER, ANNA, reason="why") == [
        ShutOff(burner="left", at=LATER, by=ANNA, cause=Cause.USER, cut=True, reason="why")
    ]
    assert burner.last_shut_off == LastShutOff(Cause.USER, LATER, ANNA, Proof.PENDING)
    (hold,) = burner.holds
    assert (hold.kind, hold.cause, hold.since, hold.until) == (HoldKind.SHUT_OFF, "user", LATER, LATER + 90 * SECOND)
    assert burner.proof is not None
    assert (burner.proof.since, burner.proof.until, burner.proof.flame) == (LATER, LATER + 90 * SECOND, Flame.LIT)


def test_a_flame_that_goes_out_proves_the_cut_and_the_hold_ends_after_hold_open() -> None:
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    assert burner.observe(LATER + 4 * SECOND, OUT)[1:] == [
        Proved(
            burner="left",
            at=LATER + 4 * SECOND,
            by="sensor",
            outcome=Proof.CONFIRMED,
            finding="flame_out",
            took=4 * SECOND,
        )
    ]
    assert burner.last_shut_off == LastShutOff(Cause.USER, LATER, ANNA, Proof.CONFIRMED)
    assert burner.proof is None
    assert burner.holds[0].until == LATER + LIMITS.hold_open
    burner.tick(LATER + LIMITS.hold_open - 1)
    assert burner.holds
    burner.tick(LATER + LIMITS.hold_open)
    assert not burner.holds


def test_a_proof_that_comes_late_ends_the_hold_at_once() -> None:
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    burner.observe(LATER + 40 * SECOND, OUT)
    assert burner.holds[0].until == LATER + 40 * SECOND
    burner.tick(LATER + 40 * SECOND)
    assert burner.permitted(LATER + 40 * SECOND)


@pytest.mark.parametrize(
    "again", [lambda burner, now: burner.shut_off(now, Cause.USER, ANNA), lambda burner, now: burner.begin(now)]
)
def test_a_proof_leaves_a_later_shut_off_or_start_its_hold_open(again: Callable[[Burner, int], object]) -> None:
    """The keeper was replaced while the proof was pending, or somebody shut off again."""
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.SUPERVISION, "keeper")
    again(burner, LATER + 3 * SECOND)
    burner.observe(LATER + 4 * SECOND, OUT)
    assert burner.proof is None
    assert [hold.until for hold in burner.holds] == [LATER + 3 * SECOND + LIMITS.hold_open]


def test_a_hold_never_ends_before_the_flames_proof_came_to_something() -> None:
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    burner.tick(LATER + 90 * SECOND)
    assert burner.holds
    assert not burner.permitted(LATER + 90 * SECOND)
    assert burner.next_due() is None, "a reading ends it, not time"


def test_a_second_shut_off_shortens_no_hold_and_starts_no_second_proof() -> None:
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    burner.shut_off(LATER + 5 * SECOND, Cause.SHUT_OFF_ALL, "mqtt")
    assert [hold.until for hold in burner.holds] == [LATER + 90 * SECOND]
    assert burner.proof is not None
    assert burner.proof.since == LATER
    assert burner.last_shut_off == LastShutOff(Cause.USER, LATER, ANNA, Proof.PENDING)


def test_a_keeper_that_starts_anew_shortens_no_proof() -> None:
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.SUPERVISION, "keeper")
    burner.begin(LATER + SECOND)
    assert burner.holds[0].until == LATER + 90 * SECOND


def test_the_voltage_at_the_cut_and_after_it_is_in_the_proof() -> None:
    burner = a_heated_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    burner.observe(LATER + 100, Reading(Flame.LIT, millivolts=24.0))
    (_, proved) = burner.observe(LATER + 30 * SECOND, Reading(Flame.OUT, millivolts=2.0))
    assert isinstance(proved, Proved)
    assert (proved.loaded_mv, proved.open_mv, proved.finding) == (14.0, 24.0, "flame_out")


def test_no_step_locks_out_in_the_sensors_name() -> None:
    burner = a_heated_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    for after in (100, 200, 2_000):
        assert burner.observe(LATER + after, Reading(Flame.LIT, millivolts=14.0)) == []
    proved, locked = burner.observe(LATER + 2_500, Reading(Flame.LIT, millivolts=14.0))
    assert isinstance(proved, Proved)
    assert (proved.outcome, proved.finding) == (Proof.FAILED, "contact_stuck")
    assert locked == LockedOut(burner="left", at=LATER + 2_500, by="contact_stuck", cause="contact_stuck")
    assert burner.status(LATER + 2_500) is Status.LOCKOUT
    assert burner.last_shut_off is not None
    assert burner.last_shut_off.proof is Proof.FAILED


def test_another_burners_step_is_a_crossed_one() -> None:
    burner = a_heated_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    events = [
        event
        for after in (100, 200, 300)
        for event in burner.observe(LATER + after, Reading(Flame.LIT, millivolts=14.0, elsewhere=True))
    ]
    assert [event.finding for event in events if isinstance(event, Proved)] == ["crossed"]


def test_a_burner_with_neither_sensor_nor_contact_has_no_proof() -> None:
    burner = a_burner()
    burner.shut_off(NOW, Cause.USER, ANNA)
    assert burner.proof is None
    assert burner.last_shut_off == LastShutOff(Cause.USER, NOW, ANNA, Proof.UNAVAILABLE)
    assert burner.prove(NOW, Finding.FLAME_OUT) == []


def test_a_contact_alone_shows_a_stuck_relay_and_nothing_more() -> None:
    burner = a_burner(has_contact=True)
    burner.observe(NOW, CLOSED)
    burner.shut_off(NOW, Cause.USER, ANNA)
    assert burner.holds[0].until == NOW + LIMITS.hold_open, "nothing is known of a flame"
    assert burner.observe(NOW + 999, OPEN) == []
    (proved,) = burner.observe(NOW + 1_000, OPEN)
    assert isinstance(proved, Proved)
    assert (proved.outcome, proved.finding) == (Proof.UNAVAILABLE, "cannot_tell")


def test_a_contact_that_stays_closed_fails_the_proof() -> None:
    burner = a_burner(has_contact=True)
    burner.shut_off(NOW, Cause.USER, ANNA)
    burner.observe(NOW + 999, CLOSED)
    proved, locked = burner.observe(NOW + 1_000, CLOSED)
    assert isinstance(proved, Proved)
    assert proved.finding == "contact_stuck"
    assert isinstance(locked, LockedOut)


def test_a_contact_welded_at_the_start_is_found_a_second_after_it_was_read() -> None:
    burner = a_burner(has_contact=True)
    burner.begin(NOW)
    assert burner.observe(NOW + 500, CLOSED) == []
    assert burner.observe(NOW + 1_499, CLOSED) == []
    assert burner.observe(NOW + 1_500, CLOSED) == [
        LockedOut(burner="left", at=NOW + 1_500, by="contact_stuck", cause="contact_stuck")
    ]
    assert burner.observe(NOW + 1_600, CLOSED) == [], "once is enough"


@pytest.mark.parametrize("between", [OPEN, Reading(contact=Contact.UNKNOWN)])
def test_a_contact_that_opened_meanwhile_counts_anew(between: Reading) -> None:
    burner = a_burner(has_contact=True)
    burner.begin(NOW)
    burner.observe(NOW, CLOSED)
    burner.observe(NOW + 900, between)
    assert burner.observe(NOW + 1_000, CLOSED) == []
    assert burner.observe(NOW + 1_999, CLOSED) == []
    assert len(burner.observe(NOW + 2_000, CLOSED)) == 1


def test_a_closed_contact_of_a_permitted_burner_is_as_it_should_be() -> None:
    burner = a_burner(has_contact=True)
    for after in (0, 1_000, 60_000):
        assert burner.observe(NOW + after, CLOSED) == []


def test_a_fault_of_a_permitted_burner_cuts_and_locks_out() -> None:
    burner = a_burner()
    assert burner.fail(NOW, "foreign_voltage", "sensor") == [
        ShutOff(burner="left", at=NOW, by="sensor", cause=Cause.FAULT, cut=True, reason="foreign_voltage"),
        LockedOut(burner="left", at=NOW, by="foreign_voltage", cause="foreign_voltage"),
    ]
    assert burner.fail(NOW + 1, "foreign_voltage", "sensor") == []


def test_a_fault_of_a_held_burner_only_locks_out() -> None:
    burner = a_burner()
    burner.shut_off(NOW, Cause.USER, ANNA)
    assert burner.fail(NOW, "crossed", "right") == [LockedOut(burner="left", at=NOW, by="crossed", cause="crossed")]


FAULTY = ["contact_stuck", "valve_stuck", "still_lit", "crossed", "foreign_voltage"]


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_is_reset_only_after_the_flame_was_out_for_half_a_minute(fault: str) -> None:
    burner = a_sensing_burner(has_contact=True)
    burner.fail(NOW, fault, "sensor")
    burner.proof = None
    burner.observe(LATER, Reading(Flame.LIT, Contact.OPEN))
    with pytest.raises(NotNow) as refused:
        burner.reset(LATER, ANNA)
    assert str(refused.value) == (
        f"Left cannot be reset while its flame burns; turn the knob off and mend the cause ({fault})."
    )
    burner.observe(LATER, Reading(Flame.UNKNOWN, Contact.OPEN))
    with pytest.raises(NotNow, match=r"^Left cannot be reset while its flame cannot be measured; turn the knob off"):
        burner.reset(LATER, ANNA)
    burner.observe(LATER, Reading(Flame.OUT, Contact.OPEN))
    with pytest.raises(NotNow, match=r"^Left cannot be reset yet: its flame has to be out for another 30 s\.$"):
        burner.reset(LATER, ANNA)
    burner.observe(LATER + COLD_FOR - 1, Reading(Flame.OUT, Contact.OPEN))
    with pytest.raises(NotNow, match=r"another 1 ms|another 0"):
        burner.reset(LATER + COLD_FOR - 1, ANNA)
    assert burner.reset(LATER + COLD_FOR, ANNA) == [WasReset(burner="left", at=LATER + COLD_FOR, by=ANNA)]
    assert burner.holds == ()


def test_a_fault_is_not_reset_while_the_contact_is_closed_or_unknown() -> None:
    burner = a_burner(has_contact=True)
    burner.fail(NOW, "contact_stuck", "contact")
    burner.proof = None
    burner.observe(LATER, CLOSED)
    with pytest.raises(NotNow) as refused:
        burner.reset(LATER, ANNA)
    assert str(refused.value) == ("Left cannot be reset while the relay's contact is closed; replace the relay first.")
    burner.observe(LATER, Reading())
    with pytest.raises(NotNow) as refused:
        burner.reset(LATER, ANNA)
    assert str(refused.value) == "Left cannot be reset while the relay's contact cannot be measured."
    burner.observe(LATER, OPEN)
    assert burner.reset(LATER, ANNA)


def test_a_fault_without_any_sensor_can_be_reset() -> None:
    burner = a_burner()
    burner.fail(NOW, "foreign_voltage", "sensor")
    assert burner.reset(LATER, ANNA)


def test_an_alarms_lockout_asks_for_no_cold_flame() -> None:
    burner = a_sensing_burner()
    burner.trip(NOW, "gas", latches=True)
    burner.clear("gas")
    burner.observe(LATER, LIT)
    burner.proof = None
    assert burner.reset(LATER, ANNA)


def test_a_reset_says_how_long_a_proof_may_still_take() -> None:
    burner = a_lit_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    with pytest.raises(NotNow) as refused:
        burner.reset(LATER + 30 * SECOND, ANNA)
    assert str(refused.value) == (
        "Left cannot be reset yet: the relay stays open until its flame is measured out, at most for another 1 min "
        "so that the valve has surely closed."
    )
    with pytest.raises(NotNow) as refused:
        burner.start_timer(LATER + 30 * SECOND, MINUTE, ANNA)
    assert str(refused.value) == (
        "Left is shut off, and stays so until its flame is out, 1 min at most; no timer can be set."
    )


def test_what_is_measured_is_kept_for_who_asks() -> None:
    burner = a_sensing_burner(has_contact=True)
    burner.observe(NOW, Reading(Flame.LIT, Contact.CLOSED, 14.0))
    assert (burner.flame, burner.contact, burner.millivolts) == (Flame.LIT, Contact.CLOSED, 14.0)


def test_the_time_since_a_flame_went_out_is_not_counted_anew_by_each_reading() -> None:
    burner = a_lit_burner()
    burner.observe(NOW + 5, OUT)
    burner.observe(NOW + 10, OUT)
    assert burner.cold_since == NOW + 5
    burner.observe(NOW + 20, UNKNOWN)
    assert burner.cold_since is None


def test_a_relay_does_not_close_before_its_contact_was_judged_though_hold_open_is_over() -> None:
    """One that closes then, for a timer that somebody sets, would look stuck."""
    burner = a_burner(has_contact=True, limits=replace(LIMITS, hold_open=SECOND))
    burner.shut_off(NOW, Cause.USER, ANNA)
    burner.tick(NOW + SECOND + 50)
    with pytest.raises(NotNow):
        burner.start_timer(NOW + SECOND + 50, MINUTE, ANNA)
    assert burner.next_due() is None
    burner.observe(NOW + SECOND + 100, OPEN)
    burner.tick(NOW + SECOND + 100)
    assert burner.permitted(NOW + SECOND + 100)


def test_a_contact_that_shows_stuck_as_the_hold_would_end_locks_out_and_the_relay_never_closes() -> None:
    burner = a_burner(has_contact=True, limits=replace(LIMITS, hold_open=SECOND))
    burner.shut_off(NOW, Cause.USER, ANNA)
    burner.tick(NOW + SECOND)
    assert not burner.permitted(NOW + SECOND)
    events = burner.observe(NOW + SECOND, CLOSED)
    assert [type(event) for event in events] == [Proved, LockedOut]
    assert not burner.permitted(NOW + HOUR)


def test_one_reading_that_is_looked_at_often_counts_once() -> None:
    burner = a_heated_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    for after in (100, 200, 300, 2_499, 2_500):
        assert burner.observe(LATER + after, Reading(Flame.LIT, millivolts=14.0, at=LATER + 50)) == []


def test_a_reading_from_before_the_cut_says_nothing_about_it() -> None:
    burner = a_heated_burner()
    burner.shut_off(LATER, Cause.USER, ANNA)
    for after in (100, 200, 2_500):
        assert burner.observe(LATER + after, Reading(Flame.LIT, millivolts=14.0, at=LATER - after)) == []


def test_of_several_lockouts_the_one_that_means_that_it_cannot_be_shut_off_is_told() -> None:
    burner = a_lit_burner()
    burner.trip(NOW, "smoke", latches=True)
    burner.fail(NOW + SECOND, "contact_stuck", "proof")
    told = advice(burner)
    assert told is not None
    assert "close the gas tap" in told
    burner.holds = burner.holds[::-1]
    assert advice(burner) == told
