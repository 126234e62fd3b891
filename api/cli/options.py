"""Options that many commands share."""

import functools
import json
from collections.abc import Callable
from typing import Any

import click

from api.cli.address import Failed, find
from api.cli.client import Client

Command = Callable[..., Any]

url = click.option("--url", metavar="URL", help="The daemon's address, e.g. http://127.0.0.1:8520.")
token_file = click.option("--token-file", metavar="F", help="A file with the token to ask with.")
config = click.option(
    "--config", metavar="F", help="The configuration file (default: $FLAMEOUT_CONFIG, or /etc/flameout/flameout.toml)."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def asks(command: Command) -> Command:
    """For commands that ask a running daemon: --url, --token-file and --config become its ``client``."""

    @functools.wraps(command)
    def with_client(
        *arguments: Any, url: str | None, token_file: str | None, config: str | None, **named: Any
    ) -> object:
        address = find(url, token_file, config)
        if config is not None and address.complaint is not None:
            raise Failed(address.complaint)
        return command(*arguments, client=Client(address), **named)

    return url(token_file(config(with_client)))


def print_json(content: Any) -> None:
    """One JSON document, indented."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))
