"""Processes that die, hang, starve, or meet their double."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import httpx2

from tests.e2e.program import eventually
from tests.faults.fault import (
    BOTH_GONE,
    DIES,
    HANGS,
    KEEPER_GONE,
    OWN_KEEPER,
    PAUSES,
    Dips,
    Fault,
    Follows,
    Opens,
    Strike,
    Undisturbed,
)
from tests.faults.scene import Scene, wait

HANG = "import time\ntime.sleep(2.5)"
GARBAGE = """\
import os, socket, stat
for name in os.listdir("/proc/self/fd"):
    try:
        what = os.readlink(f"/proc/self/fd/{{name}}")
    except FileNotFoundError:  # of the list itself
        continue
    if what.startswith("socket:"):
        thing = socket.socket(fileno=os.dup(int(name)))
        if thing.family == socket.AF_UNIX and thing.type == socket.SOCK_SEQPACKET:
            {do}
        thing.close()
"""
COLLECT = """\
import gc, time
until = time.monotonic() + 2
while time.monotonic() < until:
    heap = [[n] for n in range(300_000)]
    gc.collect()
"""
ALLOCATE = """\
import time
until = time.monotonic() + 2
while time.monotonic() < until:
    pages = bytearray(200 << 20)
    pages[::4096] = b"x" * len(pages[::4096])
"""
DEADLOCK = "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire(timeout=2.5)"
FORK = """\
import os, time
if os.fork() == 0:
    time.sleep(6)
    os._exit(0)
"""
NO_THREADS = """\
import threading
def none(*arguments, **named):
    raise RuntimeError("can't start new thread")
threading._start_new_thread = none
threading._start_joinable_thread = none
"""


def _inside(script: str) -> Strike:
    return lambda scene: scene.inside(scene.pid, script)


def _stop(scene: Scene, *pids: int) -> None:
    scene.kill(*pids, by=signal.SIGSTOP)
    for pid in pids:
        scene.on_heal(lambda pid=pid: os.kill(pid, signal.SIGCONT))  # type: ignore[misc]


def _both_die(scene: Scene) -> None:
    scene.kill(scene.keeper_pid(), scene.pid)
    scene.make_safe()


def _stopped_keeper_dead_controller(scene: Scene) -> None:
    keeper = scene.keeper_pid()
    scene.kill(keeper, by=signal.SIGSTOP)
    scene.kill(scene.pid)
    wait(0.5)
    scene.kill(keeper)  # the unit's watchdog
    scene.make_safe()


def _both_stop(scene: Scene) -> None:
    keeper = scene.keeper_pid()
    _stop(scene, scene.pid)
    scene.kill(keeper, by=signal.SIGSTOP)
    wait(1.5)
    scene.kill(keeper)  # the unit's watchdog
    scene.make_safe()


def _suspend(scene: Scene) -> None:
    """As the lid of a laptop: both stand still while the boot clock counts on, and go on at the same instant."""
    keeper = scene.keeper_pid()
    scene.say("must_dip", within=2.3, why="the machine slept for 2 s, longer than the lease")
    scene.kill(keeper, scene.pid, by=signal.SIGSTOP)
    wait(2.0)
    scene.kill(keeper, scene.pid, by=signal.SIGCONT)


def _fork_and_die(scene: Scene) -> None:
    scene.inside(scene.pid, FORK)
    keeper = scene.keeper_pid()
    (child,) = eventually("the fork is there", lambda: [pid for pid in scene.children() if pid != keeper])
    scene.on_heal(lambda: scene.kill(child))
    scene.kill(scene.pid)


def _limit(what: int) -> Strike:
    """Not one more than it has now."""

    def strike(scene: Scene) -> None:
        used = _fewest_descriptors(scene.pid) if what == resource.RLIMIT_NOFILE else _address_space(scene.pid)
        before = resource.prlimit(scene.pid, what)
        resource.prlimit(scene.pid, what, (used, before[1]))
        scene.on_heal(lambda: _suppressed(lambda: resource.prlimit(scene.pid, what, before)))

    return strike


def _answers_nobody_new(scene: Scene) -> None:
    """Behind three who say nothing, for whom a caller of before may have left room; else the limit was none."""
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(socket.create_connection(("127.0.0.1", scene.stove.port), 1))
        wait(0.1)
        with contextlib.suppress(httpx2.TransportError), scene.connected() as client:
            assert client.get("/healthz", timeout=0.3).status_code == 0, "it still takes connections"


def _suppressed(deed: Callable[[], object]) -> None:
    with contextlib.suppress(ProcessLookupError):
        deed()


def _fewest_descriptors(pid: int) -> int:
    """Without those of callers who come and go."""

    def now() -> int:
        wait(0.01)
        return len(os.listdir(f"/proc/{pid}/fd"))

    return min(now() for _ in range(20))


def _address_space(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def burn_processor(scene: Scene, seconds: float = 2.0, processes: int = 4) -> None:
    """More busy processes than cores, for a while."""
    script = f"import time\nend = time.monotonic() + {seconds}\nwhile time.monotonic() < end: pass"
    for _ in range(processes):
        busy = subprocess.Popen([sys.executable, "-c", script])
        scene.on_heal(lambda busy=busy: (busy.kill(), busy.wait()))  # type: ignore[misc]


def _storm(scene: Scene) -> None:
    for _ in range(5):
        scene.must_open(0.05, "the controller was killed")
        scene.kill(scene.pid)
        assert scene.stove.process is not None
        scene.stove.process.wait()
        scene.spawn()
        wait(scene.random.uniform(0.05, 0.9))


def _second(command: str) -> Strike:
    def strike(scene: Scene) -> None:
        arguments = [sys.executable, "-m", "api.entry", command, "--config", str(scene.stove.config)]
        second = subprocess.run(
            arguments, env=scene.stove.environment, capture_output=True, text=True, check=False, timeout=20
        )
        assert second.returncode == 1, f"a second one ended with {second.returncode}: {second.stderr}"
        assert second.stderr.strip(), "it says why"

    return strike


def _strangers_garbage(scene: Scene) -> None:
    for size in (0, 1, 100, 8_192, 60_000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
            stranger.settimeout(1)
            with contextlib.suppress(OSError):
                stranger.connect(str(scene.folder / "keeper.sock"))
                stranger.send(scene.random.randbytes(size))


def _crowd_at_the_socket(scene: Scene) -> None:
    for _ in range(40):
        stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stranger.setblocking(False)
        scene.on_heal(stranger.close)
        with contextlib.suppress(OSError):
            stranger.connect(str(scene.folder / "keeper.sock"))


def _send_inside(do: str) -> Strike:
    return _inside(GARBAGE.format(do=do))


def _lone_keeper_dies(scene: Scene) -> None:
    """As systemd does it: the unit's last resort drives the lines low, and a new keeper starts."""
    assert scene.keeper is not None
    scene.keeper.kill()
    scene.keeper.wait()
    scene.make_safe()
    scene.keeper = scene.stove.start_keeper()


