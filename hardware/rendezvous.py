"""Where controller and keeper meet: a Unix socket that keeps packets apart (SOCK_SEQPACKET)."""

import os
import socket
import stat
import struct
from pathlib import Path


class Taken(Exception):
    """The socket's path cannot be used; the text says why and by whom."""


def listen(path: Path) -> socket.socket:
    """A listening socket at ``path``, for owner and group. Raises :class:`Taken` while another keeper answers."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        _clear_stale(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        old_mask = os.umask(0o117)
        try:
            listener.bind(str(path))
        finally:
            os.umask(old_mask)
        listener.listen(4)
    except Taken:
        listener.close()
        raise
    except OSError as error:
        listener.close()
        raise Taken(f"keeper.socket: {path} cannot be used: {error.strerror or error}") from None
    return listener


def connect(path: Path) -> socket.socket:
    """A connection to the keeper at ``path``. Raises ``OSError``."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.setblocking(False)
    try:
        client.connect(str(path))
    except OSError:
        client.close()
        raise
    return client


def peer_pid(connection: socket.socket) -> int:
    """The process at the other end (SO_PEERCRED; for a listening peer the one that called listen)."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


def _clear_stale(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise Taken(f"keeper.socket: {path} is there and is not a socket")
    except FileNotFoundError:
        return
    try:
        probe = connect(path)
    except (ConnectionRefusedError, FileNotFoundError):
        path.unlink(missing_ok=True)  # its owner died
        return
    except BlockingIOError:  # its queue is full: stopped or stuck, and its lines may be energised
        raise Taken(f"keeper.socket: another keeper has {path} and does not answer; stop it first") from None
    owner = peer_pid(probe)
    probe.close()
    raise Taken(f"keeper.socket: another keeper answers at {path} (process {owner}); stop it first")
