"""The link to the broker: one connection after the other, in the version of MQTT that the broker speaks."""

import asyncio
import logging
import random
from collections.abc import Sequence

from paho.mqtt.enums import MQTTProtocolVersion

from api.mqtt.connection import Connection, Ended, Listener, Unanswered, VersionRefused
from api.mqtt.dialling import V5, V311, Account

SHORTEST_PAUSE = 0.5  # s
LONGEST_PAUSE = 30.0  # s
STEADY_AFTER = 30.0  # s; a connection that lasted so long starts the pauses anew
_log = logging.getLogger("flameout.mqtt")


class Dialect:
    """Which version of MQTT to try: 5 first, 3.1.1 where the broker refuses 5 or falls silent at it."""

    def __init__(self) -> None:
        self.version: MQTTProtocolVersion = V5
        self._unanswered = 0
        self._patience = 2

    def understood(self) -> None:
        """The broker speaks it; a bad day later on is no reason to change soon."""
        self._unanswered, self._patience = 0, 6

    def refused(self) -> None:
        """The broker says that it does not speak it."""
        self.version = V311 if self.version == V5 else V5
        self._unanswered, self._patience = 0, 2

    def unanswered(self) -> None:
        """The broker took the connection and said nothing."""
        self._unanswered += 1
        if self._unanswered >= self._patience:
            self.refused()


class Pauses:
    """How long to wait before each next try: longer each time, and not all clients at once."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._longest = SHORTEST_PAUSE

    def next(self) -> float:
        """Seconds."""
        longest, self._longest = self._longest, min(2 * self._longest, LONGEST_PAUSE)
        return longest * self._chance.uniform(0.5, 1)

    def start_anew(self) -> None:
        self._longest = SHORTEST_PAUSE


class MqttLink:
    """Keeps a connection to the broker for as long as :meth:`run` runs."""

    def __init__(self, account: Account, listener: Listener, chance: random.Random) -> None:
        self._account = account
        self._listener = listener
        self._dialect = Dialect()
        self._pauses = Pauses(chance)
        self._connection: Connection | None = None
        self._said = ""
        self._leaving = False

    @property
    def room(self) -> int:
        """How many messages may be unacknowledged; 0 while there is no connection."""
        return self._connection.room if self._connection is not None and self._connection.up else 0

    @property
    def flags_retained(self) -> bool:
        """Whether a command that is retained while we are connected arrives with its flag: not on 3.1.1."""
        return self._dialect.version == V5

    async def run(self) -> None:
        """Connect again and again, until :meth:`say_goodbye`."""
        while not self._leaving:
            self._connection = Connection(self._account, self._dialect.version, self._listener)
            started = asyncio.get_running_loop().time()
            why = await self._last_out(self._connection)
            if asyncio.get_running_loop().time() - started > STEADY_AFTER:
                self._pauses.start_anew()
            if not self._leaving:
                self._say(why)
                await asyncio.sleep(self._pauses.next())

    async def _last_out(self, connection: Connection) -> str:
        """One connection from beginning to end; returns why it ended."""
        try:
            await connection.run()
        except Ended as ended:
            self._learn(connection, ended)
            return str(ended)
        except Exception as error:
            _log.exception("The MQTT connection failed.")
            return f"{error!r}."
        return "The connection has ended."

    def _learn(self, connection: Connection, ended: Ended) -> None:
        if connection.was_up:
            self._dialect.understood()
            self._said = ""
        elif isinstance(ended, VersionRefused):
            self._dialect.refused()
        elif isinstance(ended, Unanswered):
            self._dialect.unanswered()

    def _say(self, why: str) -> None:
        """Log a reason once, not at every try."""
        if why != self._said:
            self._said = why
            host = self._account.config.host
            _log.warning("MQTT broker %s: %s Trying again; the stove works without it.", host, why)

    def subscribe(self, commands: Sequence[str], others: Sequence[str], states: Sequence[str] = ()) -> None:
        """See :meth:`Connection.subscribe`."""
        if self._connection is not None:
            self._connection.subscribe(commands, others, states)

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> int | None:
        """See :meth:`Connection.publish`."""
        return self._connection.publish(topic, payload, qos, retain) if self._connection is not None else None

    async def say_goodbye(self) -> None:
        """End the connection in order, so that the broker does not publish the will."""
        self._leaving = True
        if self._connection is not None:
            await self._connection.say_goodbye()
