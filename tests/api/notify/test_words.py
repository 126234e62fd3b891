"""Notices in words: complete in both languages, and right at the moment they are sent."""

import asyncio
import re
import string
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.notify import problems
from api.notify.notice import Kind, Notice
from api.notify.words import LANGUAGES, Words
from api.notify.words_en import EN
from controller import advice
from controller.burner import FAULTS
from controller.events import Cause, Proof
from controller.health import ContactHealth
from controller.interlocks import QUIET_FOR, STUCK_AFTER, Interlock
from controller.proof import Finding
from controller.record import _DISK_SLOW
from controller.terms import Contact, Ending
from hardware.clock import DAY, HOUR, MINUTE, SECOND, Millis
from tests.virtual import THERMOCOUPLES, VirtualKitchen

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NOW: Millis = 5 * HOUR


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def warning(**changes: Any) -> Notice:
    fields: dict[str, Any] = {"fields": {"name": "Left"}, "burner": "left", "ends_at": NOW + MINUTE} | changes
    return Notice(Kind.WARN, NOW, "warn.timer", **fields)


# --- complete ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_a_text_for_everything(language: str) -> None:
    texts = LANGUAGES[language]
    needed = {f"warn.{ending.value}" for ending in Ending if ending is not Ending.IDLE}  # which is never warned of
    needed |= {f"cut.{cause.value}" for cause in Cause} | {"cut.sweep", "cut.energised", "cut.night", "cut.unknown"}
    needed |= {f"proof.{finding.value}" for finding in Finding if finding.proof is Proof.FAILED}
    needed |= {f"lockout.{cause}" for cause in {*advice.CAUSES, *FAULTS, "interlock"}}
    needed |= {f"problem.{name}" for name in (*dict(problems._STOVES), *problems._BURNERS, "keeper", "other")}
    assert needed - set(texts) == set()
    assert set(texts) == set(EN)


@pytest.mark.parametrize("key", EN)
def test_a_translation_is_one_and_asks_for_nothing_that_the_original_has_not(key: str) -> None:
    text = LANGUAGES["zh"][key]
    assert CHINESE.search(text)
    known = placeholders(EN[key]) | ({"name", "source"} if key.startswith("problem.") else set())
    assert placeholders(text) <= known


def test_a_translation_names_the_burner_wherever_the_original_does() -> None:
    assert [key for key in EN if "{name}" in EN[key] and "{name}" not in LANGUAGES["zh"][key]] == []
    assert [key for key in EN if "{left}" in EN[key] and "{left}" not in LANGUAGES["zh"][key]] == []


def test_every_fault_that_locks_out_says_what_to_do_as_the_stove_does() -> None:
    for cause in advice.CAUSES:
        notice = Notice(Kind.LOCKOUT, NOW, f"lockout.{cause}", "left", {"name": "Left", "source": cause})
        assert Words("en").sentence(notice, NOW) == advice.lockout("Left", cause)
    notice = Notice(Kind.LOCKOUT, NOW, "lockout.interlock", "left", {"name": "Left", "source": "smoke"})
    assert Words("en").sentence(notice, NOW) == advice.lockout("Left", "smoke")


@pytest.mark.parametrize("cause", sorted(FAULTS))
def test_in_chinese_too_a_fault_is_answered_by_closing_the_tap(cause: str) -> None:
    assert "关闭燃气总阀" in LANGUAGES["zh"][f"lockout.{cause}"]


# --- the stove's own problems, as it words them -------------------------------------------------------------


def interlock(**changes: Any) -> str | None:
    made = Interlock("smoke", latches=True, topic="home/smoke", **changes)
    made.hear(0, changes.get("silent_after") is None)
    made.active(STUCK_AFTER + QUIET_FOR)
    return made.problem(STUCK_AFTER + QUIET_FOR)


WORN = {"first": [1.0] * 5, "recent": [1.5] * 5}
STOVES_OWN = {
    "silent": interlock(silent_after=HOUR),
    "stuck": interlock(),
    "journal": _DISK_SLOW,
}


@pytest.mark.parametrize("category", STOVES_OWN)
def test_a_problem_of_the_stoves_own_is_recognised(category: str) -> None:
    sentence = STOVES_OWN[category]
    assert sentence is not None
    notice = problems.of_stove(NOW, sentence)
    assert notice is not None
    assert notice.key == f"problem.{category}"
    assert Words("en").sentence(notice, NOW) == sentence
    assert sentence not in Words("zh").sentence(notice, NOW)


