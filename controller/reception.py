"""Who is let in: offers to pair, phones that take them up, tokens that end, each on record before the answer."""

import asyncio
import contextlib
from collections.abc import Callable

from controller.events import Event, Paired, PairingOffered, TokenRevoked
from controller.journal import JournalFailing
from controller.pairing import Grant, Pairing
from controller.record import Record
from controller.tokens import Role, Token
from hardware.clock import Clock


class Reception:
    """The pairing of one stove, by its clock and with its journal."""

    def __init__(
        self, clock: Clock, write: Callable[[list[Event]], asyncio.Future[None] | None], record: Record
    ) -> None:
        self._clock = clock
        self._write = write
        self._record = record
        self._pairing = Pairing()

    async def offer(self, grant: Grant, by: str) -> str:
        """Make a code that lets one phone in, and return it; also while the disk fails."""
        now = self._clock.now()
        code = self._pairing.offer(now, grant)
        with contextlib.suppress(JournalFailing):
            await self._put(PairingOffered(burner=None, at=now, by=by, role=grant.role.value))
        return code

    def let_in(self, by: str) -> None:
        """Let the next phone in without a code: whoever holds a stop button stands at the stove."""
        now = self._clock.now()
        self._pairing.offer_without_code(now, Grant(Role.COOK))
        self._write([PairingOffered(burner=None, at=now, by=by, role=Role.COOK.value)])

    def withdraw(self) -> bool:
        """End what is offered; False where nothing was."""
        return self._pairing.withdraw()

    def way(self) -> str:
        """What a phone that wants to pair can do now: ``closed``, ``code`` or ``button``."""
        return self._pairing.way(self._clock.now())

    def claim(self, code: str | None) -> Grant:
        """Take up what is offered. Raises :class:`PairingRefused`."""
        return self._pairing.claim(self._clock.now(), code)

    async def paired(self, token: Token) -> None:
        """Write down that a phone has got a token; it has got it also while the disk fails."""
        now = self._clock.now()
        with contextlib.suppress(JournalFailing):
            await self._put(Paired(burner=None, at=now, by=f"phone:{token.name}", role=token.role.value))

    async def revoked(self, token: Token, by: str) -> None:
        """Write down that a token was ended. Raises :class:`JournalFailing`; it has ended all the same."""
        await self._put(TokenRevoked(burner=None, at=self._clock.now(), by=by, name=token.name))

    async def _put(self, event: Event) -> None:
        await self._record.committed(self._write([event]))
