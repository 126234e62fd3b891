"""The ``flameout`` command: finds each command's module when it is wanted, and says in one line what failed."""

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from api.cli.address import Failed
from hardware.settings import BadSettings

SECTIONS: dict[str, dict[str, str]] = {
    "Look": {"status": "looking", "watch": "looking", "history": "history", "report": "report"},
    "Cook": {
        "timer": "telling",
        "extend": "telling",
        "cancel": "telling",
        "here": "telling",
        "off": "telling",
        "sweep": "telling",
        "lock": "telling",
        "unlock": "telling",
        "reset": "telling",
    },
    "Run": {"demo": "serving", "run": "serving", "keeper": "serving", "make-safe": "serving"},
    "Set up": {
        "setup": "setting_up",
        "check-config": "configuration",
        "doctor": "doctor",
        "selftest": "selftest",
        "pair": "pair",
        "tokens": "tokens",
        "certificate": "certificate",
        "mdns": "mdns",
        "notify-test": "notifying",
        "sim": "simulating",
    },
}
MODULES = {name: module for commands in SECTIONS.values() for name, module in commands.items()}
_WIDEST = max(map(len, MODULES))


class ReaderGone(Exception):
    """Nobody reads our output any more."""


class Commands(click.Group):
    """Finds a command's module by its name, and lists the commands by what they are for."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # which click would turn into a failure
            raise ReaderGone from None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(f"api.cli.{MODULES[cmd_name]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            commands = [(name.ljust(_WIDEST), self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, found.get_short_help_str(60)) for name, found in commands if found])


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flameout", message="%(prog)s %(version)s")
@click.pass_context
def flameout(context: click.Context) -> None:
    """A gas stove that can turn itself off, and never on.

    The daemon is found at --url, $FLAMEOUT_URL, or where the configuration puts it.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code: 0 done, 1 refused or failed, 2 wrong usage."""
    with contextlib.suppress(AttributeError):  # not where somebody captures the output
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without our symbols
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except (ReaderGone, BrokenPipeError):  # head has seen enough
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains at its end
        return 0
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        return int(flameout.main(args=list(arguments), prog_name="flameout", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (Failed, BadSettings) as error:
        return _fail(str(error))
    except (KeyboardInterrupt, click.Abort):
        return 130
    except ReaderGone:
        raise
    except Exception as error:
        if os.environ.get("FLAMEOUT_DEBUG"):
            traceback.print_exc()
        return _fail(f"this went wrong inside: {type(error).__name__}: {error} (FLAMEOUT_DEBUG=1 shows where)")


def _fail(sentence: str) -> int:
    print(f"flameout: {sentence}", file=sys.stderr)
    return 1
