"""What people and alarms press, and what tells them: dry contacts, and a buzzer."""

from schemdraw import Drawing
from schemdraw import elements as elm

from wiring.pen import GREY, SMALL, begin, dot, line, note, svg
from wiring.terminals import ALARM, BUZZER, CONTACTS, HEADER, STOP
from wiring.words import Words, in_language


def inputs(language: str) -> str:
    """A stop button, emergency button and alarm, an auxiliary contact, a buzzer."""
    t, drawing = in_language(language), begin()
    _input(drawing, 0.0, STOP, ("X3:1", "X3:2"), t)
    drawing.add(elm.Button().right().at((7.4, 0)).length(3))
    line(drawing, (10.4, 0), (13.4, 0))
    note(drawing, (7.2, 1.5), t("stop"))
    note(drawing, (5.0, -1.6), 'buttons: pin = 12, active = "low", does = "shut_off"', GREY, SMALL)
    _input(drawing, -6.2, ALARM, ("X3:3", "X3:4"), t)
    drawing.add(elm.Button(nc=True).right().at((7.4, -6.2)).length(3))
    drawing.add(elm.Switch(nc=True).right().at((10.4, -6.2)).length(3))
    note(drawing, (7.2, -4.2), t("emergency"))
    note(drawing, (10.2, -4.8), t("alarm"))
    note(drawing, (5.0, -7.9), 'interlocks: pin = 5, active = "high", reset = "manual"', GREY, SMALL)
    note(drawing, (5.0, -8.5), t("broken"), size=SMALL)
    _input(drawing, -13.0, CONTACTS[0], ("", ""), t)
    drawing.add(elm.Switch(nc=True).right().at((7.4, -13.0)).length(3))
    line(drawing, (10.4, -13.0), (13.4, -13.0))
    note(drawing, (7.2, -11.4), t("mirror", n=1))
    note(drawing, (5.0, -14.7), 'contact = { pin = 16, active = "high" }', GREY, SMALL)
    _buzzer(drawing, -19.6, t)
    return svg(drawing)


def _input(drawing: Drawing, y: float, gpio: int, terminals: tuple[str, str], t: Words) -> None:
    """A pin with its filter, as far as the terminals."""
    note(drawing, (-4.2, y), f"GPIO {gpio} · {t('header', pin=HEADER[gpio])}")
    dot(drawing, (0, y), terminal=True)
    drawing.add(elm.Resistor().right().at((0, y)).length(3).label("1 kΩ"))
    drawing.add(elm.Resistor().up().at((3, y)).length(2).label("3.3 kΩ", loc="bottom"))
    drawing.add(elm.Vdd().at((3, y + 2)).label("3.3 V"))
    drawing.add(elm.Capacitor().down().at((3, y)).length(2).label("100 nF", loc="bottom"))
    drawing.add(elm.Ground().at((3, y - 2)))
    dot(drawing, (3, y))
    line(drawing, (3, y), (7.4, y))
    for x, name in zip((6.2, 14.2), terminals, strict=True):
        if name:
            dot(drawing, (x, y), terminal=True)
            note(drawing, (x - 0.5, y - 0.6), name, size=SMALL)
    line(drawing, (13.4, y), (15.4, y))
    drawing.add(elm.Ground().at((15.4, y)))


def _buzzer(drawing: Drawing, y: float, t: Words) -> None:
    note(drawing, (-4.2, y), f"GPIO {BUZZER} · {t('header', pin=HEADER[BUZZER])}")
    dot(drawing, (0, y), terminal=True)
    drawing.add(elm.Resistor().right().at((0, y)).length(3).label("1 kΩ"))
    npn = drawing.add(elm.BjtNpn(circle=True).right().at((3, y)).anchor("base"))
    x, top = float(npn.collector.x), float(npn.collector.y) + 0.6
    drawing.add(elm.Ground().at(npn.emitter))
    note(drawing, (x + 0.6, y - 0.2), "Q2 BC337", size=SMALL)
    line(drawing, (x, float(npn.collector.y)), (x, top), (6.2, top), (7.4, top))
    drawing.add(elm.RBox().right().at((7.4, top)).length(3).label(t("buzzer")))
    drawing.add(elm.Diode().right().at((7.4, top - 1.4)).length(3).label("D4 1N4148", loc="bottom"))
    for end in (7.4, 10.4):
        line(drawing, (end, top), (end, top - 1.4))
        dot(drawing, (end, top))
    line(drawing, (10.4, top), (15.4, top))
    for place, name in ((6.2, "X3:6"), (14.2, "X3:5")):
        dot(drawing, (place, top), terminal=True)
        note(drawing, (place - 0.5, top + 0.6), name, size=SMALL)
    drawing.add(elm.Vdd().at((15.4, top)).label("+5 V · F1"))
