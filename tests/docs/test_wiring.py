"""The wiring drawings: made by the script, legal pins, both languages, nothing written over anything else."""

import re
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory
from playwright.sync_api import Browser

from hardware.settings import keeper_settings
from hardware.simulated import PI_3B
from tests.browser import phones

FOLDER = Path(__file__).parent.parent.parent / "docs/wiring"
sys.path.insert(0, str(FOLDER.parent))
from wiring import figures, terminals  # noqa: E402
from wiring.__main__ import sheet  # noqa: E402
from wiring.sheets import SHEETS  # noqa: E402
from wiring.words import LANGUAGES, TEXTS  # noqa: E402

PAGES = {"en": "README.md", "zh": "README.zh.md"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SHEETS)
def test_a_drawing_is_what_the_script_makes(name: str, language: str) -> None:
    assert (FOLDER / f"{name}.{language}.svg").read_text() == sheet(name, language), "run: make drawings"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_drawing_is_on_its_page_with_words_for_those_who_cannot_see_it(language: str) -> None:
    page = (FOLDER / PAGES[language]).read_text()
    assert {name for _, name in re.findall(r"!\[(.+?)\]\((.+?)\.\w\w\.svg\)", page)} == set(SHEETS)


def test_both_pages_say_as_much() -> None:
    """Headings, boxes to tick, rows of the table and steps are the same in number."""
    english, chinese = ((FOLDER / PAGES[language]).read_text() for language in LANGUAGES)
    for what in (r"^## ", r"^- \[ \]", r"^\|", r"^\d\. ", r"^- "):
        assert len(re.findall(what, english, re.M)) == len(re.findall(what, chinese, re.M)), what


def test_every_text_is_in_both_languages_and_somewhere_used() -> None:
    used = "".join(path.read_text() for path in FOLDER.glob("*.py") if path.name != "words.py")
    for key, (english, chinese) in TEXTS.items():
        assert english
        assert chinese
        assert set(re.findall(r"{\w+}", english)) == set(re.findall(r"{\w+}", chinese)), key
        assert re.search(f"[\"']{re.escape(key)}[\"']", used) or key.endswith((".title", ".desc")), key


@pytest.mark.parametrize("burners", [1, 2, 4])
def test_the_pins_of_the_plan_are_a_configuration_that_flameout_takes(burners: int) -> None:
    names = ("left", "right", "third", "fourth")
    document: dict[str, Any] = {
        "burners": [
            {
                "id": names[n],
                "name": names[n],
                "relay": {"pin": terminals.RELAYS[n]},
                "contact": {"pin": terminals.CONTACTS[n]},
            }
            for n in range(burners)
        ],
        "buttons": [{"id": "stop", "pin": terminals.STOP, "does": "shut_off"}],
        "interlocks": [{"id": "alarm", "input": {"pin": terminals.ALARM}, "reset": "manual"}],
        "outputs": [{"id": "buzzer", "kind": "buzzer", "pin": terminals.BUZZER}],
    }
    assert len(keeper_settings(document).burners) == burners
    drawn = {int(pin) for pin in re.findall(r"GPIO (\d+)", terminals.terminal_plan(burners, "en"))}
    assert drawn <= set(terminals.HEADER)


def test_the_header_is_a_raspberry_pis() -> None:
    pins = MockFactory(revision=PI_3B).board_info.headers["J8"].pins
    assert all(pins[number].name == f"GPIO{gpio}" for gpio, number in terminals.HEADER.items())


def test_what_the_drawings_say_is_computed() -> None:
    assert figures.longest_loop() == pytest.approx(0.087, abs=0.001)
    assert figures.wire(1, 2.5) == pytest.approx(0.007, abs=0.0005)
    assert figures.wire(1, 0.75) == pytest.approx(0.024, abs=0.0005)
    low, _ = figures.gate(25.0)
    assert low > figures.THRESHOLD_HIGH + 0.5, "the relay holds with the worst MOSFET"
    least, most = figures.hold(25.0)
    assert least > 2 / 25, "one edge may be late without a click"
    assert 0.25 < most < 0.32, "and a pin that stands still opens within a third of a second"
    assert figures.DROP_OUT / figures.stray() == pytest.approx(320)


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
        edge = page.evaluate(
            "() => { const b = document.querySelector('svg').getBoundingClientRect(); return b.right }"
        )
        boxes = page.evaluate(BOXES)
        assert len(boxes) > 5
        for text, left, _, right, _ in boxes:
            assert 0 <= left < right <= edge, f"{name}: {text!r} is beyond the edge"
        for one, other in combinations(boxes, 2):
            assert not _overlap(one, other), f"{name}: {one[0]!r} lies over {other[0]!r}"
    page.close()


def _overlap(one: list[Any], other: list[Any]) -> bool:
    """By more than two pixels each way, since letters do not fill their boxes."""
    wide = min(one[3], other[3]) - max(one[1], other[1])
    high = min(one[4], other[4]) - max(one[2], other[2])
    return bool(wide > 2 and high > 4)
