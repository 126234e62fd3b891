"""The demo's own broker: mosquitto where it is installed, else iotcore, else none and a sentence why.

A private instance on loopback without persistence, a child that ends with its parent; never a system service.
"""

import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

USUAL_PORT = 1883
READY_WITHIN = 3.0  # s
_WHERE_DAEMONS_LIVE = "/usr/local/sbin:/usr/sbin:/sbin:/opt/homebrew/sbin"
# user: started by root, it would change to another user, and Linux then forgets to end it with its parent.
_MOSQUITTO = """\
user root
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
"""
_IOTCORE = "from iotcore import Broker; Broker(port={port}, listen='127.0.0.1', max_payload_size=262144).run_forever()"
_PR_SET_PDEATHSIG = 1  # prctl(2)


class DemoBroker:
    """``with DemoBroker() as broker``: ``broker.port``, or None and ``broker.why_not``."""

    def __init__(self) -> None:
        self.port: int | None = None
        self.kind = ""
        self.why_not = ""
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "DemoBroker":
        self._folder = tempfile.TemporaryDirectory(prefix="flameout-broker-")
        until = time.monotonic() + READY_WITHIN
        try:
            for kind, port, command in self._candidates(Path(self._folder.name)):
                if self._start(command, port, until):
                    self.port, self.kind = port, kind
                    return self
        except BaseException:
            self.close()
            raise
        self.why_not = "install mosquitto, or flameout with its demo extra (pip install 'flameout[demo]')"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the broker and forget what it kept."""
        self._end_child()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self.port = None

    def _candidates(self, folder: Path) -> Iterator[tuple[str, int, Sequence[str]]]:
        path = os.pathsep.join((os.environ.get("PATH", ""), _WHERE_DAEMONS_LIVE))
        mosquitto = shutil.which("mosquitto", path=path)
        if mosquitto is not None:
            port = free_port(USUAL_PORT)
            config = folder / "mosquitto.conf"
            config.write_text(_MOSQUITTO.format(port=port))
            yield "mosquitto", port, [mosquitto, "-c", str(config)]
        if importlib.util.find_spec("iotcore") is not None:
            port = free_port(USUAL_PORT)
            yield "iotcore", port, [sys.executable, "-c", _IOTCORE.format(port=port)]

    def _start(self, command: Sequence[str], port: int, until: float) -> bool:
        """Start a broker and wait until it accepts connections; False where it does not in time."""
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours: the broker still has to hear our goodbye
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - there is one thread yet, and the C library is loaded
        )
        while self._child.poll() is None and time.monotonic() < until:
            if _accepts(port):
                return True
            time.sleep(0.02)
        self._end_child()
        return False

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(timeout=2)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


_C = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """In the child: have Linux end it when its parent is killed."""
    if sys.platform == "linux":
        _C.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port(usual: int) -> int:
    """The usual port of loopback if nobody has it, else any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", usual))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
