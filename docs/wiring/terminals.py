"""The terminal plan: the Pi's header as it is, and every terminal with what is inside and outside of the box."""

from dataclasses import dataclass
from html import escape

from wiring.words import Words, in_language

HEADER = {17: 11, 27: 13, 22: 15, 23: 16, 24: 18, 25: 22, 16: 36, 26: 37, 20: 38, 5: 29, 12: 32, 13: 33, 2: 3, 3: 5}
RELAYS = (17, 27, 22, 23)  # what deploy/install proposes
CONTACTS = (16, 25, 26, 20)
SECOND = 24  # the second relay of burner 2, where it has one, as in flameout.toml.example
STOP, ALARM, BUZZER, SDA, SCL = 12, 5, 13, 2, 3
COLOURS = ("#8b4a1b", "#c0392b", "#d68910", "#b7950b")  # brown, red, orange, yellow: one a burner
ROW, STRIP, OUTER, EDGE = 26, 640, 840, 1330  # px: rows, and where inside, terminal and outside are
PINS = 250  # where the header's left column of pins is


@dataclass(frozen=True)
class Terminal:
    """One terminal: what leads to it in the box, what goes from it to the stove, and by which wire."""

    name: str
    inside: str
    outside: str
    wire: str
    colour: str


def terminals(burners: int, t: Words) -> list[Terminal]:
    """Every terminal, strip by strip: X1 the loops, X2 the sense leads, X3 buttons, alarm and buzzer."""
    loops, senses = [], []
    for n in range(burners):
        relay, colour, ring = f"K{n + 1}", t(f"colour.{n + 1}"), t("ring", colour=t(f"colour.{n + 1}"))
        first = 2 * n + 1
        for number, contacts, lug, sleeve in ((first, "13+23", "T", colour), (first + 1, "14+24", "M", ring)):
            outside = t("lug.of", n=n + 1, letter=lug)
            wire = f"2.5 mm² {sleeve}"
            loops.append(Terminal(f"X1:{number}", f"{relay} {contacts}", outside, wire, COLOURS[n]))
        for number, inside, end in ((first, f"ADS1115 A{n}", "plus.of"), (first + 1, "ADS1115 GND", "minus.of")):
            wire = f"0.25 mm² {colour if end == 'plus.of' else ring}"
            senses.append(Terminal(f"X2:{number}", inside, t(end, n=n + 1), wire, COLOURS[n]))
    return loops + senses + _controls(t)


def _controls(t: Words) -> list[Terminal]:
    rows = (
        (f"GPIO {STOP}, {t('filter')}", t("stop")),
        ("GND", t("stop")),
        (f"GPIO {ALARM}, {t('filter')}", t("alarms")),
        ("GND", t("alarms")),
        (f"+5 V, {t('after_fuse')}", f"{t('buzzer')} +"),
        (t("collector"), f"{t('buzzer')} −"),
    )
    return [
        Terminal(f"X3:{number}", inside, outside, f"0.5 mm² {t('grey')}", "#666")
        for number, (inside, outside) in enumerate(rows, 1)
    ]


def pins(burners: int, t: Words) -> dict[int, tuple[str, str]]:
    """What each pin of the header that is used goes to, and in which colour it is drawn; by the pin's number."""
    used = {
        1: ("3V3 → ADS1115 VDD", "#c77"),
        2: (f"5V → {t('fuse')}", "#c33"),
        6: (f"GND → {t('board')}", "#333"),
        9: ("GND → ADS1115 GND", "#333"),
        17: (f"3V3 → {t('pull_ups')}", "#c77"),
        34: ("GND → X3:2, X3:4", "#333"),
        HEADER[SDA]: (f"GPIO {SDA} → ADS1115 SDA", "#357"),
        HEADER[SCL]: (f"GPIO {SCL} → ADS1115 SCL", "#357"),
        HEADER[STOP]: (f"GPIO {STOP} → X3:1", "#666"),
        HEADER[ALARM]: (f"GPIO {ALARM} → X3:3", "#666"),
        HEADER[BUZZER]: (f"GPIO {BUZZER} → Q2", "#666"),
    }
    for n in range(burners):
        used[HEADER[RELAYS[n]]] = (f"GPIO {RELAYS[n]} → {t('drives', name=f'K{n + 1}')}", COLOURS[n])
        used[HEADER[CONTACTS[n]]] = (f"GPIO {CONTACTS[n]} ← {t('mirror', n=n + 1)}", COLOURS[n])
    if burners > 1:
        used[HEADER[SECOND]] = (f"GPIO {SECOND} → {t('drives', name='K2B')} {t('if_fitted')}", COLOURS[1])
    return used


