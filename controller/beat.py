"""When chores that come again and again are due: together, for a wake-up costs more than most of the chores."""

import asyncio

_TOO_SOON = 0.001  # s; a loop may wake a little early, and would come again for the same beat


def until_beat(every: float) -> float:
    """Seconds until the loop's clock is next a multiple of ``every`` s, so that equal and double paces coincide."""
    left = every - asyncio.get_running_loop().time() % every
    return left if left > _TOO_SOON else left + every
