"""``flameout check-config``."""

import json
from pathlib import Path

import click

from api.cli import options
from controller.config import Config, schema
from controller.config_check import Problem, check
from hardware.settings import BadSettings, find_file, keeper_settings, read_document


def examine(path: Path | None) -> tuple[Config | None, list[Problem]]:
    """The configuration as controller and keeper both see it, and everything that is wrong with it."""
    try:
        document = read_document(path)
    except BadSettings as error:
        key, _, sentence = str(error).partition(": ")
        return None, [Problem(key, sentence)]
    config, problems = check(document)
    if not problems:
        try:
            keeper_settings(document)
        except BadSettings as error:
            key, _, sentence = str(error).partition(": ")
            problems = [Problem(key, sentence)]
    return config, problems


@click.command("check-config")
@click.argument("file", metavar="[F]", required=False)
@click.option("--config", "named", metavar="F", help="As F alone.")
@click.option("--schema", "print_schema", is_flag=True, help="Print the file's JSON schema, for editors.")
@options.as_json
def check_config(file: str | None, named: str | None, print_schema: bool, as_json: bool) -> int:
    """Every problem of the configuration at once.

    The exit code is 1 if there is any. F is /etc/flameout/flameout.toml unless named here or by $FLAMEOUT_CONFIG.
    """
    if print_schema:
        click.echo(json.dumps(schema(), indent=2))
        return 0
    path = find_file(file or named)
    config, problems = examine(path)
    if as_json:
        options.print_json({"file": str(path) if path else None, "problems": [vars(problem) for problem in problems]})
    elif config is not None and not problems:
        click.echo(_praise(path, config))
    else:
        click.echo("\n".join(map(str, problems)))
        click.echo(f"flameout: {path or 'the defaults'}: {count(problems)}", err=True)
    return 1 if problems else 0


def count(problems: list[Problem]) -> str:
    """``1 problem``, ``3 problems``."""
    return f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"


def _praise(path: Path | None, config: Config) -> str:
    burners = f"{len(config.burners)} burner{'' if len(config.burners) == 1 else 's'}"
    pins = ", ".join(f"{burner.id} on GPIO {burner.relay.pin}" for burner in config.burners)
    rest = f"REST on {config.rest.host}:{config.rest.port}"
    mqtt = f"MQTT to {config.mqtt.host}" if config.mqtt else "no MQTT"
    what = f"{path} is right" if path else "There is no configuration file, and the defaults are right"
    return f"{what}: {burners} ({pins}), {rest}, {mqtt}."
