"""Options that many commands share."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def url(command: Command) -> Command:
    """--url, for commands that talk to a running daemon."""
    return click.option("--url", metavar="URL", help="The daemon's address, e.g. http://127.0.0.1:8520.")(command)


def as_json(command: Command) -> Command:
    """--json, for commands that a program may read."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def print_json(content: Any) -> None:
    """One JSON document, indented."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))
