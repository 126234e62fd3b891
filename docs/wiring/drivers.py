"""What drives the relays and reads them back: the charge pump, and a pair in series."""

from schemdraw import Drawing
from schemdraw import elements as elm

from wiring.figures import DRAWN, PULL_UP
from wiring.pen import BLUE, GREY, RED, SMALL, begin, dot, line, note, svg
from wiring.terminals import CONTACTS, HEADER, RELAYS, SECOND
from wiring.words import Words, in_language

FREQUENCY = 25.0
PAIR = 1  # the burner that is drawn with two relays, as in flameout.toml.example


def pulse(language: str) -> str:
    """The charge pump."""
    t, drawing = in_language(language), begin()
    pin = RELAYS[0]
    note(drawing, (-3.2, 1.3), f"GPIO {pin} · {t('header', pin=HEADER[pin])}")
    note(drawing, (-3.2, 0.7), t("toggles", f=f"{FREQUENCY:.0f}", d=50), size=SMALL)
    dot(drawing, (-2, 0), terminal=True)
    line(drawing, (-2, 0), (0, 0))
    _to_ground(drawing, 0, elm.Resistor(), "R0 10 kΩ")
    drawing.add(elm.Resistor().right().at((0, 0)).length(3).label("R1 470 Ω"))
    drawing.add(elm.Capacitor().right().at((3, 0)).length(2.4).label("C1a 10 µF"))
    drawing.add(elm.Capacitor().right().at((5.4, 0)).length(2.4).label("C1b 10 µF"))
    drawing.add(elm.Schottky().up().at((7.8, -3)).to((7.8, 0)).label("D1", loc="bottom"))
    drawing.add(elm.Ground().at((7.8, -3)))
    dot(drawing, (7.8, 0))
    drawing.add(elm.Schottky().right().at((7.8, 0)).length(2.4).label("D2"))
    _to_ground(drawing, 10.2, elm.Capacitor(), "C2 2.2 µF")
    _to_ground(drawing, 13.0, elm.Resistor(), "R2a 200 kΩ")
    _to_ground(drawing, 16.0, elm.Resistor(), "R2b 200 kΩ")
    line(drawing, (10.2, 0), (18.6, 0))
    fet = drawing.add(elm.NFet(bulk=False).at((18.6, 0)).anchor("gate").theta(0).reverse())
    x, top = float(fet.drain.x), float(fet.drain.y)
    line(drawing, (x, float(fet.source.y)), (x, -3))
    drawing.add(elm.Ground().at((x, -3)))
    note(drawing, (x + 0.5, -0.3), "Q1", size=SMALL)
    note(drawing, (x + 0.5, -0.9), t("gate"), size=SMALL)
    note(drawing, (x + 0.5, -1.5), t("gate.2"), size=SMALL)
    _coil(drawing, x, top + 0.4, t)
    low, high = DRAWN.hold(FREQUENCY)
    note(drawing, (-3.2, 5.6), t("hold", low=f"{low:.2f}", high=f"{high:.2f}"), BLUE)
    note(drawing, (-3.2, 4.9), t("level"), RED)
    note(drawing, (-3.2, 4.2), t("two_of"), GREY)
    note(drawing, (-3.2, 3.5), 'relay = { pin = 17, drive = "pulse", frequency_hz = 25, duty = 0.5 }', GREY, SMALL)
    return svg(drawing)


def _to_ground(drawing: Drawing, x: float, element: elm.Element, label: str) -> None:
    drawing.add(element.down().at((x, 0)).length(3).label(label, loc="bottom"))
    drawing.add(elm.Ground().at((x, -3)))
    dot(drawing, (x, 0))


def _coil(drawing: Drawing, x: float, y: float, t: Words) -> None:
    """The relay's coil above a transistor, with its diode and fuse."""
    drawing.add(elm.Line().at((x, y - 0.4)).to((x, y)))
    drawing.add(elm.Inductor2(loops=4).up().at((x, y)).length(3))
    line(drawing, (x, y), (x + 2, y))
    drawing.add(elm.Diode().up().at((x + 2, y)).length(3).label("D3 1N4148", loc="bottom"))
    line(drawing, (x + 2, y + 3), (x, y + 3))
    dot(drawing, (x, y))
    dot(drawing, (x, y + 3))
    note(drawing, (x - 3.2, y + 1.5), t("coil"))
    drawing.add(elm.Fuse().up().at((x, y + 3)).length(1.8))
    drawing.add(elm.Vdd().at((x, y + 4.8)).label("+5 V"))
    note(drawing, (x + 0.5, y + 3.9), t("fuse"), size=SMALL)


