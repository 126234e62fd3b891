"""The event stream: states and events as they happen, resumed without gap or repetition, and ended in time."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from controller.journal import Entry, Journal
from tests.api.rest.asking import idle, refused
from tests.api.rest.test_state import BURNER_KEYS
from tests.e2e.program import Program, eventually, program, sse

Told = tuple[str, str | None, Any]


@contextlib.contextmanager
def listening(stove: Program, after: int | None = None) -> Iterator[Iterator[Told]]:
    """An open stream."""
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    with stove.http.stream("GET", "/api/v1/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        yield sse(answer.iter_lines())


def events_until(items: Iterator[Told], last: int) -> list[int]:
    """The numbers of the events that come, up to ``last``."""
    seen = []
    for event, identifier, data in items:
        if event == "event":
            assert identifier == str(data["seq"])
            seen.append(data["seq"])
            if data["seq"] >= last:
                return seen
    raise AssertionError(f"the stream ended after {seen}")


def newest(stove: Program) -> int:
    return int(stove.history(limit=1)[0]["seq"])


def test_a_stream_begins_with_the_state_of_every_burner(stove: Program) -> None:
    with listening(stove) as items:
        first = [next(items), next(items)]
    assert [(event, identifier) for event, identifier, _ in first] == [("state", None), ("state", None)]
    assert [data["id"] for _, _, data in first] == ["left", "right"]
    assert set(first[0][2]) >= BURNER_KEYS
    assert first[0][2] == stove.burner("left")


def test_what_happens_is_told_as_an_event_and_as_a_state(stove: Program) -> None:
    with listening(stove) as items:
        told = [next(items), next(items)]
        stove.set_timer("left", 600)
        told += [next(items), next(items)]
    kinds = [(event, data.get("event_type", data.get("id"))) for event, _, data in told]
    assert kinds[:2] == [("state", "left"), ("state", "right")]
    assert sorted(kinds[2:]) == [("event", "timer_started"), ("state", "left")]
    event = next(data for name, _, data in told if name == "event")
    assert event | {"seq": 0, "at": ""} == {
        "seq": 0,
        "event_type": "timer_started",
        "at": "",
        "burner": "left",
        "by": "rest",
        "duration_s": 600,
        "replaced": False,
    }
    state = [data for name, _, data in told if name == "state"][-1]
    assert state["timer"]["duration_s"] == 600


def test_a_quiet_stream_says_that_it_is_alive(stove: Program) -> None:
    with stove.http.stream("GET", "/api/v1/events") as answer:
        ping = next(line for line in answer.iter_lines() if line.startswith(":"))
    assert "ping" in ping


def test_a_reader_that_comes_back_gets_exactly_what_it_missed(stove: Program) -> None:
    with listening(stove) as items:
        stove.set_timer("left", 600)
        last = next(int(identifier) for event, identifier, _ in items if event == "event" and identifier)
    for seconds in (601, 602, 603):
        stove.set_timer("right", seconds)
    stove.do("DELETE", "/burners/left/timer")
    upto = newest(stove)
    with listening(stove, after=last) as items:
        assert events_until(items, upto) == list(range(last + 1, upto + 1))
        assert next(items)[0] == "state"


def test_what_happened_a_moment_ago_is_not_lost_on_its_way_to_the_disk(stove: Program) -> None:
    last = newest(stove)
    stove.do("POST", "/burners/left/shut-off")  # answered before it is on record
    with listening(stove, after=last) as items:
        event, _, data = next(items)
        assert (event, data["event_type"]) == ("event", "shut_off")


def test_one_who_has_seen_everything_gets_the_states_at_once(stove: Program) -> None:
    with listening(stove, after=newest(stove)) as items:
        assert next(items)[0] == "state"


def test_a_number_from_the_future_does_not_silence_the_stream(stove: Program) -> None:
    with listening(stove, after=10**17) as items:
        assert next(items)[0] == "state"
        stove.set_timer("left", 600)
        assert events_until(items, 0)


@pytest.mark.parametrize("wrong", ["", "abc", "-1", "1.5", "9" * 40, "５", "1, 2"])
def test_a_number_that_is_none_is_refused(stove: Program, wrong: str) -> None:
    headers = [(b"Last-Event-ID", wrong.encode())]
    refused(stove.http.get("/api/v1/events", headers=headers), 422, "bad-value", "Last-Event-ID")


def test_several_readers_see_the_same(stove: Program) -> None:
    with listening(stove) as one, listening(stove) as two:
        next(one), next(two)
        stove.set_timer("left", 600)
        stove.set_timer("left", 601)
        upto = newest(stove)
        assert events_until(one, upto) == events_until(two, upto)


def test_one_who_does_not_read_holds_up_nobody(stove: Program) -> None:
    with socket.socket() as sleeper, listening(stove) as items:
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.connect(("127.0.0.1", stove.port))
        sleeper.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{stove.port}\r\n\r\n".encode())
        first = newest(stove) + 1
        for n in range(40):
            stove.set_timer("left", 600 + n)
        upto = newest(stove)
        assert events_until(items, upto) == list(range(first, upto + 1))
        assert stove.do("POST", "/burners/left/shut-off")["permitted"] is False


def test_a_reader_that_leaves_makes_room_for_another(stove: Program) -> None:
    for _ in range(80):  # more than may be open at a time
        with listening(stove) as items:
            next(items)


def test_too_many_readers_are_told_so_and_nobody_else_minds(stove: Program) -> None:
    with contextlib.ExitStack() as streams:
        statuses = []
        for _ in range(70):
            client = streams.enter_context(httpx2.Client(base_url=stove.http.base_url, timeout=10))
            statuses.append(streams.enter_context(client.stream("GET", "/api/v1/events")).status_code)
        assert statuses.count(503) >= 6
        assert statuses.count(200) >= 50
        assert stove.do("POST", "/burners/left/shut-off")["permitted"] is False
    eventually("the readers are gone", lambda: _may_listen(stove))


def _may_listen(stove: Program) -> bool:
    with stove.http.stream("GET", "/api/v1/events") as answer:
        return answer.status_code == 200


# --- over a restart -----------------------------------------------------------------------------------

MISSED = 1_700  # more than one batch


async def write_old_entries(path: Path) -> None:
    journal = Journal(path)
    at = "2026-01-05T12:00:00.000+00:00"
    await journal.append([Entry(seq, at, seq, "stopped", None, "flameout", {}) for seq in range(1, MISSED + 1)], {})
    journal.close()


def test_streams_end_with_the_daemon_and_resume_with_the_next_one(tmp_path: Path) -> None:
    asyncio.run(write_old_entries(tmp_path / "flameout.db"))
    with program(tmp_path, lease="5s") as stove:
        stove.start()
        idle(stove)
        last = newest(stove)
        with listening(stove) as one, listening(stove, after=last) as two:
            next(one), next(two)
            asked = time.monotonic()
            assert stove.stop() == 0
            rest = [list(one), list(two)]  # both end, and are not cut off
            assert time.monotonic() - asked < 3
        assert all("stopped" in json.dumps(told) for told in rest)
        stove.start()
        idle(stove)
        upto = newest(stove)
        with listening(stove, after=last) as items:
            assert events_until(items, upto) == list(range(last + 1, upto + 1))
        with listening(stove, after=0) as items:
            assert events_until(items, upto) == list(range(1, upto + 1))
        log = stove.log()
        assert "Traceback" not in log
        assert "Exception" not in log
