"""A burner's decisions: every command, every refusal, every way in which a flame is cut."""

from dataclasses import replace

import pytest

from controller.burner import BURN_CEILING, Burner
from controller.events import (
    Cause,
    FlameChanged,
    Locked,
    LockedOut,
    Proof,
    ShutOff,
    TimerCancelled,
    TimerEnding,
    TimerExtended,
    TimerStarted,
    Unlocked,
    WasReset,
)
from controller.terms import Flame, HoldKind, LastShutOff, NotAllowed, NotNow, Reading, Status, Timer
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

ANNA, BEN = "phone:Anna", "rest:Ben"
HELD = NOW + LIMITS.hold_open  # when a cut at NOW has been held for long enough


def kinds(burner: Burner) -> set[HoldKind]:
    return {hold.kind for hold in burner.holds}


# --- permitted -------------------------------------------------------------------------------------------


def test_a_burner_that_nothing_holds_is_permitted() -> None:
    burner = a_burner()
    assert burner.permitted(NOW)
    assert burner.deadline() is None
    assert burner.next_due() is None
    assert burner.status(NOW) is Status.READY


def test_a_relay_closes_soon_where_no_hold_lasts_longer() -> None:
    burner = a_burner()
    assert burner.closes_within(NOW, 0), "it may be closed now"
    burner.shut_off(NOW, Cause.USER, ANNA)
    assert not burner.closes_within(NOW, LIMITS.hold_open - 1)
    assert burner.closes_within(NOW, LIMITS.hold_open)
    assert burner.closes_within(HELD - 1, 1)
    burner.lock(NOW, ANNA)
    assert not burner.closes_within(HELD, 12 * HOUR), "a lock does not end by itself"


def test_a_burner_is_permitted_until_its_deadline_and_not_at_it() -> None:
    burner = a_timed_burner(20 * MINUTE)
    assert burner.permitted(NOW + 20 * MINUTE - 1)
    assert not burner.permitted(NOW + 20 * MINUTE)


def test_the_earlier_of_timer_and_limit_is_the_deadline() -> None:
    burner = a_lit_burner()
    assert burner.deadline() == NOW + 2 * HOUR
    burner.start_timer(NOW, 20 * MINUTE, ANNA)
    assert burner.deadline() == NOW + 20 * MINUTE


# --- the timer -------------------------------------------------------------------------------------------


def test_a_timer_counts_from_now_and_names_who_set_it() -> None:
    burner = a_burner()
    events = burner.start_timer(NOW, 20 * MINUTE, ANNA)
    assert events == [TimerStarted(burner="left", at=NOW, by=ANNA, duration=20 * MINUTE, replaced=False)]
    assert burner.timer == Timer(20 * MINUTE, NOW + 20 * MINUTE, ANNA)
    assert burner.status(NOW) is Status.TIMING


def test_a_timer_replaces_the_one_before_it_shorter_or_longer() -> None:
    burner = a_timed_burner(20 * MINUTE)
    events = burner.start_timer(NOW + MINUTE, 5 * MINUTE, BEN)
    assert events == [TimerStarted(burner="left", at=NOW + MINUTE, by=BEN, duration=5 * MINUTE, replaced=True)]
    assert burner.deadline() == NOW + 6 * MINUTE


@pytest.mark.parametrize(("duration", "words"), [(949, "0.9 s"), (999, ".*"), (0, "0 s"), (-1, "0 s"), (-HOUR, "0 s")])
def test_a_timer_under_a_second_is_refused(duration: int, words: str) -> None:
    burner = a_burner()
    with pytest.raises(NotAllowed, match=rf"^A timer of {words} is too short; set at least 1 s\.$") as refused:
        burner.start_timer(NOW, duration, ANNA)
    assert refused.value.field == "duration"
    assert burner == a_burner()
    burner.start_timer(NOW, SECOND, ANNA)


def test_a_timer_longer_than_the_limit_is_refused() -> None:
    burner = a_burner()
    sentence = r"^A timer of 4 h is longer than the 4 h that limits\.longest_timer allows\.$"
    with pytest.raises(NotAllowed, match=sentence) as refused:
        burner.start_timer(NOW, 4 * HOUR + 1, ANNA)
    assert refused.value.field == "duration"
    burner.start_timer(NOW, 4 * HOUR, ANNA)


