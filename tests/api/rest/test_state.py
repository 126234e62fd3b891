"""Reading the stove: fields, types and units, ETags, and sentences."""

import re
from datetime import datetime
from itertools import pairwise
from typing import Any

from starlette.requests import Request

from api.rest import answers
from api.rest.examples import BURNER
from controller.terms import Flame
from controller.view import BurnerView
from tests.api.rest.asking import is_a_sentence, refused
from tests.e2e.program import Program, eventually

BURNER_KEYS = {"id", "name", "status", "permitted", "contact", "flame", "timer", "limit", "last_shut_off", "holds"}


def is_an_instant(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None and "T" in text


def test_an_idle_burner_has_every_field_of_its_type(stove: Program) -> None:
    burner = stove.burner()
    assert set(burner) >= BURNER_KEYS
    assert (burner["id"], burner["name"], burner["status"], burner["permitted"]) == ("left", "Left", "ready", True)
    assert (burner["contact"], burner["flame"], burner["timer"], burner["limit"], burner["holds"]) == (
        "closed",
        "out",
        None,
        None,
        [],
    )


def test_a_timer_is_in_seconds_and_ends_at_an_instant_with_a_zone(stove: Program) -> None:
    timer = stove.set_timer("left", 1500)["timer"]
    assert set(timer) == {"duration_s", "remaining_s", "ends_at", "set_by"}
    assert timer["duration_s"] == 1500
    assert 1495 < timer["remaining_s"] <= 1500
    assert timer["set_by"] == "rest"
    left = datetime.fromisoformat(timer["ends_at"]) - datetime.now().astimezone()
    assert abs(left.total_seconds() - timer["remaining_s"]) < 2


def test_a_burning_flame_has_a_limit_and_a_shut_off_leaves_a_hold_and_its_cause(stove: Program) -> None:
    stove.light("left")
    burner = stove.burner()
    assert burner["status"] == "lit"
    assert set(burner["limit"]) == {"remaining_s", "ends_at"}
    assert 7190 < burner["limit"]["remaining_s"] <= 7200
    assert is_an_instant(burner["limit"]["ends_at"])
    off = stove.do("POST", "/burners/left/shut-off")
    assert (off["status"], off["permitted"], off["limit"]) == ("shut_off", False, None)
    last, hold = off["last_shut_off"], off["holds"][0]
    assert set(last) == {"cause", "at", "by", "proof"}
    assert (last["cause"], last["by"]) == ("user", "rest")
    assert last["proof"] in ("confirmed", "pending", "failed", "unavailable")
    assert set(hold) == {"kind", "cause", "since", "until"}
    assert (hold["kind"], hold["cause"]) == ("shut_off", "user")
    assert all(map(is_an_instant, (last["at"], hold["since"], hold["until"])))


def test_the_stove_carries_its_burners_in_order_and_as_they_are_alone(stove: Program) -> None:
    whole = stove.get("/stove")
    assert (whole["id"], whole["name"], whole["status"], whole["problems"]) == ("test", "Test hob", "ok", [])
    assert whole["simulated"] is True
    assert is_an_instant(whole["started_at"])
    assert whole["burners"] == stove.get("/burners") == [stove.burner("left"), stove.burner("right")]


def test_the_next_shut_off_of_the_stove_is_the_earliest_one(stove: Program) -> None:
    stove.set_timer("left", 900)
    right = stove.set_timer("right", 600)
    assert stove.get("/stove")["next_shut_off"] == right["timer"]["ends_at"]


def test_an_unknown_burner_is_not_found(stove: Program) -> None:
    for name in ("middle", "Left", "l%C3%A9ft", "%00", "..", "x" * 4_000):
        answer = stove.send("GET", f"/burners/{name}")
        assert refused(answer, 404, "not-found")


# --- ETag ---------------------------------------------------------------------------------------------


def etag(stove: Program, path: str) -> str:
    return str(stove.send("GET", path).headers["etag"])


def test_what_has_not_changed_is_not_sent_again(stove: Program) -> None:
    for path in ("/stove", "/burners", "/burners/left"):
        tag = etag(stove, path)
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
            answer = stove.send("GET", path, **{"If-None-Match": known})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert stove.send("GET", path, **{"If-None-Match": '"other"'}).status_code == 200


def test_the_countdown_alone_keeps_the_tag(stove: Program) -> None:
    first = stove.send("PUT", "/burners/left/timer", {"duration": "25m"})
    eventually("the warning of nothing", lambda: stove.burner()["timer"]["remaining_s"] < 1499.9)
    assert etag(stove, "/burners/left") == first.headers["etag"]


def test_every_visible_change_changes_the_tag(stove: Program) -> None:
    paths = ("/stove", "/burners", "/burners/left")
    seen = [[etag(stove, path) for path in paths]]
    for method, path, body in (
        ("PUT", "/burners/left/timer", {"duration": 1500}),
        ("POST", "/burners/left/timer/extend", {"by": "5m"}),
        ("DELETE", "/burners/left/timer", None),
        ("PUT", "/burners/left/lock", None),
    ):
        stove.do(method, path, body)
        seen.append([etag(stove, path) for path in paths])
    for tags in zip(*seen, strict=True):
        assert all(before != after for before, after in pairwise(tags))


def test_a_new_default_timer_changes_the_tag_of_the_stove(stove: Program) -> None:
    before = etag(stove, "/stove")
    stove.do("PUT", "/default-timer", {"duration": "17m"})
    assert stove.send("GET", "/stove", **{"If-None-Match": before}).json()["default_timer_s"] == 1020


def test_the_other_burner_keeps_its_tag(stove: Program) -> None:
    before = etag(stove, "/burners/right")
    stove.set_timer("left", 900)
    assert etag(stove, "/burners/right") == before


def test_states_are_not_kept_by_caches_unasked(stove: Program) -> None:
    answer = stove.send("GET", "/burners/left")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["content-type"] == "application/json"


# --- sentences ----------------------------------------------------------------------------------------


def said(stove: Program, method: str, path: str, body: Any = None) -> str:
    answer = stove.send(method, path, body, Accept="text/plain")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert is_a_sentence(answer.text.removesuffix("\n"))
    return answer.text.removesuffix("\n")


def test_a_timer_is_told_in_the_words_of_the_contract(stove: Program) -> None:
    told = said(stove, "PUT", "/burners/left/timer", {"duration": "25m"})
    assert re.fullmatch(r"Left shuts off at \d\d:\d\d, in 25 minutes\.", told)
    assert said(stove, "PUT", "/burners/left/timer", {"duration": 3661}).endswith("in 1 hour 1 minute.")


def test_every_state_has_its_sentence(stove: Program) -> None:
    assert said(stove, "GET", "/burners/left") == "Left is ready, without a timer."
    assert said(stove, "GET", "/stove") == "Left is ready, without a timer. Right is ready, without a timer."
    assert said(stove, "GET", "/burners") == said(stove, "GET", "/stove")
    assert "shut off" in said(stove, "POST", "/burners/left/shut-off")
    assert "turn the knob off" in said(stove, "GET", "/burners/left")
    assert "no timer can be set" in said(stove, "PUT", "/burners/left/timer", {"duration": "25m"})
    assert said(stove, "PUT", "/burners/right/lock") == "Right is locked by the child lock."


def test_who_also_takes_json_gets_json(stove: Program) -> None:
    for accept in ("application/json, text/plain", "*/*", "text/html", "application/problem+json"):
        assert stove.send("GET", "/stove", Accept=accept).headers["content-type"] == "application/json"


def test_a_thermocouples_voltage_does_not_change_the_tag_and_its_flame_does() -> None:
    request = Request({"type": "http", "method": "GET", "headers": []})
    view = BurnerView.model_validate(BURNER)
    tag = answers.burner(request, view).headers["etag"]
    assert answers.burner(request, view.model_copy(update={"millivolts": 13.9})).headers["etag"] == tag
    assert answers.burner(request, view.model_copy(update={"flame": Flame.OUT})).headers["etag"] != tag