def terminal_plan(burners: int, language: str) -> str:
    """The plan for so many burners, as SVG."""
    t = in_language(language)
    rows = terminals(burners, t)
    height = max(24 + 21 * ROW, 24 + (len(rows) + 4) * ROW) + 70
    parts = [*_header(pins(burners, t), t), *_strips(rows, t), *_notes(height - 60, t)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{EDGE}" height="{height}" viewBox="0 0 {EDGE} {height}" '
        f'font-family="sans-serif" font-size="13">{"".join(parts)}</svg>'
    )


def _header(used: dict[int, tuple[str, str]], t: Words) -> list[str]:
    """The 40 pins as one sees them with the board's USB sockets pointing down."""
    parts = [
        _text(PINS + 24, 20, t("pi"), anchor="middle", bold=True),
        f'<rect x="{PINS - 4}" y="32" width="56" height="{20 * ROW + 6}" rx="5" fill="#222"/>',
    ]
    for number in range(1, 41):
        x, y = PINS + 12 + 24 * (1 - number % 2), 48 + ROW * ((number - 1) // 2)
        words, colour = used.get(number, ("", "#777"))
        size = 10 if words else 6
        corner = 0 if number == 1 else size
        parts.append(
            f'<rect x="{x - size}" y="{y - size}" width="{2 * size}" height="{2 * size}" rx="{corner}" '
            f'fill="{colour}"/>'
        )
        if words:
            left = number % 2
            parts.append(_text(x, y + 4, str(number), anchor="middle", size=10, colour="#fff"))
            parts.append(_text(PINS - 12 if left else PINS + 60, y + 5, words, anchor="end" if left else "start"))
    return parts


def _strips(rows: list[Terminal], t: Words) -> list[str]:
    parts, y, strip = [], 24, ""
    for terminal in rows:
        if terminal.name[:2] != strip:
            strip = terminal.name[:2]
            parts.append(_text(STRIP, y + 4, t(f"strip.{strip}"), bold=True))
            y += ROW
        thick = 4 if strip == "X1" else 2
        parts += [
            _text(STRIP + 140, y + 5, terminal.inside, anchor="end"),
            f'<path d="M{STRIP + 146} {y}H{OUTER}" stroke="#333" stroke-width="{thick}"/>',
            f'<rect x="{OUTER}" y="{y - 11}" width="58" height="22" fill="#eee" stroke="#333"/>',
            _text(OUTER + 29, y + 5, terminal.name, anchor="middle"),
            f'<path d="M{OUTER + 58} {y}h44" stroke="{terminal.colour}" stroke-width="{thick}"/>',
            _text(OUTER + 110, y + 5, terminal.outside),
            _text(EDGE - 10, y + 5, terminal.wire, anchor="end", size=11, colour="#555"),
        ]
        y += ROW
    return parts


def _notes(y: int, t: Words) -> list[str]:
    return [
        _text(20, y + 20, t("plan.never"), colour="#b00020"),
        _text(20, y + 42, t("plan.board"), colour="#555"),
    ]


def _text(
    x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, colour: str = "#222", bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    how = f'text-anchor="{anchor}" font-size="{size}" fill="{colour}"{weight}'
    return f'<text x="{x}" y="{y}" {how}>{escape(words)}</text>'
