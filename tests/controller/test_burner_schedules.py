"""Attention, sweep, night locks and the idle lock of a burner: what ends a burn, and what moves that."""

from dataclasses import replace

import pytest

from controller.burner import PAUSES_WHEN_UNUSED_FOR
from controller.events import Attended, Cause, Locked, Paused, ShutOff, TimerEnding, Unlocked
from controller.terms import Ending, Flame, Hold, HoldKind, NotNow, Reading, Status
from hardware.clock import HOUR, MINUTE, SECOND
from tests.controller.builders import LIMITS, NOW, a_burner, a_lit_burner, a_sensing_burner, a_timed_burner

ANNA = "phone:Anna"
OUT, LIT, UNKNOWN = Reading(Flame.OUT), Reading(Flame.LIT), Reading(Flame.UNKNOWN)
LIMIT = NOW + 2 * HOUR
UNLOCK = LIMITS.unlock_for


# --- attention ----------------------------------------------------------------------------------------------


def test_attention_starts_the_limit_anew_and_the_warning_too() -> None:
    burner = a_lit_burner()
    burner.tick(LIMIT - MINUTE)
    assert burner.status(LIMIT - MINUTE) is Status.ENDING
    assert burner.attend(LIMIT - MINUTE, ANNA) == [Attended(burner="left", at=LIMIT - MINUTE, by=ANNA)]
    assert burner.limit == LIMIT - MINUTE + 2 * HOUR
    assert burner.status(LIMIT - MINUTE) is Status.LIT
    assert [type(event) for event in burner.tick(LIMIT - 2 * MINUTE + 2 * HOUR)] == [TimerEnding]


def test_attention_to_a_burner_that_is_not_burning_is_refused() -> None:
    with pytest.raises(NotNow) as refused:
        a_sensing_burner().attend(NOW, ANNA)
    assert str(refused.value) == "Left has no limit running; nothing is seen burning."


def test_attention_to_a_held_burner_is_refused() -> None:
    burner = a_burner()
    burner.lock(NOW, ANNA)
    with pytest.raises(NotNow, match=r"^Left is locked \(child\); there is nothing to attend to\.$"):
        burner.attend(NOW, ANNA)


def test_attention_does_not_reach_past_the_ceiling() -> None:
    burner = a_lit_burner()
    for hour in range(1, 12):
        burner.attend(NOW + hour * HOUR, ANNA)
    assert burner.limit == NOW + 12 * HOUR


# --- sweep --------------------------------------------------------------------------------------------------


def test_a_sweep_opens_an_idle_relay_at_once() -> None:
    burner = a_sensing_burner()
    assert burner.sweep(NOW, ANNA) == [
        ShutOff(burner="left", at=NOW, by=ANNA, cause=Cause.SHUT_OFF_ALL, cut=True, reason="sweep")
    ]
    assert burner.holds[0].until == NOW + LIMITS.hold_open


@pytest.mark.parametrize("reading", [LIT, UNKNOWN])
def test_a_sweep_warns_what_may_burn_and_cuts_it_then(reading: Reading) -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, reading)
    assert burner.sweep(NOW, ANNA) == [
        TimerEnding(burner="left", at=NOW, by="sweep", deadline="sweep", remaining=MINUTE)
    ]
    assert burner.permitted(NOW + MINUTE - 1)
    assert burner.burn_ends() == (NOW + MINUTE, Ending.SWEEP)
    events = burner.tick(NOW + MINUTE)
    assert events == [
        ShutOff(burner="left", at=NOW + MINUTE, by=ANNA, cause=Cause.SHUT_OFF_ALL, cut=True, reason="sweep")
    ]
    assert burner.sweep_at is None


def test_a_running_timer_is_use_even_without_a_sensor() -> None:
    burner = a_timed_burner()
    burner.sweep(NOW, ANNA)
    assert burner.deadline() == NOW + MINUTE


def test_a_sweep_of_a_held_burner_does_nothing() -> None:
    burner = a_burner()
    burner.lock(NOW, ANNA)
    holds = burner.holds
    assert burner.sweep(NOW, ANNA) == []
    assert burner.holds == holds


