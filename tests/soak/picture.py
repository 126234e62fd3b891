"""Pictures of a soak: lines over time and bars over weeks, as SVG."""

import html
from collections.abc import Iterable, Mapping, Sequence

WIDTH, HEIGHT, LEFT_EDGE, FOOT, HEAD = 880, 220, 64, 28, 40
COLOURS = ("#2364aa", "#d64545", "#3a8f3a", "#b07000", "#7a4ea3", "#5a6872", "#0f8b8d", "#b0306a", "#222222")
STYLE = "text{font:12px system-ui,sans-serif;fill:#222}.grid{stroke:#ddd}polyline{fill:none;stroke-width:1.5}"
MOST_POINTS = 600  # of a line; more cannot be told apart
Series = Sequence[tuple[float, float]]


def lines(title: str, unit: str, along: str, series: Mapping[str, Series]) -> str:
    """Several lines over the same axis, from zero on."""
    points = [point for one in series.values() for point in one]
    first, last = min(at for at, _ in points), max(at for at, _ in points)
    top = _nice(max(value for _, value in points))

    def place(at: float, value: float) -> str:
        x = LEFT_EDGE + (at - first) / max(last - first, 1e-9) * (WIDTH - LEFT_EDGE - 12)
        return f"{x:.1f},{_y(value, top):.1f}"

    drawn = [
        f'<polyline stroke="{colour}" points="{" ".join(place(*point) for point in _thin(one))}"/>'
        for colour, one in zip(COLOURS, series.values(), strict=False)
    ]
    marks = [(first + (last - first) * part / 4) for part in range(5)]
    feet = [(float(place(at, 0).split(",")[0]), f"{at:.3g}") for at in marks]
    return _frame(title, unit, along, top, feet, drawn, list(series))


def bars(title: str, unit: str, along: str, columns: Sequence[Mapping[str, float]]) -> str:
    """Stacked bars, one for each column; the names of all of them get a colour each."""
    names = sorted({name for column in columns for name in column})
    top = _nice(max((sum(column.values()) for column in columns), default=0))
    step = (WIDTH - LEFT_EDGE - 12) / max(1, len(columns))
    drawn, feet = [], []
    for index, column in enumerate(columns):
        x, below = LEFT_EDGE + index * step, 0.0
        for name in names:
            value = column.get(name, 0)
            if value:
                drawn.append(_bar(x, step, below, below + value, top, COLOURS[names.index(name) % len(COLOURS)]))
            below += value
        if index % max(1, len(columns) // 8) == 0:
            feet.append((x + step / 2, str(index + 1)))
    return _frame(title, unit, along, top, feet, drawn, names)


def _bar(x: float, step: float, low: float, high: float, top: float, colour: str) -> str:
    y, height = _y(high, top), _y(low, top) - _y(high, top)
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.5, step - 1):.1f}" height="{height:.1f}" fill="{colour}"/>'


def _y(value: float, top: float) -> float:
    return HEAD + (1 - value / top) * (HEIGHT - HEAD - FOOT)


def _nice(most: float) -> float:
    """The end of an axis: a little more than the most, with few digits."""
    if most <= 0:
        return 1.0
    step = 1.0
    while step * 10 <= most:
        step *= 10
    while step > most:
        step /= 10
    return next(step * many for many in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * many >= most)


def _thin(series: Series) -> Series:
    return series[:: max(1, len(series) // MOST_POINTS)]


def _frame(
    title: str,
    unit: str,
    along: str,
    top: float,
    feet: Iterable[tuple[float, str]],
    drawn: Iterable[str],
    names: Sequence[str],
) -> str:
    grid = [
        f'<line class="grid" x1="{LEFT_EDGE}" x2="{WIDTH - 12}" y1="{_y(value, top):.1f}" y2="{_y(value, top):.1f}"/>'
        f'<text x="{LEFT_EDGE - 6}" y="{_y(value, top) + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in (0, top / 2, top)
    ]
    axis = [f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{text}</text>' for x, text in feet]
    legend, x = [], LEFT_EDGE
    for colour, name in zip(COLOURS, names, strict=False):
        legend.append(f'<rect x="{x}" y="24" width="10" height="10" fill="{colour}"/>')
        legend.append(f'<text x="{x + 14}" y="33">{html.escape(name)}</text>')
        x += 26 + 7 * len(name)
    heading = html.escape(f"{title} ({unit}; along: {along})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{heading}</title>'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/><text x="8" y="16">{heading}</text>'
        f"{''.join(grid)}{''.join(drawn)}{''.join(axis)}{''.join(legend)}</svg>\n"
    )
