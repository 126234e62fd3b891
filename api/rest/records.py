"""Reading the journal for answers: in threads, a few at a time, since whoever starts a new keeper needs one, too."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from api.rest.problems import Problem

_READING = asyncio.Semaphore(2)
_Arguments = ParamSpec("_Arguments")
_Read = TypeVar("_Read")


async def fetch(read: Callable[_Arguments, _Read], *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Read:
    """What ``read``, a function that reads the journal, returns. Raises :class:`Problem` (503)."""
    async with _READING:
        try:
            return await asyncio.to_thread(read, *arguments, **named)
        except (sqlite3.Error, ValueError) as error:  # a ValueError from a row that is damaged
            raise Problem(503, f"The journal cannot be read: {error}.", kind="journal-failing") from None
