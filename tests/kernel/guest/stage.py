"""What the scenarios need of the guest: its lines, its units, and the serial port to the judge outside."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

LINES = ("17", "27")
BURNERS = ("left", "right")
UNITS = ("flameout-keeper", "flameout")
REPORT = Path("/dev/ttyS1")
LEVELS = Path("/run/levels")
TRACE = Path("/sys/kernel/tracing/trace")
THAW = "suspend_resume: thaw_processes[0] begin"
BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
SETTLE = 45.0  # s until both lines are high again: restarts, RestartSec, hold_open


class NotSeen(Exception):
    """Something that a scenario needs did not happen; the text says what."""


def now() -> int:
    """Nanoseconds on the witness's clock."""
    return time.monotonic_ns()


def tell(**words: object) -> None:
    """One JSON object a line to the judge."""
    with REPORT.open("w") as port:
        port.write(json.dumps({"boot": BOOT, "at": now(), **words}) + "\n")


def run(*command: str, check: bool = True, seconds: float = 120) -> str:
    """What a command says on stdout; raises :class:`NotSeen` with all of it where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    if check and done.returncode:
        raise NotSeen(f"{' '.join(command)}: {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
    return done.stdout


def said(*command: str) -> str:
    """What a command says, on stdout and stderr, whether it fails or not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return (done.stdout + done.stderr).strip()


def ask(method: str, path: str, body: object = None, seconds: float = 30) -> dict[str, object]:
    """A call to the daemon with its console token: what the command line does, without its start-up time."""
    token = Path("/var/lib/flameout/console.token").read_text().strip()
    call = urllib.request.Request(f"http://127.0.0.1:8520/api/v1{path}", method=method)
    call.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        call.add_header("Content-Type", "application/json")
        call.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(call, timeout=seconds) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        return dict(json.loads(error.read()))


def set_timers(seconds: float) -> None:
    """A timer on each burner; tells when they end, as the daemon has it, on the witness's clock."""
    for burner in BURNERS:
        ask("PUT", f"/burners/{burner}/timer", {"duration": seconds})
    before = now()
    left = [ask("GET", f"/burners/{burner}")["timer"] for burner in BURNERS]
    remaining = [each["remaining_s"] for each in left if isinstance(each, dict)]
    if len(remaining) != len(BURNERS):
        raise NotSeen(f"two timers: {left}")
    tell(mark="timers", ends=[before + int(each * 1e9) for each in remaining])


def levels() -> dict[str, bool]:
    """The lines' present levels, as the witness has them."""
    words = [line.split() for line in LEVELS.read_text().splitlines() if line.startswith("level ")]
    return {name: level == "1" for _, _, name, level in (each for each in words if len(each) == 4)}


def all_are(high: bool) -> bool:
    """Whether every line is at this level."""
    return levels() == dict.fromkeys(LINES, high)


def eventually(what: str, seconds: float, condition: object) -> None:
    """Wait until a callable is true. Raises :class:`NotSeen`."""
    until = time.monotonic() + seconds
    assert callable(condition)
    while not condition():
        if time.monotonic() > until:
            raise NotSeen(f"within {seconds:g} s: {what}; the lines are {levels()}")
        time.sleep(0.02)


def ready() -> None:
    """Wait until both lines are high: nothing is set, so the relays are closed."""
    eventually("both lines high", SETTLE, lambda: all_are(True))


def falls(seconds: float) -> None:
    """Wait for both lines to be low; the judge looks at when that was."""
    with contextlib.suppress(NotSeen):
        eventually("both lines low", seconds, lambda: all_are(False))


def pid(unit: str) -> int:
    """A unit's main process."""
    return int(run("systemctl", "show", "-p", "MainPID", "--value", unit))


def fault(**words: object) -> int:
    """This is the instant at which the fault begins."""
    at = now()
    tell(mark="fault", **words)
    return at


def harm(number: signal.Signals, *units: str) -> None:
    """A signal to the main process of each unit, the first one at the instant of the fault."""
    processes = [pid(unit) for unit in units]
    fault()
    for process in processes:
        os.kill(process, number)


def journal(since: float, *units: str) -> str:
    """What units have logged since a wall-clock time."""
    chosen = [word for unit in units for word in ("-u", unit)]
    return run("journalctl", "--no-pager", "-o", "cat", f"--since=@{since:.3f}", *chosen)


@contextlib.contextmanager
def drop_in(unit: str, text: str) -> Iterator[None]:
    """A unit's settings changed for a while."""
    file = Path(f"/run/systemd/system/{unit}.service.d/scenario.conf")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    run("systemctl", "daemon-reload")
    try:
        yield
    finally:
        file.unlink()
        run("systemctl", "daemon-reload")


def restart_both() -> None:
    """Both units anew, whatever state they are in."""
    run("systemctl", "reset-failed", *UNITS, check=False)
    run("systemctl", "restart", *UNITS, check=False)


def thawed() -> int:
    """When the kernel last began to let processes run again after a sleep, from its own trace."""
    found = [line.split(" suspend_resume: ")[0].split()[-1] for line in TRACE.read_text().splitlines() if THAW in line]
    if not found:
        raise NotSeen(f"{THAW!r} in the kernel's trace")
    return int(float(found[-1].rstrip(":")) * 1e9)


def writes() -> list[tuple[int, str, bool]]:
    """Every write of a line since the last call, by anybody, from the kernel's trace: also what is over in no time."""
    base = _base()
    found = []
    for line in TRACE.read_text().splitlines():
        head, _, rest = line.partition(" gpio_value: ")
        words = rest.split()  # "512 set 1"
        if len(words) == 3 and words[1] == "set" and str(int(words[0]) - base) in LINES:
            at = float(head.split()[-1].rstrip(":"))
            found.append((int(at * 1e9), str(int(words[0]) - base), words[2] == "1"))
    TRACE.write_text("")
    return found


def _base() -> int:
    for line in Path("/sys/kernel/debug/gpio").read_text().splitlines():
        if line.startswith("gpiochip0: GPIOs "):
            return int(line.split()[2].partition("-")[0])
    raise NotSeen("gpiochip0 in /sys/kernel/debug/gpio")
