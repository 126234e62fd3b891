"""The stove: the thin shell around the burners' decisions.

It brings clock, keeper, journal and event stream together. Commands and what the keeper says come in; burners
decide; permits and openings go out to the keeper, events to journal and stream. An opening is sent before
anything is looked up, computed or written.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from controller.burner import Burner
from controller.config import Config
from controller.events import (
    Cause,
    CommandRefused,
    DefaultTimerSet,
    Event,
    KeeperLost,
    KeeperReady,
    Started,
    Stopped,
)
from controller.journal import Journal
from controller.record import Record
from controller.sensing import Sensing
from controller.stream import StateChanged, Stream
from controller.terms import Flame, NotAllowed, NotNow
from controller.view import BurnerView, StoveView, burner_view, earliest, parse_instant
from controller.wall import Calendar, rfc3339
from hardware.client import KeeperAway, KeeperClient, Opened, Sensed
from hardware.clock import MINUTE, SECOND, Clock, ClockFault, Millis
from hardware.durations import in_words

ANSWER_WITHIN = 1.0  # s, for the keeper to say that a line is open
DEFAULT_TIMER: Millis = 20 * MINUTE
LONGEST_TICK: Millis = 250
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
        self.run_id = secrets.token_hex(4)
        self.version = version
        self.tick_every: Millis = min(LONGEST_TICK, config.keeper.lease // 4)
        self.ticked_at: Millis = clock.now()
        self._clock = clock
        self._calendar = calendar
        self._keeper = keeper
        self._keeper_problem: str | None = "The keeper is being started."
        self._burners = {
            entry.id: Burner(
                entry.id,
                entry.name,
                config.limits.for_burner(),
                senses_flame=entry.flame is not None,
                locks_when_idle=config.stove.idle == "locked",
            )
            for entry in config.burners
        }
        self._sensing = Sensing(config, clock)
        self._latching = {interlock.id: interlock.reset == "manual" for interlock in config.interlocks}
        self._started_at = calendar.now()
        self._revisions: dict[str | None, int] = dict.fromkeys([None, *self._burners], 0)  # None: the stove's own
        self._announced: dict[str | None, Any] = {}
        self._record = Record(journal, self.stream, calendar, self._burners, config.journal.keep)
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
            await asyncio.sleep(self.tick_every / 1000)

    def tick(self) -> None:
        """One evaluation of every burner; only then is the lease renewed."""
        now = self._clock.now()
        self._watch_clock(now)
        for burner in self._burners.values():
            events = burner.tick(now)
            flame = self._sensing.flame(burner.id)
            self._record.write([*events, *burner.observe_flame(now, flame)])
            burner.contact = self._sensing.contact(burner.id)
            self._sensing.judge_contact(burner.id, burner.contact, self._keeper.permitted_until(burner.id) is not None)
            self._sync(burner)
        self._keeper.renew()
        self.ticked_at = now
        self._mark_alive(now)
        self._record.forget(now)
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
            raise NotAllowed(f"A default timer of {in_words(duration)} is not within 1 s and {longest}.", "duration")
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
        self._record.write(burner.tick(now))
        events = act(burner, now)
        self._sync(burner)  # an opening is on its way before anything else
        committed = self._record.write(events)
        await self._record.committed(committed)
        return self.view(burner_id)

    def _cut(self, names: Iterable[str], cause: Cause, by: str) -> None:
        now = self._clock.now()
        for name in names:
            burner = self._burners[name]
            self._record.write([*burner.tick(now), *burner.shut_off(now, cause, by)])
            self._announce(burner)

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
            raise NotNow("flameout is being stopped. Every relay is open until it runs again.")
        if not self._keeper.ready:
            raise NotNow(f"{self._keeper_problem or 'There is no keeper.'} Every relay is open until it is there.")

    # --- what the keeper says -------------------------------------------------------------------------

    def keeper_ready(self) -> None:
        self._keeper_problem = None
        now = self._clock.now()
        for burner in self._burners.values():
            burner.begin(now)  # the lines are low; a valve that was open needs its time
        self._record.write([KeeperReady(burner=None, at=now, by="keeper", pid=self._keeper.pid or 0)])
        self._announce_stove()

    def keeper_lost(self, why: str) -> None:
        problem = f"The keeper is gone: {why}. A new one is being started."
        was_there = self._keeper_problem is None
        if problem == self._keeper_problem:
            return  # it was sought again, and is still not there
        self._keeper_problem = problem
        self._sensing.forget()
        now = self._clock.now()
        for burner in self._burners.values():
            events = burner.tick(now)
            if was_there and burner.permitted(now):
                events += burner.shut_off(now, Cause.SUPERVISION, "keeper", reason=why)
            self._record.write(events)
            self._announce(burner)
        self._record.write([KeeperLost(burner=None, at=now, by="keeper", why=why)])
        self._announce_stove()

    def keeper_opened(self, opened: Opened) -> None:
        burner = self._burners[opened.line]
        now = self._clock.now()
        events = burner.tick(now)  # a deadline of ours has passed by now, too
        if opened.cut and burner.permitted(now):
            cause = {"energised": Cause.LIMIT, "readback": Cause.FAULT}.get(opened.cause, Cause.SUPERVISION)
            if opened.cause in self._latching:
                events += burner.trip(now, opened.cause, self._latching[opened.cause])
            else:
                events += burner.shut_off(now, cause, "keeper", reason=opened.cause)
        self._record.write(events)
        self._announce(burner)

    def keeper_sensed(self, sensed: Sensed) -> None:
        now = self._clock.now()
        self._sensing.take(now, sensed)
        for source, active in sensed.inputs.items():
            for burner in self._burners.values():
                if active:
                    self._record.write(burner.trip(now, source, self._latching.get(source, True)))
                else:
                    burner.clear(source)
        for burner in self._burners.values():
            burner.contact = self._sensing.contact(burner.id)
            self._record.write([*burner.tick(now), *burner.observe_flame(now, self._sensing.flame(burner.id))])
            self._announce(burner)

    def permit_answered(self, line: str) -> None:
        self._announce(self._burners[line])

    # --- questions ------------------------------------------------------------------------------------

    def burner_ids(self) -> list[str]:
        """Every burner's id, in the configuration's order."""
        return list(self._burners)

    def view(self, burner_id: str) -> BurnerView:
        """One burner as it is now. Raises :class:`UnknownBurner`."""
        burner = self._burner(burner_id)
        energised = self._keeper.permitted_until(burner_id) is not None
        problem = self._sensing.problem(burner_id)
        return burner_view(burner, self._clock.now(), self._calendar, energised, problem)

    def views(self) -> list[BurnerView]:
        """Every burner as it is now."""
        return [self.view(name) for name in self._burners]

    def stove_view(self) -> StoveView:
        """The stove as it is now."""
        burners = list(self._burners.values())
        problems = self.problems()
        sensing = [burner for burner in burners if burner.senses_flame]
        ends = [end for burner in burners if (end := burner.deadline()) is not None]
        return StoveView(
            id=self.config.stove.id,
            name=self.config.stove.name,
            version=self.version,
            status="problem" if problems else "ok",
            problems=problems,
            in_use=any(burner.flame is not Flame.OUT for burner in sensing) if sensing else None,
            next_shut_off=earliest(ends, self._calendar),
            child_lock=all(burner.child_locked() for burner in burners),
            default_timer_s=self.default_timer() / 1000,
            longest_timer_s=self.config.limits.longest_timer / 1000,
            unattended_s=self.config.limits.unattended / 1000,
            extend_step_s=self.config.limits.extend_step / 1000,
            simulated=self._keeper.simulated,
            started_at=rfc3339(self._started_at),
            burners=self.views(),
        )

    def problems(self) -> list[str]:
        """What is wrong, in sentences; [] when all is well."""
        own = [self._keeper_problem, self._record.problem()]
        return [problem for problem in (*own, *map(self._sensing.problem, self._burners)) if problem]

    def default_timer(self) -> Millis:
        """The duration that "default" stands for, in ms."""
        return int(self.journal.standing.get("default_timer_ms", DEFAULT_TIMER))

    def revision(self, burner_id: str | None) -> str:
        """A tag that changes whenever the burner (None: anything) looks different, its countdown aside."""
        counts = self._revisions if burner_id is None else {burner_id: self._revisions[burner_id]}
        return f"{self.run_id}-{'.'.join(map(str, counts.values()))}"

    def alive(self) -> bool:
        """Whether the decision loop turns and a keeper answers it."""
        late = self._clock.now() - self.ticked_at
        return self._keeper.ready and late < max(SECOND, 3 * self.tick_every)

    def until(self, wall: str) -> Millis:
        """Milliseconds from now to an RFC 3339 instant. Raises ``ValueError``."""
        return self._calendar.instant(parse_instant(wall)) - self._clock.now()

    # --- inside ---------------------------------------------------------------------------------------

    def _burner(self, burner_id: str) -> Burner:
        try:
            return self._burners[burner_id]
        except KeyError:
            raise UnknownBurner(burner_id) from None

    def _sync(self, burner: Burner) -> None:
        """Bring the keeper's permit in line with the burner."""
        now = self._clock.now()
        if not burner.permitted(now):
            if self._keeper.wants(burner.id):
                self._keeper.open(burner.id)
        elif self._keeper.ready and not self._stopping:
            self._keeper.permit(burner.id, self._not_after(burner, now))
            self._mark_alive(now)
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
        self._record.mark_alive(now, sorted(name for name in self._burners if self._keeper.wants(name)))

    def _announce(self, burner: Burner) -> None:
        """Publish that a burner looks different, if it does."""
        permit = self._keeper.permitted_until(burner.id) is not None
        look = (
            burner.status(self._clock.now()),
            permit,
            burner.contact,
            burner.flame,
            burner.timer,
            burner.limit,
            burner.last_shut_off,
            burner.holds,
            self._sensing.problem(burner.id),
        )
        if look != self._announced.get(burner.id):
            self._announced[burner.id] = look
            self._revisions[burner.id] += 1
            self.stream.publish(StateChanged(burner.id))
            self.stream.publish(StateChanged(None))

    def _announce_stove(self) -> None:
        """Publish that something of the stove's own looks different, if it does."""
        look = (self._keeper_problem, self._record.problem(), self.default_timer())
        if look != self._announced.get(None):
            self._announced[None] = look
            self._revisions[None] += 1
            self.stream.publish(StateChanged(None))
