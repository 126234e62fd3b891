"""What buzzers and lamps at the stove say, and what the hood's relay does."""

from collections.abc import Iterable

from controller.burner import Burner
from controller.config_wiring import OutputConfig
from controller.terms import HoldKind, Status
from hardware.clock import MINUTE, SECOND, Millis

SOUNDS_FOR: Millis = 10 * MINUTE  # a lockout; a lamp goes on showing it
CUT_SOUNDS_FOR: Millis = 3 * SECOND


def pattern(output: OutputConfig, burners: Iterable[Burner], hood: bool, now: Millis) -> str:
    """The pattern that the output should play, by the name that the keeper knows."""
    if output.kind == "hood":
        return "on" if hood else "off"
    mine = [burner for burner in burners if not output.burners or burner.id in output.burners]
    if any(_alarms(burner, now, forever=output.kind == "led") for burner in mine):
        return "lockout"
    if any(burner.status(now) is Status.ENDING for burner in mine):
        return "warn"
    if output.kind == "led":
        return "on" if any(burner.in_use() and burner.permitted(now) for burner in mine) else "off"
    cuts = [burner.last_shut_off for burner in mine if burner.last_shut_off is not None]
    return "cut" if any(cut.wall is None and now - cut.at < CUT_SOUNDS_FOR for cut in cuts) else "off"


def _alarms(burner: Burner, now: Millis, forever: bool) -> bool:
    lockouts = [hold for hold in burner.holds if hold.kind is HoldKind.LOCKOUT]
    return any(forever or now - hold.since < SOUNDS_FOR for hold in lockouts)
