"""What all drawings are drawn with: schemdraw's SVG, texts that stay texts, and a note anywhere."""

from itertools import pairwise

import schemdraw
from schemdraw import Drawing
from schemdraw import elements as elm

FONT, SIZE, SMALL = "sans-serif", 12, 10
GREY, RED, BLUE, GREEN = "#555", "#b00020", "#2364aa", "#1b6e35"


def begin() -> Drawing:
    """An empty drawing."""
    schemdraw.use("svg")
    schemdraw.svgconfig.text = "text"
    drawing = Drawing(show=False, margin=0.4)
    drawing.config(fontsize=SIZE, font=FONT, unit=2.6, lw=1.6)
    return drawing


def svg(drawing: Drawing) -> str:
    """It, as SVG."""
    return str(drawing.get_imagedata("svg").decode())


def note(drawing: Drawing, at: tuple[float, float], words: str, colour: str = "#333", size: float = SIZE) -> None:
    """Words that begin at a place."""
    drawing.add(elm.Label().at(at).label(words, halign="left", valign="center", fontsize=size, color=colour))


def line(drawing: Drawing, *places: tuple[float, float], colour: str = "black") -> None:
    """A wire from place to place."""
    for start, end in pairwise(places):
        drawing.add(elm.Line().at(start).to(end).color(colour))


def dot(drawing: Drawing, at: tuple[float, float], *, terminal: bool = False) -> None:
    """A junction, or the open circle of a terminal."""
    drawing.add(elm.Dot(open=terminal).at(at))
