"""Reads a message from the bytes that a socket holds, before paho does.

paho takes 0.14 ms from the socket to a message, most of it code that has not run for a while; a shut-off need not wait
for that. What is read here is only looked at: paho reads it next, as it reads everything.
"""

from paho.mqtt.client import Client

from api.mqtt.commands import Arrived

LOOKED_AT = 256  # bytes, from the socket's first
_PUBLISH, _DUPLICATE, _QOS_2, _QOS_1, _RETAINED = 0x30, 0x08, 0x04, 0x02, 0x01
_LONGER = 0x80  # set in a length that goes on in the next byte


def between_packets(client: Client) -> bool:
    """Whether paho's next byte begins a packet: in the middle of one, a payload could pass for another.

    Never where paho's insides are others than we know.
    """
    packet = getattr(client, "_in_packet", None)
    return isinstance(packet, dict) and packet.get("command") == 0 and packet.get("have_remaining") == 0


def first_message(held: bytes, properties: bool) -> Arrived | None:
    """The message that ``held`` begins with; None unless all of it is there, of QoS 0 or 1 and less than 130 bytes.

    ``properties``: whether a message has some, as in MQTT 5.
    """
    if len(held) < 4 or held[0] & 0xF0 != _PUBLISH or held[0] & _QOS_2 or held[1] & _LONGER:
        return None
    end, at = 2 + held[1], 4 + int.from_bytes(held[2:4])
    topic = held[4:at]
    if held[0] & _QOS_1:
        at += 2  # its number
    if properties:
        if at >= end or at >= len(held) or held[at] & _LONGER:
            return None
        at += 1 + held[at]
    if at > end or end > len(held):
        return None
    try:
        return Arrived(topic.decode(), held[at:end], bool(held[0] & _RETAINED), bool(held[0] & _DUPLICATE))
    except UnicodeDecodeError:
        return None