def test_at_its_end_the_timer_cuts_and_says_who_had_set_it() -> None:
    burner = a_timed_burner(20 * MINUTE)
    end = NOW + 20 * MINUTE
    assert not any(isinstance(event, ShutOff) for event in burner.tick(end - 1))
    assert burner.tick(end) == [ShutOff(burner="left", at=end, by=ANNA, cause=Cause.TIMER, cut=True)]
    assert burner.last_shut_off == LastShutOff(Cause.TIMER, end, ANNA, Proof.UNAVAILABLE)
    assert burner.timer is None
    assert burner.tick(end) == [], "it cuts once"


def test_cancelling_ends_the_timer_and_leaves_the_burner_permitted() -> None:
    burner = a_timed_burner(20 * MINUTE)
    events = burner.cancel_timer(NOW + 5 * MINUTE, BEN)
    assert events == [TimerCancelled(burner="left", at=NOW + 5 * MINUTE, by=BEN, remaining=15 * MINUTE)]
    assert burner.permitted(NOW + 20 * MINUTE)
    assert burner.deadline() is None


def test_a_timer_that_is_cancelled_in_its_last_instant_had_nothing_left() -> None:
    burner = a_timed_burner(20 * MINUTE)
    (cancelled,) = burner.cancel_timer(NOW + 20 * MINUTE, ANNA)
    assert cancelled.details() == {"remaining_s": 0}


def test_cancelling_where_no_timer_runs_does_nothing() -> None:
    burner = a_burner()
    assert burner.cancel_timer(NOW, ANNA) == []
    assert burner == a_burner()


# --- extending -------------------------------------------------------------------------------------------


def test_extending_moves_the_timers_end_and_its_duration() -> None:
    burner = a_timed_burner(20 * MINUTE)
    events = burner.extend(NOW + MINUTE, 5 * MINUTE, BEN)
    assert events == [
        TimerExtended(burner="left", at=NOW + MINUTE, by=BEN, extension=5 * MINUTE, remaining=24 * MINUTE)
    ]
    assert burner.timer == Timer(25 * MINUTE, NOW + 25 * MINUTE, ANNA)
    assert burner.extension_left() == 25 * MINUTE


def test_extensions_of_one_burn_are_bounded_in_total() -> None:
    burner = a_timed_burner(20 * MINUTE)
    burner.extend(NOW, 25 * MINUTE, ANNA)
    sentence = r"^Left can be extended by 5 min more in this burn \(limits\.extend_total is 30 min\); set a new timer"
    with pytest.raises(NotNow, match=sentence) as refused:
        burner.extend(NOW, 5 * MINUTE + 1, ANNA)
    assert refused.value.field == "by"
    burner.extend(NOW, 5 * MINUTE, ANNA)
    assert burner.extension_left() == 0
    with pytest.raises(NotNow, match="can be extended by 0 s more"):
        burner.extend(NOW, SECOND, ANNA)


def test_a_timer_that_replaces_another_gives_no_new_extensions() -> None:
    burner = a_timed_burner(20 * MINUTE)
    burner.extend(NOW, 30 * MINUTE, ANNA)
    burner.start_timer(NOW + MINUTE, 20 * MINUTE, ANNA)
    assert burner.extension_left() == 0


def test_cancelling_and_starting_anew_gives_no_new_extensions_while_the_flame_burns() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW, 20 * MINUTE, ANNA)
    burner.extend(NOW, 30 * MINUTE, ANNA)
    burner.cancel_timer(NOW + MINUTE, ANNA)
    assert burner.extension_left() == 0
    burner.start_timer(NOW + MINUTE, 20 * MINUTE, ANNA)
    assert burner.extension_left() == 0


def test_a_sensor_that_flickers_gives_a_running_timer_no_new_extensions() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW, 20 * MINUTE, ANNA)
    burner.extend(NOW, 30 * MINUTE, ANNA)
    burner.observe(NOW + MINUTE, Reading(Flame.OUT))
    burner.observe(NOW + MINUTE, Reading(Flame.LIT))
    assert burner.extension_left() == 0


