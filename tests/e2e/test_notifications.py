"""Notifications that reach a pocket: the real daemon, the real sender with the real Apprise, services on loopback."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest

from api.notify.child import TIME_LIMIT, Courier, Report
from api.notify.message import Message
from api.notify.notifier import Notifier
from api.notify.queue import GATHER, RETRY_AFTER
from controller.stream import Ended
from tests.api.mqtt.bench import in_a_loop
from tests.e2e.program import LEFT, Program, eventually, program
from tests.e2e.receiver import Receiver
from tests.fakes import StoveBench, config

PAGE = "http://flameout.local:8520"


def notify(folder: Path, *urls: str, more: str = "") -> str:
    """The [notify] table for these Apprise URLs."""
    file = folder / "urls"
    file.write_text("# phones\n" + "\n".join(urls) + "\n")
    file.chmod(0o600)
    return f'[notify]\nurls_file = "{file}"\npage = "{PAGE}"\n{more}\n'


def json_url(receiver: Receiver) -> str:
    return f"json://127.0.0.1:{receiver.port}/secret-path"


def ntfy_url(receiver: Receiver) -> str:
    return f"ntfy://127.0.0.1:{receiver.port}/secret-topic"


def senders(stove: Program) -> list[int]:
    """The daemon's sender processes."""
    assert stove.process is not None
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0") if entry.name.isdigit() else []
            parent = re.search(r"^PPid:\s*(\d+)", (entry / "status").read_text(), re.MULTILINE) if words else None
        except OSError:
            continue
        if "api.notify.send" in words and parent is not None and int(parent[1]) == stove.process.pid:
            found.append(int(entry.name))
    return found


def running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def hanging_sender(stove: Program, receiver: Receiver) -> int:
    """Have a cut told to a receiver that hangs, and find who waits there."""
    stove.ready("right")
    stove.do("POST", "/burners/right/shut-off")
    eventually("the sender is at the receiver", lambda: receiver.posted)
    (sender,) = senders(stove)
    return sender


# --- the daemon -------------------------------------------------------------------------------------------


def test_a_warning_and_a_cut_arrive_with_the_right_words_and_links(tmp_path: Path) -> None:
    with Receiver() as receiver, program(tmp_path, more=notify(tmp_path, json_url(receiver))) as stove:
        stove.start()
        stove.ready("left")
        stove.set_timer("left", 20)
        eventually("the warning", lambda: receiver.posted)
        warning = receiver.posted[0]
        assert warning.path == "/secret-path"
        assert warning.body["title"] == "Test hob"
        assert warning.body["type"] == "warning"
        said, link = warning.body["message"].splitlines()
        assert re.fullmatch(r"Left shuts off in (\d|10) seconds?\.", said)
        assert link == f"Extend: {PAGE}/#/burner/left"
        stove.do("POST", "/burners/left/shut-off")
        eventually("the cut", lambda: len(receiver.posted) == 2)
        assert receiver.texts()[1] == f"Left was shut off on request.\nOpen: {PAGE}/#/burner/left"
        assert stove.stop() == 0
        assert "secret" not in stove.log()
        assert "Traceback" not in stove.log()


def test_ntfy_gets_the_link_as_its_click_and_the_text_as_text(tmp_path: Path) -> None:
    with Receiver() as receiver, _speaking_chinese_to(receiver, tmp_path) as stove:
        stove.start()
        stove.ready("left")
        stove.set_timer("left", 1)
        eventually("the cut", lambda: "“Left”已关火：定时结束。" in receiver.texts())
        posted = receiver.posted[-1]
        assert posted.body["topic"] == "secret-topic"
        assert posted.headers["X-Click"] == f"{PAGE}/#/burner/left"
        assert "X-Markdown" not in posted.headers


def _speaking_chinese_to(receiver: Receiver, folder: Path) -> contextlib.AbstractContextManager[Program]:
    return program(folder, more=notify(folder, ntfy_url(receiver), more='language = "zh"'))


def test_a_killed_keeper_is_told(tmp_path: Path) -> None:
    with Receiver() as receiver, program(tmp_path, more=notify(tmp_path, json_url(receiver))) as stove:
        stove.start()
        stove.ready("left")
        os.kill(stove.keeper_pid(), signal.SIGKILL)
        eventually("it is told", lambda: any("The keeper of the relays was lost" in text for text in receiver.texts()))
        assert any("Left was shut off: flameout lost hold of its relay's keeper." in text for text in receiver.texts())


