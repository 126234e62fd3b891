"""What is worth telling somebody who is not there, before it becomes words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hardware.clock import Millis


class Kind(Enum):
    """What a notice is about, as in ``notify.on``."""

    WARN = "warn"
    CUT = "cut"
    LOCKOUT = "lockout"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Notice:
    """One sentence to be: a template's key (see :mod:`api.notify.words`), and what goes into it."""

    kind: Kind
    at: Millis
    key: str
    burner: str | None = None  # its id
    fields: Mapping[str, str] = field(default_factory=dict)
    ends_at: Millis | None = None  # of a warning: it is worth nothing after this
