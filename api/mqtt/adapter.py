"""The stove on MQTT: its state, what happens to it, and what it is asked for.

Nothing of the stove waits for anything here, whether the broker is there or not.
"""

import asyncio
import contextlib
import functools
import json
import logging
import random

from api import wire
from api.mqtt.commands import BURNER_COMMANDS, STOVE_COMMANDS, Arrived, CommandReader, Refusal
from api.mqtt.dialling import Account
from api.mqtt.discovery import EVENT_TYPES, HEARTBEAT_EVERY, discovery
from api.mqtt.link import MqttLink
from api.mqtt.orders import Orders
from api.mqtt.outbox import Outbox
from api.mqtt.topics import Topics
from controller.beat import until_beat
from controller.config import Config
from controller.stove import Stove
from controller.stream import Ended, Happened, Item, StateChanged, Subscription
from hardware.clock import MINUTE, Clock, Millis

LOOK_EVERY = 0.5  # s
TIME_LEFT_EVERY: Millis = MINUTE
LAST_WORDS_WITHIN = 1.5  # s
FILLED = "mqtt.filled"  # in the journal: the retained topics that are ours to empty one day
_log = logging.getLogger("flameout.mqtt")


class MqttAdapter:
    """Publishes the stove and takes its orders; :meth:`run` it beside the stove."""

    def __init__(self, stove: Stove, config: Config, clock: Clock, chance: random.Random | None = None) -> None:
        """``config`` has an ``[mqtt]`` table; ``chance`` spreads what all clients would do at once."""
        assert config.mqtt is not None
        self._stove = stove
        self._clock = clock
        self._chance = chance or random.Random()
        self._topics = topics = Topics.of(config)
        account = Account(config.mqtt, topics.device_id(), topics.availability(), b"offline")
        self._link = MqttLink(account, self, self._chance)
        self._outbox = Outbox(lambda topic, payload, retain: self._link.publish(topic, payload, 1, retain), self._sent)
        self._orders = Orders(stove, CommandReader(topics, stove.burner_ids(), config.mqtt), clock, self._not_obeyed)
        self._interlocks: dict[str, list[tuple[str, bytes]]] = {}  # topic: who listens, and what makes it active
        for interlock in config.interlocks:
            if interlock.mqtt is not None:
                listener = interlock.id, interlock.mqtt.active.encode()
                self._interlocks.setdefault(interlock.mqtt.topic, []).append(listener)
        self._devices = discovery(config, topics, stove.version)
        self._alive = False
        self._beats = 0
        self._beat_at: Millis | None = None
        self._described_at: dict[str | None, Millis] = {}
        self._left: set[str] = set()  # topics to be emptied: their burner left the configuration
        self._again: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Until the stream ends; the broker is then told that the stove is offline."""
        async with self._stove.stream.subscribe() as items:
            with _surviving():
                self._look()
            linking = asyncio.create_task(self._link.run(), name="mqtt link")
            looking = asyncio.create_task(self._look_again_and_again(), name="mqtt heartbeat")
            try:
                await self._follow(items)
                looking.cancel()
                await self._say_last_words()
            finally:
                self._orders.stop()
                if self._again is not None:
                    self._again.cancel()
                linking.cancel()
                looking.cancel()
                await asyncio.gather(linking, looking, return_exceptions=True)

    async def _follow(self, items: Subscription) -> None:
        while not isinstance(item := await items.next(), Ended):
            with _surviving():
                self._tell(item)

    async def _look_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(until_beat(LOOK_EVERY))
            with _surviving():
                self._look()

    async def _say_last_words(self) -> None:
        if not self._link.room:
            return
        self._alive = False
        self._publish_availability()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_WITHIN):
                await self._outbox.emptied()
        await self._link.say_goodbye()

    # --- what the link says ---------------------------------------------------------------------------

    def connected(self) -> None:
        """The broker has accepted us: it may know nothing of us, so it is told everything."""
        _log.info("Connected to the MQTT broker.")
        others = [name for name in (self._topics.birth, self._topics.heartbeat) if name not in self._interlocks]
        self._link.subscribe(self._topics.command_filters(), others, list(self._interlocks))
        self._outbox.open(self._link.room, self._clock.now())
        self._empty_what_left()
        if self._link.flags_retained:
            self._clear_commands()
        self._announce()

    def lost(self) -> None:
        """The connection is gone."""
        self._outbox.close()

    def ahead(self, message: Arrived) -> bool:
        """A message that the MQTT library has not read yet: a shut-off is carried out, and True returned."""
        return message.topic not in self._interlocks and self._orders.shut_off_at_once(message)

    def arrived(self, message: Arrived) -> None:
        """A message on one of the topics that we subscribed to."""
        for interlock, active in self._interlocks.get(message.topic, ()):
            self._stove.interlock_spoke(interlock, message.payload == active)
        if message.topic == self._topics.birth:
            if message.payload == b"online" and not message.retained and self._again is None:
                loop = asyncio.get_running_loop()
                self._again = loop.call_later(self._chance.random(), self._announce_again)
        elif message.topic not in self._interlocks:
            self._orders.take(message)

    def acknowledged(self, packet: int) -> None:
        """The broker has taken a message of ours."""
        self._outbox.acknowledged(packet)

    # --- what is said ---------------------------------------------------------------------------------

    def _tell(self, item: Item) -> None:
        if isinstance(item, Happened):
            event = item.event
            if event.kind in EVENT_TYPES:
                payload = json.dumps(wire.event(item.entry), separators=(",", ":"), ensure_ascii=False)
                self._outbox.put_event(self._topics.event(event.burner), payload.encode(), event.at)
        elif isinstance(item, StateChanged):
            self._describe(item.burner)
            if item.burner is None:
                self._check_alive()
        else:
            self._describe_everything()

    def _look(self) -> None:
        """What nobody announces: that the stove stalls, that time passes."""
        self._check_alive()
        now = self._clock.now()
        if self._beat_at is None or now >= self._beat_at + HEARTBEAT_EVERY:
            self._beat(now)
        for name in self._stove.counting():
            if now >= self._described_at.get(name, now) + TIME_LEFT_EVERY:
                self._describe(name)

    def _check_alive(self) -> None:
        alive = self._stove.alive()
        if alive != self._alive:
            self._alive = alive
            self._publish_availability()
            self._beat(self._clock.now())

    def _beat(self, now: Millis) -> None:
        self._beat_at, self._beats = now, self._beats + 1
        payload = json.dumps({"alive": self._alive, "count": self._beats}).encode()
        self._link.publish(self._topics.heartbeat, payload, 0, False)

    def _announce(self) -> None:
        for topic, device in self._devices.items():
            self._outbox.put_state(topic, functools.partial(bytes, device))
        self._describe_everything()
        self._publish_availability()
        self._beat(self._clock.now())

    def _announce_again(self) -> None:
        self._again = None
        with _surviving():
            self._announce()

    def _describe_everything(self) -> None:
        for name in (None, *self._stove.burner_ids()):
            self._describe(name)

    def _describe(self, name: str | None) -> None:
        self._outbox.put_state(self._topics.state(name), functools.partial(self._description, name))

    def _description(self, name: str | None) -> bytes:
        self._described_at[name] = self._clock.now()
        if name is None:
            return self._stove.stove_view().model_dump_json(exclude={"burners"}).encode()
        return self._stove.view(name).model_dump_json().encode()

    def _publish_availability(self) -> None:
        for name in (None, *self._stove.burner_ids()):
            self._outbox.put_state(self._topics.availability(name), lambda: b"online" if self._alive else b"offline")

    def _not_obeyed(self, refusal: Refusal) -> None:
        """Show the sender what holds; and make room where his message lies."""
        if refusal.clear is not None:
            self._outbox.put_state(refusal.clear, bytes)
        self._describe(refusal.burner)

    # --- what lies on the broker ----------------------------------------------------------------------

    def _filled(self) -> set[str]:
        """Every topic with a retained message of ours."""
        names = (None, *self._stove.burner_ids())
        return {topic(name) for name in names for topic in (self._topics.state, self._topics.availability)} | set(
            self._devices
        )

    def _empty_what_left(self) -> None:
        filled, before = self._filled(), set(self._stove.journal.standing.get(FILLED, []))
        self._left = before - filled
        for topic in self._left:
            self._outbox.put_state(topic, bytes)
        if not filled <= before:
            self._remember(filled | before)

    def _sent(self, topic: str) -> None:
        if topic in self._left:
            self._left.remove(topic)
            if not self._left:
                self._remember(self._filled())

    def _remember(self, filled: set[str]) -> None:
        self._stove.journal.append([], {FILLED: sorted(filled)})

    def _clear_commands(self) -> None:
        """Empty every command topic: on MQTT 5 we are not sent, and so cannot answer, what lies there."""
        for command in STOVE_COMMANDS:
            self._outbox.put_state(self._topics.command(command), bytes)
        for name in self._stove.burner_ids():
            for command in BURNER_COMMANDS:
                self._outbox.put_state(self._topics.command(command, name), bytes)


class _surviving(contextlib.AbstractContextManager[None]):
    """Log an exception and go on: nothing that MQTT does may end what serves it."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            _log.exception("Something about MQTT failed.", exc_info=error)
            return True
        return False
