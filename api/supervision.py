"""What systemd hears of the daemon: that it is ready, that its decisions go on, and how the stove is."""

import asyncio
from collections.abc import Callable

from controller.beat import until_beat
from controller.stove import Stove
from hardware.clock import SECOND, Clock
from hardware.supervisor import Supervisor


async def report_to_systemd(stove: Stove, clock: Clock, answers: Callable[[], bool]) -> None:
    """Ready once REST ``answers``; signs of life while the decision loop turns, and only then."""
    supervisor = Supervisor()
    while not answers():  # uvicorn tells nobody  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    supervisor.ready()
    try:
        while True:
            if stove.turns():
                supervisor.beat(clock.now())
            supervisor.status(next(iter(stove.problems()), "All is well."))
            await asyncio.sleep(until_beat((supervisor.every or 2 * SECOND) / 2000))
    finally:
        supervisor.stopping()
        supervisor.close()
