"""How fast, how late, how big: ``make bench``, and ``make bench-peers`` with mqtt-io and Node-RED beside us.

Speed is a ratio against the barest program that does the same job, measured in turn with ours in the same run. Lines
are observed through the witness, outside the processes that drive them. First a delay is planted, which has to be seen.
"""

import argparse
import math
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.bench.deaths import deaths
from tests.bench.figures import Figure, as_json, as_markdown, as_table, missed
from tests.bench.footprint import footprint, starts
from tests.bench.page import usable
from tests.bench.peers import Peer, at_hand
from tests.bench.proof import planted
from tests.bench.shut_offs import loaded, mqtt, rest
from tests.bench.timers import lateness

Part = Callable[[Path], list[Figure]]


def parts(peers: list[type[Peer]]) -> dict[str, Part]:
    """What can be measured."""
    return {
        "mqtt": partial(mqtt, peers=peers),
        "rest": rest,
        "loaded": loaded,
        "timers": partial(lateness, peers=peers),
        "starts": partial(starts, peers=peers),
        "footprint": partial(footprint, peers=peers),
        "deaths": deaths,
        "page": usable,
    }


def measured(name: str, part: Part, folder: Path) -> list[Figure]:
    """A part's figures; one that breaks off costs nobody else's."""
    try:
        return part(folder)
    except Exception as error:
        traceback.print_exc()
        return [Figure(f"{name} broke off", math.nan, "", 0, repr(error))]


OF_PEERS = ("mqtt", "rest", "loaded", "timers", "starts", "footprint")


def main(arguments: list[str]) -> int:
    """Measure and print; returns 1 if a goal was missed, 2 where a planted delay is not seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts([]))}; everything if none is named")
    parser.add_argument("--peers", action="store_true", help="beside mqtt-io and Node-RED, installed for that")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_const", const=as_json, dest="form")
    form.add_argument("--markdown", action="store_const", const=as_markdown, dest="form", help="as in docs/speed.md")
    wanted = parser.parse_args(arguments)
    console = Console(stderr=wanted.form is not None, width=None if sys.stdout.isatty() else 200)
    known = parts(at_hand() if wanted.peers else [])
    chosen = wanted.parts or (OF_PEERS if wanted.peers else list(known))
    if unknown := set(chosen) - set(known):
        parser.error(f"there is no part {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as folder, console.status("") as status:
        status.update("planting a delay …")
        if not missed(planted(Path(folder) / "planted")):
            print("A planted delay of 5 ms was not seen: nothing here can be believed.", file=sys.stderr)
            return 2
        figures = []
        for name in chosen:
            status.update(f"measuring {name} …")
            figures += measured(name, known[name], Path(folder) / name)
    print(wanted.form(figures)) if wanted.form else console.print(as_table(figures))
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