@pytest.mark.parametrize("how", ["attend", "extend", "start_timer", "cancel_timer"])
def test_whoever_is_there_lets_the_sweep_pass_by(how: str) -> None:
    burner = a_lit_burner()
    if how == "cancel_timer":
        burner.start_timer(NOW, HOUR, ANNA)
    burner.sweep(NOW, "daily sweep")
    {
        "attend": lambda: burner.attend(NOW + 1, ANNA),
        "extend": lambda: burner.extend(NOW + 1, MINUTE, ANNA),
        "start_timer": lambda: burner.start_timer(NOW + 1, HOUR, ANNA),
        "cancel_timer": lambda: burner.cancel_timer(NOW + 1, ANNA),
    }[how]()
    assert burner.sweep_at is None
    burner.tick(NOW + MINUTE)
    assert burner.permitted(NOW + MINUTE)


def test_a_cut_ends_an_announced_sweep() -> None:
    burner = a_lit_burner()
    burner.sweep(NOW, ANNA)
    burner.shut_off(NOW, Cause.USER, ANNA)
    assert burner.sweep_at is None


# --- night locks --------------------------------------------------------------------------------------------


def test_a_night_locks_and_the_morning_unlocks() -> None:
    burner = a_burner()
    assert burner.schedule(NOW, True, NOW + 24 * HOUR) == [
        ShutOff(burner="left", at=NOW, by="night lock", cause=Cause.LOCK, cut=True),
        Locked(burner="left", at=NOW, by="night lock", cause="night"),
    ]
    assert burner.schedule(NOW + HOUR, True, NOW + 24 * HOUR) == []
    assert burner.schedule(NOW + 7 * HOUR, False, NOW + 24 * HOUR) == [
        Unlocked(burner="left", at=NOW + 7 * HOUR, by="night lock", cause="night")
    ]
    burner.tick(NOW + 7 * HOUR)
    assert burner.permitted(NOW + 7 * HOUR)
    assert burner.schedule(NOW + 8 * HOUR, False, NOW + 24 * HOUR) == []
    assert burner.night_from == NOW + 24 * HOUR


def test_a_night_is_a_deadline_for_what_burns_and_warns_in_its_own_name() -> None:
    burner = a_lit_burner()
    burner.schedule(NOW, False, NOW + HOUR)
    assert burner.burn_ends() == (NOW + HOUR, Ending.NIGHT)
    assert burner.tick(NOW + 59 * MINUTE) == [
        TimerEnding(burner="left", at=NOW + 59 * MINUTE, by="night lock", deadline="night", remaining=MINUTE)
    ]
    assert burner.tick(NOW + HOUR)[-1] == Locked(burner="left", at=NOW + HOUR, by="night lock", cause="night")
    assert not burner.permitted(NOW + HOUR)


def test_no_timer_reaches_into_the_night() -> None:
    burner = a_lit_burner()
    burner.schedule(NOW, False, NOW + HOUR)
    burner.start_timer(NOW, 3 * HOUR, ANNA)
    assert burner.deadline() == NOW + HOUR


def test_a_burner_that_is_held_is_not_warned_of_the_night_although_its_flame_still_burns() -> None:
    burner = a_lit_burner()
    burner.schedule(NOW, False, NOW + MINUTE)
    burner.lock(NOW, ANNA)
    assert burner.tick(NOW + 30 * SECOND) == []


def test_an_idle_burner_is_not_warned_of_the_night() -> None:
    burner = a_sensing_burner()
    burner.schedule(NOW, False, NOW + MINUTE)
    assert burner.burn_ends() is None
    assert burner.tick(NOW + 30 * SECOND) == []
    assert burner.status(NOW + 30 * SECOND) is Status.READY


def test_unlocking_ends_the_night_for_this_night() -> None:
    burner = a_burner()
    burner.schedule(NOW, True, None)
    assert burner.unlock(NOW + HOUR, ANNA) == [Unlocked(burner="left", at=NOW + HOUR, by=ANNA, cause="night")]
    assert burner.schedule(NOW + 2 * HOUR, True, None) == []
    assert burner.schedule(NOW + 3 * HOUR, False, None) == []
    assert burner.schedule(NOW + 20 * HOUR, True, None) != []


def test_ending_a_child_lock_by_day_leaves_the_night_to_come() -> None:
    burner = a_burner()
    burner.schedule(NOW, False, NOW + HOUR)
    burner.lock(NOW, ANNA)
    burner.unlock(NOW, ANNA)
    assert burner.schedule(NOW + HOUR, True, None) != []


def test_the_morning_ends_the_night_lock_and_no_other() -> None:
    burner = a_burner()
    burner.lock(NOW, ANNA)
    burner.schedule(NOW, True, None)
    burner.schedule(NOW + HOUR, False, None)
    assert [(hold.kind, hold.cause) for hold in burner.holds if hold.until is None] == [(HoldKind.LOCK, "child")]


