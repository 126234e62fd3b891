"""A house with a stove: its time, its plans, what is done at the stove, and the record compared with what was done."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from controller.journal import Entry, read_since, verify
from controller.terms import Refused
from controller.view import BurnerView, parse_instant
from tests.soak.kitchen import ZONE, SoakKitchen
from tests.soak.ledger import EXACT, HOUR, LINES, MINUTE, SECOND, TICK, UNATTENDED, Fall, Ledger, instants_of

Deed = Callable[[], Awaitable[None]]
COUNTED = (
    "timer_started",
    "timer_extended",
    "timer_cancelled",
    "attended",
    "reset",
    "sweep",
    "started",
    "stopped",
    "lockout",
)
_OPENED = ("opened_unknown", "paused")  # what tells of a fall besides a cut
KEPT = timedelta(days=60)  # as the configuration says
DAY = 24 * HOUR
LIGHTING = 15 * SECOND  # a hand at the knob, and a flame that is measured


class House:
    """One household; ``run(days)`` lets it live. The year begins at ``start``."""

    def __init__(self, folder: Path, start: datetime, seed: int) -> None:
        self.folder, self.start = folder, start
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.kitchen: SoakKitchen | None = None
        self.now_off = 0  # the time while there is no power
        self.skipped = 0  # ms that were leapt over
        self.boots = 0
        self.found: Counter[str] = Counter()  # on record, by kind
        self.broken: set[str] = set()  # what must not be disturbed by a power cut
        self.lit: set[str] = set()
        self._plans: list[tuple[int, int, Deed]] = []
        self._order = itertools.count()
        self._read = 0  # the last row that was compared
        self._closing: set[str] = set()  # lines that nothing but a hold kept low when the power failed
        self._flames: Counter[str] = Counter()
        self._lit_since: dict[str, int] = {}

    # --- time and plans -------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        return self.kitchen.now if self.kitchen is not None else self.now_off

    @property
    def stove(self) -> Any:
        assert self.kitchen is not None
        return self.kitchen.stove

    def plan(self, at: int, deed: Deed) -> None:
        """Something is to be done then."""
        heapq.heappush(self._plans, (max(at, self.now), next(self._order), deed))

    def look_at(self, at: int) -> None:
        """Something is due then, so no leap may go over it."""
        self.plan(at, _nothing)

    async def run(self, days: int, each_day: Callable[[int], None], live: Callable[["House", int], None]) -> None:
        """``live`` plans a day's life; ``each_day`` is told that one is over."""
        try:
            await self._live(days, each_day, live)
        finally:
            if self.kitchen is not None:
                await self._gone()

    async def _live(self, days: int, each_day: Callable[[int], None], live: Callable[["House", int], None]) -> None:
        await self.boot()
        for day in range(days):
            midnight = self._midnight(day)
            self._keep_the_calendar(midnight)
            live(self, midnight)
            await self._until(self._midnight(day + 1))
            await self._on_record()
            if day % 7 == 6 or day == days - 1:
                self._end_week()
            each_day(day + 1)
        await self.stop()
        self._close_books()

    async def _until(self, end: int) -> None:
        while self._plans and self._plans[0][0] < end:
            at, _, deed = heapq.heappop(self._plans)
            await self._pass_until(at)
            await deed()
        await self._pass_until(end)

    async def _pass_until(self, at: int) -> None:
        if self.kitchen is not None:
            await self.kitchen.pass_until(at)
        else:
            self.now_off = max(self.now_off, at)

    def _midnight(self, day: int) -> int:
        there = datetime.combine((self.start.astimezone(ZONE) + timedelta(days=day)).date(), datetime.min.time(), ZONE)
        return round((there - self.start) / timedelta(milliseconds=1))

    def _keep_the_calendar(self, midnight: int) -> None:
        day = (self.start + timedelta(milliseconds=midnight + 12 * HOUR)).astimezone(ZONE)
        instants = instants_of(day, self.start, ZONE)
        for name, deed in (("dawn", self._dawn), ("sweep", self._sweep), ("night", self._night)):
            self.plan(instants[name] - 1, partial(deed, instants[name]))  # what is expected is said before it comes

    # --- what comes by itself -------------------------------------------------------------------------

    async def _night(self, at: int) -> None:
        for line in LINES:
            self.ledger.hold(at, line, "night", "lock")

    async def _dawn(self, at: int) -> None:
        for line in LINES:
            self.ledger.free(at, line, "night")
        if self.kitchen is not None:
            self.kitchen.look_closely(SECOND)

    async def _sweep(self, at: int) -> None:
        """Every line opens; what is in use is warned a minute before, and somebody may be there to say so."""
        if self.kitchen is None:
            return
        self.ledger.count("sweep")
        self.kitchen.look_closely(2 * SECOND)
        for line in LINES:
            if self.stove.view(line).ending is None:
                self.ledger.cut(at, line, "shut_off_all", TICK)
            elif self.random.random() < 0.5:
                self.plan(at + 20 * SECOND, lambda line=line: self.attend(line))  # type: ignore[misc]
                self.ledger.may_fall(at, line, MINUTE + TICK, "shut_off_all")
            else:
                self.ledger.cut(at, line, "shut_off_all", MINUTE + TICK)
        self.look_at(at + MINUTE)

    # --- power ----------------------------------------------------------------------------------------

    async def boot(self) -> None:
        """The program starts."""
        self.kitchen = SoakKitchen(self.folder, self.start, self.now_off, self._moved)
        self.boots += 1
        self.ledger.count("started")
        self.ledger.say("spawned", self.now)
        for state in self.ledger.lines.values():
            state.held.pop("power", None)
        await self.kitchen.__aenter__()
        self.kitchen.stroll(15 * SECOND)

    async def stop(self) -> None:
        """An orderly end, as for an update."""
        assert self.kitchen is not None
        self._all_fall("stopped")
        self.ledger.count("stopped")
        await self.kitchen.do(self.kitchen.stove.stop())
        await self._gone()

    async def lose_power(self) -> None:
        """Nobody gets to say anything any more."""
        self._closing = {name for name, line in self.ledger.lines.items() if line.high_since is None and not line.held}
        self._all_fall("opened_unknown")
        await self._gone()

    def _all_fall(self, cause: str) -> None:
        for line in LINES:
            self.ledger.cut(self.now, line, cause)
        self._dark()

    async def _gone(self) -> None:
        assert self.kitchen is not None
        kitchen, self.now_off = self.kitchen, self.kitchen.now
        self.skipped += kitchen.skipped
        await kitchen.__aexit__()
        self.kitchen = None
        self.compare_record()

    # --- at the stove ---------------------------------------------------------------------------------

    async def command(self, deed: Awaitable[BurnerView], line: str, what: str, certain: bool) -> BurnerView | None:
        """Ask for something; None where it is refused, which has to be right."""
        assert self.kitchen is not None
        try:
            view = await self.kitchen.do(deed)
        except Refused as refused:
            if certain:
                self.ledger.complain(self.now, f"{what} of {line} was refused without a reason: {refused}")
            return None
        self.ledger.count(what)
        self.kitchen.look_closely(300)
        return view

    async def light(self, line: str) -> bool:
        """Turn a knob and hold it; False where the relay does not let it."""
        view = self.stove.view(line)
        if not view.permitted:
            if self.ledger.free_to_burn(self.now, line):
                self.ledger.complain(self.now, f"{line} is not permitted, and nothing holds it: {view.holds}")
            return False
        assert self.kitchen is not None
        self.kitchen.hob(line, "light")
        self.kitchen.stroll(LIGHTING + 10 * SECOND)
        await self._pass_until(self.now + LIGHTING)
        if self.stove.view(line).flame != "lit":
            if self.ledger.lines[line].high_since is not None and line not in self.broken:
                self.ledger.complain(self.now, f"{line} was lit, and is not seen to burn")
            return False
        self.lit.add(line)
        self._lit_since[line] = self.now
        if self.stove.view(line).timer is None:
            self._limit(line, self.now - LIGHTING)
        return True

    def _limit(self, line: str, since: int) -> None:
        """A flame without a timer burns no longer than the limit, which counts from an instant since then."""
        self.ledger.ends(self.now, line, UNATTENDED, "limit", since)
        self.look_at(since + UNATTENDED)
        self.look_at(self.now + UNATTENDED)

    async def set_timer(self, line: str, duration: int) -> bool:
        certain = self.ledger.free_to_burn(self.now, line)
        deed = self.stove.start_timer(line, duration, "household")
        if await self.command(deed, line, "timer_started", certain) is None:
            return False
        self.ledger.ends(self.now, line, duration, "timer")
        self.look_at(self.now + duration - min(MINUTE, duration // 2))
        self.look_at(self.now + duration)
        return True

    async def extend(self, line: str, by: int) -> None:
        timer = self.stove.view(line).timer
        ends = self.ledger.lines[line].ends
        if timer is None or ends is None or ends[1] != "timer":
            return
        if await self.command(self.stove.extend(line, by, "mqtt"), line, "timer_extended", certain=False) is not None:
            self.ledger.ends(self.now, line, ends[0] - self.now + by, "timer")
            self.look_at(ends[0] + by)

    async def cancel(self, line: str) -> None:
        if self.stove.view(line).timer is None:
            return
        if await self.command(self.stove.cancel_timer(line, "household"), line, "timer_cancelled", True) is not None:
            self._limit(line, self.now) if line in self.lit else self.ledger.endless(self.now, line)

    async def attend(self, line: str) -> None:
        view = self.stove.view(line)
        if not view.permitted or (view.limit is None and line not in self.lit):
            return
        done = await self.command(self.stove.attend(line, "household"), line, "attended", certain=False)
        if done is not None and done.timer is None:
            self._limit(line, self.now)

    async def turn_off(self, line: str) -> None:
        """The knob; a timer that runs goes on."""
        assert self.kitchen is not None
        self.kitchen.hob(line, "off")
        self.kitchen.stroll(40 * SECOND)
        self._out(line)
        await self._pass_until(self.now + 35 * SECOND)  # until a thermocouple has cooled
        if self.kitchen is not None and self.stove.view(line).timer is None and line not in self.lit:
            self.ledger.endless(self.now, line)

    async def shut_off(self, line: str | None) -> None:
        assert self.kitchen is not None
        for name in [line] if line is not None else LINES:
            self.ledger.cut(self.now, name, "user" if line is not None else "shut_off_all")
            self._out(name)
        await self.kitchen.do(self.stove.shut_off(line, "rest") if line else self.stove.shut_off_all("rest"))

    async def press_stop(self) -> None:
        assert self.kitchen is not None
        for line in LINES:
            self.ledger.cut(self.now, line, "shut_off_all", TICK)
            self._out(line)
        await self._at_input("stop", "press", "let_go", SECOND)

    async def gas_alarm(self, lasts: int) -> None:
        for line in LINES:
            self.ledger.hold(self.now, line, "alarm", "interlock", TICK)
            self._out(line)
        assert self.kitchen is not None
        self.kitchen.hob("gas_alarm", "trip")
        self.kitchen.look_closely(SECOND)
        await self._pass_until(self.now + lasts)
        if self.kitchen is not None:
            self.kitchen.hob("gas_alarm", "clear")
            self.kitchen.stroll(10 * SECOND)  # an alarm has to be quiet for a while
        for line in LINES:
            self.ledger.free(self.now, line, "alarm")

    async def _at_input(self, name: str, begin: str, end: str, lasts: int) -> None:
        assert self.kitchen is not None
        self.kitchen.hob(name, begin)
        self.kitchen.look_closely(lasts + SECOND)
        await self._pass_until(self.now + lasts)
        self.kitchen.hob(name, end)

    async def lock(self, line: str) -> None:
        assert self.kitchen is not None
        self.ledger.hold(self.now, line, "child lock", "lock")
        self._out(line)
        await self.kitchen.do(self.stove.lock(line, "household"))

    async def unlock(self, line: str) -> None:
        assert self.kitchen is not None
        for by in ("child lock", "night"):
            self.ledger.free(self.now, line, by)
        await self.kitchen.do(self.stove.unlock(line, "household"))
        self.kitchen.stroll(2 * SECOND)

    async def weld(self, line: str, ends: int) -> None:
        """The relay's contact welds; when the timer ends, the burner is locked out and the others are cut."""
        assert self.kitchen is not None
        self.broken.add(line)
        self.kitchen.hob(line, "fault contact_stuck")
        self.ledger.count("lockout")
        for other in LINES:
            if other == line:
                self.ledger.keep_low(ends + EXACT, line, "lockout")  # the timer has opened it
            else:
                self.ledger.cut(ends, other, "fault", 3 * SECOND)

    async def mend(self, line: str) -> None:
        """A new relay, and a reset."""
        assert self.kitchen is not None
        self.kitchen.hob(line, "fault none")
        self.kitchen.stroll(5 * SECOND)
        await self._pass_until(self.now + 2 * SECOND)
        self.ledger.free(self.now, line, "lockout")
        await self.command(self.stove.reset(line, "household"), line, "reset", certain=True)
        self.broken.discard(line)

    # --- what is seen ---------------------------------------------------------------------------------

    def _moved(self, line: str, high: bool) -> None:
        self.ledger.moved(self.now, line, high)
        if high:
            self.look_at(self.ledger.lines[line].counts_since + 12 * HOUR)
        elif line not in self.broken:
            self._out(line)

    def _out(self, line: str) -> None:
        self.lit.discard(line)
        since = self._lit_since.pop(line, None)
        if since is not None:
            self._flames[line] += (self.now - since) / MINUTE  # type: ignore[assignment]

    def _dark(self) -> None:
        for line in LINES:
            self._out(line)

    # --- the record -----------------------------------------------------------------------------------

    async def _on_record(self) -> None:
        if self.kitchen is not None:
            await self.kitchen.do(self.kitchen.journal.append([], {}))  # what is queued is written before that
        self.compare_record()

    def compare_record(self) -> None:
        """Every row since the last time: no gap, each fall once, under its right name."""
        path = self.folder / "flameout.db"
        for entry in read_since(path, self._read, 1_000_000):
            if entry.seq != self._read + 1:
                self.ledger.complain(self.now, f"row {entry.seq} comes after row {self._read}")
            self._read = entry.seq
            self.found[entry.kind] += 1
            if entry.kind in _OPENED or (entry.kind == "shut_off" and entry.details["cut"]):
                self._strike(entry)
        self._let_be()

    def _strike(self, entry: Entry) -> None:
        """Find the fall that a row tells of, and take it off the list."""
        cause = entry.kind if entry.kind in _OPENED else str(entry.details["cause"])
        at = round((parse_instant(entry.at) - self.start) / timedelta(milliseconds=1))
        for fall in self.ledger.falls:
            if fall.line == entry.burner and fall.cause == cause and (_late(fall) or abs(fall.at - at) <= 2 * HOUR):
                self.ledger.falls.remove(fall)
                return
        if cause == "opened_unknown" and entry.burner in self._closing:  # it was about to close, and is told so too
            self._closing.remove(entry.burner)
            return
        self.ledger.complain(at, f"on record is a cut of {entry.burner} ({cause}, row {entry.seq}) that nobody saw")

    def _let_be(self) -> None:
        """Falls that no row told of; those by a power cut are told of at the next start."""
        for fall in list(self.ledger.falls):
            if fall.cause == "stopped" or (fall.at < self.now - MINUTE and not _late(fall)):
                self.ledger.falls.remove(fall)
                if fall.cause != "stopped":
                    self.ledger.complain(fall.at, f"the fall of {fall.line} ({fall.cause}) is not on record")

    def _end_week(self) -> None:
        if any(state.high_since is not None for state in self.ledger.lines.values()):
            return  # somebody cooks at midnight; next week, then
        self.ledger.judge_week(self.now, self._flames)
        self._flames = Counter()
        problem = verify(self.folder / "flameout.db")
        if problem is not None:
            self.ledger.complain(self.now, problem)

    def _close_books(self) -> None:
        self.ledger.judge_week(self.now, self._flames)
        for kind in COUNTED:
            if self.found[kind] != self.ledger.done[kind]:
                self.ledger.complain(self.now, f"{kind}: done {self.ledger.done[kind]}, on record {self.found[kind]}")
        for fall in self.ledger.falls:
            self.ledger.complain(fall.at, f"the fall of {fall.line} ({fall.cause}) is not on record")


def _late(fall: Fall) -> bool:
    return fall.cause == "opened_unknown"


async def _nothing() -> None:
    """An instant that no leap goes over."""
