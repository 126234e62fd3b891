"""How orders reach the stove: shutting off at once, everything else in order."""

import asyncio
from pathlib import Path

import pytest

from api.mqtt.commands import Arrived, CommandReader, Refusal
from api.mqtt.orders import Orders
from api.mqtt.topics import Topics
from controller.journal import Query, read
from controller.stream import Happened
from hardware.clock import MINUTE, SECOND
from tests.api.mqtt.bench import LEFT, STOVE, in_a_loop
from tests.fakes import StoveBench, config


class Desk(StoveBench):
    """A running stove, and its orders without a broker."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, config(mqtt={"host": "broker", "allow_unlock": True}))
        self.refused: list[Refusal] = []
        assert self.config.mqtt is not None
        reader = CommandReader(Topics.of(self.config), self.stove.burner_ids(), self.config.mqtt)
        self.orders = Orders(self.stove, reader, self.clock, self.refused.append)
        self.start()
        self.keeper.said.clear()

    def take(self, topic: str, payload: str, retained: bool = False) -> None:
        self.orders.take(Arrived(topic, payload.encode(), retained))

    async def settle(self) -> None:
        """Let everything that was started come to its end."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            await task


@pytest.mark.parametrize(
    ("topic", "payload", "line"),
    [(f"{LEFT}/cmd/valve", "CLOSE", "left"), (f"{STOVE}/cmd/shut_off_all", "PRESS", None)],
)
def test_a_shut_off_has_reached_the_keeper_when_the_callback_returns(
    tmp_path: Path, topic: str, payload: str, line: str | None
) -> None:
    @in_a_loop
    async def scenario() -> None:
        desk = Desk(tmp_path)
        desk.take(topic, payload)
        assert desk.keeper.said == [("open", line)]
        assert not desk.stove.view("left").permitted
        desk.close()

    scenario()


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (Arrived(f"{LEFT}/cmd/valve", b"CLOSE"), "left"),
        (Arrived(f"{LEFT}/cmd/valve", b"CLOSE", duplicate=True), "left"),
        (Arrived(f"{STOVE}/cmd/shut_off_all", b"PRESS"), None),
    ],
)
def test_what_only_shuts_off_can_be_done_ahead_of_the_library(
    tmp_path: Path, message: Arrived, line: str | None
) -> None:
    @in_a_loop
    async def scenario() -> None:
        desk = Desk(tmp_path)
        assert desk.orders.shut_off_at_once(message)
        assert desk.keeper.said == [("open", line)]
        assert not desk.stove.view("left").permitted
        desk.close()

    scenario()


@pytest.mark.parametrize(
    "message",
    [
        Arrived(f"{LEFT}/cmd/valve", b"CLOSE", retained=True),
        Arrived(f"{LEFT}/cmd/valve", b"OPEN"),
        Arrived(f"{LEFT}/cmd/valve", b""),
        Arrived(f"{LEFT}/cmd/cancel", b"PRESS"),
        Arrived("flameout/kitchen/burner/nobody/cmd/valve", b"CLOSE"),
        Arrived("news", b"CLOSE"),
    ],
)
def test_whatever_else_is_left_to_the_library(tmp_path: Path, message: Arrived) -> None:
    @in_a_loop
    async def scenario() -> None:
        desk = Desk(tmp_path)
        assert not desk.orders.shut_off_at_once(message)
        assert desk.keeper.said == []
        desk.close()

    scenario()


@in_a_loop
async def test_the_child_lock_opens_every_relay_whatever_waits_for_the_disk(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for minutes in range(1, 200):
        desk.take(f"{LEFT}/cmd/timer", str(minutes))
    desk.take(f"{STOVE}/cmd/child_lock", "ON")
    await asyncio.sleep(0)
    assert {said[1] for said in desk.keeper.said if said[0] == "open"} == {"left", "right"}
    await desk.settle()
    assert desk.stove.stove_view().child_lock
    desk.close()


@in_a_loop
async def test_orders_are_carried_out_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.take(f"{LEFT}/cmd/timer", "25")
    desk.take(f"{LEFT}/cmd/extend", "5")
    desk.take(f"{LEFT}/cmd/extend", "7")
    desk.take(f"{STOVE}/cmd/child_lock", "ON")
    desk.take(f"{STOVE}/cmd/child_lock", "OFF")
    kinds: list[str] = []
    async with desk.stove.stream.subscribe() as items:
        await desk.settle()
        desk.stove.refuse(None, "end", "", "test")
        while not (isinstance(item := await items.next(), Happened) and item.event.kind == "refused"):
            if isinstance(item, Happened) and item.event.burner == "left":
                kinds.append(item.event.kind)
    assert kinds == ["timer_started", "timer_extended", "timer_extended", "shut_off", "locked", "unlocked"]
    desk.close()


@in_a_loop
async def test_a_shut_off_wins_over_what_came_just_before_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.take(f"{LEFT}/cmd/timer", "25")
    desk.take(f"{LEFT}/cmd/valve", "CLOSE")
    await desk.settle()
    assert desk.stove.view("left").status == "shut_off"
    assert desk.stove.view("left").timer is None
    desk.close()


@in_a_loop
async def test_the_default_timer_is_the_one_that_holds_when_the_order_arrives(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.stove.set_default_timer(7 * MINUTE, "test")
    desk.take(f"{LEFT}/cmd/timer", "DEFAULT")
    await desk.settle()
    timer = desk.stove.view("left").timer
    assert timer is not None
    assert timer.duration_s == 420
    desk.close()


@in_a_loop
async def test_a_refusal_is_reported_to_the_journal_and_to_the_sender(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.take(f"{LEFT}/cmd/timer", "1000")
    await desk.settle()
    assert [(refused.burner, refused.command) for refused in desk.refused] == [("left", "timer")]
    assert "limits.longest_timer" in desk.refused[0].why
    desk.close()
    last = next(entry for entry in read(desk.journal.path, Query(burner="left")) if entry.kind == "refused")
    assert last.details["why"] == desk.refused[0].why


@in_a_loop
async def test_refusals_fill_the_journal_at_a_bounded_rate(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    before = desk.journal.next_seq
    for _ in range(100):
        desk.take(f"{LEFT}/cmd/timer", "soon")
    assert desk.journal.next_seq == before + 30
    assert len(desk.refused) == 100, "every sender is shown what holds"
    desk.clock.advance(61 * SECOND)
    desk.take(f"{LEFT}/cmd/timer", "soon")
    assert desk.journal.next_seq == before + 31
    desk.close()


@in_a_loop
async def test_a_keeper_that_is_gone_does_not_break_the_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.keeper.leave()
    desk.take(f"{LEFT}/cmd/valve", "CLOSE")
    desk.take(f"{LEFT}/cmd/timer", "5")
    await desk.settle()
    assert "keeper" in desk.refused[0].why
    desk.close()
