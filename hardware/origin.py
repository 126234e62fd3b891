"""Where a keeper comes from: a child of this process, or one that somebody else runs behind a socket."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hardware.rendezvous import connect, peer_pid

OPENS_WITHIN = 0.25  # s, for a keeper to open every line and end


@dataclass(frozen=True)
class Reached:
    """A keeper that can be spoken to: its connection, and its process."""

    connection: socket.socket
    pid: int
    child: subprocess.Popen[bytes] | None

    def kill(self) -> str | None:
        """SIGKILL the keeper, a stopped one too; returns why not, where that is not allowed."""
        try:
            if self.child is not None:
                self.child.kill()
            else:
                os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return None
        except PermissionError:
            return f"process {self.pid} belongs to another user; its supervisor has to kill it"
        return None

    def reap(self) -> None:
        """Wait until a child is gone and has let go of its lines; blocks for 2 s at the most.

        It has heard us hang up: killed any sooner, it might open one line and leave the next as it is.
        """
        if self.child is None:
            return
        try:
            self.child.wait(timeout=OPENS_WITHIN)
        except subprocess.TimeoutExpired:
            self.child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(timeout=2 - OPENS_WITHIN)


class Origin(Protocol):
    """A way to get a keeper, again and again."""

    owned: bool

    def reach(self) -> Reached:
        """Start or find a keeper, without waiting for it. Raises ``OSError``."""


class ChildOrigin:
    """Starts keepers as children, each on its own socket pair; they end with their controller."""

    owned = True

    def __init__(self, config: Path | None) -> None:
        self._arguments = [
            sys.executable,
            "-P",
            "-m",
            "hardware.keeper",
        ]  # -P: not a hardware/ that lies in the working folder
        if config is not None:
            self._arguments += ["--config", str(config)]
        self._started: Reached | None = None

    def start_ahead(self) -> None:
        """Start the first keeper now, so that its lines are under control while the rest still loads."""
        self._started = self._start()

    def reach(self) -> Reached:
        reached, self._started = self._started, None
        return reached or self._start()

    def _start(self) -> Reached:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            child = subprocess.Popen(
                [*self._arguments, "--fd", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the controller's to answer; the keeper sees it hang up
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return Reached(ours, child.pid, child)


class SocketOrigin:
    """Finds the keeper that listens at a path."""

    owned = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def reach(self) -> Reached:
        connection = connect(self._path)
        return Reached(connection, peer_pid(connection), None)
