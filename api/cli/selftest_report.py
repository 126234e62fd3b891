"""The commissioning report: as JSON with a checksum as its sign-off, as a page beside it, and as a table."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from api.cli.selftest_words import Words
from api.machine.machine import Row

Document = Mapping[str, Any]

_COLOURS = {"ok": "#1b7f3b", "warn": "#9a6700", "fail": "#b3261e", "skip": "#666"}
_MARKS = {"ok": ("✔", "green"), "warn": ("!", "yellow"), "fail": ("✖", "bold red"), "skip": ("–", "dim")}
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
body {{ font: 16px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ddd }}
td small, .sum {{ color: #555; overflow-wrap: anywhere }}
</style></head><body>
<h1>{title}</h1>
<p><strong style="color: {colour}">{verdict}</strong>{note}</p>
<table>{facts}</table>
<table><tr>{heads}</tr>
{rows}
</table>
<p class="sum">{signed}<br><code>{sha256}</code></p>
</body></html>
"""


@dataclass(frozen=True)
class Outcome:
    """One step: its result, what was found in the installer's language, and what was measured (mV, s, ratios)."""

    step: str
    burner: str | None
    title: str
    result: str
    finding: str
    found: str
    cure: str = ""
    measured: Mapping[str, float] = field(default_factory=dict)


def of_machine(row: Row, words: Words) -> Outcome:
    """One of the doctor's rows, which are in English only."""
    title = words("step.machine", burner=row.what)
    return Outcome("machine", None, title, row.result, row.what, row.found, row.cure)


def verdict(outcomes: Iterable[Outcome]) -> str:
    """fail if anything failed, else warn if anything is to be minded, else ok."""
    results = {outcome.result for outcome in outcomes}
    return next((worst for worst in ("fail", "warn") if worst in results), "ok")


def signed(facts: Document, outcomes: Sequence[Outcome]) -> Document:
    """The whole report, with the checksum over everything else as its last entry."""
    document = {
        "kind": "flameout commissioning",
        "format": 1,
        **facts,
        "steps": [asdict(outcome) for outcome in outcomes],
        "verdict": verdict(outcomes),
    }
    return document | {"sha256": checksum(document)}


def checksum(document: Document) -> str:
    """SHA-256 over a report without its ``sha256``: sorted keys, no spaces, UTF-8."""
    content = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def page_of(file: Path) -> Path:
    """Where a report's page is."""
    return file.with_suffix(".html")


def write(document: Document, file: Path, words: Words) -> None:
    """Write the report and its page. Raises ``OSError``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page_of(file).write_text(page(document, words), encoding="utf-8")


def page(document: Document, words: Words) -> str:
    """The report as one HTML page that loads nothing; every text in it is escaped."""
    heads = [words(f"report.{name}") for name in ("step", "result", "found", "measured")]
    return _PAGE.format(
        language="zh-Hans" if words.language == "zh" else "en",
        title=escape(words("report.title", stove=document["stove"])),
        colour=_COLOURS[document["verdict"]],
        verdict=escape(words(f"verdict.{document['verdict']}")),
        note=f" · {escape(words('report.simulated'))}" if document["simulated"] else "",
        facts="".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in _facts(document, words)
        ),
        heads="".join(f"<th>{escape(head)}</th>" for head in heads),
        rows="\n".join(_row(step, words) for step in document["steps"]),
        signed=escape(words("report.signed")),
        sha256=escape(document["sha256"]),
    )


def _facts(document: Document, words: Words) -> Iterator[tuple[str, str]]:
    config = document["config"]
    yield words("report.made_at"), document["made_at"]
    yield words("report.installer"), document["installer"] or words("report.unnamed")
    yield words("report.version"), document["version"]
    yield words("report.config"), f"{config['file'] or '–'} ({config['fingerprint']})"
    yield words("report.machine"), ", ".join(str(value) for value in document["machine"].values())


def _row(step: Document, words: Words) -> str:
    measured = ", ".join(f"{name} {value:g}" for name, value in step["measured"].items())
    cure = f"<br><strong>→ {escape(step['cure'])}</strong>" if step["cure"] else ""
    result = f'<td style="color: {_COLOURS[step["result"]]}">{escape(words("result." + step["result"]))}</td>'
    found = f"<td>{escape(step['found'])}{cure}</td>"
    return f"<tr><td>{escape(step['title'])}</td>{result}{found}<td><small>{escape(measured)}</small></td></tr>"


def table(outcomes: Sequence[Outcome], words: Words) -> Table:
    """The outcomes as the doctor shows his."""
    rows = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_column(overflow="fold")
    for outcome in outcomes:
        found = Text(outcome.found)
        if outcome.cure:
            found.append(f"\n→ {outcome.cure}", "cyan")
        rows.add_row(mark(outcome.result, words), Text(outcome.title, "bold"), found)
    return rows


def mark(result: str, words: Words) -> Text:
    """✔ ok, ✖ fail and their like, in colour."""
    symbol, style = _MARKS[result]
    return Text(f"{symbol} {words('result.' + result)}", style)
