"""uvicorn's command line stays out of the daemon, and nothing else does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

NOT_WANTED = ("click", "multiprocessing", "uvicorn.main", "uvicorn.supervisors")
SAY = "import json, sys\nprint(json.dumps({}))\n"


def told(program: str, expression: str, path: Path | None = None) -> Any:
    """What a Python of its own says; ``path`` comes before everything that is installed."""
    code = f"{program}\n{SAY.format(expression)}"
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    command = [sys.executable, "-c", code]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


def test_the_daemon_has_no_command_line_of_uvicorn() -> None:
    assert told("import api.service", f"[name for name in {NOT_WANTED} if name in sys.modules]") == []
    assert told("import uvicorn", f"[name for name in {NOT_WANTED} if name in sys.modules]") == list(NOT_WANTED)


def test_who_wants_it_afterwards_has_it() -> None:
    assert told("import api.service, uvicorn.main", "uvicorn.main.main.name") == "main"
    assert told("import api.lean_uvicorn", "sys.modules['uvicorn'].Server is api.lean_uvicorn.Server")


def test_a_uvicorn_that_is_there_already_stays_as_it_is() -> None:
    assert told("import uvicorn, api.lean_uvicorn", "uvicorn.main.name") == "main"


def test_a_uvicorn_that_cannot_do_without_it_is_imported_whole(tmp_path: Path) -> None:
    package = tmp_path / "uvicorn"
    package.mkdir()
    (package / "__init__.py").write_text("from uvicorn.main import command\ncommand.upper()\n")
    (package / "main.py").write_text("command = 'run'\n")
    (package / "config.py").write_text("class Config: ...\n")
    (package / "server.py").write_text("class Server: ...\n")
    assert told("import uvicorn, api.lean_uvicorn", "uvicorn.command", tmp_path) == "run"
    assert told("import api.lean_uvicorn, uvicorn", "[uvicorn.command, uvicorn.main.command]", tmp_path) == ["run"] * 2
