"""Setting, extending and cancelling timers, and what refuses them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.rest.asking import EXTEND, TIMER, refused
from tests.e2e.program import Program, program


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Its extensions are soon used up."""
    with program(
        tmp_path_factory.mktemp("daemon"), lease="5s", limits='extend_total = "10m"\nlongest_timer = "4h"'
    ) as made:
        made.start()
        yield made


def in_a_while(seconds: float) -> str:
    return (datetime.now().astimezone() + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        (1, 1),
        (1500, 1500),
        (0.5e3, 500),
        (90.25, 90.25),
        (14400, 14400),
        ("25m", 1500),
        ("1h30m", 5400),
        ("90s", 90),
        ("1.5s", 1.5),
        ("PT25M", 1500),
        ("PT1H30M", 5400),
        ("4h", 14400),
    ],
)
def test_a_duration_is_seconds_or_one_of_the_known_texts(stove: Program, duration: Any, seconds: float) -> None:
    answer = stove.do("PUT", TIMER, {"duration": duration})
    assert answer["timer"]["duration_s"] == seconds
    assert answer["status"] in ("timing", "ending")


@pytest.mark.parametrize("duration", [0.999, 14400.001, "4h1s", "12h", "0s", "999999999s", 9_999_999])
def test_a_duration_outside_the_limits_names_the_field(stove: Program, duration: Any) -> None:
    assert refused(stove.send("PUT", TIMER, {"duration": duration}), 422, "bad-value", "duration")


def test_a_timer_can_be_set_to_an_instant(stove: Program) -> None:
    for ends_at in (in_a_while(600), in_a_while(600).replace("+00:00", "Z")):
        timer = stove.do("PUT", TIMER, {"ends_at": ends_at})["timer"]
        assert abs(datetime.fromisoformat(timer["ends_at"]) - datetime.fromisoformat(ends_at)) < timedelta(seconds=1)


@pytest.mark.parametrize("seconds", [-1, -1e6, 0.5, 4 * 3600 + 60])
def test_an_end_in_the_past_or_too_far_away_names_the_field(stove: Program, seconds: float) -> None:
    assert refused(stove.send("PUT", TIMER, {"ends_at": in_a_while(seconds)}), 422, "bad-value", "ends_at")


def test_default_stands_for_the_default_timer(stove: Program) -> None:
    assert stove.do("PUT", "/default-timer", {"duration": "7m"})["default_timer_s"] == 420
    assert stove.do("PUT", TIMER, {"duration": "default"})["timer"]["duration_s"] == 420
    refused(stove.send("PUT", "/default-timer", {"duration": "default"}), 422, "bad-value", "duration")
    refused(stove.send("PUT", "/default-timer", {"duration": "5h"}), 422, "bad-value", "duration")


def test_a_second_timer_replaces_the_first(stove: Program) -> None:
    stove.set_timer("left", 1500)
    assert stove.set_timer("left", 600)["timer"]["duration_s"] == 600
    started = [entry for entry in stove.history(burner="left") if entry["event_type"] == "timer_started"]
    assert [entry["details"] for entry in started[:2]] == [
        {"duration_s": 600, "replaced": True},
        {"duration_s": 1500, "replaced": False},
    ]


def test_a_cancelled_timer_is_gone_and_cancelling_again_changes_nothing(stove: Program) -> None:
    stove.set_timer("left", 1500)
    assert stove.do("DELETE", TIMER)["timer"] is None
    before = stove.history()
    assert stove.do("DELETE", TIMER)["timer"] is None
    assert stove.history() == before


def test_cancelling_leaves_the_limit(stove: Program) -> None:
    stove.light("left")
    stove.set_timer("left", 600)
    answer = stove.do("DELETE", TIMER)
    assert answer["timer"] is None
    assert answer["limit"]["remaining_s"] > 7000
    stove.do("POST", "/burners/left/shut-off")


def test_an_extension_moves_the_end(stove: Program) -> None:
    before = stove.set_timer("left", 600)["timer"]
    after = stove.do("POST", EXTEND, {"by": "5m"})["timer"]
    moved = datetime.fromisoformat(after["ends_at"]) - datetime.fromisoformat(before["ends_at"])
    assert moved == timedelta(minutes=5)
    assert after["duration_s"] == 900


