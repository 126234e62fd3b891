"""The ``flameout`` command's groups. Each command imports what it needs when it runs, so that --help is quick."""

import os
import sys
from collections.abc import Sequence

import click

from api.cli.client import Failed
from hardware.settings import BadSettings

COMMANDS = {
    "demo": "api.cli.serving",
    "run": "api.cli.serving",
    "keeper": "api.cli.serving",
    "make-safe": "api.cli.serving",
    "check-config": "api.cli.configuration",
    "doctor": "api.cli.doctor",
    "status": "api.cli.looking",
    "watch": "api.cli.looking",
    "history": "api.cli.looking",
    "timer": "api.cli.telling",
    "extend": "api.cli.telling",
    "cancel": "api.cli.telling",
    "off": "api.cli.telling",
    "lock": "api.cli.telling",
    "unlock": "api.cli.telling",
    "reset": "api.cli.telling",
    "sim": "api.cli.simulating",
    "tokens": "api.cli.tokens",
}


class Commands(click.Group):
    """Finds a command's module by its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        import importlib  # noqa: PLC0415

        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(module), cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flameout")
def flameout() -> None:
    """A gas stove that can turn itself off, and never on.

    The daemon is found at --url, $FLAMEOUT_URL, or where the configuration puts it.
    """


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    try:
        return int(flameout.main(args=list(arguments), prog_name="flameout", standalone_mode=False) or 0)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2 if isinstance(error, click.UsageError) else 1
    except (Failed, BadSettings) as error:
        print(f"flameout: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
        return 1