# --- locked while idle --------------------------------------------------------------------------------------


def an_unlocked_burner(**fields: object):  # type: ignore[no-untyped-def]
    burner = a_burner(locks_when_idle=True, **fields)
    burner.begin(NOW - HOUR)
    burner.observe(NOW - HOUR, OUT)
    burner.tick(NOW - MINUTE)
    burner.unlock(NOW, ANNA)
    return burner


def test_an_unlocked_burner_that_nobody_lights_locks_itself() -> None:
    burner = an_unlocked_burner(senses_flame=True)
    assert burner.deadline() == NOW + UNLOCK
    assert burner.tick(NOW + UNLOCK - 1) == []
    assert burner.permitted(NOW + UNLOCK - 1)
    assert not burner.permitted(NOW + UNLOCK)
    assert burner.tick(NOW + UNLOCK) == [Locked(burner="left", at=NOW + UNLOCK, by="stove.idle", cause="idle")]
    assert burner.status(NOW + UNLOCK) is Status.LOCKED
    assert burner.last_shut_off is None, "nothing burnt"
    assert burner.unused_since is None


def test_without_a_sensor_something_may_burn_unseen_so_that_is_a_cut() -> None:
    burner = an_unlocked_burner()
    events = burner.tick(NOW + UNLOCK)
    assert [type(event) for event in events] == [ShutOff, Locked]
    assert events[0].by == events[1].by == "stove.idle"


@pytest.mark.parametrize("reading", [LIT, UNKNOWN])
def test_what_burns_or_may_burn_stays_unlocked(reading: Reading) -> None:
    burner = an_unlocked_burner(senses_flame=True)
    burner.observe(NOW + MINUTE, reading)
    burner.tick(NOW + UNLOCK)
    assert burner.permitted(NOW + UNLOCK)
    burner.observe(NOW + HOUR, OUT)
    assert burner.deadline() == NOW + HOUR + UNLOCK
    burner.observe(NOW + HOUR + SECOND, OUT)
    assert burner.deadline() == NOW + HOUR + UNLOCK, "it is not counted anew"


def test_a_timer_keeps_it_unlocked_and_a_cancelled_one_does_not() -> None:
    burner = an_unlocked_burner()
    burner.start_timer(NOW, HOUR, ANNA)
    assert burner.deadline() == NOW + HOUR
    burner.cancel_timer(NOW + MINUTE, ANNA)
    assert burner.deadline() == NOW + MINUTE + UNLOCK


def test_an_idle_burner_is_not_warned_of_its_lock() -> None:
    burner = an_unlocked_burner(senses_flame=True)
    assert burner.tick(NOW + UNLOCK - SECOND) == []


def test_a_reset_unlocks_for_a_while_too() -> None:
    burner = a_burner(locks_when_idle=True)
    burner.begin(NOW - HOUR)
    burner.reset(NOW, ANNA)
    assert burner.deadline() == NOW + UNLOCK


def test_where_idle_burners_are_ready_nothing_counts_down() -> None:
    burner = a_sensing_burner()
    burner.tick(NOW)
    assert burner.deadline() is None
    assert burner.next_due() is None


def test_the_first_of_several_ends_is_the_deadline_and_of_two_at_once_the_timer() -> None:
    burner = a_lit_burner()
    burner.schedule(NOW, False, NOW + 3 * HOUR)
    burner.start_timer(NOW, 2 * HOUR, ANNA)
    assert burner.burn_ends() == (NOW + 2 * HOUR, Ending.TIMER)
    assert burner.endings() == [
        (NOW + 2 * HOUR, Ending.TIMER),
        (NOW + 2 * HOUR, Ending.LIMIT),
        (NOW + 3 * HOUR, Ending.NIGHT),
    ]
    assert [event.cause for event in burner.tick(NOW + 2 * HOUR) if isinstance(event, ShutOff)] == [Cause.TIMER]


def test_an_idle_lock_is_a_lock_and_since_when_is_known() -> None:
    burner = an_unlocked_burner(senses_flame=True)
    burner.tick(NOW + UNLOCK)
    assert burner.holds == (Hold(HoldKind.LOCK, "idle", NOW + UNLOCK),)
    unseen = an_unlocked_burner()
    assert unseen.tick(NOW + UNLOCK)[1].cause == "idle"
    assert {hold.since for hold in unseen.holds} == {NOW + UNLOCK}


