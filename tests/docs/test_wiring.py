"""The wiring drawings: made by the script, legal pins, both languages, nothing written over anything else."""

import re
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory
from playwright.sync_api import Browser

from controller.config_check import load
from controller.series import EACH
from hardware.settings import Pulse, input_pin_problem, keeper_settings, read_document, relay_pin_problem
from hardware.simulated import PI_3B
from tests.browser import phones

FOLDER = Path(__file__).parent.parent.parent / "docs/wiring"
sys.path.insert(0, str(FOLDER.parent))
from wiring import figures, terminals, words  # noqa: E402
from wiring.__main__ import sheet  # noqa: E402
from wiring.drivers import FREQUENCY  # noqa: E402
from wiring.sheets import SHEETS  # noqa: E402
from wiring.terminals import CONTACTS, RELAYS, SECOND  # noqa: E402
from wiring.words import LANGUAGES, TEXTS, in_language  # noqa: E402

RELAY_AND_DEBOUNCE = 0.02 + 0.1  # s, a relay with its diode and the debounced contact
PAGES = {"en": "README.md", "zh": "README.zh.md"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SHEETS)
def test_a_drawing_is_what_the_script_makes(name: str, language: str) -> None:
    assert (FOLDER / f"{name}.{language}.svg").read_text() == sheet(name, language), "run: make drawings"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_drawing_is_on_its_page_with_words_for_those_who_cannot_see_it(language: str) -> None:
    page = (FOLDER / PAGES[language]).read_text()
    assert {name for _, name in re.findall(r"!\[(.+?)\]\((.+?)\.\w\w\.svg\)", page)} == set(SHEETS)


@pytest.mark.parametrize("name", SHEETS)
def test_a_drawing_says_as_much_in_both_languages(name: str) -> None:
    english, chinese = (re.findall(r"<(?:text|tspan)[^>]*>([^<]+)<", sheet(name, language)) for language in LANGUAGES)
    codes = [sorted(text for text in texts if re.fullmatch(r"[A-Z]\w*:?\d+", text)) for texts in (english, chinese)]
    assert codes[0] == codes[1]
    said = {english for english, chinese in TEXTS.values() if "{" not in english and english != chinese}
    assert not said & set(chinese), "English in the Chinese drawing"


def test_both_pages_say_as_much() -> None:
    """Headings, boxes to tick, rows of the table and steps are the same in number."""
    english, chinese = ((FOLDER / PAGES[language]).read_text() for language in LANGUAGES)
    for what in (r"^## ", r"^- \[ \]", r"^\|", r"^\d\. ", r"^- "):
        assert len(re.findall(what, english, re.M)) == len(re.findall(what, chinese, re.M)), what


class Asked(dict[str, tuple[str, str]]):
    """The texts, and which of them were asked for."""

    def __init__(self, texts: dict[str, tuple[str, str]]) -> None:
        super().__init__(texts)
        self.keys_asked: set[str] = set()

    def __getitem__(self, key: str) -> tuple[str, str]:
        self.keys_asked.add(key)
        return super().__getitem__(key)


def test_every_text_is_in_both_languages_and_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(TEXTS)
    monkeypatch.setattr(words, "TEXTS", asked)
    drawn = {}
    for language in LANGUAGES:
        asked.keys_asked.clear()
        for name in SHEETS:
            sheet(name, language)
        drawn[language] = set(asked.keys_asked)
    assert drawn["en"] == drawn["zh"] == set(TEXTS)
    for key, (english, chinese) in TEXTS.items():
        assert english, key
        assert chinese, key
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_configuration_on_the_page_is_taken_and_has_the_pins_of_the_drawings(language: str, tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (FOLDER / PAGES[language]).read_text(), re.S)
    file = tmp_path / "flameout.toml"
    file.write_text(block)
    file.chmod(0o600)
    assert load(str(file)).stove.idle
    taken = keeper_settings(read_document(file))
    assert [wiring.relays for wiring in taken.burners] == [(RELAYS[0],), (RELAYS[1], SECOND)]
    assert [wiring.contact for wiring in taken.burners] == list(CONTACTS[:2])
    assert all(wiring.contact_active == "high" for wiring in taken.burners), "a broken wire reads as closed"
    assert all(wiring.pulse == Pulse(20, 20) for wiring in taken.burners)
    assert {entry.pin: entry.active for entry in taken.inputs} == {terminals.ALARM: "high"}


@pytest.mark.parametrize("burners", [1, 2, 4])
def test_the_pins_of_the_plan_are_legal(burners: int) -> None:
    relays = [*RELAYS[:burners], *([SECOND] if burners > 1 else [])]
    inputs = [*CONTACTS[:burners], terminals.STOP, terminals.ALARM, terminals.BUZZER]
    assert not [problem for pin in relays if (problem := relay_pin_problem(pin))]
    assert not [problem for pin in inputs if (problem := input_pin_problem(pin))]
    drawn = re.findall(r"GPIO (\d+) [→←]", terminals.terminal_plan(burners, "en"))
    assert sorted(map(int, drawn)) == sorted({*relays, *inputs, terminals.SDA, terminals.SCL}), "each once"


