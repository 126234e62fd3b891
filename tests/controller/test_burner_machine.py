"""A burner and the keeper's core, together for hours, in whatever order hypothesis thinks of.

The machine plays the stove between them: it looks at the clock before a command, permits and opens the line
after it, and passes on what the keeper opened. Sometimes it sleeps, and only the keeper is awake. What is measured
is whatever hypothesis says, or else what the simulated hob's physics make of hands, draughts and faults.
FLAMEOUT_STEPS says how many steps to take, of both machines together.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.burner import BURN_CEILING, COLD_FOR, FAULTS, Burner
from controller.events import (
    Cause,
    Event,
    Proof,
    Proved,
    ShutOff,
    TimerCancelled,
    TimerEnding,
    TimerExtended,
    TimerStarted,
    WasReset,
)
from controller.terms import Contact, Ending, Flame, Hold, HoldKind, Reading, Refused
from hardware.clock import HOUR, MINUTE, SECOND
from hardware.hob import Fault, SimulatedBurner
from hardware.permits import Caps, Denied, Line, Opening, Permits
from tests.controller.builders import LIMITS, NOW

# The lease has walks and processes of its own; here it would only end every sleep in the same way.
CAPS = Caps(lease=48 * HOUR, longest_permit=6 * HOUR, longest_energised=12 * HOUR, pause=LIMITS.hold_open)
ANNA = "phone:Anna"

STEPS = int(os.environ.get("FLAMEOUT_STEPS", "50000"))
STEPS_OF_ONE = 100
TICK = 250
pytestmark = pytest.mark.timeout(max(120, STEPS // 100))

moments = st.integers(1, 20 * SECOND) | st.integers(1, 90 * MINUTE) | st.integers(1, 5 * HOUR)
durations = st.integers(0, 5 * HOUR) | st.sampled_from([SECOND, MINUTE, 20 * MINUTE, 4 * HOUR])


readings = st.builds(
    Reading, st.sampled_from(Flame), st.sampled_from(Contact), st.none() | st.floats(-5, 60), st.booleans()
)


class Stove(RuleBasedStateMachine):
    """One burner whose flame and contact are measured, on one line."""

    steps = 0  # taken by all machines

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.burner = Burner("left", "Left", LIMITS, senses_flame=True, has_contact=True)
        self.reading = Reading()  # the last
        self.out_since: int | None = None  # the flame, by all readings since
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
            elif isinstance(event, Proved):
                self.proved(event)
        self.permits.renew(self.now, sent_at=self.now)
        if self.burner.permitted(self.now):
            deadline, furthest = self.burner.deadline(), self.now + CAPS.longest_permit
            not_after = furthest if deadline is None else min(deadline, furthest)
            with contextlib.suppress(Denied):  # while the keeper pauses
                self.permits.permit(self.now, "left", not_after, self.permits.lines["left"].generation)
        else:
            self.permits.open(self.now, "left")
        self.watch()

    def proved(self, proved: Proved) -> None:
        """A cut has come to something."""
        if proved.outcome is Proof.CONFIRMED:
            assert self.burner.flame is Flame.OUT, "confirmed, and the flame is not measured out"
        if proved.outcome is Proof.FAILED:
            assert self.faults(), "a failed proof locks out"

    def observe(self, reading: Reading) -> list[Event]:
        """The stove's look at one burner."""
        self.reading = reading
        if reading.flame is not Flame.OUT:
            self.out_since = None
        elif self.out_since is None:
            self.out_since = self.now
        return [*self.burner.tick(self.now), *self.burner.observe(self.now, reading)]

    def look(self) -> list[Event]:
        """What is measured by itself; nothing, unless there is a hob."""
        return []

    def faults(self) -> set[str]:
        """What locks the burner out that only a cure and a reset end."""
        return {hold.cause for hold in self.burner.holds if hold.kind is HoldKind.LOCKOUT} & FAULTS

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

    @rule(ticks=st.integers(1, 12))
    def the_stove_ticks(self, ticks: int) -> None:
        for _ in range(ticks):
            self.watched_pass(self.now + TICK)

    def watched_pass(self, until: int) -> None:
        permitted, holds = self.burner.permitted(self.now), self.burner.holds
        openings = self.keeper_alone(until)
        self.refreshed([*self.told(openings), *self.look()])
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
        faults = self.faults()
        self.command(lambda: self.burner.reset(self.now, ANNA))
        if faults - self.faults():
            assert self.reading.contact is Contact.OPEN, "a fault's lockout was reset while the contact is not open"
            assert self.out_since is not None, "a fault's lockout was reset while the flame is not out"
            assert self.now - self.out_since >= COLD_FOR, "a fault's lockout was reset before the flame was long out"

    @rule()
    def attend(self) -> None:
        self.command(lambda: self.burner.attend(self.now, ANNA))

    @rule()
    def sweep(self) -> None:
        self.command(lambda: self.burner.sweep(self.now, ANNA), leaves=set(Ending) - {Ending.SWEEP})

    @rule(night=st.booleans(), next_night=st.none() | moments)
    def schedule(self, night: bool, next_night: int | None) -> None:
        begins = None if next_night is None else self.now + next_night
        leaves = set(Ending) - {Ending.NIGHT}
        self.command(lambda: self.burner.schedule(self.now, night, begins), leaves)

    @rule(cause=st.sampled_from(sorted(FAULTS)))
    def fault_is_found(self, cause: str) -> None:
        self.command(lambda: self.burner.fail(self.now, cause, "sensor"))
        assert not self.permits.energised("left")
        assert cause in self.faults()

    @precondition(lambda self: self.faults())
    @rule()
    def somebody_mends_it(self) -> None:
        """Whatever it was; and waits for long enough, and resets it."""
        self.mended()
        for _ in range(2):
            self.refreshed(self.observe(Reading(Flame.OUT, Contact.OPEN)))
            self.watched_pass(self.now + COLD_FOR + LIMITS.closing_time)
        self.refreshed(self.observe(Reading(Flame.OUT, Contact.OPEN)))
        self.command(lambda: self.burner.reset(self.now, ANNA))

    def mended(self) -> None:
        """Nothing is broken and nothing burns."""

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

    def command(self, act: Callable[[], list[Event]], leaves: set[Ending] | None = None) -> None:
        """Do it as the stove does; ``leaves``: endings that it may not move to later, nor take away."""
        events = self.burner.tick(self.now)
        before, refusal = replace(self.burner), None
        try:
            events += act()
        except Refused as refused:
            refusal = str(refused)
        if refusal is not None:
            assert self.burner == before, "a refused command changes nothing"
            assert refusal.endswith(".")
        if leaves is not None and not self.burner.holds and not before.holds:
            endings = {ending: at for at, ending in self.burner.endings()}
            for at, ending in before.endings():
                assert ending not in leaves or endings[ending] <= at, "it made a deadline later"
        latched = {hold.cause for hold in before.holds if hold.kind is HoldKind.LOCKOUT}
        self.refreshed(events)
        kept = latched <= {hold.cause for hold in self.burner.holds}
        assert kept or any(isinstance(event, WasReset) for event in events), "a lockout ended without a reset"

    # --- what never happens -------------------------------------------------------------------------------

    @invariant()
    def every_step_counts(self) -> None:
        Stove.steps += 1

    @invariant()
    def no_flame_that_may_burn_has_no_limit(self) -> None:
        looked = replace(self.burner)
        looked.tick(self.now)
        if not looked.holds and looked.flame is not Flame.OUT:
            assert looked.limit is not None

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


