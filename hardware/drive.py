"""What a line drives: one relay or two in series, steadily or by pulses.

A pulsed relay's driver (a charge pump) holds only while edges keep coming. They are made here, by the very loop
that looks at the permits, so that they end with it: no timer of the kernel, no thread and no PWM makes them.
"""

from gpiozero.pins import Factory

from hardware.clock import Millis
from hardware.lines import Relay
from hardware.protocol import Part
from hardware.settings import Wiring


class Drive:
    """The relays of one burner, driven as one."""

    def __init__(self, wiring: Wiring, factory: Factory) -> None:
        """Claim every relay, low before anything else. Raises :class:`hardware.lines.NoPins`."""
        self.relays = [Relay(pin, factory) for pin in wiring.relays]
        self.driven: Part | None = None  # None: every relay is open
        self.next_edge: Millis | None = None  # of a pulsed drive
        self._pulse = wiring.pulse
        self._level = False

    @property
    def pulsed(self) -> bool:
        """Whether the relays need edges."""
        return self._pulse is not None

    def energise(self, now: Millis, part: Part) -> None:
        """Close the relays that ``part`` names, and open the other."""
        self.driven = part
        for relay in self.relays:
            if relay not in self._meant():
                relay.release()
        self._write(level=True)
        if self._pulse is not None:
            self.next_edge = now + self._pulse.on

    def release(self) -> None:
        """Open every relay."""
        for relay in self.relays:
            relay.release()
        self.driven = self.next_edge = None
        self._level = False

    def toggle(self, now: Millis) -> None:
        """Make the edge that is due; one that comes late moves those after it."""
        if self._pulse is None or self.next_edge is None or now < self.next_edge:
            return
        self._write(not self._level)
        self.next_edge = now + (self._pulse.on if self._level else self._pulse.off)

    def as_written(self) -> bool:
        """Whether the chip reads back what was written, on every relay."""
        meant = self._meant()
        return all(relay.high == (self._level and relay in meant) for relay in self.relays)

    def _write(self, level: bool) -> None:
        self._level = level
        for relay in self._meant():
            (relay.energise if level else relay.release)()

    def _meant(self) -> list[Relay]:
        if self.driven is None or self.driven is Part.BOTH:
            return self.relays if self.driven else []
        return self.relays[:1] if self.driven is Part.FIRST else self.relays[1:]
