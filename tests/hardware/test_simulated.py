"""What the simulated pin factory promises to gpiozero, to the keeper and to tests, in virtual time."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from gpiozero import InputDevice, OutputDevice

from hardware.clock import HOUR, MINUTE, SECOND, BootClock, Millis
from hardware.lines import Input, Relay, open_factory
from hardware.permits import Caps
from hardware.settings import HardInput, KeeperSettings, Probe, Wiring
from hardware.simulated import SimulatedFactory, SimulatedPin

RELAY, CONTACT, FLAME, BUTTON, ALARM, RIGHT_RELAY, RIGHT_CONTACT, RIGHT_FLAME = 17, 22, 23, 5, 6, 27, 24, 25

PROBE = Probe("ads1115", 0)
SETTINGS = KeeperSettings(
    caps=Caps(SECOND, 6 * HOUR, 12 * HOUR, 10 * SECOND),
    pin_factory="simulated",
    socket=None,
    burners=(
        Wiring("left", RELAY, CONTACT, "low", FLAME, "low", probe=PROBE),
        Wiring("right", RIGHT_RELAY, RIGHT_CONTACT, "high", RIGHT_FLAME, "high"),
    ),
    inputs=(HardInput("button", BUTTON, "low"), HardInput("alarm", ALARM, "high")),
)


@dataclass
class HandClock:
    """A clock that a test moves by hand."""

    instant: Millis = 1_000_000

    def now(self) -> Millis:
        return self.instant

    def tick(self, duration: Millis) -> None:
        self.instant += duration


class RecordingFactory(SimulatedFactory):
    """Notes every level change, and what the contact was by then."""

    def level_changed(self, pin: int, high: bool) -> None:
        self.noted: list[tuple[int, bool, bool]] = [*getattr(self, "noted", []), (pin, high, self.grounded(CONTACT))]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def factory(clock: HandClock) -> Iterator[SimulatedFactory]:
    built = SimulatedFactory(SETTINGS, clock)
    yield built
    built.close()


def output(factory: SimulatedFactory, pin: int = RELAY) -> OutputDevice:
    return OutputDevice(pin, initial_value=False, pin_factory=factory)


def contact(factory: SimulatedFactory, pin: int) -> InputDevice:
    return InputDevice(pin, pull_up=True, pin_factory=factory)


def test_a_flame_lit_under_an_energised_relay_burns_until_the_relay_opens(
    factory: SimulatedFactory, clock: HandClock
) -> None:
    relay, closed, lit = output(factory), contact(factory, CONTACT), contact(factory, FLAME)
    assert (closed.value, lit.value) == (0, 0)
    relay.on()
    factory.simulate("left", "light")
    clock.tick(MINUTE)
    assert (closed.value, lit.value) == (1, 1)
    relay.off()
    assert (closed.value, lit.value) == (0, 0)
    relay.on()
    clock.tick(MINUTE)
    assert (closed.value, lit.value) == (1, 0)


def test_reading_a_pin_lets_the_time_pass_that_has_passed(factory: SimulatedFactory, clock: HandClock) -> None:
    lit = contact(factory, FLAME)
    factory.simulate("left", "light")
    clock.tick(20 * SECOND - 1)
    assert lit.value == 1
    clock.tick(1)
    assert lit.value == 0


def test_active_high_inputs_are_normally_closed_contacts(factory: SimulatedFactory, clock: HandClock) -> None:
    relay = output(factory, RIGHT_RELAY)
    closed, lit = contact(factory, RIGHT_CONTACT), contact(factory, RIGHT_FLAME)
    assert (closed.pin.state, lit.pin.state) == (False, False)
    relay.on()
    factory.simulate("right", "light")
    assert (closed.pin.state, lit.pin.state) == (True, True)


def test_the_burners_know_nothing_of_each_other(factory: SimulatedFactory, clock: HandClock) -> None:
    left, right = output(factory, RELAY), output(factory, RIGHT_RELAY)
    left.on()
    right.on()
    for burner in ("left", "right"):
        factory.simulate(burner, "light")
    clock.tick(MINUTE)
    left.off()
    assert (contact(factory, FLAME).value, contact(factory, RIGHT_FLAME).pin.state) == (0, True)


def test_millivolts_step_up_at_a_cut_in_steps_of_the_adc(factory: SimulatedFactory, clock: HandClock) -> None:
    relay = output(factory)
    relay.on()
    factory.simulate("left", "light")
    clock.tick(MINUTE)
    assert factory.millivolts("left") == 14.0
    relay.off()
    assert factory.millivolts("left") == 24.0
    clock.tick(SECOND)
    decayed = factory.millivolts("left")
    assert decayed == pytest.approx(21.716, abs=0.004)
    assert decayed is not None
    assert decayed % 0.0078125 == 0


def test_a_burner_without_a_thermocouple_has_no_millivolts(factory: SimulatedFactory) -> None:
    assert factory.millivolts("right") is None


def test_a_flame_blown_out_closes_the_valve_in_time_and_a_lit_one_can_be_turned_off(
    factory: SimulatedFactory, clock: HandClock
) -> None:
    relay, lit = output(factory), contact(factory, FLAME)
    relay.on()
    factory.simulate("left", "light")
    clock.tick(MINUTE)
    factory.simulate("left", "blow_out")
    assert lit.value == 0
    factory.simulate("left", "light")
    assert lit.value == 1
    factory.simulate("left", "off")
    assert lit.value == 0


def test_a_stuck_contact_shows_on_its_pin_until_it_is_repaired(factory: SimulatedFactory) -> None:
    relay, closed = output(factory), contact(factory, CONTACT)
    relay.on()
    factory.simulate("left", "fault contact_stuck")
    relay.off()
    assert closed.value == 1
    factory.simulate("left", "fault none")
    assert closed.value == 0


def test_an_open_sensor_lead_reads_no_flame_and_no_voltage(factory: SimulatedFactory, clock: HandClock) -> None:
    output(factory).on()
    factory.simulate("left", "light")
    clock.tick(MINUTE)
    factory.simulate("left", "fault sensor_open")
    assert (contact(factory, FLAME).value, factory.millivolts("left")) == (0, 0.0)


def test_noise_at_one_burner_is_not_noise_at_the_other(factory: SimulatedFactory, clock: HandClock) -> None:
    left, right = contact(factory, FLAME), contact(factory, RIGHT_FLAME)
    for burner in ("left", "right"):
        factory.simulate(burner, "fault sensor_noisy")
    seen = set()
    for _ in range(100):
        clock.tick(50)
        seen.add((left.value == 1, right.pin.state))
    assert len(seen) == 4


def test_interlocks_rest_inactive_and_follow_trip_and_clear(factory: SimulatedFactory) -> None:
    button, alarm = Input(BUTTON, "low", factory), Input(ALARM, "high", factory)
    assert (button.active, alarm.active) == (False, False)
    for name, sensor in (("button", button), ("alarm", alarm)):
        factory.simulate(name, "trip")
        sensor.poll()
        assert sensor.poll()
        assert sensor.active
        factory.simulate(name, "clear")
        sensor.poll()
        assert sensor.poll()
        assert not sensor.active


@pytest.mark.parametrize(
    ("burner", "action", "sentence"),
    [
        ("middle", "light", "the simulated hob has no 'middle'; known are left, right, alarm, button"),
        ("button", "light", "a simulated interlock cannot 'light'; it knows trip, clear"),
        (
            "left",
            "explode",
            "a simulated burner cannot 'explode'; it knows light, off, blow_out, fault none, fault contact_stuck, "
            "fault valve_stuck, fault sensor_open, fault sensor_frozen, fault sensor_noisy",
        ),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_known(
    factory: SimulatedFactory, burner: str, action: str, sentence: str
) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        factory.simulate(burner, action)
    assert str(refused.value) == sentence


def test_millivolts_of_an_unknown_burner_are_refused(factory: SimulatedFactory) -> None:
    with pytest.raises(ValueError, match="has no 'button'; known are left"):
        factory.millivolts("button")


def test_without_settings_nothing_is_wired_and_the_pins_still_work() -> None:
    factory = SimulatedFactory()
    relay = output(factory)
    relay.on()
    assert relay.value == 1
    assert contact(factory, CONTACT).value == 0
    with pytest.raises(ValueError, match="known are none"):
        factory.simulate("left", "light")


def test_a_relay_does_not_blip_when_it_is_claimed(clock: HandClock) -> None:
    factory = RecordingFactory(SETTINGS, clock)
    contact(factory, RELAY).close()  # leaves the pull-up on
    Relay(RELAY, factory)
    assert not hasattr(factory, "noted")


def test_every_level_change_is_told_after_the_hob_felt_it(clock: HandClock) -> None:
    factory = RecordingFactory(SETTINGS, clock)
    relay = Relay(RELAY, factory)
    relay.energise()
    relay.energise()
    relay.release()
    assert factory.noted == [(RELAY, True, True), (RELAY, False, False)]


def test_a_relay_pin_that_is_let_go_falls_to_its_pull_down(clock: HandClock) -> None:
    factory = RecordingFactory(SETTINGS, clock)
    relay = output(factory)
    relay.on()
    factory.simulate("left", "light")
    clock.tick(MINUTE)
    relay.close()
    assert factory.noted[-1] == (RELAY, False, False)
    assert contact(factory, FLAME).value == 0


def test_the_environment_chooses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_MOCK_REVISION", "0002")  # a Pi of 2012, with 26 pins
    monkeypatch.setenv("GPIOZERO_MOCK_PIN_CLASS", "mockpwmpin")
    factory = SimulatedFactory(SETTINGS)
    assert factory.board_info.model == "3B"
    assert factory.pin_class is SimulatedPin
    relay = output(factory, RIGHT_RELAY)
    relay.on()
    assert contact(factory, RIGHT_CONTACT).pin.state is True


def test_the_keeper_finds_it_by_its_registered_name_wired_as_its_settings_say() -> None:
    factory = open_factory(SETTINGS)
    before = BootClock().now()
    factory.simulate("left", "light")
    assert isinstance(factory, SimulatedFactory)
    assert contact(factory, FLAME).value == 1
    assert BootClock().now() - before < 20 * SECOND
