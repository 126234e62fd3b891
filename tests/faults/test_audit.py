"""The audit sees what it has to see in a record: what is missing, there twice, or in another order."""

import pytest

from tests.faults.audit import Found, commands, in_between, in_order, nobody_asked, not_once, out_of_order
from tests.faults.scene import Row, Said

FIRST = {"what": "timer", "line": "left", "at": 5.0, "acked": 5.1, "seconds": 60.001}
SECOND = {"what": "timer", "line": "left", "at": 5.2, "acked": 5.3, "seconds": 60.002}
UNANSWERED = {"what": "timer", "line": "left", "at": 5.4, "gave_up": 8.4, "seconds": 60.003}
SHUT_OFF = {"what": "shut_off", "line": "left", "at": 6.0, "acked": 6.1}


def timer(seq: int, seconds: float, burner: str = "left") -> Row:
    return Row(seq, 5.0, "timer_started", burner, "rest:anyone", {"duration_s": seconds})


def shut_off(seq: int, at: float, cause: str = "user") -> Row:
    return Row(seq, at, "shut_off", "left", "rest:anyone", {"cause": cause, "cut": True})


def wrong(said: list[Said], rows: list[Row], loose: bool = False) -> list[str]:
    found: list[Found] = list(commands(said, rows))
    return [*not_once(found, loose), *out_of_order(found), *([] if loose else nobody_asked(found, rows))]


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ([FIRST, SECOND], [timer(1, 60.001), timer(2, 60.002)]),
        ([UNANSWERED], []),
        ([UNANSWERED], [timer(1, 60.003)]),
        ([SHUT_OFF], [shut_off(1, 6.05)]),
        ([FIRST | {"times": 2}], [timer(1, 60.001), timer(2, 60.001)]),
    ],
)
def test_a_whole_record_is_whole(said: list[Said], rows: list[Row]) -> None:
    assert wrong(said, rows) == []


@pytest.mark.parametrize(
    ("said", "rows", "word"),
    [
        ([FIRST], [], "is not on record"),
        ([FIRST], [timer(1, 60.001, "right")], "is not on record"),
        ([FIRST], [timer(1, 60.001), timer(2, 60.001)], "is on record 2 times"),
        ([UNANSWERED], [timer(1, 60.003), timer(2, 60.003)], "is on record 2 times"),
        ([FIRST, SECOND], [timer(1, 60.002), timer(2, 60.001)], "is on record after"),
        ([FIRST], [timer(1, 60.001), timer(2, 60.002)], "nobody asked"),
        ([SHUT_OFF], [shut_off(1, 6.2)], "is not on record"),
        ([SHUT_OFF], [shut_off(1, 6.05, "timer")], "is not on record"),
        ([SHUT_OFF], [shut_off(1, 6.05), shut_off(2, 6.06)], "is on record 2 times"),
    ],
)
def test_what_is_missing_doubled_or_late_is_found(said: list[Said], rows: list[Row], word: str) -> None:
    assert any(word in one for one in wrong(said, rows))


def test_where_others_command_too_what_has_no_number_of_its_own_is_not_asked_for() -> None:
    assert wrong([SHUT_OFF], [shut_off(1, 6.05), shut_off(2, 6.06)], loose=True) == []
    assert wrong([FIRST], [], loose=True)


def test_a_cut_before_the_line_was_high_again_tells_of_no_fall_and_a_twin_does() -> None:
    assert in_between([(5.0, True), (6.0, True)], rises=[4.0]) == [6.0]
    assert in_between([(5.0, True), (5.2, False)], rises=[4.0]) == [5.2]
    assert in_between([(5.0, True), (7.5, True), (9.0, False)], rises=[4.0, 7.0, 8.5]) == []
    assert in_between([(5.0, True), (5.001, True)], rises=[4.0]) == []


def test_rows_of_a_clock_that_was_wrong_stay_in_the_order_of_their_numbers() -> None:
    assert in_order([5.0, 3605.0, 8.0], now=9.0) == [5.0, 8.0, 8.0]
    assert in_order([5.0, 1.0, 8.0], now=9.0) == [5.0, 8.0, 8.0]
    assert in_order([5.0, 3605.0, 3606.0, 8.0], now=9.0) == [5.0, 7.0, 8.0, 8.0]
