"""What the simulated pin factory promises to gpiozero, to the keeper and to tests, in virtual time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from gpiozero import InputDevice, OutputDevice

from hardware.clock import HOUR, MINUTE, SECOND, BootClock, Millis
from hardware.hob import NOISE
from hardware.lines import Input, Relay, open_factory
from hardware.permits import Caps
from hardware.settings import HardInput, KeeperSettings, Probe, Pulse, Wiring
from hardware.simulated import SimulatedFactory, SimulatedPin

RELAY, CONTACT, FLAME, BUTTON, ALARM, RIGHT_RELAY, RIGHT_CONTACT, RIGHT_FLAME = 17, 22, 23, 5, 6, 27, 24, 25
SWITCH, BELL, LAMP, SECOND_RELAY = 12, 13, 16, 18
STEP = 0.0078125  # mV, of an ADS1115

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
    buttons=(HardInput("switch", SWITCH, "high"), HardInput("bell", BELL, "low")),
    outputs=(("lamp", LAMP),),
)
PULSE = Pulse(20, 30)
HELD: Millis = 150  # three periods
PULSED = Wiring("left", RELAY, CONTACT, flame_pin=FLAME, probe=PROBE, pulse=PULSE)
PAIR = Wiring("left", RELAY, CONTACT, flame_pin=FLAME, second_relay=SECOND_RELAY)
THREE = tuple(
    Wiring(name, relay, contact, flame_pin=flame)
    for name, relay, contact, flame in (("left", 17, 22, 23), ("middle", 18, 10, 11), ("right", 27, 24, 25))
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


def hob(clock: HandClock, *burners: Wiring) -> SimulatedFactory:
    """A hob with these burners only."""
    return SimulatedFactory(replace(SETTINGS, burners=burners), clock)


def light(factory: SimulatedFactory, clock: HandClock, *burners: str) -> None:
    """Light them, and wait until they burn steadily."""
    for burner in burners:
        factory.simulate(burner, "light")
    clock.tick(MINUTE)


def pulse(relays: list[OutputDevice], clock: HandClock, lasts: Millis) -> None:
    """Make edges for so long (ms), the last of them a falling one at ``PULSE.off`` before the end."""
    for _ in range(lasts // (PULSE.on + PULSE.off)):
        for relay in relays:
            relay.on()
        clock.tick(PULSE.on)
        for relay in relays:
            relay.off()
        clock.tick(PULSE.off)


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
    assert factory.millivolts("left") == pytest.approx(14.0, abs=NOISE + STEP)
    relay.off()
    assert factory.millivolts("left") == pytest.approx(24.0, abs=NOISE + STEP)
    clock.tick(SECOND)
    decayed = factory.millivolts("left")
    assert decayed == pytest.approx(21.716, abs=NOISE + STEP)
    assert decayed is not None
    assert decayed % STEP == 0


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
        ("middle", "light", "the simulated hob has no 'middle'; known are left, right, alarm, button, bell, switch"),
        ("button", "light", "a simulated interlock cannot 'light'; it knows trip, clear"),
        ("bell", "trip", "a simulated button cannot 'trip'; it knows press, let_go"),
        (
            "left",
            "fault second_stuck",
            "'left' has one relay, so 'fault second_stuck' needs a second_pin; use 'fault contact_stuck'",
        ),
        (
            "left",
            "explode",
            "a simulated burner cannot 'explode'; it knows light, hold, let_go, off, blow_out, fault none, "
            "fault contact_stuck, fault valve_stuck, fault sensor_open, fault sensor_frozen, fault sensor_noisy, "
            "fault flicker, fault foreign_voltage, fault first_stuck, fault second_stuck, fault crossed, "
            "fault reference",
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


# --- pulsed relays ------------------------------------------------------------------------------------


def test_edges_hold_a_pulsed_relay(clock: HandClock) -> None:
    factory = hob(clock, PULSED)
    relay, closed, lit = output(factory), contact(factory, CONTACT), contact(factory, FLAME)
    factory.simulate("left", "light")
    pulse([relay], clock, MINUTE)
    assert (closed.value, lit.value) == (1, 1)


@pytest.mark.parametrize("level", [True, False])
def test_no_constant_level_holds_a_pulsed_relay(clock: HandClock, level: bool) -> None:
    factory = hob(clock, PULSED)
    relay, closed, lit = output(factory), contact(factory, CONTACT), contact(factory, FLAME)
    factory.simulate("left", "light")
    pulse([relay], clock, MINUTE)
    relay.on()
    if not level:
        relay.off()
    clock.tick(HELD - 1)
    assert (closed.value, lit.value) == (1, 1)
    clock.tick(1)
    assert (relay.value, closed.value, lit.value) == (level, 0, 0)


def test_a_high_level_alone_lets_nobody_light_a_flame_under_a_pulsed_relay(clock: HandClock) -> None:
    factory = hob(clock, PULSED)
    relay, lit = output(factory), contact(factory, FLAME)
    relay.on()
    light(factory, clock, "left")
    assert (relay.value, lit.value) == (1, 0)


def test_each_edge_lets_a_pulsed_relay_hold_three_periods_more(clock: HandClock) -> None:
    factory = hob(clock, PULSED)
    relay, closed = output(factory), contact(factory, CONTACT)
    for _ in range(20):
        relay.toggle()
        clock.tick(HELD - 1)
        assert closed.value == 1
    clock.tick(1)
    assert closed.value == 0


def test_a_pulsed_relay_that_has_dropped_wants_a_rising_edge(clock: HandClock) -> None:
    factory = hob(clock, PULSED)
    relay, closed = output(factory), contact(factory, CONTACT)
    relay.on()
    clock.tick(HELD)
    relay.off()
    assert closed.value == 0
    relay.on()
    assert closed.value == 1


def test_an_edge_that_comes_too_late_relights_nothing_though_nobody_looked_between(clock: HandClock) -> None:
    factory = hob(clock, PULSED)
    relay, lit = output(factory), contact(factory, FLAME)
    factory.simulate("left", "light")
    pulse([relay], clock, MINUTE)
    relay.on()
    clock.tick(HELD)
    relay.off()
    pulse([relay], clock, SECOND)
    assert lit.value == 0


@pytest.mark.parametrize("looks_every", [1, 7, 1_000, 10 * SECOND])
def test_a_pulsed_relay_drops_at_its_instant_however_seldom_somebody_looks(
    clock: HandClock, looks_every: Millis
) -> None:
    factory = hob(clock, PULSED)
    relay, lit = output(factory), contact(factory, FLAME)
    factory.simulate("left", "light")
    pulse([relay], clock, MINUTE)  # the last edge was PULSE.off ago
    for _ in range(0, 10 * SECOND, looks_every):
        clock.tick(min(looks_every, 10 * SECOND))
        assert lit.value in (0, 1)
    clock.instant = 1_000_000 + MINUTE - PULSE.off + HELD + 10 * SECOND  # so it has cooled for 10 s
    assert factory.millivolts("left") == pytest.approx(24 / 2.718281828, abs=NOISE + STEP)


def test_a_hand_that_acts_after_a_pulsed_relay_dropped_finds_the_flame_out(clock: HandClock) -> None:
    factory = hob(clock, PULSED)
    relay = output(factory)
    factory.simulate("left", "light")
    pulse([relay], clock, MINUTE)
    clock.tick(MINUTE)
    factory.simulate("left", "fault sensor_frozen")
    assert contact(factory, FLAME).value == 0


# --- two relays in series -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "neither", "first", "second"),
    [
        ("fault none", 0, 0, 0),
        ("fault first_stuck", 0, 0, 1),
        ("fault second_stuck", 0, 1, 0),
        ("fault contact_stuck", 1, 1, 1),
    ],
)
def test_a_pair_closes_only_together_unless_one_is_welded(
    clock: HandClock, fault: str, neither: int, first: int, second: int
) -> None:
    factory = hob(clock, PAIR)
    one, other, closed = output(factory), output(factory, SECOND_RELAY), contact(factory, CONTACT)
    factory.simulate("left", fault)
    assert closed.value == neither
    one.on()
    assert closed.value == first
    other.on()
    assert closed.value == 1
    one.off()
    assert closed.value == second
    factory.simulate("left", "fault none")
    assert closed.value == 0


@pytest.mark.parametrize("pin", [RELAY, SECOND_RELAY])
def test_either_relay_of_a_pair_cuts_the_flame(clock: HandClock, pin: int) -> None:
    factory = hob(clock, PAIR)
    relays = {number: output(factory, number) for number in (RELAY, SECOND_RELAY)}
    for relay in relays.values():
        relay.on()
    light(factory, clock, "left")
    assert contact(factory, FLAME).value == 1
    relays[pin].off()
    assert contact(factory, FLAME).value == 0


def test_both_relays_of_a_pair_welded_are_a_contact_that_never_opens(clock: HandClock) -> None:
    factory = hob(clock, PAIR)
    for fault in ("first_stuck", "second_stuck"):
        factory.simulate("left", f"fault {fault}")
    light(factory, clock, "left")
    assert (contact(factory, CONTACT).value, contact(factory, FLAME).value) == (1, 1)
    factory.simulate("left", "fault none")
    assert (contact(factory, CONTACT).value, contact(factory, FLAME).value) == (0, 0)


def test_a_pulsed_pair_opens_with_the_first_of_them_that_gets_no_edges(clock: HandClock) -> None:
    factory = hob(clock, replace(PULSED, second_relay=SECOND_RELAY))
    relays = [output(factory), output(factory, SECOND_RELAY)]
    factory.simulate("left", "light")
    pulse(relays, clock, MINUTE)
    assert contact(factory, CONTACT).value == 1
    pulse(relays[1:], clock, HELD)
    assert (contact(factory, CONTACT).value, contact(factory, FLAME).value) == (0, 0)


# --- crossed circuits ---------------------------------------------------------------------------------


def flames(factory: SimulatedFactory) -> list[int]:
    return [contact(factory, pin).value for pin in (23, 11, 25)]


def contacts(factory: SimulatedFactory) -> list[int]:
    return [contact(factory, pin).value for pin in (22, 10, 24)]


def cooking_on_three(clock: HandClock) -> tuple[SimulatedFactory, list[OutputDevice]]:
    factory = hob(clock, *THREE)
    relays = [output(factory, wiring.relay) for wiring in THREE]
    for relay in relays:
        relay.on()
    light(factory, clock, "left", "middle", "right")
    assert flames(factory) == [1, 1, 1]
    return factory, relays


@pytest.mark.parametrize(
    ("crossed", "cut", "left"),
    [
        ("left", 0, [1, 0, 1]),
        ("left", 1, [0, 1, 1]),
        ("left", 2, [1, 1, 0]),
        ("middle", 1, [1, 1, 0]),
        ("right", 2, [0, 1, 1]),
        ("right", 0, [1, 1, 0]),
    ],
)
def test_a_relay_crossed_with_the_next_one_cuts_the_others_flame_and_shows_at_its_own_contact(
    clock: HandClock, crossed: str, cut: int, left: list[int]
) -> None:
    factory, relays = cooking_on_three(clock)
    factory.simulate(crossed, "fault crossed")
    assert (flames(factory), contacts(factory)) == ([1, 1, 1], [1, 1, 1])
    relays[cut].off()
    clock.tick(MINUTE)
    assert flames(factory) == left
    assert contacts(factory) == [int(index != cut) for index in range(3)]


@pytest.mark.parametrize("mended", ["left", "middle"])
def test_crossed_relays_are_put_right_at_either_burner(clock: HandClock, mended: str) -> None:
    factory, relays = cooking_on_three(clock)
    factory.simulate("left", "fault crossed")
    factory.simulate("left", "fault crossed")
    factory.simulate("right", "fault none")
    relays[0].off()
    assert flames(factory) == [1, 0, 1], "mending a third burner mends nothing"
    factory.simulate(mended, "fault none")
    assert flames(factory) == [0, 0, 1], "the open relay is in the first one's circuit again"


def test_a_burner_crossed_with_one_whose_relay_is_open_goes_out(clock: HandClock) -> None:
    factory = hob(clock, *THREE)
    relay = output(factory)
    relay.on()
    light(factory, clock, "left")
    factory.simulate("left", "fault crossed")
    assert flames(factory) == [0, 0, 0]
    light(factory, clock, "middle")
    assert flames(factory) == [0, 1, 0], "the left relay holds the middle valve"


def test_two_burners_crossed_with_each_other_are_crossed_once(clock: HandClock) -> None:
    factory = hob(clock, *THREE[:2])
    relay = output(factory)
    relay.on()
    for burner in ("left", "middle"):
        factory.simulate(burner, "fault crossed")
    light(factory, clock, "left", "middle")
    assert flames(factory) == [0, 1, 0]


def test_crossed_circuits_hang_on_the_others_drive_with_its_pulses_and_its_pair(clock: HandClock) -> None:
    right = Wiring("right", RIGHT_RELAY, RIGHT_CONTACT, "low", RIGHT_FLAME, "low", second_relay=SECOND_RELAY)
    factory = hob(clock, PULSED, right)
    factory.simulate("left", "fault crossed")
    pulsed, pair = output(factory), [output(factory, pin) for pin in (RIGHT_RELAY, SECOND_RELAY)]
    left_lit, right_lit = contact(factory, FLAME), contact(factory, RIGHT_FLAME)
    for relay in pair:
        relay.on()
    for burner in ("left", "right"):
        factory.simulate(burner, "light")
    pulse([pulsed], clock, MINUTE)
    assert (left_lit.value, right_lit.value) == (1, 1)
    clock.tick(HELD)
    assert (left_lit.value, right_lit.value) == (1, 0), "the pulses ended"
    pair[1].off()
    assert (left_lit.value, right_lit.value) == (0, 0)


def test_the_only_burner_cannot_be_crossed(clock: HandClock) -> None:
    with pytest.raises(ValueError, match="'left' is the only burner, so its relay cannot be crossed with another"):
        hob(clock, PAIR).simulate("left", "fault crossed")


# --- hands, buttons, lamps and references ---------------------------------------------------------------


def test_a_held_knob_burns_without_a_relay_until_it_is_let_go(factory: SimulatedFactory, clock: HandClock) -> None:
    lit = contact(factory, FLAME)
    factory.simulate("left", "hold")
    clock.tick(HOUR)
    assert lit.value == 1
    factory.simulate("left", "let_go")
    assert lit.value == 0


def test_buttons_rest_inactive_and_follow_the_finger(factory: SimulatedFactory) -> None:
    for name, button in (("bell", Input(BELL, "low", factory)), ("switch", Input(SWITCH, "high", factory))):
        assert not button.active
        factory.simulate(name, "press")
        button.poll()
        assert button.poll()
        assert button.active
        factory.simulate(name, "let_go")
        button.poll()
        assert button.poll()
        assert not button.active


def test_a_button_moves_no_other_contact(factory: SimulatedFactory) -> None:
    others = [Input(BUTTON, "low", factory), Input(ALARM, "high", factory), Input(SWITCH, "high", factory)]
    factory.simulate("bell", "press")
    assert not any(other.poll() for other in others for _ in range(2))


def test_a_lamps_changes_are_told_like_a_relays(clock: HandClock) -> None:
    factory = RecordingFactory(SETTINGS, clock)
    lamp = output(factory, LAMP)
    lamp.on()
    lamp.off()
    assert factory.noted == [(LAMP, True, False), (LAMP, False, False)]


def test_a_loose_plug_shows_at_the_flames_pin_at_5_hz(factory: SimulatedFactory, clock: HandClock) -> None:
    lit, seen = contact(factory, FLAME), []
    factory.simulate("left", "fault flicker")
    for _ in range(20):
        clock.tick(50)
        seen.append(lit.value)
    assert seen[1:] == [1, 1, 0, 0] * 4 + [1, 1, 0]


def test_a_stray_voltage_shows_at_the_converter_at_once(factory: SimulatedFactory) -> None:
    factory.simulate("left", "fault foreign_voltage")
    assert factory.millivolts("left") == pytest.approx(12, abs=NOISE + STEP)


def test_a_reference_reads_100_mv_with_the_noise_of_its_own_channel(
    factory: SimulatedFactory, clock: HandClock
) -> None:
    one, other = [], []
    for _ in range(200):
        clock.tick(100)
        one.append(factory.reference_millivolts(Probe("ads1115", 3)))
        other.append(factory.reference_millivolts(Probe("mcp3008", 3)))
    assert one != other
    assert len(set(one)) >= 10
    assert all(read % STEP == 0 and abs(read - 100) <= NOISE + STEP for read in one + other)


@pytest.mark.parametrize("burner", ["left", "right"])
def test_a_wrong_reference_reads_60_mv_until_it_is_repaired(factory: SimulatedFactory, burner: str) -> None:
    probe = Probe("ads1115", 3)
    factory.simulate(burner, "fault reference")
    assert factory.reference_millivolts(probe) == 60.0
    factory.simulate(burner, "fault none")
    assert factory.reference_millivolts(probe) == pytest.approx(100, abs=NOISE + STEP)