def test_a_new_burn_has_its_extensions_anew() -> None:
    measured = a_lit_burner()
    measured.extend(NOW, 30 * MINUTE, ANNA)
    measured.observe(NOW + MINUTE, Reading(Flame.OUT))
    assert measured.extension_left() == 30 * MINUTE

    timed = a_timed_burner(20 * MINUTE)
    timed.extend(NOW, 30 * MINUTE, ANNA)
    timed.cancel_timer(NOW + MINUTE, ANNA)
    timed.start_timer(NOW + MINUTE, 20 * MINUTE, ANNA)
    assert timed.extension_left() == 30 * MINUTE, "without a sensor a burn is as long as its timer"

    cut = a_timed_burner(20 * MINUTE)
    cut.extend(NOW, 30 * MINUTE, ANNA)
    cut.tick(NOW + 50 * MINUTE)
    assert cut.extension_left() == 30 * MINUTE


@pytest.mark.parametrize("extension", [999, 0, -5 * MINUTE])
def test_an_extension_under_a_second_is_refused(extension: int) -> None:
    burner = a_timed_burner()
    with pytest.raises(NotAllowed, match=r"^An extension must be at least 1 s\.$") as refused:
        burner.extend(NOW, extension, ANNA)
    assert refused.value.field == "by"
    assert burner == a_timed_burner()


def test_without_timer_and_limit_there_is_nothing_to_extend() -> None:
    with pytest.raises(NotNow, match=r"^Left has no timer to extend; set one\.$"):
        a_burner().extend(NOW, 5 * MINUTE, ANNA)


def test_without_a_timer_the_limit_is_extended() -> None:
    burner = a_lit_burner()
    burner.tick(NOW + 2 * HOUR - MINUTE)
    events = burner.extend(NOW + 2 * HOUR - 30 * SECOND, 5 * MINUTE, ANNA)
    assert events == [
        TimerExtended(
            burner="left",
            at=NOW + 2 * HOUR - 30 * SECOND,
            by=ANNA,
            extension=5 * MINUTE,
            remaining=5 * MINUTE + 30 * SECOND,
        )
    ]
    assert burner.deadline() == burner.limit == NOW + 2 * HOUR + 5 * MINUTE
    assert burner.tick(NOW + 2 * HOUR + 4 * MINUTE)[0].kind == "timer_ending", "it warns anew"


# --- the ceiling -----------------------------------------------------------------------------------------


def test_no_timer_takes_a_burn_past_the_ceiling() -> None:
    burner = a_lit_burner(limits=replace(LIMITS, longest_timer=12 * HOUR))
    sentence = r"^Left would burn for longer than 12 h, which nothing allows\.$"
    with pytest.raises(NotAllowed, match=sentence):
        burner.start_timer(NOW + SECOND, 12 * HOUR, ANNA)
    burner.start_timer(NOW + SECOND, 12 * HOUR - SECOND, ANNA)
    with pytest.raises(NotAllowed, match=sentence):
        burner.extend(NOW + SECOND, SECOND, ANNA)


def test_without_a_sensor_the_ceiling_counts_from_now() -> None:
    burner = a_burner(limits=replace(LIMITS, longest_timer=12 * HOUR))
    burner.start_timer(NOW, 12 * HOUR, ANNA)
    with pytest.raises(NotAllowed, match="longer than 12 h"):
        burner.extend(NOW, SECOND, ANNA)


def test_no_attention_moves_the_limit_past_the_ceiling() -> None:
    burner = a_lit_burner()
    now = NOW
    while now < NOW + 11 * HOUR:
        now += HOUR
        burner.start_timer(now, MINUTE, ANNA)
        burner.cancel_timer(now, ANNA)
    assert burner.deadline() == NOW + BURN_CEILING
    burner.tick(NOW + BURN_CEILING)
    assert burner.last_shut_off is not None
    assert burner.last_shut_off.cause is Cause.LIMIT


# --- the limit of a burn without attention -------------------------------------------------------------------


def test_a_flame_starts_the_limit_by_itself() -> None:
    burner = a_sensing_burner()
    events = burner.observe(NOW, Reading(Flame.LIT))
    assert events == [FlameChanged(burner="left", at=NOW, by="sensor", flame="lit")]
    assert burner.limit == NOW + 2 * HOUR
    assert burner.status(NOW) is Status.LIT


def test_an_unknown_flame_counts_as_lit() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, Reading(Flame.UNKNOWN))
    assert burner.limit == NOW + 2 * HOUR
    assert burner.status(NOW) is Status.READY, "but is not said to be lit"


