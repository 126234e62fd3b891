"""Burners as tests need them, in one line."""

from typing import Any

from controller.burner import Burner
from controller.events import Cause
from controller.terms import Flame, Limits, Reading
from hardware.clock import HOUR, MINUTE, SECOND, Millis

LIMITS = Limits(
    longest_timer=4 * HOUR, unattended=2 * HOUR, extend_total=30 * MINUTE, warn_before=MINUTE, hold_open=10 * SECOND
)
NOW: Millis = 50_000_000  # some instant on the boot clock


def a_burner(**fields: Any) -> Burner:
    """A burner without a flame sensor, ready."""
    return Burner("left", "Left", **({"limits": LIMITS} | fields))


def a_sensing_burner(**fields: Any) -> Burner:
    """A burner whose flame is measured and out."""
    burner = a_burner(senses_flame=True, **fields)
    burner.observe(NOW, Reading(Flame.OUT))
    return burner


def a_lit_burner(**fields: Any) -> Burner:
    """A burner whose flame has been lit since ``NOW``."""
    burner = a_sensing_burner(**fields)
    burner.observe(NOW, Reading(Flame.LIT))
    return burner


def a_timed_burner(duration: Millis = 20 * MINUTE, **fields: Any) -> Burner:
    """A burner whose timer was started at ``NOW``."""
    burner = a_burner(**fields)
    burner.start_timer(NOW, duration, "phone:Anna")
    return burner


def a_cut_burner(**fields: Any) -> Burner:
    """A burner that was shut off at ``NOW``."""
    burner = a_burner(**fields)
    burner.shut_off(NOW, Cause.USER, "phone:Anna")
    return burner
