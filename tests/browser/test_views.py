"""Every view, in both languages and both themes: nothing that axe objects to, nothing that is cut off, small enough.

With FLAMEOUT_PICTURES=1 the pictures of the documentation are made anew.
"""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.phones import Phone, phone
from tests.e2e.program import Program

PICTURES = Path(__file__).parents[2] / "docs/pictures"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
VIEWS = {"hob": "", "burner": "burner/left", "history": "history", "settings": "settings", "off": "off"}
LOOKS = {
    "English, dark": {"locale": "en-GB", "color_scheme": "dark"},
    "English, light": {"locale": "en-GB", "color_scheme": "light"},
    "Chinese, dark": {"locale": "zh-CN", "color_scheme": "dark"},
    "Chinese, light": {"locale": "zh-CN", "color_scheme": "light"},
}
# what a thumb has to hit: every control but those that are text in a sentence
TOO_SMALL = """() => [...document.querySelectorAll("button, nav a, select, input, .dial, .back")]
    .filter((e) => e.checkVisibility()).map((e) => [e.textContent || e.id, e.getBoundingClientRect()])
    .filter(([, box]) => box.width < 44 || box.height < 44)
    .map(([name, box]) => `${name}: ${box.width}x${box.height}`)"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def cooking(stove: Program) -> Program:
    """A burner that burns with a timer."""
    stove.light("left")
    stove.set_timer("left", 1500)
    return stove


def check(seen: Phone, where: str) -> None:
    found = Axe().run(seen.page, options={"runOnly": {"type": "tag", "values": RULES["runOnly"]}})
    assert len(found.response["passes"]) > 15, "axe has looked"
    objections = [
        f"{violation['id']}: {node['html']} {node.get('failureSummary')}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]
    assert objections == [], where
    assert seen.page.evaluate(TOO_SMALL) == [], f"{where}: a thumb needs 44 px"
    assert seen.page.evaluate(TOO_WIDE) <= 0, f"{where}: it scrolls sideways"


def enter(seen: Phone, stove: Program) -> None:
    """Be let in, whatever the language."""
    code = stove.do("POST", "/pairing", {"role": "admin"})["code"]
    seen.open(f"pair/{code}")
    seen.page.locator("#pair-name").fill("Anna")
    seen.page.locator("pair-view form button").click()
    expect(seen.card()).to_be_visible()


def keep(seen: Phone, name: str, whole: bool = False) -> None:
    if os.environ.get("FLAMEOUT_PICTURES"):
        seen.page.wait_for_timeout(600)
        seen.page.screenshot(path=PICTURES / f"page-{name}.png", full_page=whole)


@pytest.mark.parametrize("look", LOOKS)
def test_axe_has_nothing_against_any_view(chromium: Browser, cooking: Program, look: str) -> None:
    with phone(chromium, cooking, **LOOKS[look]) as seen:
        seen.open()
        expect(seen.page.locator("#pair-code")).to_be_visible()
        check(seen, f"pair, {look}")
        if look == "English, light":
            keep(seen, "pair")
        enter(seen, cooking)
        for name, view in VIEWS.items():
            seen.open(view)
            expect(seen.page.locator("main > *")).to_be_visible()
            expect(seen.page.locator("main")).not_to_be_empty()
            if name == "history":
                expect(seen.page.locator("figure").first).to_be_visible()
            if name == "settings":
                expect(seen.page.locator(".tokens li").first).to_be_visible()
            check(seen, f"{name}, {look}")
            if look == "English, dark" or (look, name) == ("Chinese, light", "hob"):
                keep(seen, name if look == "English, dark" else f"{name}-zh")


def test_a_lockout_and_a_lost_stove_are_readable_too(chromium: Browser, cooking: Program) -> None:
    with phone(chromium, cooking) as seen:
        enter(seen, cooking)
        cooking.light("right")
        cooking.do("POST", "/simulate/right", {"action": "fault contact_stuck"})
        cooking.do("POST", "/burners/right/shut-off")
        expect(seen.card("right").locator(".word")).to_have_text("LOCKED OUT")
        check(seen, "lockout")
        keep(seen, "lockout")
        assert cooking.process is not None
        cooking.process.send_signal(19)
        expect(seen.page.locator(".link")).to_have_text("no contact")
        check(seen, "lost")
        keep(seen, "lost")
        cooking.process.send_signal(18)
        expect(seen.page.locator(".link")).to_have_text("live")


@pytest.mark.parametrize("width", [320, 360, 1024])
def test_it_fits_narrow_phones_and_tablets(chromium: Browser, cooking: Program, width: int) -> None:
    with phone(chromium, cooking, viewport={"width": width, "height": 740}) as seen:
        enter(seen, cooking)
        for view in VIEWS.values():
            seen.open(view)
            expect(seen.page.locator("main > *")).to_be_visible()
            assert seen.page.evaluate(TOO_WIDE) <= 0, f"{view} at {width}"


def test_the_first_visit_is_under_60_kilobytes_and_the_second_loads_no_module(
    chromium: Browser, cooking: Program
) -> None:
    with phone(chromium, cooking) as seen:
        enter(seen, cooking)
        session = seen.context.new_cdp_session(seen.page)
        session.send("Network.enable")
        sizes: list[int] = []
        names: list[str] = []
        session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        session.on("Network.requestWillBeSent", lambda event: names.append(event["request"]["url"]))
        session.send("Network.clearBrowserCache")
        seen.open()
        expect(seen.card()).to_be_visible()
        seen.page.wait_for_timeout(500)
        assert sizes
        assert sum(sizes) < 60_000, f"{sum(sizes)} bytes for {names}"
        assert not [name for name in names if not name.startswith(f"http://127.0.0.1:{cooking.port}/")], (
            "from elsewhere"
        )


def test_nothing_moves_for_those_who_ask_for_that(chromium: Browser, cooking: Program) -> None:
    with phone(chromium, cooking, reduced_motion="reduce") as seen:
        enter(seen, cooking)
        moving = "() => document.getAnimations().filter((a) => a.playState === 'running').length"
        assert seen.page.evaluate(moving) == 0