def test_a_sensor_that_breaks_while_the_flame_burns_does_not_stop_the_limit() -> None:
    burner = a_lit_burner()
    burner.observe(NOW + HOUR, Reading(Flame.UNKNOWN))
    assert burner.limit == NOW + 2 * HOUR
    burner.observe(NOW + HOUR, Reading(Flame.LIT))
    assert burner.limit == NOW + 2 * HOUR, "nor start it anew"


def test_a_sensor_that_never_spoke_starts_the_limit_too() -> None:
    burner = a_burner(senses_flame=True)
    burner.tick(NOW)
    assert burner.limit == NOW + 2 * HOUR


def test_a_flame_that_went_out_has_no_limit() -> None:
    burner = a_lit_burner()
    burner.observe(NOW + HOUR, Reading(Flame.OUT))
    assert burner.limit is None
    assert burner.burning_since is None
    assert burner.tick(NOW + 3 * HOUR) == []


def test_the_limit_cuts_in_its_own_name() -> None:
    burner = a_lit_burner()
    end = NOW + 2 * HOUR
    assert ShutOff(burner="left", at=end, by="limits.unattended", cause=Cause.LIMIT, cut=True) in burner.tick(end)
    assert burner.last_shut_off == LastShutOff(Cause.LIMIT, end, "limits.unattended", Proof.PENDING)


def test_attention_starts_the_limit_anew() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW + HOUR, 20 * MINUTE, ANNA)
    assert burner.limit == NOW + 3 * HOUR
    burner.extend(NOW + HOUR + MINUTE, 5 * MINUTE, ANNA)
    assert burner.limit == NOW + 3 * HOUR + MINUTE
    burner.cancel_timer(NOW + HOUR + 2 * MINUTE, ANNA)
    assert burner.limit == NOW + 3 * HOUR + 2 * MINUTE


def test_the_limit_never_ends_before_the_timer() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW, 4 * HOUR, ANNA)
    assert burner.limit == burner.deadline() == NOW + 4 * HOUR
    events = burner.tick(NOW + 4 * HOUR)
    assert [event.cause for event in events if isinstance(event, ShutOff)] == [Cause.TIMER]


def test_a_flame_lit_after_its_timer_was_set_has_a_limit_at_the_timers_end_or_later() -> None:
    burner = a_sensing_burner()
    burner.start_timer(NOW, 4 * HOUR, ANNA)
    assert burner.limit is None
    burner.observe(NOW + HOUR, Reading(Flame.LIT))
    assert burner.limit == NOW + 4 * HOUR


def test_cancelling_never_ends_a_limit() -> None:
    burner = a_lit_burner()
    assert burner.cancel_timer(NOW + HOUR, ANNA) == []
    assert burner.limit == NOW + 2 * HOUR, "where no timer ran, nothing happened"
    burner.start_timer(NOW + HOUR, 20 * MINUTE, ANNA)
    burner.cancel_timer(NOW + HOUR, ANNA)
    assert burner.limit == NOW + 3 * HOUR


def test_a_flame_seen_while_the_burner_was_held_starts_the_limit_when_the_hold_ends() -> None:
    burner = a_sensing_burner()
    burner.shut_off(NOW, Cause.USER, ANNA)
    burner.observe(NOW + SECOND, Reading(Flame.LIT))
    assert burner.limit is None
    burner.tick(HELD)
    assert burner.permitted(HELD)
    assert burner.limit == HELD + 2 * HOUR


def test_a_burner_without_a_sensor_ignores_readings() -> None:
    burner = a_burner()
    assert burner.observe(NOW, Reading(Flame.LIT)) == []
    assert burner == a_burner()


def test_the_same_reading_twice_is_one_event() -> None:
    burner = a_lit_burner()
    assert burner.observe(NOW + SECOND, Reading(Flame.LIT)) == []
    assert burner.limit == NOW + 2 * HOUR


# --- warning ---------------------------------------------------------------------------------------------


def test_the_end_is_announced_once_and_in_time() -> None:
    burner = a_timed_burner(20 * MINUTE)
    assert burner.next_due() == NOW + 19 * MINUTE
    assert burner.tick(NOW + 19 * MINUTE - 1) == []
    warning = TimerEnding(burner="left", at=NOW + 19 * MINUTE, by=ANNA, deadline="timer", remaining=MINUTE)
    assert burner.tick(NOW + 19 * MINUTE) == [warning]
    assert burner.status(NOW + 19 * MINUTE) is Status.ENDING
    assert burner.tick(NOW + 19 * MINUTE + 1) == []
    assert burner.next_due() == NOW + 20 * MINUTE


