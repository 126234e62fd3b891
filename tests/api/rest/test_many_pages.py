"""Fifty open pages cost little more than one, and nobody who shuts off stands behind them."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.requests import Request

from api import wire
from api.rest.events import AHEAD, PACE, router
from api.rest.turns import BEGUN_AT_ONCE
from controller.events import Cause, Event, ShutOff
from controller.journal import Entry, Journal
from controller.stream import Ended, Happened, Stream
from tests.fakes import run_virtually

PAGES = 20
EVENTS = 3


class Access:
    """Lets everybody in."""

    def require(self, *_: object) -> None:
        pass

    def caller(self, *_: object) -> None:
        return None

    def allows(self, *_: object) -> bool:
        return True


def happened(seq: int) -> Happened:
    event: Event = ShutOff(burner="left", at=seq, by="rest", cause=Cause.USER, cut=True, reason="")
    return Happened(event, Entry(seq, "2026-11-27T12:00:00.000+00:00", seq, event.kind, "left", "rest", {}))


async def pages(stream: Stream) -> list[AsyncIterator[bytes]]:
    """Open streams of a stove without burners, that wait for what happens."""
    stove: Any = SimpleNamespace(stream=stream, journal=SimpleNamespace(next_seq=1), burner_ids=list)
    endpoint: Any = router(stove, Access()).routes[0].endpoint  # type: ignore[arg-type, attr-defined]
    request = Request({"type": "http", "headers": [], "query_string": b""})
    return [(await endpoint(request)).body_iterator for _ in range(PAGES)]


async def told(stream: Stream) -> list[int]:
    """Publish, and return how many pages had been told after each round of the loop."""
    heard: list[bytes] = []

    async def read(page: AsyncIterator[bytes]) -> None:
        async for content in page:
            heard.append(content)

    tasks = [asyncio.ensure_future(read(page)) for page in await pages(stream)]
    for _ in range(2 * PAGES):  # until all of them wait
        await asyncio.sleep(0)
    assert len(stream.readers) == PAGES
    for seq in range(1, EVENTS + 1):
        stream.publish(happened(seq))
    counts = [0]
    while len(heard) < PAGES:
        await asyncio.sleep(0)
        counts.append(len(heard))
    stream.publish(Ended())
    await asyncio.gather(*tasks)
    assert all(content.count(b"event: event") == EVENTS for content in heard)
    return counts


def test_what_happens_is_put_into_bytes_once_for_all_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    worded: list[int] = []
    event = wire.event

    def counted(entry: Entry) -> dict[str, Any]:
        worded.append(entry.seq)
        return event(entry)

    monkeypatch.setattr("api.wire.event", counted)
    asyncio.run(told(Stream()))
    assert worded == [1, 2, 3]


def test_a_round_of_the_loop_tells_a_few_pages_only() -> None:
    counts = asyncio.run(told(Stream()))
    assert max(after - before for before, after in itertools.pairwise(counts)) <= BEGUN_AT_ONCE


def test_one_thing_after_another_is_told_at_a_pace_and_what_comes_alone_at_once() -> None:
    async def run() -> list[tuple[float, bytes]]:
        stream, heard, loop = Stream(), [], asyncio.get_running_loop()
        page = (await pages(stream))[0]

        async def read() -> None:
            async for content in page:
                heard.append((loop.time(), content))

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(1)
        for seq in range(1, 101):
            stream.publish(happened(seq))
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        stream.publish(happened(101))
        await asyncio.sleep(1)
        stream.publish(Ended())
        await reading
        return heard

    heard = run_virtually(run())
    numbers = re.findall(rb"^id: (\d+)$", b"".join(content for _, content in heard), re.MULTILINE)
    assert list(map(int, numbers)) == list(range(1, 102))
    assert heard[0][0] == pytest.approx(1), "the first at once"
    assert heard[-1][0] == pytest.approx(3), "and so what comes after a pause"
    assert len(heard) <= AHEAD + 1 / PACE + 2
    assert max(after[0] - before[0] for before, after in itertools.pairwise(heard[:-1])) <= PACE + 0.02


def test_a_row_is_not_told_as_what_had_its_number_while_the_journal_could_not_be_read(tmp_path: Path) -> None:
    async def run() -> tuple[bytes, bytes]:
        journal, stream = Journal(tmp_path / "j.db"), Stream()
        row = Entry(1, "2026-11-26T12:00:00.000+00:00", 1, "locked", "left", "of an earlier run", {})
        await journal.append([row], {})
        stove: Any = SimpleNamespace(stream=stream, journal=journal, burner_ids=list)
        endpoint: Any = router(stove, Access()).routes[0].endpoint  # type: ignore[arg-type, attr-defined]

        async def told_after(number: int, act: Callable[[], None]) -> bytes:
            headers = [(b"last-event-id", str(number).encode())]
            page = (await endpoint(Request({"type": "http", "headers": headers, "query_string": b""}))).body_iterator
            reading = asyncio.ensure_future(anext(page))
            await asyncio.sleep(0.05)
            act()
            return cast(bytes, await reading)

        journal.next_seq = 1
        live = await told_after(0, lambda: stream.publish(happened(1)))
        journal.next_seq = 2
        missed = await told_after(0, lambda: None)
        journal.close()
        return live, missed

    live, missed = asyncio.run(run())
    assert b"shut_off" in live
    assert b"of an earlier run" in missed
