"""The page of the first evening can be played, and a line that is not as it stands there is found."""

import pytest

from tests.evening.__main__ import ON_THE_PHONE, PAGE
from tests.evening.transcript import Command, Phone, steps

ASKS = Command("sudo deploy/install", ("How many burners? [2]", "  What is burner 1 called? [Left] Front", "…", "done"))


def test_the_page_has_the_whole_way() -> None:
    found = list(steps(PAGE))
    typed = [step.typed for step in found if isinstance(step, Command)]
    for needed in ("sudo deploy/install", "sudo flameout doctor", "sudo flameout pair", "sudo flameout extend front"):
        assert any(command.startswith(needed) for command in typed), needed
    assert {step.does for step in found if isinstance(step, Phone)} == set(ON_THE_PHONE)


def test_questions_are_answered_as_on_the_page() -> None:
    assert list(ASKS.questions()) == [
        ("How many burners? [2]", ""),
        ("  What is burner 1 called? [Left]", "Front"),
    ]


def test_what_may_differ_may_differ() -> None:
    seen = "How many burners? [2] \r\n  What is burner 1 called? [Left] Front\r\n1\r\n2\r\ndone\r\n"
    assert ASKS.differs(seen) == ""
    assert Command("x", ("it ends at …, in 20 minutes.",)).differs("it ends at 18:20, in 20 minutes.\r\n") == ""


@pytest.mark.parametrize(
    "seen",
    [
        "How many burners? [2] \n  What is burner 1 called? [Left] Front\ndone\nand more\n",
        "How many burners? [4] \n  What is burner 1 called? [Left] Front\ndone\n",
        "How many burners? [2] \n  What is burner 1 called? [Left] Front\n",
        "",
    ],
)
def test_what_differs_is_shown(seen: str) -> None:
    assert "+++ seen" in ASKS.differs(seen)
