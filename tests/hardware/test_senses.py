"""What the keeper measures, on simulated pins in virtual time."""

from typing import Any

import pytest

from hardware.hob import Fault
from hardware.senses import HOT, HURRIED, UNHURRIED, UNSENSED, WORTH_TELLING, Senses
from hardware.settings import keeper_settings
from hardware.simulated import SimulatedFactory
from tests.fakes import ManualClock

BURNERS = [
    {
        "id": "left",
        "name": "Left",
        "relay": {"pin": 17},
        "contact": {"pin": 22},
        "flame": {"kind": "digital", "pin": 23},
    },
    {
        "id": "right",
        "name": "Right",
        "relay": {"pin": 27},
        "flame": {"kind": "thermocouple", "adc": "ads1115", "channel": 0},
    },
    {"id": "rear", "name": "Rear", "relay": {"pin": 16}},
]
PROBE = {"flame": {"kind": "thermocouple", "adc": "ads1115", "channel": 0}}
ALL: dict[str, Any] = {
    "burners": BURNERS,
    "interlocks": [{"id": "estop", "input": {"pin": 5}}, {"id": "alarm", "input": {"pin": 6}}],
    "buttons": [{"id": "stop", "pin": 13, "does": "shut_off"}],
    "references": [{"adc": "ads1115", "channel": 3}],
}


class Probes(SimulatedFactory):
    """Thermocouples at whatever voltage a test says, in mV."""

    at = 0.0

    def millivolts(self, burner: str) -> float | None:
        return self.at


class Flickering(SimulatedFactory):
    """Inputs that change at each look."""

    looked = 0

    def grounded(self, pin: int) -> bool:
        self.looked += 1
        return self.looked % 2 == 0


class Loose(SimulatedFactory):
    """Inputs that nothing pulls to ground."""

    def grounded(self, pin: int) -> bool:
        return False


def senses(factory_class: type[SimulatedFactory] = SimulatedFactory, **tables: Any) -> tuple[Senses, Any]:
    settings = keeper_settings(tables or ALL)
    factory = factory_class(settings, ManualClock())
    return Senses(settings, factory), factory


@pytest.mark.parametrize(("active", "means"), [("low", False), ("high", True)])
def test_each_input_means_by_its_level_what_the_configuration_says(active: str, means: bool) -> None:
    level = {"active": active}
    flame = {"kind": "digital", "pin": 23, **level}
    left = {"id": "left", "name": "Left", "relay": {"pin": 17}, "contact": {"pin": 22, **level}, "flame": flame}
    sensed, _ = senses(
        Loose,
        burners=[left],
        interlocks=[{"id": "estop", "input": {"pin": 5, **level}}],
        buttons=[{"id": "stop", "pin": 13, "does": "shut_off", **level}],
    )
    report = sensed.report()
    told = report["contacts"]["left"], report["flames"]["left"], report["inputs"]["estop"], report["buttons"]["stop"]
    assert told == (means, means, means, means)


def test_everything_that_is_wired_is_reported_and_nothing_else() -> None:
    sensed, factory = senses()
    report = sensed.report()
    assert report == {
        "type": "sensed",
        "contacts": {"left": False},
        "flames": {"left": False},
        "inputs": {"estop": False, "alarm": False},
        "buttons": {"stop": False},
        "millivolts": {"right": factory.millivolts("right")},
        "references": [pytest.approx(100, abs=1)],
    }


def test_a_trip_and_a_button_count_after_two_polls_and_are_news() -> None:
    sensed, factory = senses()
    sensed.report()
    factory.simulate("estop", "trip")
    factory.simulate("stop", "press")
    assert not sensed.poll()
    assert sensed.tripped() == set()
    assert sensed.poll()
    assert sensed.tripped() == {"estop"}
    report = sensed.report()
    assert report["inputs"] == {"estop": True, "alarm": False}
    assert report["buttons"] == {"stop": True}
    assert not sensed.poll(), "told once"


def test_every_input_is_polled_though_one_before_it_has_changed() -> None:
    sensed, factory = senses()
    for name in ("estop", "alarm"):
        factory.simulate(name, "trip")
    sensed.poll()
    sensed.poll()
    assert sensed.tripped() == {"estop", "alarm"}


def test_an_input_that_flickers_may_well_be_tripped_and_a_contact_that_does_is_unknown() -> None:
    one, _ = senses(Flickering, burners=[{"id": "left", "name": "Left", "relay": {"pin": 17}, "contact": {"pin": 22}}])
    for _ in range(20):
        one.poll()
    assert one.report()["contacts"] == {"left": None}
    only, _ = senses(
        Flickering,
        burners=[{"id": "left", "name": "Left", "relay": {"pin": 17}}],
        interlocks=[{"id": "estop", "input": {"pin": 5}}],
    )
    for _ in range(20):
        only.poll()
    assert only.tripped() == {"estop"}


def test_where_an_input_or_a_button_is_wired_the_keeper_hurries() -> None:
    assert senses(burners=BURNERS)[0].every == UNHURRIED
    assert senses(burners=BURNERS, interlocks=ALL["interlocks"])[0].every == HURRIED
    assert senses(burners=BURNERS, buttons=ALL["buttons"])[0].every == HURRIED


@pytest.mark.parametrize("sensed", [{"contact": {"pin": 22}}, {"flame": {"kind": "digital", "pin": 23}}, PROBE])
def test_where_anything_is_sensed_polls_come_at_an_even_pace(sensed: dict[str, Any]) -> None:
    burner = {"id": "left", "name": "Left", "relay": {"pin": 17}} | sensed
    polled = senses(burners=[burner])[0]
    assert polled.soonest == polled.every == UNHURRIED


def test_where_nothing_is_sensed_polls_may_come_with_what_wakes_the_keeper_anyway() -> None:
    polled = senses(burners=[BURNERS[2]])[0]
    assert (polled.every, polled.soonest) == (UNSENSED, UNSENSED // 2)


@pytest.mark.parametrize(
    ("told", "now", "news"),
    [
        (0.5, 0.5, False),
        (0.5, 0.5 + WORTH_TELLING / 2, False),
        (0.5, 0.55 + WORTH_TELLING, True),
        (0.5, 0.45 - WORTH_TELLING, True),
        (HOT, HOT, False),
        (HOT + 0.1, HOT + 0.1, True),
    ],
)
def test_a_step_of_a_voltage_and_a_hot_probe_are_news_and_a_cold_ones_noise_is_not(
    told: float, now: float, news: bool
) -> None:
    sensed, probes = senses(Probes)
    assert not sensed.poll(), "nothing was told yet"
    probes.at = told
    assert sensed.report()["millivolts"] == {"right": told}
    probes.at = now
    assert sensed.poll() is news


def test_a_wrong_reference_is_reported() -> None:
    sensed, factory = senses()
    factory.simulate("right", f"fault {Fault.REFERENCE}")
    assert sensed.report()["references"] == [60.0]


def test_on_real_pins_probes_and_references_are_somebody_elses() -> None:
    from gpiozero.pins.mock import MockFactory  # noqa: PLC0415  # no thermocouples on these pins

    sensed = Senses(keeper_settings(ALL), MockFactory())
    sensed.poll()
    report = sensed.report()
    assert (report["millivolts"], report["references"]) == ({}, [])
