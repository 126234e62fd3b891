"""The stove as it is now, for everybody outside: views, problems in sentences, and when something looks different."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.advice import advice
from controller.burner import Burner
from controller.config import Config
from controller.health import ContactHealth
from controller.hob import places
from controller.hood import Hood
from controller.record import Record
from controller.sensing import Sensing
from controller.stream import StateChanged, Stream
from controller.surroundings import Surroundings
from controller.terms import Flame
from controller.view import BurnerView, StoveView, burner_view, earliest
from controller.wall import Calendar, rfc3339
from hardware.client import KeeperClient
from hardware.clock import SECOND, Clock, Millis

MEASURED_EVERY: Millis = 10 * SECOND  # how long a clock that was set may go unnoticed where nothing else happens


@dataclass(frozen=True)
class Parts:
    """What there is to look at."""

    burners: Mapping[str, Burner]
    keeper: KeeperClient
    sensing: Sensing
    surroundings: Surroundings
    record: Record
    hood: Hood
    health: Mapping[str, ContactHealth]


class Portrait:
    """Looks at the burners and at everything around them, and changes nothing."""

    def __init__(self, config: Config, clock: Clock, calendar: Calendar, stream: Stream, parts: Parts) -> None:
        self.run_id = secrets.token_hex(4)
        self.keeper_problem: str | None = "The keeper is being started."
        self.machine_problems: list[str] = []
        self.notify_problem: str | None = None
        self._config = config
        self._clock = clock
        self._calendar = calendar
        self._stream = stream
        self._parts = parts
        self._started_at: Millis = clock.now()
        self._measured_at: Millis = clock.now()  # the calendar, which reads the zone's file for that
        self._revisions: dict[str | None, int] = dict.fromkeys([None, *parts.burners], 0)  # None: the stove's own
        self._announced: dict[str | None, Any] = {}

    # --- views ----------------------------------------------------------------------------------------

    def burner(self, burner: Burner) -> BurnerView:
        """One burner."""
        energised = self._parts.keeper.permitted_until(burner.id) is not None
        health = self._parts.health.get(burner.id)
        wear = health.wear if health is not None else None
        return burner_view(burner, self._clock.now(), self._calendar, energised, self.problem(burner), wear)

    def stove(self, version: str, default_timer: Millis) -> StoveView:
        """The stove and all its burners."""
        config, burners = self._config, list(self._parts.burners.values())
        problems = self.problems()
        sensing = [burner for burner in burners if burner.senses_flame]
        ends = [end[0] for burner in burners if (end := burner.burn_ends()) is not None]
        return StoveView(
            id=config.stove.id,
            name=config.stove.name,
            version=version,
            status="problem" if problems else "ok",
            problems=problems,
            in_use=any(burner.flame is not Flame.OUT for burner in sensing) if sensing else None,
            hood=self._parts.hood.wanted if sensing else None,
            next_shut_off=earliest(ends, self._calendar),
            child_lock=all(burner.child_locked() for burner in burners),
            default_timer_s=default_timer / 1000,
            longest_timer_s=config.limits.longest_timer / 1000,
            unattended_s=config.limits.unattended / 1000,
            extend_step_s=config.limits.extend_step / 1000,
            presets_s=[preset / 1000 for preset in config.page.presets if preset <= config.limits.longest_timer],
            places=places(config.burners),
            simulated=self._parts.keeper.simulated,
            started_at=rfc3339(self._calendar.at(self._started_at)),
            burners=[self.burner(burner) for burner in burners],
        )

    # --- problems -------------------------------------------------------------------------------------

    def own_problems(self) -> list[str]:
        """What is wrong with the program's own parts, in sentences; [] when they all work."""
        return [problem for problem in (self.keeper_problem, self._parts.record.problem()) if problem]

    def problems(self) -> list[str]:
        """What is wrong with anything, in sentences; [] when all is well."""
        burners = [self.problem(burner) for burner in self._parts.burners.values()]
        around = self._parts.surroundings.problems(self._clock.now())
        own = self.own_problems()
        told = [problem for problem in (*burners, self.notify_problem) if problem is not None]
        return [*own, *around, *told, *self.machine_problems]

    def problem(self, burner: Burner) -> str | None:
        """What is wrong with the burner and what to do, in a sentence: the gravest."""
        health = self._parts.health.get(burner.id)
        worn = health.problem(burner.name) if health is not None else None
        return advice(burner) or self._parts.sensing.problem(burner.id) or worn

    # --- what has changed -----------------------------------------------------------------------------

    def revision(self, burner_id: str | None) -> str:
        """A tag that changes whenever the burner (None: anything) looks different, its countdown aside."""
        counts = self._revisions if burner_id is None else {burner_id: self._revisions[burner_id]}
        return f"{self.run_id}-{'.'.join(map(str, counts.values()))}"

    def announce(self, burner: Burner) -> None:
        """Publish that a burner looks different, if it does."""
        look = (
            burner.status(self._clock.now()),
            self._parts.keeper.permitted_until(burner.id) is not None,
            burner.contact,
            burner.flame,
            burner.timer,
            burner.limit,
            burner.burn_ends(),
            burner.last_shut_off,
            burner.holds,
            self.problem(burner),
            self._calendar.steps,
        )
        if self._is_new(burner.id, look):
            self._stream.publish(StateChanged(burner.id))
            self._stream.publish(StateChanged(None))

    def announce_stove(self, default_timer: Millis) -> None:
        """Publish that something of the stove's own looks different, if it does, as all does when a clock is set."""
        now = self._clock.now()
        if now >= self._measured_at + MEASURED_EVERY:
            self._measured_at = now
            self._calendar.measure()
        if self._is_new(None, (self.problems(), default_timer, self._parts.hood.wanted, self._calendar.steps)):
            self._stream.publish(StateChanged(None))

    def _is_new(self, name: str | None, look: Any) -> bool:
        if look == self._announced.get(name):
            return False
        self._announced[name] = look
        self._revisions[name] += 1
        return True
