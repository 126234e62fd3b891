"""Takes a table out of the way between a command and its relay.

For every MQTT 5 packet paho makes the tables of all 27 properties anew, and then looks for each of them in an object
that has just been made: 40 of the 50 µs that a command spent in paho, and thrice as much while the caches are cold.
The tables are the same for all packets, so here they belong to the class.
"""

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_TABLES = ("types", "names", "properties")
_OWN = {"packetType"}


def share_tables() -> None:
    """Have all packets share the tables; a paho whose properties are made otherwise is left as it is."""
    pattern = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if vars(pattern).keys() != _OWN.union(_TABLES):
        return
    for table in _TABLES:
        setattr(Properties, table, getattr(pattern, table))
    Properties.__init__ = _init  # type: ignore[method-assign]
    Properties.clear = _clear  # type: ignore[method-assign]


def _init(self: Properties, packetType: int) -> None:
    self.packetType = packetType


def _clear(self: Properties) -> None:
    for name in vars(self).keys() - _OWN:
        delattr(self, name)
