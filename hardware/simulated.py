"""The simulated hob as a gpiozero pin factory: a stove without gas for the demo, tests and development.

    [keeper]
    pin_factory = "simulated"

Relay pins drive the physics of :mod:`hardware.hob`; contact, flame and interlock pins are dry contacts to ground
that read it back at the clock's instant. Levels have to be polled: inputs call nobody when they change.
"""

from collections.abc import Callable
from functools import partial
from typing import Self

from gpiozero.pins.mock import MockFactory, MockPin

from hardware.clock import BootClock, Clock, Millis
from hardware.hob import Fault, SimulatedBurner
from hardware.settings import KeeperSettings, Wiring

PI_3B = "a02082"  # any 40-pin header would do; named, so that gpiozero does not ask the environment for one
ADC_STEP = 0.0078125  # mV; an ADS1115 at ±0.256 V (datasheet: 7.8125 µV a bit)

HOB_ACTIONS: dict[str, Callable[[SimulatedBurner, Millis], None]] = {
    "light": SimulatedBurner.light,
    "off": SimulatedBurner.turn_off,
    "blow_out": SimulatedBurner.blow_out,
    "fault none": SimulatedBurner.repair,
    **{f"fault {fault}": partial(SimulatedBurner.fail, fault=fault) for fault in Fault},
}
INTERLOCK_ACTIONS = ("trip", "clear")


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
        self._relays: dict[int, SimulatedBurner] = {}
        self._inputs: dict[int, tuple[str, Callable[[], bool]]] = {}  # pin: level when active, whether it is
        self._thermocouples: set[str] = set()
        self._interlocks: set[str] = set()
        self._tripped: set[str] = set()
        if settings is not None:
            self._wire(settings)

    @classmethod
    def for_settings(cls, settings: KeeperSettings) -> Self:
        """The factory with a hob wired like ``settings``, on the boot clock."""
        return cls(settings)

    def _wire(self, settings: KeeperSettings) -> None:
        for seed, wiring in enumerate(settings.burners):
            self._wire_burner(wiring, SimulatedBurner(seed))
        for entry in settings.inputs:
            self._interlocks.add(entry.id)
            self._inputs[entry.pin] = entry.active, partial(self._tripped.__contains__, entry.id)

    def _wire_burner(self, wiring: Wiring, burner: SimulatedBurner) -> None:
        self._burners[wiring.id] = self._relays[wiring.relay] = burner
        if wiring.contact is not None:
            self._inputs[wiring.contact] = wiring.contact_active, lambda: self._advanced(burner).contact_closed
        if wiring.flame_pin is not None:
            self._inputs[wiring.flame_pin] = wiring.flame_active, lambda: self._advanced(burner).reading.flame
        if wiring.probe:
            self._thermocouples.add(wiring.id)

    def _advanced(self, burner: SimulatedBurner) -> SimulatedBurner:
        burner.advance(self._clock.now())
        return burner

    # --- from the outside -----------------------------------------------------------------------------

    def simulate(self, burner: str, action: str) -> None:
        """Do what a hand, a draught or wear would do at a burner, or trip and clear an interlock.

        Raises ``ValueError`` with a sentence that names what is known.
        """
        if burner in self._burners:
            act = HOB_ACTIONS.get(action)
            if act is None:
                raise ValueError(f"a simulated burner cannot {action!r}; it knows {', '.join(HOB_ACTIONS)}")
            act(self._burners[burner], self._clock.now())
        elif burner in self._interlocks:
            self._move_interlock(burner, action)
        else:
            raise self._unknown(burner)

    def millivolts(self, burner: str) -> float | None:
        """The burner's thermocouple as an ADS1115 would read it, in mV; None where none is wired."""
        if burner not in self._burners:
            raise self._unknown(burner)
        if burner not in self._thermocouples:
            return None
        return round(self._advanced(self._burners[burner]).reading.millivolts / ADC_STEP) * ADC_STEP

    def level_changed(self, pin: int, high: bool) -> None:
        """An output's level changed, and the hob has felt it. Does nothing; for a test to override."""

    def _move_interlock(self, name: str, action: str) -> None:
        if action not in INTERLOCK_ACTIONS:
            raise ValueError(f"a simulated interlock cannot {action!r}; it knows {', '.join(INTERLOCK_ACTIONS)}")
        if action == "trip":
            self._tripped.add(name)
        else:
            self._tripped.discard(name)

    def _unknown(self, name: str) -> ValueError:
        known = ", ".join([*self._burners, *sorted(self._interlocks)]) or "none, for nothing is wired"
        return ValueError(f"the simulated hob has no {name!r}; known are {known}")

    # --- from the pins --------------------------------------------------------------------------------

    def drive(self, pin: int, high: bool) -> None:
        """An output took a new level; a relay's coil follows it."""
        burner = self._relays.get(pin)
        if burner is not None:
            (burner.energise if high else burner.release)(self._clock.now())
        self.level_changed(pin, high)

    def grounded(self, pin: int) -> bool:
        """Whether the dry contact wired to an input is closed; ``active = "high"`` is a normally-closed one."""
        if pin not in self._inputs:
            return False
        active_level, active = self._inputs[pin]
        return active() == (active_level == "low")
