"""Text to milliseconds and milliseconds to words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.clock import DAY, HOUR, MINUTE, SECOND
from hardware.durations import in_words, parse_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("25m", 25 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("90s", 90 * SECOND),
        ("0.5s", 500),
        ("1.005s", 1_005),
        ("0.001s", 1),
        ("400d", 400 * DAY),
        ("1d2h3m4s", DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND),
        ("0s", 0),
        ("PT25M", 25 * MINUTE),
        ("PT1H30M", 90 * MINUTE),
        ("PT90S", 90 * SECOND),
        ("PT0.5S", 500),
        ("P1DT1S", DAY + SECOND),
        ("P400D", 400 * DAY),
    ],
)
def test_a_duration_is_read_in_every_way_that_it_may_be_written(text: str, duration: int) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        *("", "P", "PT", "P1DT", "25", "m", "-5m", "+5m", "1.5m", "5 m", " 5m", "5m ", "5m\n", "5min", "25M", "pt25m"),
        *("30m1h", "1m1m", "1e3s", "0x10s", ".5s", "5.s", "1.0005s", "nan", "inf", "infs", "1,5s", "1_0s"),
        *("２５m", "٢٥m", "1234567890s", "100000d", "PT25", "P25M", "P1Y", "P1W", "T5M", "25m PT25M"),
    ],
)
def test_what_is_no_duration_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match='is not a duration; write it like "25m", "1h30m", "90s" or "PT25M"'):
        parse_duration(text)


@settings(deadline=None)
@given(st.integers(0, 99_999 * DAY))
def test_what_is_written_as_seconds_is_read_back_to_the_millisecond(duration: int) -> None:
    seconds = f"{duration // 1000}.{duration % 1000:03}s"
    if len(seconds) <= len("123456789.000s"):
        assert parse_duration(seconds) == parse_duration("PT" + seconds.upper()) == duration


@settings(deadline=None)
@given(st.text(max_size=12) | st.from_regex(r"P?T?[0-9.]{0,4}[dhmsDHMS]?[0-9.]{0,4}[dhmsDHMS]?", fullmatch=True))
def test_any_text_is_a_duration_that_is_not_negative_or_a_value_error(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert type(duration) is int
    assert duration >= 0


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (0, "0 s"),
        (500, "0.5 s"),
        (1_500, "1.5 s"),
        (SECOND, "1 s"),
        (10_400, "10 s"),
        (59_600, "1 min"),
        (65 * SECOND, "1 min 5 s"),
        (25 * MINUTE, "25 min"),
        (90 * MINUTE, "1 h 30 min"),
        (HOUR + 5 * SECOND, "1 h 5 s"),
        (HOUR + MINUTE + SECOND, "1 h 1 min"),
        (36 * HOUR, "1 d 12 h"),
        (400 * DAY, "400 d"),
    ],
)
def test_a_duration_is_said_in_two_units_at_the_most(duration: int, words: str) -> None:
    assert in_words(duration) == words