@pytest.mark.parametrize(("duration", "warned_at"), [(30 * SECOND, 15 * SECOND), (SECOND, 500), (2 * MINUTE, MINUTE)])
def test_a_short_timer_warns_half_way(duration: int, warned_at: int) -> None:
    burner = a_timed_burner(duration)
    assert burner.tick(NOW + warned_at - 1) == []
    (warning,) = burner.tick(NOW + warned_at)
    assert warning.details() == {"deadline": "timer", "remaining_s": (duration - warned_at) / 1000}


def test_the_limit_is_announced_in_its_own_name() -> None:
    burner = a_lit_burner()
    at = NOW + 2 * HOUR - MINUTE
    assert burner.next_due() == at
    warning = TimerEnding(burner="left", at=at, by="limits.unattended", deadline="limit", remaining=MINUTE)
    assert burner.tick(at) == [warning]
    assert burner.status(at) is Status.ENDING


def test_an_extension_is_warned_about_anew() -> None:
    burner = a_timed_burner(20 * MINUTE)
    burner.tick(NOW + 19 * MINUTE)
    burner.extend(NOW + 19 * MINUTE, 5 * MINUTE, ANNA)
    assert burner.status(NOW + 19 * MINUTE) is Status.TIMING
    assert burner.tick(NOW + 20 * MINUTE) == []
    assert burner.tick(NOW + 24 * MINUTE)[0].kind == "timer_ending"


def test_without_a_time_to_warn_nothing_is_announced() -> None:
    burner = a_timed_burner(20 * MINUTE, limits=replace(LIMITS, warn_before=0))
    assert burner.tick(NOW + 20 * MINUTE - 1) == []
    assert burner.status(NOW + 20 * MINUTE - 1) is Status.TIMING


def test_a_flame_that_goes_out_does_not_repeat_the_timers_warning() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW, 20 * MINUTE, ANNA)
    burner.tick(NOW + 19 * MINUTE)
    burner.observe(NOW + 19 * MINUTE, Reading(Flame.OUT))
    assert burner.tick(NOW + 19 * MINUTE + 1) == []


def test_a_timer_that_outlives_its_flame_still_warns() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW, 20 * MINUTE, ANNA)
    burner.observe(NOW + 5 * MINUTE, Reading(Flame.OUT))
    assert [event.kind for event in burner.tick(NOW + 19 * MINUTE)] == ["timer_ending"]


def test_the_limits_warning_does_not_silence_the_next_burns() -> None:
    burner = a_lit_burner()
    burner.tick(NOW + 2 * HOUR - MINUTE)
    burner.observe(NOW + 2 * HOUR - MINUTE, Reading(Flame.OUT))
    burner.observe(NOW + 3 * HOUR, Reading(Flame.LIT))
    assert burner.tick(NOW + 5 * HOUR - MINUTE)[0].kind == "timer_ending"


# --- shutting off ----------------------------------------------------------------------------------------


def test_shutting_off_is_held_until_the_valve_has_surely_dropped() -> None:
    burner = a_timed_burner()
    events = burner.shut_off(NOW, Cause.USER, BEN, reason="smoke")
    assert events == [ShutOff(burner="left", at=NOW, by=BEN, cause=Cause.USER, cut=True, reason="smoke")]
    assert burner.last_shut_off == LastShutOff(Cause.USER, NOW, BEN, Proof.UNAVAILABLE)
    assert burner.timer is None
    assert burner.next_due() == HELD
    assert not burner.permitted(HELD - 1)
    assert burner.tick(HELD - 1) == []
    assert not burner.permitted(HELD - 1)
    burner.tick(HELD)
    assert burner.permitted(HELD)


def test_shutting_off_is_obeyed_in_every_state() -> None:
    locked_out = a_burner()
    locked_out.trip(NOW, "gas_alarm", latches=True)
    locked = a_burner()
    locked.lock(NOW, ANNA)
    for burner in (a_burner(), a_timed_burner(), a_lit_burner(), a_cut_burner(), locked, locked_out):
        (event,) = burner.shut_off(NOW + SECOND, Cause.USER, ANNA)
        assert isinstance(event, ShutOff)
        assert not burner.permitted(NOW + SECOND)