def test_the_plan_has_the_relay_pins_that_the_installer_proposes() -> None:
    (usual,) = re.findall(r"usual=\(([\d ]+)\)", (FOLDER.parent.parent / "deploy/steps/questions.sh").read_text())
    assert tuple(map(int, usual.split()[: len(RELAYS)])) == RELAYS


@pytest.mark.parametrize("burners", [1, 2, 4])
def test_the_thermocouples_terminals_lead_to_relay_contacts_alone(burners: int) -> None:
    """Not to a driver, a pin or a supply: 80 mA from any of them holds a valve without a flame."""
    plan = terminals.terminals(burners, in_language("en"))
    loops = {terminal.name: terminal.inside for terminal in plan if terminal.name.startswith("X1")}
    poles = ("13+23", "14+24")
    assert loops == {f"X1:{2 * n + m + 1}": f"K{n + 1} {poles[m]}" for n in range(burners) for m in (0, 1)}
    assert len({terminal.name for terminal in plan}) == len(plan)


def test_the_header_is_a_raspberry_pis() -> None:
    pins = MockFactory(revision=PI_3B).board_info.headers["J8"].pins
    used = terminals.pins(4, in_language("en"))
    assert all(pins[number].name == f"GPIO{gpio}" for gpio, number in terminals.HEADER.items())
    for number, (said, _) in used.items():
        assert said.replace("GPIO ", "GPIO").startswith(pins[number].name), f"pin {number} is {pins[number].name}"


def test_what_the_drawings_say_of_the_loop_is_computed() -> None:
    assert figures.longest_loop() == pytest.approx(0.087, abs=0.001)
    assert figures.wire(1, 2.5) == pytest.approx(0.007, abs=0.0005)
    assert figures.wire(1, 0.75) == pytest.approx(0.024, abs=0.0005)
    assert figures.DROP_OUT / figures.stray() == pytest.approx(160)
    assert pytest.approx(figures.PIN_HIGH) == figures.PULL_UP * 0.001, "1 mA wets the contact"


def test_the_charge_pump_holds_through_a_late_edge_and_lets_go_within_the_test_of_a_pair() -> None:
    for pump in (figures.DRAWN, figures.SLOW, figures.FAST):
        assert pump.first_edge() > figures.THRESHOLD_HIGH, "the first edge closes the relay"
        least, most = pump.hold(FREQUENCY)
        assert least > 1.5 / FREQUENCY, "an edge that is half a period late makes no click"
        assert most + RELAY_AND_DEBOUNCE < EACH / 1000, "the second relay is judged with the first one open"
    assert figures.DRAWN.gate(5.0)[0] < figures.THRESHOLD_HIGH, "too slow"


def test_a_failed_part_does_not_keep_the_relay_closed() -> None:
    """It is off before the contact that is read back would have to be open."""
    for most in (
        figures.BLEED_OPEN.hold(FREQUENCY)[1],
        figures.C1_SHORTED.hold(FREQUENCY)[1],
        figures.d2_shorted(FREQUENCY),
        figures.c2_broken(),
    ):
        assert most < 1.01


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_the_computed_times(language: str) -> None:
    page = (FOLDER / PAGES[language]).read_text()
    (drawn, least, most) = (
        figures.DRAWN.hold(FREQUENCY),
        figures.FAST.hold(FREQUENCY)[0],
        figures.SLOW.hold(FREQUENCY)[1],
    )
    failed = figures.BLEED_OPEN.hold(FREQUENCY)[1], figures.C1_SHORTED.hold(FREQUENCY)[1], figures.d2_shorted(FREQUENCY)
    for seconds in (*drawn, least, most, *failed, figures.c2_broken()):
        assert f"{seconds:.2f}" in page
    for volts in figures.DRAWN.gate(FREQUENCY):
        assert f"{volts:.1f}" in page
    assert f"{figures.reads_low() * 100:.1f} %" in page
    assert f"{figures.stray() * 1000:.1f} mA" in page


@pytest.fixture(scope="module")
def chromium() -> Any:
    with phones.browser() as made:
        yield made


BOXES = """() => [...document.querySelectorAll("text")].map(text => {
    const box = text.getBoundingClientRect()
    return [text.textContent, box.left, box.top, box.right, box.bottom]
})"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_lies_over_another_or_beyond_the_edge(chromium: Browser, language: str) -> None:
    page = chromium.new_page()
    for name in SHEETS:
        page.set_content((FOLDER / f"{name}.{language}.svg").read_text())
        edges = page.evaluate(
            "() => { const b = document.querySelector('svg').getBoundingClientRect(); return [b.right, b.bottom] }"
        )
        boxes = page.evaluate(BOXES)
        assert len(boxes) > 5
        for text, left, top, right, bottom in boxes:
            assert 0 <= left < right <= edges[0], f"{name}: {text!r} is beyond the edge"
            assert 0 <= top < bottom <= edges[1], f"{name}: {text!r} is beyond the edge"
        for one, other in combinations(boxes, 2):
            assert not _overlap(one, other), f"{name}: {one[0]!r} lies over {other[0]!r}"
    page.close()


def _overlap(one: list[Any], other: list[Any]) -> bool:
    """By more than two pixels each way, since letters do not fill their boxes."""
    wide = min(one[3], other[3]) - max(one[1], other[1])
    high = min(one[4], other[4]) - max(one[2], other[2])
    return bool(wide > 2 and high > 4)
