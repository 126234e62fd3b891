"""Patterns of buzzers and lamps, in virtual time."""

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.lines import NoPins
from hardware.outputs import PATTERNS, Outputs

PIN = 12


@pytest.fixture
def factory() -> MockFactory:
    return MockFactory()


def played(factory: MockFactory, pattern: str, until: int) -> list[tuple[int, bool]]:
    """When (ms) the pin changed to which level, advanced only when something is due."""
    outputs = Outputs((("buzzer", PIN),), factory)
    pin = factory.pin(PIN)
    changes: list[tuple[int, bool]] = []
    now, level = 0, bool(pin.state)
    outputs.play(now, "buzzer", pattern)
    while True:
        if bool(pin.state) != level:
            level = bool(pin.state)
            changes.append((now, level))
        due = outputs.next_due()
        if due is None or due > until:
            return changes
        now = due
        outputs.advance(now)


def test_a_warning_beeps_twice_every_two_seconds(factory: MockFactory) -> None:
    assert played(factory, "warn", 2_100) == [(0, True), (150, False), (300, True), (450, False), (2_000, True)]


def test_a_cut_sounds_twice_and_ends(factory: MockFactory) -> None:
    assert played(factory, "cut", 60_000) == [(0, True), (600, False), (800, True), (1_400, False)]


def test_on_stays_on_and_off_is_off(factory: MockFactory) -> None:
    assert played(factory, "on", 60_000) == [(0, True)]


def test_off_is_off(factory: MockFactory) -> None:
    assert played(factory, "off", 60_000) == []


def test_a_lockout_does_not_end_by_itself(factory: MockFactory) -> None:
    changes = played(factory, "lockout", 3_600_000)
    assert len(changes) > 1_000
    assert changes[:7] == [
        (0, True),
        (200, False),
        (400, True),
        (600, False),
        (800, True),
        (1_000, False),
        (5_000, True),
    ]


def test_a_new_pattern_takes_the_place_of_the_old_and_silence_ends_it(factory: MockFactory) -> None:
    outputs = Outputs((("buzzer", PIN),), factory)
    outputs.play(0, "buzzer", "lockout")
    outputs.play(10, "buzzer", "on")
    assert outputs.next_due() is None
    assert factory.pin(PIN).state
    outputs.silence(20)
    assert not factory.pin(PIN).state


def test_every_pattern_ends_low_where_it_ends() -> None:
    for steps, again in PATTERNS.values():
        assert again or len(steps) % 2 == 0


@pytest.mark.parametrize(
    ("name", "pattern", "why"), [("horn", "on", "there is no output 'horn'"), ("buzzer", "x", "known are off, on")]
)
def test_what_is_not_there_is_named(factory: MockFactory, name: str, pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Outputs((("buzzer", PIN),), factory).play(0, name, pattern)


def test_a_lamp_that_a_dead_owner_left_on_is_off_from_its_claim_on(factory: MockFactory) -> None:
    pin = factory.pin(PIN)
    pin.function = "output"
    pin.state = True
    outputs = Outputs((("lamp", PIN),), factory)
    assert not pin.state
    assert outputs.next_due() is None


def test_a_pin_that_is_taken_is_named(factory: MockFactory) -> None:
    outputs = Outputs((("buzzer", PIN),), factory)
    with pytest.raises(NoPins, match="GPIO 12 cannot be claimed as an output"):
        Outputs((("lamp", PIN),), factory)
    outputs.silence(0)
