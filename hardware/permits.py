"""What the keeper promises, without the input and output: a pure core of integers.

A line is energised only under a permit; a permit ends at ``not_after`` and lives on a lease that the
controller renews. Every method takes ``now`` (ms on the boot clock). Small enough to be walked exhaustively.
"""

from dataclasses import dataclass, field

from hardware.clock import ClockFault, Millis


class Denied(Exception):
    """A permit that the keeper will not grant; the text says why. Its line is open."""


class Fault(Exception):
    """The client broke the protocol's promises; it must be dropped and every line opened."""


@dataclass(frozen=True)
class Caps:
    """Limits that hold whatever the controller says, all in ms."""

    lease: Millis
    longest_permit: Millis
    longest_energised: Millis
    pause: Millis  # how long a line stays open after longest_energised, and what restarts that count


@dataclass(frozen=True)
class Opening:
    """A line that the keeper opened by itself, or a permit in flight that it made void (``cut`` is False)."""

    line: str
    cause: str  # deadline | lease | energised, or the name of what tripped
    cut: bool  # whether the line was energised until now
    generation: int


@dataclass
class Line:
    """One relay line: permitted until ``not_after``, or open while that is None."""

    not_after: Millis | None = None
    generation: int = 0  # raised at each opening by the keeper itself, so that a permit in flight dies
    energised_since: Millis = 0
    opened_at: Millis | None = None


@dataclass
class Permits:
    """Every line's permit, the lease they live on, and the inputs that forbid them.

    ``expire`` must be called before every decision and at ``next_expiry`` at the latest; it returns the
    lines that have to open now, with the cause.
    """

    caps: Caps
    lines: dict[str, Line]
    tripped: set[str] = field(default_factory=set)
    leased_from: Millis | None = None  # when the controller sent its last renewal
    last_sent: Millis = 0
    last_now: Millis = 0

    def renew(self, now: Millis, sent_at: Millis) -> None:
        """Count the lease from when the renewal was *sent*; one that queued for longer than a lease is void."""
        if sent_at > now:
            raise Fault(f"a renewal from the future: sent at {sent_at} ms, and it is {now} ms")
        if sent_at < self.last_sent:
            raise Fault(f"renewals run backwards: {sent_at} ms after {self.last_sent} ms")
        self.last_sent = sent_at
        if now < sent_at + self.caps.lease:
            self.leased_from = sent_at

    def permit(self, now: Millis, name: str, not_after: Millis, generation: int) -> None:
        """Let ``name`` be energised until ``not_after``; replaces its permit. Raises :class:`Denied`."""
        line = self.lines.get(name)
        if line is None:
            raise Fault(f"there is no line {name!r}")
        try:
            self._examine(now, line, not_after, generation)
        except Denied:  # the controller takes a line whose permit was denied for open
            self._open(now, line)
            raise
        line.energised_since = self._counts_from(now, line)
        line.not_after = not_after

    def open(self, now: Millis, name: str) -> None:
        """Open one line because the controller asks; always obeyed."""
        line = self.lines.get(name)
        if line is None:
            raise Fault(f"there is no line {name!r}")
        self._open(now, line)

    def revoke_all(self, now: Millis, cause: str) -> list[Opening]:
        """Open every line and make every permit void, those still in flight too."""
        return [self._revoke(now, name, cause) for name in self.lines]

    def trip(self, now: Millis, source: str) -> list[Opening]:
        """A hard input became active: every line opens and none may close until it clears."""
        self.tripped.add(source)
        return self.revoke_all(now, source)

    def clear(self, source: str) -> None:
        """A hard input is quiet again; lines stay open until they are permitted anew."""
        self.tripped.discard(source)

    def expire(self, now: Millis) -> list[Opening]:
        """Open what has come to its end."""
        if now < self.last_now:
            raise ClockFault(f"the boot clock ran backwards, from {self.last_now} ms to {now} ms")
        self.last_now = now
        if self.leased_from is not None and now >= self.leased_from + self.caps.lease:
            self.leased_from = None
            return self.revoke_all(now, "lease")
        return [self._revoke(now, name, cause) for name in self.lines if (cause := self._ended(now, name))]

    def next_expiry(self) -> Millis | None:
        """The next instant at which ``expire`` has something to open; None while nothing is energised."""
        ends = [
            min(line.not_after, self.pauses_at(name)) for name, line in self.lines.items() if line.not_after is not None
        ]
        if ends and self.leased_from is not None:
            ends.append(self.leased_from + self.caps.lease)
        return min(ends, default=None)

    def energised(self, name: str) -> bool:
        """Whether the line may be high."""
        return self.lines[name].not_after is not None

    def pauses_at(self, name: str) -> Millis:
        """When the line opens for a pause, if it stays energised until then."""
        return self.lines[name].energised_since + self.caps.longest_energised

    def _examine(self, now: Millis, line: Line, not_after: Millis, generation: int) -> None:
        if generation != line.generation:
            raise Denied(f"it names generation {generation}, and the line was opened since ({line.generation})")
        if self.leased_from is None:
            raise Denied("there is no lease")
        if self.tripped:
            raise Denied(f"input {min(self.tripped)!r} is tripped")
        if now >= self._counts_from(now, line) + self.caps.longest_energised:
            raise Denied("the line pauses after its longest time energised")
        if not_after <= now:
            raise Denied("it has already ended")
        if not_after > now + self.caps.longest_permit:
            raise Denied(f"it would last {not_after - now} ms, longer than {self.caps.longest_permit} ms")

    def _counts_from(self, now: Millis, line: Line) -> Millis:
        """Since when the line counts as energised: a gap shorter than a pause does not start the count anew."""
        paused = line.opened_at is None or now - line.opened_at >= self.caps.pause
        return now if line.not_after is None and paused else line.energised_since

    def _ended(self, now: Millis, name: str) -> str | None:
        line = self.lines[name]
        if line.not_after is None:
            return None
        if now >= self.pauses_at(name):
            return "energised"
        return "deadline" if now >= line.not_after else None

    def _revoke(self, now: Millis, name: str, cause: str) -> Opening:
        line = self.lines[name]
        cut = line.not_after is not None
        self._open(now, line)
        line.generation += 1
        return Opening(name, cause, cut, line.generation)

    @staticmethod
    def _open(now: Millis, line: Line) -> None:
        if line.not_after is not None:
            line.opened_at = now
        line.not_after = None
