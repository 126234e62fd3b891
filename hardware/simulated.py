"""The simulated hob as a gpiozero pin factory: a stove without gas for the demo, tests and development.

    [keeper]
    pin_factory = "simulated"

Relay pins drive the physics of :mod:`hardware.hob`, steadily or by pulses, singly or in series; contact, flame,
interlock and button pins are dry contacts to ground that read it back at the clock's instant. Levels have to be
polled: inputs call nobody when they change.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Self

from gpiozero.pins.mock import MockFactory, MockPin

from hardware.clock import BootClock, Clock, Millis
from hardware.hob import Fault, SimulatedBurner, noise
from hardware.settings import HardInput, KeeperSettings, Probe, Pulse, Wiring

PI_3B = "a02082"  # any 40-pin header would do; named, so that gpiozero does not ask the environment for one
ADC_STEP = 0.0078125  # mV; an ADS1115 at ±0.256 V (datasheet: 7.8125 µV a bit)
REFERENCE = 100.0  # mV, the known voltage at a converter
WRONG_REFERENCE = 60.0  # mV
BRIDGED = 3  # periods for which a charge pump holds its relay without an edge

HOB_ACTIONS: dict[str, Callable[[SimulatedBurner, Millis], None]] = {
    "light": SimulatedBurner.light,
    "hold": SimulatedBurner.hold,
    "let_go": SimulatedBurner.let_go,
    "off": SimulatedBurner.turn_off,
    "blow_out": SimulatedBurner.blow_out,
    "fault none": SimulatedBurner.repair,
    **{f"fault {fault}": partial(SimulatedBurner.fail, fault=fault) for fault in Fault},
}
INTERLOCK_ACTIONS = {"trip": True, "clear": False}  # and whether the input is active after it
BUTTON_ACTIONS = {"press": True, "let_go": False}
WELDED = (Fault.FIRST_STUCK, Fault.SECOND_STUCK)  # of a pair
OF_PAIRS = frozenset(f"fault {fault}" for fault in WELDED)


class SimulatedPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin of the simulated hob. An output tells the factory its changes; an input is what is wired to it."""

    def _get_state(self) -> bool:
        return bool(self._state) and not self.factory.grounded(self._number)

    def _change_state(self, value: bool) -> bool:
        changed = bool(super()._change_state(value))
        if changed and self._function == "output":
            self.factory.drive(self._number, value)
        return changed

    def _set_function(self, value: str) -> None:
        if value != self._function:
            self._change_state(False)  # outputs are claimed at 0; a relay driver left alone has its pull-down
        super()._set_function(value)


class Coil:
    """A relay's coil behind its driver. A pulsed driver holds it only while edges keep coming."""

    def __init__(self, pulse: Pulse | None) -> None:
        self.energised = False
        self.drops_at: float = math.inf  # ms, unless another edge comes before
        self._bridged = BRIDGED * (pulse.on + pulse.off) if pulse is not None else None  # ms

    def drive(self, now: Millis, high: bool) -> None:
        """An edge at the driver's input."""
        if self._bridged is None:
            self.energised = high
        else:
            self.energised |= high
            self.drops_at = now + self._bridged if self.energised else math.inf

    def drop(self) -> None:
        """The driver has bridged the time since the last edge for as long as it can."""
        self.energised, self.drops_at = False, math.inf


