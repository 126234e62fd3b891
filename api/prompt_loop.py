"""An event loop that reads what has come in before it goes on with what waits.

asyncio puts what it has read behind everything that is ready already, so that under load a command waits for a round of
the loop before anybody looks at it, and for another one before its task begins.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any


class PromptLoop(asyncio.SelectorEventLoop):
    """The standard loop, with another order. Where its insides are others than we know, it is left as it is.

    Nobody starves: a round still ends with all that was ready when it began.
    """

    def _process_events(self, events: Any) -> None:
        """Of the standard loop: make ready what reads and writes."""
        self.first(super()._process_events, events)  # type: ignore[misc]

    def first(self, act: Callable[..., object], *arguments: Any) -> None:
        """Do it; what it makes ready comes before everything that waits, in its own order."""
        ready = getattr(self, "_ready", None)
        waited = len(ready) if isinstance(ready, deque) else 0
        act(*arguments)
        if isinstance(ready, deque):
            ready.rotate(len(ready) - waited)
