"""Programs: those of the system that a test needs, and how one that a test started ends."""

import contextlib
import os
import signal
import subprocess
from typing import Any, NoReturn

import pytest

LEAVE_TAKING = 5.0  # s


def lacking(what: str) -> NoReturn:
    """Skip a test for which something is not installed; where CI is set, make test has installed it, so it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} not installed, although CI is set; deploy/setup dev installs it")
    pytest.skip(f"{what} not installed")


def end(process: "subprocess.Popen[Any]") -> None:
    """Ask it to end, so that what was measured in it is not lost, and kill it if it does not."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        process.send_signal(signal.SIGCONT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(LEAVE_TAKING)
    process.kill()
    process.wait()
