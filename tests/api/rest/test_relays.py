"""Shutting off, the child lock and reset: what they do, when they answer, and that shutting off is always obeyed."""

from typing import Any

import pytest

from tests.api.rest.asking import refused
from tests.e2e.program import LEFT, RIGHT, Program, eventually


def test_a_shut_off_answers_when_the_line_is_open(stove: Program) -> None:
    answer = stove.do("POST", "/burners/left/shut-off")
    assert not stove.witness.high(LEFT)
    assert stove.witness.high(RIGHT)
    assert (answer["id"], answer["permitted"], answer["status"]) == ("left", False, "shut_off")


def test_shutting_off_everything_answers_with_the_stove_when_all_lines_are_open(stove: Program) -> None:
    stove.set_timer("right", 600)
    answer = stove.do("POST", "/shut-off")
    assert not stove.witness.high(LEFT)
    assert not stove.witness.high(RIGHT)
    assert [burner["permitted"] for burner in answer["burners"]] == [False, False]
    assert [burner["last_shut_off"]["cause"] for burner in answer["burners"]] == ["shut_off_all", "shut_off_all"]
    assert answer["burners"][1]["timer"] is None


def test_shutting_off_is_obeyed_in_every_state_and_whatever_the_body(stove: Program) -> None:
    stove.set_timer("left", 600)
    assert off(stove, b"")["timer"] is None  # it was timing; from here on it is shut off
    for body in (b"{}", b"rubbish", b"\xff\xfe", b'{"duration": NaN}'):
        off(stove, body)
    stove.do("PUT", "/burners/left/lock")
    assert off(stove, b"")["status"] == "shut_off"
    eventually("all are on record", lambda: cuts(stove)[:6] == [False, False, False, False, False, True])


def cuts(stove: Program) -> list[bool]:
    """Whether each shut-off cut something, newest first."""
    entries = stove.history(burner="left")
    return [entry["details"]["cut"] for entry in entries if entry["event_type"] == "shut_off"]


def off(stove: Program, body: bytes) -> Any:
    answer = stove.http.post("/api/v1/burners/left/shut-off", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200
    assert not stove.witness.high(LEFT)
    return answer.json()


def test_an_unknown_burner_cannot_be_shut_off_and_no_other_is(stove: Program) -> None:
    assert refused(stove.send("POST", "/burners/middle/shut-off"), 404, "not-found")
    assert refused(stove.send("POST", "/burners/LEFT/shut-off"), 404, "not-found")
    assert stove.burner()["permitted"]


def test_the_child_lock_opens_and_keeps_open_until_it_is_ended(stove: Program) -> None:
    locked = stove.do("PUT", "/burners/left/lock")
    eventually("the line is low", lambda: not stove.witness.high(LEFT))
    assert ("lock", "child") in [(hold["kind"], hold["cause"]) for hold in locked["holds"]]
    eventually("the valve has surely dropped", lambda: stove.burner()["status"] == "locked")
    assert not stove.witness.high(LEFT)
    assert stove.do("PUT", "/burners/left/lock")["holds"] == stove.burner()["holds"]
    assert stove.do("DELETE", "/burners/left/lock")["holds"] == []
    eventually("it is permitted again", lambda: stove.witness.high(LEFT))


def test_a_lock_of_every_burner_shows_at_the_stove(stove: Program) -> None:
    stove.do("PUT", "/burners/left/lock")
    assert stove.get("/stove")["child_lock"] is False
    stove.do("PUT", "/burners/right/lock")
    assert stove.get("/stove")["child_lock"] is True


def test_a_reset_is_refused_while_the_valve_may_be_open(stove: Program) -> None:
    stove.do("POST", "/burners/left/shut-off")
    assert "valve" in refused(stove.send("POST", "/burners/left/reset"), 409, "not-now")
    eventually("the hold ends", lambda: stove.burner()["status"] == "ready")
    assert stove.do("POST", "/burners/left/reset")["status"] == "ready"


@pytest.mark.parametrize(("method", "call"), [("PUT", "lock"), ("DELETE", "lock"), ("POST", "reset")])
def test_an_unknown_burner_is_neither_locked_nor_reset(stove: Program, method: str, call: str) -> None:
    assert refused(stove.send(method, f"/burners/middle/{call}"), 404, "not-found")


def test_only_known_names_reach_the_simulated_hob(stove: Program) -> None:
    for name in ("middle", "x" * 9_000):
        assert refused(stove.send("POST", f"/simulate/{name}", {"action": "light"}), 404, "not-found")
    for action in ("explode", "light\n", "fault", "\x00"):
        assert refused(stove.send("POST", "/simulate/left", {"action": action}), 409, "not-now")
    assert refused(stove.send("POST", "/simulate/left", {"action": "x" * 65}), 422, "bad-value", "action")
    assert "keeper_lost" not in stove.kinds()
