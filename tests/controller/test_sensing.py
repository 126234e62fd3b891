"""What is measured of every burner: its age, its converter's reference, its relay, and the sentences about it."""

import math
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.config import Config
from controller.flame import CLEAN_FOR, SWITCHING
from controller.proof import STEP_WITHIN
from controller.sensing import CONTACT_SETTLES_WITHIN, CONTACT_STALE_AFTER, STALE_AFTER, Sensing
from controller.terms import Contact, Flame, Reading
from hardware.client import Sensed
from hardware.clock import MINUTE, SECOND, Millis
from hardware.gauges_client import GaugesClient
from tests.fakes import ManualClock, config

LOADED, OPEN, COLD, REFERENCE = 14.0, 24.0, 0.1, 50.0  # mV
EVERY: Millis = 100
REFERENCES = [
    {"adc": "ads1115", "channel": 2, "millivolts": REFERENCE, "tolerance_mv": 5.0},
    {"adc": "mcp3008", "channel": 7, "gain": 50.0, "millivolts": 40.0, "tolerance_mv": 2.0},
]


def a_config(**tables: Any) -> Config:
    """Left and middle have thermocouples at an ADS1115, right at an MCP3008; back has a switch, front nothing."""
    thermocouples = (("left", "ads1115", 0), ("middle", "ads1115", 1), ("right", "mcp3008", 0))
    burners: list[dict[str, Any]] = [
        {
            "id": name,
            "name": name.title(),
            "relay": {"pin": 17 + index},
            "flame": {"kind": "thermocouple", "adc": adc, "channel": channel, "gain": 50.0},
        }
        for index, (name, adc, channel) in enumerate(thermocouples)
    ]
    burners.append({"id": "back", "name": "Back", "relay": {"pin": 20}, "flame": {"kind": "digital", "pin": 23}})
    burners.append({"id": "front", "name": "Front", "relay": {"pin": 21}, "contact": {"pin": 24}})
    return config(burners=burners, **tables)


