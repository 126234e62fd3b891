"""Pairing: how a phone gets a token without an account and without a password that everybody knows.

Somebody at the console asks for a code, or holds a stop button of the stove. The code has eight digits, works once,
for five minutes and five tries; a held button lets one phone in without a code for two minutes, since whoever holds
it stands at the stove.
"""

import hmac
import secrets
from dataclasses import dataclass

from controller.tokens import Role
from hardware.clock import MINUTE, SECOND, Millis

CODE_LASTS: Millis = 5 * MINUTE
BUTTON_LASTS: Millis = 2 * MINUTE
BUTTON_HELD: Millis = 5 * SECOND
TRIES = 5
DIGITS = 8


class PairingRefused(Exception):
    """The phone is not let in; the text says why and what to do."""


@dataclass(frozen=True)
class Grant:
    """What the phone that pairs will be allowed."""

    role: Role
    burners: tuple[str, ...] = ()


@dataclass
class _Offer:
    grant: Grant
    code: str | None  # None: whoever asks first, the stove's button was held
    ends_at: Millis
    tries: int = TRIES


class Pairing:
    """At most one offer at a time; a new one replaces the last. Times are ms on the boot clock."""

    def __init__(self) -> None:
        self._offer: _Offer | None = None

    def offer(self, now: Millis, grant: Grant) -> str:
        """Make a code and return it."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._offer = _Offer(grant, code, now + CODE_LASTS)
        return code

    def offer_without_code(self, now: Millis, grant: Grant) -> None:
        """Let the next phone in: a stop button of the stove was held."""
        self._offer = _Offer(grant, None, now + BUTTON_LASTS)

    def withdraw(self) -> bool:
        """End the offer; False where there was none."""
        was, self._offer = self._offer, None
        return was is not None

    def way(self, now: Millis) -> str:
        """What a phone can do now: ``closed``, ``code`` or ``button``."""
        offer = self._standing(now)
        if offer is None:
            return "closed"
        return "button" if offer.code is None else "code"

    def claim(self, now: Millis, code: str | None) -> Grant:
        """Take up the offer, which ends with that. Raises :class:`PairingRefused`."""
        offer = self._standing(now)
        if offer is None:
            raise PairingRefused("Nothing is offered now: run flameout pair, or hold the stop button for 5 seconds.")
        given = (code or "").encode(errors="replace")  # JSON can hold half a character, which UTF-8 cannot
        if offer.code is not None and not hmac.compare_digest(offer.code.encode(), given):
            raise PairingRefused(self._wrong(offer))
        self._offer = None
        return offer.grant

    def _wrong(self, offer: _Offer) -> str:
        offer.tries -= 1
        if offer.tries:
            return f"This is not the code; {offer.tries} {'try is' if offer.tries == 1 else 'tries are'} left."
        self._offer = None
        return "This is not the code, and it was the last try: ask for a new one with flameout pair."

    def _standing(self, now: Millis) -> _Offer | None:
        if self._offer is not None and now >= self._offer.ends_at:
            self._offer = None
        return self._offer
