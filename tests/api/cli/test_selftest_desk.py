"""The self-test's questions at a terminal: an Enter answers the one that is asked, and none that comes after it."""

import asyncio
import os
import pty
import sys

import pytest

from api.cli.selftest_desk import _line


def test_an_enter_that_was_pressed_too_early_answers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A double Enter at "Blow the flame out" must not say that the valve was heard."""
    ours, theirs = pty.openpty()

    async def act() -> None:
        with os.fdopen(theirs) as terminal:
            monkeypatch.setattr(sys, "stdin", terminal)
            first = asyncio.create_task(_line())
            await asyncio.sleep(0)  # it is asked
            os.write(ours, b"\n\n")
            assert await first
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(_line(), 0.2)
            next_one = asyncio.create_task(_line())
            await asyncio.sleep(0)
            os.write(ours, b"\n")
            assert await next_one

    try:
        asyncio.run(act())
    finally:
        os.close(ours)
