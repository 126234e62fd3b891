"""Burner, keeper and stove together: every order of commands, messages, seconds and mishaps, over small numbers.

The real cores (:class:`controller.burner.Burner`, :class:`hardware.permits.Permits`) with the messages between them
and a stove of knob, valve, flame, relay contact and sensor. Instants are counted from now, so that states merge.
The walk is breadth first. It ends after ``STATES`` different states; FLAMEOUT_WALK=full makes them a million.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from controller.burner import Burner
from controller.events import Cause, Event, Proof, Proved
from controller.proof import Finding
from controller.terms import Contact, Flame, HoldKind, LastShutOff, Limits, Reading, Refused
from hardware.clock import SECOND, Millis
from hardware.permits import Caps, Denied, Line, Opening, Permits

STATES = 1_000_000 if os.environ.get("FLAMEOUT_WALK") == "full" else 100_000
NOW: Millis = 1_000 * SECOND
BY = "Anna"
LIMITS = Limits(
    longest_timer=2 * SECOND,
    unattended=3 * SECOND,
    extend_total=SECOND,
    warn_before=SECOND,
    hold_open=SECOND,
    closing_time=2 * SECOND,
    unlock_for=SECOND,
)
CAPS = Caps(lease=2 * SECOND, longest_permit=4 * SECOND, longest_energised=6 * SECOND, pause=SECOND)
ROLLING = 3 * SECOND  # a permit without a deadline
CUT = LastShutOff(Cause.USER, NOW, BY, Proof.PENDING)  # which it was decides nothing
LINE = "left"

Message = tuple[Any, ...]  # ("open",) | ("permit", not_after, generation) | ("renew", sent_at)


@dataclass(frozen=True)
class World:
    """The stove itself. ``drifted``: a draught has put the flame out, and gas may flow."""

    knob: bool = False
    valve: bool = False
    flame: bool = False
    contact_stuck: bool = False
    valve_stuck: bool = False
    sensor_broken: bool = False
    drifted: bool = False

    def follow(self, energised: bool) -> "World":
        """What magnet and spring make of the relay."""
        closed = energised or self.contact_stuck
        valve = self.valve and self.knob and (closed or self.valve_stuck)
        return replace(self, valve=valve, flame=self.flame and valve, drifted=self.drifted and valve)


class State:
    """Everything at one instant."""

    __slots__ = ("burner", "generation", "leased_from", "line", "opened", "queue", "tripped", "wanted", "world")

    def __init__(self) -> None:
        self.burner = Burner(LINE, "Left", LIMITS, senses_flame=True, has_contact=True)
        self.world = World()
        self.line = Line()
        self.leased_from: Millis | None = None
        self.queue: tuple[Message, ...] = ()  # from controller to keeper, in order
        self.opened: tuple[int, ...] = ()  # generations of openings that the controller has not heard of
        self.generation = 0  # as the controller knows it
        self.wanted: Millis | None = None  # the permit that the controller has asked for
        self.tripped = False

    def copy(self) -> "State":
        new = object.__new__(State)
        new.burner = object.__new__(Burner)
        new.burner.__dict__.update(self.burner.__dict__)
        if self.burner.proof is not None:
            new.burner.proof = replace(self.burner.proof)
        new.line = Line(self.line.not_after, self.line.generation, self.line.energised_since, self.line.opened_at)
        new.world, new.leased_from, new.queue, new.opened = self.world, self.leased_from, self.queue, self.opened
        new.generation, new.wanted, new.tripped = self.generation, self.wanted, self.tripped
        return new

    @property
    def energised(self) -> bool:
        return self.line.not_after is not None

    def permits(self) -> Permits:
        permits = Permits(CAPS, {LINE: self.line}, {"button"} if self.tripped else set(), self.leased_from)
        permits.last_sent = self.leased_from or 0
        return permits

    def keep(self, permits: Permits) -> None:
        self.leased_from = permits.leased_from
        self.world = self.world.follow(self.energised)

    def key(self) -> tuple[Any, ...]:
        burner, line = self.burner, self.line
        proof = None if burner.proof is None else (burner.proof.since, burner.proof.flame)
        last = None if burner.last_shut_off is None else burner.last_shut_off.proof
        return (
            *(self.world, line.not_after, line.energised_since, line.opened_at, self.leased_from, self.queue),
            *(self.opened, self.generation == line.generation, self.wanted, self.tripped),
            *(frozenset((h.kind, h.cause, h.until) for h in burner.holds), burner.timer and burner.timer.ends_at),
            *(burner.limit, burner.burning_since, burner.extended, burner.warned, burner.flame, burner.contact),
            *(burner.night_from, burner.night_ended, burner.sweep_at, burner.cold_since, burner.stuck_since),
            *(proof, last),
        )


# --- the controller -----------------------------------------------------------------------------------------


def sync(state: State) -> None:
    """Bring the keeper's permit in line with the burner, as the stove does."""
    burner = state.burner
    if not burner.permitted(NOW):
        if state.wanted is not None:
            state.queue, state.wanted = (*state.queue, ("open",)), None
        return
    deadline = burner.deadline()
    not_after = min(deadline, NOW + ROLLING) if deadline is not None else NOW + ROLLING
    rolling = (
        state.wanted is not None and state.wanted > NOW + SECOND and (deadline is None or state.wanted <= deadline)
    )
    if state.wanted != not_after and not rolling:
        assert not_after > NOW, "a permit is asked for that has ended already"
        state.queue, state.wanted = (*state.queue, ("permit", not_after, state.generation)), not_after


