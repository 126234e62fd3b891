"""The benchmark judges as it says, and sees a delay."""

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import measured
from tests.bench.figures import Figure, as_json, as_markdown, missed, p50, p99
from tests.bench.proof import planted


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [(1.3, False, "ok"), (1.31, False, "missed"), (1.3, True, "ok"), (1.29, True, "missed")],
)
def test_a_goal_is_an_upper_or_a_lower_bound(value: float, at_least: bool, verdict: str) -> None:
    assert Figure("f", value, "×", 1.3, at_least=at_least).verdict == verdict


def test_what_cannot_be_compared_is_missed() -> None:
    assert missed([Figure("f", float("nan"), "×", 1.3)])


def test_a_figure_without_a_goal_misses_none() -> None:
    assert missed([Figure("f", 9, "s")]) == []


def test_the_99th_percentile_is_not_the_worst_of_two_hundred() -> None:
    values = [1.0] * 197 + [2.0, 3.0, 4.0]
    assert (p50(values), p99(values)) == (1.0, 3.0)


def test_every_form_has_the_verdict() -> None:
    figures = [Figure("late", 9, "ms", 1, "a note"), Figure("early", 0.5, "ms", 1)]
    assert [row["met"] for row in json.loads(as_json(figures))["figures"]] == [False, True]
    assert "| late | 9.00 ms | ≤ 1 ms | missed | a note |" in as_markdown(figures)


def test_a_part_that_breaks_off_is_a_goal_missed(tmp_path: Path) -> None:
    def broken(_: Path) -> list[Figure]:
        raise AssertionError("the line never fell")

    [figure] = missed(measured("mqtt", broken, tmp_path))
    assert "the line never fell" in figure.note


def test_json_has_nothing_for_what_was_not_measured() -> None:
    [row] = json.loads(as_json([Figure("f", float("nan"), "", 0)]))["figures"]
    assert (row["value"], row["met"]) == (None, False)


def test_five_milliseconds_in_the_daemons_path_are_seen(tmp_path: Path) -> None:
    [figure] = missed(planted(tmp_path))
    assert figure.value > 1.3
