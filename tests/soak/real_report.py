"""The report of a run in real time: ``report.md``, ``index.html`` and pictures beside ``samples.csv``."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.soak.picture import lines
from tests.soak.real import PROCESSES, Result
from tests.soak.sampling import Sample
from tests.soak.sheet import page

HOUR = 3600.0
PICTURES: dict[str, tuple[str, str, bool | None, tuple[str, ...], Callable[[Sample], float]]] = {
    "memory": ("Memory of their own", "MiB", False, PROCESSES, lambda sample: sample.anonymous),
    "pss": ("Memory with its share of what is shared", "MiB", False, PROCESSES, lambda sample: sample.pss),
    "descriptors": ("Open descriptors under load", "", False, PROCESSES, lambda sample: sample.descriptors),
    "quiet": ("Open descriptors while nobody is connected", "", True, PROCESSES, lambda sample: sample.descriptors),
    "threads": ("Threads", "", False, PROCESSES, lambda sample: sample.threads),
    "files": ("Journal", "MiB", False, ("daemon",), lambda sample: sample.journal),
    "wal": ("Write-ahead log", "MiB", False, ("daemon",), lambda sample: sample.wal),
}


def write(folder: Path, result: Result) -> None:
    """Everything for people."""
    start = result.samples.all[0].at
    for name, (title, unit, quiet, processes, value) in PICTURES.items():
        series = {
            what: [((sample.at - start) / HOUR, value(sample)) for sample in result.samples.of(what, quiet)]
            for what in processes
        }
        (folder / f"{name}.svg").write_text(lines(title, unit or "number", "hours", series))
    rows = list(_rows(result))
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    wrong = "\n".join(f"- {sentence}" for sentence in result.wrong) or "Nothing was wrong."
    (folder / "report.md").write_text(f"# {_title(result)}\n\n{wrong}\n\n| | |\n|---|---|\n{table}\n")
    pictures = {name: picture[0] for name, picture in PICTURES.items()}
    (folder / "index.html").write_text("\n".join(page(_title(result), result.wrong, pictures, rows)))


def _title(result: Result) -> str:
    return f"A soak of {result.plan.seconds / HOUR:.3g} h in real time, seed {result.plan.seed}"


def _rows(result: Result) -> Iterator[tuple[str, str]]:
    for name, value in result.figures.items():
        if isinstance(value, dict):
            grown = f"{value['growth']:+.2f} MiB from the second to the last quarter, {value['slope']:+.2f} MiB/h"
            yield name, f"{grown}; {'flat' if value['flat'] else 'NOT FLAT'} (room {value['room']:g} MiB)"
        elif name.endswith("cpu"):
            yield name, f"{value:.1%} of a core"
        else:
            yield name, f"{value:,}"
    for what in PROCESSES:
        yield from _of(what, result.samples.of(what, quiet=False), result.samples.of(what, quiet=True))
    last = result.samples.all[-1]
    yield "journal, write-ahead log", f"{last.journal:.2f} MiB, {last.wal:.2f} MiB"
    yield "done", ", ".join(f"{many} × {what.replace('_', ' ')}" for what, many in sorted(result.done.items()))


def _of(what: str, loud: list[Sample], quiet: list[Sample]) -> Iterator[tuple[str, str]]:
    yield f"{what} memory of its own", _span([sample.anonymous for sample in loud], " MiB", 1)
    yield f"{what} PSS", _span([sample.pss for sample in loud], " MiB", 1)
    yield f"{what} descriptors under load", _span([sample.descriptors for sample in loud])
    yield f"{what} descriptors with nobody there", _span([sample.descriptors for sample in quiet])
    yield f"{what} threads", _span([sample.threads for sample in loud])


def _span(values: list[float] | list[int], unit: str = "", digits: int = 0) -> str:
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
