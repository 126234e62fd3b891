"""Two relays in series are closed one at a time before both close, so that a welded one is found.

While one alone is energised the pair's contact has to read open; if it reads closed, the other one is welded and
could not cut any more. A loop that one relay closes cannot hold a valve, so the test is safe under a pressed knob.
"""

from controller.terms import Contact
from hardware.clock import Millis
from hardware.protocol import Part

EACH: Millis = 500  # a relay needs 10 ms, the debounced contact 100, and it is looked at every 250
_ORDER = (Part.FIRST, Part.SECOND, Part.BOTH)
OTHER = {Part.FIRST: "second", Part.SECOND: "first"}


class SeriesTest:
    """The test of one burner's pair, anew whenever both have been open."""

    def __init__(self) -> None:
        self.part = Part.FIRST
        self._since: Millis | None = None  # since when the keeper has said that it drives this part

    def opened(self) -> None:
        """Both are open."""
        self.part, self._since = Part.FIRST, None

    def watch(self, now: Millis, driven: Part | None, contact: Contact) -> str | None:
        """Go on with the test; which relay is welded, where one is found to be."""
        if self.part is Part.BOTH:
            return None
        if driven is not self.part:
            self._since = None
            return None
        self._since = self._since if self._since is not None else now
        if now - self._since < EACH or contact is Contact.UNKNOWN:
            return None
        if contact is Contact.CLOSED:
            return OTHER[self.part]
        self.part, self._since = _ORDER[_ORDER.index(self.part) + 1], None
        return None
