"""Two relays in series: each is closed alone before both are, so that a welded one is found."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.series import EACH, SeriesTest
from controller.terms import Contact
from hardware.clock import HOUR, SECOND, Millis
from hardware.protocol import Part
from tests.controller.builders import NOW

CLOSED, OPEN, UNKNOWN = Contact.CLOSED, Contact.OPEN, Contact.UNKNOWN


def watched(test: SeriesTest, driven: Part | None, contact: Contact, times: Iterable[Millis]) -> list[str | None]:
    return [test.watch(NOW + at, driven, contact) for at in times]


def part(test: SeriesTest) -> Part:
    return test.part


def a_test_of_the_second(since: Millis = EACH) -> SeriesTest:
    """The first relay has been found sound by ``since``."""
    test = SeriesTest()
    watched(test, Part.FIRST, OPEN, (since - EACH, since))
    assert part(test) is Part.SECOND
    return test


def a_passed_test() -> SeriesTest:
    test = a_test_of_the_second()
    watched(test, Part.SECOND, OPEN, (EACH, 2 * EACH))
    assert part(test) is Part.BOTH
    return test


def test_one_relay_alone_is_closed_first() -> None:
    assert SeriesTest().part is Part.FIRST


def test_each_relay_is_closed_alone_for_its_time_before_both_are() -> None:
    test, parts = SeriesTest(), []
    for at in range(0, 2 * SECOND, 100):
        assert test.watch(NOW + at, test.part, OPEN) is None
        parts.append(test.part)
    assert parts[: EACH // 100] == [Part.FIRST] * (EACH // 100)
    assert list(dict.fromkeys(parts)) == [Part.FIRST, Part.SECOND, Part.BOTH]


def test_a_relay_has_its_time_to_the_last_millisecond() -> None:
    test = SeriesTest()
    watched(test, Part.FIRST, OPEN, (0, EACH - 1))
    assert part(test) is Part.FIRST
    watched(test, Part.FIRST, OPEN, (EACH,))
    assert part(test) is Part.SECOND


def test_a_contact_that_one_relay_closes_means_that_the_other_is_welded() -> None:
    assert watched(SeriesTest(), Part.FIRST, CLOSED, (0, EACH - 1, EACH)) == [None, None, "second"]
    test = a_test_of_the_second()
    assert watched(test, Part.SECOND, CLOSED, (EACH, 2 * EACH - 1, 2 * EACH)) == [None, None, "first"]


def test_a_welded_relay_is_never_followed_by_both() -> None:
    test = SeriesTest()
    assert set(watched(test, Part.FIRST, CLOSED, range(EACH, 10 * SECOND, 100))) == {None, "second"}
    assert part(test) is Part.FIRST


def test_a_contact_that_settles_within_its_time_is_not_welded() -> None:
    test = SeriesTest()
    assert watched(test, Part.FIRST, CLOSED, (0, 100, 200)) == [None] * 3
    assert watched(test, Part.FIRST, OPEN, (300, 400, EACH)) == [None] * 3
    assert part(test) is Part.SECOND


def test_a_contact_that_cannot_be_measured_lets_nothing_go_on() -> None:
    test = SeriesTest()
    assert set(watched(test, Part.FIRST, UNKNOWN, range(0, HOUR, SECOND))) == {None}
    assert part(test) is Part.FIRST


@pytest.mark.parametrize("driven", [None, Part.SECOND, Part.BOTH])
def test_only_the_time_for_which_the_keeper_drives_the_part_counts(driven: Part | None) -> None:
    test = SeriesTest()
    watched(test, Part.FIRST, OPEN, (0, 400))
    watched(test, driven, OPEN, (450,))
    watched(test, Part.FIRST, OPEN, (500, 500 + EACH - 1))
    assert part(test) is Part.FIRST
    watched(test, Part.FIRST, OPEN, (500 + EACH,))
    assert part(test) is Part.SECOND


def test_once_both_have_been_open_the_test_begins_anew() -> None:
    for test in (a_passed_test(), a_test_of_the_second()):
        test.opened()
        assert part(test) is Part.FIRST
        watched(test, Part.FIRST, OPEN, (3 * SECOND, 3 * SECOND + EACH - 1))
        assert part(test) is Part.FIRST


def test_an_opening_within_the_test_of_a_part_gives_it_its_whole_time_again() -> None:
    test = SeriesTest()
    watched(test, Part.FIRST, OPEN, (0, 400))
    test.opened()
    watched(test, Part.FIRST, OPEN, (450, EACH))
    assert part(test) is Part.FIRST


def test_a_passed_test_takes_no_closed_contact_amiss() -> None:
    assert set(watched(a_passed_test(), Part.BOTH, CLOSED, range(0, HOUR, SECOND))) == {None}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 700), st.none() | st.sampled_from(Part), st.sampled_from(Contact)), max_size=40)
)
def test_both_are_closed_only_after_each_alone_left_the_contact_open(
    course: "list[tuple[Millis, Part | None, Contact]]",
) -> None:
    test, now, sound = SeriesTest(), NOW, set()
    for wait, driven, contact in course:
        now, before = now + wait, test.part
        test.watch(now, driven, contact)
        if test.part is not before:
            assert (driven, contact) == (before, OPEN)
            sound.add(before)
    assert test.part is not Part.BOTH or sound == {Part.FIRST, Part.SECOND}
