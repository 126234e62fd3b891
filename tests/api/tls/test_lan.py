"""What this machine is called on its network."""

import ipaddress
from pathlib import Path

import pytest

from api.tls import lan

IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000000000000000001 02 40 20 80     eth0
20010db8000000000000000000000007 02 40 00 00     eth0
20010db8000000000000000000000008 02 40 00 01     eth0
20010db8000000000000000000000009 02 40 00 20     eth0
fd000000000000000000000000000007 02 40 00 80     eth0
"""


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "if_inet6"
    monkeypatch.setattr("api.tls.lan._IF_INET6", file)
    monkeypatch.setattr("socket.if_nameindex", lambda: [(1, "lo"), (9, "no-such-one")])
    return file


def test_addresses_that_stay_are_told_and_loopback_link_local_and_temporary_ones_are_not(table: Path) -> None:
    table.write_text(IF_INET6)
    assert lan.addresses() == ["2001:db8::7", "fd00::7"]


def test_a_kernel_without_ipv6_has_none_of_those(table: Path) -> None:
    assert lan.addresses() == []


def test_on_this_very_machine_they_are_addresses() -> None:
    for text in lan.addresses():
        assert not ipaddress.ip_address(text).is_loopback


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("Hob", ["flameout.local", "hob", "hob.local", "localhost"]),
        ("hob.example.org", ["flameout.local", "hob.example.org", "localhost"]),
        ("flameout", ["flameout.local", "flameout", "localhost"]),
        ("no name", ["flameout.local", "localhost"]),
    ],
)
def test_names_are_the_hosts_own_and_ours(monkeypatch: pytest.MonkeyPatch, host: str, names: list[str]) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    assert lan.names() == names
