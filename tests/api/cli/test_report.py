"""``flameout report`` for people and programs."""

import json
from typing import Any

from tests.api.cli.daemon import FakeDaemon, Shell

WEEK: dict[str, Any] = {
    "week": "2026-W48",
    "monday": "2026-11-23",
    "burners": {
        "left": {
            "cuts": {"timer": 9, "limit": 1},
            "flame_outs_with_timer": 2,
            "flame_outs_without_timer": 14,
            "proofs": {"confirmed": 10},
            "extensions": 4,
            "refusals": 0,
        }
    },
}


def test_a_week_is_a_line_and_what_annoys_is_said_below(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /report", {"weeks": [WEEK], "judgement": ["left: look at its [contact]."]})
    out = flameout("report", "--weeks", "2").out
    assert "weeks=2" in daemon.asked[-1].path
    assert "2026-11-23" in out
    assert "timer" in out
    assert "left: look at its [contact]." in out.splitlines()[-1]


def test_nothing_to_report_is_said(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /report", {"weeks": [], "judgement": []})
    assert flameout("report").out == "Nothing has happened in that time, so there is nothing to report.\n"


def test_programs_get_the_answer_as_it_came(daemon: FakeDaemon, flameout: Shell) -> None:
    answer = {"weeks": [WEEK], "judgement": []}
    daemon.answer("GET /report", answer)
    assert json.loads(flameout("report", "--json").out) == answer
