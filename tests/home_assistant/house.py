"""Home Assistant for tests: a process of its own, with the shipped files, beside the real daemon on one broker.

Each version that ``deploy/home-assistant/install`` keeps in the cache is used in turn; ``FLAMEOUT_HA_PYTHON`` names
other Pythons with Home Assistant, with a colon between them.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.brokers import Mosquitto
from tests.e2e.program import Program, eventually, program

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flameout"
READY = sorted(str(ready.parent / "bin" / "python") for ready in CACHE.glob("home-assistant-*/ready"))
PYTHONS = [python for python in os.environ.get("FLAMEOUT_HA_PYTHON", "").split(":") if python] or READY
DEPLOY = Path(__file__).parents[2] / "deploy" / "home-assistant"
SETTINGS = """\
homeassistant:
  packages: !include_dir_named packages
  time_zone: UTC
  country: GB
conversation:
"""
NEEDS_HOME_ASSISTANT = [
    pytest.mark.skipif(
        not PYTHONS, reason="no Home Assistant is installed for tests; make test-home-assistant installs two"
    ),
    pytest.mark.timeout(300),
]


OURS = re.compile(
    r"(WARNING|ERROR).*(mqtt|flameout|kitchen_hob|blueprint|automation|intent_script|sentence|template)", re.I
)


def version(python: str) -> tuple[int, int]:
    """Year and month of the Home Assistant that a Python has."""
    asked = "from homeassistant.const import MAJOR_VERSION, MINOR_VERSION; print(MAJOR_VERSION, MINOR_VERSION)"
    year, month = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
    return int(year), int(month)


def named(python: str) -> str:
    """What pytest calls the tests with this Python: as its environment is called."""
    return Path(python).parent.parent.name


def ship(folder: Path, python: str) -> None:
    """Copy what is shipped, as the documentation says."""
    shutil.copytree(DEPLOY, folder, dirs_exist_ok=True)
    if version(python) <= (2025, 7):
        (folder / "custom_sentences" / "zh-CN").rename(folder / "custom_sentences" / "zh-cn")


class House:
    """Home Assistant as a process of its own."""

    def __init__(self, python: str, folder: Path, port: int, more: str = "") -> None:
        """``python`` is one that has Home Assistant, ``more`` further YAML for configuration.yaml."""
        ship(folder, python)
        (folder / "configuration.yaml").write_text(SETTINGS + more)
        self.log = folder / "core.log"
        command = [python, str(Path(__file__).with_name("core.py")), str(folder), str(port)]
        self._errors = self.log.open("w")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )

    def __enter__(self) -> Self:
        try:
            assert self._read() == {"ready": True}, self.log.read_text()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, by the end of its input."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self.log.read_text()
        return json.loads(line)

    def ask(self, **asked: Any) -> Any:
        """One line to core.py, and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return self._read()

    def say(self, language: str, text: str) -> str:
        """A sentence for Assist; returns what it answers, which has to be more than that it did not understand."""
        answer = self.hear(language, text)
        assert answer["type"] == "action_done", f"{text!r}: {answer}"
        return str(answer["speech"])

    def hear(self, language: str, text: str) -> Any:
        """A sentence for Assist; returns the kind of its response and the speech."""
        return self.ask(language=language, text=text)

    def complaints(self) -> list[str]:
        """What it warns of that is ours: lines of its log, and the repairs that it asks its user for."""
        lines = [line for line in self.log.read_text().splitlines() if OURS.search(line)]
        return lines + [str(issue) for issue in self.ask(issues=True)["issues"]]

    def state(self, entity: str) -> str | None:
        state: str | None = self.ask(state=entity)["state"]
        return state


REAR = 16
REAR_BURNER = f"""\
[[burners]]
id = "rear"
name = "Rear"
relay = {{ pin = {REAR} }}
flame = {{ kind = "digital", pin = 26 }}
"""  # in no automation of its own, and measured out at once, without a thermocouple that cools


@contextlib.contextmanager
def house(python: str, factory: pytest.TempPathFactory, more: str = "") -> Iterator[tuple[Program, House]]:
    """The daemon, with the names that the shipped files begin with, and Home Assistant on one broker."""
    with Mosquitto() as broker:
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[hood]\nrun_on = "1s"\n'
        with program(factory.mktemp("daemon"), more=REAR_BURNER + mqtt) as stove:
            text = stove.config.read_text().replace('id = "test"', 'id = "kitchen"')
            text = text.replace('"Test hob"', '"Kitchen hob"').replace('hold_open = "1s"', 'hold_open = "2s"')
            stove.config.write_text(text)
            stove.start()
            with House(python, factory.mktemp("home_assistant"), broker.port, more) as home:
                eventually("Home Assistant has the stove", lambda: home.state("valve.kitchen_hob_right"), 60)
                yield stove, home