def test_a_journal_that_cannot_be_written_is_recognised(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        notice = problems.of_stove(NOW, kitchen.journal._sentence(OSError("disk full\nreally")))
        assert notice is not None
        assert notice.key == "problem.journal"

    in_kitchen(tmp_path, act)


def in_kitchen(folder: Path, act: Callable[[VirtualKitchen], Awaitable[None]], **tables: Any) -> None:
    async def run() -> None:
        async with VirtualKitchen(folder, **tables) as kitchen:
            await act(kitchen)

    asyncio.run(run())


def keys_of_left(kitchen: VirtualKitchen) -> set[str]:
    sentence = kitchen.burner().problem
    notice = problems.of_burner(NOW, "left", "Left", sentence) if sentence is not None else None
    return {notice.key} if notice is not None else set()


def test_a_sensor_that_cannot_be_believed_is_recognised(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.light("left")
        kitchen.hob("left", "fault sensor_open")
        await kitchen.until(lambda: kitchen.burner().problem is not None, within=10 * SECOND)
        assert keys_of_left(kitchen) == {"problem.flame"}

    in_kitchen(tmp_path, act)


def test_a_relay_that_does_not_close_is_recognised(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        kitchen.stove._sensing.judge_contact("left", Contact.OPEN, energised=True)
        kitchen.clock.advance(2 * SECOND)
        assert keys_of_left(kitchen) == {"problem.relay"}

    in_kitchen(tmp_path, act)


def test_a_foreign_voltage_is_told_as_the_lockout_that_it_is(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        await kitchen.pass_time(5 * SECOND)
        kitchen.hob("left", "fault foreign_voltage")
        await kitchen.until(lambda: kitchen.burner().status == "lockout", within=10 * SECOND)
        assert keys_of_left(kitchen) == set()
        sentence = kitchen.stove._sensing.problem("left")
        assert sentence is not None
        notice = problems.of_burner(NOW, "left", "Left", sentence)
        assert notice is not None
        assert notice.key == "problem.voltage"

    in_kitchen(tmp_path, act, burners=[THERMOCOUPLES[0]])


def test_a_worn_circuit_is_recognised_and_a_name_cannot_pretend() -> None:
    name = "Wok: its flame is unknown"
    sentence = ContactHealth(WORN).problem(name)
    assert sentence is not None
    notice = problems.of_burner(NOW, "wok", name, sentence)
    assert notice is not None
    assert notice.key == "problem.worn"


def test_a_clock_that_is_not_set_is_recognised(tmp_path: Path) -> None:
    async def act(kitchen: VirtualKitchen) -> None:
        kitchen.clock.advance(-3 * 365 * DAY)  # noon of 2023 on the wall
        (sentence,) = kitchen.stove._surroundings.problems(kitchen.clock.now())
        kitchen.clock.advance(3 * 365 * DAY)
        notice = problems.of_stove(NOW, sentence)
        assert notice is not None
        assert notice.key == "problem.clock"

    in_kitchen(tmp_path, act, sweep={"at": "23:30"})


def test_a_problem_that_nobody_translated_is_told_in_the_stoves_own_words() -> None:
    notice = problems.of_stove(NOW, "The moon is too bright.")
    assert notice is not None
    assert Words("zh").sentence(notice, NOW) == "炉灶报告问题：The moon is too bright."


def test_what_an_event_tells_is_no_problem_besides() -> None:
    assert problems.of_stove(NOW, "The keeper is gone: killed\n. A new one is being started.") is None
    assert problems.of_stove(NOW, "The keeper is being started.") is None
    assert problems.of_burner(NOW, "left", "Left", advice.lockout("Left", "valve_stuck")) is None


# --- when it is sent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later", "english", "chinese"),
    [
        (0, "Left shuts off in 1 minute.", "“Left”将在 1 分钟后关火。"),
        (400, "Left shuts off in 1 minute.", "“Left”将在 1 分钟后关火。"),
        (20 * SECOND, "Left shuts off in 40 seconds.", "“Left”将在 40 秒后关火。"),
        (59 * SECOND, "Left shuts off in 1 second.", "“Left”将在 1 秒后关火。"),
    ],
)
def test_a_warning_counts_from_when_it_is_sent(later: Millis, english: str, chinese: str) -> None:
    assert Words("en").sentence(warning(), NOW + later) == english
    assert Words("zh").sentence(warning(), NOW + later) == chinese


def test_what_comes_late_says_how_late() -> None:
    notice = Notice(Kind.CUT, NOW, "cut.timer", "left", {"name": "Left"})
    assert Words("en").sentence(notice, NOW + MINUTE - 1) == "Left was shut off: its timer has ended."
    assert Words("en").sentence(notice, NOW + 119 * SECOND).endswith(" (1 minute ago)")
    assert Words("zh").sentence(notice, NOW + 2 * HOUR + 5 * MINUTE).endswith("（2 小时 5 分钟前）")


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (1, "1 second"),
        (61_000, "1 minute 1 second"),
        (2 * HOUR + 5_000, "2 hours 5 seconds"),
        (25 * HOUR, "1 day 1 hour"),
    ],
)
def test_durations(duration: Millis, words: str) -> None:
    assert Words("en").duration(duration) == words


def test_a_name_stays_a_name_whatever_it_is() -> None:
    notice = Notice(Kind.CUT, NOW, "cut.user", "x", {"name": "<b>{source}</b>\n**All** is well."})
    assert Words("en").sentence(notice, NOW) == "<b>{source}</b> **All** is well. was shut off on request."
