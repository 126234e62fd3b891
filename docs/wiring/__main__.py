"""``make drawings``: writes every drawing in every language beside this file.

PYTHONPATH=docs python -m wiring
"""

import re
from html import escape
from pathlib import Path

from wiring.sheets import SHEETS
from wiring.words import LANGUAGES, in_language

FOLDER = Path(__file__).parent
BAND = 64  # for the title and the sentence below it
_SIZE = re.compile(r'<svg[^>]*?viewBox="([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+)"[^>]*>')


def sheet(name: str, language: str) -> str:
    """A drawing with its frame, title and description, as SVG."""
    title_key, draw = SHEETS[name]
    t = in_language(language)
    body = draw(language)
    head = _SIZE.search(body)
    assert head is not None, "a drawing has a viewBox"
    x, y, width, height = (float(group) for group in head.groups())
    inner = body[head.end() : body.rindex("</svg>")]
    title = t(f"{title_key}.title", n=name.rpartition("-")[2])
    words = t(f"{title_key}.desc")
    lines = _wrapped(words, max(40, int(width / (14 if language == "zh" else 7))))
    band = BAND + 18 * (len(lines) - 1)
    wide = max(width + 150, 620)  # schemdraw does not count the length of what is written
    said = "".join(
        f'<text x="{x + 12}" y="{y - band + 46 + 18 * n}" font-size="13" fill="#444">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y - band} {wide} {height + band}" role="img" '
        f'font-family="sans-serif" lang="{language}"><title>{escape(title)}</title><desc>{escape(words)}</desc>'
        f'<rect x="{x}" y="{y - band}" width="{wide}" height="{height + band}" fill="#fff"/>'
        f'<text x="{x + 12}" y="{y - band + 24}" font-size="17" font-weight="bold">{escape(title)}</text>'
        f"{said}{inner}</svg>\n"
    )


def _wrapped(words: str, room: int) -> list[str]:
    """Lines of at most so many characters; Chinese is broken anywhere."""
    if " " not in words.strip():
        return [words[start : start + room] for start in range(0, len(words), room)]
    lines = [""]
    for word in words.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > room:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def main() -> None:
    """Write them all."""
    for name in SHEETS:
        for language in LANGUAGES:
            (FOLDER / f"{name}.{language}.svg").write_text(sheet(name, language))


if __name__ == "__main__":
    main()
