"""Counts of what happened since the start, for metrics."""

from collections import Counter

from controller.events import ShutOff
from controller.stove import Stove
from controller.stream import Ended, Happened


class Tally:
    """How often each kind of event happened, and each cause of a cut, by burner."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str | None]] = Counter()
        self.cuts: Counter[tuple[str, str | None]] = Counter()

    async def run(self, stove: Stove) -> None:
        """Count until the stream ends."""
        async with stove.stream.subscribe(capacity=4096) as items:
            while not isinstance(item := await items.next(), Ended):
                if isinstance(item, Happened):
                    event = item.event
                    self.events[event.kind, event.burner] += 1
                    if isinstance(event, ShutOff) and event.cut:
                        self.cuts[event.cause.value, event.burner] += 1
