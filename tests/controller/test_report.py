"""The nuisance report, from hand-made journal entries."""

from datetime import date, datetime, timedelta
from typing import Any

from controller.journal import Entry
from controller.report import BurnerWeek, weekly

MONDAY = datetime.fromisoformat("2026-11-23T08:00:00+01:00")


class Book:
    """A journal, written minute by minute."""

    def __init__(self, start: datetime = MONDAY) -> None:
        self.now = start
        self.entries: list[Entry] = []

    def write(self, kind: str, after: float = 60, burner: str | None = "left", **details: Any) -> "Book":
        """One entry, ``after`` s after the last."""
        self.now += timedelta(seconds=after)
        self.entries.append(Entry(len(self.entries) + 1, self.now.isoformat(), 0, kind, burner, "rest", details))
        return self

    def burn(self) -> "Book":
        return self.write("flame", flame="lit")

    def goes_out(self, after: float = 60) -> "Book":
        return self.write("flame", after, flame="out")

    def cut(self, cause: str = "timer", cut: bool = True) -> "Book":
        return self.write("shut_off", cause=cause, cut=cut)

    def week(self) -> BurnerWeek:
        (week,) = weekly(self.entries).weeks
        return week.burners["left"]


def test_cuts_are_counted_by_cause_and_openings_of_an_open_relay_are_not() -> None:
    book = Book().cut("timer").cut("timer").cut("limit").cut("user", cut=False)
    assert book.week().cuts == {"timer": 2, "limit": 1}


def test_a_relay_that_had_to_pause_is_no_reason_to_raise_a_limit() -> None:
    book = Book()
    for _ in range(14):
        book.write("shut_off", cause="limit", cut=True, reason="energised")
    assert book.week().cuts == {"energised": 14}
    assert weekly(book.entries).judgement == []


def test_a_flame_that_goes_out_soon_after_a_cut_went_out_for_it() -> None:
    week = Book().burn().cut().goes_out(after=90).week()
    assert (week.flame_outs_with_timer, week.flame_outs_without_timer) == (0, 0)
    week = Book().burn().cut().goes_out(after=91).week()
    assert (week.flame_outs_with_timer, week.flame_outs_without_timer) == (0, 1)


def test_a_flame_that_goes_out_under_a_running_timer_is_a_nuisance() -> None:
    assert Book().write("timer_started").burn().goes_out().week().flame_outs_with_timer == 1
    ended = Book().write("timer_started").burn().write("timer_cancelled").goes_out().week()
    assert (ended.flame_outs_with_timer, ended.flame_outs_without_timer) == (0, 1)


def test_proofs_extensions_and_refusals_are_counted() -> None:
    book = Book().write("proof", outcome="confirmed").write("proof", outcome="failed")
    week = book.write("timer_extended").write("refused").write("refused").week()
    assert (week.proofs, week.extensions, week.refusals) == ({"confirmed": 1, "failed": 1}, 1, 2)


def test_a_week_begins_on_monday_in_the_local_zone_over_new_year_too() -> None:
    book = Book(datetime.fromisoformat("2026-12-27T23:59:00+01:00")).cut().cut()
    assert [(week.week, week.monday) for week in weekly(book.entries).weeks] == [("2026-W53", "2026-12-28")]
    book = Book(datetime.fromisoformat("2026-12-27T23:58:00+01:00")).cut().cut()
    assert [week.week for week in weekly(book.entries).weeks] == ["2026-W52", "2026-W53"]


def test_what_lies_before_the_first_week_only_says_what_stood_then() -> None:
    book = Book(datetime.fromisoformat("2026-11-23T23:57:30+01:00")).write("timer_started").burn().goes_out()
    (week,) = weekly(book.entries, since=date(2026, 11, 24)).weeks
    assert week.burners["left"].flame_outs_with_timer == 1


def test_an_opening_of_an_open_relay_is_no_cut_that_a_flame_could_go_out_for() -> None:
    assert Book().burn().cut(cut=False).goes_out().week().flame_outs_without_timer == 1


def test_a_flame_that_was_never_seen_lit_did_not_go_out_and_no_timer_outlives_the_program() -> None:
    book = Book().write("timer_started").write("started", burner=None).goes_out()
    assert (book.week().flame_outs_with_timer, book.week().flame_outs_without_timer) == (0, 0)
    assert book.burn().goes_out().week().flame_outs_with_timer == 0


def test_a_flame_that_was_unknown_for_a_while_still_went_out() -> None:
    assert Book().burn().write("flame", flame="unknown").goes_out().week().flame_outs_without_timer == 1


def test_the_stoves_own_entries_are_nobodys() -> None:
    assert weekly(Book().write("started", burner=None).entries).weeks == []


def test_what_annoys_is_said_in_words() -> None:
    book = Book()
    for _ in range(4):
        book.write("timer_started").burn().goes_out()
    for _ in range(5):
        book.cut("limit")
    for _ in range(4):
        book.cut("timer")
    assert weekly(book.entries).judgement == [
        "left: 4 flames went out by themselves with a timer running in the week of 2026-11-23; check its thermocouple, "
        "the plugs and the relay's contact.",
        "left: 5 of 9 cuts in the week of 2026-11-23 came of limits.unattended; raise it, or set timers.",
    ]
    assert weekly(book.cut("timer").entries).judgement[1:] == [], "no more than half"
