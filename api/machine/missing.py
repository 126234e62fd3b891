"""What of the machine's own guards is missing: looked for once at the start, and shown until the next.

The same looks as ``flameout doctor`` takes, but those that need rights the daemon does not have.
"""

import asyncio
import logging
from collections.abc import Callable

from api.machine.board import guards
from api.machine.machine import Machine
from controller.config import Config

_log = logging.getLogger("flameout")


def missing(machine: Machine, config: Config) -> list[str]:
    """A sentence for each guard that is not there, with its cure."""
    return [
        f"This machine, {row.what}: {row.found}. To mend it: {row.cure}."
        for row in guards(machine, config)
        if row.result in ("warn", "fail")
    ]


async def look(machine: Machine, config: Config, tell: Callable[[list[str]], None]) -> None:
    """Log what is missing and ``tell`` it; the files and commands are waited for outside the event loop."""
    if config.keeper.pin_factory != "lgpio":
        return
    try:
        found = await asyncio.to_thread(missing, machine, config)
    except RuntimeError as error:  # not one more thread is to be had; what burners do does not hang on this
        _log.warning("Could not look for what the machine lacks: %s. `flameout doctor` looks, too.", error)
        return
    for sentence in found:
        _log.warning("%s", sentence)
    tell(found)