class AnyReadings(Stove):
    """Measures whatever comes."""

    @rule(reading=readings)
    def something_is_measured(self, reading: Reading) -> None:
        permitted, holds = self.burner.permitted(self.now), self.burner.holds
        self.refreshed(self.observe(reading))
        assert permitted or not self.burner.permitted(self.now) or any_ended(holds, self.now)


class RealReadings(Stove):
    """Measures a burner with a thermocouple, whose knob, magnet, valve and flame are simulated."""

    def __init__(self) -> None:
        self.hob = SimulatedBurner()
        self.unmeasured = False
        self.blown = False  # a draught has put the flame out, and nobody has lit it since
        super().__init__()
        self.hob.advance(self.now)

    def watch(self) -> None:
        super().watch()
        self.hob.advance(self.now)
        if self.permits.energised("left") is not self.hob.energised:
            (self.hob.release if self.hob.energised else self.hob.energise)(self.now)

    def look(self) -> list[Event]:
        if self.unmeasured:
            return self.observe(Reading())
        contact = Contact.CLOSED if self.hob.contact_closed else Contact.OPEN
        reading = Reading(Flame.LIT if self.hob.flame else Flame.OUT, contact, self.hob.reading.millivolts)
        return self.observe(reading)

    def proved(self, proved: Proved) -> None:
        super().proved(proved)
        # A draught looks to every sensor like a valve that has closed; the probe then cools, and the magnet lets go.
        if proved.outcome is Proof.CONFIRMED and not self.blown:
            assert not self.hob.valve_open, "a cut is confirmed while the valve is open"

    def mended(self) -> None:
        self.hob.repair(self.now)
        self.hob.turn_off(self.now)
        self.unmeasured = False

    @rule()
    def somebody_lights_it(self) -> None:
        self.hob.light(self.now)
        self.blown = False

    @rule()
    def somebody_lights_it_and_cooks(self) -> None:
        self.hob.light(self.now)
        self.blown = False
        self.watched_pass(self.now + 20 * SECOND)

    @rule()
    def somebody_holds_the_knob(self) -> None:
        self.hob.hold(self.now)
        self.blown = False

    @rule()
    def somebody_lets_the_knob_go(self) -> None:
        self.hob.let_go(self.now)

    @rule()
    def somebody_turns_the_knob_off(self) -> None:
        self.hob.turn_off(self.now)

    @rule()
    def a_draught_puts_the_flame_out(self) -> None:
        self.blown |= self.hob.flame
        self.hob.blow_out(self.now)

    @rule(fault=st.sampled_from([Fault.CONTACT_STUCK, Fault.VALVE_STUCK]))
    def something_sticks(self, fault: Fault) -> None:
        self.hob.fail(self.now, fault)

    @rule(unmeasured=st.booleans())
    def the_sensor_fails_or_works(self, unmeasured: bool) -> None:
        self.unmeasured = unmeasured


def a_case(machine: type[Stove]) -> type:
    """The machine's test, of its share of the steps."""
    case = machine.TestCase
    case.settings = settings(
        max_examples=STEPS // 2 // STEPS_OF_ONE,
        stateful_step_count=STEPS_OF_ONE,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    return case


test_burner_and_keeper_keep_their_promises_together_whatever_is_measured = a_case(AnyReadings)
test_burner_and_keeper_keep_their_promises_together_at_a_real_hob = a_case(RealReadings)
