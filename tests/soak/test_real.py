"""The verdicts on what was made up, and a short run of the real thing, sound and with leaks planted in it."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.oracle import judge
from tests.faults.scene import Scene
from tests.soak import real_report
from tests.soak.falls import without_cause
from tests.soak.flatness import bounded, flatness
from tests.soak.real import Plan, soak

HOUR = 3600.0
LEAK = """\
import threading, time
kept = []
def leak():
    while True:
        kept.append((bytearray(1 << 20), open("/dev/null")))
        time.sleep(0.05)
threading.Thread(target=leak, daemon=True).start()
"""


def _series(value: Callable[[float], float], hours: float = 1.0) -> list[tuple[float, float]]:
    chance = random.Random(3)
    return [(at, value(at / HOUR) + chance.gauss(0, 0.2)) for at in range(0, round(hours * HOUR), 5)]


# --- verdicts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("noise alone", lambda hour: 40.0),
        ("warming up", lambda hour: 40.0 + 5 * min(1.0, hour / 0.2)),
        ("one step", lambda hour: 40.0 + (3.0 if hour > 0.85 else 0.0)),
        ("falling", lambda hour: 40.0 - 3 * hour),
        ("a little slope", lambda hour: 40.0 + 0.8 * hour),
    ],
)
def test_what_stays_flat_is_called_flat(what: str, value: Callable[[float], float]) -> None:
    assert flatness(_series(value), room=1.0).flat, what


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("a slow leak", lambda hour: 40.0 + 4 * hour),
        ("a leak by steps", lambda hour: 40.0 + 0.5 * int(hour * 10)),
        ("one that begins late", lambda hour: 40.0 + max(0.0, hour - 0.4) * 12),
    ],
)
def test_what_grows_is_not_called_flat(what: str, value: Callable[[float], float]) -> None:
    assert not flatness(_series(value), room=1.0).flat, what


def test_a_day_shows_a_leak_that_an_hour_hides() -> None:
    assert flatness(_series(lambda hour: 40 + 0.3 * hour), room=1.0).flat
    assert not flatness(_series(lambda hour: 40 + 0.3 * hour, hours=24), room=1.0).flat


def test_descriptors_may_not_exceed_what_they_were_at_first() -> None:
    assert bounded([(at, 14) for at in range(10)])
    assert bounded([(0, 14), (1, 15), (2, 14), (5, 15), (9, 13)])
    assert not bounded([(at, 14 + at // 5) for at in range(10)])


def test_too_few_samples_say_nothing() -> None:
    with pytest.raises(ValueError, match="too few"):
        flatness([(0, 1.0), (1, 1.0), (2, 1.0)], room=1.0)


def _run(falls_at: float, stalls: list[list[float]] | None = None) -> dict[str, object]:
    return {
        "hold_open": 1.0,
        "lines": {"left": 17},
        "statements": [{"what": "timer", "line": "left", "at": 9.99, "acked": 10.0, "seconds": 5.0}],
        "levels": [[5.0, 17, True], [falls_at, 17, False]],
        "stalls": stalls or [],
        "ended": 20.0,
    }


def test_a_fall_at_the_end_of_a_timer_has_a_cause_and_one_before_it_has_none() -> None:
    for at, nuisances in ((14.995, 0), (12.0, 1)):
        run = _run(at)
        assert len(without_cause(run, judge(run)[1])[0]) == nuisances


def test_a_fall_after_the_machine_stood_still_is_told_apart() -> None:
    run = _run(12.0, [[11.0, 0.9]])
    nuisances, stalled = without_cause(run, judge(run)[1])
    assert (len(nuisances), len(stalled)) == (0, 1)


# --- the real thing -----------------------------------------------------------------------------------


@pytest.mark.timeout(120)
def test_ten_seconds_of_load_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = soak(Path("build/soak"), Plan(10, pause=0.05, deeds=30), lambda passed: None)
    assert result.wrong == []
    assert result.figures["timers"] > 0
    assert result.done["broker restarted"] > 0
    assert result.done["keeper killed"] > 0
    real_report.write(tmp_path, result)
    for picture in real_report.PICTURES:
        assert "<polyline" in (tmp_path / f"{picture}.svg").read_text()
    assert "Nothing was wrong." in (tmp_path / "report.md").read_text()


@pytest.mark.timeout(120)
def test_a_daemon_that_leaks_is_found(tmp_path: Path) -> None:
    def plant(scene: Scene) -> None:
        scene.inside(scene.pid, LEAK)

    wrong = soak(tmp_path, Plan(12, kill_keeper=False), lambda passed: None, before=plant).wrong
    assert any("heap grows" in sentence for sentence in wrong), wrong
    assert any("keeps descriptors" in sentence for sentence in wrong), wrong
