"""What a household does in a day, by chance; and what breaks now and then."""

from collections.abc import Awaitable, Callable
from functools import partial

from tests.soak.house import House
from tests.soak.ledger import HOUR, LINES, MINUTE, SECOND

MEALS = ((7.0, 0.8), (12.2, 0.6), (18.5, 0.95))  # hour of the day, and how often
SELDOM = 1 / 60  # things that happen every other month


def live(house: House, midnight: int) -> None:
    """Plan a day."""
    chance = house.random
    for hour, often in MEALS:
        if chance.random() < often:
            at = midnight + round((hour + chance.uniform(-0.6, 0.9)) * HOUR)
            house.plan(at, partial(_meal, house, chance.choice(LINES)))
    _perhaps(house, 1 / 14, midnight, 9, 11, partial(_child_lock, house))
    _perhaps(house, 1 / 10, midnight, 13.6, 15.5, partial(_power_cut, house))
    _perhaps(house, 1 / 30, midnight, 13.6, 15.5, partial(_update, house))
    _perhaps(house, 1 / 30, midnight, 9.5, 10.5, partial(_clock_step, house))
    _perhaps(house, 1 / 20, midnight, 5.0, 5.7, partial(_early_tea, house))
    _perhaps(house, SELDOM, midnight, 20.8, 21.5, partial(_alarm, house))
    _perhaps(house, SELDOM, midnight, 10, 11, partial(_sensor_fault, house))
    _perhaps(house, SELDOM, midnight, 14.4, 15.2, partial(_weld, house))


def _perhaps(
    house: House, often: float, midnight: int, start: float, end: float, deed: Callable[[], Awaitable[None]]
) -> None:
    if house.random.random() < often:
        house.plan(midnight + round(house.random.uniform(start, end) * HOUR), deed)


# --- cooking ------------------------------------------------------------------------------------------


async def _meal(house: House, line: str) -> None:
    """Light a burner; mostly with a timer, sometimes forgotten."""
    chance = house.random
    if house.kitchen is None or line in house.lit:
        return
    if not await house.light(line):
        return
    if chance.random() < 0.75:
        duration = chance.choice([5, 8, 10, 20, 25, 45, 60]) * MINUTE
        if await house.set_timer(line, duration):
            _with_a_timer(house, line, duration)
        return
    if chance.random() < 0.15:
        return  # forgotten: the limit ends it
    house.plan(house.now + round(chance.uniform(4, 50) * MINUTE), partial(_if_on, house, line, house.turn_off))


def _with_a_timer(house: House, line: str, duration: int) -> None:
    chance, now = house.random, house.now
    if chance.random() < 0.3:
        at = now + round(duration * chance.uniform(0.3, 0.9))
        by = chance.choice([2, 5, 10]) * MINUTE
        house.plan(at, partial(_if_on, house, line, lambda name: house.extend(name, by)))
    ending: list[tuple[float, Callable[[str], Awaitable[None]]]] = [
        (0.35, house.turn_off),
        (0.08, house.shut_off),
        (0.04, lambda _: house.shut_off(None)),
        (0.04, lambda _: house.press_stop()),
        (0.08, house.cancel),
        (0.05, lambda name: _blow_out(house, name)),
        (0.08, house.attend),
    ]
    draw = chance.random()
    for often, deed in ending:
        draw -= often
        if draw < 0:
            at = now + round(duration * chance.uniform(0.4, 0.95))
            house.plan(at, partial(_if_on, house, line, deed))
            if deed == house.cancel:
                house.plan(at + 12 * MINUTE, partial(_if_on, house, line, house.turn_off))
            return


async def _if_on(house: House, line: str, deed: Callable[[str], Awaitable[None]]) -> None:
    if house.kitchen is not None and line in house.lit:
        await deed(line)


async def _blow_out(house: House, line: str) -> None:
    """A draught; the valve drops by itself, and somebody turns the knob off a while later."""
    assert house.kitchen is not None
    house.kitchen.hob(line, "blow_out")
    await house.turn_off(line)


async def _early_tea(house: House) -> None:
    """Somebody is up before the night lock ends."""
    if house.kitchen is not None:
        await house.unlock("left")
        await house.kitchen.pass_until(house.now + 15 * SECOND)
        await _meal(house, "left")


# --- the house ----------------------------------------------------------------------------------------


async def _child_lock(house: House) -> None:
    if house.kitchen is None or house.lit:
        return
    line = house.random.choice(LINES)
    await house.lock(line)

    async def unlock() -> None:
        if house.kitchen is not None:
            await house.unlock(line)
        else:
            house.plan(house.now + HOUR, unlock)

    house.plan(house.now + round(house.random.uniform(0.5, 30) * HOUR), unlock)


async def _power_cut(house: House) -> None:
    if house.kitchen is None or house.broken:
        return
    await house.lose_power()
    house.plan(house.now + round(house.random.choice([3 * SECOND, MINUTE, 90 * MINUTE])), house.boot)


async def _update(house: House) -> None:
    if house.kitchen is not None and not house.broken:
        await house.stop()
        house.plan(house.now + 20 * SECOND, house.boot)


async def _clock_step(house: House) -> None:
    """The clock on the wall is set wrong, and right again."""
    if house.kitchen is None:
        return
    house.kitchen.household_wall.skew = house.random.choice([-20, -3, 5, 25]) * MINUTE

    async def set_right() -> None:
        if house.kitchen is not None:
            house.kitchen.household_wall.skew = 0

    house.plan(house.now + 30 * MINUTE, set_right)


async def _alarm(house: House) -> None:
    if house.kitchen is not None:
        await house.gas_alarm(round(house.random.uniform(0.2, 15) * MINUTE))


async def _sensor_fault(house: House) -> None:
    """The thermocouple's reading stands still for a while, and nobody cooks; an unknown flame starts the limit."""
    if house.kitchen is None or house.lit:
        return
    house.broken.add("right")
    house.kitchen.hob("right", "fault sensor_frozen")

    async def repair() -> None:
        if house.kitchen is not None:
            house.kitchen.hob("right", "fault none")
            house.kitchen.stroll(10 * SECOND)
        house.broken.discard("right")

    house.plan(house.now + 40 * MINUTE, repair)


async def _weld(house: House) -> None:
    """A contact welds under a flame. Somebody turns the knob off, has it mended, and resets the burner."""
    line = house.random.choice(LINES)
    if house.kitchen is None or house.broken or house.lit or house.ledger.lines[line].held:
        return
    if not await house.light(line) or not await house.set_timer(line, 10 * MINUTE):
        return
    ends = house.now + 10 * MINUTE
    house.broken.add(line)
    house.plan(ends - 1, lambda: house.weld(line, ends))
    house.plan(ends + 30 * SECOND, lambda: house.turn_off(line))
    house.plan(ends + 30 * MINUTE, lambda: house.mend(line))
