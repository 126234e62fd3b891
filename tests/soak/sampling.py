"""What a process takes of the machine, read from /proc, and a file that it is written to as it comes."""

import contextlib
import os
from dataclasses import astuple, dataclass, fields
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024.0  # KiB


@dataclass(frozen=True)
class Sample:
    """One look at one process, or at the files: sizes in MiB, times in s."""

    at: float
    what: str  # daemon, keeper
    pid: int
    quiet: bool  # nothing was asked of it, and nobody was connected
    anonymous: float  # what only the process itself can have caused: heaps and stacks
    pss: float  # with its share of what it shares with others, who may come and go
    rss: float
    descriptors: int
    threads: int
    cpu: float
    journal: float
    wal: float


def look(at: float, what: str, pid: int, quiet: bool, journal: Path) -> Sample | None:
    """A process as it is now; None where it has just ended."""
    try:
        memory = _fields(Path(f"/proc/{pid}/smaps_rollup"))
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        threads = len(os.listdir(f"/proc/{pid}/task"))
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    cpu = (int(stat[11]) + int(stat[12])) / TICKS
    sizes = _size(journal), _size(journal.with_name(f"{journal.name}-wal"))
    anonymous, pss, rss = (memory[name] / MIB for name in ("Anonymous", "Pss", "Rss"))
    return Sample(at, what, pid, quiet, anonymous, pss, rss, descriptors, threads, cpu, *sizes)


def _fields(path: Path) -> dict[str, int]:
    """``Name:  number kB`` lines as numbers."""
    lines = [line.split() for line in path.read_text().splitlines()]
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) == 3 and words[2] == "kB"}


def _size(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_size / MIB / MIB
    return 0.0


class Samples:
    """Everything that was seen, kept and written to a CSV file at once, so that a long run can be looked at."""

    def __init__(self, path: Path) -> None:
        self.all: list[Sample] = []
        self._file = path.open("w", buffering=1)
        print(*(field.name for field in fields(Sample)), sep=",", file=self._file)

    def add(self, sample: Sample | None) -> None:
        """Keep a sample."""
        if sample is not None:
            self.all.append(sample)
            print(*(_short(value) for value in astuple(sample)), sep=",", file=self._file)

    def of(self, what: str, quiet: bool | None = None) -> list[Sample]:
        """Those of one process, of all moments or only of (un)quiet ones."""
        return [sample for sample in self.all if sample.what == what and quiet in (None, sample.quiet)]

    def close(self) -> None:
        self._file.close()


def _short(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
