"""The self-test's course: every relay, then every burner, as an installer would go.

Only what is due and who waits for what is here; :mod:`api.cli.selftest_steps` judges, and
:mod:`api.cli.selftest_bench` switches and measures.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from api.cli import selftest_steps as steps
from api.cli.selftest_bench import Bench, Interrupted
from api.cli.selftest_report import Outcome
from api.cli.selftest_sensors import Sensors, thermocouple
from api.cli.selftest_steps import Cut, Finding, Verdict
from api.cli.selftest_words import Words
from controller.config import Config
from controller.config_wiring import BurnerConfig
from hardware.client import KeeperAway
from hardware.clock import DAY, MINUTE, SECOND, Millis
from hardware.protocol import Part

PULSE: Millis = SECOND
CONTACT_SETTLES: Millis = 700  # a relay needs 10 ms, its debounced contact 200
STEP_SEEN: Millis = SECOND
FIRST_READINGS: Millis = 15 * SECOND  # a Pi Zero needs 3 s to start what reads converters
FLAME_WITHIN: Millis = 30 * SECOND
STEADY_AFTER: Millis = 5 * SECOND  # of a flame that no thermocouple measures
STEADY_AT_LATEST: Millis = MINUTE
COLD_WITHIN: Millis = 2 * MINUTE
TOO_SOON: Millis = SECOND  # for a valve to be heard whose thermocouple has to cool down first


class Desk(Protocol):
    """The terminal, as the walk sees it."""

    async def ask(self, sentence: str) -> None:
        """Show a request, and return when it is done."""

    def progress(self, sentence: str) -> None:
        """Show what is waited for."""

    def show(self, outcome: Outcome) -> None:
        """Show what was found."""


class Walk:
    """One commissioning."""

    def __init__(self, config: Config, bench: Bench, words: Words, desk: Desk, simulate: bool) -> None:
        """``simulate``: the walk turns the simulated hob's knobs itself."""
        self._config = config
        self._bench = bench
        self._sensors = Sensors(config, bench)
        self._words = words
        self._desk = desk
        self._simulate = simulate
        self._names = {burner.id: burner.name for burner in config.burners}
        self._limit = config.limits.closing_time
        self.outcomes: list[Outcome] = []

    async def run(self) -> None:
        """Every step; where the keeper lets us down, what was found so far and why."""
        try:
            await self._hand("all_off", None, "off")
            await self._until("sensors", None, self._sensors.all_measured, FIRST_READINGS)
            self._references()
            for burner in self._config.burners:
                await self._relay(burner)
            for burner in self._config.burners:
                await self._burner(burner)
        except (Interrupted, KeeperAway) as error:
            self.interrupted(str(error))

    def interrupted(self, why: str) -> None:
        """The walk cannot go on."""
        self._add("walk", None, Verdict(Finding.INTERRUPTED), why=why)

    def _references(self) -> None:
        for number, wanted in enumerate(self._config.references):
            read = self._bench.references[number] if number < len(self._bench.references) else None
            right = read is not None and abs(read - wanted.millivolts) <= wanted.tolerance_mv
            found = Finding.REFERENCE_RIGHT if right else Finding.REFERENCE_WRONG
            self._add("reference", None, Verdict(found), mv=read, wanted=wanted.millivolts, what=wanted.adc)

    # --- relays ---------------------------------------------------------------------------------------

    async def _relay(self, burner: BurnerConfig) -> None:
        """Energise it for a second with every knob off; where two are in series, each alone first."""
        if burner.relay.second_pin is not None:
            await self._alone(burner, Part.FIRST)
            await self._alone(burner, Part.SECOND)
        if not await self._energised(burner, Part.BOTH):
            self._add("relay", burner, Verdict(Finding.REFUSED))
            return
        while_closed = dict(self._bench.contacts)
        await self._opened(burner)
        self._add(
            "relay",
            burner,
            steps.judge_contact(while_closed, self._bench.contacts, burner.id, burner.contact is not None),
        )

    async def _alone(self, burner: BurnerConfig, part: Part) -> None:
        """One relay of a pair: their contact has to stay open."""
        found = Finding.CLICKED if burner.contact is None else Finding.FOLLOWS
        if not await self._energised(burner, part):
            found = Finding.REFUSED
        elif self._bench.contacts.get(burner.id):
            found = Finding.WELDED_ONE
        await self._opened(burner)
        self._add(f"relay_{part}", burner, Verdict(found))

    async def _energised(self, burner: BurnerConfig, part: Part) -> bool:
        if not await self._bench.pulse(burner.id, PULSE, part):
            return False
        await self._until("relay", burner, None, CONTACT_SETTLES)
        return True

    async def _opened(self, burner: BurnerConfig) -> None:
        """The keeper ends the pulse by itself, and the contact needs a moment then."""
        await self._until("relay", burner, None, PULSE)
        await self._bench.open(burner.id)

    # --- burners --------------------------------------------------------------------------------------

    async def _burner(self, burner: BurnerConfig) -> None:
        """Light, cut and own closing; after a failure the rest of them is not done."""
        well = True
        for name, step in (("light", self._light), ("cut", self._cut), ("own_closing", self._own_closing)):
            if not well:
                self._add(name, burner, Verdict(Finding.NOT_DONE))
                continue
            well = await step(burner)
            if not well:
                await self._bench.open(burner.id)
        await self._bench.open(burner.id)
        await self._hand("off", burner, "off")
        await self._until("relay", burner, None, STEP_SEEN)  # a warm probe's voltage steps up once more

    async def _light(self, burner: BurnerConfig) -> bool:
        """Light it with its relay alone permitted, and see whose sensors react."""
        await self._until("cold", burner, self._sensors.all_cold, COLD_WITHIN)
        if self._sensors.lit(burner):
            return self._add("light", burner, Verdict(Finding.FLAME_BEFORE), mv=self._bench.latest(burner.id))
        reaction = self._sensors.reaction()
        await self._bench.hold(burner.id)
        await self._hand("light", burner, "light")
        await self._until("flame", burner, reaction.look, FLAME_WITHIN if burner.flame else STEADY_AFTER)
        stayed = burner.id not in reaction.reacted or await self._steady(burner)
        reaction.look()
        verdict = steps.judge_reaction(burner.id, burner.flame is not None, reaction.reacted)
        loaded = self._sensors.loaded_mv(burner)
        if verdict.finding is Finding.REACTED and not stayed:
            verdict = await self._who_switches(burner) or Verdict(Finding.NOT_HELD)
        return self._add("light", burner, verdict, mv=loaded, seconds=FLAME_WITHIN / SECOND)

    async def _steady(self, burner: BurnerConfig) -> bool:
        """Wait until the flame is steady; whether it has stayed."""
        sensors = self._sensors
        limit = STEADY_AFTER if thermocouple(burner) is None else STEADY_AT_LATEST
        await self._until("steady", burner, lambda: sensors.lost(burner) or sensors.steady(burner), limit)
        return not sensors.lost(burner)

    async def _cut(self, burner: BurnerConfig) -> bool:
        """Open its relay under the flame."""
        loaded, probe = self._sensors.loaded_mv(burner), thermocouple(burner)
        if probe is not None and loaded is not None:
            verdict = await self._cut_by_voltage(burner, probe.out_below_mv, loaded)
        elif burner.flame is not None:
            verdict = await self._cut_by_flame(burner)
        else:
            verdict = await self._cut_by_eye(burner)
        ratio = steps.load_ratio(loaded, verdict.open_mv) if loaded is not None and verdict.open_mv else None
        return self._add(
            "cut",
            burner,
            verdict,
            seconds=_seconds(verdict.closed_after),
            limit=_seconds(self._limit),
            mv=loaded,
            open_mv=verdict.open_mv,
            ratio=ratio,
        )

    async def _cut_by_voltage(self, burner: BurnerConfig, out_below_mv: float, loaded_mv: float) -> Verdict:
        bench, opened_at = self._bench, self._bench.now()
        before = {name: mv for name, mv in self._sensors.voltages().items() if name != burner.id and mv is not None}

        def judged() -> Verdict | None:
            others = {name: (mv, bench.samples[name]) for name, mv in before.items()}
            cut = Cut(opened_at, loaded_mv, out_below_mv, self._limit, bench.samples[burner.id], others)
            return steps.judge_cut(cut, bench.now())

        await bench.open(burner.id)
        await self._until("cut", burner, lambda: judged() is not None, self._limit + SECOND)
        verdict = judged() or Verdict(Finding.VALVE_STUCK)
        if verdict.finding is Finding.CONTACT_STUCK:
            return await self._who_switches(burner) or verdict
        return verdict

    async def _cut_by_flame(self, burner: BurnerConfig) -> Verdict:
        opened_at = self._bench.now()
        await self._bench.open(burner.id)
        if await self._until("cut", burner, lambda: self._sensors.lost(burner), self._limit):
            return Verdict(Finding.CLOSED, closed_after=self._bench.now() - opened_at)
        return Verdict(Finding.STILL_LIT)

    async def _cut_by_eye(self, burner: BurnerConfig) -> Verdict:
        opened_at = self._bench.now()
        await self._bench.open(burner.id)
        if self._simulate:
            return Verdict(Finding.NOT_DONE)
        seen = await self._asked("watch", burner, self._limit)
        return Verdict(Finding.STILL_LIT) if seen is None else Verdict(Finding.WATCHED, closed_after=seen - opened_at)

    async def _who_switches(self, burner: BurnerConfig) -> Verdict | None:
        """Which other relay loads this burner's hot probe as it closes; None where none does, or none can tell."""
        await self._bench.open(burner.id)
        for other in self._names:
            before = self._bench.latest(burner.id)
            if other == burner.id or before is None:
                continue
            closed_at = self._bench.now()
            if not await self._bench.pulse(other, PULSE):
                continue
            await self._until("crossed", burner, None, PULSE + CONTACT_SETTLES)
            if steps.stepped_down(before, self._bench.samples[burner.id], closed_at):
                return Verdict(Finding.CROSSED_RELAYS, other)
        return None

    async def _own_closing(self, burner: BurnerConfig) -> bool:
        """Blow the flame out under a permitted relay: the stove's own valve has to close."""
        await self._bench.hold(burner.id)
        await self._hand("light_again", burner, "light")
        if burner.flame and not await self._until("flame", burner, lambda: self._sensors.lit(burner), FLAME_WITHIN):
            found = Verdict(Finding.NO_FLAME_SEEN)
            return self._add(
                "own_closing", burner, found, seconds=FLAME_WITHIN / SECOND, mv=self._bench.latest(burner.id)
            )
        if not await self._steady(burner):
            return self._add("own_closing", burner, Verdict(Finding.NOT_HELD))
        await self._hand("blow_out", burner, "blow_out")
        limit, blown_at = steps.OWN_CLOSING_TIME, self._bench.now()
        heard_at = None if self._simulate else await self._asked("click", burner, limit)
        if probe := thermocouple(burner):
            rest = blown_at + limit + SECOND - self._bench.now()
            await self._until("own_closing", burner, lambda: self._sensors.cooled(burner, blown_at) is not None, rest)
        heard = heard_at - blown_at if heard_at is not None else None
        cooled = self._sensors.cooled(burner, blown_at)
        return self._add(
            "own_closing",
            burner,
            steps.judge_own_closing(heard, cooled, not self._simulate, probe is not None),
            heard=_seconds(heard),
            cooled=_seconds(cooled),
            limit=_seconds(limit),
        )

    # --- people, time and record ----------------------------------------------------------------------

    async def _hand(self, request: str, burner: BurnerConfig | None, action: str) -> None:
        """Have a hand do something at one burner, or at all of them; ours where the hob is simulated."""
        if not self._simulate:
            await self._asked(request, burner, DAY)
            return
        for name in self._names if burner is None else [burner.id]:
            await self._bench.simulate(name, action)

    async def _asked(self, request: str, burner: BurnerConfig | None, limit: Millis) -> Millis | None:
        """Ask for something; when it was answered, or None after ``limit`` ms.

        A valve that is heard at once was not: that is the second of a double Enter.
        """
        begun = self._bench.now()
        answered = await self._answered(request, burner, limit)
        while answered is not None and request == "click" and answered - begun < TOO_SOON:
            answered = await self._answered(request, burner, limit - (answered - begun))
        return answered

    async def _answered(self, request: str, burner: BurnerConfig | None, limit: Millis) -> Millis | None:
        hint = [self._words("use_simulate")] if self._bench.simulated else []
        sentence = " ".join([self._words(f"ask.{request}", burner=burner.name if burner else ""), *hint])
        answer = asyncio.ensure_future(self._desk.ask(sentence))
        try:
            if not await self._bench.until(answer.done, limit):
                return None
            answer.result()
            return self._bench.now()
        finally:
            answer.cancel()

    async def _until(
        self, what: str, burner: BurnerConfig | None, holds: Callable[[], bool] | None, limit: Millis
    ) -> bool:
        """Wait for something, or just so long, and show it."""
        title = self._words(f"wait.{what}", burner=burner.name if burner else "")

        def look(since: Millis) -> None:
            mv = self._bench.latest(burner.id) if burner else None
            values = {"what": title, "seconds": since // SECOND, "mv": _rounded(mv)}
            self._desk.progress(self._words("progress" if mv is None else "progress_mv", **values))

        return await self._bench.until(holds or (lambda: False), limit, look)

    def _add(
        self,
        step: str,
        burner: BurnerConfig | None,
        verdict: Verdict,
        why: str = "",
        what: str = "",
        **measured: float | None,
    ) -> bool:
        """Record and show an outcome; whether the walk may go on with this burner."""
        finding, words = verdict.finding, self._words
        values: dict[str, object] = {name: _rounded(value) for name, value in measured.items()}
        values |= {"burner": burner.name if burner else what, "why": why}
        values["other"] = self._names[verdict.other] if verdict.other else ""
        outcome = Outcome(
            step=step,
            burner=burner.id if burner else None,
            title=words(f"step.{step}", **values),
            result=steps.result(finding),
            finding=finding.value,
            found=words.found(finding, measured.get("mv") is None, **values),
            cure=words.cure(finding, **values),
            measured={name: round(value, 3) for name, value in measured.items() if value is not None},
        )
        self.outcomes.append(outcome)
        self._desk.show(outcome)
        return outcome.result != "fail"


def _seconds(duration: Millis | None) -> float | None:
    return duration / SECOND if duration is not None else None


def _rounded(value: float | None) -> str:
    """For people: one digit after the point, two below ten; a dash where nothing was measured."""
    if value is None:
        return "–"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
