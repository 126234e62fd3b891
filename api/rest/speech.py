"""One sentence about a burner or the stove, to be read out by a phone."""

from datetime import datetime

from controller.terms import CHILD_LOCK, IDLE_LOCK, NIGHT_LOCK, Ending, HoldKind, Status
from controller.view import BurnerView, StoveView
from hardware.clock import Millis
from hardware.durations import in_words

_UNITS = {"d": "day", "h": "hour", "min": "minute", "s": "second"}
_LOCKS = {CHILD_LOCK: "is locked by the child lock", IDLE_LOCK: "is locked until somebody unlocks it"}
_LOCKS[NIGHT_LOCK] = "is locked for the night"
_SOONER = {Ending.NIGHT: "for the night", Ending.SWEEP: "for the sweep"}


def burner(view: BurnerView) -> str:
    """ "Left shuts off at 18:42, in 25 minutes." """
    return f"{view.name} {_state(view)}."


def stove(view: StoveView) -> str:
    """Every burner in a sentence of its own, problems first."""
    return " ".join([*view.problems, *(burner(entry) for entry in view.burners)])


def _state(view: BurnerView) -> str:
    if view.ending is not None and view.ending.kind in _SOONER:
        return f"shuts off at {_clock(view.ending.ends_at)} {_SOONER[view.ending.kind]}"
    if view.timer is not None:
        return f"shuts off at {_clock(view.timer.ends_at)}, in {_spoken(round(view.timer.remaining_s * 1000))}"
    if view.status in (Status.SHUT_OFF, Status.LOCKED, Status.LOCKOUT):
        return _held(view)
    if view.limit is not None:
        return f"is lit and shuts off at {_clock(view.limit.ends_at)} unless somebody attends to it"
    return "is ready, without a timer" if view.permitted else "is off: its relay is open"


def _held(view: BurnerView) -> str:
    kinds = {hold.kind: hold for hold in view.holds}
    if HoldKind.LOCKOUT in kinds:
        return (view.problem or "is locked out").removeprefix(f"{view.name} ").rstrip(".")
    if HoldKind.INTERLOCK in kinds:
        return f"is off because {kinds[HoldKind.INTERLOCK].cause} is active"
    if HoldKind.LOCK in kinds:
        return _LOCKS.get(kinds[HoldKind.LOCK].cause, f"is locked by {kinds[HoldKind.LOCK].cause}")
    return "is shut off" + ("" if view.permitted else ": its relay is open") + "; turn the knob off"


def _spoken(duration: Millis) -> str:
    """ "1 hour 30 minutes": with the units spelt out, as a voice reads them best."""
    said = in_words(duration).split()
    return " ".join(
        f"{amount} {_UNITS[unit]}{'' if amount == '1' else 's'}"
        for amount, unit in zip(said[::2], said[1::2], strict=True)
    )


def _clock(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%H:%M")
