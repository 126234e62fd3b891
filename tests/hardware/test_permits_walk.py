"""Every order of events there is, over small integers: the real core, a socket that queues, any controller.

The controller may send whatever it likes whenever it likes, as long as it is honest about the time and names
the generation that it has heard of last. The keeper may be late by any time; what it promises is checked
whenever it has acted. Beside the core a witness keeps books of its own, from what was sent and what was
energised only.

Instants are counted from now, and what lies too far back to matter is drawn together, so the states are
finitely many and the walk ends only when it has been everywhere: its promises hold for ever.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from hardware.permits import Caps, Denied, Line, Permits

CAPS = Caps(lease=2, longest_permit=3, longest_energised=4, pause=2)
NOW = 0


class Packet(NamedTuple):
    """A message on its way; instants count from now, so they fall as it waits."""

    kind: str
    line: str = ""
    sent_at: int = 0
    not_after: int = 0
    fresh: bool = True  # whether it names the line's generation; one that is stale is so for ever
    doomed: bool = False  # whether the keeper opened its line by itself while it was on its way


class Seen(NamedTuple):
    """What the witness knows of one line."""

    high: bool = False
    since: int = 0  # when it was energised after its last pause
    low_since: int = -CAPS.pause
    not_after: int = 0  # of the permit that energised it
    doomed: bool = False  # ... and whether that permit was


class Wire(NamedTuple):
    """One line: the core's values but for its generation, which grows for ever, and the witness's."""

    not_after: int | None = None
    energised_since: int = -CAPS.longest_energised
    opened_at: int | None = None
    heard: bool = True  # whether the controller knows its generation
    seen: Seen = Seen()


class State(NamedTuple):
    """Everything that matters, as plain values."""

    wires: tuple[Wire, ...]
    tripped: bool = False
    leased_from: int | None = None
    last_sent: int = -CAPS.lease
    renewed: int = -CAPS.lease  # when the last renewal that was read had been sent
    queue: tuple[Packet, ...] = ()


class Violation(Exception):
    """A promise was broken; the text says which, and what led there."""


class Model:
    """What can happen to a keeper with these lines, whose controller sends permits of these lengths."""

    def __init__(self, core: type[Permits], lines: dict[str, tuple[int, ...]], queued: int) -> None:
        """``queued``: packets that the socket holds at the most."""
        self.core = core
        self.lines = lines
        self.queued = queued
        self.start = State(wires=(Wire(),) * len(lines))

    def steps(self, state: State) -> Iterator[tuple[str, Callable[[], State]]]:
        """Everything that can happen next."""
        yield "the keeper turns", lambda: self.turn(state)
        yield "a tick passes", lambda: later(state)
        if state.tripped:
            yield "the button is released", lambda: self.release(state)
        else:
            yield "the button is pressed", lambda: self.press(state)
        if not all(wire.heard for wire in state.wires):
            yield "the controller hears", lambda: heard(state)
        if len(state.queue) < self.queued:
            for name, packet in self.packets(state):
                yield name, lambda packet=packet: state._replace(queue=(*state.queue, packet))  # type: ignore[misc]

    def packets(self, state: State) -> Iterator[tuple[str, Packet]]:
        """Everything that the controller can send now."""
        yield "a renewal is sent", Packet("renew")
        for (name, lengths), wire in zip(self.lines.items(), state.wires, strict=True):
            yield f"an opening of {name} is sent", Packet("open", name)
            for length in lengths:
                packet = Packet("permit", name, not_after=length, fresh=wire.heard)
                yield f"a permit of {length} for {name} is sent", packet

    def turn(self, state: State) -> State:
        """The keeper wakes, opens what has ended, and reads one packet."""
        permits = self.thaw(state)
        state = self.frozen(state, permits, {opening.line for opening in permits.expire(NOW)})
        if not state.queue:
            return state
        packet, state = state.queue[0], state._replace(queue=state.queue[1:])
        if packet.kind == "renew":
            permits.renew(NOW, packet.sent_at)
            state = state._replace(renewed=packet.sent_at)
        elif packet.kind == "open":
            permits.open(NOW, packet.line)
        else:
            line = permits.lines[packet.line]
            try:
                permits.permit(NOW, packet.line, packet.not_after, line.generation if packet.fresh else -1)
            except Denied:
                assert not permits.energised(packet.line), "a denied permit leaves its line open"
            else:
                state = permitted(state, list(self.lines).index(packet.line), packet)
        return self.frozen(state, permits, set())

    def press(self, state: State) -> State:
        """The emergency button is active at the keeper's poll."""
        permits = self.thaw(state)
        opened = {opening.line for opening in [*permits.expire(NOW), *permits.trip(NOW, "button")]}
        return self.frozen(state, permits, opened)

    def release(self, state: State) -> State:
        permits = self.thaw(state)
        opened = {opening.line for opening in permits.expire(NOW)}
        permits.clear("button")
        return self.frozen(state, permits, opened)

    def thaw(self, state: State) -> Permits:
        lines = {
            name: Line(wire.not_after, 0, wire.energised_since, wire.opened_at)
            for name, wire in zip(self.lines, state.wires, strict=True)
        }
        tripped = {"button"} if state.tripped else set[str]()
        return self.core(CAPS, lines, tripped, state.leased_from, state.last_sent, NOW)

    def frozen(self, state: State, permits: Permits, opened: set[str]) -> State:
        """The state once the keeper has acted and opened some lines by itself, judged."""
        wires = tuple(
            Wire(
                line.not_after,
                line.energised_since,
                line.opened_at,
                wire.heard and name not in opened,
                watched(wire.seen, permits.energised(name)),
            )
            for (name, line), wire in zip(permits.lines.items(), state.wires, strict=True)
        )
        queue = tuple(
            packet._replace(fresh=False, doomed=True) if packet.kind == "permit" and packet.line in opened else packet
            for packet in state.queue
        )
        state = State(wires, bool(permits.tripped), permits.leased_from, permits.last_sent, state.renewed, queue)
        for name, wire in zip(self.lines, wires, strict=True):
            if wire.seen.high:
                judge(state, name, wire.seen)
        return state


