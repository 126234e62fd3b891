"""The model of the races with wider bounds than the test has the time for: ``make proofs``."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.proofs.spin import FLAWS, RACES, can_search, search

WIDE = {"LAST": 4}


def main() -> int:
    """Search without a flaw, then with each; 1 if a demand is broken, or a flaw is not found."""
    if not can_search():
        print("make proofs: SPIN and a C compiler are needed: apt-get install spin gcc libc6-dev", file=sys.stderr)
        return 2
    console, wrong = Console(highlight=False), 0
    for flaws in ((), *((flaw,) for flaw in FLAWS)):
        with tempfile.TemporaryDirectory() as folder:
            found = search(RACES, Path(folder), flaws, WIDE)
        good = (found.broken is None) == (not flaws)
        wrong += not good
        what = f"with {flaws[0]}" if flaws else "as it is"
        result = f"broken: {found.broken}" if found.broken else "every demand holds"
        console.print(f"{'[green]✔[/]' if good else '[red]✖[/]'} {what}: {result}; {found.states:,} states")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
