"""The simulated hob's knobs and faults."""

from urllib.parse import quote

import click

from api.cli import options
from api.cli.client import Client
from hardware.hob import Fault

_FAULTS = [*(fault.value for fault in Fault), "none"]


def _simulate(client: Client, name: str, action: str, told: str, as_json: bool) -> None:
    answer = client.ask("POST", f"/simulate/{quote(name.lower(), safe='')}", {"action": action})
    click.echo(answer if as_json else f"{name}: {told}.")


@click.group()
def sim() -> None:
    """The simulated hob: its knobs, its faults, its alarms."""


@sim.command()
@click.argument("burner")
@options.asks
@options.as_json
def light(burner: str, client: Client, as_json: bool) -> None:
    """Press BURNER's knob, light it, and hold the knob for 3 s."""
    _simulate(client, burner, "light", "the knob is pressed and the gas lit; the hand lets go in about 3 s", as_json)


@sim.command()
@click.argument("burner")
@options.asks
@options.as_json
def off(burner: str, client: Client, as_json: bool) -> None:
    """Turn BURNER's knob off."""
    _simulate(client, burner, "off", "the knob is off", as_json)


@sim.command("blow-out")
@click.argument("burner")
@options.asks
@options.as_json
def blow_out(burner: str, client: Client, as_json: bool) -> None:
    """Blow BURNER's flame out.

    The valve closes when the thermocouple has cooled.
    """
    _simulate(client, burner, "blow_out", "the flame is blown out", as_json)


@sim.command()
@click.argument("burner")
@click.argument("kind", type=click.Choice(_FAULTS))
@options.asks
@options.as_json
def fault(burner: str, kind: str, client: Client, as_json: bool) -> None:
    """Give BURNER a fault, or take all of them away (none)."""
    told = (
        "no fault any more" if kind == "none" else f"{kind.replace('_', ' ')}, until: flameout sim fault {burner} none"
    )
    _simulate(client, burner, f"fault {kind}", told, as_json)


@sim.command()
@click.argument("interlock")
@options.asks
@options.as_json
def trip(interlock: str, client: Client, as_json: bool) -> None:
    """Trip INTERLOCK."""
    _simulate(client, interlock, "trip", "tripped", as_json)


@sim.command()
@click.argument("interlock")
@options.asks
@options.as_json
def clear(interlock: str, client: Client, as_json: bool) -> None:
    """Clear INTERLOCK."""
    _simulate(client, interlock, "clear", "clear", as_json)


@sim.command()
@click.argument("burner")
@options.asks
@options.as_json
def hold(burner: str, client: Client, as_json: bool) -> None:
    """Light BURNER and keep its knob pressed, which no cut can outdo."""
    _simulate(client, burner, "hold", f"the knob is held, until: flameout sim let-go {burner}", as_json)


@sim.command("let-go")
@click.argument("what")
@options.asks
@options.as_json
def let_go(what: str, client: Client, as_json: bool) -> None:
    """Let go of a burner's knob or of a button."""
    _simulate(client, what, "let_go", "let go", as_json)


@sim.command()
@click.argument("button")
@options.asks
@options.as_json
def press(button: str, client: Client, as_json: bool) -> None:
    """Press BUTTON and keep it down."""
    _simulate(client, button, "press", f"pressed, until: flameout sim let-go {button}", as_json)
