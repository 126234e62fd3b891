"""What strangers can cause goes on record sparingly: the record is a memory card, and they may ask without end."""

from collections import deque

from hardware.clock import MINUTE, Millis


class Sparing:
    """So many a minute, and no more."""

    def __init__(self, most: int) -> None:
        self._at: deque[Millis] = deque(maxlen=most)

    def allows(self, now: Millis) -> bool:
        """Whether one more may be; it counts if so."""
        if len(self._at) == self._at.maxlen and now - self._at[0] < MINUTE:
            return False
        self._at.append(now)
        return True
