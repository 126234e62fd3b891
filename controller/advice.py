"""A lockout in words: what is known, and what somebody at the stove has to do."""

from controller.burner import FAULTS, Burner
from controller.terms import HoldKind

CLOSE_THE_TAP = "Turn the knob off and close the gas tap."
CAUSES = {
    "contact_stuck": f"its relay's contact stays closed, so it cannot be shut off. {CLOSE_THE_TAP} Replace the relay.",
    "valve_stuck": f"the flame burns on although the relay is open. {CLOSE_THE_TAP} Have the gas valve looked at.",
    "still_lit": f"the flame burns on although the relay was told to open. {CLOSE_THE_TAP} "
    "Have relay and valve looked at.",
    "crossed": f"its relay cuts another burner. {CLOSE_THE_TAP} Swap the leads, and run flameout selftest.",
    "foreign_voltage": f"a voltage that no flame makes feeds its circuit. {CLOSE_THE_TAP} Check the sense leads.",
    "journal unreadable": "what stood in the journal cannot be read, and a lockout may have been in it. "
    "Look at the stove, then reset.",
}


def advice(burner: Burner) -> str | None:
    """What to do about a lockout, in a sentence, the gravest where there are several; None where there is none."""
    causes = [hold.cause for hold in burner.holds if hold.kind is HoldKind.LOCKOUT]
    if not causes:
        return None
    return lockout(burner.name, next((cause for cause in causes if cause in FAULTS), causes[0]))


def lockout(name: str, cause: str) -> str:
    """What to do about a lockout for this cause, in a sentence."""
    return f"{name} is locked out: {CAUSES.get(cause, f'{cause} was active. End its cause, then reset.')}"
