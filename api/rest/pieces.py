"""A request's body in so many pieces and no more.

Each piece of a chunked body costs the server more than the client: 64 KiB from the wire may be 10,000 chunks of one
byte, and nobody else is heard while they are taken apart.
"""

import h11

MOST_PIECES = 128  # of one body; ours are a few hundred bytes, and 16 KiB at the most


class Pieces(h11.Connection):
    """h11's connection, at the server's end, which takes a body in too many pieces for an error of the client's."""

    def __init__(self, max_incomplete_event_size: int) -> None:
        super().__init__(h11.SERVER, max_incomplete_event_size)
        self._pieces = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """As h11 has it. Raises ``h11.RemoteProtocolError`` at the first piece too many."""
        event = super().next_event()
        if isinstance(event, h11.Data):
            self._pieces += 1
            if self._pieces > MOST_PIECES:
                raise h11.RemoteProtocolError("the body comes in too many pieces", error_status_hint=413)
        elif isinstance(event, h11.Request):
            self._pieces = 0
        return event
