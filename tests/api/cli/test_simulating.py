"""The simulated hob's knobs and faults from the command line."""

import pytest

from hardware.hob import Fault
from tests.api.cli.daemon import FakeDaemon, Shell, stove


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        (["light"], "light"),
        (["off"], "off"),
        (["blow-out"], "blow_out"),
        (["trip"], "trip"),
        (["clear"], "clear"),
        (["hold"], "hold"),
        (["let-go"], "let_go"),
        (["press"], "press"),
        *((["fault", fault.value], f"fault {fault.value}") for fault in Fault),
        (["fault", "none"], "fault none"),
    ],
)
def test_every_knob_and_fault_is_asked_for_by_its_name(
    daemon: FakeDaemon, flameout: Shell, arguments: list[str], action: str
) -> None:
    daemon.answer("POST /simulate/left", stove())
    done = flameout("sim", arguments[0], "left", *arguments[1:])
    assert done.code == 0, done.err
    assert done.out.startswith("left: ")
    assert daemon.asked[0].body == {"action": action}


def test_a_fault_that_nobody_knows_is_wrong_usage_and_the_known_ones_are_named(
    daemon: FakeDaemon, flameout: Shell
) -> None:
    done = flameout("sim", "fault", "left", "haunted")
    assert done.code == 2
    assert "contact_stuck" in done.err
    assert daemon.asked == []


def test_real_pins_refuse_in_the_daemons_words(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.refuse("POST /simulate/left", "The keeper refused: the pins are real.")
    assert flameout("sim", "light", "left").err == "flameout: The keeper refused: the pins are real.\n"


def test_for_programs_the_answer_is_the_apis_own(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.raw("POST /simulate/left", '{"id":"kitchen"}')
    assert flameout("sim", "light", "left", "--json").out == '{"id":"kitchen"}\n'
