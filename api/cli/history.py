"""``flameout history``: the journal, newest first."""

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import click

from api.cli import options
from api.cli.address import Failed
from api.cli.client import Client, query
from hardware.durations import parse_duration


def _instant(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    """RFC 3339 of what people write: a time of today, a day, both, or how long ago."""
    if text is None:
        return None
    now = datetime.now().astimezone()
    try:
        return (now - timedelta(milliseconds=parse_duration(text))).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.fromisoformat(f"{now.date()} {text}" if text[2:3] == ":" else text).astimezone().isoformat()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f'{text!r} is not a time; write it like 18:30, 2026-11-23, "2026-11-23 18:30", or 2h for two hours ago'
        ) from None


@click.command()
@click.option("--burner", metavar="ID", help="Only this burner.")
@click.option("--from", "since", metavar="WHEN", callback=_instant, help="18:30, 2026-11-23, or 2h for two hours ago.")
@click.option("--to", "until", metavar="WHEN", callback=_instant, help="The same; entries before it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--cursor", type=int, metavar="SEQ", help="Entries older than this one.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@click.option("--verify", is_flag=True, help="Look for gaps and altered entries in the journal's file instead.")
@options.asks
@options.as_json
def history(  # noqa: PLR0913 - one for each option
    *,
    burner: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    cursor: int | None,
    as_csv: bool,
    verify: bool,
    client: Client,
    as_json: bool,
) -> int:
    """What happened, newest first."""
    if verify:
        return _verify(client.address.journal, as_json)
    path = "/history" + query(burner=burner, from_=since, to=until, limit=limit, cursor=cursor)
    answer = client.ask("GET", path, accept="text/csv" if as_csv else "application/json")
    if as_csv or as_json:
        click.echo(answer, nl=not as_csv)
        return 0
    from api.cli import show  # noqa: PLC0415

    page = json.loads(answer)
    console = show.console()
    console.print(show.events(page["entries"], {}) if page["entries"] else "Nothing there.")
    if page["next_cursor"] is not None:
        console.print(f"\nOlder ones: flameout history --cursor {page['next_cursor']}", style="dim")
    return 0


def _verify(journal: Path, as_json: bool) -> int:
    from controller.journal import verify  # noqa: PLC0415

    try:
        broken = verify(journal)
    except sqlite3.Error as error:
        raise Failed(f"The journal {journal} cannot be read: {error}") from None
    if as_json:
        click.echo(json.dumps({"journal": str(journal), "intact": broken is None, "problem": broken}))
    elif broken is None:
        click.echo(f"{journal}: every entry is there and as it was written.")
    if broken is not None:
        raise Failed(f"{journal}: {broken}")
    return 0
