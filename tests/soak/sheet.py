"""The page of a soak: what was wrong, pictures, and a table."""

import html
from collections.abc import Iterator, Mapping, Sequence


def page(
    title: str, wrong: Sequence[str], pictures: Mapping[str, str], rows: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """Lines of HTML; ``pictures``: the words for each file name."""
    yield "<!doctype html><meta charset=utf-8><title>flameout: soak</title>"
    yield "<style>body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}img{width:100%}"
    yield "td{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}</style>"
    yield f"<h1>{html.escape(title)}</h1>"
    yield from (f"<p>✖ {html.escape(sentence)}</p>" for sentence in wrong)
    yield "<p>Nothing was wrong.</p>" if not wrong else ""
    yield from (f'<img src="{name}.svg" alt="{words}">' for name, words in pictures.items())
    yield "<table>"
    yield from (f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in rows)
    yield "</table>"
