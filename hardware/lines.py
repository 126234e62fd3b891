"""The keeper's pins: gpiozero, behind the few words that the keeper says to it.

Outputs are active-high and claimed low: gpiozero claims a pin as an input, then as an output at 0, and only
then writes its first value, which is 0 again; so a relay never blips at start. (An active-low output or
``initial_value=True`` would: gpiozero writes the opposite level in between.)
"""

import os
import sys
import tempfile
from importlib.metadata import entry_points
from typing import Any

from gpiozero import InputDevice, OutputDevice
from gpiozero.pins import Factory

from hardware.settings import KeeperSettings

RESTLESS = 6  # polls in a row that disagree; no contact bounces for that long


class NoPins(Exception):
    """The pins cannot be had; the text says which and what to do."""


def open_factory(settings: KeeperSettings) -> Any:
    """The pin factory that the configuration names, never another one. Raises :class:`NoPins`."""
    name = settings.pin_factory
    registered = {point.name: point for point in entry_points(group="gpiozero_pin_factories")}
    if name not in registered:
        raise NoPins(f"keeper.pin_factory: there is no pin factory {name!r}; known are {', '.join(sorted(registered))}")
    if name == "lgpio":  # it makes a pipe in its working folder as it is imported, and fails where it may not
        os.environ.setdefault("LG_WD", os.environ.get("RUNTIME_DIRECTORY", tempfile.gettempdir()))
    try:
        factory_class = registered[name].load()
        if hasattr(factory_class, "for_settings"):  # a simulation has to know what is wired where
            return factory_class.for_settings(settings)
        return factory_class()
    except Exception as error:
        cure = (
            'is lgpio installed (pip install "flameout[pi]", or apt install python3-lgpio), is this a Raspberry Pi, '
            "and is the user in group gpio?"
            if name == "lgpio"
            else "is what it needs installed?"
        )
        raise NoPins(f"keeper.pin_factory: {name!r} does not start ({error}); {cure}") from error


class Relay:
    """One relay line. Energised = high = the gas valve may hold."""

    def __init__(self, pin: int, factory: Factory) -> None:
        try:
            self._device = OutputDevice(pin, active_high=True, initial_value=False, pin_factory=factory)
        except Exception as error:
            raise NoPins(
                f"GPIO {pin} cannot be claimed ({error}); is another program using it? sudo gpioinfo names it"
            ) from error
        self.pin = pin

    def energise(self) -> None:
        """Drive the line high."""
        self._device.on()

    def release(self) -> None:
        """Drive the line low."""
        self._device.off()

    @property
    def high(self) -> bool:
        """The level as read back from the chip: not what was written, and not the relay's contact."""
        return bool(self._device.value)


class Input:
    """A dry contact to ground with the internal pull-up, debounced on polled levels.

    Edges are not used: one exception in an edge callback ends gpiozero's only callback thread for good.
    """

    def __init__(self, pin: int, active: str, factory: Factory) -> None:
        try:
            self._device = InputDevice(pin, pull_up=True, pin_factory=factory)
        except Exception as error:
            raise NoPins(f"GPIO {pin} cannot be claimed as an input ({error})") from error
        self._inverted = active == "high"  # value counts low as active while pulled up
        self._last = self.active = self._read()
        self._restless = 0  # polls in a row that did not agree with the one before

    def poll(self) -> bool:
        """Read the level; True when it means something else now. A level counts once two polls in a row agree."""
        before = self.steady, self.active
        level = self._read()
        self._restless = 0 if level == self._last else min(self._restless + 1, RESTLESS)
        if level == self._last:
            self.active = level
        self._last = level
        return (self.steady, self.active) != before

    @property
    def steady(self) -> bool:
        """Whether there is a level to speak of: False while no two polls agree."""
        return self._restless < RESTLESS

    def _read(self) -> bool:
        return bool(self._device.value) != self._inverted


def release_all(relays: list[Relay]) -> bool:
    """Open every line, whatever happens with one of them; False if a line could not be written."""
    written = True
    for relay in relays:
        try:
            relay.release()
        except Exception as error:  # the others must still open
            print(f"GPIO {relay.pin} cannot be driven low: {error}", file=sys.stderr)
            written = False
    return written
