"""The report of a run in virtual time: ``report.md``, ``index.html`` and pictures."""

from collections.abc import Iterator
from pathlib import Path

from tests.soak.picture import Series, bars, lines
from tests.soak.sheet import page
from tests.soak.year import Year

PICTURES = {
    "flames": "Minutes of flame a week",
    "cuts": "Falls of a line a week, by cause",
    "objects": "Objects of the product from week to week",
    "memory": "Memory of the whole run from week to week",
    "rows": "Rows in the journal, of which older ones are dropped after 60 days",
}


def write(folder: Path, year: Year) -> None:
    """Everything for people."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = year.house.ledger
    drawn = {
        "flames": bars(PICTURES["flames"], "minutes", "weeks", ledger.flames),
        "cuts": bars(PICTURES["cuts"], "falls", "weeks", ledger.cuts),
    }
    measured: dict[str, tuple[str, Series]] = {
        "objects": ("number", [(week.day, week.objects) for week in year.grown]),
        "memory": ("MiB", [(week.day, week.memory) for week in year.grown]),
        "rows": ("rows", [(week.day, week.rows) for week in year.grown]),
    }
    if len(year.grown) > 1:
        drawn |= {name: lines(PICTURES[name], unit, "days", {name: line}) for name, (unit, line) in measured.items()}
    for name, picture in drawn.items():
        (folder / f"{name}.svg").write_text(picture)
    rows = list(_rows(year))
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    wrong = "\n".join(f"- {sentence}" for sentence in year.wrong) or "Nothing was wrong."
    (folder / "report.md").write_text(f"# {_title(year)}\n\n{wrong}\n\n| | |\n|---|---|\n{table}\n")
    pictures = {name: PICTURES[name] for name in drawn}
    (folder / "index.html").write_text("\n".join(page(_title(year), year.wrong, pictures, rows)))


def _title(year: Year) -> str:
    return f"A household of {year.days} days in virtual time, seed {year.seed}"


def _rows(year: Year) -> Iterator[tuple[str, str]]:
    house, ledger = year.house, year.house.ledger
    yield "demands of the oracle, breaches", f"{ledger.demands:,}, {ledger.breaches}"
    falls = {cause: sum(week[cause] for week in ledger.cuts) for week in ledger.cuts for cause in week}
    yield "falls by cause", _counted(falls)
    yield "done", _counted(ledger.done)
    yield "on record", _counted(house.found)
    yield "minutes of flame", f"{sum(sum(week.values()) for week in ledger.flames):,.0f}"
    yield "starts of the program", f"{house.boots}"
    if year.grown:
        yield "objects of the product", f"{min(w.objects for w in year.grown)} to {max(w.objects for w in year.grown)}"
        yield "memory of the run", f"{year.grown[0].memory:.1f} to {year.grown[-1].memory:.1f} MiB"
        yield "rows in the journal, at most", f"{max(week.rows for week in year.grown):,}"
    yield "leapt over", f"{house.skipped / 3_600_000 / 24 / max(1, year.days):.1%} of the time"
    yield "took", f"{year.seconds:.0f} s, of which {year.cpu:.0f} s on a core: {_rate(year):.0f} days a minute of it"


def _rate(year: Year) -> float:
    return year.days / max(year.cpu, 0.001) * 60


def _counted(many: dict[str, int]) -> str:
    return ", ".join(f"{number} × {what.replace('_', ' ')}" for what, number in sorted(many.items()))
