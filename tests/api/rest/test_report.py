"""The nuisance report over REST."""

import pytest

from tests.api.rest.asking import refused
from tests.e2e.program import Program, eventually


def test_a_cut_is_in_this_weeks_report(stove: Program) -> None:
    stove.http.post("/api/v1/burners/left/shut-off")

    def cuts() -> int:  # an opening is answered before it is on record
        (week,) = stove.get("/report?weeks=1")["weeks"]
        return int(week["burners"]["left"]["cuts"].get("user", 0))

    eventually("the cut is in the report", cuts)
    assert stove.get("/report?weeks=1")["judgement"] == []


@pytest.mark.parametrize(
    "query", ["weeks=0", "weeks=53", "weeks=-1", "weeks=four", "weeks=1.5", "weeks=", "weeks=00004"]
)
def test_a_number_of_weeks_that_is_none_is_refused(stove: Program, query: str) -> None:
    assert "weeks is not a whole number from 1 to 52" in refused(
        stove.http.get(f"/api/v1/report?{query}"), 422, "bad-value", "weeks"
    )
