"""``flameout watch``: the stove as it changes. The stream gives the states, the terminal counts down in between.

A stream that is silent for twice its ping interval is lost, and the picture says since when; what it shows then
is the last that was known, in grey, and does not count on.
"""

import contextlib
import json
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NoReturn

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from api.cli import show, words
from api.cli.address import Failed
from api.cli.client import SILENCE, Client, Said, query

EVENTS_SHOWN = 8
FIRST_RETRY, LONGEST_RETRY = 0.5, 5.0  # s
_DRAW_EVERY = 0.5  # s


def follow(client: Client) -> Iterator[Said]:
    """What the stream says, for ever; ("lost", None, why) whenever it has to be opened anew.

    Raises :class:`Failed` when it cannot be opened the first time.
    """
    after: str | None = None
    connected, wait = False, FIRST_RETRY
    while True:
        try:
            for said in client.events(after):
                connected, wait, after = True, FIRST_RETRY, said[1] or after
                yield said
            why = f"{client.url} has ended the stream"
        except Failed as failed:
            if not connected:
                raise
            why = str(failed)
        yield "lost", None, why
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_RETRY)


class Scene:
    """What is known of the stove, and since when; ``now`` is s on the monotonic clock."""

    def __init__(self, stove: Any, recent: list[Any], now: float) -> None:
        self._stove = stove
        self._burners: dict[str, tuple[float, Any]] = {view["id"]: (now, view) for view in stove["burners"]}
        self._events: deque[Any] = deque(recent, maxlen=EVENTS_SHOWN)  # the newest first
        self._heard_at, self._heard_on_wall = now, datetime.now().astimezone()
        self._lost = False

    def take(self, said: Said, now: float) -> None:
        """One item of the stream, or the stove as asked for in between."""
        kind, _, content = said
        if kind == "lost":
            self._lost = True
            return
        self._heard_at, self._heard_on_wall, self._lost = now, datetime.now().astimezone(), False
        if kind == "state":
            self._burners[content["id"]] = now, content
        elif kind == "event":
            self._events.appendleft(content)
        elif kind == "stove":
            self._stove = content

    def stale(self, now: float) -> bool:
        """Whether what is shown may be wrong by now."""
        return self._lost or now - self._heard_at > SILENCE

    def picture(self, now: float) -> RenderableType:
        """The stove at ``now``."""
        stale = self.stale(now)
        counted_to = self._heard_at if stale else now
        views = [_aged(view, counted_to - came) for came, view in self._burners.values()]
        problems = [*self._stove["problems"], *(view["problem"] for view in views if view["problem"])]
        name = Text(self._stove["name"], "bold")
        parts: list[RenderableType] = [self._banner(), name] if stale else [show.heading(self._stove)]
        parts += [*show.problems(list(dict.fromkeys(problems))), ""]
        parts += [show.Burners(views, style="bright_black" if stale else ""), ""]
        return Group(*parts, show.events(list(self._events), self._names()), Text("\nCtrl-C ends", "dim"))

    def line(self, said: Said) -> str | None:
        """An item as a line, for output that is no terminal."""
        kind, _, content = said
        if kind == "lost":
            return f"{self._heard_on_wall:%H:%M:%S}  No contact since then: {content}"
        if kind != "event":
            return None
        name = self._names().get(content["burner"], content["burner"]) or "stove"
        return f"{words.at(content['at'], seconds=True)}  {name}: {words.event(content)}, by {content['by']}"

    def _names(self) -> dict[str, str]:
        return {name: view["name"] for name, (_, view) in self._burners.items()}

    def _banner(self) -> RenderableType:
        since = f"{self._heard_on_wall:%H:%M:%S}"
        text = f" No contact since {since}. What follows is how it was then; look at the stove. Trying again … "
        return Group(Text(text, "bold white on red"), "")


def _aged(view: Any, passed: float) -> Any:
    """A burner's state with its countdowns moved on."""
    moved = dict(view)
    for name in ("timer", "limit", "ending"):
        if view[name] is not None:
            moved[name] = view[name] | {"remaining_s": max(0.0, view[name]["remaining_s"] - passed)}
    return moved


def as_json(client: Client) -> None:
    """Print every state and event as a JSON object of its own line."""
    for kind, _, content in follow(client):
        if kind == "lost":
            print(f"flameout: no contact: {content}; trying again", file=sys.stderr)
        elif kind != "ping":
            click.echo(json.dumps({"type": kind, **content}, ensure_ascii=False))


def for_people(client: Client) -> None:
    """Draw the stove until Ctrl-C; without a terminal, a line for each event. Raises :class:`Failed`."""
    console = show.console()
    stove = client.get("/stove")
    if console.is_terminal and not console.is_dumb_terminal:
        recent = client.get("/history" + query(limit=EVENTS_SHOWN))["entries"]
        _draw(client, console, Scene(stove, recent, time.monotonic()))
    console.print(show.stove(stove), "")
    scene = Scene(stove, [], time.monotonic())
    for said in follow(client):
        scene.take(said, time.monotonic())
        if line := scene.line(said):
            click.echo(line)


def _draw(client: Client, console: Console, scene: Scene) -> NoReturn:
    heard: queue.SimpleQueue[Said] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(client, heard), daemon=True).start()
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            live.update(scene.picture(time.monotonic()), refresh=True)
            with contextlib.suppress(queue.Empty):
                said = heard.get(timeout=_DRAW_EVERY)
                while True:
                    if isinstance(said[2], Failed):
                        raise said[2]
                    scene.take(said, time.monotonic())
                    said = heard.get_nowait()


def _listen(client: Client, heard: "queue.SimpleQueue[Said]") -> None:
    """Hand on what the stream says; the stove as a whole is not on it, so it is asked for in between."""
    before = ""
    try:
        for said in follow(client):
            heard.put(said)
            back, before = before == "lost", said[0]
            if back or said[0] in ("ping", "event"):
                with contextlib.suppress(Failed):  # the stream will say it better
                    heard.put(("stove", None, client.get("/stove")))
    except Failed as failed:
        heard.put(("refused", None, failed))
