"""One burner's decisions: a pure core of holds and deadlines.

    permitted = no holds and now < min(deadlines)

Methods take ``now`` (ms on the boot clock), change the burner and return the events they caused. No method
waits, reads a clock or talks to anything, so a burner can be copied, compared and walked exhaustively.
"""

from dataclasses import dataclass, replace

from controller.events import (
    Attended,
    Cause,
    Event,
    FlameChanged,
    Locked,
    LockedOut,
    Paused,
    Proof,
    Proved,
    ShutOff,
    TimerCancelled,
    TimerEnding,
    TimerExtended,
    TimerStarted,
    Unlocked,
    WasReset,
)
from controller.proof import CONTACT_SETTLES_WITHIN, CutProof, Finding
from controller.terms import (
    CHILD_LOCK,
    IDLE_LOCK,
    NIGHT_LOCK,
    Contact,
    Ending,
    Flame,
    Hold,
    HoldKind,
    LastShutOff,
    Limits,
    NotAllowed,
    NotNow,
    Reading,
    Status,
    Timer,
)
from hardware.clock import HOUR, MINUTE, SECOND, Millis
from hardware.durations import in_words

BURN_CEILING: Millis = 12 * HOUR  # no configuration, timer or extension makes a burn longer
SHORTEST_TIMER: Millis = SECOND
COLD_FOR: Millis = 30 * SECOND  # a burner that failed a proof is reset only after its flame was out for so long
FAULTS = frozenset(finding.value for finding in Finding if finding.proof is Proof.FAILED) | {"foreign_voltage"}
LONGEST_ENERGISED = "keeper.longest_energised"
PAUSES_WHEN_UNUSED_FOR: Millis = 10 * MINUTE
_WARNED_BY = {
    Ending.TIMER: "timer",
    Ending.LIMIT: "limits.unattended",
    Ending.NIGHT: "night lock",
    Ending.SWEEP: "sweep",
    Ending.IDLE: "stove.idle",
    Ending.PAUSE: LONGEST_ENERGISED,
}


