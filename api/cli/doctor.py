"""``flameout doctor``: one table of what the machine brings, each line with its cure."""

import click
from rich.table import Table
from rich.text import Text

from api.cli import options, show
from api.cli.client import Client
from api.cli.examinations import Machine, Row, examine

_MARKS = {
    "ok": ("✔ ok", "green"),
    "warn": ("! warn", "yellow"),
    "fail": ("✖ fail", "bold red"),
    "skip": ("– skip", "dim"),
}


@click.command()
@click.option("--config", metavar="F", help="The configuration file.")
@options.url
@options.as_json
def doctor(config: str | None, url: str | None, as_json: bool) -> int:
    """Kernel, pins, watchdogs, factory, broker, certificates, disk: ok, warn or fail, each with its cure."""
    rows = examine(Machine(), config, Client(url))
    if as_json:
        options.print_json([vars(row) for row in rows])
    else:
        show.console().print(_table(rows))
    return 1 if any(row.result == "fail" for row in rows) else 0


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("what", "", "found", "cure"):
        table.add_column(column, no_wrap=column in ("what", ""))
    for row in rows:
        table.add_row(Text(row.what, "bold"), Text(*_MARKS[row.result]), row.found, row.cure)
    return table
