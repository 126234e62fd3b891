"""The file by which avahi announces flameout; tests/e2e/test_mdns.py lets avahi read it."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.api.cli.daemon import Shell

SHIPPED = Path(__file__).parents[3] / "deploy/avahi/flameout.service"


def services(text: str) -> dict[str, tuple[int, dict[str, str]]]:
    """Type to port and records."""
    found = {}
    for service in ElementTree.fromstring(text).iter("service"):
        records = dict((record.text or "").split("=", 1) for record in service.iter("txt-record"))
        found[service.findtext("type", "")] = (int(service.findtext("port", "0")), records)
    return found


def test_the_shipped_file_is_that_of_the_defaults(flameout: Shell) -> None:
    assert flameout("mdns").out == SHIPPED.read_text(), "run: flameout mdns > deploy/avahi/flameout.service"


def test_it_says_what_the_configuration_says(flameout: Shell, tmp_path: Path) -> None:
    config = tmp_path / "flameout.toml"
    config.write_text('[stove]\nid = "kitchen"\nname = "Pots & <pans>"\n[rest]\nhost = "0.0.0.0"\nport = 8600\n')
    done = flameout("mdns", "--config", str(config))
    assert (done.code, done.err) == (0, "")
    found = services(done.out)
    assert set(found) == {"_flameout._tcp", "_http._tcp"}
    port, records = found["_flameout._tcp"]
    assert port == 8600
    assert (records["path"], records["id"], records["tls"]) == ("/", "kitchen", "0")
    assert records["version"][0].isdigit()
    name = ElementTree.fromstring(done.out).find("name")
    assert name is not None
    assert (name.text, name.get("replace-wildcards")) == ("Pots & <pans> on %h", "yes")


def test_with_tls_it_is_another_kind_of_page(flameout: Shell, tmp_path: Path) -> None:
    config = tmp_path / "flameout.toml"
    config.write_text('[rest]\nhost = "0.0.0.0"\ntls = { cert = "/dev/null", key = "/dev/null" }\n')
    found = services(flameout("mdns", "--config", str(config)).out)
    assert set(found) == {"_flameout._tcp", "_https._tcp"}
    assert found["_flameout._tcp"][1]["tls"] == "1"


def test_announcing_what_nobody_can_reach_is_said(flameout: Shell) -> None:
    assert "rest.host is 127.0.0.1: only this machine can ask" in flameout("mdns").err


@pytest.mark.parametrize("text", ["[rest]\nport = 0\n", "[rest"])
def test_a_configuration_with_problems_is_not_announced(flameout: Shell, tmp_path: Path, text: str) -> None:
    config = tmp_path / "flameout.toml"
    config.write_text(text)
    done = flameout("mdns", "--config", str(config))
    assert (done.code, done.out) == (1, "")
    assert "run: flameout check-config" in done.err
