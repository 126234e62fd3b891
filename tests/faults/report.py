"""The campaign's report: a table, and for each fault a picture of the lines against what was allowed."""

import html
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

from tests.faults.oracle import Span, judge
from tests.faults.powercut import Verdict
from tests.faults.run import MOMENTS, Outcome
from tests.faults.scene import PINS
from tests.faults.table import FAULTS, GROUPS

Scale = Callable[[float], float]  # an instant's place in the picture
WIDTH, LANE, LEFT_EDGE = 880, 58, 70
SHOWN_BEFORE, SHOWN_AFTER = 1.5, 4.5  # s around the strike
STYLE = """\
text{font:12px system-ui,sans-serif;fill:#222}
.low{fill:#d64545;opacity:.18}.dip{fill:#e0a100;opacity:.22}.high{fill:#2364aa}.axis{stroke:#999;stroke-width:1}
.strike{stroke:#b00020;stroke-width:2;stroke-dasharray:4 3}
"""


def write(folder: Path, outcomes: list[Outcome], power: Verdict) -> None:
    """``report.md`` and ``pictures/NAME.svg`` in a folder, instead of those that were there."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("*.svg"):
        old.unlink()
    for outcome in worst(outcomes):
        (pictures / f"{outcome.fault}.svg").write_text(picture(outcome))
    (folder / "report.md").write_text("\n".join(_markdown(outcomes, power)) + "\n")


def write_page(folder: Path, outcomes: list[Outcome]) -> None:
    """``index.html`` beside them."""
    (folder / "index.html").write_text("\n".join(_page(outcomes)))


def worst(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """One run for each fault: one in which something was wrong, else the last."""
    shown: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.fault not in shown or outcome.wrong or not shown[outcome.fault].wrong:
            shown[outcome.fault] = outcome
    return list(shown.values())


def latest_fall(outcome: Outcome) -> float | None:
    """Milliseconds from the strike until the last line was low, as far as lines were high then."""
    falls = []
    for pin in outcome.run["lines"].values():
        levels = [(at, high) for at, number, high in outcome.run["levels"] if number == pin]
        before = [high for at, high in levels if at <= outcome.struck_at]
        after = [at for at, high in levels if at > outcome.struck_at and not high]
        if before and before[-1] and after:
            falls.append(after[0] - outcome.struck_at)
    return max(falls) * 1000 if falls else None


# --- the picture --------------------------------------------------------------------------------------


def picture(outcome: Outcome) -> str:
    """The lines' levels over time, over the spans in which they had to be low."""
    start, end = outcome.struck_at - SHOWN_BEFORE, outcome.struck_at + SHOWN_AFTER

    def x(at: float) -> float:
        return LEFT_EDGE + (min(max(at, start), end) - start) / (end - start) * (WIDTH - LEFT_EDGE - 10)

    _, judges = judge(outcome.run)
    parts, top = [], 34
    high = {number for _, number, level in outcome.run["levels"] if level}
    shown = {line: pin for line, pin in outcome.run["lines"].items() if line in PINS or pin in high}
    for line, pin in shown.items():
        parts.append(f'<text x="8" y="{top + 26}">{line}</text>')
        for kind, spans in (("low", judges[line].forbidden), ("dip", judges[line].dips)):
            parts += _bars(kind, (span for span in spans if span.end > start and span.start < end), x, top)
        levels = [(at, high) for at, number, high in outcome.run["levels"] if number == pin]
        parts += _level(levels, outcome.run["ended"], x, top)
        top += LANE
    seconds = range(int(-SHOWN_BEFORE), int(SHOWN_AFTER) + 1)
    parts += [f'<text x="{x(outcome.struck_at + s):.0f}" y="{top + 14}">{s:+d} s</text>' for s in seconds]
    struck = f"{x(outcome.struck_at):.1f}"
    parts.append(f'<line class="strike" x1="{struck}" x2="{struck}" y1="24" y2="{top}"/>')
    title = html.escape(f"{FAULTS[outcome.fault].what} ({outcome.moment})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 24}" role="img"><title>{title}</title>'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="8" y="16">{title}</text>{"".join(parts)}</svg>\n'
    )


def _bars(kind: str, spans: Iterable[Span], x: Scale, top: int) -> list[str]:
    """Each that can be told from the one before it; where one follows the other closely, one is enough."""
    shown: list[str] = []
    for span in spans:
        bar = _bar(kind, span, x, top)
        if bar not in shown:
            shown.append(bar)
    return shown


def _bar(kind: str, span: Span, x: Scale, top: int) -> str:
    width = max(1.0, x(span.end) - x(span.start))
    return f'<rect class="{kind}" x="{x(span.start):.1f}" y="{top}" width="{width:.1f}" height="{LANE - 12}"/>'


def _level(levels: list[tuple[float, int]], ended: float, x: Scale, top: int) -> list[str]:
    bottom = top + LANE - 12
    parts = [f'<line class="axis" x1="{LEFT_EDGE}" x2="{WIDTH - 10}" y1="{bottom}" y2="{bottom}"/>']
    for (at, high), (until, _) in pairwise([*levels, (ended, 0)]):
        if high and x(until) > x(at):
            width = f"{x(until) - x(at):.1f}"
            parts.append(f'<rect class="high" x="{x(at):.1f}" y="{top + 14}" width="{width}" height="{LANE - 26}"/>')
    return parts