def decided(state: State, events: list[Event]) -> None:
    """What a decision must never have been."""
    for event in events:
        if isinstance(event, Proved) and event.outcome is Proof.CONFIRMED:
            # a draught that blows out a flame over a stuck valve cannot be told from a cut that worked
            assert not state.world.valve or state.world.drifted, "a cut is proved while the valve is open"
            assert state.burner.flame is Flame.OUT, "a cut is proved without the flame being measured out"


def look(state: State) -> None:
    """One evaluation: time, what is measured, the permit, and the lease."""
    burner, world = state.burner, state.world
    flame = Flame.UNKNOWN if world.sensor_broken else Flame.LIT if world.flame else Flame.OUT
    contact = Contact.CLOSED if state.energised or world.contact_stuck else Contact.OPEN
    decided(state, burner.tick(NOW))
    decided(state, burner.observe(NOW, Reading(flame, contact)))
    if flame is Flame.UNKNOWN and burner.permitted(NOW) and burner.holds == ():
        burner.tick(NOW)
        assert burner.limit is not None, "an unknown flame has no limit"
    sync(state)
    state.queue = (*state.queue, ("renew", NOW))


def command(act: Callable[[Burner], list[Event] | None]) -> Callable[[State], None]:
    def do(state: State) -> None:
        state.burner.tick(NOW)
        decided(state, act(state.burner) or [])
        sync(state)

    return do


def reset(state: State) -> None:
    burner = state.burner
    latched = [hold for hold in burner.holds if hold.kind is HoldKind.LOCKOUT]
    burner.reset(NOW, BY)
    if any(hold.cause != "gas" for hold in latched):
        assert burner.flame is Flame.OUT, "a lockout for a fault was reset under a flame"
        assert burner.contact is Contact.OPEN, "a lockout for a fault was reset with the contact closed"
    sync(state)


def hear(state: State) -> None:
    """The controller hears that the keeper has opened the line."""
    generation, *rest = state.opened
    state.opened, state.generation, state.wanted = tuple(rest), generation, None
    state.burner.tick(NOW)
    if state.burner.permitted(NOW):
        state.burner.shut_off(NOW, Cause.SUPERVISION, "keeper")
    sync(state)


def die(state: State) -> None:
    """The controller dies and starts anew; the keeper hears the hang-up, and nothing that was on its way."""
    permits = state.permits()
    permits.leased_from = None
    permits.revoke_all(NOW, "hang-up")
    state.keep(permits)
    lockouts = tuple(hold for hold in state.burner.holds if hold.kind is HoldKind.LOCKOUT)
    state.burner = Burner(LINE, "Left", LIMITS, senses_flame=True, has_contact=True, holds=lockouts)
    state.burner.begin(NOW)
    state.queue, state.opened, state.wanted, state.generation = (), (), None, state.line.generation


# --- the keeper and the wire ----------------------------------------------------------------------------------


def deliver(state: State) -> None:
    """The keeper reads the next message."""
    (kind, *fields), *rest = state.queue
    state.queue = tuple(rest)
    permits = state.permits()
    if kind == "open":
        permits.open(NOW, LINE)
    elif kind == "renew":
        permits.renew(NOW, fields[0])
    else:
        was = state.energised
        try:
            permits.permit(NOW, LINE, *fields)
            assert was or permits.leased_from is not None, "a line is energised without a lease"
        except Denied:
            state.generation = state.line.generation
            if state.wanted == fields[0]:  # else a later permit is on its way, and may be granted
                state.wanted = None
    state.keep(permits)


def press(state: State) -> None:
    """Somebody presses the emergency button: the keeper opens by itself."""
    permits = state.permits()
    openings = permits.trip(NOW, "button")
    state.tripped = True
    state.keep(permits)
    state.opened = (*state.opened, *(opening.generation for opening in openings))[-2:]
    assert not state.energised


def release(state: State) -> None:
    state.tripped = False


# --- time -------------------------------------------------------------------------------------------------------


