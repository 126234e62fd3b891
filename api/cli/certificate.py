"""HTTPS for the phones at home: an own certificate authority and a certificate that it signs."""

import socket
import ssl
import time
from pathlib import Path
from typing import Any

import click

from api.cli import address, options
from api.cli.address import Failed
from api.tls import authority, lan
from api.tls.certificates import SOON, Files, der, fingerprint
from controller import places
from hardware.settings import find_file, read_document

DAY = 86_400


@click.group()
def certificate() -> None:
    """HTTPS at home, with a certificate authority of one's own."""


@certificate.command()
@click.option("--name", "names", multiple=True, metavar="NAME", help="A further name or address; may be repeated.")
@click.option("--new-authority", is_flag=True, help="Replace the authority; every phone has to be told anew.")
@options.config
def make(names: tuple[str, ...], new_authority: bool, config: str | None) -> None:
    """Make a certificate for this machine, or renew it.

    The authority that signs it is made once and kept. Further names are kept for the next renewal; naming others
    replaces them. A running daemon takes a renewed certificate within a minute.
    """
    document = read_document(find_file(config))
    files = _files(document)
    wanted = [_checked(name) for name in names]
    replaced = new_authority and files.authority_cert.exists()
    try:
        further = wanted or _kept(files)
        every = list(dict.fromkeys([*lan.names(), "127.0.0.1", "::1", *lan.addresses(), *further]))
        fresh = authority.make(files, socket.gethostname(), every, new_authority)
        if wanted:
            authority.write_public(files.names, "\n".join(wanted) + "\n")
    except authority.NotMade as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(
            f"{error.filename or files.folder} cannot be written: {error.strerror}. Is it run with sudo?"
        ) from None
    if replaced:
        click.echo(
            "The authority is another one now. Whoever trusted the old one refuses this machine until it has", err=True
        )
        click.echo("the new one; remove the old one there.", err=True)
    _tell(files, document, every, fresh)


@certificate.command()
@options.config
@options.as_json
def show(config: str | None, as_json: bool) -> None:
    """Names, fingerprints and days left."""
    files = _files(read_document(find_file(config)))
    if not files.authority_cert.parent.is_dir():
        raise Failed("There is no own certificate; make one with: flameout certificate make")
    rows = [_view(what, file) for what, file in (("authority", files.authority_cert), ("server", files.server_cert))]
    if as_json:
        options.print_json(rows)
        return
    for row in rows:
        click.echo("\n".join(_lines(row)))


# --- inside -------------------------------------------------------------------------------------------


def _files(document: dict[str, Any]) -> Files:
    journal = places.journal_of(document)
    system = address.SYSTEM_JOURNAL.parent
    if not document.get("journal") and journal.parent != system and system.exists():
        raise Failed(f"The daemon of this machine keeps its certificates in {system}: run this with sudo")
    return Files.beside(journal)


def _checked(name: str) -> str:
    text = name.strip().lower().rstrip(".")
    if not (authority.is_address(text) or lan.is_name(text)):
        raise Failed(f"{name!r} is neither a host name nor an address; write it like hob.example.org or 192.168.1.20")
    return text


def _kept(files: Files) -> list[str]:
    try:
        return files.names.read_text().split()
    except FileNotFoundError:
        return []


def _tell(files: Files, document: dict[str, Any], names: list[str], fresh: bool) -> None:
    """What was made, and what is left to do."""
    rest = document.get("rest") if isinstance(document.get("rest"), dict) else {}
    assert isinstance(rest, dict)
    click.echo(f"{files.server_cert} is good for {authority.SERVER_DAYS} days, for {', '.join(names)}.")
    if rest.get("tls") == {"cert": str(files.server_cert), "key": str(files.server_key)}:
        click.echo("The configuration names it; a running flameout takes it within a minute.")
    else:
        click.echo(f"\nIn the configuration, then restart flameout:\n\n[rest]\n{_tls_line(files)}\n")
    for line in _remarks(rest, names):
        click.echo(line)
    if fresh:
        click.echo(_phones(files, rest))


def _tls_line(files: Files) -> str:
    return f'tls = {{ cert = "{files.server_cert}", key = "{files.server_key}" }}'


def _remarks(rest: dict[str, Any], names: list[str]) -> list[str]:
    """What would keep the certificate from being of use."""
    remarks = []
    host = str(rest.get("host", "127.0.0.1"))
    if host in ("localhost", "::1") or host.startswith("127."):
        remarks.append(f'rest.host is {host}: only this machine can ask. "0.0.0.0" lets the network in.')
    known = {*lan.names(), host, *map(str, rest.get("allowed_hosts", []))}
    strange = [name for name in names if not authority.is_address(name) and name not in known]
    if strange:
        listed = ", ".join(f'"{name}"' for name in strange)
        remarks.append(f"flameout answers to these names only with: allowed_hosts = [{listed}]")
    return remarks


_PHONES = """
Phones and computers have to trust the authority, once each. {remark}

  iPhone, iPad   open {url}/tls/authority.mobileconfig in Safari, install the profile
                 in Settings, then switch it on: General, About, Certificate Trust Settings
  Android        open {url}/tls/authority.crt, then in Settings look for: CA certificate
  others         docs/https.md

Its fingerprint there has to be this one (SHA-256):

{print}"""


def _phones(files: Files, rest: dict[str, Any]) -> str:
    """What to do on each of them; by address, for not every network knows names."""
    scheme = "https" if rest.get("tls") else "http"
    remark = "They warn until they do." if rest.get("tls") else "Best before the restart, as long as it is http."
    host = next((text for text in lan.addresses() if ":" not in text), lan.NAME)
    url = f"{scheme}://{host}:{rest.get('port', 8520)}"
    return _PHONES.format(remark=remark, url=url, print=_grouped(fingerprint(der(files.authority_cert))))


def _view(what: str, file: Path) -> dict[str, Any]:
    try:
        content = der(file)
        said = authority.describe(file)
    except authority.NotMade as error:
        raise Failed(str(error)) from None
    except FileNotFoundError:
        raise Failed(f"There is no {file}; make it with: flameout certificate make") from None
    except (OSError, ValueError) as error:
        raise Failed(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    ends = ssl.cert_time_to_seconds(said["ends"])
    return {
        "what": what,
        "file": str(file),
        "subject": said["subject"],
        "names": said["names"].split(),
        "sha256": fingerprint(content),
        "ends": time.strftime("%Y-%m-%d", time.gmtime(ends)),
        "days_left": int((ends - time.time()) // DAY),
    }


def _lines(row: dict[str, Any]) -> list[str]:
    days = row["days_left"]
    left = f"{days} days left" if days >= 0 else "expired"
    cure = "; renew it with: flameout certificate make" if days < SOON and row["what"] == "server" else ""
    return [
        f"{row['what'].title()}  {row['subject']}",
        f"  file       {row['file']}",
        *([f"  names      {', '.join(row['names'])}"] if row["names"] else []),
        f"  good until {row['ends']} ({left}{cure})",
        "  SHA-256",
        _grouped(row["sha256"]),
    ]


def _grouped(pairs: str) -> str:
    """A fingerprint in two lines that can be compared by eye."""
    every = pairs.split()
    return "\n".join("    " + "  ".join(" ".join(every[i : i + 4]) for i in range(at, at + 16, 4)) for at in (0, 16))