# --- the table ----------------------------------------------------------------------------------------


def _rows(outcomes: list[Outcome], names: list[str]) -> Iterable[tuple[str, str, str, str, str]]:
    for name in names:
        runs = [outcome for outcome in outcomes if outcome.fault == name]
        if runs:
            slowest = _slowest(runs) if "within" in FAULTS[name].reaction.limit else "–"
            bad = sum(1 for run in runs if run.wrong)
            yield name, FAULTS[name].what, FAULTS[name].reaction.limit, slowest, f"{len(runs) - bad} of {len(runs)}"


def _programs(outcomes: list[Outcome]) -> str:
    runs = Counter(outcome.program for outcome in outcomes).most_common()
    (program, _), *others = runs
    apart = "".join(f"; in {many} runs of commit {other}" for other, many in others)
    return f"The program is that of commit {program}{apart}."


def _slowest(runs: list[Outcome]) -> str:
    falls = [(fall, run) for run in runs if (fall := latest_fall(run)) is not None]
    if not falls:
        return "–"
    fall, run = max(falls, key=lambda found: found[0])
    until = run.struck_at + fall / 1000
    stood = sum(length for at, length in run.run["stalls"] if run.struck_at < at + length and at < until)
    return f"{fall:.0f} ms" + (f", the machine stood still for {stood * 1000:.0f} ms of them" if stood else "")


def _played_again(outcomes: list[Outcome]) -> Iterable[str]:
    """What was wrong when something was played before, in words."""
    for outcome in outcomes:
        for number, wrong in enumerate(outcome.before, 1):
            what = "; ".join(wrong).replace("\n", " ")
            yield f"{outcome.fault}, seed {outcome.seed}, {outcome.moment}, time {number}: {what}"


def _summary(outcomes: list[Outcome]) -> str:
    demands = sum(outcome.demands for outcome in outcomes)
    wrong = sum(1 for outcome in outcomes if outcome.wrong)
    faults = len({outcome.fault for outcome in outcomes})
    instants = ", ".join(MOMENTS)
    return (
        f"{faults} faults and pairs of faults, {len(outcomes)} runs at these instants: {instants}. {demands} demands "
        f"of the oracle; {wrong} runs with something wrong. {_programs(outcomes)}"
    )


def _markdown(outcomes: list[Outcome], power: Verdict) -> Iterable[str]:
    yield "# The report of the fault campaign\n"
    yield "Made by `make faults ARGS=--keep`; [how it works and who judges](../faults.md).\n"
    yield f"{_summary(outcomes)}\n"
    yield f"{_power(power)}\n"
    yield "In the pictures a line is high where it is blue. Where it is red it had to be low, and where it is amber it"
    yield "had to have been low once. The dashed line is the instant of the fault."
    for group, faults in GROUPS.items():
        rows = list(_rows(outcomes, [fault.name for fault in faults]))
        if rows:
            yield f"\n## {group}\n\n| fault | what is demanded | slowest | as it has to be |\n|---|---|---|---|"
            yield from (f"| {what} | {limit} | {slowest} | {good} |" for _, what, limit, slowest, good in rows)
            for name, what, *_ in rows:
                yield f"\n![{what}](pictures/{name}.svg)"
    if again := list(_played_again(outcomes)):
        yield "\n## Played again\n\nA run counts as it went the last time. What was wrong before:\n"
        yield from (f"- {sentence}" for sentence in again)


def _power(power: Verdict) -> str:
    looks = ", ".join(f"{many} {kind}" for kind, many in sorted(power.looks.items())) or "none in this run"
    return f"Power cuts under the journal ({looks}): {len(power.wrong)} with something wrong."


def _page(outcomes: list[Outcome]) -> Iterable[str]:
    yield "<!doctype html><meta charset=utf-8><title>flameout: fault campaign</title>"
    yield "<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}img{width:100%}"
    yield "td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}</style>"
    yield f"<h1>Fault campaign</h1><p>{_summary(outcomes)}</p>"
    yield "<p>Blue: the line was high. Red: it must be low. Amber: it must have been low once. Dashed: the fault.</p>"
    for group, faults in GROUPS.items():
        for name, what, limit, slowest, good in _rows(outcomes, [fault.name for fault in faults]):
            yield f"<h2>{group}: {html.escape(what)}</h2><p>{html.escape(limit)}. Slowest: {slowest}. Good: {good}.</p>"
            yield f'<img src="pictures/{name}.svg" alt="{html.escape(what)}">'
    for outcome in outcomes:
        for wrong in outcome.wrong:
            yield f"<p>✖ {outcome.fault}, seed {outcome.seed}, {outcome.moment}: {html.escape(wrong)}</p>"
    yield from (f"<p>Played again: {html.escape(sentence)}</p>" for sentence in _played_again(outcomes))
