"""Install flameout as a user would, run every scenario, restart the machine, and switch it off."""

import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.kernel.guest.scenarios import EVERY
from tests.kernel.guest.stage import UNITS, ready, restart_both, run, said, tell, writes

AFTER_REBOOT = Path("/var/lib/flameout-scenarios")
BUTTON = '\n[[interlocks]]\nid = "emergency"\ninput = { pin = 5, active = "low" }\nreset = "manual"\n'
CONFIG = Path("/etc/flameout/flameout.toml")


def install() -> None:
    """The installer, on a machine with a config.txt; what it needs of a network lies in /srv/packages."""
    firmware = Path("/boot/firmware/config.txt")
    firmware.parent.mkdir(parents=True)
    firmware.write_text("[all]\ndtparam=audio=on\n")
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS="/srv/packages", PIP_ROOT_USER_ACTION="ignore")
    tell(mark="says", words=run("/srv/flameout/deploy/install", "--yes", seconds=600))
    for expected in ("gpio=17,27=op,dl", "dtparam=strict_gpiod"):
        assert expected in firmware.read_text(), firmware.read_text()
    CONFIG.write_text(CONFIG.read_text() + BUTTON)
    run("systemctl", "restart", *UNITS)
    tell(mark="says", words=said("/usr/local/bin/flameout", "doctor"))


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
    writes()
    AFTER_REBOOT.touch()
    tell(mark="begin", scenario="the_machine_restarts")
    tell(mark="fault")
    run("systemctl", "reboot")
    time.sleep(120)


def after_reboot() -> None:
    """The lines rise again, under a permit."""
    ready()
    since = int(run("systemctl", "show", "-p", "ActiveEnterTimestampMonotonic", "--value", "flameout")) * 1000
    tell(mark="done", scenario="the_machine_restarts", active=since, writes=writes())


def main(only: set[str]) -> None:
    if AFTER_REBOOT.exists():
        after_reboot()
        tell(mark="over")
        run("systemctl", "poweroff")
        return
    tell(mark="says", words=run("uname", "-r").strip())
    began = time.monotonic()
    install()
    tell(mark="says", words=f"installed within {time.monotonic() - began:.0f} s of the guest")
    for scenario in EVERY:
        if not only or scenario.__name__ in only:
            play(scenario)
    reboot()


if __name__ == "__main__":
    words = [word for word in Path("/proc/cmdline").read_text().split() if word.startswith("scenarios=")]
    try:
        main({name for word in words for name in word.partition("=")[2].split(",")})
    except Exception:
        tell(mark="ended", why=traceback.format_exc(), log=run("journalctl", "--no-pager", "-n", "60"))
        run("systemctl", "poweroff")
        sys.exit(1)
