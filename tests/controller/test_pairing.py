"""Pairing: one phone per offer, and nobody who guesses."""

import re

import pytest

from controller.pairing import BUTTON_LASTS, CODE_LASTS, TRIES, Grant, Pairing, PairingRefused
from controller.tokens import Role

COOK = Grant(Role.COOK, ("left",))


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08}"


def test_the_code_has_eight_digits_and_lets_one_phone_in() -> None:
    pairing = Pairing()
    code = pairing.offer(0, COOK)
    assert re.fullmatch("[0-9]{8}", code)
    assert pairing.way(0) == "code"
    assert pairing.claim(1, code) == COOK
    assert pairing.way(1) == "closed"
    with pytest.raises(PairingRefused, match="Nothing is offered now: run flameout pair"):
        pairing.claim(2, code)


def test_codes_differ() -> None:
    pairing = Pairing()
    assert len({pairing.offer(0, COOK) for _ in range(50)}) == 50


def test_a_new_code_replaces_the_last() -> None:
    pairing = Pairing()
    first, second = pairing.offer(0, Grant(Role.ADMIN)), pairing.offer(0, COOK)
    with pytest.raises(PairingRefused):
        pairing.claim(1, first)
    assert pairing.claim(1, second) == COOK


def test_five_wrong_tries_end_it() -> None:
    pairing = Pairing()
    code = pairing.offer(0, COOK)
    for left in range(TRIES - 1, 0, -1):
        with pytest.raises(PairingRefused, match=f"; {left} tr(y is|ies are) left"):
            pairing.claim(1, other(code))
    with pytest.raises(PairingRefused, match="it was the last try"):
        pairing.claim(1, other(code))
    with pytest.raises(PairingRefused, match="Nothing is offered now"):
        pairing.claim(1, code)


@pytest.mark.parametrize("wrong", [None, "", "1", "１２３４５６７８", "12345678\n", "0" * 100])
def test_what_is_no_code_is_a_wrong_try(wrong: str | None) -> None:
    pairing = Pairing()
    while (code := pairing.offer(0, COOK)) == "12345678":
        pass
    with pytest.raises(PairingRefused, match="4 tries are left"):
        pairing.claim(1, wrong)
    assert pairing.claim(1, code) == COOK


def test_it_ends_after_five_minutes_to_the_millisecond() -> None:
    pairing = Pairing()
    code = pairing.offer(1000, COOK)
    assert pairing.way(1000 + CODE_LASTS - 1) == "code"
    with pytest.raises(PairingRefused):
        pairing.claim(1000 + CODE_LASTS, code)
    assert pairing.way(1000 + CODE_LASTS) == "closed"


def test_a_held_button_lets_one_phone_in_without_a_code() -> None:
    pairing = Pairing()
    pairing.offer_without_code(0, Grant(Role.COOK))
    assert pairing.way(BUTTON_LASTS - 1) == "button"
    assert pairing.claim(BUTTON_LASTS - 1, None) == Grant(Role.COOK)
    with pytest.raises(PairingRefused):
        pairing.claim(BUTTON_LASTS - 1, None)


def test_a_held_button_is_over_after_two_minutes() -> None:
    pairing = Pairing()
    pairing.offer_without_code(0, Grant(Role.COOK))
    with pytest.raises(PairingRefused):
        pairing.claim(BUTTON_LASTS, None)


def test_an_offer_can_be_withdrawn() -> None:
    pairing = Pairing()
    code = pairing.offer(0, COOK)
    assert pairing.withdraw()
    assert not pairing.withdraw()
    with pytest.raises(PairingRefused):
        pairing.claim(1, code)
