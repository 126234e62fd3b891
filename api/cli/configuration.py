"""``flameout check-config``."""

import click

from api.cli import options
from controller.config import Config, schema
from controller.config_check import check
from hardware.settings import BadSettings, find_file, read_document


@click.command("check-config")
@click.argument("file", metavar="[F]", required=False)
@click.option("--schema", "print_schema", is_flag=True, help="Print the file's JSON schema, for editors.")
@options.as_json
def check_config(file: str | None, print_schema: bool, as_json: bool) -> int:
    """Every problem of the configuration at once; exit code 1 if there is any."""
    if print_schema:
        options.print_json(schema())
        return 0
    path = find_file(file)
    config: Config | None = None
    try:
        config, found = check(read_document(path))
        problems = [{"key": problem.key, "problem": problem.sentence} for problem in found]
        lines = [str(problem) for problem in found]
    except BadSettings as error:
        problems, lines = [{"key": "", "problem": str(error)}], [str(error)]
    if as_json:
        options.print_json({"file": str(path) if path else None, "right": not problems, "problems": problems})
    elif problems:
        click.echo("\n".join(lines))
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in {path or 'the defaults'}.", err=True)
    elif config is not None:
        click.echo(_praise(str(path) if path else "Without a file, the defaults apply", config))
    return 1 if problems else 0


def _praise(name: str, config: Config) -> str:
    burners = ", ".join(f"{burner.id} on GPIO {burner.relay.pin}" for burner in config.burners)
    mqtt = f"MQTT to {config.mqtt.host}" if config.mqtt else "no MQTT"
    return f"{name}: right. Burners: {burners}. REST on {config.rest.host}:{config.rest.port}, {mqtt}."
