"""The hood is wanted while a flame is measured, and for a while after the last one."""

from collections.abc import Iterable

from controller.terms import Flame
from hardware.clock import Millis


class Hood:
    """Whether the hood should run. An unknown flame does not start it, and does not stop it either."""

    def __init__(self, run_on: Millis) -> None:
        """``run_on``: ms for which it goes on after the last flame."""
        self._run_on = run_on
        self._until: Millis | None = None
        self.wanted = False

    def watch(self, now: Millis, flames: Iterable[Flame]) -> bool:
        """Take the present flames; whether the hood is wanted."""
        seen = set(flames)
        burning = Flame.LIT in seen or (Flame.UNKNOWN in seen and self.wanted)
        if burning:
            self._until = now + self._run_on
        self.wanted = burning or (self._until is not None and now < self._until)
        return self.wanted
