"""Inputs that were found once, the seeds and some hundred changed ones break nothing; every planted flaw is found.

``make fuzz`` goes on for longer. Chance is seeded and inputs are counted, so that each run tries the same. Where there
is no Atheris the inputs are changed blindly, which the planted flaws show to be enough.
"""

import importlib.util
from pathlib import Path

import pytest

from tests.fuzz.__main__ import run
from tests.fuzz.engine import TARGETS, hunt, load

RUNS = {"keeper": 200, "mqtt": 200, "rest": 300, "config": 200}
WITHIN = 150  # inputs; some dozens are enough
STEERED = importlib.util.find_spec("atheris") is not None
FLAWS = [(name, flaw) for name in TARGETS for flaw in load(name).flaws]


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_what_has_to_hold(name: str, tmp_path: Path) -> None:
    outcome = run(name, tmp_path, "--runs", str(RUNS[name]), "--seed", "1")
    assert outcome.broken is None, outcome.broken
    assert outcome.inputs >= RUNS[name]
    assert (outcome.coverage is not None) == STEERED


@pytest.mark.parametrize("name", TARGETS)
def test_without_a_flaw_the_inputs_that_find_flaws_break_nothing(name: str) -> None:
    assert hunt(name, None, WITHIN) is None


@pytest.mark.parametrize(("name", "flaw"), FLAWS)
def test_each_planted_flaw_is_found(name: str, flaw: str) -> None:
    assert hunt(name, flaw, WITHIN) is not None, f"not within {WITHIN} inputs"
