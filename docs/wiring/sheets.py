"""The drawings, each a function of the language. Symbols and lines are schemdraw's."""

from collections.abc import Callable

import schemdraw
from schemdraw import Drawing
from schemdraw import elements as elm

from wiring import figures
from wiring.terminals import terminal_plan
from wiring.words import text

Sheet = Callable[[str], str]
FONT, SIZE = "sans-serif", 12
MILLI = 1000


def _begin() -> Drawing:
    schemdraw.use("svg")
    schemdraw.svgconfig.text = "text"
    drawing = Drawing(show=False, margin=0.4)
    drawing.config(fontsize=SIZE, font=FONT, unit=2.6, lw=1.6)
    return drawing


def _svg(drawing: Drawing) -> str:
    return str(drawing.get_imagedata("svg").decode())


def _note(drawing: Drawing, at: tuple[float, float], words: str, colour: str = "#333", size: float = SIZE) -> None:
    label = elm.Label().at(at).label(words, halign="left", valign="center", fontsize=size, color=colour)
    drawing.add(label)


def circuit(language: str) -> str:
    """The loop of one burner."""
    t = lambda key, **values: text(key, language, **values)  # noqa: E731
    drawing = _begin()
    source = drawing.add(elm.SourceV().up().length(4).at((0, 0)))
    _note(drawing, (-3.9, 2.4), t("thermocouple"))
    _note(drawing, (-3.9, 1.8), t("thermocouple.range"))
    drawing.add(elm.Line().right().length(2).at(source.end))
    left = drawing.add(elm.Dot(open=True))
    switch = drawing.add(elm.Switch().right().length(3.4).color("#b00020"))
    right = drawing.add(elm.Dot(open=True))
    drawing.add(elm.Line().right().length(3))
    magnet = drawing.add(elm.Inductor2(loops=4).down().length(4))
    drawing.add(elm.Line().left().to((0, 0)))
    drawing.add(elm.Ground().at((0, 0)))
    _note(drawing, (1.9, 5.5), t("contact"), "#b00020")
    _note(drawing, (6.0, 5.5), t("contact.limit"), "#b00020")
    drawing.add(elm.EncircleBox([left, switch, right], padx=0.35, pady=0.55).linestyle("--").color("#777"))
    _note(drawing, (2.3, 2.9), t("interrupter"), "#555")
    _note(drawing, (2.3, 2.3), t("twisted"), "#555")
    x = float(magnet.end.x) + 0.6
    _note(drawing, (x, 2.6), t("magnet"))
    _note(drawing, (x, 2.0), t("magnet.2"))
    _note(drawing, (x, 1.4), t("magnet.current"))
    _note(drawing, (2.3, -0.5), t("body"))
    _note(drawing, (2.3, 0.6), t("loop", limit=f"{figures.longest_loop() * MILLI:.0f}"), "#2364aa")
    return _svg(drawing)


