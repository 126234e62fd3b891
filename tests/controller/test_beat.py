"""Chores of different paces fall due together."""

import asyncio

import pytest

from controller.beat import until_beat


class StoppedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands at an instant."""

    instant = 0.0

    def time(self) -> float:
        return self.instant


def due(instant: float, every: float) -> float:
    """The instant at which what is asked at ``instant`` falls due."""

    async def ask() -> float:
        return until_beat(every)

    loop = StoppedLoop()
    loop.instant = instant
    try:
        return instant + loop.run_until_complete(ask())
    finally:
        loop.close()


@pytest.mark.parametrize("instant", [1000.0003, 1000.07, 1000.2401])
def test_the_paces_of_the_daemon_meet_whenever_each_began(instant: float) -> None:
    assert due(instant, 0.25) == pytest.approx(1000.25)
    assert due(instant + 0.25, 0.5) == pytest.approx(1000.5)
    assert due(instant + 0.5, 1.0) == pytest.approx(1001.0)


def test_one_who_wakes_a_little_early_does_not_come_again_for_the_same_beat() -> None:
    assert due(1000.2499999, 0.25) == pytest.approx(1000.5)


@pytest.mark.parametrize("every", [0.125, 0.25, 0.5, 1.0])
def test_nobody_waits_for_longer_than_a_pace_and_a_millisecond(every: float) -> None:
    assert all(due(1000 + step / 997, every) - (1000 + step / 997) <= every + 0.001 for step in range(997))