def test_a_stove_shuts_off_and_stops_while_a_sender_hangs_and_the_sender_does_not_survive(tmp_path: Path) -> None:
    with Receiver("hang") as receiver, program(tmp_path, more=notify(tmp_path, json_url(receiver))) as stove:
        stove.start()
        sender = hanging_sender(stove, receiver)
        stove.ready("left")
        stove.do("POST", "/burners/left/shut-off")
        assert not stove.witness.high(LEFT)
        assert stove.healthy()
        assert running(sender)
        assert Path(f"/proc/{sender}/oom_score_adj").read_text() == "1000\n"
        assert os.getpriority(os.PRIO_PROCESS, sender) > os.getpriority(os.PRIO_PROCESS, os.getpid())
        assert len(receiver.posted) == 1, "one at a time"
        stopping = time.monotonic()
        assert stove.stop() == 0
        assert time.monotonic() - stopping < TIME_LIMIT / 2, "it did not wait for the sender"
        assert not running(sender)
        assert "Traceback" not in stove.log()


def test_a_killed_daemon_takes_its_sender_along(tmp_path: Path) -> None:
    with Receiver("hang") as receiver, program(tmp_path, more=notify(tmp_path, json_url(receiver))) as stove:
        stove.start()
        sender = hanging_sender(stove, receiver)
        assert stove.process is not None
        stove.process.kill()
        eventually("the sender ends by itself", lambda: not running(sender))


# --- the sender -------------------------------------------------------------------------------------------

NOTING = """
import pathlib, sys
from api.notify import send

def say(content, say=send._say):
    say(content)
    if content.get("sent"):
        pathlib.Path(sys.argv[1], "answered").touch()

send._say = say
raise SystemExit(send.main())
"""
MESSAGE = Message("Hob", "Left was shut off.", "info", f"{PAGE}/", f"Open: {PAGE}/")


async def _never() -> None:
    await asyncio.Event().wait()


async def _posted(receiver: Receiver) -> None:
    while not receiver.posted:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def test_a_hanging_receiver_is_left_at_the_time_limit_and_the_others_have_had_theirs(tmp_path: Path) -> None:
    with Receiver("hang") as hanging, Receiver() as other:
        notify(tmp_path, json_url(hanging), ntfy_url(other))

        async def time_is_up() -> None:
            await _posted(hanging)
            while not os.path.exists(tmp_path / "answered"):  # noqa: ASYNC110, ASYNC240
                await asyncio.sleep(0.01)

        courier = Courier(str(tmp_path / "urls"), time_is_up, (sys.executable, "-c", NOTING, str(tmp_path)))
        report = asyncio.run(courier.deliver(MESSAGE))
    assert report.trouble == "it took too long and was killed"
    assert report.failed == ["line 2 (JSON)"]
    assert [report.labels[known_as] for known_as in report.reached] == ["line 3 (ntfy)"]


def test_a_url_that_names_a_click_of_its_own_keeps_it(tmp_path: Path) -> None:
    with Receiver() as receiver:
        notify(tmp_path, f"{ntfy_url(receiver)}?click=http://mine.example/&format=markdown")
        report = asyncio.run(Courier(str(tmp_path / "urls"), _never).deliver(MESSAGE))
    assert report.complete
    assert receiver.posted[0].headers["X-Click"] == "http://mine.example/"
    assert receiver.texts() == [f"Left was shut off.\nOpen: {PAGE}/"]
    assert "X-Markdown" not in receiver.posted[0].headers


def test_a_line_that_is_no_address_is_told_without_its_text(tmp_path: Path) -> None:
    notify(tmp_path, "tgram://secret")
    report: Report = asyncio.run(Courier(str(tmp_path / "urls"), _never).deliver(MESSAGE))
    assert report.failed == ["line 2 (not a service that Apprise knows)"]


@in_a_loop
async def test_a_receiver_that_refuses_is_tried_three_times_and_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver("refuse") as refusing, Receiver() as taking:
        notify(tmp_path, json_url(refusing), ntfy_url(taking))
        bench = StoveBench(tmp_path, config(notify={"urls_file": str(tmp_path / "urls")}))
        courier = _Counting(Courier(bench.config.notify.urls_file, _never))  # type: ignore[union-attr]
        notifier = Notifier(bench.stove, bench.config, bench.clock, courier)  # type: ignore[arg-type]
        task = asyncio.create_task(notifier.run())
        await asyncio.sleep(0)
        bench.start()
        await bench.stove.shut_off("left", "rest:Anna")
        for tries, wait in enumerate((GATHER, *RETRY_AFTER), 1):
            await asyncio.sleep(0.05)
            bench.clock.advance(wait)
            notifier.look()
            await courier.done(tries)
        bench.stove.stream.publish(Ended())
        await task
        bench.close()
    assert len(refusing.posted) == 3
    assert len(taking.posted) == 1, "who has it is not told again"
    assert "given up after 3 tries: line 2 (JSON)" in caplog.text
    assert "secret" not in caplog.text


class _Counting:
    """A courier, and how often it was back."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._back = 0

    async def deliver(self, message: Message, reached: set[str]) -> Report:
        report = await self._courier.deliver(message, reached)
        self._back += 1
        return report

    async def done(self, times: int) -> None:
        async with asyncio.timeout(60):
            while self._back < times:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for _ in range(10):
            await asyncio.sleep(0)