def test_shutting_off_what_is_off_prolongs_the_hold_and_is_no_new_cut() -> None:
    burner = a_cut_burner()
    (event,) = burner.shut_off(NOW + 5 * SECOND, Cause.SHUT_OFF_ALL, BEN)
    assert isinstance(event, ShutOff)
    assert not event.cut
    assert [hold.until for hold in burner.holds] == [HELD + 5 * SECOND]
    assert burner.last_shut_off == LastShutOff(Cause.USER, NOW, ANNA, Proof.UNAVAILABLE)


def test_a_deadline_that_nobody_has_looked_at_yet_cuts_even_so() -> None:
    burner = a_timed_burner(20 * MINUTE)
    (event,) = burner.shut_off(NOW + 20 * MINUTE, Cause.USER, BEN)
    assert isinstance(event, ShutOff)
    assert event.cut


@pytest.mark.parametrize("command", ["start_timer", "extend"])
def test_nothing_is_given_while_the_cut_is_held_and_the_refusal_says_for_how_long(command: str) -> None:
    burner = a_cut_burner()
    what = {"start_timer": "no timer can be set", "extend": "nothing can be extended"}[command]
    with pytest.raises(NotNow, match=rf"^Left is shut off, and stays so for another 7 s; {what}\.$"):
        getattr(burner, command)(NOW + 3 * SECOND, 5 * MINUTE, ANNA)
    with pytest.raises(NotNow, match=r"for another 0\.[01] s"):
        getattr(burner, command)(HELD, 5 * MINUTE, ANNA)  # nobody has looked at the clock yet


@pytest.mark.parametrize("command", ["start_timer", "extend"])
def test_nothing_is_given_once_the_deadline_has_passed(command: str) -> None:
    burner = a_timed_burner(20 * MINUTE)
    with pytest.raises(NotNow, match=r"^Left is being shut off; "):
        getattr(burner, command)(NOW + 20 * MINUTE, 5 * MINUTE, ANNA)
    assert burner == a_timed_burner(20 * MINUTE)


# --- locks -----------------------------------------------------------------------------------------------


def test_locking_a_burner_cuts_it_and_keeps_it_open() -> None:
    burner = a_timed_burner()
    assert burner.lock(NOW, BEN) == [
        ShutOff(burner="left", at=NOW, by=BEN, cause=Cause.LOCK, cut=True),
        Locked(burner="left", at=NOW, by=BEN, cause="child"),
    ]
    assert burner.child_locked()
    assert burner.last_shut_off == LastShutOff(Cause.LOCK, NOW, BEN, Proof.UNAVAILABLE)
    burner.tick(HELD)
    assert burner.status(HELD) is Status.LOCKED
    assert not burner.permitted(HELD + 24 * HOUR)


def test_locking_what_is_off_cuts_nothing() -> None:
    burner = a_cut_burner()
    assert burner.lock(NOW + SECOND, BEN) == [Locked(burner="left", at=NOW + SECOND, by=BEN, cause="child")]
    assert burner.last_shut_off == LastShutOff(Cause.USER, NOW, ANNA, Proof.UNAVAILABLE)


def test_locking_twice_is_locking_once() -> None:
    burner = a_burner()
    burner.lock(NOW, ANNA)
    assert burner.lock(NOW + SECOND, BEN) == []
    assert [hold.since for hold in burner.holds if hold.kind is HoldKind.LOCK] == [NOW]


def test_a_night_lock_beside_the_child_lock_holds_by_itself() -> None:
    burner = a_burner()
    burner.lock(NOW, ANNA)
    assert burner.lock(NOW + SECOND, "flameout", "night") == [
        Locked(burner="left", at=NOW + SECOND, by="flameout", cause="night")
    ]
    assert [hold.cause for hold in burner.holds if hold.kind is HoldKind.LOCK] == ["child", "night"]


@pytest.mark.parametrize(("command", "what"), [("start_timer", "no timer"), ("extend", "nothing")])
def test_a_locked_burner_gets_no_time(command: str, what: str) -> None:
    burner = a_burner()
    burner.lock(NOW, ANNA)
    with pytest.raises(NotNow, match=rf"^Left is locked \(child\); {what} can be "):
        getattr(burner, command)(NOW + HOUR, 5 * MINUTE, ANNA)


