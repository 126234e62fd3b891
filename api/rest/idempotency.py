"""A repeated request with the same Idempotency-Key is answered as the first one was, and done once."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from api.rest.problems import Problem
from controller.journal import JournalFailing

REMEMBERED = 1_000
FORGET_AFTER = 24 * 3600.0  # s
LONGEST_KEY = 255


@dataclass
class _First:
    fingerprint: str
    at: float
    response: Response | None = None
    unrecorded: JournalFailing | None = None  # it was done, and is not on record; without either it is under way


class Idempotency:
    """The first answers, by caller, address and key. They live in memory: after a restart no burn goes on."""

    def __init__(self) -> None:
        self._firsts: OrderedDict[tuple[str, str, str], _First] = OrderedDict()

    async def once(self, request: Request, by: str, act: Callable[[], Awaitable[Response]]) -> Response:
        """Act, or give the first answer again. Raises :class:`Problem` (409, 422)."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return await act()
        if not 1 <= len(key) <= LONGEST_KEY:
            raise Problem(422, f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.", "Idempotency-Key")
        slot = (by, request.url.path, key)
        fingerprint = hashlib.sha256(await request.body()).hexdigest()
        self._forget(time.monotonic())
        first = self._firsts.get(slot)
        if first is not None:
            return self._again(first, fingerprint)
        self._firsts[slot] = first = _First(fingerprint, time.monotonic())
        try:
            first.response = await act()
        except JournalFailing as error:
            first.unrecorded = error
            raise
        except BaseException:
            self._firsts.pop(slot, None)  # nothing was done, so it may be tried again
            raise
        return first.response

    @staticmethod
    def _again(first: _First, fingerprint: str) -> Response:
        if first.fingerprint != fingerprint:
            raise Problem(422, "This Idempotency-Key came with another body before; use a new one.", "Idempotency-Key")
        if first.unrecorded is not None:
            raise first.unrecorded
        if first.response is None:
            raise Problem(409, "The first request with this Idempotency-Key is still under way; ask again.")
        kept = ("etag", "cache-control", "vary", "content-language")
        headers = {name: value for name, value in first.response.headers.items() if name in kept}
        return Response(
            first.response.body,
            first.response.status_code,
            headers | {"Idempotency-Replayed": "true"},
            first.response.media_type,
        )

    def _forget(self, now: float) -> None:
        while self._firsts:
            oldest = next(iter(self._firsts.values()))
            if len(self._firsts) < REMEMBERED and now - oldest.at < FORGET_AFTER:
                return
            self._firsts.popitem(last=False)