def watched(before: Seen, high: bool) -> Seen:
    if high and not before.high:
        return before._replace(high=True, since=NOW if before.low_since <= NOW - CAPS.pause else before.since)
    if before.high and not high:
        return Seen(high=False, since=before.since, low_since=NOW)
    return before


def permitted(state: State, index: int, packet: Packet) -> State:
    """The witness notes by what a line is energised."""
    wires = list(state.wires)
    seen = wires[index].seen._replace(not_after=packet.not_after, doomed=packet.doomed)
    wires[index] = wires[index]._replace(seen=seen)
    return state._replace(wires=tuple(wires))


def heard(state: State) -> State:
    return state._replace(wires=tuple(wire._replace(heard=True) for wire in state.wires))


def later(state: State) -> State:
    """A tick passes while the keeper sleeps: every instant lies one further back."""

    def back(instant: int, furthest: int) -> int:
        return max(instant - 1, furthest)

    wires = tuple(
        wire._replace(
            not_after=None if wire.not_after is None else back(wire.not_after, NOW),
            energised_since=back(wire.energised_since, -CAPS.longest_energised),
            opened_at=None if wire.opened_at is None else back(wire.opened_at, -CAPS.pause),
            seen=wire.seen._replace(
                since=back(wire.seen.since, -CAPS.longest_energised),
                low_since=back(wire.seen.low_since, -CAPS.pause),
                not_after=back(wire.seen.not_after, NOW),
            ),
        )
        for wire in state.wires
    )
    queue = tuple(
        packet._replace(sent_at=back(packet.sent_at, -CAPS.lease), not_after=back(packet.not_after, NOW))
        for packet in state.queue
    )
    leased_from = None if state.leased_from is None else back(state.leased_from, -CAPS.lease)
    last_sent, renewed = back(state.last_sent, -CAPS.lease), back(state.renewed, -CAPS.lease)
    return State(wires, state.tripped, leased_from, last_sent, renewed, queue)


