"""An event as it goes over the wire: the same on the event stream and on MQTT."""

from typing import Any

from controller.journal import Entry


def event(entry: Entry) -> dict[str, Any]:
    """``seq``, ``event_type``, ``at``, ``burner``, ``by`` and the event's own fields."""
    return {
        "seq": entry.seq,
        "event_type": entry.kind,
        "at": entry.at,
        "burner": entry.burner,
        "by": entry.by,
        **entry.details,
    }
