"""Burners, events and the stove as a terminal shows them: words beside every symbol and colour."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hardware.durations import in_words

Json = Mapping[str, Any]

_STATUS = {
    "ready": ("○ ready", "green"),
    "lit": ("● lit", "bold yellow"),
    "timing": ("◔ timing", "bold cyan"),
    "ending": ("◕ ending", "bold magenta"),
    "shut_off": ("■ shut off", "blue"),
    "locked": ("▣ locked", "blue"),
    "lockout": ("✖ lockout", "bold red"),
}
_FLAME = {"lit": ("● lit", "yellow"), "out": ("○ out", ""), "unknown": ("? unknown", "dim")}
_CAUSES = {
    "timer": "timer",
    "limit": "limit on unattended burns",
    "user": "shut off",
    "shut_off_all": "all shut off",
    "interlock": "interlock",
    "lock": "locked",
    "restart": "the program had died",
    "supervision": "supervision",
    "fault": "fault",
}


def console() -> Console:
    """The terminal, without guesses at what is a number or a path."""
    return Console(highlight=False, markup=False)


def stove(view: Json) -> RenderableType:
    """The whole stove: its name, its problems, and a row for each burner."""
    parts: list[RenderableType] = [heading(view), *(Text(f"! {problem}", "bold red") for problem in view["problems"])]
    return Group(*parts, burners(view["burners"]))


def heading(view: Json) -> Text:
    """The stove's name and what kind of hob it is."""
    text = Text(view["name"], "bold")
    notes = [*(["simulated hob"] if view["simulated"] else []), *(["child lock on"] if view["child_lock"] else [])]
    return text.append(f"  ({', '.join(notes)})" if notes else "", "dim")


def burners(views: Sequence[Json]) -> Table:
    """A row for each burner: commanded, measured and inferred in columns of their own."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("burner", "status", "relay", "contact", "flame", "time left", "", "last shut-off"):
        table.add_column(column, no_wrap=column != "last shut-off")
    for view in views:
        word, style = _STATUS[view["status"]]
        flame, flame_style = _FLAME[view["flame"]]
        remaining, bar = countdown(view)
        table.add_row(
            Text(view["name"], "bold"),
            Text(word, style),
            "energised" if view["permitted"] else "open",
            view["contact"] if view["contact"] != "unknown" else Text("not wired", "dim"),
            Text(flame, flame_style),
            remaining,
            bar,
            last_shut_off(view),
        )
    return table


def countdown(view: Json) -> tuple[Text, RenderableType]:
    """What is left of the timer, or of the limit, and a bar of it."""
    timer, limit = view["timer"], view["limit"]
    if timer is not None:
        share = timer["remaining_s"] / timer["duration_s"] if timer["duration_s"] else 0
        text = Text(clock(timer["remaining_s"]), "bold").append(f"  until {hour(timer['ends_at'])}", "dim")
        return text, ProgressBar(total=1, completed=share, width=12)
    if limit is not None:
        text = Text(clock(limit["remaining_s"]), "dim").append(f"  limit, until {hour(limit['ends_at'])}", "dim")
        return text, Text("")
    held = [hold for hold in view["holds"] if hold["until"] is not None]
    return Text(f"open until {hour(held[0]['until'], seconds=True)}" if held else "–", "dim"), Text("")


def last_shut_off(view: Json) -> Text:
    """ "18:42 timer, by rest:Anna" """
    last = view["last_shut_off"]
    if last is None:
        return Text("–", "dim")
    return Text(f"{hour(last['at'])} {_CAUSES.get(last['cause'], last['cause'])}, by {last['by']}")


def sentence(view: Json) -> str:
    """A burner in one plain line, for the answer to a command."""
    name, timer = view["name"], view["timer"]
    if timer is not None:
        left = in_words(round(timer["remaining_s"] * 1000))
        return f"{name}: shuts off at {hour(timer['ends_at'], seconds=True)}, in {left}."
    if view["holds"]:
        reasons = ", ".join(f"{hold['kind'].replace('_', ' ')} ({hold['cause']})" for hold in view["holds"])
        return f"{name}: relay {'energised' if view['permitted'] else 'open'}, held by {reasons}."
    return f"{name}: relay {'energised' if view['permitted'] else 'open'}, no timer."


def event(entry: Json) -> Text:
    """An event in one line: time, burner, what, by whom, and its own fields."""
    known = ("seq", "event_type", "at", "burner", "by", "details")
    own = {**entry.get("details", {}), **{name: value for name, value in entry.items() if name not in known}}
    text = Text(hour(entry["at"], seconds=True) + "  ", "dim")
    text.append(f"{entry['burner'] or 'stove':<8} ")
    text.append(f"{entry['event_type'].replace('_', ' '):<16} ", "bold")
    text.append(f"by {entry['by']}", "dim")
    return text.append("  " + details(own), "dim") if own else text


def details(own: Json) -> str:
    """An event's own fields in words."""
    return ", ".join(f"{name.removesuffix('_s').replace('_', ' ')} {_value(name, own[name])}" for name in own)


def _value(name: str, value: Any) -> str:
    if name.endswith("_s") and isinstance(value, int | float):
        return in_words(round(value * 1000))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def clock(seconds: float) -> str:
    """``1:02:03`` or ``04:05``."""
    whole = int(seconds + 0.999)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def hour(instant: str, seconds: bool = False) -> str:
    """The local time of an RFC 3339 instant, with its day where that is not today."""
    local = datetime.fromisoformat(instant).astimezone()
    text = local.strftime("%H:%M:%S" if seconds else "%H:%M")
    return text if local.date() == datetime.now().astimezone().date() else local.strftime("%Y-%m-%d ") + text
