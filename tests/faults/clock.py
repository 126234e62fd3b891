"""Clocks that step, stand still or run backwards, in one process or both."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.faults.fault import Dips, Fault, Follows, Strike, Undisturbed
from tests.faults.scene import LEASE, Scene, wait

DAY = 86_400
REAL = "real = time.time"
STEP_WALL = f"import time\n{REAL}\ntime.time = lambda: real() + ({{by}})"
WALL_IS = "import time\ntime.time = lambda: {at}"
ZONE = "import os, time\nos.environ['TZ'] = {zone!r}\ntime.tzset()"
BOOT = "import time\nreal = time.clock_gettime_ns\ntime.clock_gettime_ns = lambda which: {now}"
FROZEN = f"import time\nat = time.clock_gettime_ns(time.CLOCK_BOOTTIME)\n{BOOT.format(now='at')}"


def _wall(script: str) -> Strike:
    return lambda scene: scene.inside(scene.pid, script)


def _boot(of: str, script: str) -> Strike:
    def strike(scene: Scene) -> None:
        pid = scene.pid if of == "controller" else scene.keeper_pid()
        scene.inside(pid, script)
        scene.on_heal(lambda: scene.kill(pid))  # such a process does not get well; its partner starts another

    return strike


def _steps(scene: Scene) -> None:
    for by in (3600, -7200, 3600, 0.4, -0.4):
        scene.inside(scene.pid, STEP_WALL.format(by=by))


BERLIN = "Europe/Berlin"
NIGHT = """\
[[locks]]
from = "03:00"
to = "03:20"
"""


def _wall_in_berlin(wall: str) -> str:
    """The wall clock goes on from there."""
    there = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(BERLIN)).timestamp()
    return f"{ZONE.format(zone=BERLIN)}\n{STEP_WALL.format(by=f'{there} - began')}".replace(
        REAL, f"{REAL}\nbegan = real()"
    )


def _summer_time_begins(scene: Scene) -> None:
    """From 02:00 to 03:00 in an instant, at which a night lock begins: it cuts, and not before."""
    scene.inside(scene.pid, _wall_in_berlin("2027-03-28T01:59:57"))
    scene.stays(2.0, "it is not night yet", "right")
    wait(2.0)
    scene.must_open(2.0, "the night lock has begun with summer time")
    wait(2.0)
    causes = [hold["cause"] for hold in scene.burner("right")["holds"]]
    assert "night" in causes, f"it is night, and held by {causes}"

    def day() -> None:
        scene.may_close()
        scene.inside(scene.pid, _wall_in_berlin("2027-03-28T12:00:00"))

    scene.on_heal(day)


def _summer_time_ends(scene: Scene) -> None:
    """From 03:00 back to 02:00, and no night lock begins at 03:00, which comes an hour later."""
    scene.inside(scene.pid, _wall_in_berlin("2027-10-31T02:59:58"))
    wait(3.0)


def _ahead(seconds: float) -> str:
    return BOOT.format(now=f"real(which) + {int(seconds * 1e9)}")


def _wall_fault(name: str, what: str, script: str) -> Fault:
    return Fault(name, what, _wall(script), Undisturbed(), 1.2)


FAULTS = (
    _wall_fault("wall-hour-ahead", "the wall clock jumps an hour ahead", STEP_WALL.format(by=3600)),
    _wall_fault("wall-day-back", "the wall clock jumps a day back", STEP_WALL.format(by=-DAY)),
    _wall_fault("wall-1970", "the wall clock stands at 1970", WALL_IS.format(at=3)),
    _wall_fault("wall-2038", "the wall clock passes 2038", WALL_IS.format(at=2**31 - 0.5)),
    _wall_fault("wall-2106", "the wall clock passes what 32 bits hold", WALL_IS.format(at=2**32 + 0.5)),
    _wall_fault("zone-changes", "the time zone changes by a day and its summer time", ZONE.format(zone="Pacific/Apia")),
    Fault(
        "summer-time-begins",
        "summer time begins, and with it a night lock",
        _summer_time_begins,
        Follows(),
        0.2,
        False,
        starting=False,
        says=("locked",),
        sections={"more": NIGHT},
    ),
    Fault(
        "summer-time-ends",
        "summer time ends an instant before a night lock",
        _summer_time_ends,
        Undisturbed(),
        0.6,
        starting=False,
        sections={"more": NIGHT},
    ),
    Fault("wall-steps", "the wall clock steps to and fro", _steps, Undisturbed(), 1.2, starting=False),
    Fault(
        "boot-stuck-controller",
        "the controller's boot clock stands still",
        _boot("controller", FROZEN),
        Dips(LEASE + 0.3),
        2.0,
        False,
        restarts=True,
        starting=False,
    ),
    Fault(
        "boot-back-controller",
        "the controller's boot clock runs back by five seconds",
        _boot("controller", _ahead(-5)),
        Dips(LEASE + 0.3),
        2.0,
        False,
        restarts=True,
        starting=False,
    ),
    Fault(
        "boot-ahead-controller",
        "the controller's boot clock jumps an hour ahead",
        _boot("controller", _ahead(3600)),
        Dips(LEASE + 0.3),
        2.0,
        False,
        restarts=True,
        starting=False,
    ),
    Fault(
        "boot-stuck-keeper",
        "the keeper's boot clock stands still",
        _boot("keeper", FROZEN),
        Dips(2.0),
        2.2,
        False,
        starting=False,
    ),
    Fault(
        "boot-back-keeper",
        "the keeper's boot clock runs back by five seconds",
        _boot("keeper", _ahead(-5)),
        Dips(2.0),
        2.2,
        False,
        starting=False,
    ),
    Fault(
        "boot-ahead-keeper",
        "the keeper's boot clock jumps an hour ahead",
        _boot("keeper", _ahead(3600)),
        Dips(2.0),
        2.2,
        False,
        starting=False,
    ),
)
