"""Telling systemd that we are ready, and that we still turn: sd_notify(3), without a library.

Where nobody supervises (no ``$NOTIFY_SOCKET``) every method does nothing.
"""

import contextlib
import os
import socket

from hardware.clock import Millis


class Supervisor:
    """systemd's end of this process. Never waits, and never fails."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)
        self.every = _watchdog() // 4
        """Milliseconds between two signs of life; 0 where nobody waits for them."""
        self._told_at: Millis = 0

    def ready(self) -> None:
        """We do our work now."""
        self._tell("READY=1")

    def beat(self, now: Millis) -> None:
        """We still turn; called as often as we do, and told as often as systemd wants it."""
        if self.every and now - self._told_at >= self.every:
            self._told_at = now
            self._tell("WATCHDOG=1")

    def status(self, sentence: str) -> None:
        """What systemctl status shows."""
        self._tell(f"STATUS={sentence}")

    def stopping(self) -> None:
        """We have begun to end."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Nothing more is told."""
        if self._socket is not None:
            self._socket.close()

    def _tell(self, text: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(text.encode(), self._address)


def _watchdog() -> Millis:
    """The watchdog's patience in ms, if it is this process that it watches."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC", "0"), os.environ.get("WATCHDOG_PID")
    if not microseconds.isdigit() or (pid is not None and pid != str(os.getpid())):
        return 0
    return int(microseconds) // 1000
