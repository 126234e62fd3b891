"""The notifier beside a stove in virtual time, with a courier that notes down what it is given."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from api.notify.child import Courier, Report
from api.notify.message import Message
from api.notify.notifier import Notifier
from api.notify.problems import STANDS_FOR
from api.notify.queue import GATHER, RETRY_AFTER
from controller.stream import Ended
from hardware.clock import MINUTE, SECOND, Millis
from tests.api.mqtt.bench import in_a_loop
from tests.fakes import StoveBench, config

NTFY, BARK = "line 1 (ntfy)", "line 2 (Bark)"


class FakeCourier:
    """Notes what it is given; ``refusing`` services do not take it, and while ``held`` nothing is answered."""

    def __init__(self) -> None:
        self.carried: list[Message] = []
        self.skipped: list[set[str]] = []
        self.refusing: set[str] = set()
        self.trouble: str | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.out = 0

    async def deliver(self, message: Message, reached: Iterable[str] = ()) -> Report:
        self.out += 1
        assert self.out == 1, "one at a time"
        self.carried.append(message)
        self.skipped.append(set(reached))
        try:
            await self.may_answer.wait()
        finally:
            self.out -= 1
        if self.trouble is not None:
            return Report(trouble=self.trouble)
        labels = {label: label for label in (NTFY, BARK) if label not in reached}
        return Report(labels, {label: label not in self.refusing for label in labels})


class Telephone(StoveBench):
    """A stove with a notifier."""

    def __init__(self, folder: Path, **notify: Any) -> None:
        super().__init__(folder, config(notify={"urls_file": "urls"} | notify))
        self.courier = FakeCourier()
        self.notifier = Notifier(self.stove, self.config, self.clock, cast(Courier, self.courier))

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def later(self, duration: Millis = GATHER) -> list[str]:
        """Let time pass; returns every text so far."""
        await self.settle()
        self.pass_time(duration)
        await self.settle()
        self.notifier.look()
        await self.settle()
        return [message.text for message in self.courier.carried]


@asynccontextmanager
async def telephone(folder: Path, **notify: Any) -> AsyncIterator[Telephone]:
    bench = Telephone(folder, **notify)
    running = asyncio.create_task(bench.notifier.run())
    await asyncio.sleep(0)
    bench.start()
    await bench.later()
    try:
        yield bench
    finally:
        bench.stove.stream.publish(Ended())
        await running
        assert bench.courier.out == 0
        bench.close()


async def cut(bench: Telephone, name: str = "left") -> None:
    await bench.stove.shut_off(name, "rest:Anna")
    await bench.settle()


@in_a_loop
async def test_a_timer_is_warned_of_and_its_cut_is_told(tmp_path: Path) -> None:
    async with telephone(tmp_path, page="http://hob.local/") as bench:
        await bench.stove.start_timer("right", 5 * MINUTE, "rest:Anna")
        assert await bench.later(4 * MINUTE) == []
        assert await bench.later() == ["Right shuts off in 1 minute."]
        assert bench.courier.carried[0].link == "http://hob.local/#/burner/right"
        await bench.later(MINUTE)
        assert (await bench.later())[1:] == ["Right was shut off: its timer has ended."]


@in_a_loop
async def test_in_chinese(tmp_path: Path) -> None:
    async with telephone(tmp_path, language="zh") as bench:
        await cut(bench)
        assert await bench.later() == ["“Left”已按要求关火。"]


@in_a_loop
async def test_a_warning_whose_timer_was_extended_meanwhile_is_not_sent(tmp_path: Path) -> None:
    async with telephone(tmp_path) as bench:
        await bench.stove.start_timer("right", 5 * MINUTE, "rest:Anna")
        await bench.later(4 * MINUTE)
        await bench.stove.extend("right", 5 * MINUTE, "rest:Anna")
        assert await bench.later() == []


@in_a_loop
async def test_what_is_not_wanted_is_not_told(tmp_path: Path) -> None:
    async with telephone(tmp_path, on=["lockout"]) as bench:
        await cut(bench)
        bench.keeper.leave()
        assert await bench.later(MINUTE) == []


@in_a_loop
async def test_a_lost_keeper_is_told_with_the_cuts_that_it_caused(tmp_path: Path) -> None:
    async with telephone(tmp_path) as bench:
        bench.keeper.leave("hung up")
        assert await bench.later() == [
            "Left was shut off: flameout lost hold of its relay's keeper.\n"
            "Right was shut off: flameout lost hold of its relay's keeper.\n"
            "The keeper of the relays was lost (hung up). Every relay is open; a new keeper is being started."
        ]
        assert len(await bench.later(2 * STANDS_FOR)) == 1, "and not as a problem once more"


@in_a_loop
async def test_a_problem_that_stands_is_told_without_anything_happening(tmp_path: Path) -> None:
    async with telephone(tmp_path) as bench:
        await bench.journal.append([], {"all": "written"})  # a later success would end the problem
        bench.journal.problem = "The journal x cannot be written: disk full."
        assert await bench.later(SECOND) == []
        bench.clock.advance(STANDS_FOR)
        bench.notifier.look()
        await bench.settle()
        assert await bench.later() == ["The journal x cannot be written: disk full."]


@in_a_loop
async def test_a_lockout_is_told_at_once_although_the_rate_is_used_up(tmp_path: Path) -> None:
    async with telephone(tmp_path, most_per_minute=1) as bench:
        await cut(bench)
        await bench.later()
        await cut(bench, "right")
        assert len(await bench.later()) == 1
        bench.stove._write(bench.stove._burners["left"].fail(bench.clock.now(), "valve_stuck", "sensor"))
        assert len(await bench.later()) == 2
        text = bench.courier.carried[-1].text
        assert "Left is locked out: the flame burns on although the relay is open. Turn the knob off" in text
        assert bench.courier.carried[-1].gravity == "failure"


@in_a_loop
async def test_a_lockout_of_an_earlier_run_is_told_at_the_start(tmp_path: Path) -> None:
    before = StoveBench(tmp_path, config())
    before.start()
    written = before.stove._write(before.stove._burners["left"].fail(before.clock.now(), "crossed", "sensor"))
    assert written is not None
    await written
    before.close()
    async with telephone(tmp_path) as bench:
        (text,) = await bench.later()
        assert text.startswith("Left is locked out: its relay cuts another burner. Turn the knob off")


@in_a_loop
async def test_a_service_that_refuses_is_tried_again_alone_and_given_up_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with telephone(tmp_path) as bench:
        bench.courier.refusing = {BARK}
        await cut(bench)
        await bench.later()
        for wait in RETRY_AFTER:
            await bench.later(wait)
        assert bench.courier.skipped == [set(), {NTFY}, {NTFY}]
        assert "(1 minute ago)" in bench.courier.carried[-1].text
        assert _warnings(caplog) == [
            "notify: given up after 3 tries: line 2 (Bark). Nothing at the stove depends on it; "
            "flameout notify-test tries every service."
        ]
        for _ in range(2):
            await cut(bench)
            await bench.later()
            for wait in RETRY_AFTER:
                await bench.later(wait)
        assert len(bench.courier.carried) == 9
        assert len(_warnings(caplog)) == 1, "said once"
        bench.courier.refusing = set()
        with caplog.at_level(logging.INFO, "flameout.notify"):
            await cut(bench)
            await bench.later()
        assert caplog.messages[-1] == "notify: line 2 (Bark) takes messages again."


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage() for record in caplog.records if record.name == "flameout.notify" and record.levelno > 20
    ]


@in_a_loop
async def test_a_sender_that_crashes_is_said_once_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with telephone(tmp_path) as bench:
        bench.courier.trouble = "it ended with 1"
        await cut(bench)
        await bench.later()
        for wait in RETRY_AFTER:
            await bench.later(wait)
        assert _warnings(caplog)[0].startswith("notify: given up after 3 tries: the sender (it ended with 1).")


@in_a_loop
async def test_one_child_at_a_time_and_the_stove_goes_on_while_it_hangs(tmp_path: Path) -> None:
    async with telephone(tmp_path) as bench:
        bench.courier.may_answer.clear()
        await cut(bench)
        await bench.later()
        for _ in range(300):  # more than a reader's queue holds
            await bench.stove.start_timer("right", MINUTE, "rest:Anna")
        assert bench.keeper.said[-1] != ("open", "right")
        await bench.stove.shut_off("right", "rest:Anna")
        assert bench.keeper.said[-1] == ("open", "right")
        await bench.later(MINUTE)
        assert len(bench.courier.carried) == 1
        bench.courier.may_answer.set()
        assert (await bench.later())[1:] == ["Right was shut off on request. (1 minute ago)"]


@in_a_loop
async def test_an_exception_inside_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with telephone(tmp_path) as bench:
        bench.notifier._style = None  # type: ignore[assignment]
        await cut(bench)
        assert await bench.later() == []
        assert "Something about notifications failed." in caplog.text
        assert await bench.later() == []


@in_a_loop
async def test_without_apprise_log_and_stove_say_so_and_nothing_is_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.notify.notifier.is_installed", lambda: False)
    async with telephone(tmp_path) as bench:
        await cut(bench)
        assert await bench.later() == []
        assert _warnings(caplog) == [
            "notify: Apprise is not installed; install flameout[notify]. Nobody is told anything."
        ]
        assert bench.stove.problems()[-1] == (
            "Notifications are configured and nobody is told anything: Apprise is not installed; "
            "install flameout[notify]."
        )


def test_the_daemon_never_imports_apprise() -> None:
    code = "import sys, api.service, api.notify.notifier, api.cli.notifying; print('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
