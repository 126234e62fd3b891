"""``flameout report``: what annoys, week by week."""

import json
from typing import Any

import click

from api.cli import options
from api.cli.client import Client, query

BAR = 12  # characters of the longest bar


@click.command()
@click.option("--weeks", type=click.IntRange(1, 52), default=4, show_default=True)
@options.asks
@options.as_json
def report(weeks: int, client: Client, as_json: bool) -> None:
    """Cuts by cause, and flames that went out by themselves."""
    answer = client.ask("GET", "/report" + query(weeks=weeks))
    if as_json:
        click.echo(answer)
        return
    found = json.loads(answer)
    if not found["weeks"]:
        click.echo("Nothing has happened in that time, so there is nothing to report.")
        return
    from api.cli import show  # noqa: PLC0415

    console = show.console()
    for burner in sorted({name for week in found["weeks"] for name in week["burners"]}):
        console.print(_table(burner, found["weeks"]))
    for sentence in found["judgement"]:
        console.print(sentence, style="yellow", markup=False)


def _table(burner: str, weeks: list[Any]) -> Any:
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=burner, title_justify="left", box=None, padding=(0, 2))
    for column in ("week of", "cuts", "went out by itself", "proofs", "extended", "refused"):
        table.add_column(column, justify="right" if column in ("extended", "refused") else "left")
    mine = [(week["monday"], week["burners"][burner]) for week in weeks if burner in week["burners"]]
    most = max(sum(counted["cuts"].values()) for _, counted in mine) or 1
    for monday, counted in mine:
        table.add_row(
            monday,
            _cuts(counted["cuts"], most),
            _flame_outs(counted),
            ", ".join(f"{outcome} {count}" for outcome, count in counted["proofs"].items()),
            str(counted["extensions"]),
            str(counted["refusals"]),
        )
    return table


def _cuts(cuts: dict[str, int], most: int) -> str:
    bar = "█" * max(1, round(BAR * sum(cuts.values()) / most)) if cuts else ""
    told = ", ".join(f"{cause} {count}" for cause, count in cuts.items())
    return f"{bar} {told}".strip() or "none"


def _flame_outs(counted: dict[str, int]) -> str:
    timed, others = counted["flame_outs_with_timer"], counted["flame_outs_without_timer"]
    return f"{timed} with a timer running, {others} without"
