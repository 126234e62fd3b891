"""The stove: the thin shell around the burners' decisions.

It brings clock, keeper, journal and event stream together. Commands and what the keeper says come in; burners
decide; permits and openings go out to the keeper, events to journal and stream. An opening is sent before
anything is looked up, computed or written.
"""

import asyncio
from collections.abc import Callable, Iterable

from controller.beat import until_beat
from controller.burner import FAULTS, Burner
from controller.config import Config
from controller.config_wiring import ButtonConfig
from controller.events import (
    Cause,
    CommandRefused,
    ContactWorn,
    DefaultTimerSet,
    Event,
    KeeperLost,
    KeeperReady,
    LockedOut,
    Proof,
    Proved,
    ShutOff,
    Started,
    Stopped,
    SweepBegan,
)
from controller.health import ContactHealth
from controller.hood import Hood
from controller.journal import Journal
from controller.portrait import Parts, Portrait
from controller.proof import Finding
from controller.reception import Reception
from controller.record import Record
from controller.sensing import Sensing
from controller.series import SeriesTest
from controller.signals import pattern
from controller.sparing import Sparing
from controller.stream import Stream
from controller.surroundings import Did, Surroundings
from controller.terms import NotAllowed, NotNow
from controller.view import BurnerView, StoveView, parse_instant
from controller.wall import Calendar
from hardware.client import OTHER_SETTINGS, KeeperAway, KeeperClient, Opened, Sensed
from hardware.clock import MINUTE, SECOND, Clock, ClockFault, Millis
from hardware.durations import in_words
from hardware.gauges_client import Gauged, GaugesClient
from hardware.protocol import Part

ANSWER_WITHIN = 1.0  # s, for the keeper to say that a line is open
DEFAULT_TIMER: Millis = 20 * MINUTE
LONGEST_TICK: Millis = 250
CLOCK_UNSET_BEFORE = 2025  # a Pi without a clock of its own starts in 1970, or where it was switched off
MARK_AHEAD: Millis = SECOND  # longer than a commit takes
MOST_IN_VAIN = 30  # shut-offs a minute that go on record although nothing was left to cut
STILL_TICKS = 3  # so many ticks at the same instant mean that the boot clock stands still


class UnknownBurner(LookupError):
    """There is no such burner."""


class NotConfirmed(Exception):
    """The keeper did not say that the line is open; the text says what is being done and what to do."""


