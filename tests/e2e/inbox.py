"""Another client of the broker's, for tests that poll."""

import threading
from types import TracebackType

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


class Inbox:
    """``with Inbox(port) as inbox``: hears everything on the broker, and can publish."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._heard: list[tuple[str, str]] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _c, _u, message: self._heard.append(
            (message.topic, bytes(message.payload).decode())
        )

    def __enter__(self) -> "Inbox":
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: str) -> None:
        """Publish with QoS 1."""
        self._client.publish(topic, payload, 1)

    def all(self, topic: str) -> list[str]:
        """Every payload on a topic so far, in order."""
        return [payload for heard, payload in list(self._heard) if heard == topic]

    def newest(self, topic: str) -> str | None:
        """The last payload on a topic."""
        return next(iter(reversed(self.all(topic))), None)
