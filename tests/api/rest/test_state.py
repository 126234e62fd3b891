"""Reading the stove: fields, types and units, ETags, and sentences."""

import re
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
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
    assert answer.headers["vary"] == "Accept, Accept-Language"
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


def test_a_sentence_comes_in_the_callers_language_and_says_which(stove: Program) -> None:
    spoken = {"Accept": "text/plain", "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    told = stove.send("PUT", "/burners/left/timer", {"duration": "25m"}, **spoken)
    assert re.fullmatch(r"Left \d\d:\d\d关火，还有(25分钟|24分钟5\d秒)。\n", told.text)
    english = stove.send("GET", "/burners/left", Accept="text/plain")
    assert (told.headers["content-language"], english.headers["content-language"]) == ("zh-Hans", "en")
    assert told.headers["vary"] == english.headers["vary"] == "Accept, Accept-Language"
    assert told.headers["etag"] != english.headers["etag"]  # who changes the language is sent the sentence anew
    again = stove.send("GET", "/burners/left", **spoken, **{"If-None-Match": told.headers["etag"]})
    assert (again.status_code, again.headers["vary"]) == (304, "Accept, Accept-Language")


def test_a_refusal_comes_in_the_callers_language_and_stays_english_in_json_and_on_record(stove: Program) -> None:
    stove.do("PUT", "/burners/left/lock")
    call: tuple[str, str, Any] = ("PUT", "/burners/left/timer", {"duration": "25m"})
    told = stove.send(*call, Accept="text/plain", **{"Accept-Language": "zh"})
    assert (told.status_code, told.text) == (409, "Left 锁着（儿童锁），现在不能定时。\n")
    assert (told.headers["content-language"], told.headers["vary"]) == ("zh-Hans", "Accept, Accept-Language")
    json = stove.send(*call, **{"Accept-Language": "zh"})
    assert json.json()["detail"] == "Left is locked (child); no timer can be set."
    assert "content-language" not in json.headers


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("GET", "/burners/middle", None, "没有这个炉头。"),
        ("GET", "/kitchen", None, "没有这个地址，/docs 里有全部地址。"),
        ("PUT", "/burners/left/timer", {"duration": "soon"}, "时间没听懂，请写成 25m、1h30m、90s 这样，或者写秒数。"),
        ("PUT", "/burners/left/timer", {"duration": -1}, "时间没听懂，请写成 25m、1h30m、90s 这样，或者写秒数。"),
        ("PUT", "/burners/left/timer", {"duration": "5h"}, "定时5小时太长，最长4小时。"),
        ("PUT", "/burners/left/timer", {"ends_at": "2020-01-01T00:00:00Z"}, "关火的时刻已经过了，或者不到一秒。"),
        ("POST", "/burners/left/timer/extend", {"by": "5m"}, "Left 没有定时，先设一个吧。"),
        ("PUT", "/default-timer", {"duration": "5h"}, "默认定时要在一秒到4小时之间。"),
        ("PUT", "/burners/left/timer", {}, "这个值不对，英文说明是：Send either duration or ends_at."),
    ],
)
def test_common_mistakes_are_told_in_chinese(stove: Program, method: str, path: str, body: Any, sentence: str) -> None:
    told = stove.send(method, path, body, Accept="text/plain", **{"Accept-Language": "zh-CN"})
    assert told.text == sentence + "\n"


def test_a_stranger_is_refused_in_chinese_before_any_handler(stove: Program) -> None:
    headers = {"Accept": "text/plain", "Accept-Language": "zh", "Host": "elsewhere.example"}
    assert stove.send("GET", "/stove", **headers).text == "这个主机名不是本机的，需要的话请加到 rest.allowed_hosts。\n"


def test_a_repeated_extension_is_answered_in_the_language_of_the_first(stove: Program) -> None:
    stove.set_timer("left", 600)
    headers = {"Accept": "text/plain", "Accept-Language": "zh", "Idempotency-Key": "spoken"}
    first, again = (stove.send("POST", "/burners/left/timer/extend", {"by": "5m"}, **headers) for _ in range(2))
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.text, again.headers["content-language"]) == (first.text, "zh-Hans")


def test_who_also_takes_json_gets_json(stove: Program) -> None:
    for accept in ("application/json, text/plain", "*/*", "text/html", "application/problem+json"):
        assert stove.send("GET", "/stove", Accept=accept).headers["content-type"] == "application/json"


def test_a_thermocouples_voltage_does_not_change_the_tag_and_its_flame_does() -> None:
    request = Request({"type": "http", "method": "GET", "headers": []})
    view = BurnerView.model_validate(BURNER)
    tag = answers.burner(request, view).headers["etag"]
    assert answers.burner(request, view.model_copy(update={"millivolts": 13.9})).headers["etag"] == tag
    assert answers.burner(request, view.model_copy(update={"flame": Flame.OUT})).headers["etag"] != tag
