"""The journal over REST: pages without gap or repetition, filters, and a table to trust a spreadsheet with."""

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.journal import Entry, Journal
from controller.wall import rfc3339
from tests.api.rest.asking import refused
from tests.e2e.program import Program, eventually, program

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
OLD = 250  # entries from before this daemon, one a minute from noon on
EVIL = '=HYPERLINK("http://evil.example")'


def old_entry(seq: int) -> Entry:
    by = EVIL if seq == 1 else "rest:Zoë"
    burner = (None, "left", "right")[seq % 3]
    at = rfc3339(NOON + timedelta(minutes=seq))
    return Entry(seq, at, seq, "timer_started", burner, by, {"duration_s": 60.0, "replaced": False})


async def write_old_entries(path: Path) -> None:
    journal = Journal(path)
    await journal.append([old_entry(seq) for seq in range(1, OLD + 1)], {})
    journal.close()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Its journal has entries from long ago."""
    folder = tmp_path_factory.mktemp("daemon")
    asyncio.run(write_old_entries(folder / "flameout.db"))
    with program(folder, lease="5s") as made:
        made.start()
        made.ready("left")
        made.ready("right")
        eventually("it is quiet", lambda: len(made.history(**{"from": "2026-02-01T00:00:00Z"})) >= 4)
        yield made


def page(stove: Program, **query: Any) -> Any:
    answer = stove.http.get("/api/v1/history", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pages(stove: Program, **query: Any) -> list[list[Any]]:
    """Every page from the newest to the oldest."""
    found, cursor = [], None
    while True:
        one = page(stove, **query, **({"cursor": cursor} if cursor is not None else {}))
        found.append(one["entries"])
        cursor = one["next_cursor"]
        if cursor is None:
            return found


def seqs(entries: list[Any]) -> list[int]:
    return [entry["seq"] for entry in entries]


def test_an_entry_has_its_number_instant_kind_and_details(stove: Program) -> None:
    stove.set_timer("left", 600)
    entry = page(stove, limit=1)["entries"][0]
    assert set(entry) == {"seq", "at", "event_type", "burner", "by", "details"}
    assert (entry["event_type"], entry["burner"], entry["by"]) == ("timer_started", "left", "rest")
    assert entry["details"] == {"duration_s": 600, "replaced": False}
    assert datetime.fromisoformat(entry["at"]).tzinfo


@pytest.mark.parametrize("limit", [1, 7, 50, 83, 100, 1000])
def test_pages_lead_to_the_first_entry_without_gap_or_repetition(stove: Program, limit: int) -> None:
    query = {"limit": limit, "to": rfc3339(NOON + timedelta(minutes=101))}
    found = pages(stove, **query)
    assert [number for entries in found for number in seqs(entries)] == list(range(100, 0, -1))
    assert all(len(entries) == limit for entries in found[:-1])
    assert 0 < len(found[-1]) <= limit


def test_pages_stand_still_while_new_entries_come(stove: Program) -> None:
    first = page(stove, limit=5)
    stove.set_timer("left", 600)
    second = page(stove, limit=5, cursor=first["next_cursor"])
    assert seqs(second["entries"])[0] == seqs(first["entries"])[-1] - 1


def test_a_hundred_entries_come_unasked(stove: Program) -> None:
    assert len(page(stove)["entries"]) == 100


def test_a_burner_has_its_own_history(stove: Program) -> None:
    found = [entry for entries in pages(stove, burner="right", limit=60) for entry in entries]
    assert {entry["burner"] for entry in found} == {"right"}
    assert len(found) >= OLD // 3
    assert refused(stove.http.get("/api/v1/history?burner=middle"), 404, "not-found")


def test_from_is_included_and_to_is_not(stove: Program) -> None:
    span = {"from": rfc3339(NOON + timedelta(minutes=10)), "to": rfc3339(NOON + timedelta(minutes=20))}
    assert seqs(page(stove, **span)["entries"]) == list(range(19, 9, -1))
    for since in ("2026-01-05T12:10:00Z", "2026-01-05T13:10:00+01:00", "2026-01-05T12:10:00.000+00:00"):
        assert seqs(page(stove, **(span | {"from": since}))["entries"])[-1] == 10
    assert page(stove, **{"from": "2199-01-01T00:00:00Z"}) == {"entries": [], "next_cursor": None}


def test_a_plus_that_was_not_escaped_is_still_a_zone(stove: Program) -> None:
    answer = stove.http.get("/api/v1/history?from=2026-01-05T13:10:00+01:00&to=2026-01-05T13:20:00+01:00")
    assert seqs(answer.json()["entries"]) == list(range(19, 9, -1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("limit", value) for value in ("0", "-1", "1001", "1e3", "ten", "", " 5", "５", "9" * 5_000, "1.0", "0x5")],
        *[("limit", "0" * 18 + "1999"), ("cursor", "0" * 17 + "1" + "9" * 23)],
        *[("cursor", value) for value in ("0", "-1", "abc", "", "9" * 30, "1;DROP TABLE events")],
        *[("from", value) for value in ("", "now", "2026-01-05", "2026-01-05T12:00:00", "0", "2026-13-01T00:00:00Z")],
        *[("to", value) for value in ("yesterday", "2026-01-05T12:00:00", "1763920000")],
        ("form", "2026-01-05T12:00:00Z"),
        ("burners", "left"),
        ("", "left"),
    ],
)
def test_a_query_that_is_wrong_names_its_parameter(stove: Program, name: str, value: str) -> None:
    refused(stove.http.get("/api/v1/history", params={name: value}), 422, "bad-value", name)


@pytest.mark.parametrize(
    "bound", ["9999-12-31T23:59:59-01:00", "2199-01-01T00:00:00+23:00", "2199-01-01T00:00:00+01:00:30"]
)
def test_a_bound_in_whatever_zone_finds_what_is_before_it(stove: Program, bound: str) -> None:
    assert page(stove, to=bound, limit=3)["entries"] == page(stove, limit=3)["entries"]


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_ends_of_the_calendar_are_no_reason_to_fail(stove: Program, instant: str) -> None:
    assert page(stove, **{"from": instant})["entries"] == [] or instant.startswith("0001")
    page(stove, to=instant)


# --- CSV ----------------------------------------------------------------------------------------------


def table(stove: Program, url: str) -> tuple[list[dict[str, str]], str | None]:
    """The rows of a page, and where the next one is."""
    answer = stove.http.get(url, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    link = answer.headers.get("link")
    following = link.partition(">")[0].removeprefix("<") if link else None
    return list(csv.DictReader(io.StringIO(answer.text))), following


def test_the_table_has_what_the_entries_have(stove: Program) -> None:
    rows, _ = table(stove, "/api/v1/history?limit=1&to=2026-01-05T14:00:00Z")
    assert rows == [
        {
            "seq": "119",
            "at": "2026-01-05T13:59:00.000+00:00",
            "event_type": "timer_started",
            "burner": "right",
            "by": "rest:Zoë",
            "details": '{"duration_s": 60.0, "replaced": false}',
        }
    ]


def test_the_link_leads_on_under_the_same_filter(stove: Program) -> None:
    numbers: list[int] = []
    following: str | None = "?limit=30&burner=left&to=2026-01-05T14:00:00%2B00:00"
    while following is not None:
        rows, following = table(stove, f"/api/v1/history{following}")
        assert {row["burner"] for row in rows} == {"left"}
        numbers += [int(row["seq"]) for row in rows]
    assert numbers == [seq for seq in range(119, 0, -1) if seq % 3 == 1]


def test_no_cell_is_a_formula(stove: Program) -> None:
    rows, _ = table(stove, "/api/v1/history?to=2026-01-05T12:02:00Z")
    assert rows[0]["by"] == f"'{EVIL}"
    assert page(stove, to="2026-01-05T12:02:00Z")["entries"][0]["by"] == EVIL
    for row in rows:
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") for cell in row.values())


def test_json_comes_unless_a_table_is_asked_for(stove: Program) -> None:
    for accept in ("*/*", "application/json", "text/html"):
        answer = stove.http.get("/api/v1/history", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["vary"] == "Accept"
