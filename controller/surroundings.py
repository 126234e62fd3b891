"""What acts on the burners from around the stove: interlocks, the time of day, the buttons at its side.

Each method yields what it did, burner by burner (None: the stove as a whole), so that the stove can open a relay
and write it down before the next burner's turn.
"""

from collections.abc import Iterator, Mapping

from controller.burner import Burner
from controller.config import Config
from controller.config_wiring import ButtonConfig
from controller.events import CommandRefused, Event, InterlockSilent
from controller.interlocks import Interlock, interlocks
from controller.night import SweepTime, night_of
from controller.pairing import BUTTON_HELD
from controller.terms import Refused
from controller.wall import Calendar
from hardware.clock import Millis

CLOCK_UNSET_BEFORE = 2025  # a Pi without a clock of its own starts in 1970, or where it was switched off
Did = Iterator[tuple[Burner | None, list[Event]]]


class Surroundings:
    """The interlocks, night locks, sweep and buttons of one configuration."""

    def __init__(self, config: Config, now: Millis, calendar: Calendar, burners: Mapping[str, Burner]) -> None:
        self._config = config
        self._calendar = calendar
        self._burners = burners
        self._interlocks = interlocks(config.interlocks, now)
        self._silent: set[str] = set()  # those that are on record as such
        self._sweep_time = SweepTime(config.sweep.at, calendar.now()) if config.sweep is not None else None
        self._pressed: dict[str, Millis] = {}  # the buttons that are down, and since when
        self._offered: set[str] = set()  # those that have been held long enough to let a phone in

    # --- interlocks -----------------------------------------------------------------------------------

    def latches(self, source: str) -> bool | None:
        """Whether an interlock locks out; None where there is no such interlock."""
        return self._interlocks[source].latches if source in self._interlocks else None

    def hear(self, now: Millis, source: str, active: bool) -> None:
        """An interlock says that it is active, or quiet. One that only the keeper knows of locks out."""
        self._interlocks.setdefault(source, Interlock(source, latches=True)).hear(now, active)

    def follow_interlocks(self, now: Millis) -> Did:
        """Hold what an active interlock forbids, and let go of what a quiet one held."""
        for interlock in self._interlocks.values():
            active = interlock.active(now)
            for burner in self._burners.values():
                if not active:
                    burner.clear(interlock.id)
                elif events := burner.trip(now, interlock.id, interlock.latches):
                    yield burner, events
            silent = interlock.silent
            if silent is not (interlock.id in self._silent):
                self._silent ^= {interlock.id}
                yield None, [InterlockSilent(burner=None, at=now, by="mqtt", source=interlock.id, silent=silent)]

    # --- the time of day ------------------------------------------------------------------------------

    def follow_nights(self, now: Millis) -> Did:
        """Lock and unlock by the night locks; what was locked stays so while the clock is not set."""
        if not self._config.locks:
            return
        wall = self._calendar.now()
        if wall.year < CLOCK_UNSET_BEFORE:
            return
        for burner in self._burners.values():
            night, begins = night_of(self._config.locks, burner.id, wall, self._calendar.local)
            next_night = self._calendar.instant(begins) if begins is not None else None
            if events := burner.schedule(now, night, next_night):
                yield burner, events

    def sweep_is_due(self) -> bool:
        """Whether the daily sweep's time has come since this was asked last."""
        if self._sweep_time is None:
            return False
        wall = self._calendar.now()
        return self._sweep_time.due(wall, self._calendar.local) and wall.year >= CLOCK_UNSET_BEFORE

    # --- buttons --------------------------------------------------------------------------------------

    def pressed(self, now: Millis, buttons: Mapping[str, bool]) -> list[ButtonConfig]:
        """The buttons that have just gone down."""
        down = {name for name, pressed in buttons.items() if pressed}
        new = down - self._pressed.keys()
        self._pressed = {name: self._pressed.get(name, now) for name in down}
        self._offered &= down
        return [button for button in self._config.buttons if button.id in new]

    def held(self, now: Millis) -> list[ButtonConfig]:
        """The stop buttons that have been held for as long as letting a phone in takes; each press counts once."""
        long = {name for name, since in self._pressed.items() if now - since >= BUTTON_HELD} - self._offered
        self._offered |= long
        return [button for button in self._config.buttons if button.id in long and button.does == "shut_off"]

    def press(self, now: Millis, button: ButtonConfig, default_timer: Millis) -> Did:
        """Do what a button is for, one that shuts off aside; a refusal goes on record."""
        for name in button.burners or list(self._burners):
            burner = self._burners[name]
            by = f"button:{button.id}"
            try:
                if button.does == "attention":
                    events = burner.attend(now, by)
                elif burner.timer is not None:
                    events = burner.extend(now, self._config.limits.extend_step, by)
                else:
                    events = burner.start_timer(now, default_timer, by)
            except Refused as refused:
                events = [CommandRefused(burner=name, at=now, by=by, command=button.does, why=str(refused))]
            yield burner, events

    # --- questions ------------------------------------------------------------------------------------

    def problems(self, now: Millis) -> list[str]:
        """What is wrong with what is around, in sentences."""
        found = [interlock.problem(now) for interlock in self._interlocks.values()]
        if (self._config.locks or self._config.sweep) and self._calendar.now().year < CLOCK_UNSET_BEFORE:
            found.append("The clock is not set, so night locks and the sweep wait for it; check the network's time.")
        return [problem for problem in found if problem is not None]
