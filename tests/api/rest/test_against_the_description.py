"""Schemathesis: five thousand requests made from the API's own description, and every check that it has.

The stream stays open for ever, so it is left out; tests/api/rest/test_event_stream.py is about it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller import places
from controller.tokens import Role, TokenStore
from tests.e2e.program import Program, eventually, program

CASES = 5_000
PER_CALL = int(os.environ.get("FLAMEOUT_CASES", "210"))
CONFIG = Path(__file__).with_name("schemathesis.toml")
BUTTON = '[[buttons]]\nid = "stop"\npin = 12\ndoes = "shut_off"\n'

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def stove(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path, lease="5s", require_token="true", more=BUTTON) as made:
        with (tmp_path / "run.log").open("a") as log:
            command = [sys.executable, "-m", "tests.api.rest.unthrottled", "run", "--config", str(made.config)]
            root = str(Path(__file__).parents[3])
            environment = made.environment | {"PYTHONPATH": f"{made.environment['PYTHONPATH']}:{root}"}
            made.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, text=True, cwd=tmp_path)
        eventually("the daemon answers", made.healthy)
        tokens = TokenStore(places.tokens(tmp_path / "flameout.db"))
        for number in range(30):
            tokens.add(f"phone {number}", Role.VIEW)  # to be found in the list, and revoked
        yield made


def test_nothing_answers_otherwise_than_described(stove: Program, tmp_path: Path) -> None:
    secret = (stove.folder / "console.token").read_text()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli.__main__", "--config-file", str(CONFIG)),
            *("run", f"http://127.0.0.1:{stove.port}/openapi.json", "-H", f"Authorization: Bearer {secret}"),
            *("--checks", "all", "--max-examples", str(PER_CALL), "--exclude-path", "/api/v1/events", "--no-color"),
            *("--request-timeout", "10", "--seed", "1", "--suppress-health-check", "all"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    counted = re.search(r"(\d+) generated", done.stdout)
    assert counted is not None
    assert int(counted[1]) >= CASES, "so many were promised"
    assert "Stateful" in done.stdout
    assert "went wrong" not in stove.log()
    assert stove.healthy()
