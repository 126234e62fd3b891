"""From a sensor's readings to lit, out or unknown. What cannot be believed is unknown, never out.

A thermocouple under a flame follows a curve: it heats and cools within seconds, it never stands quite still, and
only its relay makes it jump. Whatever breaks that (rails, a value that is frozen, an impossible jump, an open
lead) makes the flame unknown, and a flame that was lit before such trouble is not believed to be out until it
has been seen again, or somebody restarts.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from controller.terms import Flame
from hardware.clock import SECOND, Millis

PLAUSIBLE_MV = (-5.0, 60.0)  # a stove's thermocouple gives 0 to 30 mV; beyond this something else speaks
COLD_MV = 1.0
FASTEST_MV_PER_S = 15.0  # heating with a time constant of 2 s towards 30 mV
FASTEST_TAU: Millis = 2 * SECOND  # nor does a probe cool faster, so even a late reading shows a lead that opened
SLACK_MV = 1.5  # what noise adds
SWITCH_RATIO = 2.5  # a relay's switching multiplies or divides the voltage by no more than that
SWITCHING: Millis = 2 * SECOND  # after a relay was told to switch, its step may come
FROZEN_AFTER: Millis = 1_500
FROZEN_READINGS = 10
FROZEN_COLD_AFTER: Millis = 30 * SECOND  # the steps of a converter can hide the little that a cold probe does
CLEAN_FOR: Millis = 5 * SECOND  # readings have to be right for so long after trouble
COLD_BEFORE: Millis = SECOND  # what jumps up from a cold probe was cold for so long, so that no spark counts
FOREIGN_AFTER: Millis = 2 * SECOND
STEP_RATIO = 1.2  # a loaded voltage that becomes an open one rises by 1.4 to 1.7
FLICKERS = 6  # changes of a digital sensor that no hand makes within so long
FLICKERS_WITHIN: Millis = 30 * SECOND
CALM_FOR: Millis = 10 * SECOND


@dataclass
class Thermocouple:
    """Lit above one voltage, out below another (mV); between the two it stays what it was."""

    lit_above_mv: float
    out_below_mv: float
    last: Flame = Flame.UNKNOWN
    believed_mv: float | None = None
    trouble: str | None = None  # what is wrong with the readings, as the end of a sentence
    foreign: bool = False  # a voltage came without an ignition curve, and stayed
    stepped_at: Millis | None = None  # when it stepped up as if its relay had opened, which it had not
    _before: tuple[Millis, float] | None = None  # the reading before
    _moved: float = 0.0  # by the reading before
    _same_since: Millis = 0
    _same: int = 0  # readings
    _trouble_at: Millis | None = None
    _distrusted: bool = False  # trouble came over a lit flame: out is not believed until it was lit again
    _cold_since: Millis | None = None
    _risen_at: Millis | None = None  # a jump up from cold

    def read(self, now: Millis, millivolts: float | None, switched: bool = False) -> Flame:
        """The flame by this reading; ``switched``: the relay was told to switch within :data:`SWITCHING`."""
        found = self._judge(now, millivolts, switched)
        if found is not None:
            if self._trouble_at is None or now - self._trouble_at >= CLEAN_FOR:
                self.trouble = found  # what it began with, so that the sentence does not change with every reading
            self._trouble_at = now
            self._distrusted |= self.last is Flame.LIT
        elif self._trouble_at is not None and now - self._trouble_at >= CLEAN_FOR:
            self.trouble = "fell without cooling down; light it once, so that it is believed again"
            self.trouble = self.trouble if self._distrusted else None
        self._moved = millivolts - self._before[1] if millivolts is not None and self._before is not None else 0.0
        self._before = (now, millivolts) if millivolts is not None else None
        self._watch_foreign(now, millivolts)
        clean = self._trouble_at is None or now - self._trouble_at >= CLEAN_FOR
        self.believed_mv = millivolts if clean and not self.foreign else None
        self.last = self._flame()
        return self.last

    def forget(self) -> None:
        """Nobody measured for a while: the next reading may be anything."""
        self._before = self.believed_mv = self._cold_since = self._risen_at = None
        self.last = Flame.UNKNOWN

    def _judge(self, now: Millis, millivolts: float | None, switched: bool) -> str | None:
        """Why this reading cannot be one."""
        lowest, highest = PLAUSIBLE_MV
        if millivolts is None:
            return "gives no reading"
        if not lowest <= millivolts <= highest:
            return f"reads {millivolts:.1f} mV, which no thermocouple gives"
        if self._before is None:
            self._same_since, self._same = now, 0
            return None
        at, before = self._before
        if millivolts == before:
            return self._frozen(now, millivolts)
        self._same_since, self._same = now, 0
        return self._jumped(now, before, now - at, millivolts, switched) or self._wagged(millivolts - before, switched)

    def _frozen(self, now: Millis, millivolts: float) -> str | None:
        self._same += 1
        if abs(millivolts) < COLD_MV:
            frozen = now - self._same_since >= FROZEN_COLD_AFTER
        else:
            frozen = now - self._same_since >= FROZEN_AFTER and self._same >= FROZEN_READINGS
        return f"stands still at {millivolts:.2f} mV, which no thermocouple does" if frozen else None

    def _jumped(self, now: Millis, before: float, took: Millis, millivolts: float, switched: bool) -> str | None:
        left, risen = math.exp(-took / FASTEST_TAU), FASTEST_MV_PER_S * took / 1000
        low, high = before * left - SLACK_MV, before + risen + SLACK_MV
        if switched:
            low, high = min(low, before / SWITCH_RATIO * left - SLACK_MV), max(high, before * SWITCH_RATIO + risen)
        if low <= millivolts <= high:
            return None
        was_cold = self._cold_since is not None and now - self._cold_since >= COLD_BEFORE
        if was_cold and not self._distrusted and millivolts >= self.lit_above_mv:  # no lead that came back to a flame
            self._risen_at = now
        elif self.last is Flame.LIT and STEP_RATIO <= millivolts / before <= SWITCH_RATIO:  # no noise that goes on
            self.stepped_at = now
        return f"jumped from {before:.1f} to {millivolts:.1f} mV, which no flame does"

    def _wagged(self, moved: float, switched: bool) -> str | None:
        there_and_back = moved * self._moved < 0 and min(abs(moved), abs(self._moved)) > SLACK_MV
        return f"wags by {abs(moved):.1f} mV, which no flame does" if there_and_back and not switched else None

    def _watch_foreign(self, now: Millis, millivolts: float | None) -> None:
        """A voltage that jumped up from cold and stays is not a flame's: something else feeds the circuit."""
        if millivolts is not None and abs(millivolts) < COLD_MV:
            self._cold_since = self._cold_since if self._cold_since is not None else now
            self.foreign = False
        else:
            self._cold_since = None
        if self._risen_at is None:
            return
        if millivolts is None or not millivolts >= self.lit_above_mv:
            self._risen_at = None
        elif now - self._risen_at >= FOREIGN_AFTER:
            self.foreign, self._risen_at = True, None

    def _flame(self) -> Flame:
        if self.believed_mv is None:
            return Flame.UNKNOWN
        if self.believed_mv > self.lit_above_mv:
            self._distrusted, self.trouble = False, None
            return Flame.LIT
        if self._distrusted:
            return Flame.UNKNOWN
        return Flame.OUT if self.believed_mv < self.out_below_mv else self.last


@dataclass
class DigitalFlame:
    """A sensor with a switched output. One that flickers says nothing."""

    trouble: str | None = None
    _last: bool | None = None
    _changes: deque[Millis] = field(default_factory=deque)

    def read(self, now: Millis, lit: bool | None) -> Flame:
        """The flame by this reading; None where there is none."""
        if lit is None:
            self._last = None
            self.trouble = "gives no reading"
            return Flame.UNKNOWN
        if self._last is not None and lit is not self._last:
            self._changes.append(now)
        self._last = lit
        while self._changes and now - self._changes[0] > FLICKERS_WITHIN:
            self._changes.popleft()
        flickered = len(self._changes) >= FLICKERS
        calm = not self._changes or now - self._changes[-1] >= CALM_FOR
        if flickered and not calm:
            self.trouble = "flickers, which no flame does"
        elif calm:
            self.trouble = None
            if flickered:
                self._changes.clear()
        if self.trouble is not None:
            return Flame.UNKNOWN
        return Flame.LIT if lit else Flame.OUT
