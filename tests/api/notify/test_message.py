"""A batch as one message."""

import pytest

from api.notify.message import Style, compose, trial
from api.notify.notice import Kind, Notice
from api.notify.queue import Batch
from api.notify.words import Words
from hardware.clock import MINUTE, Millis

T: Millis = 1_000_000
PAGE = "http://flameout.local:8520"


def style(language: str = "en", page: str | None = PAGE) -> Style:
    return Style("Kitchen hob", Words(language), page)


def cut(burner: str) -> Notice:
    return Notice(Kind.CUT, T, "cut.timer", burner, {"name": burner.title()})


def warning(burner: str, ends_at: Millis = T + MINUTE) -> Notice:
    return Notice(Kind.WARN, T, "warn.timer", burner, {"name": burner.title()}, ends_at)


LOCKOUT = Notice(Kind.LOCKOUT, T, "lockout.interlock", "left", {"name": "Left", "source": "smoke"})
LOST = Notice(Kind.PROBLEM, T, "problem.keeper", None, {"why": "killed"})


def test_a_warning_links_to_its_burner_where_one_tap_extends() -> None:
    message = compose(Batch([warning("left")]), style(), T)
    assert (message.title, message.text, message.gravity) == ("Kitchen hob", "Left shuts off in 1 minute.", "warning")
    assert message.link == f"{PAGE}/#/burner/left"
    assert message.link_text == f"Extend: {PAGE}/#/burner/left"


def test_without_a_page_there_is_no_link() -> None:
    message = compose(Batch([warning("left")]), style(page=None), T)
    assert (message.link, message.link_text) == (None, "")


def test_several_notices_are_lines_with_the_dropped_ones_counted() -> None:
    message = compose(Batch([cut("left"), cut("right")], dropped=3), style(), T)
    assert message.text.splitlines() == [
        "Left was shut off: its timer has ended.",
        "Right was shut off: its timer has ended.",
        "And 3 more.",
    ]
    assert message.link == f"{PAGE}/"
    assert message.link_text == f"Open: {PAGE}/"


def test_in_chinese() -> None:
    message = compose(Batch([cut("left")], dropped=2), style("zh"), T)
    assert message.text == "“Left”已关火：定时结束。\n另有 2 条消息。"
    assert message.link_text == f"打开页面：{PAGE}/#/burner/left"


def test_the_link_is_of_the_burner_that_is_shut_off_first() -> None:
    message = compose(Batch([cut("back"), warning("left", T + 50_000), warning("right", T + 40_000)]), style(), T)
    assert message.link == f"{PAGE}/#/burner/right"


@pytest.mark.parametrize(
    ("notices", "gravity"),
    [
        ([cut("left")], "info"),
        ([warning("left"), cut("right")], "warning"),
        ([cut("left"), LOST], "warning"),
        ([LOST, LOCKOUT, cut("left")], "failure"),
    ],
)
def test_the_gravest_notice_gives_the_message_its_gravity(notices: list[Notice], gravity: str) -> None:
    assert compose(Batch(notices), style(), T).gravity == gravity


def test_a_trial_says_that_it_is_one() -> None:
    assert trial(style()).text == "This is a test: flameout can reach you."
    assert trial(style()).link == f"{PAGE}/"
