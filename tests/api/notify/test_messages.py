"""What is written into messages, in both languages."""

import re

import pytest

from api.notify.messages import Kind, Writer
from api.notify.words import WORDS
from controller.advice import _CAUSES as LOCKOUTS
from controller.events import Cause, LockedOut, Proof, Proved, ShutOff, TimerEnding, TimerStarted
from controller.terms import Ending

NAMES = {"left": "Left *bold* <b>"}
PAGE = "http://flameout.local:8520"


def shut_off(cause: Cause, cut: bool = True) -> ShutOff:
    return ShutOff(burner="left", at=0, by="test", cause=cause, cut=cut)


def test_both_languages_say_the_same() -> None:
    for key, text in WORDS["en"].items():
        other = WORDS["zh"][key]
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", other)), key
        assert re.search("[一-鿿]", other), key
    assert list(WORDS["en"]) == list(WORDS["zh"])


@pytest.mark.parametrize("language", WORDS)
def test_there_are_words_for_whatever_can_happen(language: str) -> None:
    writer = Writer(NAMES, language, PAGE)
    for ending in Ending:
        assert writer.about(TimerEnding(burner="left", at=0, by="t", deadline=ending.value, remaining=60_000))
    for cause in Cause:
        assert writer.about(shut_off(cause))
    for lockout in LOCKOUTS:
        known = f"lockout.{lockout}" in WORDS[language] or lockout == "journal unreadable"
        assert known, lockout
        assert writer.about(LockedOut(burner="left", at=0, by="t", cause=lockout))


def test_a_warning_leads_to_the_burner_where_one_tap_extends() -> None:
    event = TimerEnding(burner="left", at=0, by="t", deadline="timer", remaining=60_000)
    message = Writer(NAMES, "en", PAGE).about(event)
    assert message is not None
    assert (message.kind, message.text) == (Kind.WARN, "Left *bold* <b> shuts off in 1 min.")
    assert message.link == f"{PAGE}/#/burner/left"
    chinese = Writer({"left": "左灶"}, "zh", None).about(event)
    assert chinese is not None
    assert (chinese.text, chinese.link) == ("左灶将在1分钟后关火。", None)


def test_what_is_no_news_is_no_message() -> None:
    writer = Writer(NAMES, "en", PAGE)
    assert writer.about(shut_off(Cause.USER, cut=False)) is None
    assert writer.about(TimerStarted(burner="left", at=0, by="t", duration=1000, replaced=False)) is None
    good = Proved(burner="left", at=0, by="t", outcome=Proof.CONFIRMED, finding="flame_out", took=1)
    assert writer.about(good) is None


def test_a_cut_that_is_not_proved_says_what_to_do() -> None:
    bad = Proved(burner="left", at=0, by="t", outcome=Proof.FAILED, finding="valve_stuck", took=1)
    message = Writer(NAMES, "en", PAGE).about(bad)
    assert message is not None
    assert "Turn the knob off and close the gas tap." in message.text


def test_an_interlocks_lockout_names_it() -> None:
    message = Writer(NAMES, "en", PAGE).about(LockedOut(burner="left", at=0, by="t", cause="gas_alarm"))
    assert message is not None
    assert "gas_alarm was active" in message.text
