"""The oracle sees what it has to see: each kind of demand, kept and broken."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.oracle import judge

PIN = 17
Levels = list[tuple[float, bool]]


def breaches(levels: Levels, *statements: dict[str, Any], ended: float = 20.0, stalls: Any = ()) -> list[str]:
    run = {
        "hold_open": 1.0,
        "lines": {"left": PIN},
        "statements": [{"line": None, **said} for said in statements],
        "levels": [[at, PIN, high] for at, high in levels],
        "stalls": list(stalls),
        "ended": ended,
    }
    return [breach.why for breach in judge(run)[0]]


SPAWNED = {"what": "spawned", "at": 0.0}
TIMER = {"what": "timer", "line": "left", "at": 4.9, "acked": 5.0, "seconds": 2.0}
EXTENDED = {"what": "extend", "line": "left", "at": 6.0, "acked": 6.1, "seconds": 3.0}
EARLIER = TIMER | {"at": 3.9, "acked": 4.0}
RESPAWNED = {"what": "spawned", "at": 9.0}
HEALED = {"what": "may_close", "at": 8.0}
SHUT_OFF = {"what": "shut_off", "at": 4.9, "acked": 5.0}
OPENS = {"what": "must_open", "at": 5.0, "within": 0.05, "why": "it died", "keeps": True}
DIPS = {"what": "must_dip", "at": 5.0, "within": 2.0, "why": "its keeper died"}
LOCKED = {"what": "kept_low", "at": 1.0, "why": "it has a child lock"}
FORGOTTEN = {"what": "forgotten", "at": 8.0}
STAYS = {"what": "stays", "at": 5.0, "until": 6.0, "why": "nothing happened"}
OFF_LATER = SHUT_OFF | {"at": 5.5, "acked": 5.6}
LOST = {"what": "timer", "line": "left", "at": 6.0, "gave_up": 6.5, "seconds": 2.0}


@pytest.mark.parametrize(
    ("statements", "good", "bad"),
    [
        ([SPAWNED], [(1.1, True)], [(0.9, True)]),
        ([TIMER], [(2, True), (7.004, False)], [(2, True), (7.05, False)]),
        ([TIMER], [(2, True), (7.0, False), (8.0, True)], [(2, True), (7.0, False), (7.5, True)]),
        ([TIMER, EXTENDED], [(2, True), (10.0, False)], [(2, True), (10.05, False)]),
        ([TIMER, LOST], [(2, True), (8.5, False)], [(2, True), (8.6, False)]),
        ([TIMER, OFF_LATER], [(2, True), (5.55, False), (6.6, True)], [(2, True), (5.7, False)]),
        ([SHUT_OFF], [(2, True), (4.95, False), (6, True)], [(2, True), (4.95, False), (5.5, True)]),
        ([OPENS], [(2, True), (5.04, False)], [(2, True), (5.1, False)]),
        ([OPENS], [(2, True), (5.04, False)], [(2, True), (5.04, False), (12.0, True)]),
        ([OPENS, RESPAWNED], [(2, True), (5.0, False), (10.1, True)], [(2, True), (5.0, False), (9.5, True)]),
        ([OPENS | {"within": 4.0}, EARLIER], [(2, True), (6.0, False)], [(2, True), (6.1, False)]),
        ([OPENS, HEALED], [(2, True), (5.0, False), (8.1, True)], [(2, True), (5.0, False), (7.9, True)]),
        ([DIPS], [(2, True), (6.9, False), (7.9, True)], [(2, True)]),
        ([LOCKED, RESPAWNED], [(0.5, True), (0.9, False)], [(11.0, True), (11.1, False)]),
        ([LOCKED, FORGOTTEN], [(8.1, True)], [(7.9, True)]),
        ([STAYS], [(2, True), (6.1, False)], [(2, True), (5.5, False)]),
    ],
)  # fmt: skip
def test_each_demand_kept_and_broken(statements: list[dict[str, Any]], good: Levels, bad: Levels) -> None:
    assert breaches(good, *statements) == []
    assert breaches(bad, *statements)


def test_a_command_that_nobody_acknowledged_allows_the_later_end() -> None:
    assert breaches([(2, True), (8.4, False)], TIMER, LOST) == []


def test_a_standstill_of_the_whole_machine_is_nobodys_fault_but_what_follows_is() -> None:
    assert breaches([(2, True), (7.3, False)], TIMER, stalls=[(6.95, 0.34)]) == []
    assert breaches([(2, True), (7.9, False)], TIMER, stalls=[(6.95, 0.34)])


def test_as_a_program_it_says_each_breach_and_ends_with_one(tmp_path: Path) -> None:
    run = tmp_path / "run.json"
    statements = [{"line": None, **OPENS}]
    levels = [[2.0, PIN, True]]
    run.write_text(
        json.dumps({"hold_open": 1, "lines": {"left": PIN}, "statements": statements, "levels": levels, "ended": 9.0})
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.oracle", str(run)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == "left: high for 3935 ms although it died\n1 demands, 1 breaches\n"


def test_a_run_without_any_demand_is_no_success(tmp_path: Path) -> None:
    run = tmp_path / "run.json"
    run.write_text(json.dumps({"hold_open": 1, "lines": {"left": PIN}, "statements": [], "levels": [], "ended": 9.0}))
    assert subprocess.run([sys.executable, "-m", "tests.faults.oracle", str(run)], check=False).returncode == 1
