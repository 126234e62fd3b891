"""A burner and the stove as everybody outside sees them: REST, event stream, MQTT and page alike.

Commanded (``permitted``), measured (``contact``, ``flame``) and inferred (``proof``) are separate fields and
are never merged into a hopeful one. Times are seconds and RFC 3339.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from controller.burner import Burner
from controller.events import Cause, Proof
from controller.terms import Contact, Ending, Flame, HoldKind, Status
from controller.wall import Calendar, rfc3339
from hardware.clock import Millis


class TimerView(BaseModel):
    """The user's timer, extensions included."""

    duration_s: float
    remaining_s: float
    ends_at: str
    set_by: str


class LimitView(BaseModel):
    """When a burn without anyone's attention ends."""

    remaining_s: float
    ends_at: str


class EndingView(BaseModel):
    """When a burner in use will be cut next, and why."""

    kind: Ending
    remaining_s: float
    ends_at: str


class LastShutOffView(BaseModel):
    """The last time the relay was opened while it was permitted, and what is known of the cut."""

    cause: Cause
    at: str
    by: str
    proof: Proof


class HoldView(BaseModel):
    """A reason why the relay is kept open."""

    kind: HoldKind
    cause: str
    since: str
    until: str | None


class BurnerView(BaseModel):
    """One burner."""

    id: str
    name: str
    status: Status
    permitted: bool
    contact: Contact
    flame: Flame
    timer: TimerView | None
    limit: LimitView | None
    last_shut_off: LastShutOffView | None
    holds: list[HoldView]
    extension_left_s: float
    ending: EndingView | None
    millivolts: float | None
    wear: float | None
    problem: str | None


class PlaceView(BaseModel):
    """Where a burner is on the hob: columns from the left, rows from the back, both from 1."""

    burner: str
    column: int
    row: int
    size: str


class StoveView(BaseModel):
    """The stove and all its burners."""

    id: str
    name: str
    version: str
    status: Literal["ok", "problem"]
    problems: list[str]
    in_use: bool | None
    hood: bool | None
    next_shut_off: str | None
    child_lock: bool
    default_timer_s: float
    longest_timer_s: float
    unattended_s: float
    extend_step_s: float
    presets_s: list[float]
    places: list[PlaceView]
    simulated: bool
    started_at: str
    burners: list[BurnerView]


def burner_view(
    burner: Burner, now: Millis, calendar: Calendar, energised: bool, problem: str | None, wear: float | None = None
) -> BurnerView:
    """The burner at ``now``; ``energised`` is what the keeper answered, not what was asked of it."""

    def at(instant: Millis) -> str:
        return rfc3339(calendar.at(instant))

    ends = burner.burn_ends()
    timer, limit, last = burner.timer, burner.limit, burner.last_shut_off
    return BurnerView(
        id=burner.id,
        name=burner.name,
        status=burner.status(now),
        permitted=energised,
        contact=burner.contact,
        flame=burner.flame,
        timer=TimerView(
            duration_s=timer.duration / 1000,
            remaining_s=max(0, timer.ends_at - now) / 1000,
            ends_at=at(timer.ends_at),
            set_by=timer.set_by,
        )
        if timer is not None
        else None,
        limit=LimitView(remaining_s=max(0, limit - now) / 1000, ends_at=at(limit)) if limit is not None else None,
        last_shut_off=LastShutOffView(cause=last.cause, at=last.wall or at(last.at), by=last.by, proof=last.proof)
        if last is not None
        else None,
        holds=[
            HoldView(
                kind=hold.kind,
                cause=hold.cause,
                since=at(hold.since),
                until=at(hold.until) if hold.until is not None else None,
            )
            for hold in burner.holds
        ],
        extension_left_s=burner.extension_left() / 1000,
        ending=EndingView(kind=ends[1], remaining_s=max(0, ends[0] - now) / 1000, ends_at=at(ends[0]))
        if ends is not None
        else None,
        millivolts=round(burner.millivolts, 1) + 0.0 if burner.millivolts is not None else None,  # never -0.0
        wear=round(wear, 2) if wear is not None else None,
        problem=problem,
    )


def earliest(instants: list[Millis], calendar: Calendar) -> str | None:
    """The first of some instants as RFC 3339; None for none."""
    return rfc3339(calendar.at(min(instants))) if instants else None


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant with its zone. Raises ``ValueError`` with what would be right."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError('is not an RFC 3339 instant; write it like "2026-11-23T18:42:00+01:00"') from None
    if instant.tzinfo is None:
        raise ValueError('has no zone; write it like "2026-11-23T18:42:00+01:00"')
    return instant
