"""What the doctor asks of the MQTT broker: to be let in, and to take what the daemon writes."""

import os
import time

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from api.machine.machine import Row
from api.mqtt.dialling import V5, Account, dial, hang_up, make_client
from api.mqtt.topics import Topics
from controller.config import Config

ANSWERS_WITHIN = 5.0  # s, to each question
_NO_MQTT_5 = (1, 132)  # reason codes: unacceptable or unsupported protocol version


class _Visit:
    """One connection under a name of its own, so that the daemon's stays."""

    def __init__(self, config: Config) -> None:
        assert config.mqtt is not None
        self.topics = Topics.of(config)
        self._account = Account(config.mqtt, f"flameout_doctor_{os.getpid()}", self.topics.heartbeat, b"")
        self._client = make_client(self._account, V5)
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self._hear(reason)
        self._client.on_publish = lambda _c, _u, _m, reason, _p: self._hear(reason)
        self._heard: ReasonCode | None = None

    def enter(self) -> ReasonCode | None:
        """What the broker answers to our name; None where it says nothing. Raises ``OSError`` or ``ValueError``."""
        dial(self._client, self._account, V5)
        return self._wait()

    def write(self) -> ReasonCode | None:
        """What it answers to a heartbeat, which nobody keeps."""
        self._heard = None
        self._client.publish(self.topics.heartbeat, b"", 1)
        return self._wait()

    def leave(self) -> None:
        self._client.disconnect()
        hang_up(self._client)

    def _hear(self, reason: ReasonCode) -> None:
        self._heard = reason

    def _wait(self) -> ReasonCode | None:
        until = time.monotonic() + ANSWERS_WITHIN
        while self._heard is None and time.monotonic() < until:
            if self._client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS and self._heard is None:
                return None
        return self._heard


def broker(config: Config) -> Row:
    """Whether the MQTT broker lets the daemon in and takes what it writes."""
    if config.mqtt is None:
        return Row("broker", "skip", "no [mqtt]")
    where = f"{config.mqtt.host}:{config.mqtt.port or (8883 if config.mqtt.tls else 1883)}"
    try:
        visit = _Visit(config)
    except PermissionError as error:
        return Row("broker", "skip", f"{error.filename} is not yours to read", "sudo flameout doctor")
    except (OSError, ValueError) as error:
        return Row("broker", "fail", str(error), "mqtt.password_file holds the password on its first line")
    try:
        return _examine(visit, where, config.mqtt.username)
    except (OSError, ValueError) as error:
        found = f"{where} does not answer: {getattr(error, 'strerror', None) or error}"
        return Row("broker", "fail", found, "is it running, and are mqtt.host, mqtt.port and mqtt.tls right?")
    finally:
        visit.leave()


def _examine(visit: _Visit, where: str, user: str | None) -> Row:
    answer = visit.enter()
    if answer is None:
        return Row("broker", "fail", f"{where} takes the connection and says nothing", "is that an MQTT broker?")
    if answer.value in _NO_MQTT_5:
        return Row("broker", "ok", f"{where} answers, without MQTT 5; the daemon makes do with 3.1.1")
    if answer.is_failure:
        found = f"{where} does not let {user or 'a client without a name'} in: {answer}"
        return Row("broker", "fail", found, "are mqtt.username and mqtt.password_file what the broker knows?")
    written = visit.write()
    if written is None or written.is_failure:
        found = f"{where} lets us in and does not take {visit.topics.heartbeat}: {written or 'no answer'}"
        return Row("broker", "fail", found, "give that user the rights that docs/broker.md lists")
    return Row("broker", "ok", f"{where} lets {user or 'us'} in and takes what we write")
