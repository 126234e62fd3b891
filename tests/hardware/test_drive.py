"""One relay or two in series, driven steadily or by pulses, in virtual time."""

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.drive import Drive
from hardware.protocol import Part
from hardware.settings import Pulse, Wiring

FIRST, SECOND = 17, 18


@pytest.fixture
def factory() -> MockFactory:
    return MockFactory()


def levels(factory: MockFactory) -> tuple[bool, bool]:
    return bool(factory.pin(FIRST).state), bool(factory.pin(SECOND).state)


def pair(factory: MockFactory, pulse: Pulse | None = None) -> Drive:
    return Drive(Wiring("left", FIRST, second_relay=SECOND, pulse=pulse), factory)


@pytest.mark.parametrize(
    ("part", "closed"),
    [(Part.FIRST, (True, False)), (Part.SECOND, (False, True)), (Part.BOTH, (True, True))],
)
def test_the_relays_that_are_meant_close_and_the_other_opens(
    factory: MockFactory, part: Part, closed: tuple[bool, bool]
) -> None:
    drive = pair(factory)
    assert drive.driven is None
    for before in Part:
        drive.energise(0, before)
        drive.energise(0, part)
        assert levels(factory) == closed
        assert drive.driven is part
        assert drive.as_written()
    drive.release()
    assert levels(factory) == (False, False)
    assert drive.driven is None
    assert drive.as_written()


def test_a_steady_drive_has_no_edges(factory: MockFactory) -> None:
    drive = pair(factory)
    drive.energise(0, Part.BOTH)
    assert drive.next_edge is None
    drive.toggle(1_000)
    assert levels(factory) == (True, True)


def test_a_pulsed_drive_makes_each_edge_at_its_instant(factory: MockFactory) -> None:
    drive = pair(factory, Pulse(on=20, off=30))
    drive.toggle(0)
    assert levels(factory) == (False, False), "nothing pulses before it is energised"
    drive.energise(100, Part.FIRST)
    high = []
    for now in range(100, 221):
        drive.toggle(now)
        assert levels(factory)[1] is False
        assert drive.as_written()
        if levels(factory)[0]:
            high.append(now)
    assert high == [*range(100, 120), *range(150, 170), *range(200, 220)]


def test_an_edge_that_comes_late_moves_those_after_it(factory: MockFactory) -> None:
    drive = pair(factory, Pulse(on=20, off=30))
    drive.energise(0, Part.BOTH)
    drive.toggle(25)
    assert drive.next_edge == 55
    drive.toggle(54)
    assert levels(factory) == (False, False)
    drive.toggle(60)
    assert levels(factory) == (True, True)
    assert drive.next_edge == 80


def test_a_released_drive_makes_no_more_edges(factory: MockFactory) -> None:
    drive = pair(factory, Pulse(on=20, off=30))
    drive.energise(0, Part.BOTH)
    drive.release()
    assert drive.next_edge is None
    drive.toggle(1_000)
    assert levels(factory) == (False, False)


@pytest.mark.parametrize(("part", "pin"), [(Part.BOTH, FIRST), (Part.BOTH, SECOND), (Part.FIRST, FIRST)])
def test_a_relay_that_is_not_as_it_was_written_is_seen(factory: MockFactory, part: Part, pin: int) -> None:
    drive = pair(factory)
    drive.energise(0, part)
    factory.pin(pin).state = False
    assert not drive.as_written()


def test_a_relay_that_is_high_and_was_not_meant_is_seen(factory: MockFactory) -> None:
    drive = pair(factory)
    factory.pin(SECOND).state = True
    assert not drive.as_written()
    drive.release()
    drive.energise(0, Part.FIRST)
    factory.pin(SECOND).state = True
    assert not drive.as_written()
