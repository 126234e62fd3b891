"""``flameout doctor``: one table of what the machine brings, each line with its cure."""

import click
from rich.table import Table
from rich.text import Text

from api.cli import options, show
from api.cli.address import Failed, find
from api.cli.client import Client
from api.cli.configuration import examine
from api.cli.examine_program import config_file, program
from api.machine.board import board
from api.machine.machine import Machine, Row
from hardware.settings import find_file

_MARKS = {
    "ok": ("✔ ok", "green"),
    "warn": ("! warn", "yellow"),
    "fail": ("✖ fail", "bold red"),
    "skip": ("– skip", "dim"),
}


@click.command()
@options.config
@options.url
@options.as_json
def doctor(config: str | None, url: str | None, as_json: bool) -> None:
    """Look at everything flameout stands on, each with its cure.

    Configuration, kernel, pins, watchdogs, pin factory, clock, broker, certificate, disk and its wear, journal, daemon.
    Touches no pin. The exit code is 1 if anything fails.
    """
    rows = diagnose(Machine(), config, Client(find(url, None, config)))
    if as_json:
        options.print_json([vars(row) for row in rows])
    else:
        show.console().print(_table(rows))
    failed = [row.what for row in rows if row.result == "fail"]
    if failed:
        raise Failed(f"not well: {', '.join(failed)}")


def diagnose(machine: Machine, named: str | None, client: Client) -> list[Row]:
    """Every examination, in the order in which one would mend."""
    path = find_file(named)
    config, problems = examine(path)
    return [config_file(path, problems), *board(machine, config), *program(machine, config, client)]


def _table(rows: list[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for row in rows:
        found = Text(row.found)
        if row.cure:
            found.append(f"\n→ {row.cure}", "cyan")
        table.add_row(Text(*_MARKS[row.result]), Text(row.what, "bold"), found)
    return table
