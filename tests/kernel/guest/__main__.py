"""Look at the first start, run every scenario, restart the machine, and switch it off."""

import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.kernel.guest.scenarios import EVERY
from tests.kernel.guest.stage import UNITS, ready, restart_both, run, tell, writes

AFTER_REBOOT = Path("/var/lib/flameout-scenarios")
BUTTON = '\n[[interlocks]]\nid = "emergency"\ninput = { pin = 5, active = "low" }\nreset = "manual"\n'
CONFIG = Path("/etc/flameout/flameout.toml")


def start(scenario: str) -> None:
    """The machine has just started, and flameout with it: wait for the first permit."""
    tell(mark="begin", scenario=scenario)
    ready()
    active = int(run("systemctl", "show", "-p", "ActiveEnterTimestampMonotonic", "--value", "flameout")) * 1000
    tell(mark="done", scenario=scenario, active=active, writes=writes())


def add_button() -> None:
    """An emergency button, to what the installer has written."""
    CONFIG.write_text(CONFIG.read_text() + BUTTON)
    restart_both()


def play(scenario: Callable[[], None]) -> None:
    """One scenario, from lines that are high to lines that are high again."""
    name = scenario.__name__
    try:
        run("systemctl", "reset-failed", *UNITS, check=False)
        ready()
        time.sleep(0.5)
        writes()
        tell(mark="begin", scenario=name)
        scenario()
        ready()
        tell(mark="done", scenario=name, writes=writes())
    except Exception as error:
        log = run("journalctl", "--no-pager", "-o", "short-monotonic", "-n", "40")
        tell(mark="broken", scenario=name, why=f"{error}", trace=traceback.format_exc(), log=log)
        restart_both()


def reboot() -> None:
    """The last thing before a restart: lines high."""
    ready()
    AFTER_REBOOT.touch()
    tell(mark="begin", scenario="the_machine_restarts")
    tell(mark="fault")
    run("systemctl", "reboot")
    time.sleep(120)


def main(only: set[str]) -> None:
    if AFTER_REBOOT.exists():
        start("the_machine_comes_back")
        tell(mark="over")
        run("systemctl", "poweroff")
        return
    tell(mark="says", words=run("uname", "-r").strip())
    start("the_machine_is_switched_on")
    add_button()
    for scenario in EVERY:
        if scenario.__name__ in only:
            play(scenario)
    if "the_machine_restarts" in only:
        reboot()
    tell(mark="over")
    run("systemctl", "poweroff")


if __name__ == "__main__":
    words = [word for word in Path("/proc/cmdline").read_text().split() if word.startswith("scenarios=")]
    try:
        main({name for word in words for name in word.partition("=")[2].split(",")})
    except Exception:
        tell(mark="ended", why=traceback.format_exc(), log=run("journalctl", "--no-pager", "-n", "60"))
        run("systemctl", "poweroff")
        sys.exit(1)
