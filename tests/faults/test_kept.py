"""A campaign that was broken off goes on where it was, and hides nothing that went wrong before."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.campaign import DISTURBED, campaign
from tests.faults.fault import Fault
from tests.faults.kept import Kept, NothingKept
from tests.faults.powercut import Verdict
from tests.faults.report import write
from tests.faults.run import Outcome
from tests.faults.table import FAULTS

NAME = "controller-sigkill"
RUN: dict[str, Any] = {
    "lines": {"left": 17, "right": 27},
    "statements": [],
    "levels": [[1.0, 17, True], [5.02, 17, False]],
    "hold_open": 1.0,
    "stalls": [],
    "ended": 9.0,
}


def outcome(seed: int, *wrong: str, stalled: float = 0.0) -> Outcome:
    stalls = [[5.0, stalled]] if stalled else []
    return Outcome(NAME, seed, "idle", wrong, RUN | {"stalls": stalls}, 5.0, 3)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """What comes of one run after another, the last for ever; nothing is really played."""
    coming: list[Outcome] = []

    def play(_: Fault, seed: int) -> Outcome:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    monkeypatch.setattr("tests.faults.campaign.play", play)
    return coming


def test_what_was_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "build" / "outcomes.jsonl")
    kept.start()
    for each in (outcome(0), outcome(1, "high"), outcome(1, "low"), outcome(2)):
        kept.add(each)
    assert kept.load() == {(NAME, 0): outcome(0), (NAME, 1): outcome(1, "low"), (NAME, 2): outcome(2)}


def test_where_nothing_was_kept_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(NothingKept, match="begin without --resume"):
        Kept(tmp_path / "outcomes.jsonl").load()


def test_what_is_played_again_says_what_was_wrong_before(played: list[Outcome]) -> None:
    played += [outcome(4)]
    told: list[Outcome] = []
    (again,) = campaign([(NAME, 4)], 1, told.append, {(NAME, 4): outcome(4, "high for 3 ms")})
    assert told == [again]
    assert (again.wrong, again.before) == ((), (("high for 3 ms",),))


def test_what_the_machine_disturbed_is_played_three_times_at_the_most_and_none_is_forgotten(
    played: list[Outcome],
) -> None:
    played += [outcome(0, f"time {number}", stalled=2 * DISTURBED) for number in (1, 2, 3, 4)]
    (final,) = campaign([(NAME, 0)], 1, lambda _: None)
    assert (final.before, final.wrong) == ((("time 1",), ("time 2",)), ("time 3",))


def test_what_is_wrong_in_a_quiet_machine_is_not_played_again(played: list[Outcome]) -> None:
    played += [outcome(0, "high"), outcome(0)]
    (final,) = campaign([(NAME, 0)], 1, lambda _: None)
    assert (final.before, final.wrong) == ((), ("high",))


def test_the_report_names_what_was_played_again_and_when_the_machine_stood_still(tmp_path: Path) -> None:
    repeated = Outcome(**vars(outcome(0, stalled=0.015)) | {"before": (("left: high for 3 ms",),)})
    write(tmp_path, [repeated, outcome(1)], Verdict())
    report = (tmp_path / "report.md").read_text()
    assert f"- {NAME}, seed 0, idle, time 1: left: high for 3 ms" in report
    assert f"| {FAULTS[NAME].what} | every line open within 50 ms | 20 ms, the machine stood still for 15 ms" in report
    assert "2 of 2" in report


def test_the_report_says_with_which_program_each_run_was_played(tmp_path: Path) -> None:
    ones = [Outcome(**vars(outcome(seed)) | {"program": "abc"}) for seed in (0, 1)]
    write(tmp_path, [*ones, Outcome(**vars(outcome(2)) | {"program": "def"})], Verdict())
    assert "The program is that of commit abc; in 1 runs of commit def." in (tmp_path / "report.md").read_text()
