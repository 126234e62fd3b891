"""Files that hold secrets, one a line: who may read them, and what stands in them."""

import os
import stat
from pathlib import Path


def lines(path: Path) -> list[tuple[int, str]]:
    """Every line with its number, empty ones and # comments aside. Raises ``OSError`` and ``ValueError``."""
    numbered = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [(number, line.strip()) for number, line in numbered if line.strip() and not line.lstrip().startswith("#")]


def problem(path: Path) -> str | None:
    """Why a file of secrets cannot be used, as the end of a sentence that starts with its key; None when it can."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
        found = lines(path)
    except (OSError, ValueError) as error:
        return f"{str(path)!r} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}"
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return f"{str(path)!r} holds secrets, and others may read or write it; run: chmod o-rw {path}"
    return None if found else f"{str(path)!r} is empty; write one address a line"
