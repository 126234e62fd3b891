"""``flameout watch``: counts down between states, and never shows old news as new."""

import contextlib
import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from api.cli.address import Address, Failed
from api.cli.client import Client, Said
from api.cli.watching import Scene, follow, for_people
from tests.api.cli.daemon import FakeDaemon, Shell, burner, stove, timing

NOW = 1000.0
STARTED = {
    "seq": 7,
    "event_type": "timer_started",
    "at": "2026-11-22T18:17:00+00:00",
    "burner": "left",
    "by": "rest",
    "duration_s": 1500.0,
    "replaced": False,
}


def scene(*burners: Any, recent: Any = ()) -> Scene:
    return Scene(stove(*burners), list(recent), NOW)


def text(shown: Scene, now: float) -> str:
    console = Console(file=StringIO(), width=100, highlight=False, markup=False)
    console.print(shown.picture(now))
    return cast(StringIO, console.file).getvalue()


# --- the picture --------------------------------------------------------------------------------------------


def test_a_countdown_goes_on_between_two_states() -> None:
    watched = scene(burner(timer=timing(100)))
    assert " 1:40 " in text(watched, NOW)
    assert " 1:35 " in text(watched, NOW + 5)


def test_the_countdown_to_what_comes_before_the_timer_goes_on_too() -> None:
    ending = {"kind": "sweep", "remaining_s": 60.0, "ends_at": "2026-11-22T18:18:00+00:00"}
    shown = scene(burner(timer=timing(1500), ending=ending))
    assert "1:00" in text(shown, NOW)
    assert "0:51" in text(shown, NOW + 9)


def test_a_countdown_stops_at_zero() -> None:
    watched = scene(burner(timer=timing(3)))
    watched.take(("ping", None, None), NOW + 60)
    assert " 0:00 " in text(watched, NOW + 60)


def test_a_state_replaces_the_one_before() -> None:
    watched = scene(burner("left"), burner("right"))
    watched.take(("state", None, burner("left", permitted=False, status="shut_off")), NOW)
    left, right = (line for line in text(watched, NOW).splitlines() if line.startswith(("Left", "Right")))
    assert "open" in left
    assert "energised" in right


def test_the_newest_events_come_first_and_the_oldest_make_room() -> None:
    watched = scene(burner())
    for seq in range(12):
        watched.take(("event", str(seq), STARTED | {"seq": seq, "by": f"user{seq}"}), NOW)
    seen = [line.split()[-1] for line in text(watched, NOW).splitlines() if "timer of 25 min set" in line]
    assert seen == [f"user{seq}" for seq in range(11, 3, -1)]


def test_events_name_the_burner_as_people_do() -> None:
    watched = scene(burner("left") | {"name": "Big wok"}, recent=[STARTED])
    assert "Big wok  timer of 25 min set" in text(watched, NOW)


def test_problems_of_stove_and_burners_are_shown_once() -> None:
    problem = "Left: the contact disagrees."
    watched = Scene(stove(burner(problem=problem), problems=[problem, "The journal fails."]), [], NOW)
    shown = text(watched, NOW)
    assert shown.count("Left: the contact disagrees.") == 1
    assert "The journal fails." in shown


# --- stale --------------------------------------------------------------------------------------------------


def test_silence_of_two_ping_intervals_is_a_banner_in_words() -> None:
    watched = scene(burner())
    assert "No contact" not in text(watched, NOW + 9.9)
    assert "No contact since " in text(watched, NOW + 10.1)


def test_a_ping_is_a_sign_of_life() -> None:
    watched = scene(burner())
    watched.take(("ping", None, None), NOW + 5)
    assert not watched.stale(NOW + 14.9)
    assert watched.stale(NOW + 15.1)


def test_a_lost_stream_is_stale_at_once() -> None:
    watched = scene(burner())
    watched.take(("lost", None, "it ended"), NOW + 1)
    assert watched.stale(NOW + 1)


def test_what_is_stale_does_not_count_on_and_does_not_say_that_all_is_well() -> None:
    watched = scene(burner(timer=timing(100)))
    watched.take(("ping", None, None), NOW + 5)
    watched.take(("lost", None, "it ended"), NOW + 6)
    shown = text(watched, NOW + 60)
    assert " 1:35 " in shown
    assert "all well" not in shown


def test_what_comes_after_a_loss_is_fresh_again() -> None:
    watched = scene(burner())
    watched.take(("lost", None, "it ended"), NOW + 1)
    watched.take(("state", None, burner()), NOW + 2)
    assert not watched.stale(NOW + 2)


# --- the stream ---------------------------------------------------------------------------------------------


class UsedUp(Exception):
    """There is no further stream."""


