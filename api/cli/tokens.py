"""Tokens for phones, scripts and people."""

import click
from rich.table import Table

from api.cli import options
from api.cli.client import Failed
from api.cli.show import console
from controller import places
from controller.tokens import Role, TokenStore
from hardware.settings import find_file, read_document


def _store(config: str | None) -> TokenStore:
    return TokenStore(places.tokens(places.journal_of(read_document(find_file(config)))))


_config = click.option("--config", metavar="F", help="The configuration file of the daemon.")


@click.group()
def tokens() -> None:
    """Who may do what over REST."""


@tokens.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--burner", "burners", multiple=True, metavar="ID", help="Only for this burner; may be repeated.")
@_config
@options.as_json
def add(name: str, role: str, burners: tuple[str, ...], config: str | None, as_json: bool) -> None:
    """Make a token for NAME and print it, once."""
    try:
        secret = _store(config).add(name, Role(role), burners)
    except (ValueError, OSError) as error:
        raise Failed(str(error)) from None
    if as_json:
        options.print_json({"name": name, "role": role, "burners": list(burners), "token": secret})
        return
    click.echo(secret)
    click.echo("This is shown once. Send it as: Authorization: Bearer …", err=True)


@tokens.command("list")
@_config
@options.as_json
def list_(config: str | None, as_json: bool) -> None:
    """Every token, without its secret."""
    found = _store(config).list()
    if as_json:
        options.print_json(
            [
                {
                    "name": token.name,
                    "role": token.role.value,
                    "burners": list(token.burners),
                    "created_at": token.created_at,
                }
                for token in found
            ]
        )
        return
    table = Table("name", "role", "burners", "made", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for token in found:
        table.add_row(token.name, token.role.value, ", ".join(token.burners) or "all", token.created_at)
    console().print(table if found else "There is no token yet; make one with: flameout tokens add NAME --role cook")


@tokens.command()
@click.argument("name")
@_config
def revoke(name: str, config: str | None) -> None:
    """End NAME's token at once."""
    try:
        if not _store(config).revoke(name):
            raise Failed(f"there is no token {name!r}; flameout tokens list shows all")
    except OSError as error:
        raise Failed(f"the tokens cannot be written: {error.strerror}") from None
    click.echo(f"{name}: revoked.")
