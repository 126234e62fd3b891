"""Reaching the broker: what blocks (names, TCP, TLS), in a thread that holds nobody up."""

import asyncio
import functools
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from api.mqtt.lean_paho import share_tables
from controller.config import MqttConfig, MqttTls

KEEPALIVE = 15  # s
DIAL_WITHIN = 5.0  # s, for TCP to each of the broker's addresses, and for the TLS handshake
LARGEST_MESSAGE = 16 * 1024  # bytes that a broker may send us
IN_FLIGHT = 16  # unacknowledged messages; brokers allow 20 and more
V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
_T = TypeVar("_T")
share_tables()


@dataclass(frozen=True)
class Account:
    """Who we are to the broker, and what it says for us when we are gone."""

    config: MqttConfig
    client_id: str
    will_topic: str
    will: bytes
    keepalive: int = KEEPALIVE


def make_client(account: Account, version: MQTTProtocolVersion) -> mqtt.Client:
    """A client that nobody has connected yet. Blocks for the password file; raises ``OSError`` or ``ValueError``."""
    config = account.config
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        account.client_id,
        protocol=version,
        reconnect_on_failure=False,  # paho would reconnect by itself, and block
    )
    client.suppress_exceptions = True
    client.connect_timeout = DIAL_WITHIN
    client.max_inflight_messages = IN_FLIGHT
    client.max_queued_messages = 4 * IN_FLIGHT
    client.will_set(account.will_topic, account.will, qos=1, retain=True)
    if config.username is not None:
        client.username_pw_set(config.username, _password(config))
    if config.tls:
        client.tls_set_context(_tls(config.tls))
    return client


def dial(client: mqtt.Client, account: Account, version: MQTTProtocolVersion) -> None:
    """Connect; the CONNECT packet is queued, not sent. Blocks; raises ``OSError`` or ``ValueError``."""
    config = account.config
    port = config.port or (8883 if config.tls else 1883)
    if version != V5:
        client.connect(config.host, port, account.keepalive)
        return
    wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    wishes.SessionExpiryInterval = 0
    wishes.MaximumPacketSize = LARGEST_MESSAGE
    client.connect(config.host, port, account.keepalive, clean_start=True, properties=wishes)


def hang_up(client: mqtt.Client) -> None:
    """Close the socket without a word."""
    connection = client.socket()
    if connection is not None:
        connection.close()


async def in_thread(work: Callable[[], _T], discard: Callable[[_T], None]) -> _T:
    """Run what blocks in a thread that holds up neither the loop nor the end of the program.

    A result that nobody waits for any more is handed to ``discard``.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T) -> None:
        discard(result) if done.done() else done.set_result(result)

    def fail(error: Exception) -> None:
        if not done.done():
            done.set_exception(error)

    def run() -> None:
        result: list[_T] = []
        try:
            result.append(work())
            outcome = functools.partial(settle, result[0])
        except Exception as error:
            if isinstance(error, OSError):
                error.__traceback__ = None  # its frames would keep the socket that paho forgets
            outcome = functools.partial(fail, error)
        try:
            loop.call_soon_threadsafe(outcome)
        except RuntimeError:  # the loop is closed
            for left in result:
                discard(left)

    threading.Thread(target=run, name="mqtt dial", daemon=True).start()
    return await done


def sentence(error: Exception) -> str:
    """An error for people: ``/etc/flameout/mqtt-password: No such file or directory.``"""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    name = getattr(error, "filename", None)
    return f"{name}: {text}." if name else f"{text}."


def _password(config: MqttConfig) -> str | None:
    """The first line of the password file, read at each connection so that it may be changed."""
    if config.password_file is None:
        return None
    lines = Path(config.password_file).read_text().splitlines()
    if not lines:
        raise ValueError(f"mqtt.password_file: {config.password_file} is empty")
    return lines[0]


def _tls(tls: bool | MqttTls) -> ssl.SSLContext:
    if not isinstance(tls, MqttTls):
        return ssl.create_default_context()
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.cert is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context
