"""One connection to the broker, from the dialling to its end, driven by the event loop.

paho's thread is not used: the loop watches the socket, so a command is obeyed in the very callback that read
it. Only what blocks (names, TCP, TLS) happens in a thread of its own.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from api.mqtt.commands import Arrived
from api.mqtt.dialling import IN_FLIGHT, V5, Account, dial, hang_up, in_thread, make_client, sentence
from api.mqtt.peek import LOOKED_AT, between_packets, first_message
from controller.beat import until_beat

ANSWER_WITHIN = 5.0  # s, for the broker to answer our CONNECT
GOODBYE_WITHIN = 1.0  # s
STUCK_AFTER = 2.0  # s
_UNSUPPORTED_VERSION = 132
_log = logging.getLogger("flameout.mqtt")
_T = TypeVar("_T")


class Ended(Exception):
    """The connection is over, or never was; the text says why."""


class VersionRefused(Ended):
    """The broker does not speak this version of MQTT."""


class Unanswered(Ended):
    """The broker did not answer the CONNECT, perhaps because it does not know this version of MQTT."""


class Listener(Protocol):
    """Who is told what happens on a connection; called from the event loop."""

    def connected(self) -> None: ...
    def ahead(self, message: Arrived) -> bool: ...  # may deal with what must not wait; whether it has
    def arrived(self, message: Arrived) -> None: ...
    def acknowledged(self, packet: int) -> None: ...
    def lost(self) -> None: ...


class Connection:
    """A single connection; :meth:`run` it, then throw it away."""

    def __init__(self, account: Account, version: MQTTProtocolVersion, listener: Listener) -> None:
        self.version = version
        self.up = self.was_up = False
        self.room = IN_FLIGHT
        self._account = account
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Ended] = self._loop.create_future()
        self._answered = asyncio.Event()
        self._socket: mqtt.SocketLike | None = None  # while the loop watches it
        self._heard_at = self._loop.time()
        self._writing_since: float | None = None
        self._largest: int | None = None
        self._complained = False
        self._dealt_with: Arrived | None = None  # ahead of paho, which has not read it yet
        self._client: mqtt.Client | None = None

    async def run(self) -> None:
        """Connect, and stay connected. Raises :class:`Ended` when that is over."""
        try:
            client = await in_thread(self._dial, hang_up)
        except (OSError, ValueError) as error:
            raise Ended(sentence(error)) from None
        self._client = client
        try:
            self._watch(client)
            raise await self._supervise(client)
        finally:
            self.up, self._client = False, None
            self._unwatch()
            hang_up(client)
            if self.was_up:
                self._safely(self._listener.lost)

    async def say_goodbye(self) -> None:
        """End the connection in order, so that the broker does not publish the will."""
        if self._client is not None and self.up:
            self._client.disconnect()
            await asyncio.wait([self._ended], timeout=GOODBYE_WITHIN)

    def _dial(self) -> mqtt.Client:
        client = make_client(self._account, self.version)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_socket_close = lambda *_: self._unwatch()
        client.on_socket_register_write = lambda *_: self._watch_writing()
        client.on_socket_unregister_write = lambda *_: self._unwatch_writing()
        dial(client, self._account, self.version)
        return client

    # --- the socket -----------------------------------------------------------------------------------

    def _watch(self, client: mqtt.Client) -> None:
        self._socket = client.socket()
        if self._socket is None:
            self._end(Ended("The connection was closed at once."))
            return
        if isinstance(self._socket, socket.socket):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._heard_at = self._loop.time()
        self._loop.add_reader(self._socket.fileno(), self._readable)
        if client.want_write():
            self._watch_writing()

    def _unwatch(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._unwatch_writing()
            self._socket = None

    def _watch_writing(self) -> None:
        if self._socket is not None:  # else we are still dialling, in a thread
            self._writing_since = self._writing_since or self._loop.time()
            self._loop.add_writer(self._socket.fileno(), self._writable)

    def _unwatch_writing(self) -> None:
        if self._socket is not None:
            self._writing_since = None
            self._loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        self._heard_at = self._loop.time()
        self._dealt_with = self._look_ahead()
        self._drive(mqtt.Client.loop_read)
        self._dealt_with = None
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            self._loop.call_soon(self._readable)  # decrypted already, so the socket will not announce it

    def _look_ahead(self) -> Arrived | None:
        """The message that paho reads next, where the listener has dealt with it already."""
        if not self.up or type(self._socket) is not socket.socket:  # what is encrypted cannot be looked at
            return None
        if self._client is None or not between_packets(self._client):
            return None
        try:
            held = self._socket.recv(LOOKED_AT, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:  # which paho meets next
            return None
        message = first_message(held, properties=self.version == V5)
        return message if message is not None and self._safely(self._listener.ahead, message) else None

    def _writable(self) -> None:
        self._drive(mqtt.Client.loop_write)

    def _drive(self, step: Callable[[mqtt.Client], MQTTErrorCode]) -> None:
        """One step of paho's; whatever goes wrong in it ends this connection and nothing else."""
        if self._client is None or self._socket is None:
            return
        try:
            step(self._client)
        except Exception as error:
            _log.exception("The MQTT connection is given up.")
            self._unwatch()
            self._end(Ended(sentence(error)))

    async def _supervise(self, client: mqtt.Client) -> Ended:
        """Wait for the answer, then watch that the broker is heard; returns how it ended."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._answered.wait()
        except TimeoutError:
            return Unanswered("The broker does not answer.")
        while not self._ended.done():
            await asyncio.wait([self._ended], timeout=until_beat(1))
            self._drive(mqtt.Client.loop_misc)  # pings
            silence = self._loop.time() - self._heard_at
            if silence > 2 * max(self._account.keepalive, client.keepalive):
                self._end(Ended(f"Nothing was heard from the broker for {silence:.0f} s."))
        return self._ended.result()

    def _end(self, how: Ended) -> None:
        if not self._ended.done():
            self._ended.set_result(how)
        self._answered.set()

    # --- paho's callbacks -----------------------------------------------------------------------------

    def _on_connect(self, _c: object, _u: object, _f: object, reason: ReasonCode, granted: Properties | None) -> None:
        if reason.is_failure:
            ended = VersionRefused if reason.value == _UNSUPPORTED_VERSION else Ended
            self._end(ended(f"The broker refuses the connection: {reason}."))
            return
        self.up = self.was_up = True
        self.room = min(IN_FLIGHT, getattr(granted, "ReceiveMaximum", IN_FLIGHT))
        self._largest = getattr(granted, "MaximumPacketSize", None)
        self._answered.set()
        self._safely(self._listener.connected)

    def _on_disconnect(self, _c: object, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self.up = False
        if self._answered.is_set():
            self._end(Ended(f"The connection has ended: {reason}."))
        else:
            self._end(Unanswered("The broker closes the connection without an answer."))

    def _on_subscribe(self, _c: object, _u: object, _m: int, reasons: list[ReasonCode], _p: object) -> None:
        for reason in reasons:
            if reason.is_failure:
                _log.error("The broker refuses a subscription (%s), so commands over MQTT do not work.", reason)

    def _on_message(self, _c: object, _u: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        arrived = Arrived(topic, bytes(message.payload), bool(message.retain), bool(message.dup))
        if arrived == self._dealt_with:
            self._dealt_with = None
            return
        self._safely(self._listener.arrived, arrived)

    def _on_publish(self, _c: object, _u: object, packet: int, reason: ReasonCode, _p: object) -> None:
        if reason.is_failure and not self._complained:
            self._complained = True
            _log.warning("The broker does not take everything that we publish: %s.", reason)
        self._safely(self._listener.acknowledged, packet)

    def _safely(self, callback: Callable[..., _T], *arguments: Any) -> _T | None:
        try:
            return callback(*arguments)
        except Exception:
            _log.exception("An MQTT message could not be dealt with.")
            return None

    # --- asking the broker ----------------------------------------------------------------------------

    def subscribe(self, commands: Sequence[str], others: Sequence[str], states: Sequence[str] = ()) -> None:
        """Subscribe to command topics, knowing of each message whether it is retained, and to other topics.

        MQTT 5: what is retained already is not sent, and what is retained later comes with its flag; of ``states``
        what is retained is wanted.
        """
        if self._client is None:
            return
        if self.version == V5:
            flagged = SubscribeOptions(
                qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND
            )
            plain = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            wanted = [(topic, flagged) for topic in commands] + [(topic, plain) for topic in others]
            self._client.subscribe(wanted + [(topic, SubscribeOptions(qos=1)) for topic in states])
        else:
            self._client.subscribe([(topic, 1) for topic in (*commands, *others, *states)])

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> int | None:
        """Queue a message; returns its packet id, or None where it is not sent."""
        if self._client is None or not self.up:
            return None
        if self._largest is not None and len(topic) + len(payload) + 16 > self._largest:
            _log.error("The broker takes %d bytes at the most, so %s is not published.", self._largest, topic)
            return None
        if qos == 0 and self._stuck():
            return None  # there will be a newer one
        queued = self._client.publish(topic, payload, qos, retain)
        return queued.mid if queued.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def _stuck(self) -> bool:
        """Whether the broker has not read what we sent for a while."""
        return self._writing_since is not None and self._loop.time() - self._writing_since > STUCK_AFTER
