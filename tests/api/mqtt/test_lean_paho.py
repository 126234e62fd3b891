"""paho's properties with shared tables mean what they meant."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import MQTTException
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from api.mqtt.lean_paho import share_tables

EVERYTHING: dict[str, Any] = {
    "PayloadFormatIndicator": 1,
    "MessageExpiryInterval": 70_000,
    "ContentType": "text/plain",
    "ResponseTopic": "answers/ä",
    "CorrelationData": b"\x00\x01",
    "SubscriptionIdentifier": 300,
    "TopicAlias": 7,
    "UserProperty": [("a", "1"), ("a", "2")],
}
PACK = """
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
made = Properties(PacketTypes.PUBLISH)
for name, value in {values!r}.items():
    setattr(made, name, value)
print(made.pack().hex())
"""


def made(**values: Any) -> Properties:
    share_tables()
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def read(packed: bytes) -> Properties:
    share_tables()
    properties, length = Properties(PacketTypes.PUBLISH).unpack(packed)  # type: ignore[no-untyped-call]
    assert length == len(packed)
    assert isinstance(properties, Properties)
    return properties


def test_a_packet_makes_no_tables_of_its_own() -> None:
    assert set(vars(made())) == {"packetType"}


def test_every_property_is_packed_as_paho_packs_it(tmp_path: Path) -> None:
    original = subprocess.run(
        [sys.executable, "-c", PACK.format(values=EVERYTHING)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert made(**EVERYTHING).pack().hex() == original.stdout.strip()  # type: ignore[no-untyped-call]


def test_what_was_packed_is_read_again() -> None:
    found = read(made(**EVERYTHING).pack())  # type: ignore[no-untyped-call]
    values = {name: value for name, value in vars(found).items() if name != "packetType"}
    assert values == EVERYTHING | {"SubscriptionIdentifier": [300]}


def test_packets_share_no_values_and_a_second_reading_forgets_the_first() -> None:
    properties = made(**EVERYTHING)
    properties.unpack(b"\x00")  # type: ignore[no-untyped-call]
    assert set(vars(properties)) == set(vars(made())) == {"packetType"}


@pytest.mark.parametrize("packed", [b"\x04\x01\x01\x01\x00", b"\x03\x21\x00\x01", b"\x02\x7f\x00"])
def test_a_property_twice_or_out_of_place_or_unknown_is_still_an_error(packed: bytes) -> None:
    with pytest.raises((MQTTException, KeyError)):
        read(packed)
