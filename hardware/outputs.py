"""Buzzers, lamps and the hood's relay: outputs that tell people something, and that no flame depends on.

Patterns are played by the keeper's own loop, since it owns the pins; gpiozero's ``blink`` would start a thread.
"""

from gpiozero import OutputDevice
from gpiozero.pins import Factory

from hardware.clock import Millis
from hardware.lines import NoPins

FOREVER = True
# name: (ms on, ms off, on, off …), and whether it starts again; an empty one is off, one length alone stays on
PATTERNS: dict[str, tuple[tuple[Millis, ...], bool]] = {
    "off": ((), False),
    "on": ((1_000,), FOREVER),
    "warn": ((150, 150, 150, 1_550), FOREVER),  # a double beep every two seconds
    "cut": ((600, 200, 600, 200), False),  # two long ones, once
    "lockout": ((200, 200, 200, 200, 200, 4_000), FOREVER),  # three short ones, again and again
}


class Output:
    """One pin and the pattern that it plays."""

    def __init__(self, pin: int, factory: Factory) -> None:
        try:
            self._device = OutputDevice(pin, active_high=True, initial_value=False, pin_factory=factory)
        except Exception as error:
            raise NoPins(f"GPIO {pin} cannot be claimed as an output ({error})") from error
        self._steps: tuple[Millis, ...] = ()
        self._again = False
        self._at = 0
        self.next_due: Millis | None = None

    def play(self, now: Millis, pattern: str) -> None:
        """Begin a pattern."""
        self._steps, self._again = PATTERNS[pattern]
        self._at, self.next_due = 0, now
        self.advance(now)

    def advance(self, now: Millis) -> None:
        """Go on with the pattern, where its next step is due."""
        if self.next_due is None or now < self.next_due:
            return
        if self._at == len(self._steps) and self._again:
            self._at = 0
        if self._at == len(self._steps):
            self._device.off()
            self.next_due = None
            return
        (self._device.off if self._at % 2 else self._device.on)()
        self.next_due = None if len(self._steps) == 1 else now + self._steps[self._at]
        self._at += 1


class Outputs:
    """Every output of a configuration."""

    def __init__(self, pins: tuple[tuple[str, int], ...], factory: Factory) -> None:
        """Claim every pin, low. Raises :class:`NoPins`."""
        self._outputs = {name: Output(pin, factory) for name, pin in pins}

    def play(self, now: Millis, name: str, pattern: str) -> None:
        """Begin a pattern on an output. Raises ``ValueError`` with a sentence where there is no such one."""
        if name not in self._outputs:
            raise ValueError(f"there is no output {name!r}")
        if pattern not in PATTERNS:
            raise ValueError(f"there is no pattern {pattern!r}; known are {', '.join(PATTERNS)}")
        self._outputs[name].play(now, pattern)

    def silence(self, now: Millis) -> None:
        """Switch every output off."""
        for output in self._outputs.values():
            output.play(now, "off")

    def advance(self, now: Millis) -> None:
        """Go on with every pattern."""
        for output in self._outputs.values():
            output.advance(now)

    def next_due(self) -> Millis | None:
        """The next instant at which ``advance`` has something to do."""
        return min((output.next_due for output in self._outputs.values() if output.next_due is not None), default=None)
