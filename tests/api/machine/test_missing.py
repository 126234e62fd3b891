"""What the machine's own guards lack is told at the start: in the log and among the stove's problems."""

import asyncio
import logging
from pathlib import Path

import pytest

from api.machine.machine import Machine
from api.machine.missing import look, missing
from controller.config import Config

BURNERS = [{"id": "left", "name": "Left", "relay": {"pin": 17}}]
REAL = Config.model_validate({"burners": BURNERS})
SIMULATED = Config.model_validate({"burners": BURNERS, "keeper": {"pin_factory": "simulated"}})


def pi(root: Path, watchdog: str = "15s", **files: str) -> Machine:
    """A Raspberry Pi on which everything is set up, but for what the files say."""
    given = {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/sys/kernel/panic": "5\n",
        "boot/firmware/config.txt": "gpio=17=op,dl\n",
        "sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs": "N\n",
        "sys/class/watchdog/watchdog0/status": "0x8000\n",
    }
    for path, text in (given | {name.replace("__", "/"): text for name, text in files.items()}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Machine(root, lambda *_: watchdog)


def test_a_machine_with_every_guard_has_nothing_to_tell(tmp_path: Path) -> None:
    assert missing(pi(tmp_path), REAL) == []


@pytest.mark.parametrize(
    ("machine", "says"),
    [
        ({"watchdog": "0"}, "hardware watchdog: nobody feeds it"),
        ({"proc__sys__kernel__panic": "0"}, "kernel panic: the machine would stand still"),
        ({"boot__firmware__config.txt": ""}, "levels at boot: GPIO 17"),
        ({"sys__module__pinctrl_bcm2835__parameters__persist_gpio_outputs": "Y"}, "lines after a kill: "),
    ],
)
def test_each_guard_that_is_missing_is_one_sentence_with_its_cure(
    tmp_path: Path, machine: dict[str, str], says: str
) -> None:
    [sentence] = missing(pi(tmp_path, **machine), REAL)
    assert sentence.startswith(f"This machine, {says}")
    assert ". To mend it: " in sentence
    assert sentence.endswith(".")


def test_where_the_pins_are_simulated_nothing_is_looked_at(tmp_path: Path) -> None:
    told: list[list[str]] = []
    asyncio.run(look(pi(tmp_path, watchdog="0"), SIMULATED, told.append))
    assert told == []


def test_it_is_logged_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    told: list[list[str]] = []
    with caplog.at_level(logging.WARNING, "flameout"):
        asyncio.run(look(pi(tmp_path, watchdog="0"), REAL, told.append))
    assert told == [caplog.messages]
    assert "nobody feeds it" in caplog.messages[0]


def test_without_a_thread_to_look_with_it_says_so_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(asyncio, "to_thread", no_thread)
    asyncio.run(look(pi(tmp_path), REAL, lambda _: pytest.fail("told what nobody has seen")))
    assert "can't start new thread. `flameout doctor` looks, too." in caplog.text
