"""What a fault is: how it is done to a running stove, and what has to come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.scene import LEASE, Scene


@dataclass(frozen=True)
class Opens:
    """Every line is low from ``within`` s after the strike until the fault ends and a daemon permits anew.

    ``keeps``: deadlines before that hold too, because the keeper lives.
    """

    within: float
    keeps: bool = True
    limit = property(lambda self: f"every line open within {self.within * 1000:g} ms")


@dataclass(frozen=True)
class Dips:
    """Every line is opened within so many s; the stove may then go on by itself, after ``hold_open``."""

    within: float
    limit = property(lambda self: f"every line opened within {self.within * 1000:g} ms")


@dataclass(frozen=True)
class Undisturbed:
    """No line notices; timers and commands are obeyed as ever."""

    limit = "no line falls that nobody cut, and every command is obeyed"


@dataclass(frozen=True)
class Follows:
    """Lines follow what is commanded; the strike itself says what else is demanded."""

    limit = "each line as it was commanded"


Strike = Callable[[Scene], object]
Reaction = Opens | Dips | Undisturbed | Follows
DIES = Opens(0.05)
HANGS = Opens(LEASE + 0.25)
PAUSES = Dips(LEASE + 0.25)  # and goes on by itself
KEEPER_GONE = Dips(2.0)
BOTH_GONE = Opens(5.0, keeps=False)


def nothing(_scene: Scene) -> None:
    """What a fault does, shows or leaves to be looked at, where that is nothing."""


@dataclass(frozen=True)
class Fault:
    """One fault. ``strike`` does it; what it leaves to be undone it hands to ``scene.on_heal``."""

    name: str
    what: str
    strike: Strike
    reaction: Reaction
    lasts: float = 0.6  # s from the strike until it is healed
    obeys: bool = True  # a shut-off and a timer are tried while it lasts
    says: tuple[str, ...] = ()  # one of these has to be in the journal (an event's type) or in a log
    restarts: bool = False  # the daemon ends, and its supervisor starts it anew
    locks: tuple[str, ...] = ()  # burners that are locked out from then on, restarts or not
    begins: bool = (
        False  # the limit counts from when the strike has begun, on a busy machine later than it was asked for
    )
    starting: bool = True  # it can also strike while the daemon starts
    mqtt: bool = False
    wire: bool = False  # between the daemon and the broker
    unreachable: bool = False  # at start, nobody listens at the broker's port
    sections: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    unrecorded: bool = False  # what is asked for while it lasts counts, and may not be acknowledged as on record
    shows: Strike = nothing  # what has to be seen at its end, before it is healed
    meanwhile: Strike | None = None  # another fault, which is struck before and lasts
    after: Strike = nothing  # a last look, once it is healed


OWN_KEEPER = {"keeper": 'socket = "{folder}/keeper.sock"'}
"""The keeper as a process of its own, as under systemd; ``{folder}`` is the run's."""
SESAME = {"require_token": "true"}
__all__ = [
    "BOTH_GONE",
    "DIES",
    "HANGS",
    "KEEPER_GONE",
    "OWN_KEEPER",
    "PAUSES",
    "SESAME",
    "Dips",
    "Fault",
    "Follows",
    "Opens",
    "Reaction",
    "Strike",
    "Undisturbed",
    "nothing",
]
