"""What the drawings compute rather than claim. Ω, A, V, s, F."""

import math

THERMOCOUPLE_LOADED = 0.020  # V, a tired one under load of the electromotive force
HOLD_IN = 0.230  # A, the most that a service manual allows the magnet to need
DROP_OUT = 0.080  # A, the least at which it must have let go
COPPER = 0.0178  # Ω mm²/m
PIN_HIGH = 3.3  # V
SCHOTTKY = 0.25  # V, at microamperes
THRESHOLD_LOW, THRESHOLD_HIGH = 0.65, 1.45  # V, gate threshold of a MOSFET made for 2.5 V gates
CAPACITOR = 220e-9  # C2
BLEED = 1e6  # R2
PUMP = 0.5e-6  # two 1 µF in series
SENSE = 10_000  # each lead


def longest_loop() -> float:
    """Resistance of the whole loop at which the magnet still holds, Ω."""
    return THERMOCOUPLE_LOADED / HOLD_IN


def wire(length: float, area: float) -> float:
    """Resistance of a copper wire of so many m and mm², Ω."""
    return COPPER * length / area


def gate(frequency: float) -> tuple[float, float]:
    """Gate voltage just before and just after an edge, once it is steady, V."""
    fall = math.exp(-1 / frequency / (CAPACITOR * BLEED))
    share = PUMP / (PUMP + CAPACITOR)  # of the way to the top, at each edge
    top = PIN_HIGH - 2 * SCHOTTKY
    high = top * share / (1 - fall * (1 - share))
    return high * fall, high


def hold(frequency: float) -> tuple[float, float]:
    """How long the relay's driver stays on after the last edge: at the least and at the most, s."""
    low, high = gate(frequency)
    constant = CAPACITOR * BLEED
    return constant * math.log(low / THRESHOLD_HIGH), constant * math.log(high / THRESHOLD_LOW)


def stray(volts: float = 5.0) -> float:
    """The current that a fault of the electronics can drive through both sense leads, A."""
    return volts / (2 * SENSE)
