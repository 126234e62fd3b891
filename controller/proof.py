"""Did the cut work? Step and decay of the thermocouple's voltage, or the flame itself, after a relay has opened.

Under a flame the thermocouple is loaded by the magnet's coil. When the relay opens, its voltage steps up to the
open-circuit one; as the flame dies it decays. Step and decay: the gas is off. No step: the contact still closes
the loop. A step and no decay: the valve stays open, or another flame heats the probe. The windows differ: a step
comes at once or never, while a probe takes its time to cool.
"""

from dataclasses import dataclass
from enum import StrEnum

from controller.events import Proof
from controller.terms import Contact, Flame, Reading
from hardware.clock import Millis

STEP_WITHIN: Millis = 2_500  # a new keeper after a crash needs 1 s until it measures
STEP_RATIO = 1.2  # open over loaded; 1.7 with a fresh contact, 1.4 with one that is nearly worn out
STEP_READINGS = 3  # so many without a step, before a contact counts as stuck
CONTACT_SETTLES_WITHIN: Millis = 1_000  # a relay needs 10 ms, its debounced contact 100


class Finding(StrEnum):
    """What a proof came to."""

    FLAME_OUT = "flame_out"
    NOTHING_LIT = "nothing_lit"
    CANNOT_TELL = "cannot_tell"
    CONTACT_STUCK = "contact_stuck"
    VALVE_STUCK = "valve_stuck"
    STILL_LIT = "still_lit"
    CROSSED = "crossed"

    @property
    def proof(self) -> Proof:
        """The outcome that a finding stands for."""
        if self is Finding.FLAME_OUT:
            return Proof.CONFIRMED
        return Proof.UNAVAILABLE if self in (Finding.NOTHING_LIT, Finding.CANNOT_TELL) else Proof.FAILED


@dataclass
class CutProof:
    """One cut on its way to being proved. ``observe`` is called with every reading until it finds something."""

    since: Millis
    until: Millis  # the flame has to be out by then
    flame: Flame  # at the cut
    loaded_mv: float | None  # at the cut; None without a thermocouple
    has_contact: bool
    open_mv: float | None = None  # the highest voltage within the step's window
    readings: int = 0  # with a voltage, in that window
    counted_at: Millis | None = None  # the last of them

    def observe(self, now: Millis, reading: Reading) -> Finding | None:
        """Take a reading; the finding, once there is one."""
        flame, contact = reading.flame, reading.contact
        if contact is Contact.CLOSED and now >= self.since + CONTACT_SETTLES_WITHIN:
            return Finding.CONTACT_STUCK
        self._watch_step(now if reading.at is None else reading.at, reading.millivolts)
        if self.flame is not Flame.LIT:
            return self._nothing_to_prove(now)
        if self._stepped() is False:
            if reading.elsewhere:
                return Finding.CROSSED
            return Finding.CONTACT_STUCK if now >= self.since + STEP_WITHIN else None
        if flame is Flame.OUT:
            return Finding.FLAME_OUT if self._stepped() or self.loaded_mv is None else Finding.CANNOT_TELL
        return self._overdue(flame) if now >= self.until else None

    def _watch_step(self, at: Millis, millivolts: float | None) -> None:
        if millivolts is None or at == self.counted_at or not self.since < at <= self.since + STEP_WITHIN:
            return
        self.counted_at = at
        self.readings += 1
        self.open_mv = max(millivolts, self.open_mv or millivolts)

    def _stepped(self) -> bool | None:
        """Whether the voltage stepped up; None where it was not measured often enough to say so."""
        if self.loaded_mv is None or self.open_mv is None:
            return None
        if self.open_mv >= STEP_RATIO * self.loaded_mv:
            return True
        return False if self.readings >= STEP_READINGS else None

    def _nothing_to_prove(self, now: Millis) -> Finding | None:
        if self.has_contact and now < self.since + CONTACT_SETTLES_WITHIN:
            return None
        return Finding.NOTHING_LIT if self.flame is Flame.OUT else Finding.CANNOT_TELL

    def _overdue(self, flame: Flame) -> Finding:
        if flame is Flame.UNKNOWN:
            return Finding.CANNOT_TELL
        return Finding.VALVE_STUCK if self._stepped() else Finding.STILL_LIT