class Streams(Client):
    """A client whose streams are given: items, and how each of them ends."""

    def __init__(self, *streams: list[Said] | Failed) -> None:
        super().__init__(Address("http://hob", Path("/nowhere")))
        self._streams = iter(streams)
        self.after: list[str | None] = []

    def events(self, after: str | None) -> Iterator[Said]:
        self.after.append(after)
        stream = next(self._streams, UsedUp())
        if isinstance(stream, Exception):
            raise stream
        yield from stream


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it wanted to wait, each time; nobody does."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def kinds(client: Streams) -> list[str]:
    """What is heard until the given streams are used up."""
    heard = []
    with contextlib.suppress(UsedUp):
        for said in follow(client):
            heard.append(said[0])
    return heard


STATE: Said = ("state", None, burner())


def test_a_stream_that_ends_is_opened_again_from_the_last_event_on(waits: list[float]) -> None:
    client = Streams([STATE, ("event", "7", STARTED)], [STATE], [STATE])
    assert kinds(client) == ["state", "event", "lost", "state", "lost", "state", "lost"]
    assert client.after == [None, "7", "7", "7"]


def test_it_waits_longer_and_longer_up_to_five_seconds_and_begins_anew_after_a_success(waits: list[float]) -> None:
    away = Failed("away")
    kinds(Streams([STATE], away, away, away, away, away, [STATE]))
    assert waits == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 0.5]


def test_a_daemon_that_is_not_there_at_the_start_is_an_error_and_not_waited_for() -> None:
    with pytest.raises(Failed, match="away"):
        next(follow(Streams(Failed("away"))))


# --- a terminal ---------------------------------------------------------------------------------------------


class Watched(Streams):
    """A stove that can be asked for, too."""

    def __init__(self, *streams: list[Said] | Failed) -> None:
        super().__init__(*streams)
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        self.asked.append(path)
        return {"entries": []} if path.startswith("/history") else stove()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What is drawn on it."""
    drawn = StringIO()
    settings: dict[str, Any] = {"force_terminal": True, "width": 100, "_environ": {"TERM": "xterm"}}
    monkeypatch.setattr("api.cli.show.console", lambda: Console(file=drawn, highlight=False, markup=False, **settings))
    return drawn


def enough(_seconds: float) -> None:
    raise Failed("That is enough.")


def test_in_a_terminal_the_stove_is_drawn_and_asked_for_again_with_each_sign_of_life(
    terminal: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", enough)
    watched = Watched([STATE, ("ping", None, None), ("event", "7", STARTED)])
    with pytest.raises(Failed, match="enough"):
        for_people(watched)
    assert "Kitchen hob" in terminal.getvalue()
    assert "Ctrl-C ends" in terminal.getvalue()
    assert watched.asked[0] == "/stove"
    assert watched.asked[1].startswith("/history")
    assert watched.asked[2:] == ["/stove", "/stove"], "once for the ping and once for the event"


def test_in_a_terminal_a_daemon_that_turns_us_away_is_an_error(terminal: StringIO) -> None:
    with pytest.raises(Failed, match="not with this token"):
        for_people(Watched(Failed("not with this token")))


# --- output that is no terminal -----------------------------------------------------------------------------


def interrupted(_seconds: float) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch, daemon: FakeDaemon) -> FakeDaemon:
    """A daemon with one state, one event and a ping on its stream, watched until the stream ends."""
    items = (
        f": ping\n\nevent: state\ndata: {json.dumps(burner())}\n\nid: 7\nevent: event\ndata: {json.dumps(STARTED)}\n\n"
    )
    daemon.raw("GET /events", items, kind="text/event-stream")
    daemon.answer("GET /stove", stove())
    daemon.answer("GET /history", {"entries": [], "next_cursor": None})
    monkeypatch.setattr("time.sleep", interrupted)
    return daemon


def test_for_programs_every_state_and_event_is_an_object_on_its_own_line(ending: FakeDaemon, flameout: Shell) -> None:
    done = flameout("watch", "--json")
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"type": "state", **burner()},
        {"type": "event", **STARTED},
    ]
    assert done.code == 130
    assert "no contact" in done.err


def test_without_a_terminal_it_shows_the_stove_once_and_then_a_line_for_each_event(
    ending: FakeDaemon, flameout: Shell
) -> None:
    done = flameout("watch")
    assert done.out.startswith("Kitchen hob")
    assert "2026-11-22 18:17:00  Left: timer of 25 min set, by rest\n" in done.out
    assert "No contact since then" in done.out.splitlines()[-1]
    assert "\x1b" not in done.out


def test_ctrl_c_ends_it_quietly(ending: FakeDaemon, flameout: Shell) -> None:
    done = flameout("watch")
    assert (done.code, done.err.strip()) == (130, "")


def test_watching_nobody_is_one_line(flameout: Shell) -> None:
    done = flameout("watch", "--json", "--url", "http://127.0.0.1:1")
    assert done.code == 1
    assert done.err.startswith("flameout: No flameout answers at http://127.0.0.1:1")
