"""The physics of one gas burner with a flame supervision device, for the simulated hob.

The flame heats a thermocouple; its EMF drives a current through thermocouple, leads, relay contact and the coil
of an electromagnet. The magnet can hold the gas valve open against its spring but cannot pull it: only the
pressed knob opens the valve. Time comes from outside as integer ms. EMF curves and threshold crossings are
closed forms, so ``advance`` may be called at any interval and the state is the same.

Left out: relay bounce and switching time, ambient temperature, the delay of a digital flame sensor.
"""

import math
import random
from dataclasses import dataclass
from enum import StrEnum

from hardware.clock import SECOND, Millis

STEADY_EMF = 24.0  # mV, open circuit in a steady flame; stove thermocouples give 18 to 30
HEATING_TAU: Millis = 3 * SECOND
COOLING_TAU: Millis = 10 * SECOND  # with the loop closed drops the valve after 16 s; EN 125 allows 60 s

THERMOCOUPLE_RESISTANCE = 25.0  # mΩ
COIL_RESISTANCE = 25.0  # mΩ
CONTACT_RESISTANCE = 5.0  # mΩ; a relay contact may add 10 at the most
LEADS_RESISTANCE = 5.0  # mΩ
LOAD_RESISTANCE = COIL_RESISTANCE + CONTACT_RESISTANCE + LEADS_RESISTANCE  # mΩ, seen from the thermocouple
LOOP_RESISTANCE = THERMOCOUPLE_RESISTANCE + LOAD_RESISTANCE  # mΩ

HOLD_IN_CURRENT = 230.0  # mA that keep the valve open when the knob is let go; a service manual: at most 230
DROP_OUT_CURRENT = 80.0  # mA below which the spring wins; the same manual: at least 80
HOLD_IN_EMF = HOLD_IN_CURRENT * LOOP_RESISTANCE / 1000  # mV
DROP_OUT_EMF = DROP_OUT_CURRENT * LOOP_RESISTANCE / 1000  # mV

PATIENCE: Millis = 20 * SECOND  # how long a person presses a knob that does not hold
NOISE = 0.05  # mV either way; what amplifier and leads always add, a dozen steps of the converter
NOISE_LASTS: Millis = 100
SPARKS = 3.0  # mV either way; a spark igniter close to unshielded sense leads
FOREIGN = 12.0  # mV; a stray source on the sense leads
FLICKER: Millis = 100  # each way; 5 Hz


class Knob(StrEnum):
    """Where the hand left the knob. Pressed, it holds the valve open by itself."""

    OFF = "off"
    PRESSED = "pressed"
    ON = "on"


class Fault(StrEnum):
    """What can break. Faults add up until they are repaired; an open lead outdoes whatever else a sensor has."""

    CONTACT_STUCK = "contact_stuck"  # the relay's contact is closed whatever its coil does
    VALVE_STUCK = "valve_stuck"  # an open valve stays open until the knob is turned off
    SENSOR_OPEN = "sensor_open"  # a lead is off: reads 0.0 mV and no flame, like a cold probe
    SENSOR_FROZEN = "sensor_frozen"  # the reading keeps its last value
    SENSOR_NOISY = "sensor_noisy"  # ±3 mV, and the digital flame input is random
    FLICKER = "flicker"  # a loose plug: both sensors change between cold and lit at 5 Hz, whatever burns
    FOREIGN_VOLTAGE = "foreign_voltage"  # 12 mV more at the sensor, at once; the magnet feels nothing of them
    # the burner itself feels nothing of these; hardware.simulated does them
    FIRST_STUCK = "first_stuck"  # one of two relays in series is welded
    SECOND_STUCK = "second_stuck"
    CROSSED = "crossed"  # its valve's circuit hangs on the next burner's relay, and that one's on its own
    REFERENCE = "reference"  # the converters' known voltages read 60 mV


@dataclass(frozen=True)
class Reading:
    """What the sensors say: the ADC at the thermocouple (mV), and the digital flame input."""

    millivolts: float
    flame: bool


