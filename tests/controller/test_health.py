"""The holding circuit's wear: against its own first burns, and over restarts."""

import json
import math

import pytest

from controller.health import FIRST_BURNS, RECENT_BURNS, WORN, ContactHealth

OPEN = 24.0  # mV
THERMOCOUPLE = 25.0  # mΩ


def burns(health: ContactHealth, load: float, times: int) -> ContactHealth:
    """So many proved cuts of a circuit with this resistance, in mΩ."""
    for _ in range(times):
        health.add(OPEN * load / (load + THERMOCOUPLE), OPEN)
    return health


def a_new_circuit(times: int = FIRST_BURNS) -> ContactHealth:
    return burns(ContactHealth(), 35.0, times)


def a_worn_circuit(load: float = 45.0) -> ContactHealth:
    return burns(a_new_circuit(), load, RECENT_BURNS)


@pytest.mark.parametrize("times", range(FIRST_BURNS))
def test_nothing_is_said_before_there_were_enough_burns(times: int) -> None:
    circuit = a_new_circuit(times)
    assert circuit.wear is None
    assert not circuit.worn


def test_a_new_circuit_is_as_good_as_when_it_was_new() -> None:
    circuit = a_new_circuit()
    assert circuit.wear == pytest.approx(1.0)
    assert not circuit.worn


@pytest.mark.parametrize("load", [36.0, 40.0, 45.0, 62.0])
def test_wear_is_the_circuits_resistance_against_its_first(load: float) -> None:
    assert a_worn_circuit(load).wear == pytest.approx(load / 35, rel=1e-3)


@pytest.mark.parametrize(("load", "worn"), [(35 * WORN - 0.1, False), (35 * WORN + 0.1, True)])
def test_a_circuit_is_worn_from_a_quarter_more_on(load: float, worn: bool) -> None:
    assert a_worn_circuit(load).worn is worn


def test_a_worn_circuit_is_told_by_the_burners_name_and_by_how_much() -> None:
    problem = a_worn_circuit(45.5).problem("Left")
    assert problem is not None
    assert problem.startswith("Left: ")
    assert "130%" in problem
    assert a_new_circuit().problem("Left") is None


def test_exactly_a_quarter_more_is_worn() -> None:
    circuit = ContactHealth({"first": [1.0] * FIRST_BURNS, "recent": [WORN] * RECENT_BURNS})
    assert circuit.worn


def test_a_few_odd_cuts_make_no_worn_circuit() -> None:
    assert not burns(a_new_circuit(), 62.0, RECENT_BURNS // 2).worn


def test_a_few_odd_first_burns_make_no_wrong_baseline() -> None:
    odd = burns(burns(ContactHealth(), 80.0, FIRST_BURNS // 2), 35.0, FIRST_BURNS + RECENT_BURNS)
    assert odd.wear == pytest.approx(1.0)


def test_the_baseline_stays_that_of_the_first_burns() -> None:
    circuit = burns(a_new_circuit(), 40.0, 500)
    assert circuit.wear == pytest.approx(40 / 35, rel=1e-3)


def test_a_mended_contact_is_not_worn_any_more() -> None:
    assert not burns(a_worn_circuit(), 35.0, RECENT_BURNS).worn


def test_the_emf_of_a_burn_does_not_matter() -> None:
    circuit = ContactHealth()
    for emf in (12.0, 18.0, 30.0, 24.0, 15.0):
        circuit.add(emf * 35 / 60, emf)
    assert circuit.wear == pytest.approx(1.0, rel=1e-3)
    assert circuit.standing()["first"] == pytest.approx([1.4] * FIRST_BURNS, rel=1e-3)


@pytest.mark.parametrize(
    ("loaded_mv", "open_mv"),
    [(14.0, 14.0), (24.0, 14.0), (0.0, 24.0), (-1.0, 24.0), (math.nan, 24.0), (14.0, math.nan), (14.0, -24.0)],
)
def test_voltages_that_no_cut_gives_are_not_counted(loaded_mv: float, open_mv: float) -> None:
    circuit = a_new_circuit()
    before = circuit.standing()
    circuit.add(loaded_mv, open_mv)
    assert circuit.standing() == before


@pytest.mark.parametrize("times", [0, 1, FIRST_BURNS - 1, FIRST_BURNS, FIRST_BURNS + 3])
def test_what_is_remembered_is_all_that_there_is_to_know(times: int) -> None:
    circuit = burns(a_new_circuit(times), 45.0, 2)
    restarted = ContactHealth(json.loads(json.dumps(circuit.standing())))
    assert restarted.standing() == circuit.standing()
    assert burns(restarted, 45.0, 3).wear == burns(circuit, 45.0, 3).wear


def test_a_worn_circuit_is_worn_after_a_restart() -> None:
    assert ContactHealth(a_worn_circuit().standing()).worn


def test_what_was_remembered_does_not_change_with_what_comes_later() -> None:
    circuit = a_new_circuit(2)
    remembered = circuit.standing()
    written = json.dumps(remembered)
    burns(circuit, 45.0, 3)
    assert json.dumps(remembered) == written


@pytest.mark.parametrize("standing", [None, {}, {"first": []}, {"recent": []}])
def test_a_circuit_without_a_memory_begins_anew(standing: dict[str, list[float]] | None) -> None:
    assert ContactHealth(standing).standing() == {"first": [], "recent": []}
