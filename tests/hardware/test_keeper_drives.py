"""Pulsed and doubled relays, and the outputs for people, in the keeper's real process under a witness."""

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import eventually
from tests.hardware.keepers import Controller, Keeper, child
from tests.witness import Level, Witness, boot_seconds

FIRST, SECOND, STEADY, LAMP = 17, 18, 27, 12
FILE = f"""
[keeper]
pin_factory = "witness"
lease = "10s"
[[burners]]
id = "left"
name = "Left"
relay = {{ pin = {FIRST}, second_pin = {SECOND}, drive = "pulse", frequency_hz = 20, duty = 0.4 }}
contact = {{ pin = 22 }}
[[burners]]
id = "right"
name = "Right"
relay = {{ pin = {STEADY} }}
[[outputs]]
id = "lamp"
kind = "led"
pin = {LAMP}
"""


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path)


@pytest.fixture
def pair(tmp_path: Path, witness: Witness) -> Iterator[tuple[Keeper, Controller]]:
    path = tmp_path / "flameout.toml"
    path.write_text(FILE)
    with child(path, witness.environment) as (keeper, controller):
        controller.greet()
        yield keeper, controller


def edges(witness: Witness, pin: int) -> list[Level]:
    """The changes of a line, its claim aside."""
    return [level for level in witness.levels() if level.pin == pin][1:]


def eventually_pulses(witness: Witness, pin: int, count: int = 6) -> None:
    before = len(edges(witness, pin))
    eventually(f"GPIO {pin} makes {count} edges", lambda: len(edges(witness, pin)) >= before + count)


def test_a_pulsed_line_makes_edges_while_it_is_permitted_and_none_after(
    pair: tuple[Keeper, Controller], witness: Witness
) -> None:
    _, controller = pair
    assert not edges(witness, FIRST)
    controller.energise("left")
    for pin in (FIRST, SECOND):
        eventually_pulses(witness, pin)
    done = controller.say("open", line="left")
    while controller.hear()["seq"] != done:
        pass
    made = len(edges(witness, FIRST))
    assert not witness.high(FIRST)
    assert not witness.high(SECOND)
    controller.energise("right")  # the keeper has gone round
    assert len(edges(witness, FIRST)) == made


def test_a_pulse_is_high_and_low_for_as_long_as_the_configuration_says(
    pair: tuple[Keeper, Controller], witness: Witness
) -> None:
    _, controller = pair
    controller.energise("left")
    eventually_pulses(witness, FIRST, 40)
    levels = edges(witness, FIRST)
    highs = sorted(low.at - high.at for high, low in itertools.pairwise(levels) if high.high)
    lows = sorted(high.at - low.at for low, high in itertools.pairwise(levels) if high.high)
    assert highs[0] > 0.019, "an edge never comes early: 20 Hz at 0.4 are 20 ms"
    assert lows[0] > 0.029
    assert [level.high for level in levels] == [index % 2 == 0 for index in range(len(levels))]


def test_the_edges_end_with_a_stopped_keeper_whatever_level_is_left(
    pair: tuple[Keeper, Controller], witness: Witness
) -> None:
    keeper, controller = pair
    controller.energise("left")
    eventually_pulses(witness, FIRST)
    keeper.process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{keeper.pid}/stat")
    eventually("it is stopped", lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
    made, now = len(edges(witness, FIRST)), boot_seconds()
    eventually("twenty periods have passed", lambda: boot_seconds() > now + 20 * 0.05)
    assert len(edges(witness, FIRST)) == made


def test_a_pulsed_line_opens_at_its_deadline(pair: tuple[Keeper, Controller], witness: Witness) -> None:
    _, controller = pair
    controller.energise("left", lasts=300)
    opened = controller.hear("opened")
    assert (opened["line"], opened["cause"]) == ("left", "deadline")
    made = len(edges(witness, FIRST))
    controller.energise("right")
    assert len(edges(witness, FIRST)) == made
    assert not witness.high(FIRST)


@pytest.mark.parametrize(("part", "closes", "stays"), [("first", FIRST, SECOND), ("second", SECOND, FIRST)])
def test_one_relay_of_a_pair_can_be_closed_alone_and_both_after_it(
    pair: tuple[Keeper, Controller], witness: Witness, part: str, closes: int, stays: int
) -> None:
    _, controller = pair
    controller.energise("left", part=part)
    eventually_pulses(witness, closes)
    assert not edges(witness, stays)
    controller.energise("left")
    eventually_pulses(witness, stays)
    controller.energise("left", part=part)
    assert not witness.high(stays), "back to one alone, the other opens"
    made = len(edges(witness, stays))
    eventually_pulses(witness, closes)
    assert len(edges(witness, stays)) == made


@pytest.mark.parametrize(("line", "part"), [("right", "first"), ("left", "third"), ("left", "")])
def test_a_part_that_is_not_there_opens_every_line(
    pair: tuple[Keeper, Controller], witness: Witness, line: str, part: str
) -> None:
    _, controller = pair
    controller.energise("right")
    assert witness.high(STEADY)
    controller.permit(line, part=part)
    assert f"permit.part of {line} is {part!r}" in (controller.last_words() or "")
    assert not witness.high(STEADY)


def test_an_output_plays_its_pattern_and_falls_silent_with_the_controller(
    pair: tuple[Keeper, Controller], witness: Witness
) -> None:
    _, controller = pair
    played = controller.say("indicate", output="lamp", pattern="warn")
    assert controller.hear() == {"type": "done", "seq": played, "line": None}
    eventually("it blinks", lambda: [level.high for level in edges(witness, LAMP)][:3] == [True, False, True])
    controller.say("indicate", output="lamp", pattern="on")
    eventually("it is on", lambda: witness.high(LAMP))
    controller.connection.close()
    eventually("it is off", lambda: not witness.high(LAMP))


@pytest.mark.parametrize(("output", "pattern"), [("horn", "warn"), ("lamp", "polka")])
def test_an_output_or_pattern_that_is_not_there_is_refused_and_nothing_opens(
    pair: tuple[Keeper, Controller], witness: Witness, output: str, pattern: str
) -> None:
    _, controller = pair
    controller.energise("right")
    controller.say("indicate", output=output, pattern=pattern)
    assert f"there is no {'pattern' if output == 'lamp' else 'output'}" in controller.hear("refused")["why"]
    assert witness.high(STEADY)
