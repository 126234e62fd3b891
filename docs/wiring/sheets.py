"""The drawings, each a function of the language. Symbols and lines are schemdraw's."""

from collections.abc import Callable

from wiring.drivers import pair, pulse
from wiring.inputs import inputs
from wiring.loop import circuit, sense
from wiring.terminals import terminal_plan

Sheet = Callable[[str], str]

SHEETS: dict[str, tuple[str, Sheet]] = {
    "circuit": ("circuit", circuit),
    "terminals-1": ("terminals", lambda language: terminal_plan(1, language)),
    "terminals-2": ("terminals", lambda language: terminal_plan(2, language)),
    "terminals-4": ("terminals", lambda language: terminal_plan(4, language)),
    "pulse": ("pulse", pulse),
    "pair": ("pair", pair),
    "sense": ("sense", sense),
    "inputs": ("inputs", inputs),
}
"""Name of the file, what its title is called in :mod:`wiring.words`, and what draws it."""
