"""``flameout selftest``: judgements, the walk over a simulated hob on virtual time, the report, and as a process."""

import asyncio
import fcntl
import io
import json
import os
import re
import signal
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from api.cli import selftest, selftest_report, selftest_steps
from api.cli.selftest_bench import TICK, Bench
from api.cli.selftest_desk import Terminal
from api.cli.selftest_report import Outcome, checksum, page, signed, verdict
from api.cli.selftest_steps import Cut, Finding, Sample, Verdict
from api.cli.selftest_walk import Walk
from api.cli.selftest_words import LANGUAGES, TEXTS, Words, language_of
from controller.config import Config
from hardware.client import Opened, Sensed
from hardware.clock import SECOND, Millis
from hardware.drive import Drive
from hardware.permits import Denied, Line, Permits
from hardware.protocol import Part
from hardware.senses import Senses
from hardware.settings import keeper_settings
from hardware.simulated import SimulatedFactory
from tests.api.cli.daemon import Shell
from tests.fakes import ManualClock

POLL: Millis = 50
SOURCES = sorted(Path(selftest_steps.__file__).parent.glob("selftest*.py"))

DIGITAL = {"kind": "digital", "pin": 23}
LEFT = {
    "id": "left",
    "name": "Left",
    "relay": {"pin": 17},
    "contact": {"pin": 22},
    "flame": {"kind": "thermocouple", "adc": "ads1115", "channel": 0},
}
RIGHT = {
    "id": "right",
    "name": "Right",
    "relay": {"pin": 27},
    "contact": {"pin": 24},
    "flame": {"kind": "thermocouple", "adc": "ads1115", "channel": 1},
}


# --- judgements ---------------------------------------------------------------------------------------------


