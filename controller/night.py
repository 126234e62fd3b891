"""Night locks by the local time of day, right through clock changes and new zones, since nothing is counted.

Whether it is night is read off the wall each time; only the beginning of the next night is an instant.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from controller.config import LockConfig

Local = Callable[[datetime], datetime]  # a local time without a zone, with the offset that it has on its day


def is_night(lock: LockConfig, wall: datetime, local: Local) -> bool:
    """Whether the lock holds at this local time; one that ends before it starts goes over midnight."""
    over_midnight = timedelta(days=lock.end <= lock.start)
    begins = (wall.date() - timedelta(days=1), wall.date())
    return any(
        _instant(day, lock.start, local) <= wall < _instant(day + over_midnight, lock.end, local) for day in begins
    )


def next_instant(at: time, wall: datetime, local: Local) -> datetime:
    """When the local time of day comes next, after ``wall``, in UTC.

    A time that a clock change leaves out comes later by as much; of one that comes twice the first counts.
    """
    day = wall.date()
    while (instant := _instant(day, at, local)) <= wall:
        day += timedelta(days=1)
    return instant


def _instant(day: date, at: time, local: Local) -> datetime:
    """In UTC, for times of one zone compare by what their clocks show, even while it shows them twice."""
    return local(datetime.combine(day, at)).astimezone(UTC)


def night_of(locks: Sequence[LockConfig], burner_id: str, wall: datetime, local: Local) -> tuple[bool, datetime | None]:
    """Whether a night lock holds the burner now, and when the next night begins."""
    mine = [lock for lock in locks if not lock.burners or burner_id in lock.burners]
    if not mine:
        return False, None
    return any(is_night(lock, wall, local) for lock in mine), min(
        next_instant(lock.start, wall, local) for lock in mine
    )


class SweepTime:
    """Says once when the daily sweep is due."""

    def __init__(self, at: time, wall: datetime) -> None:
        self._at = at
        self._seen = wall

    def due(self, wall: datetime, local: Local) -> bool:
        """Whether its time of day has come since this was asked last."""
        seen, self._seen = self._seen, wall
        return seen <= wall and next_instant(self._at, seen, local) <= wall
