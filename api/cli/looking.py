"""Commands that look: status, watch, history."""

import sqlite3

import click
from rich.table import Table

from api.cli import options, show
from api.cli.client import Client, Failed
from controller import places
from hardware.settings import find_file, read_document


@click.command()
@options.url
@options.as_json
def status(url: str | None, as_json: bool) -> None:
    """The stove as it is now."""
    view = Client(url).get("/stove")
    if as_json:
        options.print_json(view)
    else:
        show.console().print(show.stove(view))


@click.command()
@options.url
@options.as_json
def watch(url: str | None, as_json: bool) -> None:
    """The stove as it changes, until Ctrl-C; --json prints one object a line."""
    from api.cli.watching import as_lines, as_picture  # noqa: PLC0415

    client = Client(url)
    if as_json:
        as_lines(client)
    else:
        as_picture(client, show.console())


@click.command()
@click.option("--burner", metavar="ID", help="Only this burner.")
@click.option("--from", "since", metavar="INSTANT", help="RFC 3339, e.g. 2026-11-23T18:00:00+01:00.")
@click.option("--to", "until", metavar="INSTANT", help="RFC 3339.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--verify", is_flag=True, help="Check the journal's file for gaps and altered entries instead.")
@options.url
@options.as_json
def history(
    burner: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    verify: bool,
    url: str | None,
    as_json: bool,
) -> int:
    """What happened, newest first."""
    if verify:
        return _verify(as_json)
    page = Client(url).get("/history", burner=burner, **{"from": since, "to": until}, limit=limit)
    if as_json:
        options.print_json(page)
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("when", "burner", "what", "by", "details"):
        table.add_column(column, no_wrap=column != "details")
    for entry in page["entries"]:
        what = entry["event_type"].replace("_", " ")
        when = show.hour(entry["at"], seconds=True)
        table.add_row(when, entry["burner"] or "stove", what, entry["by"], show.details(entry["details"]))
    show.console().print(table if page["entries"] else "Nothing yet.")
    return 0


def _verify(as_json: bool) -> int:
    from controller.journal import verify  # noqa: PLC0415

    path = places.journal_of(read_document(find_file(None)))
    try:
        broken = verify(path)
    except sqlite3.Error as error:
        raise Failed(f"the journal {path} cannot be read: {error}") from None
    if as_json:
        options.print_json({"journal": str(path), "intact": broken is None, "problem": broken})
    else:
        click.echo(broken or f"{path}: every entry is there and as it was written.")
    return 0 if broken is None else 1
