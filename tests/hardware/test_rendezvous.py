"""The socket's path: one keeper at a time, packets kept apart, nothing of anybody else's removed."""

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.rendezvous import Taken, connect, listen, peer_pid


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with listen(path) as listener:
        yield listener


def stale(path: Path) -> Path:
    """A socket file whose owner is gone."""
    listen(path).close()
    assert path.is_socket()
    return path


def test_packets_arrive_one_by_one(tmp_path: Path) -> None:
    with listening(tmp_path / "k.sock") as listener, connect(tmp_path / "k.sock") as client:
        keeper, _ = listener.accept()
        with keeper:
            client.send(b"one")
            client.send(b"two")
            assert keeper.recv(100) == b"one"
            assert keeper.recv(100) == b"two"


def test_the_socket_is_for_owner_and_group_only(tmp_path: Path) -> None:
    with listening(tmp_path / "k.sock"):
        assert stat.S_IMODE((tmp_path / "k.sock").stat().st_mode) == 0o660


def test_the_processs_file_mask_is_as_it_was(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        with listening(tmp_path / "k.sock"):
            assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with listening(tmp_path / "run" / "flameout" / "k.sock"):
        assert (tmp_path / "run" / "flameout" / "k.sock").is_socket()


def test_a_second_keeper_is_refused_with_the_firsts_pid(tmp_path: Path) -> None:
    path = tmp_path / "k.sock"
    with listening(path):
        with pytest.raises(Taken, match=rf"another keeper answers at .*k\.sock \(process {os.getpid()}\); stop it"):
            listen(path)
        with connect(path):
            pass  # the first one is still to be had


def test_a_keeper_too_busy_to_answer_is_not_taken_for_dead(tmp_path: Path) -> None:
    path = tmp_path / "k.sock"
    with listening(path), contextlib.ExitStack() as queue:
        with contextlib.suppress(BlockingIOError):
            for _ in range(1_000):
                queue.enter_context(connect(path))
        with pytest.raises(Taken, match=r"another keeper has .*k\.sock and does not answer"):
            listen(path)
        assert path.is_socket()


def test_a_socket_file_of_a_dead_keeper_is_replaced(tmp_path: Path) -> None:
    path = stale(tmp_path / "k.sock")
    with listening(path), connect(path):
        pass


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "k.sock"
    path.write_text("precious")
    with pytest.raises(Taken, match=r"keeper.socket: .*k\.sock is there and is not a socket"):
        listen(path)
    assert path.read_text() == "precious"


def test_a_socket_of_another_kind_that_answers_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "k.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen()
        with pytest.raises(Taken):
            listen(path)
        assert path.is_socket()


def test_a_path_that_cannot_be_had_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Taken, match=r"keeper\.socket: .*file/k\.sock cannot be used: "):
        listen(tmp_path / "file" / "k.sock")
    with pytest.raises(Taken, match=r"keeper\.socket: .* cannot be used: AF_UNIX path too long"):
        listen(tmp_path / ("x" * 120))


def test_nobody_to_connect_to_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect(tmp_path / "k.sock")
    with pytest.raises(ConnectionRefusedError):
        connect(stale(tmp_path / "k.sock"))


def test_both_ends_know_each_others_process(tmp_path: Path) -> None:
    with listening(tmp_path / "k.sock") as listener, connect(tmp_path / "k.sock") as client:
        keeper, _ = listener.accept()
        with keeper:
            assert peer_pid(client) == peer_pid(keeper) == os.getpid()
