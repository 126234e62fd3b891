"""``flameout history``: the journal for people, spreadsheets and programs."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from controller.journal import Entry, Journal
from tests.api.cli.daemon import FakeDaemon, Shell

SHUT_OFF = {
    "seq": 9,
    "at": "2026-11-22T18:42:00.000+00:00",
    "event_type": "shut_off",
    "burner": "left",
    "by": "phone:Anna",
    "details": {"cause": "timer", "cut": True},
}


def asked(daemon: FakeDaemon) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(daemon.asked[-1].path).query).items()}


def test_an_entry_is_a_line_with_when_where_what_and_by_whom(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /history", {"entries": [SHUT_OFF], "next_cursor": None})
    line = flameout("history").out.splitlines()[1]
    assert line.split("  ")[0] == "2026-11-22 18:42:00"
    assert [cell.strip() for cell in line.split("  ")[1:] if cell.strip()] == ["left", "shut off: timer", "phone:Anna"]


def test_where_there_is_more_it_says_how_to_see_it(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /history", {"entries": [SHUT_OFF], "next_cursor": 9})
    assert "flameout history --cursor 9" in flameout("history", "--limit", "1").out


def test_an_empty_journal_is_said(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /history", {"entries": [], "next_cursor": None})
    assert flameout("history").out == "Nothing there.\n"


def test_what_is_wanted_is_asked_for(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /history", {"entries": [], "next_cursor": None})
    flameout("history", "--burner", "left", "--from", "2026-11-22", "--to", "2026-11-23T18:00:00+01:00", "--limit", "5")
    assert asked(daemon) == {
        "burner": "left",
        "from": "2026-11-22T00:00:00+00:00",
        "to": "2026-11-23T17:00:00+00:00",
        "limit": "5",
    }


def test_a_duration_means_so_long_ago(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /history", {"entries": [], "next_cursor": None})
    flameout("history", "--from", "2h")
    since = datetime.fromisoformat(asked(daemon)["from"])
    assert abs(datetime.now().astimezone() - timedelta(hours=2) - since) < timedelta(minutes=1)


def test_an_hour_means_today(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /history", {"entries": [], "next_cursor": None})
    flameout("history", "--from", "18:30")
    assert asked(daemon)["from"].endswith("T18:30:00+00:00")


@pytest.mark.parametrize("text", ["yesterday", "25:00", "2026-13-01"])
def test_what_is_no_time_is_refused_with_what_one_looks_like(daemon: FakeDaemon, flameout: Shell, text: str) -> None:
    done = flameout("history", "--from", text)
    assert done.code == 2
    assert "write it like 18:30" in " ".join(done.err.split())
    assert daemon.asked == []


def test_csv_is_the_apis_own(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.raw("GET /history", "seq,at\r\n9,x\r\n", kind="text/csv")
    assert flameout("history", "--csv").out == "seq,at\r\n9,x\r\n"
    assert daemon.asked[0].headers["accept"] == "text/csv"


# --- verify -------------------------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal with three entries, where the command line looks for it."""

    async def write(path: Path) -> None:
        writer = Journal(path)
        at = "2026-11-23T18:42:00.000+00:00"
        await writer.append([Entry(0, at, 0, "reset", "left", "rest", {}) for _ in range(3)], {})
        writer.close()

    (tmp_path / "state").mkdir()
    path = tmp_path / "state/flameout.db"
    asyncio.run(write(path))
    return path


def alter(journal: Path, statement: str) -> None:
    connection = sqlite3.connect(journal)
    with connection:
        connection.execute(statement)
    connection.close()


def test_an_unbroken_journal_is_praised(journal: Path, flameout: Shell) -> None:
    done = flameout("history", "--verify")
    assert (done.code, done.out) == (0, f"{journal}: every entry is there and as it was written.\n")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM events WHERE seq = 2", "Entries 2 to 2 are missing."),
        ("UPDATE events SET by = 'somebody' WHERE seq = 2", "Entry 2 of 2026-11-23T18:42:00.000+00:00 is not"),
    ],
)
def test_a_journal_that_was_tampered_with_is_found_out(
    journal: Path, flameout: Shell, statement: str, found: str
) -> None:
    alter(journal, statement)
    done = flameout("history", "--verify")
    assert (done.code, done.out) == (1, "")
    assert found in done.err


def test_verifying_for_programs(journal: Path, flameout: Shell) -> None:
    assert flameout("history", "--verify", "--json").out.endswith('"intact": true, "problem": null}\n')


def test_a_journal_that_is_not_there_is_one_line(flameout: Shell) -> None:
    done = flameout("history", "--verify")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "cannot be read" in done.err
