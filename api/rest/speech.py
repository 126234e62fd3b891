"""One sentence about a burner or the stove, to be read out by a phone."""

from datetime import datetime

from controller.terms import HoldKind, Status
from controller.view import BurnerView, StoveView
from hardware.durations import in_words


def burner(view: BurnerView) -> str:
    """ "Left shuts off at 18:42, in 25 min." """
    return f"{view.name} {_state(view)}."


def stove(view: StoveView) -> str:
    """Every burner in a sentence of its own, problems first."""
    return " ".join([*view.problems, *(burner(entry) for entry in view.burners)])


def _state(view: BurnerView) -> str:
    if view.timer is not None:
        return f"shuts off at {_clock(view.timer.ends_at)}, in {in_words(round(view.timer.remaining_s * 1000))}"
    if view.status in (Status.SHUT_OFF, Status.LOCKED, Status.LOCKOUT):
        return _held(view)
    if view.limit is not None:
        return f"is lit and shuts off at {_clock(view.limit.ends_at)} unless somebody attends to it"
    return "is ready, without a timer" if view.permitted else "is off: its relay is open"


def _held(view: BurnerView) -> str:
    kinds = {hold.kind: hold for hold in view.holds}
    if HoldKind.LOCKOUT in kinds:
        return f"is locked out because of {kinds[HoldKind.LOCKOUT].cause}; turn the knob off, then reset it"
    if HoldKind.INTERLOCK in kinds:
        return f"is off because {kinds[HoldKind.INTERLOCK].cause} is active"
    if HoldKind.LOCK in kinds:
        return f"is locked ({kinds[HoldKind.LOCK].cause})"
    return "is shut off" + ("" if view.permitted else ": its relay is open") + "; turn the knob off"


def _clock(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%H:%M")
