"""Phones: Chromium without a screen, a real daemon, and whatever a page must never do while it is watched."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.e2e.program import Program

PHONE: ViewportSize = {"width": 390, "height": 844}
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# what the page's policy refuses is told to the page itself, too
_WATCH = "addEventListener('securitypolicyviolation', (e) => console.error('CSP', e.violatedDirective, e.blockedURI))"

expect.set_options(timeout=20_000)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    path = shutil.which("chromium")
    assert path is not None, "chromium is not installed; run: make test, or apt-get install chromium"
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=path, args=[*_QUIET])
        yield made
        made.close()


class Phone:
    """One phone with the page open. What its console complains of is in ``complaints``."""

    def __init__(self, context: BrowserContext, stove: Program) -> None:
        self.context = context
        self.stove = stove
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self._hear(said.type, said.text))

    def _hear(self, kind: str, text: str) -> None:
        # that an answer was a refusal is for the page to say
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.complaints.append(text)

    def open(self, view: str = "", host: str = "127.0.0.1") -> "Phone":
        """Open a view of the page anew."""
        self.page.goto("about:blank")
        self.page.goto(f"http://{host}:{self.stove.port}/#/{view}")
        return self

    def card(self, burner: str = "left") -> Any:
        """A burner on the hob."""
        return self.page.locator(f"burner-card#{burner}")

    def pair(self, name: str, **what: Any) -> "Phone":
        """Be let in by a code."""
        code = self.stove.do("POST", "/pairing", what)["code"]
        self.open()
        self.page.get_by_label("Code, 8 digits").fill(f"{code[:4]} {code[4:]}")
        self.page.get_by_label("What is this phone called?").fill(name)
        self.page.get_by_role("button", name="Pair", exact=True).click()
        expect(self.card()).to_be_visible()
        return self


@contextlib.contextmanager
def phone(chromium: Browser, stove: Program, **options: Any) -> Iterator[Phone]:
    """A phone that has never been here; it must have nothing to complain of when it goes."""
    given: dict[str, Any] = {"viewport": PHONE, "locale": "en-GB", "color_scheme": "dark", "has_touch": True} | options
    context = chromium.new_context(**given)
    context.add_init_script(_WATCH)
    made = Phone(context, stove)
    yield made
    context.close()
    assert made.complaints == []