class Stove:
    """All burners of one stove, and everything that may be asked of them."""

    def __init__(
        self, config: Config, clock: Clock, calendar: Calendar, journal: Journal, keeper: KeeperClient, version: str
    ) -> None:
        self.config = config
        self.stream = Stream()
        self.journal = journal
        self.version = version
        self.tick_every: Millis = min(LONGEST_TICK, config.keeper.lease // 4)
        self.ticked_at: Millis = clock.now()
        self._clock = clock
        self._calendar = calendar
        self._keeper = keeper
        self._burners = {
            entry.id: Burner(
                entry.id,
                entry.name,
                config.limits.for_burner(config.stove.unlock_for, config.keeper.longest_energised),
                senses_flame=entry.flame is not None,
                has_contact=entry.contact is not None,
                locks_when_idle=config.stove.idle == "locked",
            )
            for entry in config.burners
        }
        self._sensing = Sensing(config, clock)
        self._surroundings = Surroundings(config, clock.now(), calendar, self._burners)
        self._series = {entry.id: SeriesTest() for entry in config.burners if entry.relay.second_pin is not None}
        self._health: dict[str, ContactHealth] = {}
        self._remember_wear()
        self._hood = Hood(config.hood.run_on)
        self._in_vain = Sparing(MOST_IN_VAIN)
        self._record = Record(journal, self.stream, calendar, self._burners, config.journal.keep)
        self.reception = Reception(clock, self._write, self._record)
        parts = Parts(self._burners, keeper, self._sensing, self._surroundings, self._record, self._hood, self._health)
        self._portrait = Portrait(config, clock, calendar, self.stream, parts)
        self._still = 0
        self._stopping = False

    # --- life -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what the journal says still stands, and keep every relay open until a valve has surely dropped."""
        now = self._clock.now()
        unknown = self._record.restore(now)
        for burner in self._burners.values():
            burner.begin(now)
        fingerprint = self.config.fingerprint()
        started = Started(burner=None, at=now, by="flameout", version=self.version, config_hash=fingerprint)
        self._record.write([started, *unknown])

    async def run(self) -> None:
        """Evaluate the burners and renew the lease, for ever. Raises :class:`ClockFault`: the relays then open."""
        while True:
            self.tick()
            await asyncio.sleep(until_beat(self.tick_every / 1000))

    def tick(self) -> None:
        """One evaluation of every burner; only then is the lease renewed."""
        now = self._clock.now()
        self._watch_clock(now)
        if late := list(self._record.restore_late(now)):
            self._remember_wear()
            self._follow(iter(late))
        self._follow(self._surroundings.follow_interlocks(now))
        self._follow(self._surroundings.follow_nights(now))
        for button in self._surroundings.held(now):
            self.reception.let_in(f"button:{button.id}")
        if self._surroundings.sweep_is_due():
            self._sweep(now, "daily sweep")
        for burner in self._burners.values():
            self._look_at(burner, now)
        self._keeper.renew()  # before any permit: a keeper whose clock knows better drops us first
        for burner in self._burners.values():
            self._bring_in_line(burner, now)
        self.ticked_at = now
        self._mark_alive(now)  # of all at once: the second of two marks would wait for the first one's commit
        self._record.forget(now)
        self._indicate(now)
        self._announce_stove()

    async def stop(self) -> None:
        """Open every relay, wait for the answer, and write the end into the journal."""
        opened = self._keeper.open(None)
        self._stopping = True  # a command that still comes in must not close a relay again
        now = self._clock.now()
        await asyncio.wait([opened], timeout=ANSWER_WITHIN)
        self._record.write([Stopped(burner=None, at=now, by="flameout")], {"alive": None})

    def _watch_clock(self, now: Millis) -> None:
        if now < self.ticked_at:
            raise ClockFault(f"The boot clock ran backwards, from {self.ticked_at} ms to {now} ms.")
        self._still = self._still + 1 if now == self.ticked_at else 0
        if self._still >= STILL_TICKS:
            raise ClockFault("The boot clock stands still.")

    # --- commands -------------------------------------------------------------------------------------

    async def start_timer(self, burner_id: str, duration: Millis, by: str) -> BurnerView:
        """Set or replace the shut-off timer. Raises :class:`Refused`."""
        self._require_keeper()
        return await self._command(burner_id, lambda burner, now: burner.start_timer(now, duration, by))

    async def extend(self, burner_id: str, extension: Millis, by: str) -> BurnerView:
        """Move the running deadline. Raises :class:`Refused`."""
        self._require_keeper()
        return await self._command(burner_id, lambda burner, now: burner.extend(now, extension, by))

    async def cancel_timer(self, burner_id: str, by: str) -> BurnerView:
        """End the user's timer, never a limit."""
        return await self._command(burner_id, lambda burner, now: burner.cancel_timer(now, by))

    async def lock(self, burner_id: str, by: str) -> BurnerView:
        """Child lock: opens the relay and keeps it open."""
        return await self._command(burner_id, lambda burner, now: burner.lock(now, by))

    async def unlock(self, burner_id: str, by: str) -> BurnerView:
        """End the child lock and the idle lock."""
        return await self._command(burner_id, lambda burner, now: burner.unlock(now, by))

    async def reset(self, burner_id: str, by: str) -> BurnerView:
        """End a lockout, or re-enable after a shut-off. Raises :class:`Refused` while the cause stands."""
        return await self._command(burner_id, lambda burner, now: burner.reset(now, by))

    async def attend(self, burner_id: str, by: str) -> BurnerView:
        """Somebody is there: the limit of a burn starts anew. Raises :class:`Refused`."""
        self._require_keeper()
        return await self._command(burner_id, lambda burner, now: burner.attend(now, by))

    async def lock_all(self, by: str) -> StoveView:
        """Child lock for every burner."""
        return await self._command_all(lambda burner, now: burner.lock(now, by))

    async def unlock_all(self, by: str) -> StoveView:
        """End every burner's locks."""
        return await self._command_all(lambda burner, now: burner.unlock(now, by))

    async def sweep(self, by: str) -> StoveView:
        """Open every relay for ``hold_open``, so that nothing can stay lit; what burns is warned first."""
        now = self._clock.now()
        committed = self._sweep(now, by)
        await self._record.committed(committed)
        return self.stove_view()

    def open_now(self, burner_id: str | None, by: str) -> asyncio.Future[None]:
        """Shut off one burner, or all of them (None); the opening is on its way when this returns.

        The future ends when the keeper says that the lines are open, or with :class:`KeeperAway`. Raises
        :class:`UnknownBurner`.
        """
        if burner_id is not None and burner_id not in self._burners:
            raise UnknownBurner(burner_id)
        opened = self._keeper.open(burner_id)
        if burner_id is None:
            self._cut(self._burners, Cause.SHUT_OFF_ALL, by)
        else:
            self._cut([burner_id], Cause.USER, by)
        return opened

    async def shut_off(self, burner_id: str, by: str) -> BurnerView:
        """Open one relay; returns when the line is open. Raises :class:`NotConfirmed`."""
        await self.confirm(self.open_now(burner_id, by))
        return self.view(burner_id)

    async def shut_off_all(self, by: str) -> StoveView:
        """Open every relay; returns when the lines are open. Raises :class:`NotConfirmed`."""
        await self.confirm(self.open_now(None, by))
        return self.stove_view()

    async def set_default_timer(self, duration: Millis, by: str) -> StoveView:
        """Set what the duration "default" stands for. Raises :class:`NotAllowed`."""
        if not SECOND <= duration <= self.config.limits.longest_timer:
            longest = in_words(self.config.limits.longest_timer)
            raise NotAllowed(
                f"A default timer of {in_words(duration)} is not within 1 s and {longest}.",
                "duration",
                code="default_timer_out_of_range",
                longest=self.config.limits.longest_timer,
            )
        event = DefaultTimerSet(burner=None, at=self._clock.now(), by=by, duration=duration)
        committed = self._record.write([event], {"default_timer_ms": duration})
        self._announce_stove()
        await self._record.committed(committed)
        return self.stove_view()

    def refuse(self, burner_id: str | None, command: str, why: str, by: str) -> None:
        """Put a refused command on record, where its sender cannot be answered directly."""
        self._record.write([CommandRefused(burner=burner_id, at=self._clock.now(), by=by, command=command, why=why)])

    def simulate(self, burner_id: str, action: str) -> asyncio.Future[None]:
        """Turn the simulated hob's knob; see :meth:`KeeperClient.simulate`."""
        return self._keeper.simulate(burner_id, action)

    async def _command(self, burner_id: str, act: Callable[[Burner, Millis], list[Event]]) -> BurnerView:
        burner = self._burner(burner_id)
        now = self._clock.now()
        self._write(burner.tick(now))
        events = act(burner, now)
        self._sync(burner)  # an opening is on its way before anything else
        committed = self._write(events)
        await self._record.committed(committed)
        return self.view(burner_id)

    async def _command_all(self, act: Callable[[Burner, Millis], list[Event]]) -> StoveView:
        now = self._clock.now()
        events: list[Event] = []
        for burner in self._burners.values():  # all of them before the disk has a say
            events += [*burner.tick(now), *act(burner, now)]
            self._sync(burner)
        await self._record.committed(self._write(events))
        return self.stove_view()

    def _cut(self, names: Iterable[str], cause: Cause, by: str) -> None:
        now = self._clock.now()
        for name in names:
            burner = self._burners[name]
            events = burner.tick(now)
            for event in burner.shut_off(now, cause, by):
                if not isinstance(event, ShutOff) or event.cut or self._in_vain.allows(now):
                    events.append(event)
            self._write(events)
            self._sensing.switched(now, name, energised=False)
            self._announce(burner)

    def _sweep(self, now: Millis, by: str) -> asyncio.Future[None] | None:
        events: list[Event] = []
        for burner in self._burners.values():
            events += [*burner.tick(now), *burner.sweep(now, by)]
            self._sync(burner)
        warned = sum(burner.sweep_at is not None for burner in self._burners.values())
        return self._write([SweepBegan(burner=None, at=now, by=by, warned=warned), *events])

    async def confirm(self, opened: asyncio.Future[None]) -> None:
        """Wait until the keeper says that the lines are open. Raises :class:`NotConfirmed`."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await asyncio.shield(opened)
        except (TimeoutError, KeeperAway) as error:
            why = str(error) or "it does not answer"
            raise NotConfirmed(
                f"Nobody confirms that the relay is open ({why}). The keeper is being replaced, which opens every "
                "relay. Turn the knob off."
            ) from None

    def _require_keeper(self) -> None:
        if self._stopping:
            raise NotNow("flameout is being stopped. Every relay is open until it runs again.", code="stopping")
        if not self._keeper.ready:
            raise NotNow(
                f"{self._portrait.keeper_problem or 'There is no keeper.'} Every relay is open until it is there.",
                code="no_keeper",
            )

    # --- what the keeper says -------------------------------------------------------------------------

    def keeper_ready(self) -> None:
        self._portrait.keeper_problem = None
        now = self._clock.now()
        for burner in self._burners.values():
            burner.begin(now)  # the lines are low; a valve that was open needs its time
        self._record.write([KeeperReady(burner=None, at=now, by="keeper", pid=self._keeper.pid or 0)])
        self._announce_stove()

    def keeper_lost(self, why: str) -> None:
        what_now = "Every relay stays open" if why == OTHER_SETTINGS else "A new one is being started"
        problem = f"The keeper is gone: {why}. {what_now}."
        was_there = self._portrait.keeper_problem is None
        if problem == self._portrait.keeper_problem:
            return  # it was sought again, and is still not there
        self._portrait.keeper_problem = problem
        self._sensing.forget()
        now = self._clock.now()
        for burner in self._burners.values() if not self._stopping else ():
            events = burner.tick(now)
            if was_there and burner.permitted(now):
                events += burner.shut_off(now, Cause.SUPERVISION, "keeper", reason=why)
            self._write(events)
            self._announce(burner)
        self._record.write([KeeperLost(burner=None, at=now, by="keeper", why=why)])
        self._announce_stove()

    def keeper_opened(self, opened: Opened) -> None:
        if self._stopping and not opened.cut:
            return  # the stop had opened it already, and says so
        burner = self._burners[opened.line]
        now = self._clock.now()
        events = burner.tick(now)  # a deadline of ours has passed by now, too
        if opened.cut and burner.permitted(now):
            cause = {"energised": Cause.LIMIT, "readback": Cause.FAULT}.get(opened.cause, Cause.SUPERVISION)
            latches = self._surroundings.latches(opened.cause)
            if latches is not None:
                events += burner.trip(now, opened.cause, latches)
            else:
                events += burner.shut_off(now, cause, "keeper", reason=opened.cause)
        self._sensing.switched(now, opened.line, energised=False)
        self._write(events)
        self._announce(burner)

    def keeper_sensed(self, sensed: Sensed) -> None:
        now = self._clock.now()
        self._note_switching(now)
        self._sensing.take(now, sensed)
        for source, active in sensed.inputs.items():
            self._surroundings.hear(now, source, active)
        self._follow(self._surroundings.follow_interlocks(now))
        for burner in self._burners.values():
            self._look_at(burner, now)
            self._announce(burner)
        for button in self._surroundings.pressed(now, sensed.buttons):
            self._press(now, button)

    def measure_with(self, gauges: GaugesClient) -> None:
        """Thermocouples are on real converters, read by these."""
        self._sensing.gauges = gauges

    def gauged(self, gauged: Gauged) -> None:
        """Thermocouples were read by their converters."""
        now = self._clock.now()
        self._note_switching(now)
        self._sensing.gauge(now, gauged.millivolts, gauged.references)
        for burner in self._burners.values():
            self._look_at(burner, now)
            self._announce(burner)

    def interlock_spoke(self, source: str, active: bool) -> None:
        """An interlock's topic said that it is active, or quiet."""
        now = self._clock.now()
        self._surroundings.hear(now, source, active)
        self._follow(self._surroundings.follow_interlocks(now))

    def permit_answered(self, line: str) -> None:
        self._announce(self._burners[line])

    # --- questions ------------------------------------------------------------------------------------

    def burner_ids(self) -> list[str]:
        """Every burner's id, in the configuration's order."""
        return list(self._burners)

    def view(self, burner_id: str) -> BurnerView:
        """One burner as it is now. Raises :class:`UnknownBurner`."""
        return self._portrait.burner(self._burner(burner_id))

    def views(self) -> list[BurnerView]:
        """Every burner as it is now."""
        return [self.view(name) for name in self._burners]

    def counting(self) -> list[str]:
        """The burners of which time left is shown."""
        return [name for name, burner in self._burners.items() if burner.timer is not None or burner.limit is not None]

    def stove_view(self) -> StoveView:
        """The stove as it is now."""
        return self._portrait.stove(self.version, self.default_timer())

    def own_problems(self) -> list[str]:
        """What is wrong with the program's own parts, in sentences; [] when they all work."""
        return self._portrait.own_problems()

    def problems(self) -> list[str]:
        """What is wrong with anything, in sentences; [] when all is well."""
        return self._portrait.problems()

    def machine_lacks(self, problems: list[str]) -> None:
        """Show what the machine under the stove lacks, in sentences, among the problems."""
        self._portrait.machine_problems = problems

    def nobody_is_told(self, why: str) -> None:
        """Show why no message goes out, among the problems."""
        self._portrait.notify_problem = f"Notifications are configured and nobody is told anything: {why}."

    def default_timer(self) -> Millis:
        """The duration that "default" stands for, in ms; never one that ``limits.longest_timer`` forbids."""
        return min(int(self.journal.standing.get("default_timer_ms", DEFAULT_TIMER)), self.config.limits.longest_timer)

    @property
    def run_id(self) -> str:
        """Tells this run of the program from others."""
        return self._portrait.run_id

    def revision(self, burner_id: str | None) -> str:
        """A tag that changes whenever the burner (None: anything) looks different, its countdown aside."""
        return self._portrait.revision(burner_id)

    def alive(self) -> bool:
        """Whether the decision loop turns and a keeper answers it."""
        return self._keeper.ready and self.turns()

    def turns(self) -> bool:
        """Whether the decision loop turns, keeper or not."""
        return self._clock.now() - self.ticked_at < max(SECOND, 3 * self.tick_every)

    def until(self, wall: str) -> Millis:
        """Milliseconds from now to an RFC 3339 instant. Raises ``ValueError``."""
        return self._calendar.instant(parse_instant(wall)) - self._clock.now()

    # --- inside ---------------------------------------------------------------------------------------

    def _burner(self, burner_id: str) -> Burner:
        try:
            return self._burners[burner_id]
        except KeyError:
            raise UnknownBurner(burner_id) from None

    def _write(self, events: list[Event]) -> asyncio.Future[None] | None:
        """Put events on record, and do what follows from them for the rest of the stove."""
        committed = self._record.write(events)
        for event in events:
            if isinstance(event, LockedOut) and event.cause in FAULTS:
                self._cut_the_others(event)
            elif isinstance(event, Proved):
                self._learn(event)
        return committed

    def _remember_wear(self) -> None:
        for name, burner in self._burners.items():
            if burner.senses_flame:
                self._health[name] = ContactHealth(self.journal.standing.get(f"health.{name}"))

    def _cut_the_others(self, lockout: LockedOut) -> None:
        """One burner cannot be trusted, so nobody should be cooking without having seen that."""
        others = [burner for burner in self._burners.values() if burner.id != lockout.burner]
        for burner in others:
            if not burner.permitted(lockout.at):
                continue
            events = burner.shut_off(lockout.at, Cause.FAULT, str(lockout.burner), reason=lockout.cause)
            self._sync(burner)
            self._write(events)

    def _learn(self, proved: Proved) -> None:
        name = str(proved.burner)
        if proved.finding == Finding.CROSSED:
            for other in self._sensing.stepped_elsewhere(name):
                events = self._burners[other].fail(proved.at, Finding.CROSSED.value, name)
                self._sync(self._burners[other])
                self._write(events)
        health = self._health.get(name) if self._record.restored else None  # else the first burns would be forgotten
        if health is None or proved.outcome is not Proof.CONFIRMED or proved.loaded_mv is None or not proved.open_mv:
            return
        was_worn = health.worn
        health.add(proved.loaded_mv, proved.open_mv)
        worn = [ContactWorn(burner=name, at=proved.at, by="sensor", ratio=health.wear or 0)]
        self._record.write(worn if health.worn and not was_worn else [], {f"health.{name}": health.standing()})

    def _note_switching(self, now: Millis) -> None:
        """A relay's switching steps the voltage, which is no jump: it has to be known before the reading is judged."""
        for burner in self._burners.values():
            energised = self._keeper.permitted_until(burner.id) is not None
            self._sensing.switched(now, burner.id, energised and burner.permitted(now))  # the keeper may be earlier

    def _look_at(self, burner: Burner, now: Millis) -> None:
        """Give the burner the time and what is measured of it, and open its relay at once if that comes of it."""
        if self._stopping:
            return  # its relay is open, and a deadline that passes now cuts nothing
        burner.pause_at = self._keeper.pauses_at(burner.id)
        passed = burner.tick(now)
        energised = self._keeper.permitted_until(burner.id) is not None
        reading = self._sensing.reading(burner.id)
        events = burner.observe(now, reading)
        if self._sensing.foreign_voltage(burner.id):
            events += burner.fail(now, "foreign_voltage", "sensor")
        series = self._series.get(burner.id)
        contact = self._sensing.contact_now(now, burner.id)  # one read before this relay closed would pass a welded one
        welded = series.watch(now, self._keeper.part(burner.id), contact) if series is not None else None
        if welded is not None:
            events += burner.fail(now, Finding.CONTACT_STUCK.value, f"{welded} relay")
        self._sensing.judge_contact(burner.id, reading.contact, energised)
        if not burner.permitted(now):
            self._sync(burner)
        self._write([*passed, *events])

    def _follow(self, did: Did) -> None:
        """Bring each relay in line with what was done to its burner, then write that down."""
        for burner, events in did:
            if burner is not None:
                self._sync(burner)
            self._write(events)

    def _press(self, now: Millis, button: ButtonConfig) -> None:
        if button.does == "shut_off":
            wanted: list[str | None] = [*button.burners] or [None]
            for name in wanted:
                self.open_now(name, f"button:{button.id}")
        elif self._keeper.ready:
            self._follow(self._surroundings.press(now, button, self.default_timer()))

    def _indicate(self, now: Millis) -> None:
        """Buzzers, lamps and the hood's relay, by what is measured and decided now."""
        sensing = [burner.flame for burner in self._burners.values() if burner.senses_flame]
        hood = self._hood.watch(now, sensing)
        for output in self.config.outputs:
            self._keeper.indicate(output.id, pattern(output, self._burners.values(), hood, now))

    def _sync(self, burner: Burner) -> None:
        """Bring the keeper's permit in line with the burner, and put on record that its relay is energised."""
        now = self._clock.now()
        self._bring_in_line(burner, now)
        if burner.permitted(now):
            self._mark_alive(now)

    def _bring_in_line(self, burner: Burner, now: Millis) -> None:
        series = self._series.get(burner.id)
        if not burner.permitted(now):
            if self._keeper.wants(burner.id):
                self._keeper.open(burner.id)
            if series is not None:
                series.opened()
        elif self._keeper.ready and not self._stopping:
            part = series.part if series is not None else Part.BOTH
            self._keeper.permit(burner.id, self._not_after(burner, now), part)
        self._announce(burner)

    def _not_after(self, burner: Burner, now: Millis) -> Millis:
        """The deadline; without one, an instant far ahead that is moved on before it is half-way gone."""
        deadline, longest = burner.deadline(), self.config.keeper.longest_permit - SECOND
        if deadline is not None and deadline <= now + longest:
            return deadline
        current = self._keeper.permitted_until(burner.id)
        rolling = current is not None and now + longest // 2 < current <= now + longest
        return (
            current if rolling and current is not None and (deadline is None or current <= deadline) else now + longest
        )

    def _mark_alive(self, now: Millis) -> None:
        energised = [name for name, burner in self._burners.items() if self._energised_soon(burner, now)]
        self._record.mark_alive(now, sorted(energised))

    def _energised_soon(self, burner: Burner, now: Millis) -> bool:
        """Whether its relay is energised, or will be so soon that the disk has to know before it is."""
        soon = self._keeper.ready and not self._stopping and burner.closes_within(now, MARK_AHEAD)
        return soon or self._keeper.wants(burner.id)

    def _announce(self, burner: Burner) -> None:
        self._portrait.announce(burner)

    def _announce_stove(self) -> None:
        self._portrait.announce_stove(self.default_timer())
