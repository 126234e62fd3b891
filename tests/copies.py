"""A copy of what is under version control, as it lies in the working folder, for gates that plant bugs in it."""

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def copy_to(folder: Path) -> None:
    """Copy every tracked file that is there."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((ROOT / name).stat().st_mode)


@functools.cache
def state() -> str:
    """The commit that lies in the working folder, and whether anything was changed since; "unknown" without git."""
    asked = ("git", "describe", "--always", "--dirty= and what was changed since")
    told = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True, text=True)
    return told.stdout.strip() or "unknown"


def plant(folder: Path, name: str, code: str) -> int:
    """Append code to a file of the copy; returns how many lines the file had before."""
    file = folder / name
    text = file.read_text()
    file.write_text(f"{text}\n\n{code}")
    return text.count("\n")
