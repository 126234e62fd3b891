"""What the drawings compute rather than claim. Ω, A, V, s, F."""

import math
from dataclasses import dataclass

THERMOCOUPLE = 0.020  # V, the electromotive force of a tired one
HOLD_IN = 0.230  # A, the most that a service manual allows the magnet to need
DROP_OUT = 0.080  # A, below which that magnet has surely let go
COPPER = 0.0178  # Ω mm²/m
PIN_HIGH = 3.3  # V
SUPPLY = 5.0  # V, the most that the electronics have
SCHOTTKY = 0.25  # V, at microamperes
THRESHOLD_LOW, THRESHOLD_HIGH = 0.65, 1.45  # V, gate threshold of a MOSFET made for 2.5 V gates
SENSE = 10_000  # each lead
CONVERTER = 710_000  # ADS1115, between an input and ground in the range of ±0.256 V (SBAS444, table of input impedance)
PULL_UP = 3_300  # of a contact that is read, so that 1 mA keeps it clean


@dataclass(frozen=True)
class Pump:
    """The charge pump at a relay's driver; the defaults are what is drawn."""

    series: float = 5e-6  # C1a and C1b, 10 µF each, in series
    store: float = 2.2e-6  # C2
    bleed: float = 100e3  # R2a and R2b, 200 kΩ each, in parallel

    def gate(self, frequency: float) -> tuple[float, float]:
        """Gate voltage just before and just after an edge, once it is steady."""
        fall = math.exp(-1 / frequency / (self.store * self.bleed))
        share = self.series / (self.series + self.store)  # of the way to the top, at each edge
        high = self.first_edge() / (1 - fall * (1 - share))
        return high * fall, high

    def first_edge(self) -> float:
        """Gate voltage after one edge from nothing."""
        return (PIN_HIGH - 2 * SCHOTTKY) * self.series / (self.series + self.store)

    def hold(self, frequency: float) -> tuple[float, float]:
        """How long the relay's driver stays on after the last edge: at the least and at the most."""
        low, high = self.gate(frequency)
        constant = self.store * self.bleed
        return constant * math.log(low / THRESHOLD_HIGH), constant * math.log(high / THRESHOLD_LOW)


DRAWN = Pump()
SLOW = Pump(series=4e-6, store=2.42e-6, bleed=101e3)  # C2 10 % over, R2 1 % over, C1 at 80 % under its voltage
FAST = Pump(series=4e-6, store=1.98e-6, bleed=99e3)
BLEED_OPEN = Pump(bleed=200e3)
C1_SHORTED = Pump(series=10e-6)


def d2_shorted(frequency: float) -> float:
    """The longest hold with D2 shorted: C1 and C2 then discharge together through R2."""
    top = DRAWN.gate(frequency)[1]
    return (DRAWN.series + DRAWN.store) * DRAWN.bleed * math.log(top / THRESHOLD_LOW)


def c2_broken() -> float:
    """The longest hold without C2: what C1 passed on an edge goes through R2."""
    return DRAWN.series * DRAWN.bleed * math.log((PIN_HIGH - 2 * SCHOTTKY) / THRESHOLD_LOW)


def longest_loop() -> float:
    """Resistance of the whole loop at which the magnet still holds."""
    return THERMOCOUPLE / HOLD_IN


def wire(length: float, area: float) -> float:
    """Resistance of a copper wire of so many m and mm²."""
    return COPPER * length / area


def stray() -> float:
    """The most that one fault of the electronics drives into the loop.

    Through one sense resistor only: the current may come back by the stove's body and an earthed supply.
    """
    return SUPPLY / SENSE


def reads_low() -> float:
    """The share of the voltage that the converter does not see, since it loads both resistors."""
    return 2 * SENSE / (2 * SENSE + CONVERTER)
