"""The keeper's pins: which factory, what a claim does, how a contact is read, and opening whatever happens."""

import os
import tempfile
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.lines import RESTLESS, Input, NoPins, Relay, open_factory, release_all
from hardware.settings import keeper_settings

PIN = 17


@pytest.fixture
def factory() -> MockFactory:
    return MockFactory()


def settings(factory_name: str) -> Any:
    return keeper_settings({"keeper": {"pin_factory": factory_name}})


def register(monkeypatch: pytest.MonkeyPatch, made: Any, *names: str) -> None:
    """Have pin factories of these names registered, that are made by calling ``made``."""

    class Point(EntryPoint):
        def load(self) -> Any:
            return made

    asked = {"gpiozero_pin_factories": [Point(name, "nowhere", "gpiozero_pin_factories") for name in names]}
    monkeypatch.setattr("hardware.lines.entry_points", lambda group: asked[group])


# --- the factory ----------------------------------------------------------------------------------------------


def test_a_factory_that_is_not_there_is_named_with_those_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, dict, "simulated", "lgpio")
    with pytest.raises(NoPins) as told:
        open_factory(settings("nonesuch"))
    assert str(told.value) == "keeper.pin_factory: there is no pin factory 'nonesuch'; known are lgpio, simulated"


def test_a_factory_that_does_not_start_is_named_with_why_and_what_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no such chip")

    for name, cure in (
        ("witness", "is what it needs installed?"),
        (
            "lgpio",
            'is lgpio installed (pip install "flameout[pi]", or apt install python3-lgpio), is this a Raspberry Pi, '
            "and is the user in group gpio?",
        ),
    ):
        register(monkeypatch, fail, name)
        with pytest.raises(NoPins) as told:
            open_factory(settings(name))
        assert str(told.value) == f"keeper.pin_factory: {name!r} does not start (no such chip); {cure}"


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, tempfile.gettempdir()),
        ({"RUNTIME_DIRECTORY": "/run/flameout"}, "/run/flameout"),
        ({"RUNTIME_DIRECTORY": "/run/flameout", "LG_WD": "/there"}, "/there"),
    ],
)
def test_lgpio_makes_its_pipe_where_the_keeper_may_write(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], folder: str
) -> None:
    for name in ("RUNTIME_DIRECTORY", "LG_WD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    register(monkeypatch, lambda: os.environ["LG_WD"], "lgpio")
    assert open_factory(settings("lgpio")) == folder
    monkeypatch.delenv("LG_WD")


def test_other_factories_get_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LG_WD", raising=False)
    register(monkeypatch, lambda: os.environ.get("LG_WD"), "plain")
    assert open_factory(settings("plain")) is None


def test_a_simulation_is_told_what_is_wired_where(monkeypatch: pytest.MonkeyPatch) -> None:
    class Simulation:
        @classmethod
        def for_settings(cls, given: Any) -> Any:
            return given

    register(monkeypatch, Simulation, "simulation")
    wanted = settings("simulation")
    assert open_factory(wanted) is wanted


# --- relays -----------------------------------------------------------------------------------------------------


def test_a_relay_is_claimed_low_driven_and_read_back(factory: MockFactory) -> None:
    relay = Relay(PIN, factory)
    pin = factory.pin(PIN)
    assert (pin.function, bool(pin.state), relay.high, relay.pin) == ("output", False, False, PIN)
    relay.energise()
    assert (bool(pin.state), relay.high) == (True, True)
    relay.release()
    assert (bool(pin.state), relay.high) == (False, False)


def test_a_line_that_a_dead_owner_left_high_is_low_from_its_claim_on(factory: MockFactory) -> None:
    pin = factory.pin(PIN)
    pin.function = "output"
    pin.state = True
    assert not Relay(PIN, factory).high
    assert not pin.state


def test_a_pin_that_is_taken_is_named_with_where_to_look(factory: MockFactory) -> None:
    relay = Relay(PIN, factory)
    with pytest.raises(NoPins, match=r"^GPIO 17 cannot be claimed \(.+\); is another program using it\? sudo gpioinfo"):
        Relay(PIN, factory)
    with pytest.raises(NoPins, match=r"^GPIO 17 cannot be claimed as an input \(.+\)$"):
        Input(PIN, "low", factory)
    relay.release()


class Broken:
    """A relay whose line cannot be written."""

    pin = 4

    def release(self) -> None:
        raise OSError("gone")


def test_every_line_is_opened_though_one_cannot_be_written(
    factory: MockFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    relay: Any = Relay(PIN, factory)
    relay.energise()
    broken: Any = Broken()
    assert release_all([broken, relay]) is False
    assert not relay.high
    assert capsys.readouterr().err == "GPIO 4 cannot be driven low: gone\n"
    assert release_all([relay]) is True
    assert capsys.readouterr().err == ""


# --- inputs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("active", "closed_means"), [("low", True), ("high", False)])
def test_a_contact_to_ground_means_what_the_configuration_says(
    factory: MockFactory, active: str, closed_means: bool
) -> None:
    contact = Input(PIN, active, factory)
    assert factory.pin(PIN).pull == "up"
    assert contact.active is not closed_means, "an open contact is pulled up"
    factory.pin(PIN).drive_low()
    contact.poll()
    contact.poll()
    assert contact.active is closed_means


def test_a_level_counts_once_two_polls_agree_and_is_news_once(factory: MockFactory) -> None:
    contact = Input(PIN, "low", factory)
    factory.pin(PIN).drive_low()
    assert [contact.poll() for _ in range(4)] == [False, True, False, False]
    factory.pin(PIN).drive_high()
    contact.poll()
    factory.pin(PIN).drive_low()
    assert [contact.poll() for _ in range(3)] == [False, False, False], "one poll that differs is a bounce"
    assert contact.active


@pytest.mark.parametrize("rested", [0, 1])
def test_a_contact_that_never_rests_is_not_to_be_trusted_until_it_does(factory: MockFactory, rested: int) -> None:
    contact = Input(PIN, "low", factory)
    news = []
    for _ in range(rested):
        contact.poll()
    for poll in range(RESTLESS + 3):
        assert contact.steady is (poll < RESTLESS)
        (factory.pin(PIN).drive_high if poll % 2 else factory.pin(PIN).drive_low)()
        news.append(contact.poll())
    assert news == [poll == RESTLESS - 1 for poll in range(RESTLESS + 3)]
    assert not contact.active
    assert contact.poll(), "two that agree, and it can be trusted again"
    assert contact.steady
