"""What waits for a slow broker, and what does not."""

import asyncio

from api.mqtt.outbox import EVENT_KEEPS, EVENTS, Outbox
from tests.api.mqtt.bench import in_a_loop


class Post:
    """A broker that acknowledges when it is told to."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []
        self.delivered: list[str] = []
        self.outbox = Outbox(self.send, self.delivered.append)

    def send(self, topic: str, payload: bytes, retain: bool) -> int | None:
        self.sent.append((topic, payload, retain))
        return len(self.sent)

    async def acknowledge(self, *packets: int) -> None:
        for packet in packets:
            self.outbox.acknowledged(packet)
        await asyncio.sleep(0)


@in_a_loop
async def test_of_a_state_only_the_newest_is_sent() -> None:
    post = Post()
    looks = [b"old"]
    post.outbox.put_state("state", lambda: looks[-1])
    looks.append(b"newer")
    post.outbox.put_state("state", lambda: looks[-1])
    looks.append(b"newest")
    post.outbox.open(room=4, now=0)
    await asyncio.sleep(0)
    assert post.sent == [("state", b"newest", True)]


@in_a_loop
async def test_a_broker_that_does_not_acknowledge_gets_no_more_than_there_is_room_for() -> None:
    post = Post()
    post.outbox.open(room=2, now=0)
    for number in range(5):
        post.outbox.put_state(f"state/{number}", lambda: b"x")
    await asyncio.sleep(0)
    assert len(post.sent) == 2
    await post.acknowledge(1)
    assert len(post.sent) == 3
    assert post.delivered == ["state/0"]


@in_a_loop
async def test_events_go_before_states_in_order_and_the_oldest_are_lost_first() -> None:
    post = Post()
    post.outbox.put_state("state", lambda: b"s")
    for number in range(EVENTS + 10):
        post.outbox.put_event("event", str(number).encode(), at=0)
    post.outbox.open(room=EVENTS + 1, now=0)
    await asyncio.sleep(0)
    assert [payload for _, payload, _ in post.sent[:-1]] == [str(n).encode() for n in range(10, EVENTS + 10)]
    assert post.sent[-1] == ("state", b"s", True)


@in_a_loop
async def test_an_event_outlasts_a_short_absence_and_not_a_long_one() -> None:
    post = Post()
    post.outbox.put_event("event", b"old", at=0)
    post.outbox.put_event("event", b"young", at=EVENT_KEEPS)
    post.outbox.close()
    post.outbox.open(room=4, now=EVENT_KEEPS + 1)
    await asyncio.sleep(0)
    assert post.sent == [("event", b"young", False)]


@in_a_loop
async def test_a_state_that_cannot_be_rendered_does_not_stop_the_others() -> None:
    post = Post()

    def broken() -> bytes:
        raise ValueError

    post.outbox.put_state("broken", broken)
    post.outbox.put_state("whole", lambda: b"x")
    post.outbox.open(room=4, now=0)
    await asyncio.sleep(0)
    assert post.sent == [("whole", b"x", True)]


@in_a_loop
async def test_it_is_empty_when_everything_is_acknowledged() -> None:
    post = Post()
    post.outbox.open(room=4, now=0)
    await asyncio.wait_for(post.outbox.emptied(), 1)
    post.outbox.put_state("state", lambda: b"x")
    emptied = asyncio.ensure_future(post.outbox.emptied())
    await asyncio.sleep(0)
    assert not emptied.done()
    await post.acknowledge(1)
    await asyncio.wait_for(emptied, 1)


@in_a_loop
async def test_events_that_were_under_way_when_the_connection_went_come_again_in_order() -> None:
    post = Post()
    for number in range(4):
        post.outbox.put_event("event", b"%d" % number, at=0)
    post.outbox.put_state("state", lambda: b"x")
    post.outbox.open(room=3, now=0)
    await asyncio.sleep(0)
    await post.acknowledge(2)
    post.outbox.close()
    post.sent.clear()
    post.outbox.open(room=8, now=5)
    await asyncio.sleep(0)
    assert [payload for _, payload, _ in post.sent] == [b"0", b"2", b"3"]