def passes(state: State) -> None:
    """A second passes; the keeper wakes at what is due, the controller does not."""
    world = state.world
    if world.valve and not world.flame and not world.valve_stuck:
        state.world = replace(world, valve=False, drifted=False)  # the probe has cooled, the magnet lets go
    shift(state)
    permits = state.permits()
    openings = permits.expire(NOW)
    state.keep(permits)
    if openings:
        state.opened = (*state.opened, *(opening.generation for opening in openings))[-2:]


def back(instant: Millis | None, oldest: Millis = 8 * SECOND) -> Millis | None:
    return None if instant is None else max(NOW - oldest, instant - SECOND)


def shift(state: State) -> None:
    """Every instant moves a second into the past."""
    burner, line = state.burner, state.line
    burner.holds = tuple(replace(h, since=NOW, until=back(h.until, SECOND)) for h in burner.holds)
    if burner.timer is not None:
        burner.timer = replace(burner.timer, ends_at=back(burner.timer.ends_at) or 0)
    burner.limit, burner.burning_since = back(burner.limit), back(burner.burning_since)
    burner.night_from, burner.sweep_at = back(burner.night_from), back(burner.sweep_at)
    burner.cold_since, burner.stuck_since = back(burner.cold_since, 2 * SECOND), back(burner.stuck_since, 2 * SECOND)
    if burner.proof is not None:
        burner.proof.since = back(burner.proof.since, 3 * SECOND) or 0
        burner.proof.until = back(burner.proof.until, SECOND) or 0
    if burner.last_shut_off is not None:
        burner.last_shut_off = replace(CUT, proof=burner.last_shut_off.proof)
    line.not_after, line.opened_at = back(line.not_after), back(line.opened_at, 2 * SECOND)
    line.energised_since = back(line.energised_since) or 0
    state.leased_from = back(state.leased_from, 3 * SECOND)
    state.wanted = back(state.wanted)
    state.queue = tuple(
        ("renew", back(message[1])) if message[0] == "renew"
        else ("permit", back(message[1]), message[2]) if message[0] == "permit"
        else message
        for message in state.queue
    )  # fmt: skip


# --- everything there is ----------------------------------------------------------------------------------------


def change(**fields: bool) -> Callable[[State], None]:
    def do(state: State) -> None:
        state.world = replace(state.world, **fields).follow(state.energised)

    return do


def light(state: State) -> None:
    """A hand presses the knob and lights; the magnet holds only with the loop closed."""
    state.world = replace(state.world, knob=True, valve=True, flame=True, drifted=False).follow(state.energised)


def blow_out(state: State) -> None:
    if state.world.flame:
        state.world = replace(state.world, flame=False, drifted=True)


STEPS: dict[str, Callable[[State], None]] = {
    "a second passes": passes,
    "the controller looks": look,
    "the keeper reads": deliver,
    "the controller hears": hear,
    "the controller dies": die,
    "the button is pressed": press,
    "the button is let go": release,
    "timer of 1 s": command(lambda b: b.start_timer(NOW, SECOND, BY)),
    "timer of 2 s": command(lambda b: b.start_timer(NOW, 2 * SECOND, BY)),
    "extend": command(lambda b: b.extend(NOW, SECOND, BY)),
    "cancel": command(lambda b: b.cancel_timer(NOW, BY)),
    "attend": command(lambda b: b.attend(NOW, BY)),
    "shut off": command(lambda b: b.shut_off(NOW, Cause.USER, BY)),
    "lock": command(lambda b: b.lock(NOW, BY)),
    "unlock": command(lambda b: b.unlock(NOW, BY)),
    "sweep": command(lambda b: b.sweep(NOW, BY)),
    "night in a second": command(lambda b: b.schedule(NOW, False, NOW + SECOND)),
    "night": command(lambda b: b.schedule(NOW, True, None)),
    "gas alarm": command(lambda b: b.trip(NOW, "gas", latches=True)),
    "gas clears": command(lambda b: b.clear("gas")),
    "reset": reset,
    "light": light,
    "blow out": blow_out,
    "knob off": change(knob=False),
    "contact welds": change(contact_stuck=True),
    "contact mended": change(contact_stuck=False),
    "valve sticks": change(valve_stuck=True),
    "valve mended": change(valve_stuck=False),
    "sensor breaks": change(sensor_broken=True),
    "sensor mended": change(sensor_broken=False),
}
LONGEST_QUEUE = 3


def possible(state: State) -> Iterator[str]:
    """What can happen next. A queue that is full must be read before more is said."""
    for name in STEPS:
        if name == "the keeper reads":
            if state.queue:
                yield name
        elif name == "the controller hears":
            if state.opened:
                yield name
        elif len(state.queue) < LONGEST_QUEUE or name in ("a second passes", "the controller dies"):
            yield name