def noise(source: object, at: Millis) -> float:
    """What is added to every reading, in mV: of its source and 100 ms, not of how often it is read."""
    return random.Random(f"noise {source} {at // NOISE_LASTS}").uniform(-NOISE, NOISE)


@dataclass(frozen=True)
class Probe:
    """The thermocouple's EMF from one change of the flame to the next: first-order, from ``start`` mV on."""

    since: float  # ms on the boot clock
    start: float  # mV
    heated: bool

    def emf(self, at: float) -> float:
        """The open-circuit voltage in mV at an instant in ms."""
        steady, tau = (STEADY_EMF, HEATING_TAU) if self.heated else (0.0, COOLING_TAU)
        return steady + (self.start - steady) * math.exp((self.since - at) / tau)

    def at_least(self, level: float) -> tuple[float, float]:
        """From when until when (ms) the EMF is ``level`` mV or more; the end lies before the start if never."""
        if not self.heated:
            wait = COOLING_TAU * math.log(self.start / level) if self.start >= level else -math.inf
            return self.since, self.since + wait
        short = max(1.0, (STEADY_EMF - self.start) / (STEADY_EMF - level))
        return self.since + HEATING_TAU * math.log(short), math.inf


class SimulatedBurner:
    """One burner at the hob: what a hand, the relay's coil and faults do to it, and what it does by itself.

    >>> burner = SimulatedBurner()
    >>> burner.energise(0)
    >>> burner.light(0)
    >>> burner.advance(20_000)
    >>> burner.knob.value, burner.flame, round(burner.reading.millivolts)
    ('on', True, 14)
    >>> burner.release(20_000)
    >>> burner.flame, round(burner.reading.millivolts)
    (False, 24)

    Whatever happens takes the instant ``now`` in ms; an earlier one than the last counts as the last.
    The properties tell the state at the last instant.
    """

    def __init__(self, seed: int = 0) -> None:
        """A cold burner with the knob off and the relay open; ``seed`` chooses its noise."""
        self.knob = Knob.OFF
        self.valve_open = False
        self.energised = False
        """Whether the relay's coil is, of a pair both; the contact may disagree."""
        self._now: Millis = 0
        self._seed = seed
        self._magnet_holds = False
        self._probe = Probe(0, 0.0, heated=False)
        self._pressed_at: Millis = 0
        self._held = False  # the hand does not let go by itself
        self._changed_at: Millis = 0
        self._faults: set[Fault] = set()
        self._frozen: Reading | None = None

    @property
    def flame(self) -> bool:
        """Whether gas burns; it heats the probe as long as it does."""
        return self._probe.heated

    @property
    def faults(self) -> frozenset[Fault]:
        """What is broken."""
        return frozenset(self._faults)

    @property
    def contact_closed(self) -> bool:
        """Whether the relay's contact closes the magnet's loop."""
        return self.energised or Fault.CONTACT_STUCK in self._faults

    @property
    def emf_mv(self) -> float:
        """The thermocouple's open-circuit voltage in mV, measured or not."""
        return self._probe.emf(self._now)

    @property
    def current_ma(self) -> float:
        """The current through the magnet's coil in mA."""
        return self.emf_mv / LOOP_RESISTANCE * 1000 if self.contact_closed else 0.0

    @property
    def reading(self) -> Reading:
        """What the sensors say, right or wrong."""
        if Fault.SENSOR_OPEN in self._faults:
            return Reading(0.0, flame=False)
        if self._frozen is not None:
            return self._frozen
        emf, flame = self.emf_mv, self.flame
        if Fault.FLICKER in self._faults:
            flame = self._now // FLICKER % 2 == 1
            emf = STEADY_EMF if flame else 0.0
        level = emf * (LOAD_RESISTANCE / LOOP_RESISTANCE if self.contact_closed else 1.0)
        level += noise(self._seed, self._now)
        if Fault.FOREIGN_VOLTAGE in self._faults:
            level += FOREIGN
        if Fault.SENSOR_NOISY in self._faults:
            chance = random.Random(f"{self._seed} {self._now}")  # of the instant, not of how often it is read
            level, flame = level + chance.uniform(-SPARKS, SPARKS), chance.random() < 0.5
        return Reading(level, flame)

    # --- what is done to it ---------------------------------------------------------------------------

    def light(self, now: Millis) -> None:
        """A person presses the knob, lights the gas, and lets go when the magnet would hold, or after 20 s."""
        self.advance(now)
        self.knob, self._pressed_at = Knob.PRESSED, self._now
        self._turn_probe(self._now, heated=True)
        self._follow()

    def hold(self, now: Millis) -> None:
        """A person presses the knob, lights the gas, and does not let go: the valve is open whatever the relay does."""
        self.advance(now)
        self._held = True
        self.light(now)

    def let_go(self, now: Millis) -> None:
        """The hand lets a pressed knob go; the magnet holds the valve if it can by now."""
        self.advance(now)
        if self.knob is Knob.PRESSED:
            self.knob, self._held = Knob.ON, False
            self._magnet_holds |= self.emf_mv >= HOLD_IN_EMF  # with the loop closed
            self._follow()

    def turn_off(self, now: Millis) -> None:
        """A person turns the knob to off, which shuts the gas without any valve."""
        self.advance(now)
        self.knob, self._held = Knob.OFF, False
        self._follow()

    def blow_out(self, now: Millis) -> None:
        """A draught puts the flame out; gas flows on until the probe has cooled and the magnet lets go."""
        self.advance(now)
        self._turn_probe(self._now, heated=False)
        self._follow()

    def energise(self, now: Millis) -> None:
        """The relay's coil gets its current."""
        self.advance(now)
        self.energised = True
        self._follow()

    def release(self, now: Millis) -> None:
        """The relay's coil loses its current."""
        self.advance(now)
        self.energised = False
        self._follow()

    def fail(self, now: Millis, fault: Fault) -> None:
        """Something breaks, in addition to what is broken already."""
        self.advance(now)
        if fault is Fault.SENSOR_FROZEN:
            self._frozen = self.reading
        self._faults.add(fault)
        self._follow()

    def repair(self, now: Millis) -> None:
        """Nothing is broken any more."""
        self.advance(now)
        self._faults.clear()
        self._frozen = None
        self._follow()

    # --- what it does by itself -----------------------------------------------------------------------

    def advance(self, now: Millis) -> None:
        """Let time pass until ``now``."""
        now = max(now, self._now)
        if self.knob is Knob.PRESSED and not self._held:
            held_from, gives_up = self._hold_in(), self._pressed_at + PATIENCE
            if min(held_from, gives_up) <= now:
                self.knob, self._magnet_holds = Knob.ON, held_from <= gives_up
                self._settle(min(held_from, gives_up))
        if self._magnet_holds and self._drop_out() <= now:
            self._magnet_holds = False
            self._settle(self._drop_out())
        self._now = now

    def _follow(self) -> None:
        """What comes at once of a change from outside."""
        self._changed_at = self._now
        self._settle(self._now)
        self.advance(self._now)

    def _settle(self, at: float) -> None:
        """Valve and flame as knob, magnet and spring have them from ``at`` (ms) on."""
        self._magnet_holds &= self.contact_closed
        stays = self._magnet_holds or (self.valve_open and Fault.VALVE_STUCK in self._faults)
        self.valve_open = self.knob is Knob.PRESSED or (self.knob is Knob.ON and stays)
        if not self.valve_open:
            self._turn_probe(at, heated=False)

    def _hold_in(self) -> float:
        """When (ms) the magnet could take over from the hand; infinite while the loop is open or too cold."""
        start, end = self._probe.at_least(HOLD_IN_EMF)
        start = max(start, self._changed_at)
        return start if self.contact_closed and start <= end else math.inf

    def _drop_out(self) -> float:
        """When (ms) the cooling probe lets the magnet go; infinite under a flame."""
        return self._probe.at_least(DROP_OUT_EMF)[1]

    def _turn_probe(self, at: float, heated: bool) -> None:
        if heated is not self._probe.heated:
            self._probe = Probe(at, self._probe.emf(at), heated)