class SimulatedFactory(MockFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins with a hob behind them, wired as the settings say; without settings nothing is wired.

    >>> from gpiozero import OutputDevice
    >>> from hardware.settings import keeper_settings
    >>> factory = SimulatedFactory.for_settings(keeper_settings({}))
    >>> relay = OutputDevice(17, initial_value=False, pin_factory=factory)
    >>> relay.on()
    >>> factory.simulate("left", "light")
    """

    def __init__(self, settings: KeeperSettings | None = None, clock: Clock | None = None) -> None:
        super().__init__(revision=PI_3B, pin_class=SimulatedPin)
        self._clock: Clock = BootClock() if clock is None else clock
        self._burners: dict[str, SimulatedBurner] = {}
        self._coils: dict[str, tuple[Coil, ...]] = {}  # by burner, one or two in series
        self._drivers: dict[int, Coil] = {}
        self._crossed: list[tuple[str, str]] = []  # burners whose circuits were swapped, in this order
        self._inputs: dict[int, tuple[str, Callable[[], bool]]] = {}  # pin: level when active, whether it is
        self._thermocouples: set[str] = set()
        self._interlocks: dict[str, HardInput] = {}
        self._buttons: dict[str, HardInput] = {}
        self._active: set[int] = set()  # pins of interlocks and buttons
        if settings is not None:
            self._wire(settings)

    @classmethod
    def for_settings(cls, settings: KeeperSettings) -> Self:
        """The factory with a hob wired like ``settings``, on the boot clock."""
        return cls(settings)

    def _wire(self, settings: KeeperSettings) -> None:
        for seed, wiring in enumerate(settings.burners):
            self._wire_burner(wiring, SimulatedBurner(seed))
        self._interlocks = {entry.id: entry for entry in settings.inputs}
        self._buttons = {entry.id: entry for entry in settings.buttons}
        for entry in (*settings.inputs, *settings.buttons):
            self._inputs[entry.pin] = entry.active, partial(self._active.__contains__, entry.pin)

    def _wire_burner(self, wiring: Wiring, burner: SimulatedBurner) -> None:
        self._burners[wiring.id] = burner
        self._coils[wiring.id] = tuple(Coil(wiring.pulse) for _ in wiring.relays)
        self._drivers.update(zip(wiring.relays, self._coils[wiring.id], strict=True))
        if wiring.contact is not None:  # beside the relay, so it goes where that one's circuit goes
            self._inputs[wiring.contact] = (
                wiring.contact_active,
                lambda: self._advanced(self._circuits()[wiring.id]).contact_closed,
            )
        if wiring.flame_pin is not None:
            self._inputs[wiring.flame_pin] = wiring.flame_active, lambda: self._advanced(burner).reading.flame
        if wiring.probe:
            self._thermocouples.add(wiring.id)

    # --- what happens by itself -----------------------------------------------------------------------

    def _advanced(self, burner: SimulatedBurner) -> SimulatedBurner:
        self._advance()
        return burner

    def _advance(self) -> Millis:
        """Let time pass until now: pulsed relays drop at their instants, and the burners feel it there."""
        now = self._clock.now()
        for coil in sorted(self._drivers.values(), key=lambda coil: coil.drops_at):
            if (dropped_at := coil.drops_at) <= now:
                coil.drop()
                self._switch(Millis(dropped_at))
        for burner in self._burners.values():
            burner.advance(now)
        return now

    def _switch(self, at: Millis) -> None:
        """Open and close the valves' circuits as the relays have them."""
        for name, burner in self._circuits().items():
            closed = self._closed(name)
            if closed is not burner.energised:
                (burner.energise if closed else burner.release)(at)

    def _closed(self, name: str) -> bool:
        """Whether a burner's relays close the circuit that hangs on them; two of them do in series."""
        faults = self._burners[name].faults
        return all(coil.energised or welded in faults for coil, welded in zip(self._coils[name], WELDED, strict=False))

    def _circuits(self) -> dict[str, SimulatedBurner]:
        """Whose circuit hangs on each burner's relays."""
        circuits = dict(self._burners)
        for one, other in self._crossed:
            circuits[one], circuits[other] = circuits[other], circuits[one]
        return circuits

    # --- from the outside -----------------------------------------------------------------------------

    def simulate(self, burner: str, action: str) -> None:
        """Do what a hand, a draught or wear would do at a burner, trip an interlock, or press a button.

        Raises ``ValueError`` with a sentence that names what is known.
        """
        if burner in self._burners:
            self._act(self._advance(), burner, action)
        elif burner in self._interlocks:
            self._move(self._interlocks[burner], "interlock", INTERLOCK_ACTIONS, action)
        elif burner in self._buttons:
            self._move(self._buttons[burner], "button", BUTTON_ACTIONS, action)
        else:
            raise self._unknown(burner)

    def millivolts(self, burner: str) -> float | None:
        """The burner's thermocouple as an ADS1115 would read it, in mV; None where none is wired."""
        if burner not in self._burners:
            raise self._unknown(burner)
        if burner not in self._thermocouples:
            return None
        return _in_steps(self._advanced(self._burners[burner]).reading.millivolts)

    def reference_millivolts(self, probe: Probe) -> float:
        """The known voltage at a converter's channel, in mV."""
        if any(Fault.REFERENCE in burner.faults for burner in self._burners.values()):
            return WRONG_REFERENCE
        return _in_steps(REFERENCE + noise(f"{probe.adc} {probe.channel}", self._clock.now()))

    def level_changed(self, pin: int, high: bool) -> None:
        """An output's level changed, and the hob has felt it. Does nothing; for a test to override."""

    def _act(self, now: Millis, name: str, action: str) -> None:
        act = HOB_ACTIONS.get(action)
        if act is None:
            raise ValueError(f"a simulated burner cannot {action!r}; it knows {', '.join(HOB_ACTIONS)}")
        if action in OF_PAIRS and len(self._coils[name]) == 1:
            raise ValueError(f"{name!r} has one relay, so {action!r} needs a second_pin; use 'fault contact_stuck'")
        if action == f"fault {Fault.CROSSED}":
            self._cross(name)
        else:
            act(self._burners[name], now)
        if action == "fault none":
            self._crossed = [pair for pair in self._crossed if name not in pair]
        self._switch(now)

    def _cross(self, name: str) -> None:
        names = list(self._burners)
        if len(names) == 1:
            raise ValueError(f"{name!r} is the only burner, so its relay cannot be crossed with another one's")
        following = names[(names.index(name) + 1) % len(names)]
        pair = min(name, following), max(name, following)
        if pair not in self._crossed:  # two burners are each other's next
            self._crossed.append(pair)

    def _move(self, contact: HardInput, kind: str, actions: Mapping[str, bool], action: str) -> None:
        if action not in actions:
            raise ValueError(f"a simulated {kind} cannot {action!r}; it knows {', '.join(actions)}")
        (self._active.add if actions[action] else self._active.discard)(contact.pin)

    def _unknown(self, name: str) -> ValueError:
        known = [*self._burners, *sorted(self._interlocks), *sorted(self._buttons)]
        return ValueError(
            f"the simulated hob has no {name!r}; known are {', '.join(known) or 'none, for nothing is wired'}"
        )

    # --- from the pins --------------------------------------------------------------------------------

    def drive(self, pin: int, high: bool) -> None:
        """An output took a new level; where it is a relay's, its driver feels the edge."""
        coil = self._drivers.get(pin)
        if coil is not None:
            now = self._advance()
            coil.drive(now, high)
            self._switch(now)
        self.level_changed(pin, high)

    def grounded(self, pin: int) -> bool:
        """Whether the dry contact wired to an input is closed; ``active = "high"`` is a normally-closed one."""
        if pin not in self._inputs:
            return False
        active_level, active = self._inputs[pin]
        return active() == (active_level == "low")


def _in_steps(millivolts: float) -> float:
    """As the converter gives it."""
    return round(millivolts / ADC_STEP) * ADC_STEP
