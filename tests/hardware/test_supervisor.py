"""What systemd is told, over a socket as it has one."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hardware.supervisor import Supervisor


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ear.bind(str(tmp_path / "notify"))
    ear.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield ear
    ear.close()


def heard(ear: socket.socket) -> list[str]:
    ear.setblocking(False)
    said = []
    while True:
        try:
            said.append(ear.recv(4096).decode())
        except BlockingIOError:
            return said


def test_where_nobody_supervises_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    supervisor = Supervisor()
    supervisor.ready()
    supervisor.beat(10**9)
    supervisor.stopping()


def test_signs_of_life_come_four_times_within_the_watchdogs_patience(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    with closing(Supervisor()) as supervisor:
        supervisor.ready()
        for now in range(10_000, 12_000, 10):
            supervisor.beat(now)
    assert heard(systemd) == ["READY=1", *["WATCHDOG=1"] * 4]


@pytest.mark.parametrize(
    "environment", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}]
)
def test_without_a_watchdog_there_are_no_signs_of_life(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with closing(Supervisor()) as supervisor:
        supervisor.beat(10**9)
    assert heard(systemd) == []


def test_a_systemd_that_does_not_read_holds_nobody_up(systemd: socket.socket) -> None:
    with closing(Supervisor()) as supervisor:
        for _ in range(10_000):
            supervisor.status("x" * 1000)
    assert heard(systemd)
