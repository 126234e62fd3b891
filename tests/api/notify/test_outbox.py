"""What waits to be sent: bounded, merged, not too often, tried again, given up at last; a lockout is never left out."""

from api.notify.messages import Kind, Message
from api.notify.outbox import MOST_WAITING, PAUSES, TRIES, Outbox
from hardware.clock import MINUTE

LOCKOUT = Message(Kind.LOCKOUT, "locked out")


def cut(number: int) -> Message:
    return Message(Kind.CUT, f"cut {number}")


def test_what_waits_goes_as_one_with_the_lockout_first() -> None:
    outbox = Outbox(6)
    for message in (cut(1), cut(2), LOCKOUT, cut(3)):
        outbox.put(message)
    batch = outbox.take(0)
    assert batch is not None
    assert [message.text for message in batch.messages] == ["locked out", "cut 1", "cut 2", "cut 3"]
    assert outbox.take(0) is None


def test_too_many_lose_the_oldest_and_say_how_many_but_never_a_lockout() -> None:
    outbox = Outbox(6)
    outbox.put(LOCKOUT)
    for number in range(MOST_WAITING + 4):
        outbox.put(cut(number))
    batch = outbox.take(0)
    assert batch is not None
    assert len(batch.messages) == MOST_WAITING
    assert batch.messages[0] == LOCKOUT
    assert batch.messages[1].text == "cut 5"
    assert batch.left_out == 5


def test_no_more_than_so_many_in_a_minute() -> None:
    outbox = Outbox(2)
    for now in (0, 1):
        outbox.put(cut(now))
        assert outbox.take(now) is not None
    outbox.put(cut(3))
    outbox.put(cut(4))
    assert outbox.take(MINUTE - 1) is None
    later = outbox.take(MINUTE)
    assert later is not None
    assert len(later.messages) == 2, "what came meanwhile is merged"


def test_what_was_not_taken_is_tried_again_after_a_pause_and_only_where_it_failed() -> None:
    outbox = Outbox(60)
    outbox.put(cut(1))
    batch = outbox.take(0)
    assert batch is not None
    for number, pause in enumerate(PAUSES, 1):
        assert batch.tries == number
        assert not outbox.failed(batch, [1], 0)
        assert outbox.take(pause - 1) is None
        again = outbox.take(pause)
        assert again is batch
        assert batch.services == [1]
    assert batch.tries == TRIES
    assert outbox.failed(batch, [1], 0), "given up"
    assert outbox.take(MINUTE * 60) is None


def test_news_go_before_repetitions() -> None:
    outbox = Outbox(60)
    outbox.put(cut(1))
    batch = outbox.take(0)
    assert batch is not None
    outbox.failed(batch, None, 0)
    outbox.put(cut(2))
    newer = outbox.take(MINUTE)
    assert newer is not None
    assert newer.messages == [cut(2)]
