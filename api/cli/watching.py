"""``flameout watch``: the stove as it changes. The stream gives the states, the terminal counts down in between.

A stream that is silent for twice its ping interval is lost, and the picture says since when; what it shows then
is the last that was known.
"""

import threading
import time
from collections import deque
from datetime import datetime
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from api.cli import show
from api.cli.client import Client, Failed

EVENTS_SHOWN = 8
RETRY = (0.5, 5.0)  # s, the first and the longest


class Known:
    """What the stream has told so far; filled by one thread, drawn by another."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.stove: Any = None
        self.burners: dict[str, tuple[float, Any]] = {}  # when it came (monotonic s), and the state
        self.events: deque[Any] = deque(maxlen=EVENTS_SHOWN)
        self.lost: str | None = "connecting"
        self.last_id: str | None = None
        self.heard_at = datetime.now().astimezone()
        self.refused: Failed | None = None

    def follow(self) -> None:
        """Read the stream for ever, again whenever it is lost; ends when the daemon refuses to be watched."""
        wait = RETRY[0]
        while True:
            try:
                self.stove = self._client.get("/stove")
                for event, identifier, data in self._client.events(self.last_id):
                    self.take(event, identifier, data)
                    wait = RETRY[0]
                self.lost = "the stream ended"
            except Failed as error:
                self.lost = str(error)
                if self.stove is None:
                    self.refused = error
                    return
            time.sleep(wait)
            wait = min(wait * 2, RETRY[1])

    def take(self, event: str, identifier: str | None, data: Any) -> None:
        """One item of the stream."""
        self.lost, self.heard_at = None, datetime.now().astimezone()
        if event == "state":
            self.burners[data["id"]] = (time.monotonic(), data)
        elif event == "event":
            self.last_id = identifier
            self.events.append(data)

    def picture(self) -> RenderableType:
        """The stove by now."""
        if self.stove is None:
            return Text("Connecting …", "dim")
        parts: list[RenderableType] = [show.heading(self.stove)]
        if self.lost is not None:
            since = self.heard_at.strftime("%H:%M:%S")
            parts.append(Text(f"No contact since {since}; what follows is old. ({self.lost})", "bold white on red"))
        parts += [Text(f"! {problem}", "bold red") for problem in self._problems()]
        table = show.burners([_aged(came, state) for came, state in self.burners.values()])
        if self.lost is not None:
            table.style = "dim"
        return Group(*parts, table, Text(), *map(show.event, self.events))

    def _problems(self) -> list[str]:
        return [state["problem"] for _, state in self.burners.values() if state["problem"]]


def as_picture(client: Client, console: Console) -> None:
    """Draw the stove until Ctrl-C; without a terminal, a line for each event. Raises :class:`Failed`."""
    known = Known(client)
    if not console.is_terminal:
        for event, _, data in client.events(None):
            if event == "event":
                console.print(show.event(data))
        return
    threading.Thread(target=known.follow, daemon=True).start()
    with Live(known.picture(), console=console, auto_refresh=False, vertical_overflow="visible") as live:
        while known.refused is None:
            live.update(known.picture(), refresh=True)
            time.sleep(0.25)
    raise known.refused


def as_lines(client: Client) -> None:
    """Print every state and event as a JSON object of its own line."""
    import json  # noqa: PLC0415

    for event, _, data in client.events(None):
        if event != "ping":
            click.echo(json.dumps({"type": event, **data}, ensure_ascii=False))


def _aged(came: float, state: Any) -> Any:
    """The state with its countdowns moved on to now."""
    passed = time.monotonic() - came
    moved = dict(state)
    for name in ("timer", "limit"):
        if state[name] is not None:
            moved[name] = state[name] | {"remaining_s": max(0.0, state[name]["remaining_s"] - passed)}
    return moved
