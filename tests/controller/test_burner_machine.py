"""A burner and the keeper's core, together for hours, in whatever order hypothesis thinks of.

The machine plays the stove between them: it looks at the clock before a command, permits and opens the line
after it, and passes on what the keeper opened. Sometimes it sleeps, and only the keeper is awake.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.burner import BURN_CEILING, Burner
from controller.events import Cause, Event, ShutOff, TimerCancelled, TimerEnding, TimerExtended, TimerStarted
from controller.terms import Flame, Hold, Reading, Refused
from hardware.clock import HOUR, MINUTE, SECOND
from hardware.permits import Caps, Denied, Line, Opening, Permits
from tests.controller.builders import LIMITS, NOW

# The lease has walks and processes of its own; here it would only end every sleep in the same way.
CAPS = Caps(lease=48 * HOUR, longest_permit=6 * HOUR, longest_energised=12 * HOUR, pause=LIMITS.hold_open)
ANNA = "phone:Anna"

moments = st.integers(1, 20 * SECOND) | st.integers(1, 90 * MINUTE) | st.integers(1, 5 * HOUR)
durations = st.integers(0, 5 * HOUR) | st.sampled_from([SECOND, MINUTE, 20 * MINUTE, 4 * HOUR])


class Stove(RuleBasedStateMachine):
    """One burner whose flame is measured, on one line."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.burner = Burner("left", "Left", LIMITS, senses_flame=True)
        self.permits = Permits(CAPS, {"left": Line()})
        self.high_since: int | None = None
        self.refreshed(self.burner.tick(self.now))

    # --- the stove's part ---------------------------------------------------------------------------------

    def refreshed(self, events: list[Event]) -> None:
        """The clock has been looked at: judge the events, then bring the line in accord with the burner."""
        for event in events:
            if isinstance(event, TimerEnding | TimerExtended | TimerCancelled):
                assert event.remaining > 0
            elif isinstance(event, TimerStarted):
                assert event.duration > 0
            elif isinstance(event, ShutOff):
                assert not self.burner.permitted(self.now)
        self.permits.renew(self.now, sent_at=self.now)
        if self.burner.permitted(self.now):
            deadline, furthest = self.burner.deadline(), self.now + CAPS.longest_permit
            not_after = furthest if deadline is None else min(deadline, furthest)
            with contextlib.suppress(Denied):  # while the keeper pauses
                self.permits.permit(self.now, "left", not_after, self.permits.lines["left"].generation)
        else:
            self.permits.open(self.now, "left")
        self.watch()

    def watch(self) -> None:
        """Note since when the line is high."""
        if not self.permits.energised("left"):
            self.high_since = None
        elif self.high_since is None:
            self.high_since = self.now

    def keeper_alone(self, until: int) -> list[Opening]:
        """Time passes; the keeper wakes whenever it has something to open."""
        openings = []
        while (expiry := self.permits.next_expiry()) is not None and expiry <= until:
            self.now = max(self.now, expiry)
            openings += self.permits.expire(self.now)
            self.watch()
        self.now = until
        openings += self.permits.expire(until)
        self.watch()
        return openings

    def told(self, openings: list[Opening]) -> list[Event]:
        """The stove hears what the keeper opened."""
        events = self.burner.tick(self.now)
        for opening in openings:
            if opening.cut and self.burner.permitted(self.now):
                events += self.burner.shut_off(self.now, Cause.SUPERVISION, "keeper", reason=opening.cause)
        return events

    # --- what can happen ----------------------------------------------------------------------------------

    @rule(duration=moments)
    def time_passes(self, duration: int) -> None:
        """With the stove awake at every instant that matters to it."""
        until = self.now + duration
        while (due := self.burner.next_due()) is not None and due <= until:
            self.watched_pass(max(due, self.now))
        self.watched_pass(until)

    @rule(duration=moments)
    def the_stove_sleeps(self, duration: int) -> None:
        self.watched_pass(self.now + duration)

    def watched_pass(self, until: int) -> None:
        permitted, holds = self.burner.permitted(self.now), self.burner.holds
        openings = self.keeper_alone(until)
        self.refreshed(self.told(openings))
        if self.burner.permitted(self.now) and not permitted:
            assert any_ended(holds, self.now), "permitted again, and no hold has ended"

    @rule(duration=durations)
    def timer(self, duration: int) -> None:
        self.command(lambda: self.burner.start_timer(self.now, duration, ANNA))

    @rule(extension=durations)
    def extend(self, extension: int) -> None:
        self.command(lambda: self.burner.extend(self.now, extension, ANNA))

    @rule()
    def cancel(self) -> None:
        had_limit = self.burner.limit is not None
        self.command(lambda: self.burner.cancel_timer(self.now, ANNA))
        assert not had_limit or self.burner.limit is not None or self.burner.holds

    @rule(cause=st.sampled_from([Cause.USER, Cause.SHUT_OFF_ALL]))
    def shut_off(self, cause: Cause) -> None:
        self.command(lambda: self.burner.shut_off(self.now, cause, ANNA))
        assert not self.permits.energised("left")

    @rule()
    def lock(self) -> None:
        self.command(lambda: self.burner.lock(self.now, ANNA))
        assert not self.permits.energised("left")

    @precondition(lambda self: self.burner.holds)
    @rule()
    def unlock(self) -> None:
        self.command(lambda: self.burner.unlock(self.now, ANNA))

    @precondition(lambda self: self.burner.holds)
    @rule()
    def reset(self) -> None:
        self.command(lambda: self.burner.reset(self.now, ANNA))

    @rule(source=st.sampled_from(["gas", "smoke"]))
    def alarm(self, source: str) -> None:
        if source not in self.permits.tripped:
            self.permits.trip(self.now, source)
        assert not self.permits.energised("left"), "before the stove knows of it"
        self.refreshed([*self.burner.tick(self.now), *self.burner.trip(self.now, source, latches=source == "gas")])

    @precondition(lambda self: self.permits.tripped)
    @rule()
    def alarms_clear(self) -> None:
        for source in list(self.permits.tripped):
            self.permits.clear(source)
            self.burner.clear(source)
        assert not self.permits.energised("left"), "a quiet alarm closes nothing by itself"
        self.refreshed(self.burner.tick(self.now))

    @rule(flame=st.sampled_from(Flame))
    def flame(self, flame: Flame) -> None:
        permitted, holds = self.burner.permitted(self.now), self.burner.holds
        self.refreshed([*self.burner.tick(self.now), *self.burner.observe(self.now, Reading(flame))])
        assert permitted or not self.burner.permitted(self.now) or any_ended(holds, self.now)

    def command(self, act: Callable[[], list[Event]]) -> None:
        events = self.burner.tick(self.now)
        before, refusal = replace(self.burner), None
        try:
            events += act()
        except Refused as refused:
            refusal = str(refused)
        if refusal is not None:
            assert self.burner == before, "a refused command changes nothing"
            assert refusal.endswith(".")
        self.refreshed(events)

    # --- what never happens -------------------------------------------------------------------------------

    @invariant()
    def no_held_burner_is_permitted(self) -> None:
        if self.burner.holds:
            assert not self.burner.permitted(self.now)
            assert not self.permits.energised("left")

    @invariant()
    def no_line_is_energised_past_a_deadline(self) -> None:
        deadline = self.burner.deadline()
        if self.permits.energised("left"):
            assert deadline is None or self.now < deadline
            expiry = self.permits.next_expiry()
            assert expiry is not None
            assert deadline is None or expiry <= deadline, "the keeper would be late"

    @invariant()
    def no_line_is_energised_under_an_alarm(self) -> None:
        if self.permits.tripped:
            assert not self.permits.energised("left")

    @invariant()
    def no_line_is_energised_for_longer_than_its_longest_time(self) -> None:
        if self.high_since is not None:
            assert self.now < self.high_since + CAPS.longest_energised

    @invariant()
    def no_deadline_lies_past_the_ceiling(self) -> None:
        if self.burner.burning_since is not None:
            deadline = self.burner.deadline()
            assert deadline is not None
            assert deadline <= self.burner.burning_since + BURN_CEILING
            assert self.burner.timer is None or self.burner.timer.ends_at <= self.burner.burning_since + BURN_CEILING

    @invariant()
    def no_burn_is_extended_past_its_budget(self) -> None:
        assert 0 <= self.burner.extended <= LIMITS.extend_total


def any_ended(holds: tuple[Hold, ...], now: int) -> bool:
    return any(hold.until is not None and hold.until <= now for hold in holds)


Stove.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
test_burner_and_keeper_keep_their_promises_together = Stove.TestCase
