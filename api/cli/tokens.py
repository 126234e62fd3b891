"""Tokens for phones, scripts and people. They are kept in a file beside the journal, hashed."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from api.cli import options
from api.cli.address import SYSTEM_JOURNAL, Failed
from controller import places
from controller.tokens import Role, Token, TokenStore
from hardware.settings import DEFAULT_BURNERS, find_file, read_document


@contextlib.contextmanager
def _store(config: str | None) -> Iterator[tuple[TokenStore, dict[str, Any]]]:
    """The daemon's tokens and its configuration; what goes wrong inside becomes one sentence."""
    document = read_document(find_file(config))
    file = places.tokens(places.journal_of(document))
    if not document.get("journal") and file.parent != SYSTEM_JOURNAL.parent and SYSTEM_JOURNAL.parent.exists():
        raise Failed(f"The daemon of this machine keeps its tokens in {SYSTEM_JOURNAL.parent}: run this with sudo")
    try:
        if file.exists() and not os.access(file, os.R_OK):
            raise PermissionError(0, "not yours to read")
        yield TokenStore(file), document
        _give_to_the_daemon(file)
    except ValueError as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"The tokens in {file} cannot be used: {error.strerror}. Is it run with sudo?") from None


def _give_to_the_daemon(file: Path) -> None:
    """Root wrote it; the daemon, whose folder it is, has to read it."""
    if os.geteuid() == 0 and file.exists():
        owner = file.parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


@click.group()
def tokens() -> None:
    """Who may do what over REST."""


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--burner", "burners", multiple=True, metavar="ID", help="Only for this burner; may be repeated.")
@options.config
@options.as_json
def add(name: str, role: str, burners: tuple[str, ...], config: str | None, as_json: bool) -> None:
    """Make a token for NAME and print it, once.

    view reads; cook sets, extends, cancels, locks; admin also unlocks and resets. Shutting off needs no token.
    """
    with _store(config) as (store, document):
        _require_known(burners, document)
        secret = store.add(name, Role(role), burners)
    if as_json:
        options.print_json({"name": name, "role": role, "burners": list(burners), "token": secret})
        return
    click.echo(secret)
    click.echo("It is shown this once. Send it as: Authorization: Bearer …", err=True)


def _require_known(burners: tuple[str, ...], document: dict[str, Any]) -> None:
    known = [entry.get("id") for entry in document.get("burners", DEFAULT_BURNERS)]
    for burner in burners:
        if burner not in known:
            raise Failed(f"There is no burner {burner!r}; there is {' and '.join(map(str, known))}")


@tokens.command("list")
@options.config
@options.as_json
def list_(config: str | None, as_json: bool) -> None:
    """Every token, without its secret."""
    with _store(config) as (store, _):
        found = store.list()
    if as_json:
        options.print_json([_view(token) for token in found])
    elif not found:
        click.echo("There is no token yet; make one with: flameout tokens add NAME --role cook")
    else:
        _print_table(found)


def _view(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "role": token.role.value,
        "burners": list(token.burners),
        "phone": token.phone,
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
    }


def _print_table(found: list[Token]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from api.cli import show, words  # noqa: PLC0415

    columns = ("Name", "Role", "Burners", "Kind", "Made", "Last used")
    table = Table(*columns, box=None, padding=(0, 2, 0, 0), header_style="dim")
    for token in found:
        used = words.at(token.last_used_at) if token.last_used_at else "never"
        scope = ", ".join(token.burners) or "all"
        kind = "phone" if token.phone else "token"
        table.add_row(Text(token.name), token.role.value, scope, kind, words.at(token.created_at), used)
    show.console().print(table)


@tokens.command()
@click.argument("name")
@options.config
@options.as_json
def revoke(name: str, config: str | None, as_json: bool) -> None:
    """End NAME's token at once."""
    with _store(config) as (store, _):
        if not store.revoke(name):
            raise Failed(f"There is no token {name!r}; flameout tokens list shows all")
    if as_json:
        options.print_json({"name": name, "revoked": True})
    else:
        click.echo(f"{name}: revoked.")
