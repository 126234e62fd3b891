"""The sentences that are shipped for Assist, said to a real Home Assistant, which drives the real daemon by MQTT."""

import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.api.rest.asking import idle
from tests.e2e.program import Program, eventually
from tests.home_assistant.house import NEEDS_HOME_ASSISTANT, PYTHONS, House, house, named
from tests.home_assistant.sentences import ALL_OFF, EXTENSIONS, NOTHING_ON, ON, ONE_OFF, OTHERS, TIME_LEFT, TIMERS

pytestmark = NEEDS_HOME_ASSISTANT


@pytest.fixture(scope="module", params=PYTHONS, ids=named)
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, House]]:
    with house(request.param, tmp_path_factory) as both:
        yield both


@pytest.fixture
def stove(daemon: tuple[Program, House]) -> Program:
    for name in ("left", "right"):
        daemon[0].do("DELETE", f"/burners/{name}/timer")
        daemon[0].do("DELETE", f"/burners/{name}/lock")
    idle(daemon[0])
    for name in ("left", "right"):
        eventually("Home Assistant knows", lambda n=name: daemon[1].state(f"valve.kitchen_hob_{n}") == "open")  # type: ignore[misc]
    return daemon[0]


@pytest.fixture
def assist(daemon: tuple[Program, House], stove: Program) -> House:
    return daemon[1]


def burners_off(stove: Program) -> list[str]:
    return [name for name in ("left", "right") if stove.burner(name)["status"] == "shut_off"]


@pytest.mark.parametrize(("language", "text", "answer"), ALL_OFF)
def test_everything_is_shut_off(stove: Program, assist: House, language: str, text: str, answer: str) -> None:
    assert assist.say(language, text) == answer
    assert burners_off(stove) == ["left", "right"]


@pytest.mark.parametrize(("language", "text", "name", "answer"), ONE_OFF)
def test_one_burner_is_shut_off_and_the_other_left_alone(
    stove: Program, assist: House, language: str, text: str, name: str, answer: str
) -> None:
    assert assist.say(language, text) == answer
    assert burners_off(stove) == [name]


@pytest.mark.parametrize(("language", "text", "name", "minutes"), TIMERS)
def test_a_timer_is_set(stove: Program, assist: House, language: str, text: str, name: str, minutes: int) -> None:
    answer = assist.say(language, text)
    burner = stove.burner(name)
    assert burner["timer"]["duration_s"] == minutes * 60
    assert burner["timer"]["set_by"] == "mqtt"
    at = clock(burner["timer"]["ends_at"])
    called = f"Kitchen hob {name.title()}"
    assert answer == (f"{called} shuts off at {at}." if language == "en" else f"{called}{at}关火。")


def clock(instant: str) -> str:
    """The time of day in UTC, as that Home Assistant is set to."""
    stamp = subprocess.run(["date", "-u", "-d", instant, "+%H:%M"], check=True, capture_output=True, text=True)
    return stamp.stdout.strip()


@pytest.mark.parametrize(("language", "text", "minutes"), EXTENSIONS)
def test_a_timer_is_extended(stove: Program, assist: House, language: str, text: str, minutes: int) -> None:
    stove.set_timer("left", 1200)
    eventually("Home Assistant knows", lambda: assist.state("number.kitchen_hob_left_timer") == "20.0")
    answer = assist.say(language, text)
    timer = stove.burner("left")["timer"]
    assert timer["duration_s"] == 1200 + minutes * 60
    assert clock(timer["ends_at"]) in answer


def test_a_refusal_is_told_and_nothing_is_called_set(stove: Program, assist: House) -> None:
    stove.do("PUT", "/burners/left/lock")
    told = assist.say("en", "shut the left burner off in twenty minutes")
    assert told == "Refused: Left is locked (child); no timer can be set."
    told = assist.say("zh-CN", "左边灶二十分钟后关火")
    assert told == "Kitchen hob Left没有接受，英文说明是：Left is locked (child); no timer can be set."
    told = assist.say("en", "five more minutes on the right burner")
    assert told == "Refused: Right has no timer to extend; set one."


@pytest.mark.parametrize(("language", "text", "answer"), TIME_LEFT)
def test_how_long_is_left(stove: Program, assist: House, language: str, text: str, answer: str) -> None:
    stove.set_timer("left", 1200)
    eventually("Home Assistant knows", lambda: assist.state("number.kitchen_hob_left_timer") == "20.0")
    assert re.fullmatch(answer, assist.say(language, text))


@pytest.mark.parametrize(("language", "text", "answer"), NOTHING_ON)
def test_nothing_is_on(stove: Program, assist: House, language: str, text: str, answer: str) -> None:
    assert assist.say(language, text) == answer


def test_something_is_on(stove: Program, assist: House) -> None:
    stove.light("left")
    eventually("Home Assistant knows", lambda: assist.state("binary_sensor.kitchen_hob_left_in_use") == "on")
    eventually("of the stove, too", lambda: assist.state("binary_sensor.kitchen_hob_in_use") == "on")
    for language, text, answer in ON:
        assert assist.say(language, text) == answer
    assert assist.say("zh-CN", "关火") == "已全部关火，请把旋钮都关上。"
    eventually("the flame is out", lambda: stove.burner("left")["flame"] == "out")


@pytest.mark.parametrize(("language", "text"), OTHERS)
def test_what_means_something_else_does_nothing_to_the_stove(
    stove: Program, assist: House, language: str, text: str
) -> None:
    before = [entry["event_type"] for entry in stove.history()]
    assert assist.hear(language, text)["type"] == "error"
    assert burners_off(stove) == []
    assert [entry["event_type"] for entry in stove.history()] == before


def test_home_assistant_complains_of_nothing(stove: Program, assist: House) -> None:
    assert assist.complaints() == []


def test_what_the_stove_does_not_confirm_is_not_called_done(stove: Program, assist: House) -> None:
    """The last test: the daemon is stopped, and Home Assistant has nobody to ask."""
    stove.stop()
    eventually("Home Assistant knows", lambda: assist.state("valve.kitchen_hob_left") == "unavailable")
    began = time.monotonic()
    assert assist.say("en", "turn off the left burner").startswith("Nobody confirms that Kitchen hob Left is shut off.")
    assert assist.say("zh-CN", "关火") == "没有得到关火的确认，请马上把旋钮都关上！"
    assert "did not answer" in assist.say("en", "shut the left burner off in twenty minutes")
    assert assist.say("zh-CN", "左边灶还有多久") == "联系不上Kitchen hob Left。"
    assert assist.say("en", "is the stove on") == "Nobody knows whether the stove is burning. Go and look."
    assert time.monotonic() - began < 60
