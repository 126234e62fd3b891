"""An own authority and its certificate, made by the real openssl."""

import hashlib
import json
import os
import ssl
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

from tests.api.cli.daemon import Done, Shell

NAMES = ["authority.crt", "authority.key", "server.crt", "server.key"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state/tls"


def make(flameout: Shell, *arguments: str) -> Done:
    done = flameout("certificate", "make", *arguments)
    assert done.code == 0, done.err
    return done


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def extensions(file: Path) -> str:
    text = openssl("x509", "-in", file, "-noout", "-ext", "basicConstraints,keyUsage,extendedKeyUsage,subjectAltName")
    return " ".join(text.split())


def days(file: Path) -> float:
    dates = dict(line.split("=") for line in openssl("x509", "-in", file, "-noout", "-dates").splitlines())
    return (ssl.cert_time_to_seconds(dates["notAfter"]) - ssl.cert_time_to_seconds(dates["notBefore"])) / 86_400


def contents(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in NAMES}


def changed(before: dict[str, str], folder: Path) -> set[str]:
    return {name for name, text in contents(folder).items() if text != before[name]}


# --- what is made ---------------------------------------------------------------------------------------


def test_the_authority_signs_the_certificate_and_may_sign_no_other_authority(flameout: Shell, folder: Path) -> None:
    make(flameout)
    openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", folder / NAMES[0], folder / "server.crt")
    found = extensions(folder / "authority.crt")
    assert "Basic Constraints: critical CA:TRUE, pathlen:0" in found
    assert "Key Usage: critical Certificate Sign, CRL Sign" in found
    assert "Web Server" not in found


def test_the_certificate_is_one_that_phones_accept(flameout: Shell, folder: Path) -> None:
    make(flameout)
    found = extensions(folder / "server.crt")
    assert "Basic Constraints: critical CA:FALSE" in found
    assert "Extended Key Usage: TLS Web Server Authentication" in found
    assert days(folder / "server.crt") <= 398
    assert days(folder / "authority.crt") == 3650
    for name in ("authority.crt", "server.crt"):
        text = openssl("x509", "-in", folder / name, "-noout", "-text")
        assert "prime256v1" in text
        assert "ecdsa-with-SHA256" in text


def test_it_is_for_every_name_and_address_of_this_machine(
    flameout: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Hob-Pi")
    monkeypatch.setattr("api.tls.lan.addresses", lambda: ["192.0.2.7", "fd00::7"])
    make(flameout, "--name", "Hob.example.org", "--name", "198.51.100.9")
    for name in ("flameout.local", "hob-pi", "hob-pi.local", "localhost", "hob.example.org"):
        assert "does match" in openssl("x509", "-in", folder / "server.crt", "-noout", "-checkhost", name)
    for address in ("127.0.0.1", "::1", "192.0.2.7", "fd00::7", "198.51.100.9"):
        assert "does match" in openssl("x509", "-in", folder / "server.crt", "-noout", "-checkip", address)


def test_keys_are_for_the_owner_only_and_nothing_else_is_left(flameout: Shell, folder: Path) -> None:
    make(flameout)
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        "authority.crt": 0o644,
        "authority.key": 0o600,
        "server.crt": 0o644,
        "server.key": 0o600,
    }


def test_what_root_makes_belongs_to_whom_the_daemons_folder_belongs(
    flameout: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda _, *owner: given.append(owner))
    monkeypatch.setattr("os.fchown", lambda _, *owner: given.append(owner))
    make(flameout)
    around = folder.parent.stat()
    assert len(given) > len(NAMES)
    assert set(given) == {(around.st_uid, around.st_gid)}


# --- again ----------------------------------------------------------------------------------------------


def test_a_renewal_replaces_the_certificate_and_nothing_else(flameout: Shell, folder: Path) -> None:
    make(flameout)
    before = contents(folder)
    done = make(flameout)
    assert changed(before, folder) == {"server.crt"}
    openssl("verify", "-CAfile", folder / "authority.crt", folder / "server.crt")
    assert done.err == ""
    assert "mobileconfig" not in done.out, "phones need nothing"


def test_further_names_are_kept_until_others_are_given(flameout: Shell, folder: Path) -> None:
    make(flameout, "--name", "hob.example.org")
    make(flameout)
    assert "DNS:hob.example.org" in extensions(folder / "server.crt")
    make(flameout, "--name", "stove.example.org")
    assert "DNS:stove.example.org" in extensions(folder / "server.crt")
    assert "hob.example.org" not in extensions(folder / "server.crt")


def test_a_new_authority_replaces_everything_and_says_what_that_means(flameout: Shell, folder: Path) -> None:
    assert make(flameout, "--new-authority").err == "", "there was none to lose"
    before = contents(folder)
    subject = openssl("x509", "-in", folder / "authority.crt", "-noout", "-subject")
    done = make(flameout, "--new-authority")
    assert "The authority is another one now" in done.err
    assert "mobileconfig" in done.out
    assert changed(before, folder) == set(NAMES)
    assert openssl("x509", "-in", folder / "authority.crt", "-noout", "-subject") != subject
    openssl("verify", "-CAfile", folder / "authority.crt", folder / "server.crt")


# --- what is said -----------------------------------------------------------------------------------------


def test_the_lines_for_the_configuration_are_right(flameout: Shell, folder: Path, tmp_path: Path) -> None:
    done = make(flameout)
    start = done.out.index("[rest]")
    lines = done.out[start : done.out.index("\n\n", start)]
    assert tomllib.loads(lines) == {
        "rest": {"tls": {"cert": str(folder / "server.crt"), "key": str(folder / "server.key")}}
    }
    config = tmp_path / "flameout.toml"
    config.write_text(lines)
    assert flameout("check-config", str(config)).code == 0
    again = make(flameout, "--config", str(config))
    assert "[rest]" not in again.out
    assert "takes it within a minute" in again.out


def test_what_would_make_it_useless_is_said(flameout: Shell, tmp_path: Path) -> None:
    done = make(flameout, "--name", "hob.example.org")
    assert "rest.host is 127.0.0.1: only this machine can ask" in done.out
    assert 'only with: allowed_hosts = ["hob.example.org"]' in done.out
    config = tmp_path / "flameout.toml"
    config.write_text('[rest]\nhost = "0.0.0.0"\nallowed_hosts = ["hob.example.org"]\n')
    done = make(flameout, "--config", str(config))
    assert "rest.host" not in done.out
    assert "allowed_hosts" not in done.out


def test_show_tells_names_fingerprints_and_days(flameout: Shell, folder: Path) -> None:
    make(flameout)
    rows = json.loads(flameout("certificate", "show", "--json").out)
    assert [row["what"] for row in rows] == ["authority", "server"]
    for row, name in zip(rows, ("authority.crt", "server.crt"), strict=True):
        content = ssl.PEM_cert_to_DER_cert((folder / name).read_text())
        assert row["sha256"].replace(" ", "").lower() == hashlib.sha256(content).hexdigest()
    assert {"flameout.local", "127.0.0.1", "::1"} <= set(rows[1]["names"])
    assert [row["days_left"] for row in rows] == [3649, 396]
    shown = flameout("certificate", "show").out
    assert "flameout.local, " in shown
    assert "396 days left)" in shown
    for row in rows:
        assert row["sha256"] in " ".join(shown.split())


def test_show_says_when_it_is_time(flameout: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    make(flameout)
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 380 * 86_400)
    assert "(16 days left; renew it with: flameout certificate make)" in flameout("certificate", "show").out
    monkeypatch.setattr("time.time", lambda: now + 400 * 86_400)
    assert "(expired; renew it with: flameout certificate make)" in flameout("certificate", "show").out


# --- what goes wrong ----------------------------------------------------------------------------------------


def refused(done: Done) -> str:
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    return done.err.removeprefix("flameout: ")


def test_without_openssl_it_says_how_to_get_it(flameout: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert "sudo apt install openssl" in refused(flameout("certificate", "make"))
    assert list(folder.iterdir()) == []


def test_a_folder_that_may_not_be_written_asks_for_sudo(
    flameout: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("tempfile.mkdtemp", deny)
    said = refused(flameout("certificate", "make"))
    assert said == f"{folder} cannot be written: Permission denied. Is it run with sudo?\n"


@pytest.mark.parametrize("name", ["kü che", "", "*.example.org", "a..b", "x, DNS:evil", "http://hob"])
def test_a_name_that_cannot_be_one_is_refused(flameout: Shell, folder: Path, name: str) -> None:
    assert "is neither a host name nor an address" in refused(flameout("certificate", "make", "--name", name))
    assert not folder.exists()


def test_a_key_that_was_taken_away_is_not_replaced_in_silence(flameout: Shell, folder: Path) -> None:
    make(flameout)
    (folder / "authority.key").unlink()
    before = (folder / "server.crt").read_text()
    said = refused(flameout("certificate", "make"))
    assert "authority.key is gone; put it back, or make a new authority with --new-authority" in said
    assert (folder / "server.crt").read_text() == before


def test_a_failure_of_openssl_is_said_and_leaves_the_old_certificate(flameout: Shell, folder: Path) -> None:
    make(flameout)
    (folder / "authority.key").write_text("no key")
    before = contents(folder)
    assert "openssl x509 failed: " in refused(flameout("certificate", "make"))
    assert changed(before, folder) == set()
    assert sorted(os.listdir(folder)) == NAMES


def test_a_clock_that_was_never_set_would_make_a_certificate_of_the_past(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    assert "The clock says " in refused(flameout("certificate", "make"))


def test_one_that_the_systems_daemon_would_never_find_is_not_made(
    flameout: Shell, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "system").mkdir()
    assert f"keeps its certificates in {tmp_path}/system: run this with sudo" in refused(
        flameout("certificate", "make")
    )
    assert not folder.exists()


def test_without_one_show_says_how_to_make_it(flameout: Shell, folder: Path) -> None:
    assert "make one with: flameout certificate make" in refused(flameout("certificate", "show"))
    folder.mkdir(parents=True)
    assert "There is no " in refused(flameout("certificate", "show"))
