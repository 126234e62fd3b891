"""Home Assistant for tests: a process of its own, with the shipped files, beside the real daemon on one broker.

``FLAMEOUT_HA_PYTHON`` names the Python of an environment with Home Assistant; ``make test-home-assistant`` makes one.
"""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.brokers import Mosquitto
from tests.e2e.program import Program, eventually, program

PYTHON = os.environ.get("FLAMEOUT_HA_PYTHON", "")
DEPLOY = Path(__file__).parents[2] / "deploy" / "home-assistant"
SETTINGS = """\
homeassistant:
  packages: !include_dir_named packages
  time_zone: UTC
conversation:
"""
NEEDS_HOME_ASSISTANT = [
    pytest.mark.skipif(
        not PYTHON, reason="FLAMEOUT_HA_PYTHON names no Python with homeassistant; make test-home-assistant"
    ),
    pytest.mark.timeout(300),
]


class House:
    """Home Assistant as a process of its own."""

    def __init__(self, folder: Path, port: int, more: str = "") -> None:
        """``more`` is further YAML for configuration.yaml."""
        shutil.copytree(DEPLOY, folder, dirs_exist_ok=True)
        (folder / "configuration.yaml").write_text(SETTINGS + more)
        self.log = folder / "core.log"
        command = [PYTHON, str(Path(__file__).with_name("core.py")), str(folder), str(port)]
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

    def state(self, entity: str) -> str | None:
        state: str | None = self.ask(state=entity)["state"]
        return state


@contextlib.contextmanager
def house(factory: pytest.TempPathFactory, more: str = "") -> Iterator[tuple[Program, House]]:
    """The daemon, with the names that the shipped files begin with, and Home Assistant on one broker."""
    with Mosquitto() as broker:
        mqtt = f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[hood]\nrun_on = "1s"\n'
        with program(factory.mktemp("daemon"), more=mqtt) as stove:
            text = stove.config.read_text().replace('id = "test"', 'id = "kitchen"')
            text = text.replace('"Test hob"', '"Kitchen hob"').replace('hold_open = "1s"', 'hold_open = "5s"')
            stove.config.write_text(text)
            stove.start()
            with House(factory.mktemp("home_assistant"), broker.port, more) as home:
                eventually("Home Assistant has the stove", lambda: home.state("valve.kitchen_hob_right"), 60)
                yield stove, home
