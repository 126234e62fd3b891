"""What is said aloud: the catalogue is whole, and every state and refusal has its sentence in both languages."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.rest import problems, speech
from api.rest.examples import BURNER, SHUT_OFF, STOVE
from api.rest.languages import Language
from api.rest.speech_words import ADVICE, REFUSALS, SENTENCES
from controller import advice
from controller.burner import FAULTS
from controller.view import BurnerView, StoveView

ROOT = Path(__file__).parents[3]
ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
OTHERS = [language for language in Language if language is not ENGLISH]
HELD_VALUES = {"name", "wanted", "cause", "left"}  # of a command to a burner that is held


def placeholders(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


def hold(kind: str, cause: str) -> dict[str, Any]:
    return {"kind": kind, "cause": cause, "since": "2026-11-23T18:22:00.000+01:00", "until": None}


def held(status: str, kind: str, cause: str, **fields: Any) -> BurnerView:
    return BurnerView.model_validate(SHUT_OFF | {"status": status, "holds": [hold(kind, cause)]} | fields)


def seen(**fields: Any) -> BurnerView:
    return BurnerView.model_validate(BURNER | fields)


# --- the catalogue ------------------------------------------------------------------------------------


def test_every_language_has_the_same_sentences_with_the_same_placeholders() -> None:
    english = {key: placeholders(pattern) for key, pattern in SENTENCES[ENGLISH].items()}
    assert set(SENTENCES) == set(Language)
    for language in Language:
        assert {key: placeholders(pattern) for key, pattern in SENTENCES[language].items()} == english


def test_every_lockout_has_its_advice_in_every_language() -> None:
    assert set(ADVICE) == set(REFUSALS) == set(OTHERS)
    for language in OTHERS:
        assert set(ADVICE[language]) == {*advice.CAUSES, ""}
        assert all(placeholders(pattern) == {"name"} for cause, pattern in ADVICE[language].items() if cause)
        assert placeholders(ADVICE[language][""]) == {"name", "cause"}
        assert {f"cause.{fault}" for fault in FAULTS} <= set(REFUSALS[language])


def refusals() -> Iterator[tuple[str, set[str]]]:
    """(code, names of its values) of every refusal in the controller's source."""
    for path in sorted((ROOT / "controller").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("NotNow", "NotAllowed")
            ):
                keywords = {keyword.arg: keyword.value for keyword in node.keywords}
                assert "code" in keywords, f"{path.name}:{node.lineno} refuses without a code"
                names = {name for name in keywords if name is not None} - {"code"}
                for value in ast.walk(keywords["code"]):
                    if isinstance(value, ast.Constant) and None not in keywords:
                        yield str(value.value), names


def test_every_refusal_of_the_controller_can_be_said_in_every_language() -> None:
    found = dict(refusals())
    assert len(found) > 15
    for language in OTHERS:
        for code, values in found.items():
            assert code in REFUSALS[language], code
            assert placeholders(REFUSALS[language][code]) <= values, code


def test_every_way_of_being_held_can_be_said_in_every_language() -> None:
    codes = {"being_shut_off", "locked", "shut_off_until_out", "shut_off_for", "held_by_interlock", "held_by_lockout"}
    for language in OTHERS:
        for code in codes:
            assert {"name", "wanted"} <= placeholders(REFUSALS[language][code]) <= HELD_VALUES
        for wanted in ("timer", "extend", "attend"):
            assert f"wanted.{wanted}" in REFUSALS[language]


def test_every_code_and_type_in_the_catalogue_is_used() -> None:
    source = "".join(path.read_text() for folder in ("api/rest", "controller") for path in (ROOT / folder).glob("*.py"))
    source = source.replace((ROOT / "api/rest/speech_words.py").read_text(), "")
    for key in REFUSALS[CHINESE]:
        if key and not key.startswith(("wanted.", "cause.", "held_by_")):
            assert f'"{key}"' in source, key


@pytest.mark.parametrize("language", OTHERS)
def test_every_problem_of_the_api_has_a_sentence_even_without_a_code(language: Language) -> None:
    for kind, _ in problems._TITLES.values():
        said = speech.refusal(language, kind, "The reason.")
        assert "{" not in said
        assert "The reason." in said or kind in REFUSALS[language]
    assert "The reason." in speech.refusal(language, "something-new", "The reason.")
    assert "The reason." in speech.refusal(language, "not-now", "The reason.", "a code that nobody knows")


# --- states -------------------------------------------------------------------------------------------

