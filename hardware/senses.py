"""What the keeper measures: contacts, flames, hard inputs and, where the pins can, thermocouples."""

from typing import Any

from hardware.clock import Millis
from hardware.lines import Input, NoPins
from hardware.protocol import Message
from hardware.settings import KeeperSettings

HURRIED: Millis = 50  # between polls where an input opens every line; levels count after two equal polls
UNHURRIED: Millis = 100  # where there are contacts and flames only; a relay needs 10 ms, a tired one 30


class Senses:
    """The inputs of one configuration, polled."""

    def __init__(self, settings: KeeperSettings, factory: Any) -> None:
        """Claim every input. Raises :class:`NoPins`."""
        self._factory = factory
        self._contacts = {
            w.id: Input(w.contact, w.contact_active, factory) for w in settings.burners if w.contact is not None
        }
        self._flames = {
            w.id: Input(w.flame_pin, w.flame_active, factory) for w in settings.burners if w.flame_pin is not None
        }
        self._inputs = {entry.id: Input(entry.pin, entry.active, factory) for entry in settings.inputs}
        self._thermocouples = [wiring.id for wiring in settings.burners if wiring.probe]
        if self._thermocouples and not hasattr(factory, "millivolts"):
            raise NoPins(
                f"burner {self._thermocouples[0]}: flame.kind: this version reads thermocouples on simulated "
                'pins only; use kind = "digital" or leave flame out'
            )
        self.every: Millis = HURRIED if self._inputs else UNHURRIED

    def tripped(self) -> set[str]:
        """The hard inputs that are active."""
        return {name for name, hard_input in self._inputs.items() if hard_input.active}

    def poll(self) -> bool:
        """Read every level once; True when something that counts has changed."""
        sensors = (*self._inputs.values(), *self._contacts.values(), *self._flames.values())
        return sum(sensor.poll() for sensor in sensors) > 0  # each of them, not only up to the first change

    def report(self) -> Message:
        """The present readings, for the controller."""
        return {
            "type": "sensed",
            "contacts": {name: contact.active for name, contact in self._contacts.items()},
            "flames": {name: flame.active for name, flame in self._flames.items()},
            "inputs": {name: hard_input.active for name, hard_input in self._inputs.items()},
            "millivolts": {name: self._factory.millivolts(name) for name in self._thermocouples},
        }
