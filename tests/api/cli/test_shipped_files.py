"""What is shipped beside the program says the same as the program."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from controller.config import Config, schema
from controller.config_check import check
from hardware.settings import keeper_settings
from tests.api.cli.daemon import Shell

DEPLOY = Path(__file__).parents[3] / "deploy"
EXAMPLE = DEPLOY / "flameout.toml.example"


def uncommented() -> dict[str, Any]:
    """The example with everything that a bare # switches off switched on."""
    return tomllib.loads(re.sub(r"(?m)^#(?=[a-z[])", "", EXAMPLE.read_text()))


def keys(content: Any) -> set[str]:
    if isinstance(content, dict):
        return set(content) | {key for value in content.values() for key in keys(value)}
    return {key for value in content for key in keys(value)} if isinstance(content, list) else set()


def test_the_example_is_right_as_it_is_shipped(flameout: Shell) -> None:
    done = flameout("check-config", str(EXAMPLE))
    assert done.code == 0, done.out
    assert "is right: 2 burners (left on GPIO 17, right on GPIO 27)" in done.out


def test_the_example_shows_every_key() -> None:
    definitions = schema()
    models = [definitions, *definitions["$defs"].values()]
    known = {key for model in models for key in model.get("properties", {})}
    assert known - keys(uncommented()) == set()


def test_what_the_example_switches_off_is_right_too_but_for_files_that_are_not_there() -> None:
    config, problems = check(uncommented())
    assert config is not None
    assert [str(problem) for problem in problems if "cannot be read" not in problem.sentence] == []
    keeper_settings(uncommented())


@pytest.mark.parametrize("section", ["limits", "keeper", "rest", "mqtt", "notify", "journal"])
def test_the_example_shows_the_defaults(section: str) -> None:
    shown = uncommented()[section]
    required = {"mqtt": {"host": "h"}, "notify": {"urls_file": "f"}}.get(section, {})
    meant = getattr(Config.model_validate(uncommented()), section).model_dump()
    default = getattr(Config.model_validate({section: required}), section).model_dump()
    examples = {"socket", "allowed_hosts", "tls", "path", "host", "port", "username", "password_file"}
    examples |= {"urls_file", "page"}
    for key in shown.keys() - examples:
        assert meant[key] == default[key], f"{section}.{key}"


def test_the_shipped_schema_is_the_programs_own(flameout: Shell) -> None:
    shipped = (DEPLOY / "flameout.schema.json").read_text()
    assert json.loads(shipped) == schema(), "run: flameout check-config --schema > deploy/flameout.schema.json"
    assert flameout("check-config", "--schema").out == shipped
