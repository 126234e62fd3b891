"""What the keeper measures: contacts, flames, hard inputs, buttons and, where the pins are simulated, thermocouples."""

from typing import Any

from hardware.clock import Millis
from hardware.lines import Input
from hardware.protocol import Message
from hardware.settings import KeeperSettings

HURRIED: Millis = 50  # between polls where an input opens every line; levels count after two equal polls
UNHURRIED: Millis = 100  # where there are contacts and flames only; a relay needs 10 ms, a tired one 30
UNSENSED: Millis = 400  # where there is nothing at all: only what was written is read back
WORTH_TELLING = 0.2  # mV; a step of a thermocouple's voltage is told at once, a cold probe's noise is not
HOT = 1.0  # mV; a hot probe is told of at each poll, so that a frozen one is noticed soon


class Senses:
    """The inputs of one configuration, polled."""

    def __init__(self, settings: KeeperSettings, factory: Any) -> None:
        """Claim every input. Raises :class:`hardware.lines.NoPins`."""
        self._factory = factory
        self._contacts = {
            w.id: Input(w.contact, w.contact_active, factory) for w in settings.burners if w.contact is not None
        }
        self._flames = {
            w.id: Input(w.flame_pin, w.flame_active, factory) for w in settings.burners if w.flame_pin is not None
        }
        self._inputs = {entry.id: Input(entry.pin, entry.active, factory) for entry in settings.inputs}
        self._buttons = {entry.id: Input(entry.pin, entry.active, factory) for entry in settings.buttons}
        # a real converter can block, so hardware.gauges reads it, in a process of its own
        simulated = hasattr(factory, "millivolts")
        self._thermocouples = [wiring.id for wiring in settings.burners if wiring.probe and simulated]
        self._references = settings.references if simulated else ()
        self._told: dict[str, float] = {}  # mV by burner, in the last report
        self.every: Millis = HURRIED if self._inputs or self._buttons else UNHURRIED
        self.soonest: Millis = self.every  # debouncing counts polls, which have to come at an even pace
        sensed = self._inputs, self._buttons, self._contacts, self._flames, self._thermocouples, self._references
        self.blind = not any(sensed)
        if self.blind:
            self.every, self.soonest = UNSENSED, UNSENSED // 2  # no wake-up of its own while the lease's do

    def tripped(self) -> set[str]:
        """The hard inputs that are active; one that flickers too fast to be read may well be."""
        return {name for name, hard_input in self._inputs.items() if hard_input.active or not hard_input.steady}

    def poll(self) -> bool:
        """Read every level once; True when something that counts has changed."""
        sensors = (*self._inputs.values(), *self._buttons.values(), *self._contacts.values(), *self._flames.values())
        changes = sum(sensor.poll() for sensor in sensors)  # each of them, not only up to the first change
        return changes > 0 or any(
            told > HOT or abs(self._factory.millivolts(name) - told) > WORTH_TELLING
            for name, told in self._told.items()
        )

    def report(self) -> Message:
        """The present readings, for the controller."""
        tripped = self.tripped()
        self._told = {name: self._factory.millivolts(name) for name in self._thermocouples}
        return {
            "type": "sensed",
            "contacts": {name: _level(contact) for name, contact in self._contacts.items()},
            "flames": {name: _level(flame) for name, flame in self._flames.items()},
            "inputs": {name: name in tripped for name in self._inputs},
            "buttons": {name: button.active for name, button in self._buttons.items()},
            "millivolts": self._told,
            "references": [self._factory.reference_millivolts(probe) for probe in self._references],
        }


def _level(sensor: Input) -> bool | None:
    """Whether it is active; None while that cannot be said."""
    return sensor.active if sensor.steady else None
