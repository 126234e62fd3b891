"""What was measured beside its goal, and how that is shown: a table, JSON or Markdown."""

import json
import math
import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured figure; without a goal it stands there for comparison."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""
    at_least: bool = False  # the goal is a lower bound

    @property
    def met(self) -> bool:
        """Whether the goal is reached; what cannot be compared (NaN) is not."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def verdict(self) -> str:
        return "" if self.goal is None else "ok" if self.met else "missed"

    def measured(self) -> str:
        return f"{self.value:.2f} {self.unit}"

    def wanted(self) -> str:
        return "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {self.goal:g} {self.unit}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of all values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def p50(values: Sequence[float]) -> float:
    return statistics.median(values)


def p99(values: Sequence[float]) -> float:
    return percentile(values, 0.99)


def in_short(values: Sequence[float]) -> str:
    """``0.41 ms, p99 0.90 ms``."""
    return f"{p50(values):.2f} ms, p99 {p99(values):.2f} ms"


def beside(values: dict[str, list[float]]) -> str:
    """Everybody's figures in one line."""
    return "; ".join(f"{name} {in_short(of)}" for name, of in values.items())


def missed(figures: Iterable[Figure]) -> list[Figure]:
    return [figure for figure in figures if not figure.met]


def stolen() -> float:
    """Seconds of all cores that the host of a virtual machine has kept for itself since it was switched on."""
    # cpu user nice system idle iowait irq softirq steal …
    of_all = Path("/proc/stat").read_text().partition("\n")[0].split()
    return int(of_all[8]) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """Where it was measured, for people."""
    system = f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {system}"


def as_table(figures: Iterable[Figure]) -> Table:
    table = Table("figure", "measured", "goal", "", "detail", title=f"flameout on {machine()}")
    for figure in figures:
        verdict = "[red]missed[/]" if figure.verdict == "missed" else figure.verdict
        table.add_row(figure.what, figure.measured(), figure.wanted(), verdict, figure.note)
    return table


def as_json(figures: Iterable[Figure]) -> str:
    rows = [asdict(figure) | {"met": figure.met} for figure in figures]
    for row in rows:
        row["value"] = row["value"] if math.isfinite(row["value"]) else None  # JSON has no NaN
    return json.dumps({"machine": machine(), "figures": rows}, indent=2, ensure_ascii=False, allow_nan=False)


def as_markdown(figures: Iterable[Figure]) -> str:
    """The table of docs/speed.md."""
    lines = [f"Measured on {machine()}.", "", "| figure | measured | goal | | detail |", "|---|---|---|---|---|"]
    for figure in figures:
        cells = (figure.what, figure.measured(), figure.wanted(), figure.verdict, figure.note)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
