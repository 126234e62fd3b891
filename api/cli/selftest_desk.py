"""The self-test's terminal: requests that end with Enter, what is waited for, and each outcome as it comes.

Standard input is watched by the loop, not read by a thread, so that Ctrl-C and a keeper's end interrupt a request.
"""

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import Iterator

from rich.console import Console
from rich.status import Status
from rich.text import Text

from api.cli.address import Failed
from api.cli.selftest_report import Outcome, mark
from api.cli.selftest_words import Words

_LONGEST = 4096  # bytes of what somebody types before Enter


class Terminal:
    """One terminal. Use it as a context: what is waited for has a line of its own until the end."""

    def __init__(self, console: Console, words: Words) -> None:
        self._console = console
        self._words = words
        self._status = Status("", console=console)

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Show what is waited for; the cursor comes back at the end."""
        try:
            yield
        finally:
            self._status.stop()

    async def ask(self, sentence: str) -> None:
        """Show a request, and return at the next Enter. Raises :class:`Failed` where nobody can press it."""
        self._status.stop()
        self._console.print(
            Text.assemble(("▶ ", "bold cyan"), (sentence, "bold"), f"  [{self._words('press_enter')}] "), end=""
        )
        if not await _line():
            raise Failed(self._words("nobody_answers"))

    def progress(self, sentence: str) -> None:
        """Show what is waited for, where this is a terminal."""
        self._status.update(sentence)
        self._status.start()

    def say(self, sentence: str) -> None:
        """One line."""
        self._status.stop()
        self._console.print(Text(sentence))

    def show(self, outcome: Outcome) -> None:
        """What a step has found, as soon as it is known."""
        self._status.stop()
        text = mark(outcome.result, self._words).append(f"  {outcome.title}: {outcome.found}", "not bold default")
        self._console.print(text)
        if outcome.cure and outcome.result == "fail":
            self._console.print(Text(f"  → {outcome.cure}", "bold cyan"))


async def _line() -> bool:
    """Wait for a line of standard input; False at its end."""
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()
    with contextlib.suppress(termios.error):  # no terminal
        termios.tcflush(source, termios.TCIFLUSH)  # an Enter that was pressed before answers nothing
    typed: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        loop.remove_reader(source)
        if not typed.done():
            typed.set_result(os.read(source, _LONGEST))

    try:
        loop.add_reader(source, read)
    except PermissionError:  # a file or /dev/null, of which epoll knows nothing
        return False
    try:
        return bool(await typed)
    finally:
        loop.remove_reader(source)
