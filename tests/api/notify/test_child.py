"""Children that work, hang, crash and lie: each is gone when the courier is done."""

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from api.notify.child import MISSING, Courier, Report
from api.notify.message import Message
from api.notify.send import NOT_INSTALLED

MESSAGE = Message("Hob", "Left was shut off.")
LISTING = "import sys, json, time, os; order = json.loads(sys.stdin.readline())\n"
TWO = "print(json.dumps({'services': {'a': 'line 1 (ntfy)', 'b': 'line 2 (Bark)'}}), flush=True)\n"
A_TOOK_IT = "print(json.dumps({'service': 'a', 'sent': True}), flush=True)\n"
B_DID_NOT = "print(json.dumps({'service': 'b', 'sent': False}), flush=True)\n"
HANG = "time.sleep(3600)\n"


async def never() -> None:
    await asyncio.Event().wait()


def courier(code: str, time_limit: Callable[[], Awaitable[None]] = never) -> Courier:
    return Courier("/nowhere", time_limit, (sys.executable, "-c", code))


def delivered(code: str, time_limit: Callable[[], Awaitable[None]] = never) -> Report:
    return asyncio.run(courier(code, time_limit).deliver(MESSAGE, {"c"}))


async def appears(path: Path) -> None:
    while not os.path.exists(path) or not os.path.getsize(path):  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_each_service_did_is_reported_by_its_label() -> None:
    report = delivered(LISTING + TWO + A_TOOK_IT + B_DID_NOT)
    assert report.reached == {"a"}
    assert report.failed == ["line 2 (Bark)"]
    assert (report.trouble, report.complete) == (None, False)


def test_the_child_gets_the_message_and_who_has_it_already(tmp_path: Path) -> None:
    delivered(LISTING + f"open({str(tmp_path / 'order')!r}, 'w').write(json.dumps(order))\n")
    order = (tmp_path / "order").read_text()
    assert '"urls_file": "/nowhere"' in order
    assert '"reached": ["c"]' in order
    assert '"text": "Left was shut off."' in order


def test_a_child_that_hangs_is_killed_and_what_it_did_before_counts(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = LISTING + TWO + A_TOOK_IT + f"open({str(file)!r}, 'w').write(str(os.getpid()))\n" + HANG
    report = delivered(code, functools.partial(appears, file))
    assert gone(int(file.read_text()))
    assert report.trouble == "it took too long and was killed"
    assert (report.reached, report.failed) == ({"a"}, ["line 2 (Bark)"])


def test_a_child_that_will_not_be_terminated_is_killed_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + LISTING
    delivered(code + f"open({str(file)!r}, 'w').write(str(os.getpid()))\n" + HANG, functools.partial(appears, file))
    assert gone(int(file.read_text()))


def test_a_cancelled_delivery_leaves_no_child(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def run() -> None:
        code = LISTING + f"open({str(file)!r}, 'w').write(str(os.getpid()))\n" + HANG
        task = asyncio.create_task(courier(code).deliver(MESSAGE))
        await appears(file)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert gone(int(file.read_text()))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("raise SystemExit(7)", "it ended with 7"),
        (f"raise SystemExit({NOT_INSTALLED})", MISSING),
        ("import os; os.kill(os.getpid(), 9)", "it ended with -9"),
        ("pass", "it said nothing"),
        (LISTING + "print('hello')", "it speaks nonsense"),
        (LISTING + "print('[1]')", "it speaks nonsense"),
        (LISTING + "print(json.dumps({'services': 3}))", "it speaks nonsense"),
        (LISTING + "print('x' * 1_000_000, flush=True)\n" + HANG, "it speaks nonsense"),
        (LISTING + TWO + "\nwhile True: print(json.dumps({'service': 'a', 'sent': 0}))", "it does not stop talking"),
    ],
)
def test_a_child_that_crashes_or_lies_is_trouble_and_nothing_worse(code: str, trouble: str) -> None:
    report = delivered(code)
    assert report.trouble == trouble
    assert not report.complete


def test_a_child_that_cannot_be_started_is_trouble_too() -> None:
    report = asyncio.run(Courier("/nowhere", never, ("/no/python",)).deliver(MESSAGE))
    assert report.trouble == "it cannot be started: No such file or directory"


def test_every_service_that_has_answered_makes_a_killed_child_no_trouble() -> None:
    report = Report({"a": "line 1 (ntfy)"}, {"a": True}, "it took too long and was killed")
    assert report.complete
    assert Report({}, {}, None).complete, "nobody was left to be told"
