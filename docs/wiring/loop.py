"""What touches the stove: the thermocouple's loop, and the leads that measure it."""

from schemdraw import elements as elm

from wiring import figures
from wiring.pen import BLUE, GREEN, GREY, RED, SMALL, begin, dot, line, note, svg
from wiring.words import in_language

MILLI = 1000
TOP = 4.0


def circuit(language: str) -> str:
    """The loop of one burner, and which way it fails."""
    t, drawing = in_language(language), begin()
    drawing.add(elm.SourceV().up().length(TOP).at((0, 0)))
    note(drawing, (-3.9, 2.3), t("thermocouple"))
    note(drawing, (-3.9, 1.7), t("thermocouple.range"))
    line(drawing, (0, TOP), (2, TOP), (3.4, TOP), (4.2, TOP))
    for x in (2, 9.4):
        dot(drawing, (x, TOP), terminal=True)
    note(drawing, (-1.0, TOP + 0.6), t("lug", letter="T"), GREY)
    note(drawing, (9.0, TOP + 0.6), t("lug", letter="M"), GREY)
    for y in (TOP, TOP - 1.4):
        drawing.add(elm.Switch().right().at((4.2, y)).length(3).color(RED))
    for x in (4.2, 7.2):
        line(drawing, (x, TOP), (x, TOP - 1.4), colour=RED)
        dot(drawing, (x, TOP))
    line(drawing, (7.2, TOP), (8, TOP), (9.4, TOP), (11.4, TOP))
    for x, name in ((3.4, "X1:1"), (8, "X1:2")):
        dot(drawing, (x, TOP), terminal=True)
        note(drawing, (x - 0.45, TOP + 0.5), name, size=SMALL)
    drawing.add(elm.Rect(corner1=(2.7, 1.6), corner2=(8.7, 6.6)).at((0, 0)).theta(0).linestyle("--").color("#777"))
    note(drawing, (2.9, 6.2), t("contact"), RED)
    note(drawing, (2.9, 5.6), t("contact.limit"), RED)
    note(drawing, (3.0, 2.0), t("box"), GREY, SMALL)
    note(drawing, (-1.0, 7.3), t("loop.wire"), GREY)
    drawing.add(elm.Inductor2(loops=4).down().at((11.4, TOP)).length(TOP))
    line(drawing, (11.4, 0), (0, 0))
    drawing.add(elm.Ground().at((0, 0)))
    for row, key in enumerate(("magnet", "magnet.2", "magnet.holds", "magnet.drops")):
        note(drawing, (12.0, 2.9 - 0.6 * row), t(key))
    note(drawing, (3.0, 0.5), t("loop", limit=f"{figures.longest_loop() * MILLI:.0f}"), BLUE)
    note(drawing, (3.0, -0.5), t("body"))
    note(drawing, (0, -2.2), t("energised"), GREEN)
    note(drawing, (0, -2.9), t("released"), RED)
    note(drawing, (0, -3.6), t("by_hand"), GREY)
    return svg(drawing)


def sense(language: str) -> str:
    """The sense leads, their resistors and the converter."""
    t, drawing = in_language(language), begin()
    for y, place, resistor in ((0.0, "sense.plus", "RS1"), (-3.0, "sense.minus", "RS2")):
        note(drawing, (-5.4, y), t(place))
        dot(drawing, (0, y), terminal=True)
        drawing.add(elm.Resistor().right().at((0, y)).length(3).label(f"{resistor} 10 kΩ"))
        line(drawing, (3, y), (11.4, y))
    drawing.add(elm.Rect(corner1=(3.3, -3.4), corner2=(6.4, 0.4)).at((0, 0)).theta(0).linestyle("--").color("#777"))
    line(drawing, (6.0, -3.4), (6.0, -4.1))
    drawing.add(elm.Ground().at((6.0, -4.1)))
    for y, name in ((0.0, "X2:1"), (-3.0, "X2:2")):
        dot(drawing, (7.0, y), terminal=True)
        note(drawing, (6.7, y + 0.5), name, size=SMALL)
    note(drawing, (0.2, -1.5), t("at_stove"), GREY, SMALL)
    note(drawing, (3.4, -1.2), t("twisted"), GREY, SMALL)
    note(drawing, (3.4, -1.8), "0.25 mm²", GREY, SMALL)
    note(drawing, (6.5, -4.3), t("shield"), GREY, SMALL)
    drawing.add(elm.Capacitor().down().at((8.2, 0)).length(3).label("100 nF", loc="bottom"))
    drawing.add(elm.Zener().up().at((10.2, -3)).length(3))
    note(drawing, (10.6, -0.7), "TVS", size=SMALL)
    note(drawing, (10.6, -1.2), "5 V", size=SMALL)
    for x in (8.2, 10.2):
        for y in (0.0, -3.0):
            dot(drawing, (x, y))
    drawing.add(elm.Rect(corner1=(11.4, -3.9), corner2=(15.4, 0.9)).at((0, 0)).theta(0))
    note(drawing, (11.7, 0.0), "A0")
    note(drawing, (11.7, -3.0), "GND")
    note(drawing, (11.9, -1.5), "ADS1115")
    for y, (name, pin) in zip(
        (0.0, -1.0, -2.0, -3.0), (("SDA · GPIO 2", 3), ("SCL · GPIO 3", 5), ("3.3 V", 1), ("GND", 9)), strict=True
    ):
        line(drawing, (15.4, y), (16.6, y))
        note(drawing, (16.8, y), f"{name} · {t('header', pin=pin)}")
    times = f"{figures.DROP_OUT / figures.stray():.0f}"
    ampere = f"{figures.stray() * MILLI:.1f}"
    note(drawing, (-5.4, -5.6), t("stray", ma=ampere, times=times), BLUE)
    note(drawing, (-5.4, -6.3), t("low", share=f"{figures.reads_low() * 100:.1f} %"), BLUE)
    note(drawing, (-5.4, -7.0), t("never"), RED)
    return svg(drawing)
