"""From a sensor's reading to lit, out or unknown. What cannot be a reading is unknown, never out."""

from dataclasses import dataclass

from controller.terms import Flame

PLAUSIBLE_MV = (-5.0, 60.0)  # a stove's thermocouple gives 0 to 30 mV; beyond this something else speaks


@dataclass
class Thermocouple:
    """Lit above one voltage, out below another (mV); between the two it stays what it was."""

    lit_above_mv: float
    out_below_mv: float
    last: Flame = Flame.UNKNOWN

    def read(self, millivolts: float | None) -> Flame:
        """The flame by this reading."""
        lowest, highest = PLAUSIBLE_MV
        if millivolts is None or not lowest <= millivolts <= highest:
            self.last = Flame.UNKNOWN
        elif millivolts > self.lit_above_mv:
            self.last = Flame.LIT
        elif millivolts < self.out_below_mv or self.last is Flame.UNKNOWN:
            self.last = Flame.OUT if millivolts < self.out_below_mv else Flame.UNKNOWN
        return self.last
