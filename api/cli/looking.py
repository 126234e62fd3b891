"""Commands that look: status, watch."""

import json
from http import HTTPStatus

import click

from api.cli import options
from api.cli.client import Client


@click.command()
@options.asks
@options.as_json
@click.option(
    "--check", is_flag=True, help="Exit with 1 while the daemon does not decide or has no keeper, as /healthz says."
)
def status(client: Client, as_json: bool, check: bool) -> None:
    """The stove as it is now."""
    answer = client.ask("GET", "/stove")
    if as_json:
        click.echo(answer)
    else:
        from api.cli import show  # noqa: PLC0415 - rich takes longer than the answer

        show.console().print(show.stove(json.loads(answer)))
    if check and client.healthy()[0] != HTTPStatus.OK:
        click.get_current_context().exit(1)


@click.command()
@options.asks
@options.as_json
def watch(client: Client, as_json: bool) -> None:
    """The stove as it changes, until Ctrl-C.

    With --json every state (a whole burner) and every event is a line of its own.
    """
    from api.cli import watching  # noqa: PLC0415

    if as_json:
        watching.as_json(client)
    else:
        watching.for_people(client)
