"""``flameout setup``: hands over to the script that asks for the burners and sets the machine up for them."""

import os
import sys
from pathlib import Path

import click

from api.cli.address import Failed


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what would be written and run, and change nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing; take the answers that are set.")
@click.option("--simulated", is_flag=True, help="No pins and no gas: a simulated hob.")
def setup(dry_run: bool, yes: bool, simulated: bool) -> None:
    """Say which burners there are, and start the services.

    Asks a few questions where there is no configuration yet, and makes watchdog, kernel and config.txt fit the one that
    is there. Run it again after a change of pins.
    """
    script = Path(sys.prefix) / "deploy" / "configure"
    if not script.exists():
        raise Failed("flameout is no service here; install it as one with: sudo deploy/install")
    chosen = {"--dry-run": dry_run, "--yes": yes, "--simulated": simulated}
    os.execv(script, [str(script), *(name for name, wanted in chosen.items() if wanted)])
