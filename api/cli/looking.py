"""Commands that look: status, watch."""

import json

import click

from api.cli import options
from api.cli.client import Client


@click.command()
@options.asks
@options.as_json
def status(client: Client, as_json: bool) -> None:
    """The stove as it is now."""
    answer = client.ask("GET", "/stove")
    if as_json:
        click.echo(answer)
        return
    from api.cli import show  # noqa: PLC0415 - rich takes longer than the answer

    show.console().print(show.stove(json.loads(answer)))


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
