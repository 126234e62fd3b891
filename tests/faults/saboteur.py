"""Does harm inside a daemon or keeper: its main thread runs a piece of Python when it gets SIGUSR2.

A ``sitecustomize`` on the process's path listens; nothing of the product knows of it.
"""

import os
import signal
import time
from pathlib import Path

_LISTENER = """\
import os, signal, sys
_FOLDER = {folder!r}
def _run(signum, frame):
    name = os.path.join(_FOLDER, f"sabotage-{{os.getpid()}}.py")
    with open(name) as script:
        os.unlink(name)
        exec(compile(script.read(), script.name, "exec"), {{}})
signal.signal(signal.SIGUSR2, _run)
open(os.path.join(_FOLDER, f"listens-{{os.getpid()}}"), "w").close()
if {slow!r} in os.environ and "run" in sys.orig_argv:
    from tests.faults.disk import slow_syncs
    slow_syncs(float(os.environ[{slow!r}]))
"""
SLOW_SYNCS = "FLAMEOUT_TEST_SLOW_SYNCS"
"""Variable: s that each of the daemon's syncs takes."""


def plant(folder: Path) -> None:
    """Make every Python process with ``folder`` on its path listen."""
    (folder / "sitecustomize.py").write_text(_LISTENER.format(folder=str(folder), slow=SLOW_SYNCS))


def sabotage(folder: Path, pid: int, script: str) -> None:
    """Have the process run ``script`` in its main thread, between two of its own steps."""
    for _ in range(1000):
        if (folder / f"listens-{pid}").exists():
            break
        time.sleep(0.002)
    waiting = folder / f"sabotage-{pid}.py"
    waiting.write_text(script)
    os.kill(pid, signal.SIGUSR2)
    for _ in range(5000):  # until it has begun; a busy machine lets it wait
        if not waiting.exists():
            return
        time.sleep(0.001)