def _lone_keeper_hangs(scene: Scene) -> None:
    assert scene.keeper is not None
    keeper = scene.keeper
    keeper.send_signal(signal.SIGSTOP)

    def supervise() -> None:
        keeper.wait()  # the controller kills it
        scene.make_safe()
        scene.keeper = scene.stove.start_keeper()

    supervisor = threading.Thread(target=supervise)
    supervisor.start()
    scene.on_heal(lambda: supervisor.join(10))


def _kept_stopped(scene: Scene) -> None:
    """A keeper that is killed for standing still has nothing to be healed."""
    scene.kill(scene.keeper_pid(), by=signal.SIGSTOP)


FAULTS = (
    Fault("controller-sigkill", "the controller is killed", lambda s: s.kill(s.pid), DIES, 0.6, False, restarts=True),
    Fault("controller-sigstop", "the controller stands still", lambda s: _stop(s, s.pid), HANGS, 1.8, False),
    Fault(
        "controller-sigterm",
        "the controller is told to stop",
        lambda s: s.kill(s.pid, by=signal.SIGTERM),
        Opens(0.25),
        1.0,
        False,
        restarts=True,
    ),
    Fault("keeper-sigkill", "the keeper is killed", lambda s: s.kill(s.keeper_pid()), KEEPER_GONE, 2.2, False),
    Fault("keeper-sigstop", "the keeper stands still", _kept_stopped, KEEPER_GONE, 2.4, False),
    Fault(
        "keeper-sigterm",
        "the keeper is told to stop",
        lambda s: s.kill(s.keeper_pid(), by=signal.SIGTERM),
        KEEPER_GONE,
        2.2,
        False,
    ),
    Fault("both-sigkill", "controller and keeper are killed", _both_die, BOTH_GONE, 0.5, False, restarts=True),
    Fault("both-sigstop", "both stand still until their watchdogs bite", _both_stop, BOTH_GONE, 0.5, False),
    Fault(
        "keeper-hangs-controller-dies",
        "the keeper stands still and the controller is killed",
        _stopped_keeper_dead_controller,
        BOTH_GONE,
        0.5,
        False,
        restarts=True,
    ),
    Fault("suspend", "the machine sleeps for two seconds", _suspend, Follows(), 0.5, False),
    Fault("blocked-loop", "the controller's loop is blocked", _inside(HANG), PAUSES, 2.2, False, begins=True),
    Fault(
        "blocked-keeper",
        "the keeper's loop is blocked",
        lambda s: s.inside(s.keeper_pid(), HANG),
        KEEPER_GONE,
        2.4,
        False,
    ),
    Fault("collection-pause", "two seconds of garbage collection", _inside(COLLECT), PAUSES, 2.2, False, begins=True),
    Fault("allocation-pause", "two seconds of allocating memory", _inside(ALLOCATE), PAUSES, 2.2, False, begins=True),
    Fault("deadlock", "the controller waits for a lock of its own", _inside(DEADLOCK), PAUSES, 2.2, False, begins=True),
    Fault(
        "fork-keeps-socket",
        "the controller dies, and a fork of it keeps the keeper's socket open",
        _fork_and_die,
        HANGS,
        1.6,
        False,
        restarts=True,
        starting=False,
    ),
    Fault(
        "no-descriptors",
        "the controller has no file descriptor left",
        _limit(resource.RLIMIT_NOFILE),
        Undisturbed(),
        1.0,
        False,
        starting=False,
        shows=_answers_nobody_new,
    ),
    Fault(
        "no-memory",
        "the controller gets no more memory",
        _limit(resource.RLIMIT_AS),
        Undisturbed(),
        1.0,
        False,
        starting=False,
    ),
    Fault(
        "no-threads",
        "the controller can start no thread",
        lambda s: s.inside(s.pid, NO_THREADS),
        Undisturbed(),
        starting=False,
    ),
    Fault("no-processor", "four busy processes on the machine", burn_processor, Undisturbed(), 1.5),
    Fault("restart-storm", "the controller is killed five times in a few seconds", _storm, Follows(), 0.5, False),
    Fault("two-daemons", "a second daemon is started", _second("run"), Undisturbed(), 0.3, starting=False),
    Fault(
        "two-keepers",
        "a second keeper is started",
        _second("keeper"),
        Undisturbed(),
        0.3,
        starting=False,
        sections=OWN_KEEPER,
    ),
    Fault(
        "garbage-by-strangers",
        "strangers send garbage to the keeper's socket",
        _strangers_garbage,
        Undisturbed(),
        starting=False,
        sections=OWN_KEEPER,
    ),
    Fault(
        "crowd-at-the-keeper",
        "forty strangers connect to the keeper",
        _crowd_at_the_socket,
        Undisturbed(),
        starting=False,
        sections=OWN_KEEPER,
    ),
    Fault(
        "garbage-by-the-controller",
        "the controller says something that is no message",
        _send_inside(r'thing.send(b"\x00\xff{")'),
        Dips(0.25),
        1.2,
        False,
        starting=False,
        begins=True,
    ),
    Fault(
        "message-out-of-order",
        "a message comes twice",
        _send_inside('thing.send(b\'{"type":"renew","seq":1,"sent_at":1}\')'),
        Dips(0.25),
        1.2,
        False,
        starting=False,
        begins=True,
    ),
    Fault(
        "oversized-message",
        "a message of 60 kB comes to the keeper",
        _send_inside('thing.send(b"x" * 60_000)'),
        Dips(0.25),
        1.2,
        False,
        starting=False,
        begins=True,
    ),
    Fault(
        "connection-closed",
        "the connection between controller and keeper closes",
        _send_inside("thing.shutdown(socket.SHUT_RDWR)"),
        Dips(0.25),
        1.2,
        False,
        starting=False,
        begins=True,
    ),
    Fault(
        "own-keeper-dies",
        "the keeper, a service of its own, is killed",
        _lone_keeper_dies,
        KEEPER_GONE,
        1.5,
        False,
        starting=False,
        sections=OWN_KEEPER,
    ),
    Fault(
        "own-keeper-hangs",
        "the keeper, a service of its own, stands still",
        _lone_keeper_hangs,
        Dips(2.5),
        2.4,
        False,
        starting=False,
        sections=OWN_KEEPER,
    ),
    Fault(
        "own-keepers-controller-dies",
        "the controller of a keeper that is a service of its own is killed",
        lambda s: s.kill(s.pid),
        DIES,
        0.6,
        False,
        restarts=True,
        sections=OWN_KEEPER,
    ),
)
