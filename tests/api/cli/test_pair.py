"""``flameout pair``: a code and a picture, and an address that a phone can really reach."""

import json
import socket
from typing import Any

import pytest

from api.cli.pair import _for_phones, _listens, _own_address
from tests.api.cli.daemon import FakeDaemon, Shell

OFFER = {"code": "12345678", "role": "cook", "burners": [], "lasts_s": 300.0}


@pytest.fixture
def offering(daemon: FakeDaemon) -> FakeDaemon:
    daemon.answer("POST /pairing", OFFER, 201)
    return daemon


def test_for_programs_the_offer_comes_with_the_address_of_the_page(offering: FakeDaemon, flameout: Shell) -> None:
    done = flameout("pair", "--role", "view", "--burner", "left", "--burner", "right", "--json")
    assert json.loads(done.out) == OFFER | {"url": f"{offering.url}/"}
    assert [asked.body for asked in offering.asked] == [{"role": "view", "burners": ["left", "right"]}]


def test_where_a_phone_reaches_the_page_there_is_a_picture_and_the_code(
    offering: FakeDaemon, flameout: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.pair._own_address", lambda: "127.0.0.1")
    done = flameout("pair")
    assert done.code == 0
    assert "█" in done.out or "▄" in done.out
    assert f"or open {offering.url}/ there" in done.out
    assert "1234 5678" in done.out
    assert "For one phone, within 5 min; its role will be cook." in done.out


@pytest.mark.parametrize("own", [None, "127.9.9.9"])
def test_where_it_does_not_the_cure_is_named_and_no_picture_is_shown(
    offering: FakeDaemon, flameout: Shell, monkeypatch: pytest.MonkeyPatch, own: str | None
) -> None:
    monkeypatch.setattr("api.cli.pair._own_address", lambda: own)
    done = flameout("pair")
    assert done.err.strip() == f"{offering.url}/ is this machine only: a phone cannot reach it."
    assert 'Set rest.host = "0.0.0.0"' in done.out
    assert "1234 5678" in done.out
    assert "█" not in done.out


def test_another_host_is_taken_as_it_is_named() -> None:
    assert _for_phones("https://hob.home:8443") == ("https://hob.home:8443/", True)


@pytest.mark.parametrize(("url", "port"), [("http://localhost", 80), ("https://localhost", 443)])
def test_without_a_port_it_is_the_scheme_s_own(monkeypatch: pytest.MonkeyPatch, url: str, port: int) -> None:
    monkeypatch.setattr("api.cli.pair._own_address", lambda: "192.0.2.7")
    monkeypatch.setattr("api.cli.pair._listens", lambda host, asked: (host, asked) == ("192.0.2.7", port))
    assert _for_phones(url) == (f"{url.partition(':')[0]}://192.0.2.7:{port}/", True)


def test_a_machine_without_a_network_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any) -> None:
        raise OSError("Network is unreachable")

    class Probe(socket.socket):
        connect = unreachable

    monkeypatch.setattr("socket.socket", Probe)
    assert _own_address() is None


def test_who_listens_is_found_and_who_does_not_is_not(daemon: FakeDaemon) -> None:
    assert _listens("127.0.0.1", daemon.port)
    assert not _listens("127.9.9.9", daemon.port)