def pair(language: str) -> str:
    """Two relays in series and their mirror contacts."""
    t, drawing = in_language(language), begin()
    names = (f"K{PAIR + 1}", f"K{PAIR + 1}B")
    note(drawing, (-3.0, 0), t("lug", letter="T"))
    note(drawing, (10.6, 0), t("lug", letter="M"))
    dot(drawing, (0, 0), terminal=True)
    line(drawing, (0, 0), (1, 0))
    for n, name in enumerate(names):
        x = 1 + 4.4 * n
        for y in (0.0, -1.2):
            drawing.add(elm.Switch().right().at((x, y)).length(3.2).color(RED))
        for end in (x, x + 3.2):
            line(drawing, (end, 0), (end, -1.2), colour=RED)
            dot(drawing, (end, 0))
        note(drawing, (x + 1.2, 1.1), name, RED)
    line(drawing, (4.2, 0), (5.4, 0))
    line(drawing, (8.6, 0), (10.2, 0))
    dot(drawing, (10.2, 0), terminal=True)
    note(drawing, (0, 2.0), t("pair.loop"), RED)
    _mirrors(drawing, names, t)
    for n, (name, gpio) in enumerate(zip(names, (RELAYS[PAIR], SECOND), strict=True)):
        _driven(drawing, -11.0 - 2.2 * n, gpio, name, t)
    note(
        drawing, (-3.0, -15.0), 'relay = { pin = 27, drive = "pulse", frequency_hz = 25, second_pin = 24 }', GREY, SMALL
    )
    note(drawing, (-3.0, -15.6), 'contact = { pin = 25, active = "high" }', GREY, SMALL)
    return svg(drawing)


def _mirrors(drawing: Drawing, names: tuple[str, str], t: Words) -> None:
    """Normally closed contacts in parallel: either main contact that is open pulls the pin low."""
    gpio, y = CONTACTS[PAIR], -6.4
    note(drawing, (-3.0, y + 3.7), t("mirrors"))
    note(drawing, (-3.0, y + 0.6), f"GPIO {gpio} · {t('header', pin=HEADER[gpio])}")
    dot(drawing, (0, y), terminal=True)
    drawing.add(elm.Resistor().right().at((0, y)).length(2.6).label("1 kΩ", loc="bottom"))
    drawing.add(elm.Resistor().up().at((2.6, y)).length(1.9).label(f"{PULL_UP / 1000} kΩ", loc="bottom"))
    drawing.add(elm.Vdd().at((2.6, y + 1.9)).label("3.3 V"))
    dot(drawing, (2.6, y))
    line(drawing, (2.6, y), (4.6, y))
    for row, name in enumerate(names):
        level = y - 1.6 * row
        drawing.add(elm.Switch(nc=True).right().at((4.6, level)).length(3))
        note(drawing, (5.6, level + 0.9), f"{name} 31–32", size=SMALL)
    for x in (4.6, 7.6):
        line(drawing, (x, y), (x, y - 1.6))
        dot(drawing, (x, y))
    line(drawing, (7.6, y), (9.2, y))
    drawing.add(elm.Ground().at((9.2, y)))
    note(drawing, (-3.0, y - 2.6), t("mirrors.low"), BLUE, SMALL)
    note(drawing, (-3.0, y - 3.2), t("mirrors.high"), RED, SMALL)


def _driven(drawing: Drawing, y: float, gpio: int, name: str, t: Words) -> None:
    note(drawing, (-3.0, y + 0.5), f"GPIO {gpio} · {t('header', pin=HEADER[gpio])}")
    dot(drawing, (0, y), terminal=True)
    line(drawing, (0, y), (2.2, y))
    drawing.add(elm.Rect(corner1=(2.2, y - 0.7), corner2=(6.6, y + 0.7)).at((0, 0)).theta(0))
    note(drawing, (2.5, y), t("driver"), size=SMALL)
    line(drawing, (6.6, y), (7.6, y))
    drawing.add(elm.RBox().right().at((7.6, y)).length(2.4).label(t("relay", name=name), loc="bottom"))
    drawing.add(elm.Vdd().at((10.0, y)).label("+5 V · F1"))
