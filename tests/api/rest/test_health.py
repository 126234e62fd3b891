"""Health means the decision loop and the keeper, and readiness the journal, too: each is broken in turn."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.rest.asking import EXTEND, TIMER, idle, is_a_sentence, refused
from tests.e2e.program import LEFT, Program, eventually, program


def metrics(stove: Program) -> dict[tuple[str, str], float]:
    """Every sample, by its name and the burner it is about."""
    answer = stove.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, sample.labels.get("burner", "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_well_daemon_says_so(stove: Program) -> None:
    healthy, ready = stove.http.get("/healthz"), stove.http.get("/readyz")
    assert (healthy.status_code, healthy.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "problems": []})
    for answer in (healthy, ready):
        assert answer.headers["cache-control"] == "no-store"


def test_metrics_say_what_is_commanded_and_measured(stove: Program) -> None:
    idle_metrics = metrics(stove)
    assert idle_metrics["flameout_alive", ""] == 1
    assert idle_metrics["flameout_problems", ""] == 0
    assert idle_metrics["flameout_relay_permitted", "left"] == 1
    assert idle_metrics["flameout_flame_lit", "left"] == 0
    assert ("flameout_timer_remaining_seconds", "left") not in idle_metrics
    stove.set_timer("left", 600)
    assert 590 < metrics(stove)["flameout_timer_remaining_seconds", "left"] <= 600
    stove.do("POST", "/burners/left/shut-off")
    after = metrics(stove)
    assert after["flameout_relay_permitted", "left"] == 0
    assert after["flameout_relay_permitted", "right"] == 1


def test_metrics_count_shut_offs_by_their_cause(stove: Program) -> None:
    def count() -> float:
        return sum(value for (name, burner), value in metrics(stove).items() if name == "flameout_shut_offs_total")

    before = count()
    stove.do("POST", "/burners/left/shut-off")
    eventually("it is counted", lambda: count() == before + 1)
    text = stove.http.get("/metrics").text
    assert re.search(r'flameout_shut_offs_total\{(burner="left",cause="user"|cause="user",burner="left")\}', text)
    assert re.search(r'flameout_events_total\{.*event_type="shut_off"', text)


def test_every_metric_is_explained(stove: Program) -> None:
    families = list(text_string_to_metric_families(stove.http.get("/metrics").text))
    assert len(families) >= 6
    for family in families:
        assert family.name.startswith("flameout_")
        assert family.documentation
        assert family.type in ("gauge", "counter")


def test_a_keeper_that_stands_still_is_noticed_and_replaced(stove: Program) -> None:
    old = stove.keeper_pid()
    os.kill(old, signal.SIGSTOP)
    eventually("the daemon says that it is not well", lambda: stove.http.get("/healthz").status_code == 503)
    ready = stove.http.get("/readyz")
    if ready.status_code == 503:  # the next keeper may be there by now
        assert all(map(is_a_sentence, ready.json()["problems"]))
    eventually("the next keeper is there", lambda: stove.http.get("/healthz").status_code == 200)
    eventually("it is on record", lambda: stove.keeper_pid() != old)
    assert stove.http.get("/readyz").status_code == 200


def test_without_a_keeper_no_shut_off_is_claimed_and_no_timer_is_set(tmp_path: Path) -> None:
    """The socket's keeper is killed and does not come back."""
    socket = tmp_path / "keeper.sock"
    with program(tmp_path, lease="5s", keeper=f'socket = "{socket}"') as stove:
        keeper = stove.start_keeper()
        eventually("the keeper listens", socket.exists)
        stove.start()
        idle(stove)
        keeper.kill()
        keeper.wait()
        eventually("the daemon says that it is not well", lambda: stove.http.get("/healthz").status_code == 503)
        ready = stove.http.get("/readyz")
        assert ready.status_code == 503
        assert all(map(is_a_sentence, ready.json()["problems"]))
        answer = stove.send("POST", "/burners/left/shut-off")
        assert "Turn the knob off" in refused(answer, 503, "not-confirmed")
        assert "Turn the knob off" in refused(stove.send("POST", "/shut-off"), 503, "not-confirmed")
        refused(stove.send("PUT", TIMER, {"duration": 60}), 409, "not-now")
        assert stove.get("/stove")["status"] == "problem"
        assert metrics(stove)["flameout_alive", ""] == 0


# --- a journal that fails -----------------------------------------------------------------------------


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Program]:
    """A daemon whose journal has turned to garbage on the disk."""
    with program(tmp_path, lease="5s") as stove:
        stove.start()
        idle(stove)
        break_journal(stove)
        yield stove


def break_journal(stove: Program) -> None:
    for file in stove.folder.glob("flameout.db*"):
        with file.open("r+b") as content:
            size = max(file.stat().st_size, 65_536)
            content.write(b"garbage " * (size // 8))


def done_but_not_on_record(answer: Any) -> None:
    assert "not on record" in refused(answer, 503, "journal-failing")


def test_with_a_failing_journal_everything_is_obeyed_and_nothing_is_acknowledged(failing: Program) -> None:
    stove = failing
    done_but_not_on_record(stove.send("PUT", TIMER, {"duration": 600}))
    timer = stove.burner()["timer"]
    assert timer["duration_s"] == 600
    eventually("it counts", lambda: stove.burner()["timer"]["remaining_s"] < timer["remaining_s"])

    for _ in range(2):  # the same extension, asked for again
        answer = stove.send("POST", EXTEND, {"by": "1m"}, **{"Idempotency-Key": "again"})
        done_but_not_on_record(answer)
    assert stove.burner()["timer"]["duration_s"] == 660

    assert stove.http.get("/healthz").status_code == 200
    ready = stove.http.get("/readyz")
    assert ready.status_code == 503
    assert [is_a_sentence(problem) and "journal" in problem for problem in ready.json()["problems"]] == [True]
    assert stove.get("/stove")["problems"] == ready.json()["problems"]
    refused(stove.http.get("/api/v1/history"), 503, "journal-failing")

    with stove.http.stream("GET", "/api/v1/events", headers={"Last-Event-ID": "1"}) as stream:
        assert "event: state" in stream.iter_lines()  # nothing to resume from, and still a stream
    assert stove.send("POST", "/burners/left/shut-off").status_code == 200
    assert not stove.witness.high(LEFT)
    done_but_not_on_record(stove.send("PUT", "/burners/right/lock"))
    assert stove.burner("right")["status"] in ("shut_off", "locked")


def test_a_journal_that_works_again_is_well_again(failing: Program) -> None:
    stove = failing
    done_but_not_on_record(stove.send("PUT", TIMER, {"duration": 600}))
    for file in stove.folder.glob("flameout.db*"):
        file.unlink()
    eventually("it is written again", lambda: stove.http.get("/readyz").status_code == 200)
    assert "timer_started" in stove.kinds()
    assert stove.set_timer("left", 700)["timer"]["duration_s"] == 700
