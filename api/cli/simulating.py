"""The simulated hob's knob and faults."""

from urllib.parse import quote

import click

from api.cli import options
from api.cli.client import Client
from hardware.hob import Fault

_FAULTS = [*(fault.value for fault in Fault), "none"]


def _simulate(url: str | None, name: str, action: str) -> None:
    Client(url).send("POST", f"/simulate/{quote(name, safe='')}", {"action": action})


@click.group()
def sim() -> None:
    """The simulated hob: its knobs, its faults, its alarms."""


@sim.command()
@click.argument("burner")
@options.url
def light(burner: str, url: str | None) -> None:
    """Press BURNER's knob, light it, and hold the knob until the magnet holds the valve."""
    _simulate(url, burner, "light")
    click.echo(f"{burner}: the knob is pressed and the gas lit; a hand lets go in about 3 s.")


@sim.command()
@click.argument("burner")
@options.url
def off(burner: str, url: str | None) -> None:
    """Turn BURNER's knob off."""
    _simulate(url, burner, "off")
    click.echo(f"{burner}: the knob is off.")


@sim.command("blow-out")
@click.argument("burner")
@options.url
def blow_out(burner: str, url: str | None) -> None:
    """Blow BURNER's flame out; the valve closes when the thermocouple has cooled."""
    _simulate(url, burner, "blow_out")
    click.echo(f"{burner}: the flame is blown out.")


@sim.command()
@click.argument("burner")
@click.argument("kind", type=click.Choice(_FAULTS))
@options.url
def fault(burner: str, kind: str, url: str | None) -> None:
    """Give BURNER a fault, or take all of them away (none)."""
    _simulate(url, burner, f"fault {kind}")
    click.echo(f"{burner}: {'no fault' if kind == 'none' else kind.replace('_', ' ')}.")


@sim.command()
@click.argument("interlock")
@options.url
def trip(interlock: str, url: str | None) -> None:
    """Trip INTERLOCK."""
    _simulate(url, interlock, "trip")
    click.echo(f"{interlock}: tripped.")


@sim.command()
@click.argument("interlock")
@options.url
def clear(interlock: str, url: str | None) -> None:
    """Clear INTERLOCK."""
    _simulate(url, interlock, "clear")
    click.echo(f"{interlock}: clear.")