def test_unlocking_ends_every_lock_and_no_other_hold() -> None:
    burner = a_burner(locks_when_idle=True)
    burner.begin(NOW)
    burner.lock(NOW, ANNA)
    assert burner.unlock(NOW + SECOND, BEN) == [
        Unlocked(burner="left", at=NOW + SECOND, by=BEN, cause="idle"),
        Unlocked(burner="left", at=NOW + SECOND, by=BEN, cause="child"),
    ]
    assert kinds(burner) == {HoldKind.SHUT_OFF}, "the valve still needs its time"
    assert not burner.child_locked()


def test_unlocking_what_is_not_locked_does_nothing() -> None:
    burner = a_cut_burner()
    assert burner.unlock(NOW, ANNA) == []
    assert burner == a_cut_burner()


# --- idle = "locked" -------------------------------------------------------------------------------------


def test_a_burner_that_locks_when_idle_starts_locked() -> None:
    burner = a_burner(locks_when_idle=True)
    burner.begin(NOW)
    burner.tick(HELD)
    assert burner.status(HELD) is Status.LOCKED
    assert not burner.child_locked()
    with pytest.raises(NotNow, match=r"^Left is locked \(idle\)"):
        burner.start_timer(HELD, 20 * MINUTE, ANNA)
    burner.unlock(HELD, ANNA)
    burner.start_timer(HELD, 20 * MINUTE, ANNA)


def test_a_burner_that_locks_when_idle_locks_after_every_cut() -> None:
    burner = a_timed_burner(20 * MINUTE, locks_when_idle=True)
    burner.tick(NOW + 20 * MINUTE)
    assert kinds(burner) == {HoldKind.SHUT_OFF, HoldKind.LOCK}
    assert burner.status(NOW + 20 * MINUTE) is Status.SHUT_OFF
    burner.tick(NOW + 21 * MINUTE)
    assert burner.status(NOW + 21 * MINUTE) is Status.LOCKED


# --- interlocks and lockout --------------------------------------------------------------------------------


def test_an_interlock_cuts_and_holds_for_as_long_as_it_is_active() -> None:
    burner = a_timed_burner()
    assert burner.trip(NOW, "smoke", latches=False) == [
        ShutOff(burner="left", at=NOW, by="smoke", cause=Cause.INTERLOCK, cut=True)
    ]
    burner.tick(NOW + HOUR)
    assert not burner.permitted(NOW + HOUR)
    assert burner.status(NOW + HOUR) is Status.LOCKED
    with pytest.raises(NotNow, match=r"^Left is held by interlock \(smoke\); no timer can be set\.$"):
        burner.start_timer(NOW + HOUR, MINUTE, ANNA)
    burner.clear("smoke")
    assert burner.permitted(NOW + HOUR)


def test_an_interlock_that_clears_at_once_still_gives_the_valve_its_time() -> None:
    burner = a_burner()
    burner.trip(NOW, "smoke", latches=False)
    burner.clear("smoke")
    assert not burner.permitted(HELD - 1)


def test_a_level_that_stays_active_is_one_trip() -> None:
    burner = a_burner()
    burner.trip(NOW, "smoke", latches=True)
    before = burner.holds
    assert burner.trip(NOW + HOUR, "smoke", latches=True) == []
    assert burner.holds == before


def test_a_latching_interlock_locks_out_until_somebody_resets() -> None:
    burner = a_timed_burner()
    assert burner.trip(NOW, "gas", latches=True)[1:] == [LockedOut(burner="left", at=NOW, by="gas", cause="gas")]
    burner.clear("gas")
    burner.tick(NOW + 24 * HOUR)
    assert burner.status(NOW + 24 * HOUR) is Status.LOCKOUT
    with pytest.raises(NotNow, match=r"^Left is held by lockout \(gas\)"):
        burner.start_timer(NOW + 24 * HOUR, MINUTE, ANNA)
    assert burner.reset(NOW + 24 * HOUR, ANNA) == [WasReset(burner="left", at=NOW + 24 * HOUR, by=ANNA)]
    assert burner.permitted(NOW + 24 * HOUR)


def test_locking_out_twice_is_locking_out_once() -> None:
    burner = a_burner()
    assert burner.lock_out(NOW, "gas") == [LockedOut(burner="left", at=NOW, by="gas", cause="gas")]
    assert burner.lock_out(NOW + SECOND, "gas") == []