def test_extensions_are_capped(stove: Program) -> None:
    stove.set_timer("left", 600)
    stove.do("POST", EXTEND, {"by": 400})
    assert "by 3 min 20 s more" in refused(stove.send("POST", EXTEND, {"by": 201}), 409, "not-now", "by")
    stove.do("POST", EXTEND, {"by": 200})
    assert refused(stove.send("POST", EXTEND, {"by": 1}), 409, "not-now", "by")
    assert stove.burner()["timer"]["duration_s"] == 1200


def test_there_is_nothing_to_extend_without_a_timer(stove: Program) -> None:
    assert refused(stove.send("POST", EXTEND, {"by": "5m"}), 409, "not-now")
    assert stove.burner()["timer"] is None


def test_no_timer_for_a_burner_that_is_held(stove: Program) -> None:
    stove.do("POST", "/burners/left/shut-off")
    assert "shut off" in refused(stove.send("PUT", TIMER, {"duration": "5m"}), 409, "not-now")
    stove.do("PUT", "/burners/right/lock")
    assert "locked" in refused(stove.send("PUT", "/burners/right/timer", {"duration": "5m"}), 409, "not-now")
    assert stove.burner("right")["timer"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/burners/middle/timer", {"duration": "25m"}),
        ("POST", "/burners/middle/timer/extend", {"by": "5m"}),
        ("DELETE", "/burners/middle/timer", None),
    ],
)
def test_an_unknown_burner_has_no_timer(stove: Program, method: str, path: str, body: Any) -> None:
    assert refused(stove.send(method, path, body), 404, "not-found")


# --- Idempotency-Key ----------------------------------------------------------------------------------


def extended(stove: Program, key: str, by: Any = "1m") -> Any:
    return stove.send("POST", EXTEND, {"by": by}, **{"Idempotency-Key": key})


def test_the_same_key_extends_once_and_answers_alike(stove: Program) -> None:
    stove.set_timer("left", 600)
    first, second = extended(stove, "once"), extended(stove, "once")
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert stove.burner()["timer"]["duration_s"] == 660


def test_the_same_key_at_the_same_time_extends_once(stove: Program) -> None:
    stove.set_timer("left", 600)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: extended(stove, "at the same time"), range(16)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert 200 in {answer.status_code for answer in answers}
    for answer in answers:
        if answer.status_code == 409:
            assert "under way" in refused(answer, 409, "not-now")
    assert extended(stove, "at the same time").headers["idempotency-replayed"] == "true"
    assert stove.burner()["timer"]["duration_s"] == 660


def test_another_key_extends_again(stove: Program) -> None:
    stove.set_timer("left", 600)
    assert extended(stove, "one").status_code == extended(stove, "two").status_code == 200
    assert stove.burner()["timer"]["duration_s"] == 720


def test_the_same_key_with_another_body_is_refused(stove: Program) -> None:
    stove.set_timer("left", 600)
    extended(stove, "body", "1m")
    refused(extended(stove, "body", "2m"), 422, "bad-value", "Idempotency-Key")
    assert stove.burner()["timer"]["duration_s"] == 660


def test_a_refused_extension_may_be_tried_again_with_its_key(stove: Program) -> None:
    assert extended(stove, "refused").status_code == 409
    stove.set_timer("left", 600)
    assert extended(stove, "refused").json()["timer"]["duration_s"] == 660


def test_a_key_is_another_one_on_another_burner(stove: Program) -> None:
    for name in ("left", "right"):
        stove.set_timer(name, 600)
        answer = stove.send("POST", f"/burners/{name}/timer/extend", {"by": "1m"}, **{"Idempotency-Key": "same"})
        assert answer.json()["timer"]["duration_s"] == 660


def test_a_key_has_a_length(stove: Program) -> None:
    stove.set_timer("left", 600)
    for key in ("", "x" * 256):
        refused(extended(stove, key), 422, "bad-value", "Idempotency-Key")
    assert stove.burner()["timer"]["duration_s"] == 600
