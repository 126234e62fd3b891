"""No interleaving of the messages between controller and keeper breaks a demand; each known flaw does."""

import os
from pathlib import Path

import pytest

from tests.proofs.spin import FLAWS, RACES, can_search, search

pytestmark = pytest.mark.skipif(
    not can_search() and "CI" not in os.environ,
    reason="needs SPIN and a C compiler: apt-get install spin gcc libc6-dev",
)


def test_no_interleaving_breaks_a_demand(tmp_path: Path) -> None:
    found = search(RACES, tmp_path)
    assert found.broken is None
    assert found.states > 1_000_000, "so few that the model must have lost a part"


@pytest.mark.parametrize(
    ("flaw", "breaks"), list(zip(FLAWS, ("renewed_at", "knew[which]==openings", "high==(believed"), strict=True))
)
def test_each_known_flaw_is_found(flaw: str, breaks: str, tmp_path: Path) -> None:
    found = search(RACES, tmp_path, (flaw,))
    assert found.broken is not None
    assert breaks in found.broken
