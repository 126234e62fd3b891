"""Gathering, the rate, what is dropped, and tries that failed."""

import pytest

from api.notify.notice import Kind, Notice
from api.notify.queue import CAPACITY, FAILING, GATHER, LINES, RETRY_AFTER, TRIES, Batch, Queue
from hardware.clock import MINUTE, SECOND, Millis

T: Millis = 1_000_000


def notice(kind: Kind = Kind.CUT, burner: str = "left", number: int = 0, ends_at: Millis | None = None) -> Notice:
    return Notice(kind, T, f"{kind.name}.{number}", burner, {"name": burner}, ends_at)


def filled(*notices: Notice, most: int = 6) -> Queue:
    queue = Queue(most)
    for each in notices:
        queue.add(each, T)
    return queue


def taken(queue: Queue, now: Millis) -> Batch:
    batch = queue.take(now)
    assert batch is not None
    return batch


def test_what_comes_together_is_one_message() -> None:
    queue = filled(notice(number=1))
    queue.add(notice(number=2), T + GATHER - 1)
    assert queue.take(T + GATHER - 1) is None
    assert queue.due() == T + GATHER
    assert [n.key for n in taken(queue, T + GATHER).notices] == ["CUT.1", "CUT.2"]
    assert queue.take(T + MINUTE) is None
    assert queue.due() is None


def test_no_more_than_so_many_a_minute_and_what_had_to_wait_comes_in_one() -> None:
    queue, sent = Queue(2), []
    for second in range(60):
        queue.add(notice(number=second), T + second * SECOND)
        batch = queue.take(T + second * SECOND + GATHER)
        if batch is not None:
            sent.append((second, len(batch.notices) + batch.dropped))
    assert sent == [(0, 1), (1, 1)]
    assert queue.due() == T + GATHER + MINUTE
    late = taken(queue, T + GATHER + MINUTE)
    assert len(late.notices) == LINES
    assert late.dropped == 58 - LINES
    assert late.notices[-1].key == "CUT.59", "the newest are told"


def test_a_lockout_waits_for_no_rate() -> None:
    queue = filled(notice(), most=1)
    taken(queue, T + GATHER)
    queue.add(notice(), T + SECOND)
    assert queue.take(T + SECOND + GATHER) is None
    queue.add(notice(Kind.LOCKOUT), T + 2 * SECOND)
    assert [n.kind for n in taken(queue, T + 2 * SECOND).notices] == [Kind.CUT, Kind.LOCKOUT]


def test_a_lockout_is_neither_gathered_away_nor_dropped() -> None:
    lockouts = [notice(Kind.LOCKOUT, f"b{number}") for number in range(LINES + 4)]
    queue = filled(*lockouts, *(notice(number=number) for number in range(10 * CAPACITY)))
    batch = taken(queue, T + GATHER)
    assert [n for n in batch.notices if n.kind is Kind.LOCKOUT] == lockouts
    assert len(batch.notices) == len(lockouts) + LINES
    assert batch.dropped == 10 * CAPACITY - LINES


def test_the_queue_never_grows_beyond_its_capacity() -> None:
    queue = filled(*(notice(Kind.LOCKOUT, number=number) for number in range(CAPACITY + 3)))
    batch = taken(queue, T + GATHER)
    assert (len(batch.notices), batch.dropped) == (CAPACITY, 3)
    assert batch.notices[0].key == "LOCKOUT.3"


def test_a_warning_is_not_sent_after_what_it_warned_of() -> None:
    queue = filled(notice(Kind.WARN, ends_at=T + GATHER), notice(Kind.WARN, "right", ends_at=T + GATHER + 1))
    assert [n.burner for n in taken(queue, T + GATHER).notices] == ["right"]
    lonely = filled(notice(Kind.WARN, ends_at=T + GATHER))
    assert lonely.take(T + GATHER) is None
    assert lonely.due() is None


def test_a_burners_warnings_are_withdrawn_and_nothing_else() -> None:
    ends_at = T + MINUTE
    queue = filled(notice(Kind.WARN, ends_at=ends_at), notice(Kind.WARN, "right", ends_at=ends_at), notice())
    failing = filled(notice(Kind.WARN, ends_at=ends_at))
    failing.failed(taken(failing, T + GATHER), T + GATHER)
    for each in (queue, failing):
        each.withdraw("left")
    batch = taken(queue, T + GATHER)
    assert [(n.kind, n.burner) for n in batch.notices] == [(Kind.WARN, "right"), (Kind.CUT, "left")]
    assert failing.take(T + MINUTE) is None
    assert failing.due() is None


def test_a_message_that_failed_is_tried_again_later_and_later_and_then_given_up() -> None:
    queue, now = filled(notice()), T + GATHER
    batch = taken(queue, now)
    batch.reached.add("somebody")
    for wait in RETRY_AFTER:
        assert queue.failed(batch, now)
        assert queue.due() == now + wait
        assert queue.take(now + wait - 1) is None
        now += wait
        batch = taken(queue, now)
        assert batch.reached == {"somebody"}
    assert TRIES == 3
    assert not queue.failed(batch, now)
    assert queue.due() is None


def test_what_is_fresh_goes_before_what_failed() -> None:
    queue = filled(notice(number=1))
    queue.failed(taken(queue, T + GATHER), T + GATHER)
    due = T + GATHER + RETRY_AFTER[0]
    queue.add(notice(number=2), due - GATHER)
    assert [n.key for n in taken(queue, due).notices] == ["CUT.2"]
    assert [n.key for n in taken(queue, due).notices] == ["CUT.1"]


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.LOCKOUT])
def test_no_more_than_so_many_messages_are_tried_again_and_lockouts_are_given_up_last(kind: Kind) -> None:
    queue = Queue(60)
    for number in range(FAILING + 1):
        queue.add(notice(kind if number == 0 else Kind.CUT, number=number), T + number * SECOND)
        queue.failed(taken(queue, T + number * SECOND + GATHER), T + number * SECOND + GATHER)
    later = T + MINUTE
    left = [taken(queue, later).notices[0].key for _ in range(FAILING)]
    assert queue.take(later) is None
    assert left == [f"{kind.name}.0"] * (kind is Kind.LOCKOUT) + [
        f"CUT.{number}" for number in range(2 if kind is Kind.LOCKOUT else 1, FAILING + 1)
    ]


def test_a_warning_that_is_out_and_fails_is_not_sent_again_once_it_is_withdrawn() -> None:
    """Sending may take 20 s, and somebody may extend meanwhile."""
    queue = filled(notice(Kind.WARN, ends_at=T + 10 * MINUTE), notice(Kind.CUT, "right"))
    batch = taken(queue, T + GATHER)
    queue.withdraw("left")
    assert queue.failed(batch, T + GATHER)
    again = taken(queue, T + GATHER + RETRY_AFTER[0])
    assert [(n.kind, n.burner) for n in again.notices] == [(Kind.CUT, "right")]