def pulse(language: str) -> str:
    """The charge pump."""
    t = lambda key, **values: text(key, language, **values)  # noqa: E731
    drawing = _begin()
    low, high = figures.hold(25.0)
    pin = drawing.add(elm.Dot(open=True).at((0, 0)))
    _note(drawing, (-2.2, 0.9), "GPIO 17")
    _note(drawing, (-2.2, 0.4), t("toggles", f=25, d=50), size=10)
    drawing.add(elm.Line().right().length(1.0).at(pin.center))
    node = drawing.add(elm.Dot())
    drawing.add(elm.Resistor().down().at(node.center).length(3).label("10 kΩ", loc="bottom"))
    drawing.add(elm.Ground())
    _note(drawing, (-1.7, -1.6), t("pulldown"), size=10)
    drawing.add(elm.Resistor().right().at(node.center).label("R1 1 kΩ"))
    first = drawing.add(elm.Capacitor().right().label("C1a 1 µF"))
    drawing.add(elm.Capacitor().right().label("C1b 1 µF"))
    pump = drawing.add(elm.Dot())
    _note(drawing, (float(first.start.x) - 0.6, -1.0), t("two_caps"), "#555", 10)
    drawing.add(elm.Schottky().up().at((pump.center.x, -3)).to(pump.center).label("D1", loc="bottom"))
    drawing.add(elm.Ground().at((pump.center.x, -3)))
    drawing.add(elm.Schottky().right().at(pump.center).label("D2"))
    gate = drawing.add(elm.Dot())
    drawing.add(elm.Capacitor().down().at(gate.center).length(3).label("C2 220 nF", loc="bottom"))
    drawing.add(elm.Ground())
    drawing.add(elm.Line().right().length(3.2).at(gate.center))
    bleed = drawing.add(elm.Dot())
    drawing.add(elm.Resistor().down().at(bleed.center).length(3).label(t("bleed", value="1 MΩ"), loc="bottom"))
    drawing.add(elm.Ground())
    drawing.add(elm.Line().right().length(1.4).at(bleed.center))
    fet = drawing.add(elm.NFet(bulk=False).anchor("gate").theta(0).reverse())
    drawing.add(elm.Line().down().at(fet.source).toy(-3))
    drawing.add(elm.Ground())
    _note(drawing, (float(fet.source.x) + 0.6, -0.6), t("gate"), size=10)
    _note(drawing, (float(fet.source.x) + 0.6, -1.1), "V(GS) 2.5 V, 30 V, ≥ 0.5 A", size=10)
    drawing.add(elm.Line().up().at(fet.drain).length(0.6))
    bottom = drawing.add(elm.Dot())
    coil = drawing.add(elm.Inductor2(loops=4).up().at(bottom.center).length(3))
    top = drawing.add(elm.Dot())
    drawing.add(elm.Line().right().length(2).at(bottom.center))
    drawing.add(elm.Diode().up().length(3).label(t("flyback"), loc="bottom"))
    drawing.add(elm.Line().left().to(top.center))
    drawing.add(elm.Fuse().up().at(top.center).length(2))
    drawing.add(elm.Vdd().label("+5 V"))
    _note(drawing, (float(coil.start.x) - 2.4, float(coil.center.y)), t("coil"))
    _note(drawing, (float(top.center.x) + 0.5, float(top.center.y) + 1.0), t("fuse"), size=10)
    _note(drawing, (0, 4.4), t("hold", low=f"{low:.2f}", high=f"{high:.2f}"), "#2364aa")
    return _svg(drawing)


def pair(language: str) -> str:
    """Two relays in series and their mirror contacts."""
    t = lambda key, **values: text(key, language, **values)  # noqa: E731
    drawing = _begin()
    _note(drawing, (-0.2, 1.3), t("to_stove"))
    drawing.add(elm.Dot(open=True).at((0, 0)).label("X1:1", loc="bottom"))
    drawing.add(elm.Line().right().length(1))
    drawing.add(elm.Switch().right().length(3.2).color("#b00020").label("K1"))
    drawing.add(elm.Line().right().length(0.8))
    drawing.add(elm.Switch().right().length(3.2).color("#b00020").label("K2"))
    drawing.add(elm.Line().right().length(1))
    drawing.add(elm.Dot(open=True).label("X1:2", loc="bottom"))
    _note(drawing, (1.0, -1.1), t("loop", limit=f"{figures.longest_loop() * MILLI:.0f}"), "#2364aa", 10)
    drawing.add(elm.Dot(open=True).at((0, -3.2)))
    _note(drawing, (-0.2, -2.5), t("read_back", pin=24))
    drawing.add(elm.Resistor().right().at((0, -3.2)).length(2.4).label("1 kΩ", loc="bottom"))
    drawing.add(elm.Switch().right().length(3.0))
    drawing.add(elm.Switch().right().length(3.0))
    drawing.add(elm.Line().right().length(0.6))
    drawing.add(elm.Ground())
    _note(drawing, (2.6, -4.4), t("mirror", n=1), size=10)
    _note(drawing, (5.6, -4.4), t("mirror", n=2), size=10)
    for n, pin, y in ((1, 17, -6.2), (2, 27, -8.2)):
        drawing.add(elm.Dot(open=True).at((0, y)))
        _note(drawing, (-0.2, y + 0.6), f"GPIO {pin}")
        drawing.add(elm.Line().right().at((0, y)).length(2.2))
        drawing.add(elm.Rect(corner1=(2.2, y - 0.6), corner2=(6.4, y + 0.6)).at((0, 0)))
        _note(drawing, (2.5, y), t("driver"), size=10)
        drawing.add(elm.Line().right().at((6.4, y)).length(1.2))
        drawing.add(elm.RBox().right().length(2.4).label(t("relay", n=n)))
    return _svg(drawing)