class Bench:
    """A sensing, and a clock that goes on by 100 ms with every measurement."""

    def __init__(self, **tables: Any) -> None:
        self.clock = ManualClock()
        self.sensing = Sensing(a_config(**tables), self.clock)
        self._wobble = 0.0

    def sense(self, **sensed: Mapping[str, bool]) -> None:
        """The keeper reports."""
        self.clock.advance(EVERY)
        self.sensing.take(self.clock.now(), Sensed(**cast(Any, sensed)))

    def gauge(
        self,
        duration: Millis = EVERY,
        references: Sequence[float | None] = (REFERENCE, 40.0),
        **millivolts: float | None,
    ) -> None:
        """The converters are read for so long; a voltage that is not named is cold."""
        for _ in range(duration // EVERY):
            self.clock.advance(EVERY)
            self._wobble = 0.02 - self._wobble
            read = dict.fromkeys(("left", "middle", "right"), COLD) | millivolts
            shaken = {name: None if mv is None else mv + self._wobble for name, mv in read.items()}
            self.sensing.gauge(self.clock.now(), shaken, references)

    def reading(self, burner: str = "left") -> Reading:
        return self.sensing.reading(burner)

    def problem(self, burner: str = "left") -> str:
        return self.sensing.problem(burner) or ""


def a_lit_bench(**tables: Any) -> Bench:
    """A flame at the left burner, and the keeper there."""
    bench = Bench(**tables)
    bench.sense()
    bench.gauge(SECOND, left=LOADED)
    assert bench.reading().flame is Flame.LIT
    return bench


# --- how old a reading may be ----------------------------------------------------------------------------


def test_nothing_is_known_before_something_was_measured() -> None:
    bench = Bench()
    assert all(bench.reading(name) == Reading() for name in ("left", "back", "front"))


def test_a_thermocouples_reading_is_believed_while_it_is_fresh() -> None:
    bench = a_lit_bench()
    bench.clock.advance(STALE_AFTER)
    assert bench.reading().flame is Flame.LIT
    assert bench.reading().millivolts == pytest.approx(LOADED, abs=0.1)
    bench.clock.advance(1)
    assert bench.reading() == Reading()


def test_a_flame_is_unknown_within_two_seconds_of_the_last_reading() -> None:
    bench = a_lit_bench()
    bench.clock.advance(2 * SECOND)
    assert bench.reading().flame is Flame.UNKNOWN


def test_a_switched_sensor_is_believed_while_it_is_fresh() -> None:
    bench = Bench()
    bench.sense(flames={"back": True})
    bench.clock.advance(STALE_AFTER)
    assert bench.reading("back").flame is Flame.LIT
    bench.clock.advance(1)
    assert bench.reading("back") == Reading()


def test_a_contact_from_before_a_cut_is_not_believed_any_more_when_it_would_count_as_stuck() -> None:
    bench = Bench()
    bench.sense(contacts={"front": True})
    bench.clock.advance(CONTACT_STALE_AFTER)
    assert bench.reading("front").contact is Contact.CLOSED
    bench.clock.advance(1)
    assert bench.reading("front").contact is Contact.UNKNOWN
    assert CONTACT_STALE_AFTER + 110 < CONTACT_SETTLES_WITHIN  # ms that a relay and its debounced contact need


def test_the_keepers_readings_make_no_old_voltage_fresh() -> None:
    bench = a_lit_bench()
    for _ in range(19):
        bench.sense(flames={"back": False})
    assert bench.reading("left").flame is Flame.UNKNOWN
    assert bench.reading("back").flame is Flame.OUT


def test_the_converters_readings_make_no_old_contact_fresh() -> None:
    bench = Bench()
    bench.sense(flames={"back": False}, contacts={"left": False})
    bench.gauge(1_900)
    assert (bench.reading("left").flame, bench.reading("left").contact) == (Flame.OUT, Contact.UNKNOWN)
    assert bench.reading("back") == Reading()


def test_a_keeper_that_reads_the_thermocouples_itself_is_believed_alike() -> None:
    bench = Bench()
    bench.clock.advance(EVERY)
    sensed = Sensed(millivolts={"left": LOADED, "middle": COLD, "right": None})
    bench.sensing.take(bench.clock.now(), sensed)
    assert [bench.reading(name).flame for name in ("left", "middle", "right")] == [
        Flame.LIT,
        Flame.OUT,
        Flame.UNKNOWN,
    ]


def test_what_was_measured_is_forgotten_with_who_measured_it() -> None:
    bench = a_lit_bench()
    bench.sense(flames={"back": True}, contacts={"front": True})
    bench.sensing.forget()
    assert all(bench.reading(name) == Reading() for name in ("left", "back", "front"))
    bench.gauge(left=OPEN)  # whatever the relay did meanwhile
    assert bench.reading("left").flame is Flame.LIT


@pytest.mark.parametrize(("closed", "contact"), [(True, Contact.CLOSED), (False, Contact.OPEN)])
def test_a_contact_reads_as_it_is(closed: bool, contact: Contact) -> None:
    bench = Bench()
    bench.sense(contacts={"front": closed})
    assert bench.reading("front").contact is contact
    assert bench.reading("left").contact is Contact.UNKNOWN


def test_a_sensor_that_the_keeper_says_nothing_of_is_unknown() -> None:
    bench = Bench()
    bench.sense(flames={"back": False})
    bench.sense(flames={})
    assert bench.reading("back").flame is Flame.UNKNOWN
    assert bench.problem("back") == (
        "Back: its flame is unknown, for its sensor gives no reading. Check the sensor and its leads."
    )


def test_a_thermocouple_that_is_not_read_is_unknown_and_the_others_are_not() -> None:
    bench = a_lit_bench()
    bench.gauge(left=LOADED, middle=None)
    assert bench.reading("middle").flame is Flame.UNKNOWN
    assert bench.reading("left").flame is Flame.LIT
    assert "gives no reading" in bench.problem("middle")


# --- references ------------------------------------------------------------------------------------------

WRONG = [None, REFERENCE - 5.1, REFERENCE + 5.1, 0.0, math.nan, math.inf]


@pytest.mark.parametrize("read", WRONG)
def test_a_converter_whose_reference_reads_wrong_says_nothing_of_any_flame(read: float | None) -> None:
    bench = a_lit_bench(references=REFERENCES)
    bench.gauge(left=LOADED, references=[read, 40.0])
    assert [bench.reading(name).flame for name in ("left", "middle")] == [Flame.UNKNOWN] * 2
    assert bench.reading("right").flame is Flame.OUT
    assert bench.reading("left").millivolts is None


@pytest.mark.parametrize("read", [REFERENCE - 5.0, REFERENCE, REFERENCE + 5.0])
def test_a_reference_may_be_off_by_its_tolerance(read: float) -> None:
    bench = a_lit_bench(references=REFERENCES)
    bench.gauge(left=LOADED, references=[read, 40.0])
    assert bench.reading().flame is Flame.LIT


@pytest.mark.parametrize("read", [[], [REFERENCE]])
def test_a_reference_that_is_not_read_at_all_is_wrong(read: list[float]) -> None:
    bench = Bench(references=REFERENCES)
    bench.gauge(references=read)
    assert bench.reading("right").flame is Flame.UNKNOWN
    assert bench.reading("left").flame is (Flame.OUT if read else Flame.UNKNOWN)


def test_a_wrong_reference_is_told_with_what_it_reads() -> None:
    bench = Bench(references=REFERENCES)
    bench.sense(flames={"back": False})
    bench.gauge(references=[None, 45.0])
    assert bench.problem("left") == (
        "Left: its flame is unknown, for the ads1115's reference reads nothing in place of 50."
    )
    assert bench.problem("right") == (
        "Right: its flame is unknown, for the mcp3008's reference reads 45 mV in place of 40."
    )
    assert not bench.problem("back")


def test_a_reference_that_reads_right_again_is_believed_after_a_while() -> None:
    bench = a_lit_bench(references=REFERENCES)
    bench.gauge(SECOND, left=LOADED, references=[0.0, 40.0])
    bench.gauge(CLEAN_FOR + SECOND, left=LOADED)
    assert bench.reading("left").flame is Flame.LIT
    assert bench.reading("middle").flame is Flame.OUT
    assert not bench.problem("left")


def test_a_flame_that_was_lit_is_not_out_once_its_reference_reads_right_again() -> None:
    bench = a_lit_bench(references=REFERENCES)
    bench.gauge(SECOND, references=[0.0, 40.0])
    bench.gauge(MINUTE)
    assert bench.reading("left").flame is Flame.UNKNOWN
    assert bench.reading("middle").flame is Flame.OUT


# --- the gauges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["the gauges died or hung up", "there is no ADS1115 below /sys"])
def test_what_is_wrong_with_the_gauges_is_told_at_every_thermocouple(why: str) -> None:
    bench = Bench()
    bench.sensing.gauges = cast(GaugesClient, SimpleNamespace(problem=why))
    bench.sense(flames={"back": False})
    assert bench.problem("left") == f"Left: its flame is unknown, for {why}."
    assert bench.problem("right").startswith("Right")
    assert not bench.problem("back")
    assert not bench.problem("front")


def test_a_thermocouple_that_nobody_reads_is_told() -> None:
    bench = a_lit_bench()
    bench.clock.advance(STALE_AFTER + 1)
    assert bench.problem("left") == "Left: its flame is unknown, for nothing is read from its thermocouple."


def test_nothing_is_wrong_with_sensors_that_are_read() -> None:
    bench = a_lit_bench()
    bench.sense(flames={"back": True})
    assert not any(bench.problem(name) for name in ("left", "middle", "right", "back", "front"))


def test_a_sensor_that_flickers_is_told() -> None:
    bench = Bench()
    for turn in range(100):
        bench.sense(flames={"back": turn % 2 == 0})
    assert bench.problem("back") == (
        "Back: its flame is unknown, for its sensor flickers, which no flame does. Check the sensor and its leads."
    )


# --- relays and steps ------------------------------------------------------------------------------------


def test_a_relays_step_is_no_jump() -> None:
    bench = a_lit_bench()
    bench.sensing.switched(bench.clock.now(), "left", energised=False)
    bench.gauge(SECOND, left=OPEN)
    assert bench.reading().flame is Flame.LIT
    assert bench.reading().millivolts == pytest.approx(OPEN, abs=0.1)
    assert bench.sensing.stepped_elsewhere("middle") == []


def test_a_relay_that_is_told_the_same_again_has_not_switched() -> None:
    bench = a_lit_bench()
    bench.sensing.switched(bench.clock.now(), "left", energised=True)
    for _ in range(SWITCHING // EVERY):
        bench.gauge(left=LOADED)
        bench.sensing.switched(bench.clock.now(), "left", energised=True)
    bench.gauge(left=LOADED)
    bench.gauge(left=OPEN)
    assert bench.reading().flame is Flame.UNKNOWN


@pytest.mark.parametrize(("after", "flame"), [(SWITCHING, Flame.LIT), (SWITCHING + EVERY, Flame.UNKNOWN)])
def test_a_step_is_the_relays_for_two_seconds(after: Millis, flame: Flame) -> None:
    bench = a_lit_bench()
    bench.sensing.switched(bench.clock.now(), "left", energised=False)
    bench.gauge(after - EVERY, left=LOADED)
    bench.gauge(left=OPEN)
    assert bench.reading().flame is flame


def test_another_burners_relay_excuses_no_step() -> None:
    bench = a_lit_bench()
    bench.sensing.switched(bench.clock.now(), "middle", energised=False)
    bench.gauge(left=OPEN)
    assert bench.reading().flame is Flame.UNKNOWN


def test_a_step_without_its_own_relay_is_one_elsewhere_for_every_other_burner() -> None:
    bench = a_lit_bench()
    bench.sensing.switched(bench.clock.now(), "middle", energised=False)
    bench.gauge(left=OPEN)
    assert bench.sensing.stepped_elsewhere("middle") == ["left"]
    assert bench.sensing.stepped_elsewhere("left") == []
    assert bench.reading("middle").elsewhere
    assert not bench.reading("left").elsewhere


def test_a_step_elsewhere_counts_for_as_long_as_a_step_may_take() -> None:
    bench = a_lit_bench()
    bench.gauge(left=OPEN)
    bench.clock.advance(STEP_WITHIN)
    assert bench.sensing.stepped_elsewhere("middle") == ["left"]
    bench.clock.advance(1)
    assert bench.sensing.stepped_elsewhere("middle") == []


def test_a_foreign_voltage_is_told_before_anything_else() -> None:
    bench = Bench()
    bench.sense()
    bench.gauge(5 * SECOND)
    bench.gauge(3 * SECOND, left=LOADED)
    assert bench.sensing.foreign_voltage("left")
    assert not bench.sensing.foreign_voltage("middle")
    assert not bench.sensing.foreign_voltage("back")
    assert "without a flame having heated it" in bench.problem("left")
    assert "close the gas tap" in bench.problem("left")


# --- a relay that does not close -------------------------------------------------------------------------


def judged(bench: Bench, contact: Contact, energised: bool, after: Millis) -> str:
    """The front burner's problem, where its contact has been like this for so long."""
    bench.sensing.judge_contact("front", contact, energised)
    bench.clock.advance(after)
    bench.sensing.judge_contact("front", contact, energised)
    return bench.problem("front")


def test_a_contact_that_stays_open_over_an_energised_relay_is_told_after_a_second() -> None:
    assert not judged(Bench(), Contact.OPEN, True, CONTACT_SETTLES_WITHIN)
    assert judged(Bench(), Contact.OPEN, True, CONTACT_SETTLES_WITHIN + 1) == (
        "Front: the relay does not close although it is energised; check relay, driver and contact wiring."
    )


@pytest.mark.parametrize(
    ("contact", "energised"),
    [(Contact.OPEN, False), (Contact.CLOSED, True), (Contact.UNKNOWN, True), (Contact.CLOSED, False)],
)
def test_any_other_contact_is_not_told_here(contact: Contact, energised: bool) -> None:
    assert not judged(Bench(), contact, energised, MINUTE)


@pytest.mark.parametrize(
    ("contact", "energised"), [(Contact.CLOSED, True), (Contact.OPEN, False), (Contact.UNKNOWN, True)]
)
def test_a_relay_that_closed_in_between_is_given_its_second_again(contact: Contact, energised: bool) -> None:
    bench = Bench()
    judged(bench, Contact.OPEN, True, CONTACT_SETTLES_WITHIN)
    bench.sensing.judge_contact("front", contact, energised)
    assert not judged(bench, Contact.OPEN, True, CONTACT_SETTLES_WITHIN)


def test_what_is_wrong_with_a_thermocouple_is_told_where_the_keeper_has_nothing_to_say() -> None:
    """A keeper without inputs says nothing at all; the converters are read by somebody else."""
    bench = Bench()
    bench.gauge(5 * SECOND, left=90.0)
    assert bench.reading("left").flame is Flame.UNKNOWN
    assert bench.problem("left").startswith("Left: its flame is unknown, for its sensor")
