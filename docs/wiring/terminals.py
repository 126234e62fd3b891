"""The terminal plan: header pins to drivers, terminals to the stove. Plain SVG, row by row."""

from html import escape
from itertools import pairwise

from wiring.words import text

HEADER = {17: 11, 27: 13, 22: 15, 23: 16, 24: 18, 25: 22, 16: 36, 26: 37, 5: 29, 12: 32, 13: 33, 2: 3, 3: 5}
RELAYS = (17, 27, 22, 23)
CONTACTS = (24, 25, 16, 26)
STOP, ALARM, BUZZER, SDA, SCL = 12, 5, 13, 2, 3
ROW, PI, DRIVER, BLOCK, STOVE = 30, 20, 330, 560, 790
COLOURS = ("#a0522d", "#c0392b", "#d68910", "#7d6608")  # brown, red, orange, yellow as on resistors, one a burner


def terminal_plan(burners: int, language: str) -> str:
    """The plan for so many burners, as SVG."""
    rows: list[str] = []
    y = 40
    terminal = 1
    for n in range(burners):
        y, terminal = _burner(rows, n, y, terminal, language)
    for pin, name in ((STOP, "stop"), (ALARM, "alarm"), (BUZZER, "buzzer")):
        _row(rows, y, (_pin(pin, language), "", f"X2:{terminal}", text(name, language)), "#555")
        y, terminal = y + ROW, terminal + 1
    for label, right in ((_pin(SDA, language), "SDA"), (_pin(SCL, language), "SCL"), ("3.3 V", "VDD"), ("GND", "GND")):
        _row(rows, y, (label, "", "", f"ADS1115 {right}"), "#555")
        y += ROW
    _row(rows, y, (text("supply", language), text("fuse", language), "", ""), "#555")
    frames = _frame(PI - 10, y, 250, text("pi", language)) + _frame(BLOCK - 10, y, 90, "X1 · X2")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1040" height="{y + 40}" viewBox="0 0 1040 {y + 40}" '
        f'font-family="sans-serif" font-size="14">{frames}{"".join(rows)}</svg>'
    )


def _burner(rows: list[str], n: int, y: int, terminal: int, language: str) -> tuple[int, int]:
    colour, number = COLOURS[n], n + 1
    relay = text("driven", language, n=number)
    loop = text("to_contact", language, n=number)
    sense = text("to_sense", language, n=number)
    _row(rows, y, (_pin(RELAYS[n], language), relay, f"X1:{terminal}", loop), colour, "2.5 mm²")
    _row(rows, y + ROW, ("", "", f"X1:{terminal + 1}", loop), colour, "2.5 mm²")
    mirror = text("mirror", language, n=number)
    _row(rows, y + 2 * ROW, (_pin(CONTACTS[n], language), mirror, "", ""), colour)
    _row(rows, y + 3 * ROW, (f"ADS1115 A{n}", "10 kΩ", f"X1:{terminal + 2}", sense), colour, "0.25 mm²")
    _row(rows, y + 4 * ROW, ("GND", "10 kΩ", f"X1:{terminal + 3}", sense), colour, "0.25 mm²")
    return y + 5 * ROW + 14, terminal + 4


def _pin(gpio: int, language: str) -> str:
    return f"GPIO {gpio} · {text('header', language, pin=HEADER[gpio])}"


def _row(rows: list[str], y: int, columns: tuple[str, str, str, str], colour: str, wire: str = "") -> None:
    """A row: what is at the Pi, the driver, the terminal block and the stove, and a wire between what is there."""
    there = [(x, words) for x, words in zip((PI, DRIVER, BLOCK, STOVE), columns, strict=True) if words]
    for (x, words), (following, _) in pairwise(there):
        start = x + _width(words) + 10
        end = following - 10
        if end > start:
            rows.append(f'<path d="M{start} {y}H{end}" stroke="{colour}" stroke-width="2.5"/>')
    for x, words in there:
        rows.append(f'<text x="{x}" y="{y + 5}">{escape(words)}</text>')
    if wire:
        rows.append(f'<text x="{BLOCK + 130}" y="{y - 6}" font-size="11" fill="#555">{wire}</text>')


def _width(words: str) -> int:
    """About how wide it is at 14 px, px: a Chinese character is a square."""
    return sum(15 if ord(letter) > 0x2E80 else 9 for letter in words)


def _frame(x: int, bottom: int, width: int, title: str) -> str:
    return (
        f'<rect x="{x}" y="14" width="{width}" height="{bottom + 6}" fill="none" stroke="#999" rx="6"/>'
        f'<text x="{x + 8}" y="10" font-size="12" fill="#555">{escape(title)}</text>'
    )
