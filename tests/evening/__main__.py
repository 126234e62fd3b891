"""Play the page: python -m tests.evening COMMAND…, where COMMAND… begins what runs on that machine.

The machine shares this one's network, has a user ``pi`` who may use sudo, and this repository in ``/home/pi/flameout``.
Fails at the first line that is not as it stands on the page.
"""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
from playwright.sync_api import Page, expect

from tests.browser.phones import PHONE, browser
from tests.evening.transcript import Command, steps

PAGE = Path(__file__).parents[2] / "docs" / "first-evening.md"
ADDRESS = "http://127.0.0.1:8520/"
COOLING = 180_000  # ms that the thermocouple may take
PATIENCE = 600  # s for a command; installing takes minutes on a slow line


def run(machine: list[str], command: Command) -> str:
    """What the terminal shows. Raises SystemExit where that is not what stands on the page."""
    print(f"$ {command.typed}", flush=True)
    as_pi = ["runuser", "-u", "pi", "--", "bash", "-c", f"cd ~/flameout && {command.typed}"]
    words = [*machine, "TERM=dumb", *as_pi]
    log = io.StringIO()
    terminal = pexpect.spawn(words[0], words[1:], encoding="utf-8", timeout=PATIENCE, dimensions=(50, 100))
    terminal.logfile_read = log
    try:
        for prompt, answer in command.questions():
            terminal.expect_exact(f"{prompt} ")
            terminal.sendline(answer)
        terminal.expect(pexpect.EOF)
    except (pexpect.EOF, pexpect.TIMEOUT):
        sys.exit(f"not asked, or not ended:\n{command.differs(log.getvalue())}")
    if difference := command.differs(log.getvalue()):
        sys.exit(difference)
    return log.getvalue()


def pairs(page: Page, shown: str) -> None:
    """Anna's phone reads the code off the terminal."""
    code = re.search(r"^ {4}(\d{4} \d{4})\r?$", shown, re.MULTILINE)
    assert code is not None, "no code was shown"
    page.goto(ADDRESS)
    page.get_by_label("Code, 8 digits").fill(code[1])
    page.get_by_label("What is this phone called?").fill("Anna")
    page.get_by_role("button", name="Pair", exact=True).click()
    expect(page.locator("burner-card#front")).to_be_visible()
    expect(page.locator("burner-card#front .until")).to_have_text("")  # after a start relays stay open for a while


def sets_twenty_minutes(page: Page, shown: str) -> None:
    """On the burner's own view."""
    expect(page.locator("burner-card#front .facts")).to_contain_text("flame lit")
    page.locator("burner-card#front").get_by_role("link").click()
    page.get_by_role("button", name="Shut off in 20 min").click()
    expect(page.locator("burner-view .until")).to_contain_text("Anna")
    page.get_by_role("link", name="Back to the hob").click()


def shuts_off(page: Page, shown: str) -> None:
    """The red button, and what comes of it."""
    page.locator("burner-card#front").get_by_role("button", name="Shut off: Front").click()
    expect(page.locator("burner-card#front .facts")).to_contain_text("last cut: flame out, proved", timeout=COOLING)


ON_THE_PHONE: dict[str, Callable[[Page, str], None]] = {
    "pairs": pairs,
    "sets 20 minutes": sets_twenty_minutes,
    "shuts off": shuts_off,
}


def main() -> None:
    machine, shown = sys.argv[1:], ""
    with browser() as chromium:
        page = chromium.new_context(viewport=PHONE, locale="en-GB", has_touch=True).new_page()
        page.set_default_timeout(20_000)
        for step in steps(PAGE):
            if isinstance(step, Command):
                shown = run(machine, step)
            else:
                print(f"(the phone {step.does})", flush=True)
                ON_THE_PHONE[step.does](page, shown)


if __name__ == "__main__":
    main()