def judge(state: State) -> None:
    """What holds in every state."""
    burner, line = state.burner, state.line
    if state.energised:
        assert line.not_after is not None
        assert line.not_after > NOW, "energised past the end of its permit"
        assert state.leased_from is not None, "energised without a lease"
        assert state.leased_from + CAPS.lease > NOW, "energised on a lapsed lease"
        assert NOW - line.energised_since < CAPS.longest_energised, "energised for too long"
        assert not state.tripped, "energised under a pressed button"
        if burner.holds and not state.opened:
            assert ("open",) in state.queue, "energised on a held burner, and no opening is on its way"
    elif state.world.valve and not state.world.contact_stuck and not state.world.valve_stuck:
        raise AssertionError("the valve is open over an open relay")
    kinds = {hold.kind for hold in burner.holds}
    if HoldKind.LOCKOUT in kinds:
        assert not burner.permitted(NOW), "permitted in lockout"
    deadline = burner.deadline()
    if not burner.holds and state.wanted is not None and deadline is not None and not state.opened:
        assert state.wanted <= max(deadline, NOW), "a permit outlasts the burner's deadline"


def walk(most: int) -> int:
    """Breadth first through ``most`` states; returns how many there were."""
    start = State()
    start.burner.begin(NOW)
    came_from: dict[Any, tuple[Any, str] | None] = {hash(start.key()): None}
    todo = deque([start])
    while todo and len(came_from) < most:
        state = todo.popleft()
        key = hash(state.key())
        for name in possible(state):
            new = state.copy()
            try:
                STEPS[name](new)
                judge(new)
            except Refused:
                continue
            except AssertionError as violation:
                raise AssertionError(f"{violation}: {', '.join([*way(came_from, key), name])}") from violation
            reached = hash(new.key())
            if reached not in came_from:
                came_from[reached] = (key, name)
                todo.append(new)
    return len(came_from)


def way(came_from: dict[Any, tuple[Any, str] | None], key: Any) -> list[str]:
    """The steps that led to a state."""
    names = []
    while (origin := came_from[key]) is not None:
        key, name = origin
        names.append(name)
    return names[::-1]


@pytest.mark.timeout(900)
def test_no_order_of_anything_is_unsafe() -> None:
    states = walk(STATES)
    print(f"walked {states} states")
    assert states >= STATES


# --- that the walk would notice -----------------------------------------------------------------------------------


def forgetful(state: State) -> None:
    """A refusal makes the controller forget the permit that it has sent since."""
    before = state.wanted
    message = state.queue[0]
    deliver(state)
    if message[0] == "permit" and not state.energised and before is not None:
        state.wanted = None


def _patch_expiry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Permits, "_ended", lambda *_: None)


def _patch_lease(patch: pytest.MonkeyPatch) -> None:
    def expire(self: Permits, now: Millis) -> list[Opening]:
        return [self._revoke(now, name, cause) for name in self.lines if (cause := self._ended(now, name))]

    patch.setattr(Permits, "expire", expire)


def _patch_button(patch: pytest.MonkeyPatch) -> None:
    examine = Permits._examine

    def blind(self: Permits, *arguments: Any) -> None:
        self.tripped = set()
        examine(self, *arguments)

    patch.setattr(Permits, "_examine", blind)


def _patch_proof(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("controller.proof.CutProof.observe", lambda *_: Finding.FLAME_OUT)


def _patch_cure(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Burner, "_require_cured", lambda *_: None)


def _patch_unknown(patch: pytest.MonkeyPatch) -> None:
    observe = Burner.observe

    def trusting(self: Burner, now: Millis, reading: Reading) -> list[Event]:
        return observe(self, now, replace(reading, flame=Flame.OUT) if reading.flame is Flame.UNKNOWN else reading)

    patch.setattr(Burner, "observe", trusting)


def _patch_forgetting(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(STEPS, "the keeper reads", forgetful)


def _patch_opening(patch: pytest.MonkeyPatch) -> None:
    def unsaid(state: State) -> None:
        state.burner.shut_off(NOW, Cause.USER, BY)

    patch.setitem(STEPS, "shut off", unsaid)


@pytest.mark.parametrize(
    ("remove", "promise"),
    [
        (_patch_expiry, "energised past the end of its permit"),
        (_patch_lease, "energised on a lapsed lease"),
        (_patch_button, "energised under a pressed button"),
        (_patch_proof, "a cut is proved"),
        (_patch_cure, "a lockout for a fault was reset"),
        (_patch_unknown, "an unknown flame has no limit"),
        (_patch_forgetting, "no opening is on its way"),
        (_patch_opening, "no opening is on its way"),
    ],
)
def test_the_walk_finds_the_harm_where_a_protection_is_missing(
    remove: Callable[[pytest.MonkeyPatch], None], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(monkeypatch)
    with pytest.raises(AssertionError, match=promise):
        walk(STATES)