def judge(state: State, name: str, seen: Seen) -> None:
    """The promises, for a line that is energised."""
    if seen.not_after <= NOW:
        raise Violation(f"{name} is energised after its permit's end")
    if state.renewed + CAPS.lease <= NOW:
        raise Violation(f"{name} is energised a lease after the last renewal was sent")
    if state.tripped:
        raise Violation(f"{name} is energised while the button is pressed")
    if seen.since + CAPS.longest_energised <= NOW:
        raise Violation(f"{name} is energised for longer than its longest time")
    if seen.doomed:
        raise Violation(f"{name} is energised by a permit that was sent before the keeper opened it")


def walk(model: Model) -> int:
    """Breadth first through every state; returns how many there are. Raises :class:`Violation` with the way."""
    came_from: dict[State, tuple[State, str] | None] = {model.start: None}
    todo = deque([model.start])
    while todo:
        state = todo.popleft()
        for name, step in model.steps(state):
            try:
                reached = step()
            except Violation as violation:
                raise Violation(f"{violation}: {', '.join([*way(came_from, state), name])}") from None
            if reached not in came_from:
                came_from[reached] = (state, name)
                todo.append(reached)
    return len(came_from)


def way(came_from: dict[State, tuple[State, str] | None], state: State) -> list[str]:
    """The steps that led to a state."""
    names = []
    while (origin := came_from[state]) is not None:
        state, name = origin
        names.append(name)
    return names[::-1]


def one_line(core: type[Permits] = Permits) -> Model:
    return Model(core, {"left": (1, 3)}, queued=2)


def two_lines(core: type[Permits] = Permits) -> Model:
    return Model(core, {"left": (2,), "right": (2,)}, queued=1)


# --- the promises -----------------------------------------------------------------------------------------


def test_no_order_of_events_breaks_a_promise() -> None:
    states = walk(one_line())
    print(f"walked {states} states of one line")
    assert states >= 20_000


def test_no_order_of_events_breaks_a_promise_with_two_lines() -> None:
    states = walk(two_lines())
    print(f"walked {states} states of two lines")
    assert states >= 20_000


# --- that the walk would notice ---------------------------------------------------------------------------


class WithoutGenerations(Permits):
    """Takes a permit whatever opening its sender knew of."""

    def permit(self, now: int, name: str, not_after: int, generation: int) -> None:
        super().permit(now, name, not_after, self.lines[name].generation)


class LeaseFromReading(Permits):
    """Counts the lease from when the keeper reads the renewal."""

    def renew(self, now: int, sent_at: int) -> None:
        super().renew(now, sent_at=now)


class WithoutPause(Permits):
    """Counts the time energised anew after any gap."""

    def permit(self, now: int, name: str, not_after: int, generation: int) -> None:
        self.lines[name].opened_at = None
        super().permit(now, name, not_after, generation)


class WithoutDeadlines(Permits):
    """Takes every permit for one that ends as late as it may."""

    def permit(self, now: int, name: str, not_after: int, generation: int) -> None:
        super().permit(now, name, max(not_after, now + self.caps.longest_permit), generation)


class WithoutInputs(Permits):
    """Opens when an input trips, and forgets that it still is."""

    def permit(self, now: int, name: str, not_after: int, generation: int) -> None:
        tripped, self.tripped = self.tripped, set()
        try:
            super().permit(now, name, not_after, generation)
        finally:
            self.tripped = tripped


@pytest.mark.parametrize(
    ("core", "promise"),
    [
        (WithoutGenerations, "energised by a permit that was sent before the keeper opened it"),
        (LeaseFromReading, "energised a lease after the last renewal was sent"),
        (WithoutPause, "energised for longer than its longest time"),
        (WithoutDeadlines, "energised after its permit's end"),
        (WithoutInputs, "energised while the button is pressed"),
    ],
)
def test_the_walk_finds_the_harm_where_a_protection_is_missing(core: type[Permits], promise: str) -> None:
    with pytest.raises(Violation, match=promise) as found:
        walk(one_line(core))
    print(found.value)