def test_it_stays_unlocked_for_its_time_from_when_it_is_permitted() -> None:
    burner = a_burner(locks_when_idle=True)
    burner.begin(NOW)
    assert {hold.since for hold in burner.holds} == {NOW}
    burner.unlock(NOW, ANNA)
    assert burner.deadline() is None
    burner.tick(NOW + LIMITS.hold_open)
    assert burner.deadline() == NOW + LIMITS.hold_open + UNLOCK


def test_a_sweep_cuts_in_its_own_name_beside_a_running_timer() -> None:
    burner = a_timed_burner()
    (warning,) = burner.sweep(NOW, "daily sweep")
    assert warning.by == "sweep"
    (cut,) = burner.tick(NOW + MINUTE)
    assert isinstance(cut, ShutOff)
    assert (cut.cause, cut.by) == (Cause.SHUT_OFF_ALL, "daily sweep")


def test_a_short_timer_shortens_no_other_warning() -> None:
    burner = a_burner()
    burner.start_timer(NOW, 90 * SECOND, ANNA)
    burner.schedule(NOW, False, NOW + 80 * SECOND)
    assert burner.tick(NOW + 20 * SECOND - 1) == []
    assert [event.by for event in burner.tick(NOW + 20 * SECOND)] == ["night lock"]


def test_a_night_that_was_ended_stays_so_through_another_unlocking() -> None:
    burner = a_burner()
    burner.schedule(NOW, True, None)
    burner.unlock(NOW, ANNA)
    burner.lock(NOW, ANNA)
    burner.unlock(NOW, ANNA)
    assert burner.schedule(NOW, True, None) == []


def test_since_when_a_burner_is_held_is_known_of_every_hold() -> None:
    burner = a_burner(locks_when_idle=True)
    burner.trip(NOW, "gas", latches=True)
    assert {hold.kind for hold in burner.holds} == set(HoldKind)
    assert {hold.since for hold in burner.holds} == {NOW}


def test_a_lock_that_begins_within_a_night_that_was_ended_is_of_that_night() -> None:
    burner = a_lit_burner()
    burner.schedule(NOW, True, NOW + HOUR)
    burner.unlock(NOW + MINUTE, ANNA)
    burner.schedule(NOW + MINUTE, True, NOW + HOUR)
    assert burner.night_from is None
    burner.schedule(NOW + 2 * HOUR, True, NOW + 24 * HOUR)
    assert not any(hold.cause == "night" for hold in burner.holds)
    burner.schedule(NOW + 3 * HOUR, False, NOW + 24 * HOUR)
    assert burner.night_from == NOW + 24 * HOUR


# --- the relay's longest time energised ---------------------------------------------------------------------

LONGEST = LIMITS.longest_energised


def test_a_burner_in_use_is_warned_before_its_relay_has_to_pause_and_says_when() -> None:
    burner = a_lit_burner()
    burner.pause_at = NOW + HOUR
    assert burner.burn_ends() == (NOW + HOUR, Ending.PAUSE)
    assert burner.tick(NOW + 59 * MINUTE) == [
        TimerEnding(
            burner="left", at=NOW + 59 * MINUTE, by="keeper.longest_energised", deadline="pause", remaining=MINUTE
        )
    ]
    assert burner.permitted(NOW + HOUR - 1)
    (cut,) = burner.tick(NOW + HOUR)
    assert isinstance(cut, ShutOff)
    assert (cut.cause, cut.by, cut.reason) == (Cause.LIMIT, "keeper.longest_energised", "energised")
    assert burner.pause_at is None
    burner.observe(NOW + HOUR + 20 * SECOND, OUT)
    burner.tick(NOW + HOUR + 20 * SECOND)
    assert burner.permitted(NOW + HOUR + 20 * SECOND)


@pytest.mark.parametrize("reading", [LIT, UNKNOWN])
def test_a_relay_that_is_held_open_ends_no_burn_whatever_comes_next(reading: Reading) -> None:
    burner = a_sensing_burner(night_from=NOW + 10 * HOUR)
    burner.observe(NOW, reading)
    assert burner.burn_ends() is not None
    burner.shut_off(NOW, Cause.USER, ANNA)
    burner.observe(NOW, reading)
    assert burner.burn_ends() is None