STATES = [
    (seen(), "Left shuts off at 18:42, in 20 minutes 34 seconds.", "左灶18:42关火，还有20分钟34秒。"),
    (
        seen(timer=BURNER["timer"] | {"remaining_s": 1500.0}),
        "Left shuts off at 18:42, in 25 minutes.",
        "左灶18:42关火，还有25分钟。",
    ),
    (
        seen(timer=BURNER["timer"] | {"remaining_s": 3661}),
        "Left shuts off at 18:42, in 1 hour 1 minute.",
        "左灶18:42关火，还有1小时1分钟。",
    ),
    (
        seen(ending=BURNER["ending"] | {"kind": "night"}),
        "Left shuts off at 18:42 for the night.",
        "左灶18:42关火，夜间锁定从那时开始。",
    ),
    (
        seen(ending=BURNER["ending"] | {"kind": "sweep"}),
        "Left shuts off at 18:42 for the sweep.",
        "左灶18:42关火，那时所有炉头都要断一次火。",
    ),
    (
        seen(timer=None, status="lit", ending=None),
        "Left is lit and shuts off at 20:17 unless somebody attends to it.",
        "左灶正烧着，没人照看的话20:17关火。",
    ),
    (
        seen(timer=None, limit=None, ending=None, status="ready"),
        "Left is ready, without a timer.",
        "左灶可以用，没有定时。",
    ),
    (
        seen(timer=None, limit=None, ending=None, status="ready", permitted=False),
        "Left is off: its relay is open.",
        "左灶关着，继电器断开。",
    ),
    (
        held("shut_off", "shut_off", "user"),
        "Left is shut off: its relay is open; turn the knob off.",
        "左灶已关火，继电器断开，请把旋钮关上。",
    ),
    (
        held("shut_off", "shut_off", "user", permitted=True),
        "Left is shut off; turn the knob off.",
        "左灶已关火，请把旋钮关上。",
    ),
    (held("locked", "interlock", "smoke"), "Left is off because smoke is active.", "左灶关着，因为smoke触发了。"),
    (held("locked", "lock", "child"), "Left is locked by the child lock.", "左灶被儿童锁锁住了。"),
    (held("locked", "lock", "idle"), "Left is locked until somebody unlocks it.", "左灶锁着，要有人解锁才能用。"),
    (held("locked", "lock", "night"), "Left is locked for the night.", "左灶夜间锁定。"),
    (held("locked", "lock", "moon"), "Left is locked by moon.", "左灶被moon锁住了。"),
    (
        held("lockout", "lockout", "contact_stuck", problem="Left is locked out: its relay's contact stays closed."),
        "Left is locked out: its relay's contact stays closed.",
        "左灶因故障锁定：继电器触点断不开，关不了火。请关上旋钮，关掉燃气总阀，然后更换继电器。",
    ),
    (
        held("lockout", "lockout", "gas_alarm"),
        "Left is locked out.",
        "左灶因故障锁定：gas_alarm触发过。请排除原因，然后复位。",
    ),
]


@pytest.mark.parametrize(("view", "english", "chinese"), STATES)
def test_every_state_is_said_in_both_languages(view: BurnerView, english: str, chinese: str) -> None:
    assert speech.burner(view, ENGLISH) == english
    assert speech.burner(view.model_copy(update={"name": "左灶"}), CHINESE) == chinese


def test_a_latin_name_keeps_a_space_behind_it_in_chinese() -> None:
    assert speech.burner(seen(), CHINESE) == "Left 18:42关火，还有20分钟34秒。"


def test_the_stove_says_its_problems_first_and_a_lockout_once() -> None:
    lockout = held("lockout", "lockout", "crossed", problem="Left is locked out: its relay cuts another burner.")
    right = seen(id="right", name="Right", timer=None, limit=None, ending=None)
    told = {"problems": ["The disk is full.", lockout.problem], "burners": [right.model_dump(), lockout.model_dump()]}
    stove = StoveView.model_validate(STOVE | told)
    assert speech.stove(stove, ENGLISH) == (
        "The disk is full. Left is locked out: its relay cuts another burner. Right is ready, without a timer."
    )
    assert speech.stove(stove, CHINESE) == (
        "炉灶有问题，英文说明是：The disk is full."
        "Left 因故障锁定：它的继电器断的是另一个炉头。请关上旋钮，关掉燃气总阀，把接线对调，再运行 flameout selftest。"
        "Right 可以用，没有定时。"
    )


def test_refusals_are_said_with_their_values() -> None:
    locked = {"name": "左灶", "wanted": "timer", "cause": "child"}
    said = speech.refusal(CHINESE, "not-now", "Left is locked.", "locked", locked)
    assert said == "左灶锁着（儿童锁），现在不能定时。"
    smoke = {"name": "左灶", "wanted": "extend", "cause": "smoke"}
    assert (
        speech.refusal(CHINESE, "not-now", "…", "held_by_interlock", smoke)
        == "左灶关着，因为smoke触发了，现在不能延长。"
    )
    long = speech.refusal(CHINESE, "bad-value", "…", "timer_too_long", {"duration": 18_000_000, "longest": 14_400_000})
    assert long == "定时5小时太长，最长4小时。"
    assert speech.refusal(ENGLISH, "not-now", "Left is locked.", "locked", locked) == "Left is locked."
