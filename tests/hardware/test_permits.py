"""The keeper's core, rule by rule: what lets a line be energised, and everything that ends it."""

import pytest

from hardware.clock import ClockFault
from hardware.permits import Caps, Denied, Fault, Line, Opening, Permits

LEASE, LONGEST_PERMIT, LONGEST_ENERGISED, PAUSE = 1_000, 60_000, 600_000, 10_000


def idle(*lines: str) -> Permits:
    """A keeper's core as at its start: nobody has renewed a lease, nothing is energised."""
    caps = Caps(LEASE, LONGEST_PERMIT, LONGEST_ENERGISED, PAUSE)
    return Permits(caps, {name: Line() for name in lines or ("left", "right")})


def leased(now: int = 0, *lines: str) -> Permits:
    """... whose controller has just renewed its lease."""
    permits = idle(*lines)
    permits.renew(now, sent_at=now)
    return permits


def energised(now: int = 0, not_after: int = 30_000) -> Permits:
    """... and whose left line is energised."""
    permits = leased(now)
    permits.permit(now, "left", not_after, generation=0)
    return permits


def renewed_until(permits: Permits, until: int, since: int = 0) -> list[Opening]:
    """Let time pass with a renewal every half lease; returns what the keeper opened."""
    openings = []
    for now in range(since, until + 1, LEASE // 2):
        openings += permits.expire(now)
        permits.renew(now, sent_at=now)
    return openings


def kept_energised(permits: Permits, until: int, since: int = 0) -> list[Opening]:
    """Let time pass with the left line's permit rolled on at every renewal; returns what the keeper opened."""
    openings = []
    for now in range(since, until + 1, LEASE // 2):
        openings += permits.expire(now)
        permits.renew(now, sent_at=now)
        if permits.energised("left"):
            permits.permit(now, "left", now + LONGEST_PERMIT, permits.lines["left"].generation)
    return openings


# --- a line is energised only under a permit ------------------------------------------------------------


def test_nothing_is_energised_at_the_start() -> None:
    permits = idle()
    assert not permits.energised("left")
    assert not permits.energised("right")
    assert permits.next_expiry() is None


def test_a_lease_alone_energises_nothing() -> None:
    assert not leased().energised("left")


def test_a_permit_energises_its_own_line_and_no_other() -> None:
    permits = energised()
    assert permits.energised("left")
    assert not permits.energised("right")


def test_without_a_lease_there_is_no_permit() -> None:
    permits = idle()
    with pytest.raises(Denied, match="there is no lease"):
        permits.permit(0, "left", 5_000, generation=0)
    assert not permits.energised("left")


def test_a_permit_for_a_line_that_does_not_exist_is_a_fault() -> None:
    with pytest.raises(Fault, match="there is no line 'rear'"):
        leased().permit(0, "rear", 5_000, generation=0)


def test_opening_a_line_that_does_not_exist_is_a_fault() -> None:
    with pytest.raises(Fault, match="there is no line 'rear'"):
        leased().open(0, "rear")


@pytest.mark.parametrize("not_after", [2_000, 1_999, 0, -1])
def test_a_permit_that_has_ended_already_is_denied_and_opens_the_line_that_it_was_for(not_after: int) -> None:
    permits = energised()
    permits.expire(900)
    permits.renew(900, sent_at=900)
    permits.permit(900, "left", 4_000, generation=0)
    permits.renew(1_800, sent_at=1_800)
    with pytest.raises(Denied, match="already ended"):
        permits.permit(2_000, "left", not_after, generation=0)
    assert not permits.energised("left")


def test_a_permit_may_last_as_long_as_the_cap_and_not_a_millisecond_longer() -> None:
    permits = leased()
    with pytest.raises(Denied, match="would last 60001 ms, longer than 60000 ms"):
        permits.permit(0, "left", LONGEST_PERMIT + 1, generation=0)
    assert not permits.energised("left")
    permits.permit(0, "left", LONGEST_PERMIT, generation=0)
    assert permits.energised("left")


def test_a_denied_permit_never_leaves_its_line_energised() -> None:
    """The controller takes a refused permit for an open line, and so would not open it again."""
    permits = energised()
    with pytest.raises(Denied, match="longer than"):
        permits.permit(0, "left", LONGEST_PERMIT + 1, generation=0)
    assert not permits.energised("left")


def test_the_controller_can_always_open_a_line() -> None:
    permits = energised()
    permits.open(10, "left")
    assert not permits.energised("left")
    permits.open(20, "left")
    assert not permits.energised("left")


# --- a permit ends at its instant -----------------------------------------------------------------------


def test_the_line_opens_at_the_instant_its_permit_ends() -> None:
    permits = energised(not_after=700)
    assert permits.next_expiry() == 700
    assert permits.expire(699) == []
    assert permits.energised("left")
    assert permits.expire(700) == [Opening("left", "deadline", cut=True, generation=1)]
    assert not permits.energised("left")
    assert permits.expire(701) == [], "it opens once"


def test_a_later_permit_moves_the_end_and_an_earlier_one_does_too() -> None:
    permits = energised(not_after=700)
    permits.permit(0, "left", 900, generation=0)
    assert permits.next_expiry() == 900
    permits.permit(0, "left", 300, generation=0)
    assert permits.next_expiry() == 300


def test_the_next_expiry_is_the_first_of_every_line_and_of_the_lease() -> None:
    permits = leased()
    permits.permit(0, "left", 800, generation=0)
    permits.permit(0, "right", 600, generation=0)
    assert permits.next_expiry() == 600
    permits.expire(600)
    assert permits.next_expiry() == 800
    permits.permit(600, "left", 5_000, generation=0)
    assert permits.next_expiry() == LEASE


def test_one_lines_deadline_leaves_the_other_line_energised() -> None:
    permits = leased()
    permits.permit(0, "left", 500, generation=0)
    permits.permit(0, "right", 900, generation=0)
    permits.expire(500)
    assert not permits.energised("left")
    assert permits.energised("right")


# --- permits live on a lease ----------------------------------------------------------------------------


def test_a_lease_that_is_not_renewed_opens_every_line() -> None:
    permits = energised()
    assert permits.expire(LEASE - 1) == []
    assert permits.expire(LEASE) == [
        Opening("left", "lease", cut=True, generation=1),
        Opening("right", "lease", cut=False, generation=1),
    ]
    assert not permits.energised("left")


def test_a_renewed_lease_keeps_the_line() -> None:
    permits = energised()
    assert renewed_until(permits, 29_500) == []
    assert permits.energised("left")


def test_a_renewal_does_not_bring_a_line_back_that_a_lapsed_lease_opened() -> None:
    permits = energised()
    permits.expire(LEASE)
    permits.renew(LEASE, sent_at=LEASE)
    assert not permits.energised("left")


def test_a_renewal_that_queued_counts_from_its_sending() -> None:
    permits = energised()
    permits.renew(900, sent_at=200)
    assert permits.next_expiry() == 200 + LEASE
    assert [opening.cause for opening in permits.expire(200 + LEASE)] == ["lease", "lease"]


def test_a_renewal_that_queued_for_a_whole_lease_is_void() -> None:
    permits = idle()
    permits.renew(5_000, sent_at=5_000 - LEASE)
    with pytest.raises(Denied, match="there is no lease"):
        permits.permit(5_000, "left", 6_000, generation=0)
    permits.renew(5_000, sent_at=5_000 - LEASE + 1)
    permits.permit(5_000, "left", 6_000, generation=0)
    assert permits.expire(5_001)[0].cause == "lease"


def test_a_renewal_from_the_future_is_a_fault_and_lends_nothing() -> None:
    permits = idle()
    with pytest.raises(Fault, match="from the future: sent at 5001 ms, and it is 5000 ms"):
        permits.renew(5_000, sent_at=5_001)
    assert permits.leased_from is None


def test_renewals_that_run_backwards_are_a_fault() -> None:
    permits = leased(700)
    with pytest.raises(Fault, match="run backwards: 699 ms after 700 ms"):
        permits.renew(800, sent_at=699)
    permits.renew(800, sent_at=700)


def test_a_void_renewal_is_remembered_too_so_that_older_ones_stay_a_fault() -> None:
    permits = idle()
    permits.renew(5_000, sent_at=3_000)
    with pytest.raises(Fault, match="run backwards"):
        permits.renew(5_000, sent_at=2_999)


# --- generations: a permit in flight does not undo what the keeper did -----------------------------------


def test_a_permit_in_flight_does_not_reclose_a_line_whose_deadline_passed() -> None:
    permits = energised(not_after=500)
    (opening,) = permits.expire(500)
    with pytest.raises(Denied, match="names generation 0, and the line was opened since \\(1\\)"):
        permits.permit(501, "left", 5_000, generation=0)
    assert not permits.energised("left")
    permits.permit(501, "left", 5_000, opening.generation)
    assert permits.energised("left"), "one that has seen the opening is a new decision"


def test_a_permit_in_flight_does_not_reclose_a_line_the_emergency_button_opened() -> None:
    permits = energised()
    permits.trip(100, "button")
    permits.clear("button")
    with pytest.raises(Denied, match="opened since"):
        permits.permit(101, "left", 5_000, generation=0)
    assert not permits.energised("left")


def test_a_first_permit_in_flight_dies_too_when_the_button_is_pressed_before_it_arrives() -> None:
    permits = leased()
    openings = permits.trip(100, "button")
    permits.clear("button")
    assert [(opening.line, opening.cut, opening.generation) for opening in openings] == [
        ("left", False, 1),
        ("right", False, 1),
    ]
    with pytest.raises(Denied, match="opened since"):
        permits.permit(101, "right", 5_000, generation=0)


def test_a_permit_in_flight_does_not_reclose_a_line_that_a_lapsed_lease_opened() -> None:
    permits = energised()
    permits.expire(LEASE)
    permits.renew(LEASE, sent_at=LEASE)
    with pytest.raises(Denied, match="opened since"):
        permits.permit(LEASE, "left", 5_000, generation=0)


def test_a_permit_that_names_a_generation_to_come_is_denied() -> None:
    with pytest.raises(Denied, match="names generation 1"):
        leased().permit(0, "left", 5_000, generation=1)


def test_an_opening_that_the_controller_asked_for_makes_no_later_permit_void() -> None:
    permits = energised()
    permits.open(10, "left")
    permits.permit(20, "left", 5_000, generation=0)
    assert permits.energised("left")


def test_revoking_makes_every_line_open_and_every_permit_in_flight_void() -> None:
    permits = energised()
    assert permits.revoke_all(50, "hang-up") == [
        Opening("left", "hang-up", cut=True, generation=1),
        Opening("right", "hang-up", cut=False, generation=1),
    ]
    for name in ("left", "right"):
        with pytest.raises(Denied, match="opened since"):
            permits.permit(60, name, 5_000, generation=0)


# --- hard inputs ----------------------------------------------------------------------------------------


def test_a_tripped_input_opens_every_line_and_names_itself() -> None:
    permits = energised()
    assert {opening.cause for opening in permits.trip(10, "gas_alarm")} == {"gas_alarm"}
    assert not permits.energised("left")


def test_no_line_closes_while_an_input_is_tripped() -> None:
    permits = energised()
    permits.trip(10, "gas_alarm")
    with pytest.raises(Denied, match="input 'gas_alarm' is tripped"):
        permits.permit(20, "left", 5_000, generation=1)
    assert not permits.energised("left")


def test_a_cleared_input_energises_nothing_by_itself() -> None:
    permits = energised()
    permits.trip(10, "gas_alarm")
    permits.clear("gas_alarm")
    assert not permits.energised("left")
    permits.permit(20, "left", 5_000, generation=1)
    assert permits.energised("left")


def test_one_of_two_tripped_inputs_is_enough() -> None:
    permits = leased()
    permits.trip(10, "gas_alarm")
    permits.trip(11, "button")
    permits.clear("gas_alarm")
    with pytest.raises(Denied, match="input 'button' is tripped"):
        permits.permit(20, "left", 5_000, generation=2)


def test_clearing_what_never_tripped_changes_nothing() -> None:
    permits = energised()
    permits.clear("gas_alarm")
    assert permits.energised("left")


# --- the longest time energised -------------------------------------------------------------------------


def test_a_line_energised_for_too_long_opens_whatever_the_controller_says() -> None:
    permits = energised()
    openings = kept_energised(permits, LONGEST_ENERGISED)
    assert openings == [Opening("left", "energised", cut=True, generation=1)]
    assert not permits.energised("left")


def test_the_next_expiry_knows_the_longest_time_energised() -> None:
    permits = energised()
    kept_energised(permits, LONGEST_ENERGISED - 500)
    assert permits.next_expiry() == LONGEST_ENERGISED


def test_after_its_longest_time_the_line_pauses_and_then_counts_anew() -> None:
    permits = energised()
    kept_energised(permits, LONGEST_ENERGISED)
    over = LONGEST_ENERGISED + PAUSE
    renewed_until(permits, over, since=LONGEST_ENERGISED)
    with pytest.raises(Denied, match="pauses after its longest time energised"):
        permits.permit(over - 1, "left", over + 5_000, generation=1)
    permits.permit(over, "left", over + 5_000, generation=1)
    assert kept_energised(permits, over + LONGEST_ENERGISED - 500, since=over) == []
    assert permits.energised("left")


def test_a_gap_shorter_than_a_pause_does_not_restart_the_count() -> None:
    permits = energised()
    kept_energised(permits, 300_000)
    permits.open(300_000, "left")
    renewed_until(permits, 309_500, since=300_000)
    permits.permit(309_999, "left", 320_000, generation=0)
    assert kept_energised(permits, LONGEST_ENERGISED, since=310_000)[0].cause == "energised"


def test_a_gap_as_long_as_a_pause_restarts_the_count() -> None:
    permits = energised()
    kept_energised(permits, 300_000)
    permits.open(300_000, "left")
    renewed_until(permits, 310_000, since=300_000)
    permits.permit(310_000, "left", 320_000, generation=0)
    assert kept_energised(permits, 310_000 + LONGEST_ENERGISED - 500, since=310_000) == []
    assert kept_energised(permits, 310_000 + LONGEST_ENERGISED, since=310_000 + LONGEST_ENERGISED)[0].cut


def test_opening_an_open_line_again_does_not_move_the_gap() -> None:
    permits = energised()
    permits.open(100, "left")
    permits.open(PAUSE, "left")
    renewed_until(permits, PAUSE)
    permits.permit(100 + PAUSE, "left", 30_000, generation=0)
    assert permits.lines["left"].energised_since == 100 + PAUSE


def test_a_short_gap_across_the_longest_time_does_not_let_the_line_blip() -> None:
    permits = energised()
    kept_energised(permits, LONGEST_ENERGISED - 500)
    permits.open(LONGEST_ENERGISED - 500, "left")
    renewed_until(permits, LONGEST_ENERGISED, since=LONGEST_ENERGISED - 500)
    with pytest.raises(Denied, match="longest time energised"):
        permits.permit(LONGEST_ENERGISED, "left", LONGEST_ENERGISED + 5_000, generation=0)
    assert not permits.energised("left")


# --- the clock ------------------------------------------------------------------------------------------


def test_a_clock_that_runs_backwards_is_a_fault() -> None:
    permits = energised()
    permits.expire(500)
    with pytest.raises(ClockFault, match="ran backwards, from 500 ms to 499 ms"):
        permits.expire(499)


def test_the_same_instant_twice_is_no_fault() -> None:
    permits = energised()
    permits.expire(500)
    assert permits.expire(500) == []


def test_a_keeper_that_slept_through_everything_opens_everything_when_it_wakes() -> None:
    permits = leased()
    permits.permit(0, "left", 500, generation=0)
    permits.permit(0, "right", 20_000, generation=0)
    assert [opening.line for opening in permits.expire(3_600_000) if opening.cut] == ["left", "right"]


# --- what is remembered of an opening ---------------------------------------------------------------------


@pytest.mark.parametrize("how", ["open", "revoke", "trip", "lease", "denied"])
def test_every_opening_is_remembered_so_that_a_short_gap_is_no_pause(how: str) -> None:
    permits = idle()
    permits.renew(1_000, 1_000)
    permits.permit(1_000, "left", 1_900, 0)
    if how == "open":
        permits.open(1_100, "left")
    elif how == "revoke":
        permits.revoke_all(1_100, "readback")
    elif how == "trip":
        permits.trip(1_100, "button")
    elif how == "lease":
        permits.expire(1_000 + LEASE)
        assert permits.leased_from is None
    else:
        with pytest.raises(Denied):
            permits.permit(1_100, "left", 1_100, 0)
    line = permits.lines["left"]
    assert line.not_after is None
    assert line.opened_at == (1_000 + LEASE if how == "lease" else 1_100)


def test_nothing_expires_while_nothing_is_energised() -> None:
    permits = idle()
    permits.renew(1_000, 1_000)
    assert permits.next_expiry() is None


def test_a_denial_says_why() -> None:
    permits = idle()
    with pytest.raises(Denied, match=r"^there is no lease$"):
        permits.permit(1_000, "left", 2_000, 0)
    permits.renew(1_000, 1_000)
    with pytest.raises(Denied, match=r"^it has already ended$"):
        permits.permit(1_000, "left", 1_000, 0)
    longest = LONGEST_PERMIT
    with pytest.raises(Denied, match=rf"^it would last {longest + 1} ms, longer than {longest} ms$"):
        permits.permit(1_000, "left", 1_001 + longest, 0)
    permits.lines["left"] = Line(opened_at=1_000, energised_since=1_000 - LONGEST_ENERGISED)
    with pytest.raises(Denied, match=r"^the line pauses after its longest time energised$"):
        permits.permit(1_000, "left", 1_500, 0)
