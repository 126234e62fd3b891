"""One stream, many readers: nobody holds anybody up, and everybody knows what they missed."""

import asyncio
from collections.abc import Awaitable, Callable

from controller.events import KeeperReady
from controller.journal import Entry
from controller.stream import Ended, Happened, Item, Lagged, StateChanged, Stream, Subscription


def happened(seq: int) -> Happened:
    event = KeeperReady(burner=None, at=seq, by="keeper", pid=seq)
    return Happened(event, Entry(seq, "", seq, event.kind, None, "keeper", event.details()))


def reading(act: Callable[[Stream, Subscription], Awaitable[None]], capacity: int = 4) -> None:
    """Run ``act`` with a reader of a stream."""

    async def run() -> None:
        stream = Stream()
        async with stream.subscribe(capacity) as items:
            await act(stream, items)

    asyncio.run(run())


async def all_of(items: Subscription, count: int) -> list[Item]:
    return [await asyncio.wait_for(items.next(), 5) for _ in range(count)]


def test_every_reader_sees_every_item_in_order() -> None:
    async def run() -> None:
        stream = Stream()
        async with stream.subscribe() as one, stream.subscribe() as other:
            for seq in (1, 2, 3):
                stream.publish(happened(seq))
            assert await all_of(one, 3) == await all_of(other, 3) == [happened(1), happened(2), happened(3)]

    asyncio.run(run())


def test_a_reader_waits_for_what_comes() -> None:
    async def act(stream: Stream, items: Subscription) -> None:
        waiting = asyncio.create_task(items.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        stream.publish(happened(1))
        assert await asyncio.wait_for(waiting, 5) == happened(1)

    reading(act)


def test_who_does_not_read_yet_or_any_more_sees_nothing() -> None:
    async def run() -> None:
        stream = Stream()
        early = stream.subscribe()
        stream.publish(happened(1))
        async with early:
            stream.publish(happened(2))
            assert await early.next() == happened(2)
        stream.publish(happened(3))
        assert stream.readers == set()

    asyncio.run(run())


def test_a_state_that_is_announced_already_is_not_announced_twice() -> None:
    async def act(stream: Stream, items: Subscription) -> None:
        for burner in ("left", None, "left", "right", None):
            stream.publish(StateChanged(burner))
        assert await all_of(items, 3) == [StateChanged("left"), StateChanged(None), StateChanged("right")]
        stream.publish(StateChanged("left"))
        assert await items.next() == StateChanged("left"), "once read, it is news again"

    reading(act)


def test_the_same_event_twice_is_two_events() -> None:
    async def act(stream: Stream, items: Subscription) -> None:
        stream.publish(happened(1))
        stream.publish(happened(1))
        assert await all_of(items, 2) == [happened(1), happened(1)]

    reading(act)


def test_one_who_falls_behind_is_told_so_and_goes_on_with_the_newest() -> None:
    async def act(stream: Stream, items: Subscription) -> None:
        for seq in range(1, 6):
            stream.publish(happened(seq))
        assert await all_of(items, 2) == [Lagged(), happened(5)]

    reading(act, capacity=4)


def test_one_who_falls_behind_for_ever_needs_no_more_room() -> None:
    async def act(stream: Stream, items: Subscription) -> None:
        for seq in range(1, 1_001):
            stream.publish(happened(seq))
        seen: list[Item] = [await items.next()]
        while seen[-1] != happened(1_000):
            seen.append(await asyncio.wait_for(items.next(), 5))
        assert seen[0] == Lagged()
        assert len(seen) <= 5

    reading(act, capacity=4)


def test_the_end_reaches_one_who_has_fallen_behind_too() -> None:
    """Else an open event stream would hold up the daemon's goodbye."""

    async def act(stream: Stream, items: Subscription) -> None:
        for seq in range(1, 5):
            stream.publish(happened(seq))
        stream.publish(Ended())
        while not isinstance(await asyncio.wait_for(items.next(), 5), Ended):
            pass

    reading(act, capacity=4)


def test_one_slow_reader_costs_the_others_nothing() -> None:
    async def run() -> None:
        stream = Stream()
        async with stream.subscribe(2), stream.subscribe(100) as quick:
            for seq in range(50):
                stream.publish(happened(seq))
            assert await all_of(quick, 50) == [happened(seq) for seq in range(50)]

    asyncio.run(run())
