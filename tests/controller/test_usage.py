"""Days in numbers: how long each burner burnt, and what cut it."""

from datetime import date, datetime

from controller.journal import Entry
from controller.usage import daily

SENSES = {"left": True, "right": False}


def entry(at: str, kind: str, burner: str | None = "left", **details: object) -> Entry:
    return Entry(seq=0, boot_ms=0, at=f"2026-11-{at}+01:00", kind=kind, burner=burner, by="test", details=details)


def days(
    *entries: Entry, now: str = "23T20:00:00", since: int = 22
) -> dict[str, dict[str, tuple[float | None, dict[str, int]]]]:
    found = daily(entries, date(2026, 11, since), datetime.fromisoformat(f"2026-11-{now}+01:00"), SENSES)
    return {day.day: {name: (b.burnt_s, b.cuts) for name, b in day.burners.items()} for day in found.days}


def test_a_burn_counts_from_lit_to_out() -> None:
    found = days(entry("23T12:00:00", "flame", flame="lit"), entry("23T12:10:30", "flame", flame="out"))
    assert found["2026-11-23"]["left"] == (630.0, {})


def test_a_flame_that_is_unknown_goes_on_counting() -> None:
    lit, unknown = entry("23T12:00:00", "flame", flame="lit"), entry("23T12:01:00", "flame", flame="unknown")
    again, out = entry("23T12:02:00", "flame", flame="lit"), entry("23T12:05:00", "flame", flame="out")
    assert days(lit, unknown, again, out)["2026-11-23"]["left"][0] == 300.0


def test_a_burn_over_midnight_belongs_to_both_days() -> None:
    found = days(entry("22T23:50:00", "flame", flame="lit"), entry("23T00:20:00", "flame", flame="out"))
    assert [found[day]["left"][0] for day in sorted(found)] == [600.0, 1200.0]


def test_what_burns_now_counts_until_now() -> None:
    assert days(entry("23T19:30:00", "flame", flame="lit"))["2026-11-23"]["left"][0] == 1800.0


def test_a_burn_ends_where_the_record_ended_before_a_restart() -> None:
    found = days(
        entry("23T12:00:00", "flame", flame="lit"),
        entry("23T12:05:00", "timer_started"),
        entry("23T15:00:00", "started", None),
    )
    assert found["2026-11-23"]["left"][0] == 300.0


def test_no_day_is_left_out_and_what_is_not_measured_is_not_nought() -> None:
    found = days(since=20)
    assert list(found) == ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]
    assert found["2026-11-20"] == {"left": (0.0, {}), "right": (None, {})}


def test_cuts_are_counted_by_cause_and_only_where_something_was_cut() -> None:
    found = days(
        entry("23T12:00:00", "shut_off", "right", cause="timer", cut=True),
        entry("23T13:00:00", "shut_off", "right", cause="timer", cut=True),
        entry("23T14:00:00", "shut_off", "right", cause="user", cut=False),
    )
    assert found["2026-11-23"]["right"] == (None, {"timer": 2})