def test_a_relay_whose_burner_is_out_pauses_half_way_and_that_is_no_cut() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, OUT)
    burner.pause_at = NOW + LONGEST
    half = NOW + LONGEST // 2
    assert burner.next_due() == half
    assert burner.tick(half - 1) == []
    assert burner.tick(half) == [Paused(burner="left", at=half, by="keeper.longest_energised")]
    over = half + LIMITS.hold_open
    burner.tick(over - 1)
    assert not burner.permitted(over - 1)
    assert (burner.last_shut_off, burner.proof) == (None, None)
    burner.tick(over)
    assert burner.permitted(over)


def test_a_relay_does_not_pause_while_somebody_may_be_lighting_its_burner_again() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, LIT)
    burner.pause_at = NOW + LONGEST // 2 + MINUTE
    out = NOW + 2 * MINUTE
    burner.observe(out, OUT)
    assert burner.tick(out + PAUSES_WHEN_UNUSED_FOR - 1) == []
    assert burner.permitted(out + PAUSES_WHEN_UNUSED_FOR - 1)
    assert burner.next_due() == out + PAUSES_WHEN_UNUSED_FOR
    assert [type(event) for event in burner.tick(out + PAUSES_WHEN_UNUSED_FOR)] == [Paused]


def test_a_relay_does_not_pause_as_soon_as_a_timer_is_cancelled_under_which_nothing_burnt() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, OUT)
    burner.pause_at = NOW + HOUR
    burner.start_timer(NOW, 50 * MINUTE, "anna")
    cancelled = NOW + 40 * MINUTE
    burner.cancel_timer(cancelled, "anna")
    assert burner.tick(cancelled + PAUSES_WHEN_UNUSED_FOR - 1) == []
    assert [type(event) for event in burner.tick(cancelled + PAUSES_WHEN_UNUSED_FOR)] == [Paused]


def test_a_keeper_that_does_not_count_a_pause_is_not_paused_for_again_at_once() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, OUT)
    burner.pause_at = NOW + HOUR
    at = NOW + PAUSES_WHEN_UNUSED_FOR - 30 * SECOND
    burner.unused_since = NOW - 30 * SECOND
    assert [type(event) for event in burner.tick(at)] == [Paused]
    again = at + LIMITS.hold_open
    for now in range(again, again + PAUSES_WHEN_UNUSED_FOR, SECOND):
        burner.pause_at = NOW + HOUR + MINUTE
        assert burner.tick(now) == []
    assert [type(event) for event in burner.tick(again + PAUSES_WHEN_UNUSED_FOR)] == [Paused]


def test_where_idle_burners_are_locked_one_that_has_to_pause_is_locked_and_can_be_unlocked() -> None:
    burner = an_unlocked_burner(senses_flame=True)
    burner.limits = replace(LIMITS, unlock_for=LONGEST)
    burner.observe(NOW, OUT)
    burner.tick(NOW)
    burner.pause_at = NOW + LONGEST
    half = NOW + LONGEST // 2
    assert [type(event) for event in burner.tick(half)] == [Locked]
    assert not burner.permitted(half)
    burner.unlock(half + SECOND, ANNA)
    burner.pause_at = NOW + LONGEST  # for the keeper that was no pause
    assert burner.tick(half + SECOND + PAUSES_WHEN_UNUSED_FOR - 1) == []
    assert [type(event) for event in burner.tick(half + SECOND + PAUSES_WHEN_UNUSED_FOR)] == [Locked]


@pytest.mark.parametrize("reading", [LIT, UNKNOWN])
def test_a_relay_whose_burner_may_burn_does_not_pause_early(reading: Reading) -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, reading)
    burner.limits = replace(LIMITS, unattended=LONGEST)
    burner.attend(NOW, ANNA)
    burner.pause_at = NOW + LONGEST
    burner.tick(NOW + LONGEST // 2)
    assert burner.permitted(NOW + LONGEST // 2)


def test_a_relay_under_a_timer_does_not_pause_early() -> None:
    burner = a_sensing_burner()
    burner.observe(NOW, OUT)
    burner.start_timer(NOW, 4 * HOUR, ANNA)
    burner.pause_at = NOW + LONGEST // 2
    burner.tick(NOW + HOUR)
    assert burner.permitted(NOW + HOUR)


def test_a_relay_whose_flame_nobody_measures_pauses_when_it_has_to() -> None:
    burner = a_burner()
    burner.pause_at = NOW + LONGEST
    assert burner.next_due() == NOW + LONGEST
    assert burner.tick(NOW + LONGEST - 1) == []
    (cut,) = burner.tick(NOW + LONGEST)
    assert isinstance(cut, ShutOff)
    assert cut.reason == "energised"