@dataclass
class Burner:
    """One burner: why it may or may not burn. See docs/safety.md for the argument."""

    id: str
    name: str
    limits: Limits
    senses_flame: bool = False
    has_contact: bool = False
    locks_when_idle: bool = False
    holds: tuple[Hold, ...] = ()
    timer: Timer | None = None
    limit: Millis | None = None  # the instant at which a burn without attention ends
    burning_since: Millis | None = None
    extended: Millis = 0  # in this burn
    warned: bool = False
    flame: Flame = Flame.UNKNOWN
    contact: Contact = Contact.UNKNOWN
    millivolts: float | None = None  # of the thermocouple, where it is to be believed
    last_shut_off: LastShutOff | None = None
    proof: CutProof | None = None  # of a cut that is still to be proved
    night_from: Millis | None = None  # when the next night lock begins
    night_ended: bool = False  # somebody unlocked within the present one
    sweep_at: Millis | None = None
    swept_by: str = ""
    unused_since: Millis | None = None  # permitted and not in use
    pause_at: Millis | None = None  # when the keeper opens the relay, which it has been told to keep energised
    cold_since: Millis | None = None  # since when the flame is measured out
    stuck_since: Millis | None = None  # since when the contact is closed although nothing energises the relay

    # --- questions ------------------------------------------------------------------------------------

    def permitted(self, now: Millis) -> bool:
        """Whether the relay may be energised."""
        return not self.holds and all(now < at for at, _ in self.endings())

    def closes_within(self, now: Millis, ahead: Millis) -> bool:
        """Whether the relay closes by itself within so many ms, or may be closed: no hold lasts longer."""
        return all(hold.until is not None and hold.until <= now + ahead for hold in self.holds)

    def deadline(self) -> Millis | None:
        """The instant at which the relay must open; None while nothing counts down."""
        endings = self.endings()
        return min(at for at, _ in endings) if endings else None

    def endings(self) -> list[tuple[Millis, Ending]]:
        """Every instant at which the relay must open, and why; the first cause counts where two coincide."""
        found: list[tuple[Millis, Ending]] = []
        if self.timer is not None:
            found.append((self.timer.ends_at, Ending.TIMER))
        if self.limit is not None:
            found.append((self.limit, Ending.LIMIT))
        if self.night_from is not None:
            found.append((self.night_from, Ending.NIGHT))
        if self.sweep_at is not None:
            found.append((self.sweep_at, Ending.SWEEP))
        if self.locks_when_idle and self.unused_since is not None:
            found.append((self.unused_since + self.limits.unlock_for, Ending.IDLE))
        if self.pause_at is not None:
            found.append((self.pause_at, Ending.PAUSE))
        return found

    def burn_ends(self) -> tuple[Millis, Ending] | None:
        """When and why a flame would be cut next; None where nothing may burn, and while the relay is held open."""
        if self.holds or not self.in_use():
            return None
        return min(self.endings(), default=None, key=lambda ending: ending[0])

    def in_use(self) -> bool:
        """Whether a timer runs or a flame burns, or may burn for all that the sensor says."""
        return self.timer is not None or (self.senses_flame and self.flame is not Flame.OUT)

    def status(self, now: Millis) -> Status:
        """The burner in one word, the gravest first."""
        kinds = {hold.kind for hold in self.holds}
        if HoldKind.LOCKOUT in kinds:
            return Status.LOCKOUT
        if HoldKind.SHUT_OFF in kinds:
            return Status.SHUT_OFF
        if kinds:
            return Status.LOCKED
        warn_at = self._warn_at()
        if warn_at is not None and now >= warn_at:
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
            raise NotAllowed(
                f"A timer of {in_words(max(0, duration))} is too short; set at least 1 s.",
                "duration",
                code="timer_too_short",
            )
        if duration > self.limits.longest_timer:
            raise NotAllowed(
                f"A timer of {in_words(duration)} is longer than the {in_words(self.limits.longest_timer)} "
                "that limits.longest_timer allows.",
                "duration",
                code="timer_too_long",
                duration=duration,
                longest=self.limits.longest_timer,
            )
        self._require_permitted(now, "no timer can be set", "timer")
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
            raise NotAllowed("An extension must be at least 1 s.", "by", code="extension_too_short")
        self._require_permitted(now, "nothing can be extended", "extend")
        deadline = self.timer.ends_at if self.timer is not None else self.limit
        if deadline is None:
            raise NotNow(f"{self.name} has no timer to extend; set one.", code="no_timer", name=self.name)
        if extension > self.extension_left():
            raise NotNow(
                f"{self.name} can be extended by {in_words(self.extension_left())} more in this burn "
                f"(limits.extend_total is {in_words(self.limits.extend_total)}); set a new timer instead.",
                "by",
                code="extended_enough",
                name=self.name,
                left=self.extension_left(),
            )
        end = deadline + extension
        self._require_below_ceiling(now, end)
        self.extended += extension
        if self.timer is not None:
            self.timer = replace(self.timer, ends_at=end, duration=self.timer.duration + extension)
            self._attended(now)
        else:
            self.limit, self.warned, self.sweep_at = end, False, None
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

    def attend(self, now: Millis, by: str) -> list[Event]:
        """Somebody is there: start the limit anew, and let an announced sweep pass this burner by."""
        self._require_permitted(now, "there is nothing to attend to", "attend")
        if self.limit is None and self.sweep_at is None:
            raise NotNow(
                f"{self.name} has no limit running; nothing is seen burning.", code="nothing_burns", name=self.name
            )
        self._attended(now)
        return [Attended(burner=self.id, at=now, by=by)]

    def shut_off(self, now: Millis, cause: Cause, by: str, reason: str = "") -> list[Event]:
        """Open the relay; obeyed in every state, and held until the valve has surely dropped."""
        cut = not self.holds  # a deadline that has just passed is the cut, too
        if cut:
            self.last_shut_off = self._cut(now, cause, by)
        self._hold_open(now, cause)
        self._end_burn()
        if cut and self.locks_when_idle:
            self._hold(Hold(HoldKind.LOCK, IDLE_LOCK, now))
        return [ShutOff(burner=self.id, at=now, by=by, cause=cause, cut=cut, reason=reason)]

    def sweep(self, now: Millis, by: str) -> list[Event]:
        """Open the relay for ``hold_open``, so that nothing can stay lit; a burner in use is warned first."""
        if self.holds:
            return []
        if not self.in_use():
            return self.shut_off(now, Cause.SHUT_OFF_ALL, by, reason="sweep")
        self.sweep_at, self.swept_by, self.warned = now + self.limits.warn_before, by, False
        return self._warn(now)

    def lock(self, now: Millis, by: str, cause: str = CHILD_LOCK) -> list[Event]:
        """Keep the relay open until somebody unlocks; a burning flame is cut. [] where it is locked already."""
        if self._held_by(HoldKind.LOCK, cause):
            return []
        events = [] if self.holds else self.shut_off(now, Cause.LOCK, by)
        self._hold(Hold(HoldKind.LOCK, cause, now))
        return [*events, Locked(burner=self.id, at=now, by=by, cause=cause)]

    def unlock(self, now: Millis, by: str) -> list[Event]:
        """End the child lock, the idle lock and the present night lock; [] where there is none."""
        ended = [hold for hold in self.holds if hold.kind is HoldKind.LOCK]
        self.holds = tuple(hold for hold in self.holds if hold.kind is not HoldKind.LOCK)
        self.night_ended |= any(hold.cause == NIGHT_LOCK for hold in ended)
        self._watch_use(now)
        return [Unlocked(burner=self.id, at=now, by=by, cause=hold.cause) for hold in ended]

    def schedule(self, now: Millis, night: bool, next_night: Millis | None) -> list[Event]:
        """Follow the night locks: whether it is night by them, and when the next night begins."""
        self.night_from = None if night and self.night_ended else next_night  # another lock is of the same night
        if night:
            return [] if self.night_ended else self.lock(now, "night lock", NIGHT_LOCK)
        self.night_ended = False
        if not self._held_by(HoldKind.LOCK, NIGHT_LOCK):
            return []
        self.holds = tuple(h for h in self.holds if (h.kind, h.cause) != (HoldKind.LOCK, NIGHT_LOCK))
        return [Unlocked(burner=self.id, at=now, by="night lock", cause=NIGHT_LOCK)]

    def reset(self, now: Millis, by: str) -> list[Event]:
        """End a lockout, or re-enable after a shut-off. Raises :class:`NotNow` while the cause stands."""
        self._end_holds(now)
        for hold in self.holds:
            if hold.kind is HoldKind.INTERLOCK:
                raise NotNow(
                    f"{self.name} cannot be reset while {hold.cause} is active; end its cause first.",
                    code="reset_while_active",
                    name=self.name,
                    cause=hold.cause,
                )
            if hold.until is not None:
                what = "until its flame is measured out, at most for" if self.proof is not None else "for"
                left = max(1, hold.until - now)
                raise NotNow(
                    f"{self.name} cannot be reset yet: the relay stays open {what} another "
                    f"{in_words(left)} so that the valve has surely closed.",
                    code="reset_too_early",
                    name=self.name,
                    left=left,
                )
        self._require_cured(now)
        ended = [hold for hold in self.holds if hold.kind is HoldKind.LOCKOUT or hold.cause == IDLE_LOCK]
        self.holds = tuple(hold for hold in self.holds if hold not in ended)
        self._watch_use(now)
        return [WasReset(burner=self.id, at=now, by=by)] if ended else []

    def begin(self, now: Millis) -> None:
        """A program or keeper starts: what the relay was before is unknown, so the valve gets its time to drop."""
        self._end_burn()
        self._hold_open(now, Cause.RESTART)
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

    def fail(self, now: Millis, cause: str, by: str) -> list[Event]:
        """Something is broken: cut, and lock out. [] where it is locked out for that already."""
        cut = [] if self.holds else self.shut_off(now, Cause.FAULT, by, reason=cause)
        return [*cut, *self.lock_out(now, cause)]

    def lock_out(self, now: Millis, cause: str) -> list[Event]:
        """Latch a lockout, which only a reset ends."""
        if self._held_by(HoldKind.LOCKOUT, cause):
            return []
        self._hold(Hold(HoldKind.LOCKOUT, cause, now))
        self._end_burn()
        return [LockedOut(burner=self.id, at=now, by=cause, cause=cause)]

    def observe(self, now: Millis, reading: Reading) -> list[Event]:
        """Take what is measured. A burn starts the unattended limit; an unknown flame counts as lit."""
        self.contact, self.millivolts = reading.contact, reading.millivolts
        events = [*self._observe_flame(now, reading.flame), *self._observe_proof(now, reading)]
        self._watch_use(now)
        return [*events, *self._observe_contact(now)]

    def _observe_flame(self, now: Millis, flame: Flame) -> list[Event]:
        if not self.senses_flame:
            return []
        self.cold_since = (self.cold_since or now) if flame is Flame.OUT else None
        if flame is self.flame:
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

    def _observe_proof(self, now: Millis, reading: Reading) -> list[Event]:
        if self.proof is None:
            return []
        finding = self.proof.observe(now, reading)
        return [] if finding is None else self.prove(now, finding)

    def prove(self, now: Millis, finding: Finding) -> list[Event]:
        """The pending proof has come to this; a failed one locks the burner out."""
        proof, self.proof = self.proof, None
        if proof is None or self.last_shut_off is None:
            return []
        self.last_shut_off = replace(self.last_shut_off, proof=finding.proof)
        self.holds = tuple(self._shortened(hold, now) for hold in self.holds)
        proved = Proved(
            burner=self.id,
            at=now,
            by="sensor",
            outcome=finding.proof,
            finding=finding.value,
            took=now - proof.since,
            loaded_mv=proof.loaded_mv,
            open_mv=proof.open_mv,
        )
        return [proved, *(self.fail(now, finding.value, "proof") if finding.proof is Proof.FAILED else [])]

    def _observe_contact(self, now: Millis) -> list[Event]:
        """A contact that stays closed under an open relay is stuck, whether something burnt or not."""
        if self.contact is not Contact.CLOSED or not self.holds:
            self.stuck_since = None
            return []
        self.stuck_since = self.stuck_since if self.stuck_since is not None else now
        if now - self.stuck_since < CONTACT_SETTLES_WITHIN:
            return []
        return self.lock_out(now, Finding.CONTACT_STUCK.value)

    def tick(self, now: Millis) -> list[Event]:
        """What the passing of time does: warn, cut at a deadline, let a hold end."""
        self._end_holds(now)
        if not self.holds and not self.permitted(now):
            return self.cut_at_deadline(now)
        if not self.holds and self.burning_since is None and self.senses_flame and self.flame is not Flame.OUT:
            self.burning_since = now  # it was held when the flame was seen
            self._attended(now)
        self._watch_use(now)
        return self._pause_early(now) or self._warn(now)

    def cut_at_deadline(self, now: Millis) -> list[Event]:
        """The deadline has passed and the relay is open: remember why."""
        _, ending = min(self.endings(), key=lambda ending: ending[0])
        if ending is Ending.TIMER and self.timer is not None:
            return self.shut_off(now, Cause.TIMER, self.timer.set_by)
        if ending is Ending.SWEEP:
            return self.shut_off(now, Cause.SHUT_OFF_ALL, self.swept_by, reason="sweep")
        if ending is Ending.NIGHT:
            return self.lock(now, "night lock", NIGHT_LOCK)
        if ending is Ending.IDLE:
            return self._lock_idle(now)
        if ending is Ending.PAUSE:
            return self.shut_off(now, Cause.LIMIT, LONGEST_ENERGISED, reason="energised")
        return self.shut_off(now, Cause.LIMIT, "limits.unattended")

    def next_due(self) -> Millis | None:
        """The next instant at which ``tick`` has something to do."""
        due = [hold.until for hold in self.holds if hold.until is not None and not self._has_to_be_proved()]
        if not self.holds:
            due += [at for at in (self.deadline(), None if self.warned else self._warn_at()) if at is not None]
            if (at := self._pauses_early_at()) is not None:
                due.append(at)
        return min(due, default=None)

    # --- inside ---------------------------------------------------------------------------------------

    def _attended(self, now: Millis) -> None:
        """Somebody showed attention: the limit starts anew, never before the timer's end, never past the ceiling."""
        self.warned, self.sweep_at = False, None
        self._watch_use(now)
        if self.burning_since is None:
            return
        end = max(now + self.limits.unattended, self.timer.ends_at if self.timer else 0)
        self.limit = min(end, self.burning_since + BURN_CEILING)

    def _end_burn(self) -> None:
        self.timer = self.limit = self.burning_since = self.sweep_at = self.unused_since = None
        self.extended = 0
        self.warned = False

    def _cut(self, now: Millis, cause: Cause, by: str) -> LastShutOff:
        """A relay that was permitted opens: begin to prove it, where anything is measured."""
        if not self.senses_flame and not self.has_contact:
            return LastShutOff(cause, now, by, Proof.UNAVAILABLE)
        self.proof = CutProof(now, now + self.limits.closing_time, self.flame, self.millivolts, self.has_contact)
        return LastShutOff(cause, now, by, Proof.PENDING)

    def _hold_open(self, now: Millis, cause: Cause) -> None:
        """Hold until the valve has surely dropped, and a measured flame until it is out.

        A new flame could not be told from the old one, so a proof ends before the next burn begins.
        """
        self.pause_at = None  # the time energised counts anew
        until = now + self.limits.hold_open
        if self.proof is not None and self._proving_a_flame():
            until = max(until, self.proof.until)
        self._hold(Hold(HoldKind.SHUT_OFF, cause.value, now, until))

    def _shortened(self, hold: Hold, now: Millis) -> Hold:
        """A hold that need not wait for a proof any more, but its own ``hold_open``: it may be of a later shut-off."""
        if hold.until is None:
            return hold
        return replace(hold, until=min(hold.until, max(now, hold.since + self.limits.hold_open)))

    def _end_holds(self, now: Millis) -> None:
        """Let end what has had its time, though never before a proof that a closing relay would spoil is over."""
        if not self._has_to_be_proved():
            self.holds = tuple(hold for hold in self.holds if hold.until is None or now < hold.until)

    def _pause_early(self, now: Millis) -> list[Event]:
        """Nothing burns, and half of the time that the relay may be energised is over: let it pause now."""
        at = self._pauses_early_at()
        if at is None or now < at:
            return []
        if self.locks_when_idle:
            return self._lock_idle(now)
        self._hold_open(now, Cause.LIMIT)
        self.unused_since = None
        return [Paused(burner=self.id, at=now, by=LONGEST_ENERGISED)]

    def _pauses_early_at(self) -> Millis | None:
        """Half-way, and not while somebody may be lighting it again: only after it was not in use for a while."""
        if self.pause_at is None or self.unused_since is None or not self.senses_flame:
            return None
        longest = self.limits.longest_energised
        unused_for = min(PAUSES_WHEN_UNUSED_FOR, longest // 8)
        return max(self.pause_at - longest // 2, self.unused_since + unused_for)

    def _has_to_be_proved(self) -> bool:
        """A new flame could not be told from the old one, nor a contact that closes from one that is stuck."""
        return self._proving_a_flame() or (self.proof is not None and self.has_contact)

    def _proving_a_flame(self) -> bool:
        return self.proof is not None and self.proof.flame is Flame.LIT

    def _watch_use(self, now: Millis) -> None:
        """Count for how long the burner has been permitted and not in use, where anything comes of that."""
        if self.holds or self.in_use() or not (self.senses_flame or self.locks_when_idle):
            self.unused_since = None
        elif self.unused_since is None:
            self.unused_since = now

    def _lock_idle(self, now: Millis) -> list[Event]:
        if not self.senses_flame:  # something may burn unseen
            return self.lock(now, "stove.idle", IDLE_LOCK)
        self._end_burn()
        self._hold(Hold(HoldKind.LOCK, IDLE_LOCK, now))
        return [Locked(burner=self.id, at=now, by="stove.idle", cause=IDLE_LOCK)]

    def _warn_at(self) -> Millis | None:
        """When to warn: ``warn_before`` the end, or half-way through a timer that is shorter than twice that."""
        ends = self.burn_ends()
        if ends is None or ends[1] is Ending.IDLE:
            return None
        before = self.limits.warn_before
        if self.timer is not None and ends[1] is Ending.TIMER:
            before = min(before, self.timer.duration // 2)
        return ends[0] - before

    def _warn(self, now: Millis) -> list[Event]:
        warn_at, ends = self._warn_at(), self.burn_ends()
        if self.warned or self.holds or warn_at is None or ends is None or now < warn_at:
            return []
        self.warned = True
        deadline, ending = ends
        by = self.timer.set_by if self.timer is not None and ending is Ending.TIMER else _WARNED_BY[ending]
        return [TimerEnding(burner=self.id, at=now, by=by, deadline=ending.value, remaining=deadline - now)]

    def _hold(self, hold: Hold) -> None:
        """Add a hold in place of the one of its kind and cause; there is one shut_off hold, whatever its cause."""
        kept = [h for h in self.holds if h.kind is not hold.kind or (h.cause != hold.cause and h.until is None)]
        self.holds = (*kept, hold)

    def _held_by(self, kind: HoldKind, cause: str) -> bool:
        return any((hold.kind, hold.cause) == (kind, cause) for hold in self.holds)

    def _require_permitted(self, now: Millis, what: str, wanted: str) -> None:
        if self.permitted(now):
            return
        why, code, values = self._why_held(now)
        raise NotNow(f"{self.name} is {why}; {what}.", None, code=code, name=self.name, wanted=wanted, **values)

    def _why_held(self, now: Millis) -> tuple[str, str, dict[str, str | Millis]]:
        """In words, and as the code and values of a refusal."""
        if not self.holds:
            return "being shut off", "being_shut_off", {}
        hold = min(self.holds, key=lambda held: list(HoldKind).index(held.kind))
        if hold.kind is HoldKind.LOCK:
            return f"locked ({hold.cause})", "locked", {"cause": hold.cause}
        if hold.kind is HoldKind.SHUT_OFF and hold.until is not None:
            left = max(1, hold.until - now)
            if self.proof is not None:
                words = f"shut off, and stays so until its flame is out, {in_words(left)} at most"
                return words, "shut_off_until_out", {"left": left}
            return f"shut off, and stays so for another {in_words(left)}", "shut_off_for", {"left": left}
        words = f"held by {hold.kind.value} ({hold.cause})"
        return words, f"held_by_{hold.kind.value}", {"cause": hold.cause}

    def _require_cured(self, now: Millis) -> None:
        """A lockout for a fault ends only with the relay's contact open and the flame out for a while."""
        latched = [hold.cause for hold in self.holds if hold.kind is HoldKind.LOCKOUT]
        fault = next((cause for cause in latched if cause in FAULTS), None)
        if fault is None:
            return
        if self.has_contact and self.contact is Contact.UNKNOWN:
            raise NotNow(
                f"{self.name} cannot be reset while the relay's contact cannot be measured.",
                code="reset_contact_unknown",
                name=self.name,
            )
        if self.contact is Contact.CLOSED:
            raise NotNow(
                f"{self.name} cannot be reset while the relay's contact is closed; replace the relay first.",
                code="reset_contact_closed",
                name=self.name,
            )
        if not self.senses_flame:
            return
        if self.cold_since is None:
            lit = self.flame is Flame.LIT
            what = "its flame burns" if lit else "its flame cannot be measured"
            raise NotNow(
                f"{self.name} cannot be reset while {what}; turn the knob off and mend the cause ({fault}).",
                code="reset_while_lit" if lit else "reset_flame_unknown",
                name=self.name,
                cause=fault,
            )
        if now < self.cold_since + COLD_FOR:
            left = self.cold_since + COLD_FOR - now
            raise NotNow(
                f"{self.name} cannot be reset yet: its flame has to be out for another {in_words(left)}.",
                code="reset_too_warm",
                name=self.name,
                left=left,
            )

    def _require_below_ceiling(self, now: Millis, end: Millis) -> None:
        start = now if self.burning_since is None else self.burning_since
        if end > start + BURN_CEILING:
            raise NotAllowed(
                f"{self.name} would burn for longer than {in_words(BURN_CEILING)}, which nothing allows.",
                code="burns_too_long",
                name=self.name,
                longest=BURN_CEILING,
            )
