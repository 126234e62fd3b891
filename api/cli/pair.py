"""``flameout pair``: a code and a QR picture that let one phone in."""

import json
import socket
from urllib.parse import urlsplit

import click

from api.cli import options, words
from api.cli.client import Client
from controller.tokens import Role

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.COOK.value,
    show_default=True,
    help="view looks; cook sets, extends, locks; admin also unlocks, resets and pairs others.",
)
@click.option("--burner", "burners", multiple=True, metavar="ID", help="A cook only for this burner; may be repeated.")
@options.as_json
@options.asks
def pair(client: Client, role: str, burners: tuple[str, ...], as_json: bool) -> None:
    """Let a phone in: shows a QR code and eight digits.

    They are for one phone, for five minutes and five tries.
    """
    offer = json.loads(client.ask("POST", "/pairing", {"role": role, "burners": list(burners)}))
    url, reached = _for_phones(client.url)
    if as_json:
        options.print_json(offer | {"url": url})
        return
    code = offer["code"]
    import segno  # noqa: PLC0415 - only here

    if reached:
        segno.make_qr(f"{url}#/pair/{code}").terminal(compact=True, border=2)
        click.echo(f"Scan this with the phone, or open {url} there and type the code:\n")
    else:
        click.echo(f"{url} is this machine only: a phone cannot reach it.", err=True)
        click.echo('Set rest.host = "0.0.0.0" and start flameout anew. In a browser on this machine, the code is:\n')
    click.echo(f"    {code[:4]} {code[4:]}\n")
    click.echo(f"For one phone, within {words.duration(offer['lasts_s'])}; its role will be {role}.")


def _for_phones(url: str) -> tuple[str, bool]:
    """The page's address on this network, and whether the daemon listens there at all."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if host not in _LOOPBACK:
        return f"{url}/", True
    address = _own_address()
    if address is None or not _listens(address, port):
        return f"{url}/", False
    return f"{parts.scheme}://{address}:{port}/", True


def _own_address() -> str | None:
    """This machine's address on the network that it sends to by default; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documents, RFC 5737
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True
