"""Burners and events as a terminal shows them: a word beside every symbol and colour."""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from api.cli import words
from api.cli.words import Json

_NARROW = 76  # columns; below, every burner is a few lines instead of a row
_STATUS = {
    "ready": ("○ ready", "green"),
    "lit": ("● lit", "bold yellow"),
    "timing": ("◔ timing", "bold cyan"),
    "ending": ("◕ ending", "bold magenta"),
    "shut_off": ("■ shut off", "bold"),
    "locked": ("▣ locked", "blue"),
    "lockout": ("✖ lockout", "bold red"),
}
_FLAME = {"lit": ("● lit", "bold yellow"), "out": ("○ out", ""), "unknown": ("? unknown", "dim")}


def console() -> Console:
    """The terminal, without guesses at what is a number or a path."""
    return Console(highlight=False, markup=False)


def stove(view: Json) -> RenderableType:
    """The whole stove: its name, its problems, and every burner."""
    return Group(heading(view), *problems(view["problems"]), "", Burners(view["burners"]))


def heading(view: Json) -> Text:
    """The stove's name, whether all is well, and what comes next."""
    notes = [*(["simulated"] if view["simulated"] else []), *(["child lock on"] if view["child_lock"] else [])]
    if view["next_shut_off"]:
        notes.append(f"next shut-off {words.end(view['next_shut_off'])}")
    well = "all well" if view["status"] == "ok" else "problem"
    text = Text(view["name"], "bold").append("  ·  ", "dim").append(well, "green" if well == "all well" else "bold red")
    return text.append("".join(f"  ·  {note}" for note in notes), "dim")


def problems(sentences: Sequence[str]) -> Iterator[Text]:
    """A red line for each."""
    return (Text(f"✖ {problem}", "bold red") for problem in sentences)


class Burners:
    """Every burner, as wide as there is room; ``style`` lies over all of it."""

    def __init__(self, views: Sequence[Json], style: str = "") -> None:
        self._views = views
        self._style = style

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        if options.max_width < _NARROW:
            yield from map(self._card, self._views)
        else:
            yield self._table(min(24, options.max_width - 68))
            yield self._notes()

    def _table(self, bar_width: int) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", style=self._style)
        for column in ("Burner", "Status", "Relay", "Contact", "Flame", "Time left", "Ends"):
            table.add_column(column, no_wrap=True, style=self._style)
        for view in self._views:
            table.add_row(
                Text(view["name"], self._style or "bold"),
                self._status(view),
                relay(view),
                contact(view),
                self._flame(view),
                self._time_left(view, bar_width),
                _ends(view),
            )
        return table

    def _notes(self) -> RenderableType:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, style=self._style or "dim")
        table.add_column(no_wrap=True)
        table.add_column()
        for view in self._views:
            if found := words.notes(view):
                table.add_row(view["name"], "\n".join(found))
        return Group("", table) if table.row_count else ""

    def _card(self, view: Json) -> RenderableType:
        title = Text(view["name"] + "  ", self._style or "bold").append_text(self._status(view))
        measured = f"relay {relay(view)} · contact {contact(view)} · flame {self._flame(view).plain}"
        time_left = self._time_left(view, 16).append(f"  {_ends(view)}")
        lines = [time_left] if view["timer"] or view["limit"] else []
        told = [Text(line, self._style or "dim") for line in words.notes(view)]
        return Group(title, Padding(Group(*lines, Text(measured, self._style), *told), (0, 0, 1, 2)))

    def _status(self, view: Json) -> Text:
        word, style = _STATUS.get(view["status"], (view["status"], ""))
        return Text(word, self._style or style)

    def _flame(self, view: Json) -> Text:
        word, style = _FLAME.get(view["flame"], (view["flame"], ""))
        return Text(word, self._style or style)

    def _time_left(self, view: Json, width: int) -> Text:
        timer, limit, sooner = view["timer"], view["limit"], words.ends_sooner(view)
        if sooner is not None:
            return Text(f"{clock(sooner['remaining_s']):>7}", self._style or "bold")
        if timer is not None:
            _, style = _STATUS.get(view["status"], ("", ""))
            share = timer["remaining_s"] / timer["duration_s"] if timer["duration_s"] else 0
            filled = min(width, round(share * width))
            text = Text(f"{clock(timer['remaining_s']):>7} ", self._style or "bold")
            return text.append("━" * filled, self._style or style).append("─" * (width - filled), "dim")
        if limit is not None:
            return Text(f"{clock(limit['remaining_s']):>7} ", self._style).append("if left alone", "dim")
        return Text("      –", "dim")


def relay(view: Json) -> str:
    """What is commanded and confirmed by the keeper."""
    return "energised" if view["permitted"] else "open"


def contact(view: Json) -> str:
    """What the auxiliary contact says; it need not be there."""
    return view["contact"] if view["contact"] != "unknown" else "–"


def _ends(view: Json) -> str:
    running = words.ends_sooner(view) or view["timer"] or view["limit"]
    return words.end(running["ends_at"], seconds=running["remaining_s"] < 120) if running else ""


def events(entries: Sequence[Json], names: Json) -> Table:
    """What happened, a line each: when, where, what, by whom."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("When", "Burner", "What", "By"):
        table.add_column(column, no_wrap=column != "What", overflow="fold")
    for entry in entries:
        burner = entry["burner"]
        table.add_row(
            Text(words.at(entry["at"], seconds=True), "dim"),
            Text(str(names.get(burner, burner)) if burner else "stove", "" if burner else "dim"),
            Text(words.event(entry), _loudness(entry["event_type"])),
            Text(words.printable(entry["by"]), "dim"),
        )
    return table


def _loudness(kind: str) -> str:
    if kind in ("lockout", "keeper_lost", "opened_unknown"):
        return "bold red"
    return {"shut_off": "bold", "refused": "yellow", "timer_ending": "magenta"}.get(kind, "")


def clock(seconds: float) -> str:
    """``1:02:03`` or ``4:05``, rounded up so that zero means over."""
    whole = int(seconds + 0.999)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
