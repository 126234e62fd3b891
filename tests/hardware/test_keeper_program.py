"""The keeper's program: how it begins, how it is told to end, and what it says where it cannot begin."""

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware import keeper
from hardware.clock import BootClock
from hardware.rendezvous import listen
from tests.hardware.keepers import Controller, config

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def scheduled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int, int]]]:
    """What it asked of the scheduler; signals and garbage are as before in the end."""
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(
        os, "sched_setscheduler", lambda pid, policy, param: asked.append((pid, policy, param.sched_priority))
    )
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    yield asked
    for signum, handler in before.items():
        signal.signal(signum, handler)
    gc.unfreeze()


def hung_up() -> tuple[socket.socket, int]:
    """A socket whose other end's owner has gone: a keeper there ends at once."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fd = theirs.detach()
    ours.shutdown(socket.SHUT_WR)
    return ours, fd


def ended(path: str, fd: int) -> int:
    """The exit code of a child that cannot begin; in life the process ends, and its socket with it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        return keeper.main(path, fd)


def test_a_child_serves_its_controller_and_ends_with_it(tmp_path: Path, scheduled: list[tuple[int, int, int]]) -> None:
    ours, fd = hung_up()
    with ours:
        assert keeper.main(str(config(tmp_path)), fd) == 0
    assert scheduled == [(0, os.SCHED_FIFO, 10)]
    assert gc.get_freeze_count() > 0, "nothing that is there from the start is looked through again"


def test_where_real_time_is_not_allowed_it_runs_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("not allowed")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    ours, fd = hung_up()
    with ours:
        assert keeper.main(str(config(tmp_path)), fd) == 0


def test_a_child_tells_its_controller_why_it_cannot_begin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, fd = hung_up()
    with ours:
        assert ended(str(config(tmp_path, factory="nonesuch")), fd) == 1
        why = Controller(ours, BootClock()).last_words() or ""
    assert why.startswith("keeper.pin_factory: there is no pin factory 'nonesuch'; known are ")
    assert capsys.readouterr().err == "", "the controller says it"


def test_a_child_whose_controller_has_gone_ends_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, fd = hung_up()
    ours.close()
    assert ended(str(config(tmp_path, factory="nonesuch")), fd) == 1
    assert capsys.readouterr().err == ""


def test_a_controller_that_does_not_read_keeps_no_child_that_cannot_begin(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with contextlib.suppress(BlockingIOError):
            while True:
                theirs.send(b"unread", socket.MSG_DONTWAIT)
        assert ended(str(config(tmp_path, factory="nonesuch")), theirs.detach()) == 1


def test_a_keeper_of_its_own_needs_a_socket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert keeper.main(str(config(tmp_path, listens=False))) == 1
    wanted = 'keeper.socket: is not set; a keeper of its own needs one, as "/run/flameout/keeper.sock"'
    assert capsys.readouterr().err == f"flameout keeper: {wanted}\n"


@pytest.mark.parametrize(
    ("signum", "code"),
    [(signal.SIGTERM, 0), (signal.SIGINT, 128 + signal.SIGINT), (signal.SIGHUP, 128 + signal.SIGHUP)],
)
def test_a_signal_ends_a_listening_keeper_and_no_other_signal_interrupts_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signum: signal.Signals, code: int
) -> None:
    told: list[str] = []
    listening = listen(tmp_path / "keeper.sock")
    monkeypatch.setattr("hardware.keeper.listen", {tmp_path / "keeper.sock": listening}.__getitem__)
    monkeypatch.setattr("hardware.keeper.Supervisor.ready", lambda _self: told.append("ready"))
    monkeypatch.setattr("hardware.keeper.select.select", lambda *_: signal.raise_signal(signum))
    with listening, pytest.raises(SystemExit) as end:
        keeper.main(str(config(tmp_path)))
    assert end.value.code == code
    assert told == ["ready"]
    assert [signal.getsignal(other) for other in SIGNALS] == [signal.SIG_IGN] * 3


@pytest.mark.parametrize("words", [["--confg", "x"], ["--help"], ["--config"], ["--fd", "3", "more"]])
def test_words_that_it_does_not_know_start_nothing(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hardware.keeper", *words], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "usage: python -m hardware.keeper [--config FILE] [--fd NUMBER]\n"