def curve(start: Millis, end: Millis, voltage: Callable[[Millis], float]) -> list[Sample]:
    """A sample every 100 ms, after ``start``, with a little noise."""
    return [(at, voltage(at) + 0.05 * (-1) ** (at // 100)) for at in range(start + 100, end + 1, 100)]


def cut(samples: list[Sample], others: dict[str, tuple[float, list[Sample]]] | None = None) -> Cut:
    """Opened at 1 s, from 14 mV."""
    return Cut(1_000, 14.0, 2.5, 90_000, samples, others or {})


def decay(at: Millis) -> float:
    return float(24 * 2.718281828 ** ((1_000 - at) / 10_000))


def test_a_step_and_a_decay_are_a_closed_valve() -> None:
    found = selftest_steps.judge_cut(cut(curve(1_000, 40_000, decay)), 40_000)
    assert found is not None
    assert found.finding is Finding.CLOSED
    assert found.open_mv == pytest.approx(24, abs=0.5)
    assert found.closed_after == pytest.approx(22_600, abs=500)


def test_a_decay_is_not_judged_before_it_is_over() -> None:
    assert selftest_steps.judge_cut(cut(curve(1_000, 10_000, decay)), 10_000) is None


def test_no_step_is_a_contact_that_is_stuck() -> None:
    flat = curve(1_000, 3_000, lambda _: 14.0)
    assert selftest_steps.judge_cut(cut(flat), 2_400) is None
    assert selftest_steps.judge_cut(cut(flat), 2_501) == Verdict(Finding.CONTACT_STUCK)


def test_a_step_that_comes_too_late_is_none() -> None:
    late = curve(1_000, 4_000, lambda at: 24.0 if at > 2_600 else 14.0)
    assert selftest_steps.judge_cut(cut(late), 4_000) == Verdict(Finding.CONTACT_STUCK)


def test_a_step_without_a_decay_is_a_valve_that_is_stuck() -> None:
    found = selftest_steps.judge_cut(cut(curve(1_000, 92_000, lambda _: 24.0)), 91_001)
    assert found is not None
    assert found.finding is Finding.VALVE_STUCK


def test_another_burners_step_is_crossed_relays_and_a_cold_probes_noise_is_none() -> None:
    flat, other = curve(1_000, 3_000, lambda _: 14.0), curve(1_000, 3_000, lambda _: 12.0)
    found = selftest_steps.judge_cut(cut(flat, {"right": (7.0, other)}), 1_500)
    assert found == Verdict(Finding.CROSSED_RELAYS, "right")
    cold = curve(1_000, 3_000, lambda _: 0.0)
    assert selftest_steps.judge_cut(cut(flat, {"right": (0.02, cold)}), 1_500) is None


def test_a_voltage_is_steady_once_it_has_stopped_to_rise() -> None:
    rising = curve(0, 30_000, lambda at: 14 * (1 - 2.718281828 ** (-at / 3_000)))
    assert selftest_steps.steady(rising[:60], 6_000) is None
    assert selftest_steps.steady(rising, 30_000) == pytest.approx(14, abs=0.1)
    assert selftest_steps.steady(rising[-20:], 30_000) is None, "2 s are too few"
    assert selftest_steps.steady(rising, 40_000) is None, "nothing was measured in the last second"


def test_a_warm_probe_that_is_lit_again_is_not_steady_as_it_passes_its_old_voltage() -> None:
    falling = curve(0, 3_000, lambda at: 2.8 - at / 10_000)
    rising = curve(3_000, 4_000, lambda at: 1.5 + (at - 3_000) / 400)
    assert selftest_steps.steady(falling + rising, 4_000) is None


def test_a_voltage_is_below_when_it_stays_there() -> None:
    dip = [(1_000, 14.0), (1_100, 0.0), (1_200, 14.0), (1_300, 2.4), (1_400, 2.3), (1_500, 2.2)]
    assert selftest_steps.fell_below(dip, 1_000, 2.5) == 300
    assert selftest_steps.fell_below(dip[:-1], 1_000, 2.5) is None


def test_a_probe_that_only_cools_does_not_step_down() -> None:
    assert not selftest_steps.stepped_down(24.0, curve(1_000, 3_000, decay), 1_000)
    assert selftest_steps.stepped_down(24.0, curve(1_000, 3_000, lambda at: decay(at) * 0.58), 1_000)


@pytest.mark.parametrize(
    ("has_sensor", "reacted", "finding", "other"),
    [
        (True, {"left"}, Finding.REACTED, None),
        (True, {"right"}, Finding.CROSSED_SENSORS, "right"),
        (True, {"left", "right"}, Finding.CROSSED_SENSORS, "right"),
        (True, set(), Finding.NO_FLAME_SEEN, None),
        (False, set(), Finding.NO_SENSOR, None),
        (False, {"right"}, Finding.CROSSED_SENSORS, "right"),
    ],
)
def test_whose_sensor_reacted(has_sensor: bool, reacted: set[str], finding: Finding, other: str | None) -> None:
    assert selftest_steps.judge_reaction("left", has_sensor, reacted) == Verdict(finding, other)


@pytest.mark.parametrize(
    ("while_closed", "after", "finding"),
    [
        ({"left": True}, {"left": False}, Finding.FOLLOWS),
        ({"left": True}, {"left": True}, Finding.WELDED),
        ({"left": False}, {"left": False}, Finding.NEVER_CLOSES),
        ({}, {"left": False}, Finding.UNREADABLE),
        ({"left": True, "right": True}, {"left": False, "right": False}, Finding.OTHER_CONTACT),
        ({"left": True, "right": True}, {"left": False, "right": True}, Finding.FOLLOWS),  # right's own matter
    ],
)
def test_a_contact_has_to_follow_its_relay(
    while_closed: dict[str, bool], after: dict[str, bool], finding: Finding
) -> None:
    assert selftest_steps.judge_contact(while_closed, after, "left", True).finding is finding


def test_without_a_contact_only_the_ear_can_tell() -> None:
    assert selftest_steps.judge_contact({}, {}, "left", False) == Verdict(Finding.CLICKED)


@pytest.mark.parametrize(
    ("heard", "cooled", "listened", "measured", "finding"),
    [
        (12_000, 17_000, True, True, Finding.LETS_GO),
        (None, 17_000, True, True, Finding.DOES_NOT_LET_GO),  # a bypass: the probe cools, the valve stays
        (61_000, 17_000, True, True, Finding.DOES_NOT_LET_GO),
        (12_000, None, True, True, Finding.DOES_NOT_LET_GO),
        (12_000, None, True, False, Finding.LETS_GO),
        (None, 17_000, False, True, Finding.LETS_GO),
        (None, None, False, False, Finding.NOT_HEARD),
    ],
)
def test_the_stoves_own_valve_has_to_close_in_time(
    heard: Millis | None, cooled: Millis | None, listened: bool, measured: bool, finding: Finding
) -> None:
    assert selftest_steps.judge_own_closing(heard, cooled, listened, measured).finding is finding


def test_the_load_ratio_is_the_circuits_resistance_against_the_thermocouples() -> None:
    assert selftest_steps.load_ratio(14.0, 24.0) == pytest.approx(1.4)


# --- the walk, on virtual time --------------------------------------------------------------------------------


class FakeKeeper:
    """A keeper in this process: real permits, drives and senses over the simulated hob, on a manual clock."""

    simulated = True

    def __init__(self, document: dict[str, Any]) -> None:
        settings = keeper_settings(document)
        self.clock = ManualClock()
        self.factory = SimulatedFactory(settings, self.clock)
        self.drives = {wiring.id: Drive(wiring, self.factory) for wiring in settings.burners}
        self.senses = Senses(settings, self.factory)
        self.permits = Permits(settings.caps, {name: Line() for name in self.drives})
        self.parts: dict[str, Part] = {}
        self.permitted: list[tuple[str, ...]] = []  # which lines were energised together
        self.dumb = False
        self.bench = Bench(self, self.clock, self.sleep)
        self._sensed_at: Millis = 0

    async def sleep(self, seconds: float) -> None:
        """Let time pass, with all that happens in it."""
        until = self.clock.now() + round(seconds * 1000)
        while self.clock.now() < until:
            self.clock.advance(POLL)
            self._turn(self.clock.now())
        await asyncio.sleep(0)

    def _turn(self, now: Millis) -> None:
        if now % TICK == 0:
            self.bench.tick()
        for opening in self.permits.expire(now):
            self.drives[opening.line].release()
            self.bench.keeper_opened(Opened(opening.line, opening.cause, opening.cut, now))
        for drive in self.drives.values():
            drive.toggle(now)
        if (together := tuple(sorted(filter(self.permits.energised, self.drives)))) not in self.permitted:
            self.permitted.append(together)
        if not self.dumb and (self.senses.poll() or now - self._sensed_at >= 500):
            self._sensed_at = now
            self.bench.keeper_sensed(Sensed(**{key: v for key, v in self.senses.report().items() if key != "type"}))

    # --- the client's surface -------------------------------------------------------------------------

    def open(self, line: str | None) -> asyncio.Future[None]:
        for name in [line] if line is not None else list(self.drives):
            self.permits.open(self.clock.now(), name)
            self.drives[name].release()
        return self._done()

    def permit(self, line: str, not_after: Millis, part: Part = Part.BOTH) -> None:
        now = self.clock.now()
        try:
            self.permits.permit(now, line, not_after, self.permits.lines[line].generation)
        except Denied:
            self.drives[line].release()
            return
        self.parts[line] = part
        if self.drives[line].driven is not part:
            self.drives[line].energise(now, part)

    def part(self, line: str) -> Part | None:
        return self.parts[line] if self.permits.energised(line) else None

    def renew(self) -> None:
        self.permits.renew(self.clock.now(), self.clock.now())

    def simulate(self, burner: str, action: str) -> asyncio.Future[None]:
        self.factory.simulate(burner, action)
        return self._done()

    def _done(self) -> asyncio.Future[None]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answer.set_result(None)
        return answer


class Installer:
    """A person at the simulated hob, who does what is asked, and writes down what was."""

    def __init__(self, keeper: FakeKeeper) -> None:
        self._keeper = keeper
        self.asked: list[str] = []
        self.shown: list[str] = []
        self.progressed: set[str] = set()
        self.deaf = False
        self.doubles = 0  # second presses of a double Enter that are to come
        self.lights = True

    async def ask(self, sentence: str) -> None:
        self.asked.append(sentence)
        burner = "right" if "Right" in sentence else "left"
        if sentence.startswith("Light"):
            if self.lights:
                self._keeper.factory.simulate(burner, "light")
        elif sentence.startswith("Blow"):
            self._keeper.factory.simulate(burner, "blow_out")
        elif sentence.startswith("Turn"):
            for name in self._keeper.drives if "every" in sentence else [burner]:
                self._keeper.factory.simulate(name, "off")
        elif sentence.startswith("Listen"):
            if self.doubles:
                self.doubles -= 1
                return
            while self.deaf or self._keeper.factory._advanced(self._keeper.factory._burners[burner]).valve_open:  # noqa: ASYNC110  # the hob tells nobody
                await asyncio.sleep(0)

    def progress(self, sentence: str) -> None:
        self.progressed.add(sentence)

    def show(self, outcome: Outcome) -> None:
        self.shown.append(outcome.title)


Prepare = Callable[[FakeKeeper, Installer], None]


def hob(*burners: dict[str, Any], **tables: Any) -> dict[str, Any]:
    return {"keeper": {"pin_factory": "simulated"}, "burners": list(burners) or [LEFT], **tables}


def walked(
    document: dict[str, Any], prepare: Prepare = lambda *_: None, simulate: bool = True, language: str = "en"
) -> tuple[Walk, FakeKeeper, Installer]:
    """Walk over a simulated hob, with faults that ``prepare`` sets."""

    async def run() -> tuple[Walk, FakeKeeper, Installer]:
        keeper = FakeKeeper(document)
        installer = Installer(keeper)
        walk = Walk(Config.model_validate(document), keeper.bench, Words(language), installer, simulate)
        await keeper.sleep(TICK / SECOND)  # the first renewal
        prepare(keeper, installer)
        await keeper.sleep(0.6)  # until readings tell of it
        await walk.run()
        return walk, keeper, installer

    return asyncio.run(run())


def findings(walk: Walk) -> list[tuple[str, str | None, str]]:
    return [(outcome.step, outcome.burner, outcome.finding) for outcome in walk.outcomes]


def outcome_of(walk: Walk, step: str, burner: str = "left") -> Outcome:
    return next(each for each in walk.outcomes if (each.step, each.burner) == (step, burner))


def fault(burner: str, kind: str) -> Prepare:
    return lambda keeper, _: keeper.factory.simulate(burner, f"fault {kind}")


def test_a_stove_that_is_well_passes_with_its_baseline() -> None:
    walk, keeper, _ = walked(hob(LEFT, RIGHT))
    assert findings(walk) == [
        ("relay", "left", "follows"),
        ("relay", "right", "follows"),
        ("light", "left", "reacted"),
        ("cut", "left", "closed"),
        ("own_closing", "left", "lets_go"),
        ("light", "right", "reacted"),
        ("cut", "right", "closed"),
        ("own_closing", "right", "lets_go"),
    ]
    measured = outcome_of(walk, "cut").measured
    assert measured["mv"] == pytest.approx(14, abs=0.3)
    assert measured["open_mv"] == pytest.approx(24, abs=0.5)
    assert measured["ratio"] == pytest.approx(1.4, abs=0.1)
    assert measured["seconds"] == pytest.approx(22.6, abs=1)
    assert verdict(walk.outcomes) == "ok"
    assert set(keeper.permitted) == {(), ("left",), ("right",)}, "never two at a time"
    assert not any(map(keeper.permits.energised, keeper.drives)), "all open in the end"


def test_an_installer_is_asked_for_each_thing_and_hears_the_valve() -> None:
    walk, _, installer = walked(hob(), simulate=False)
    assert verdict(walk.outcomes) == "ok"
    first_words = [sentence.split()[0] for sentence in installer.asked]
    assert first_words == ["Turn", "Light", "Light", "Blow", "Listen:", "Turn"]
    assert all("--simulate" in sentence for sentence in installer.asked)
    assert 10 < outcome_of(walk, "own_closing").measured["heard"] < 20
    assert any("mV" in sentence for sentence in installer.progressed)
    assert installer.shown == [outcome.title for outcome in walk.outcomes]


def test_a_bypassed_flame_supervision_is_found_by_the_click_that_does_not_come() -> None:
    def deafen(_keeper: FakeKeeper, installer: Installer) -> None:
        installer.deaf = True

    walk, keeper, _ = walked(hob(), deafen, simulate=False)
    assert findings(walk)[-1] == ("own_closing", "left", "does_not_let_go")
    assert "Turn the knob off now" in outcome_of(walk, "own_closing").cure
    assert not keeper.permits.energised("left")


@pytest.mark.parametrize(
    ("kind", "step", "finding"),
    [
        ("contact_stuck", "relay", "welded"),
        ("contact_stuck", "cut", "contact_stuck"),
        ("valve_stuck", "cut", "valve_stuck"),
        ("sensor_open", "light", "no_flame_seen"),
    ],
)
def test_a_fault_fails_with_its_cure_and_what_follows_is_not_done(kind: str, step: str, finding: str) -> None:
    walk, _, _ = walked(hob(), fault("left", kind))
    found = outcome_of(walk, step)
    assert (found.finding, found.result) == (finding, "fail")
    assert found.cure
    assert outcome_of(walk, "own_closing").finding == "not_done"
    assert verdict(walk.outcomes) == "fail"


def test_crossed_relays_fail_naming_both() -> None:
    walk, _, _ = walked(hob(LEFT, RIGHT), fault("left", "crossed"))
    for step, burner in (("cut", "left"), ("cut", "right")):
        found = outcome_of(walk, step, burner)
        assert found.finding == "crossed_relays"
        assert {"Left", "Right"} <= set(re.findall(r"Left|Right", found.found))
    assert verdict(walk.outcomes) == "fail"


def test_crossed_sense_leads_fail_naming_both() -> None:
    crossed = [LEFT | {"flame": DIGITAL}, RIGHT | {"flame": DIGITAL | {"pin": 25}}]

    def cross(keeper: FakeKeeper, _installer: Installer) -> None:
        inputs = keeper.factory._inputs
        inputs[23], inputs[25] = inputs[25], inputs[23]

    walk, _, _ = walked(hob(*crossed), cross)
    for burner in ("left", "right"):
        found = outcome_of(walk, "light", burner)
        assert found.finding == "crossed_sensors"
        assert "Left" in found.cure
        assert "Right" in found.cure


def test_crossed_contacts_fail_naming_both() -> None:
    def cross(keeper: FakeKeeper, _installer: Installer) -> None:
        inputs = keeper.factory._inputs
        inputs[22], inputs[24] = inputs[24], inputs[22]

    walk, _, _ = walked(hob(LEFT, RIGHT), cross)
    assert outcome_of(walk, "relay", "left").finding == "other_contact"


def test_a_digital_sensor_is_judged_by_its_flame_alone() -> None:
    walk, _, _ = walked(hob(LEFT | {"flame": DIGITAL}))
    assert findings(walk)[1:] == [
        ("light", "left", "reacted"),
        ("cut", "left", "closed"),
        ("own_closing", "left", "not_heard"),
    ]
    walk, _, _ = walked(hob(LEFT | {"flame": DIGITAL}), fault("left", "valve_stuck"))
    assert outcome_of(walk, "cut").finding == "still_lit"


def test_the_second_press_of_a_double_enter_is_no_valve_that_was_heard() -> None:
    def double(_keeper: FakeKeeper, installer: Installer) -> None:
        installer.deaf, installer.doubles = True, 1

    walk, _, installer = walked(hob(LEFT | {"flame": DIGITAL}), double, simulate=False)
    assert outcome_of(walk, "own_closing").finding == "does_not_let_go"
    assert sum(sentence.startswith("Listen") for sentence in installer.asked) == 2, "it is asked again"


def test_a_burner_without_a_sensor_is_a_warning() -> None:
    bare = {"id": "left", "name": "Left", "relay": {"pin": 17}}
    walk, _, installer = walked(hob(bare), simulate=False)
    assert findings(walk)[:3] == [
        ("relay", "left", "clicked"),
        ("light", "left", "no_sensor"),
        ("cut", "left", "watched"),
    ]
    assert verdict(walk.outcomes) == "warn"
    assert len(installer.asked) == 7
    walk, _, _ = walked(hob(bare))
    assert outcome_of(walk, "cut").finding == "not_done"


def test_a_burner_that_is_not_lit_is_no_crossed_wire() -> None:
    def idle(_keeper: FakeKeeper, installer: Installer) -> None:
        installer.lights = False

    walk, _, _ = walked(hob(), idle, simulate=False)
    assert outcome_of(walk, "light").finding == "no_flame_seen"


def test_a_relay_that_does_not_hold_the_valve_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def pull_out(keeper: FakeKeeper, _installer: Installer) -> None:
        drive = keeper.factory.drive
        monkeypatch.setattr(keeper.factory, "drive", lambda pin, _high: drive(pin, False))  # a lead is off

    walk, _, _ = walked(hob(LEFT | {"flame": DIGITAL, "contact": None}), pull_out)
    assert outcome_of(walk, "cut").result == "ok", "while the hand still presses nobody can tell"
    walk, _, _ = walked(hob(LEFT | {"contact": None}), pull_out)
    assert outcome_of(walk, "cut").finding == "contact_stuck"


def test_two_relays_in_series_are_tried_one_at_a_time() -> None:
    pair = LEFT | {"relay": {"pin": 17, "second_pin": 18}}
    walk, _, _ = walked(hob(pair))
    assert findings(walk)[:3] == [
        ("relay_first", "left", "follows"),
        ("relay_second", "left", "follows"),
        ("relay", "left", "follows"),
    ]
    walk, _, _ = walked(hob(pair), fault("left", "second_stuck"))
    assert [finding for _, _, finding in findings(walk)[:2]] == ["welded_one", "follows"]


def test_a_pulsed_relay_is_tested_like_a_steady_one() -> None:
    walk, _, _ = walked(hob(LEFT | {"relay": {"pin": 17, "drive": "pulse"}}))
    assert verdict(walk.outcomes) == "ok"


@pytest.mark.parametrize(("kind", "finding"), [("none", "reference_right"), ("reference", "reference_wrong")])
def test_a_known_voltage_is_held_against_what_it_reads(kind: str, finding: str) -> None:
    references = [{"adc": "ads1115", "channel": 3, "millivolts": 100}]
    walk, _, _ = walked(hob(references=references), fault("left", kind))
    assert walk.outcomes[0].finding == finding


def test_a_tripped_interlock_fails_every_relay_and_ends_the_test() -> None:
    document = hob(interlocks=[{"id": "tilt", "input": {"pin": 5}}])
    walk, _, _ = walked(document, lambda keeper, _: keeper.permits.tripped.add("tilt"))
    assert [finding for _, _, finding in findings(walk)] == ["refused", "interrupted"]


def test_an_opening_by_the_keeper_ends_the_test_with_why() -> None:
    def trip_soon(keeper: FakeKeeper, installer: Installer) -> None:
        def show(outcome: Outcome) -> None:
            if outcome.step == "light":
                for opening in keeper.permits.trip(keeper.clock.now(), "smoke"):
                    keeper.bench.keeper_opened(Opened(opening.line, opening.cause, opening.cut, 0))

        installer.show = show  # type: ignore[method-assign]

    walk, _, _ = walked(hob(), trip_soon)
    assert walk.outcomes[-1].finding == "interrupted"
    assert "smoke" in walk.outcomes[-1].found


def test_a_lost_keeper_ends_the_test_with_why() -> None:
    walk, _, _ = walked(hob(), lambda keeper, _: keeper.bench.keeper_lost("killed"))
    assert findings(walk) == [("walk", None, "interrupted")]
    assert "killed" in walk.outcomes[0].found


def test_readings_that_cease_end_the_test() -> None:
    def fall_silent(keeper: FakeKeeper, installer: Installer) -> None:
        def show(outcome: Outcome) -> None:
            keeper.dumb = outcome.step == "light"

        installer.show = show  # type: ignore[method-assign]

    walk, _, _ = walked(hob(), fall_silent)
    assert walk.outcomes[-1].finding == "interrupted"
    assert "left" in walk.outcomes[-1].found


def test_a_held_line_lives_on_short_permits() -> None:
    async def hold() -> list[Millis | None]:
        keeper = FakeKeeper(hob())
        await keeper.sleep(0.2)
        await keeper.bench.hold("left")
        await keeper.sleep(30)
        held = keeper.permits.lines["left"].not_after
        assert held is not None
        keeper.bench.tick = lambda: None  # type: ignore[method-assign]  # the program stops
        await keeper.sleep(1.1)
        return [held - keeper.clock.now(), keeper.permits.lines["left"].not_after]

    left, after = asyncio.run(hold())
    assert left is not None
    assert left < 3_000
    assert after is None, "the lease has lapsed"


# --- the words ------------------------------------------------------------------------------------------------


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_sentence_is_there_in_both_languages_with_the_same_placeholders(key: str) -> None:
    texts = TEXTS[key]
    assert len(texts) == len(LANGUAGES)
    assert all(text.strip() for text in texts)
    assert placeholders(texts[0]) == placeholders(texts[1])
    assert key == "report.version" or re.search(r"[\u4e00-\u9fff]", texts[1]) or "{" in texts[1]


@pytest.mark.parametrize("finding", list(Finding))
def test_every_finding_has_its_sentence_and_every_failure_its_cure(finding: Finding) -> None:
    assert f"found.{finding}" in TEXTS
    if selftest_steps.result(finding) == "fail":
        assert f"cure.{finding}" in TEXTS


def test_every_key_that_the_program_names_is_in_the_catalogue() -> None:
    text = "".join(path.read_text() for path in SOURCES)
    named = set(re.findall(r'words\(\s*"([a-z_.]+[a-z])"', text))
    named |= {f"wait.{name}" for name in re.findall(r'_until\(\s*"([a-z_]+)"', text)}
    named |= {f"ask.{name}" for name in re.findall(r'_(?:hand|asked)\(\s*"([a-z_]+)"', text)}
    named |= {f"step.{name}" for name in re.findall(r'_add\(\s*"([a-z_]+)"', text)}
    assert len(named) > 30
    assert named - set(TEXTS) == set()


def test_a_walk_in_chinese_leaves_no_english_behind() -> None:
    walk, _, _ = walked(hob(LEFT | {"name": "左"}), fault("left", "contact_stuck"), language="zh")
    told = " ".join(f"{each.title} {each.found} {each.cure}" for each in walk.outcomes)
    assert set(re.findall(r"[A-Za-z]+", told)) <= {"mV"}


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB", "LC_ALL": "zh_CN"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_terminals(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


# --- the report -----------------------------------------------------------------------------------------------

FACTS = {
    "made_at": "2026-11-23T12:00:00+00:00",
    "stove": "<b>Hob</b>",
    "installer": "A & B",
    "language": "en",
    "simulated": True,
    "version": "1.2.3",
    "config": {"file": None, "fingerprint": "0123456789ab"},
    "machine": {"host": "<i>", "board": "Pi", "kernel": "6", "python": "3"},
}
STEPS = [
    Outcome("cut", "left", "<u>: cut", "fail", "contact_stuck", "it's <stuck>", "mend & go", {"mv": 13.9}),
    Outcome("relay", "left", "Left: relay", "ok", "follows", "follows"),
]


def test_the_checksum_covers_everything_and_can_be_made_again() -> None:
    document = dict(signed(FACTS, STEPS))
    read_back = json.loads(json.dumps(document))
    assert checksum(read_back) == document["sha256"]
    read_back["steps"][0]["measured"]["mv"] = 14.0
    assert checksum(read_back) != document["sha256"]
    assert document["verdict"] == "fail"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_loads_nothing_and_escapes_everything(language: str) -> None:
    document = signed(FACTS, STEPS)
    text = page(document, Words(language))
    for written in ("<b>Hob</b>", "<i>", "<u>", "<stuck>", "A & B", "mend & go"):
        assert written not in text
    assert "&lt;stuck&gt;" in text
    assert document["sha256"] in text
    assert not re.search(r"(src|href)=|url\(|@import|<script", text)


@pytest.mark.parametrize(
    ("results", "worst"), [(["ok", "skip"], "ok"), (["ok", "warn"], "warn"), (["warn", "fail"], "fail")]
)
def test_the_verdict_is_the_worst_result(results: list[str], worst: str) -> None:
    assert verdict(Outcome("s", None, "t", result, "f", "f") for result in results) == worst


def test_the_table_shows_every_outcome_with_its_cure() -> None:
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(selftest_report.table(STEPS, Words("en")))
    text = console.export_text()
    assert "✖ fail" in text
    assert "→ mend & go" in text
    console.file.close()


# --- the command ----------------------------------------------------------------------------------------------

ONE_DIGITAL = """
[keeper]
pin_factory = "simulated"
lease = "5s"
[[burners]]
id = "left"
name = "Left"
relay = { pin = 17 }
contact = { pin = 22 }
flame = { kind = "digital", pin = 23 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "flameout.toml"
    path.write_text(ONE_DIGITAL)
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where journal, lock and reports are."""
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture
def started(file: Path, state: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """The command as a process, with a terminal's keys at its standard input."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "api.entry", "selftest", "--config", str(file), *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def keepers_of(pid: int) -> list[int]:
    """The keepers that a process has started and that are still there."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_whole_walk_as_a_process_writes_a_report(started: Callable[..., Any], state: Path) -> None:
    process = started("--simulate", "--installer", "Jane Doe")
    out, err = process.communicate(timeout=90)
    assert (process.returncode, err) == (0, ""), out
    (written,) = state.glob("commissioning-*.json")
    assert re.fullmatch(r"commissioning-\d{8}-\d{4}\.json", written.name)
    document = json.loads(written.read_text())
    assert checksum(document) == document["sha256"]
    assert (document["verdict"], document["installer"], document["simulated"]) == ("ok", "Jane Doe", True)
    assert [step["finding"] for step in document["steps"] if step["burner"]] == [
        "follows",
        "reacted",
        "closed",
        "not_heard",
    ]
    assert {"kernel", "pin factory"} <= {step["finding"] for step in document["steps"]}
    assert document["sha256"] in written.with_suffix(".html").read_text()
    assert str(written) in out.replace("\n", "")


def read_prompt(process: "subprocess.Popen[str]") -> str:
    """What the process says until it waits for Enter."""
    assert process.stdout is not None
    said = ""
    while not said.endswith("[press Enter] "):
        letter = process.stdout.read(1)
        assert letter, said
        said += letter
    return said


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_its_keeper_and_without_a_report(
    started: Callable[..., Any], state: Path, signum: signal.Signals
) -> None:
    process = started("--language", "en")
    assert "every knob off" in read_prompt(process)
    process.stdin.write("\n")
    process.stdin.flush()
    assert "Light the burner Left" in read_prompt(process), "its relay is closed now"
    (keeper,) = keepers_of(process.pid)
    process.send_signal(signum)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err == "flameout: stopped: every relay is open, and nothing was signed off\n"
    assert not alive(keeper)
    assert list(state.glob("commissioning-*")) == []


def test_a_walk_that_is_broken_off_closes_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the keeper still owes its answer that every line is open, the lease and held permits are kept alive."""
    said: list[str] = []

    class Keeping:
        simulated = True

        def __init__(self, *_: object, **__: object) -> None:
            self.first = asyncio.get_running_loop().create_future()
            self.first.set_result(None)

        async def run(self, _: Bench) -> None:
            await asyncio.Event().wait()

        def renew(self) -> None: ...

        def permit(self, line: str, *_: object) -> None:
            said.append(f"permit {line}")

        def part(self, _: str) -> Part:
            return Part.BOTH

        def open(self, _: str | None) -> "asyncio.Future[None]":
            said.append("open")
            answer = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.05, answer.set_result, None)
            return answer

    async def run(walk: Walk) -> None:
        await walk._bench.hold("left")
        walk._bench._held["left"] = 0  # its permit is to be renewed
        raise Interrupted

    class Interrupted(Exception): ...

    monkeypatch.setattr(selftest, "KeeperClient", Keeping)
    monkeypatch.setattr(selftest, "TICK", 1)
    monkeypatch.setattr(Walk, "run", run)
    configuration = Config.model_validate({"burners": [LEFT], "keeper": {"pin_factory": "simulated"}})
    words = Words("en")
    with pytest.raises(Interrupted):
        asyncio.run(selftest._walk(configuration, None, words, Terminal(Console(file=io.StringIO()), words), False))
    assert said[said.index("open") :] == ["open"]


def test_pins_that_cannot_be_had_are_a_failed_report_with_why(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path
) -> None:
    file.write_text(ONE_DIGITAL.replace("simulated", "nobodys"))
    monkeypatch.setattr("api.cli.selftest.SYSTEM_JOURNAL", tmp_path / "system/flameout.db")
    report = tmp_path / "r.json"
    done = flameout("selftest", "--config", str(file), "--language", "en", "--report", str(report))
    assert done.code == 1
    step = json.loads(report.read_text())["steps"][-1]
    assert (step["step"], step["finding"]) == ("walk", "interrupted")
    assert "nobodys" in step["found"]


def test_a_daemon_of_the_machine_counts_on_real_pins(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path
) -> None:
    file.write_text(ONE_DIGITAL.replace("simulated", "lgpio"))
    (tmp_path / "system").mkdir()
    monkeypatch.setattr("api.cli.selftest.SYSTEM_JOURNAL", tmp_path / "system/flameout.db")
    with (tmp_path / "system/flameout.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = flameout("selftest", "--config", str(file), "--language", "en")
    assert (done.code, done.out) == (1, "")
    assert "process ?" in done.err


def test_where_nobody_can_answer_it_says_so(started: Callable[..., Any]) -> None:
    process = started("--language", "en")
    process.stdin.close()
    process.stdin = None
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.startswith("flameout: nobody answers")


def test_while_the_daemon_runs_nothing_is_done(flameout: Shell, file: Path, state: Path) -> None:
    with (state / "flameout.lock").open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        done = flameout("selftest", "--config", str(file), "--simulate", "--language", "en")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "flameout: flameout runs (process 4711): stop it first, then test "
        "(sudo systemctl stop flameout flameout-keeper)\n"
    )
    assert (state / "flameout.lock").read_text() == "4711"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_beside_the_journal_is_the_daemons(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, file: Path, state: Path
) -> None:
    os.chown(state, 12_345, 12_345)
    walks_as(monkeypatch, hob(LEFT | {"flame": DIGITAL}), lambda *_: None)
    assert flameout("selftest", "--config", str(file), "--simulate", "--language", "en").code == 0
    assert {entry.stat().st_uid for entry in state.iterdir()} == {12_345}
    assert len(list(state.iterdir())) == 3


def test_real_pins_are_not_simulated(flameout: Shell, file: Path) -> None:
    file.write_text(ONE_DIGITAL.replace("simulated", "lgpio"))
    done = flameout("selftest", "--config", str(file), "--simulate", "--language", "en")
    assert (done.code, done.out) == (1, "")
    assert '"lgpio"' in done.err


def walks_as(monkeypatch: pytest.MonkeyPatch, document: dict[str, Any], prepare: Prepare) -> None:
    """Have the command walk over a hob on virtual time."""

    async def walk(*_: object) -> list[Outcome]:
        return await asyncio.to_thread(lambda: walked(document, prepare)[0].outcomes)

    monkeypatch.setattr("api.cli.selftest._walk", walk)


@pytest.mark.parametrize(
    ("burners", "kind", "says"),
    [([LEFT], "contact_stuck", "did not step up"), ([LEFT, RIGHT], "crossed", "are crossed")],
)
def test_a_fault_is_exit_code_1_with_a_report(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, burners: list[Any], kind: str, says: str
) -> None:
    config = tmp_path / "flameout.toml"
    config.write_text('[keeper]\npin_factory = "simulated"\n')
    walks_as(monkeypatch, hob(*burners), fault("left", kind))
    report = tmp_path / "r.json"
    done = flameout("selftest", "--config", str(config), "--simulate", "--language", "en", "--report", str(report))
    assert (done.code, done.err) == (1, "")
    assert says in " ".join(done.out.split())
    assert json.loads(report.read_text())["verdict"] == "fail"


def test_a_report_that_cannot_be_written_says_so(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path
) -> None:
    walks_as(monkeypatch, hob(LEFT | {"flame": DIGITAL}), lambda *_: None)
    (tmp_path / "taken").write_text("")
    report = tmp_path / "taken/r.json"
    done = flameout("selftest", "--config", str(file), "--simulate", "--language", "en", "--report", str(report))
    assert done.code == 1
    assert "name another place with --report" in done.err
