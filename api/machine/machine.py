"""The machine that the doctor examines, and the lines that it writes about it."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Result = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Row:
    """One line: what was looked at, how it is, what was found, and the cure."""

    what: str
    result: Result
    found: str
    cure: str = ""


def _run(*command: str) -> str | None:
    """What a command prints; None where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


@dataclass(frozen=True)
class Machine:
    """Files and commands; tests hand in another root and other answers."""

    root: Path = Path("/")
    run: Callable[..., str | None] = field(default=_run)

    def read(self, path: str) -> str | None:
        """A small file's text; None where it is not there."""
        try:
            return (self.root / path).read_text(errors="replace").strip().rstrip("\0")
        except OSError:
            return None

    def board(self) -> str | None:
        """The Raspberry Pi's model; None elsewhere."""
        model = self.read("proc/device-tree/model")
        return model if model and "Raspberry Pi" in model else None

    def config_txt(self) -> list[str] | None:
        """The firmware's settings, line by line; None where there are none."""
        for path in ("boot/firmware/config.txt", "boot/config.txt"):  # the second up to Bullseye
            if (text := self.read(path)) is not None:
                return [line.strip() for line in text.splitlines()]
        return None

    def gpio_chips(self) -> list[Path]:
        """The GPIO chips' device files."""
        return sorted((self.root / "dev").glob("gpiochip*"))

    def may_open(self, file: Path) -> bool:
        """Whether whoever asks may read and write it."""
        return os.access(file, os.R_OK | os.W_OK)