def test_one_interlock_that_clears_does_not_end_another() -> None:
    burner = a_burner()
    burner.trip(NOW, "smoke", latches=False)
    burner.trip(NOW, "button", latches=False)
    burner.clear("smoke")
    burner.tick(HELD)
    assert not burner.permitted(HELD)


# --- reset -----------------------------------------------------------------------------------------------


def test_a_lockout_is_not_reset_while_its_cause_stands() -> None:
    burner = a_burner()
    burner.trip(NOW, "gas", latches=True)
    sentence = r"^Left cannot be reset while gas is active; end its cause first\.$"
    with pytest.raises(NotNow, match=sentence):
        burner.reset(NOW + HOUR, ANNA)
    assert burner.status(NOW + HOUR) is Status.LOCKOUT


def test_nothing_is_reset_before_the_valve_has_surely_closed() -> None:
    burner = a_cut_burner()
    sentence = r"^Left cannot be reset yet: the relay stays open for another 3 s so that the valve has surely closed\.$"
    with pytest.raises(NotNow, match=sentence):
        burner.reset(NOW + 7 * SECOND, ANNA)
    assert burner.reset(HELD, ANNA) == []
    assert burner.permitted(HELD)


def test_a_reset_re_enables_a_burner_that_locks_when_idle() -> None:
    burner = a_timed_burner(20 * MINUTE, locks_when_idle=True)
    burner.tick(NOW + 20 * MINUTE)
    assert burner.reset(NOW + 21 * MINUTE, ANNA)[0].kind == "reset"
    assert burner.permitted(NOW + 21 * MINUTE)


def test_a_reset_leaves_the_child_lock() -> None:
    burner = a_burner()
    burner.trip(NOW, "gas", latches=True)
    burner.lock(NOW, ANNA)
    burner.clear("gas")
    burner.reset(HELD, ANNA)
    assert burner.status(HELD) is Status.LOCKED
    assert burner.child_locked()


def test_resetting_a_ready_burner_does_nothing() -> None:
    burner = a_burner()
    assert burner.reset(NOW, ANNA) == []
    assert burner == a_burner()


# --- start -----------------------------------------------------------------------------------------------


def test_at_the_start_a_valve_that_was_open_gets_its_time_to_drop() -> None:
    burner = a_lit_burner()
    burner.start_timer(NOW, HOUR, ANNA)
    burner.begin(NOW)
    assert burner.status(NOW) is Status.SHUT_OFF
    assert (burner.timer, burner.limit, burner.burning_since) == (None, None, None)
    assert burner.last_shut_off is None, "nothing is known of a cut"
    burner.tick(HELD)
    assert burner.permitted(HELD)


# --- status ----------------------------------------------------------------------------------------------


def test_the_gravest_reason_gives_the_status() -> None:
    burner = a_lit_burner()
    assert burner.status(NOW) is Status.LIT
    burner.start_timer(NOW, 20 * MINUTE, ANNA)
    assert burner.status(NOW) is Status.TIMING
    assert burner.status(NOW + 19 * MINUTE) is Status.ENDING
    burner.lock(NOW, ANNA)
    assert burner.status(NOW) is Status.SHUT_OFF
    burner.trip(NOW, "gas", latches=True)
    assert burner.status(NOW) is Status.LOCKOUT
    burner.clear("gas")
    burner.observe(HELD, Reading(Flame.OUT))
    burner.reset(HELD, ANNA)
    assert burner.status(HELD) is Status.LOCKED
    burner.unlock(HELD, ANNA)
    burner.observe(HELD, Reading(Flame.LIT))
    assert burner.status(HELD) is Status.LIT


def test_a_refusal_names_what_somebody_must_end_before_what_passes_by_itself() -> None:
    burner = a_burner()
    burner.trip(NOW, "gas", latches=True)
    with pytest.raises(NotNow, match=r"held by interlock \(gas\)"):
        burner.start_timer(NOW, MINUTE, ANNA)
    burner.clear("gas")
    with pytest.raises(NotNow, match=r"held by lockout \(gas\)"):
        burner.start_timer(NOW, MINUTE, ANNA)
    burner.lock(NOW, ANNA)
    with pytest.raises(NotNow, match=r"locked \(child\)"):
        burner.start_timer(NOW, MINUTE, ANNA)