def sense(language: str) -> str:
    """The sense leads, their resistors and the converter."""
    t = lambda key, **values: text(key, language, **values)  # noqa: E731
    drawing = _begin()
    for y, name in ((0.0, "+"), (-3.0, "−")):
        drawing.add(elm.Dot(open=True).at((0, y)))
        _note(drawing, (-3.3, y), f"TC1 {name}")
        drawing.add(elm.Resistor().right().at((0, y)).length(3).label("10 kΩ"))
        drawing.add(elm.Line().right().length(4))
        drawing.add(elm.Dot())
        drawing.add(elm.Line().right().length(2))
    _note(drawing, (0.2, -1.4), t("at_stove"), "#555", 10)
    _note(drawing, (3.4, 0.7), t("shield"), "#555", 10)
    drawing.add(elm.Capacitor().down().at((7, 0)).length(3).label("100 nF", loc="bottom"))
    drawing.add(elm.Zener().up().at((9, -3)).length(3))
    _note(drawing, (9.6, -1.5), "TVS 5 V", size=10)
    drawing.add(elm.Line().right().at((9, 0)).length(2.4))
    drawing.add(elm.Line().right().at((9, -3)).length(2.4))
    drawing.add(elm.Rect(corner1=(11.4, -3.9), corner2=(15.4, 0.9)).at((0, 0)))
    _note(drawing, (11.7, 0.0), "A0")
    _note(drawing, (11.7, -3.0), "GND")
    _note(drawing, (11.7, -1.4), t("converter"))
    for y, name in ((0.0, "SDA · GPIO 2"), (-1.0, "SCL · GPIO 3"), (-2.0, "3.3 V"), (-3.0, "GND")):
        drawing.add(elm.Line().right().at((15.4, y)).length(1.2))
        _note(drawing, (16.8, y), name)
    milliampere = figures.stray() * MILLI
    times = f"{figures.DROP_OUT / figures.stray():.0f}"
    _note(drawing, (0, -5.0), t("stray", ma=f"{milliampere:.2f}", times=times), "#2364aa")
    _note(drawing, (0, -5.8), t("never"), "#b00020")
    return _svg(drawing)


def inputs(language: str) -> str:
    """A button, an alarm's contact, a buzzer."""
    t = lambda key, **values: text(key, language, **values)  # noqa: E731
    drawing = _begin()
    for y, pin, name in ((0.0, 12, "stop"), (-6.0, 5, "alarm")):
        drawing.add(elm.Dot(open=True).at((0, y)))
        _note(drawing, (-1.9, y), f"GPIO {pin}")
        drawing.add(elm.Resistor().right().at((0, y)).length(3).label("1 kΩ"))
        node = drawing.add(elm.Dot())
        drawing.add(elm.Resistor().up().at(node.center).length(2).label("10 kΩ", loc="bottom"))
        drawing.add(elm.Vdd().label("3.3 V"))
        drawing.add(elm.Capacitor().down().at(node.center).length(1.8).label("100 nF", loc="bottom"))
        drawing.add(elm.Ground())
        drawing.add(elm.Line().right().at(node.center).length(2.2))
        contact = elm.Button() if name == "stop" else elm.Switch()
        drawing.add(contact.right().length(2.6))
        drawing.add(elm.Line().right().length(0.6))
        drawing.add(elm.Ground())
        _note(drawing, (5.2, y + 1.0), t(name))
    y = -11.4
    drawing.add(elm.Dot(open=True).at((0, y)))
    _note(drawing, (-1.9, y), "GPIO 13")
    drawing.add(elm.Resistor().right().at((0, y)).length(3).label("1 kΩ"))
    bjt = drawing.add(elm.BjtNpn(circle=True).right().anchor("base"))
    drawing.add(elm.Ground().at(bjt.emitter))
    drawing.add(elm.Line().up().at(bjt.collector).length(0.4))
    drawing.add(elm.Line().right().length(1.4))
    drawing.add(elm.RBox().right().length(2.6).label(t("buzzer")))
    drawing.add(elm.Line().right().length(0.8))
    drawing.add(elm.Vdd().label("+5 V"))
    return _svg(drawing)


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
