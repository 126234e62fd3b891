"""One burner's decisions: a pure core of holds and deadlines.

    permitted = no holds and now < min(deadlines)

Methods take ``now`` (ms on the boot clock), change the burner and return the events they caused. No method
waits, reads a clock or talks to anything, so a burner can be copied, compared and walked exhaustively.
"""

from dataclasses import dataclass, replace

from controller.events import (
    Cause,
    Event,
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
from controller.terms import (
    CHILD_LOCK,
    IDLE_LOCK,
    Contact,
    Flame,
    Hold,
    HoldKind,
    LastShutOff,
    Limits,
    NotAllowed,
    NotNow,
    Status,
    Timer,
)
from hardware.clock import HOUR, SECOND, Millis
from hardware.durations import in_words

BURN_CEILING: Millis = 12 * HOUR  # no configuration, timer or extension makes a burn longer
SHORTEST_TIMER: Millis = SECOND


@dataclass
class Burner:
    """One burner: why it may or may not burn. See docs/safety.md for the argument."""

    id: str
    name: str
    limits: Limits
    senses_flame: bool = False
    locks_when_idle: bool = False
    holds: tuple[Hold, ...] = ()
    timer: Timer | None = None
    limit: Millis | None = None  # the instant at which a burn without attention ends
    burning_since: Millis | None = None
    extended: Millis = 0  # in this burn
    warned: bool = False
    flame: Flame = Flame.UNKNOWN
    contact: Contact = Contact.UNKNOWN
    last_shut_off: LastShutOff | None = None

    # --- questions ------------------------------------------------------------------------------------

    def permitted(self, now: Millis) -> bool:
        """Whether the relay may be energised."""
        deadline = self.deadline()
        return not self.holds and (deadline is None or now < deadline)

    def deadline(self) -> Millis | None:
        """The instant at which the relay must open; None while nothing counts down."""
        ends = (self.timer.ends_at if self.timer is not None else None, self.limit)
        return min((end for end in ends if end is not None), default=None)

    def status(self, now: Millis) -> Status:
        """The burner in one word, the gravest first."""
        kinds = {hold.kind for hold in self.holds}
        if HoldKind.LOCKOUT in kinds:
            return Status.LOCKOUT
        if HoldKind.SHUT_OFF in kinds:
            return Status.SHUT_OFF
        if kinds:
            return Status.LOCKED
        if self._warn_at() is not None and now >= (self._warn_at() or 0):
            return Status.ENDING
        if self.timer is not None:
            return Status.TIMING
        return Status.LIT if self.flame is Flame.LIT else Status.READY

    def extension_left(self) -> Millis:
        """How much more this burn can be extended by, in ms."""
        return max(0, self.limits.extend_total - self.extended)

    def child_locked(self) -> bool:
        """Whether the child lock is on."""
        return self._held_by(HoldKind.LOCK, CHILD_LOCK)

    # --- commands -------------------------------------------------------------------------------------

    def start_timer(self, now: Millis, duration: Millis, by: str) -> list[Event]:
        """Set or replace the shut-off timer; ``duration`` 1 s to ``limits.longest_timer``.

        Raises :class:`NotNow` while the burner is held: a timer on a held burner would promise a flame.
        """
        if duration < SHORTEST_TIMER:
            raise NotAllowed(f"A timer of {in_words(max(0, duration))} is too short; set at least 1 s.", "duration")
        if duration > self.limits.longest_timer:
            raise NotAllowed(
                f"A timer of {in_words(duration)} is longer than the {in_words(self.limits.longest_timer)} "
                "that limits.longest_timer allows.",
                "duration",
            )
        self._require_permitted(now, "no timer can be set")
        self._require_below_ceiling(now, now + duration)
        replaced = self.timer is not None
        self.timer = Timer(duration, now + duration, by)
        self._attended(now)
        return [TimerStarted(burner=self.id, at=now, by=by, duration=duration, replaced=replaced)]

    def extend(self, now: Millis, extension: Millis, by: str) -> list[Event]:
        """Move the running timer's end, or the limit's where no timer runs, by ``extension`` ms.

        Bounded per burn by ``limits.extend_total`` and by the ceiling of a burn.
        """
        if extension < SHORTEST_TIMER:
            raise NotAllowed("An extension must be at least 1 s.", "by")
        self._require_permitted(now, "nothing can be extended")
        deadline = self.deadline()
        if deadline is None:
            raise NotNow(f"{self.name} has no timer to extend; set one.")
        if extension > self.extension_left():
            raise NotNow(
                f"{self.name} can be extended by {in_words(self.extension_left())} more in this burn "
                f"(limits.extend_total is {in_words(self.limits.extend_total)}); set a new timer instead.",
                "by",
            )
        end = (self.timer.ends_at if self.timer else deadline) + extension
        self._require_below_ceiling(now, end)
        self.extended += extension
        if self.timer is not None:
            self.timer = replace(self.timer, ends_at=end, duration=self.timer.duration + extension)
            self._attended(now)
        else:
            self.limit, self.warned = end, False
        return [TimerExtended(burner=self.id, at=now, by=by, extension=extension, remaining=end - now)]

    def cancel_timer(self, now: Millis, by: str) -> list[Event]:
        """End the user's timer, never a limit; [] where none runs."""
        if self.timer is None:
            return []
        remaining = max(0, self.timer.ends_at - now)
        self.timer = None
        if self.burning_since is None:  # as far as is measured, the burn ends with its timer
            self.extended = 0
        self._attended(now)
        return [TimerCancelled(burner=self.id, at=now, by=by, remaining=remaining)]

    def shut_off(self, now: Millis, cause: Cause, by: str, reason: str = "") -> list[Event]:
        """Open the relay; obeyed in every state, and held until the valve has surely dropped."""
        cut = not self.holds  # a deadline that has just passed is the cut, too
        self._hold(Hold(HoldKind.SHUT_OFF, cause.value, now, now + self.limits.hold_open))
        events: list[Event] = [ShutOff(burner=self.id, at=now, by=by, cause=cause, cut=cut, reason=reason)]
        self._end_burn()
        if cut:
            self.last_shut_off = LastShutOff(cause, now, by, Proof.UNAVAILABLE)
            if self.locks_when_idle:
                self._hold(Hold(HoldKind.LOCK, IDLE_LOCK, now))
        return events

    def lock(self, now: Millis, by: str, cause: str = CHILD_LOCK) -> list[Event]:
        """Keep the relay open until somebody unlocks; a burning flame is cut. [] where it is locked already."""
        if self._held_by(HoldKind.LOCK, cause):
            return []
        events = [] if self.holds else self.shut_off(now, Cause.LOCK, by)
        self._hold(Hold(HoldKind.LOCK, cause, now))
        return [*events, Locked(burner=self.id, at=now, by=by, cause=cause)]

    def unlock(self, now: Millis, by: str) -> list[Event]:
        """End the child lock and the idle lock; [] where there is neither."""
        ended = [hold for hold in self.holds if hold.kind is HoldKind.LOCK]
        self.holds = tuple(hold for hold in self.holds if hold.kind is not HoldKind.LOCK)
        return [Unlocked(burner=self.id, at=now, by=by, cause=hold.cause) for hold in ended]

    def reset(self, now: Millis, by: str) -> list[Event]:
        """End a lockout, or re-enable after a shut-off. Raises :class:`NotNow` while the cause stands."""
        self.holds = tuple(hold for hold in self.holds if hold.until is None or now < hold.until)
        for hold in self.holds:
            if hold.kind is HoldKind.INTERLOCK:
                raise NotNow(f"{self.name} cannot be reset while {hold.cause} is active; end its cause first.")
            if hold.until is not None:
                raise NotNow(
                    f"{self.name} cannot be reset yet: the relay stays open for another "
                    f"{in_words(hold.until - now)} so that the valve has surely closed."
                )
        ended = [hold for hold in self.holds if hold.kind is HoldKind.LOCKOUT or hold.cause == IDLE_LOCK]
        self.holds = tuple(hold for hold in self.holds if hold not in ended)
        return [WasReset(burner=self.id, at=now, by=by)] if ended else []

    def begin(self, now: Millis) -> None:
        """A program or keeper starts: what the relay was before is unknown, so the valve gets its time to drop."""
        self._end_burn()
        self._hold(Hold(HoldKind.SHUT_OFF, Cause.RESTART.value, now, now + self.limits.hold_open))
        if self.locks_when_idle:
            self._hold(Hold(HoldKind.LOCK, IDLE_LOCK, now))

    # --- what is measured -----------------------------------------------------------------------------

    def trip(self, now: Millis, source: str, latches: bool) -> list[Event]:
        """An interlock became active: cut, and hold for as long as it is; with ``latches`` until a reset too."""
        if self._held_by(HoldKind.INTERLOCK, source):
            return []
        events = self.shut_off(now, Cause.INTERLOCK, source)
        self._hold(Hold(HoldKind.INTERLOCK, source, now))
        return [*events, *(self.lock_out(now, source) if latches else [])]

    def clear(self, source: str) -> None:
        """An interlock is quiet again."""
        self.holds = tuple(h for h in self.holds if (h.kind, h.cause) != (HoldKind.INTERLOCK, source))

    def lock_out(self, now: Millis, cause: str) -> list[Event]:
        """Latch a lockout, which only a reset ends."""
        if self._held_by(HoldKind.LOCKOUT, cause):
            return []
        self._hold(Hold(HoldKind.LOCKOUT, cause, now))
        self._end_burn()
        return [LockedOut(burner=self.id, at=now, by=cause, cause=cause)]

    def observe_flame(self, now: Millis, flame: Flame) -> list[Event]:
        """Take a reading of the flame sensor. A burn starts the unattended limit; unknown counts as lit."""
        if not self.senses_flame or flame is self.flame:
            return []
        self.flame = flame
        if flame is Flame.OUT:
            self.burning_since = self.limit = None
            if self.timer is None:  # else what it was extended by still counts
                self.extended = 0
            self.warned = self.warned and self.timer is not None
        elif self.burning_since is None and self.permitted(now):
            self.burning_since = now
            self._attended(now)
        return [FlameChanged(burner=self.id, at=now, by="sensor", flame=flame.value)]

    def tick(self, now: Millis) -> list[Event]:
        """What the passing of time does: warn, cut at a deadline, let a hold end."""
        self.holds = tuple(hold for hold in self.holds if hold.until is None or now < hold.until)
        if not self.holds and not self.permitted(now):
            return self.cut_at_deadline(now)
        if not self.holds and self.burning_since is None and self.senses_flame and self.flame is not Flame.OUT:
            self.burning_since = now  # it was held when the flame was seen
            self._attended(now)
        return self._warn(now)

    def cut_at_deadline(self, now: Millis) -> list[Event]:
        """The deadline has passed and the relay is open: remember why."""
        if self.timer is not None and self.timer.ends_at <= (self.limit or self.timer.ends_at):
            return self.shut_off(now, Cause.TIMER, self.timer.set_by)
        return self.shut_off(now, Cause.LIMIT, "limits.unattended")

    def next_due(self) -> Millis | None:
        """The next instant at which ``tick`` has something to do."""
        due = [hold.until for hold in self.holds if hold.until is not None]
        if not self.holds:
            due += [at for at in (self.deadline(), None if self.warned else self._warn_at()) if at is not None]
        return min(due, default=None)

    # --- inside ---------------------------------------------------------------------------------------

    def _attended(self, now: Millis) -> None:
        """Somebody showed attention: the limit starts anew, never before the timer's end, never past the ceiling."""
        self.warned = False
        if self.burning_since is None:
            return
        end = max(now + self.limits.unattended, self.timer.ends_at if self.timer else 0)
        self.limit = min(end, self.burning_since + BURN_CEILING)

    def _end_burn(self) -> None:
        self.timer = self.limit = self.burning_since = None
        self.extended = 0
        self.warned = False

    def _warn_at(self) -> Millis | None:
        """When to warn: ``warn_before`` the end, or half-way through a timer that is shorter than twice that."""
        deadline = self.deadline()
        if deadline is None:
            return None
        before = self.limits.warn_before
        if self.timer is not None and deadline == self.timer.ends_at:
            before = min(before, self.timer.duration // 2)
        return deadline - before

    def _warn(self, now: Millis) -> list[Event]:
        warn_at, deadline = self._warn_at(), self.deadline()
        if self.warned or self.holds or warn_at is None or deadline is None or now < warn_at:
            return []
        self.warned = True
        name = "timer" if self.timer is not None and self.timer.ends_at == deadline else "limit"
        by = self.timer.set_by if self.timer is not None else "limits.unattended"
        return [TimerEnding(burner=self.id, at=now, by=by, deadline=name, remaining=deadline - now)]

    def _hold(self, hold: Hold) -> None:
        """Add a hold in place of the one of its kind and cause; there is one shut_off hold, whatever its cause."""
        kept = [h for h in self.holds if h.kind is not hold.kind or (h.cause != hold.cause and h.until is None)]
        self.holds = (*kept, hold)

    def _held_by(self, kind: HoldKind, cause: str) -> bool:
        return any((hold.kind, hold.cause) == (kind, cause) for hold in self.holds)

    def _require_permitted(self, now: Millis, what: str) -> None:
        if self.permitted(now):
            return
        raise NotNow(f"{self.name} is {self._why_held(now)}; {what}.")

    def _why_held(self, now: Millis) -> str:
        if not self.holds:
            return "being shut off"
        hold = min(self.holds, key=lambda held: list(HoldKind).index(held.kind))
        if hold.kind is HoldKind.LOCK:
            return f"locked ({hold.cause})"
        if hold.kind is HoldKind.SHUT_OFF and hold.until is not None:
            return f"shut off, and stays so for another {in_words(max(1, hold.until - now))}"
        return f"held by {hold.kind.value} ({hold.cause})"

    def _require_below_ceiling(self, now: Millis, end: Millis) -> None:
        start = now if self.burning_since is None else self.burning_since
        if end > start + BURN_CEILING:
            raise NotAllowed(f"{self.name} would burn for longer than {in_words(BURN_CEILING)}, which nothing allows.")
