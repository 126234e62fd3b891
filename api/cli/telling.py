"""Commands that tell a running daemon to do something."""

import time
from typing import Any

import click

from api.cli import options
from api.cli.client import Client, Failed, Unreachable, burner_path
from api.cli.show import sentence
from hardware.durations import parse_duration

OFF_TRIES_FOR = 10.0  # s


def _say(answer: Any, as_json: bool) -> None:
    if as_json:
        options.print_json(answer)
        return
    for burner in answer.get("burners", [answer]):
        click.echo(sentence(burner))


def _duration(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if text == "default":
        return text
    try:
        parse_duration(text)
    except ValueError as error:
        hint = f"; did you mean {text}m?" if text.isascii() and text.isdigit() else ""
        raise click.BadParameter(f"{text!r} {error}{hint}") from None
    return text


@click.command()
@click.argument("burner")
@click.argument("duration", callback=_duration)
@options.url
@options.as_json
def timer(burner: str, duration: str, url: str | None, as_json: bool) -> None:
    """Shut BURNER off after DURATION (25m, 1h30m, 90s, default); replaces a running timer."""
    _say(Client(url).send("PUT", burner_path(burner, "/timer"), {"duration": duration}), as_json)


@click.command()
@click.argument("burner")
@click.argument("duration", callback=_duration)
@options.url
@options.as_json
def extend(burner: str, duration: str, url: str | None, as_json: bool) -> None:
    """Let BURNER's timer end DURATION later."""
    _say(Client(url).send("POST", burner_path(burner, "/timer/extend"), {"by": duration}), as_json)


@click.command()
@click.argument("burner")
@options.url
@options.as_json
def cancel(burner: str, url: str | None, as_json: bool) -> None:
    """End BURNER's timer; it goes on burning."""
    _say(Client(url).send("DELETE", burner_path(burner, "/timer")), as_json)


@click.command()
@click.argument("burner", default="all")
@options.url
@options.as_json
def off(burner: str, url: str | None, as_json: bool) -> None:
    """Shut off BURNER, or all of them, now."""
    path = "/shut-off" if burner == "all" else burner_path(burner, "/shut-off")
    until = time.monotonic() + OFF_TRIES_FOR
    while True:
        try:
            _say(Client(url).send("POST", path), as_json)
            return
        except Unreachable as error:
            if time.monotonic() >= until or "No flameout" in str(error):
                raise Failed(f"{error}. Turn the knob off, or run: flameout make-safe") from None
            time.sleep(0.5)


def _each(burner: str, client: Client, method: str) -> Any:
    if burner != "all":
        return client.send(method, burner_path(burner, "/lock"))
    names = [view["id"] for view in client.get("/burners")]
    return {"burners": [client.send(method, burner_path(name, "/lock")) for name in names]}


@click.command()
@click.argument("burner", default="all")
@options.url
@options.as_json
def lock(burner: str, url: str | None, as_json: bool) -> None:
    """Child lock for BURNER, or all of them: the relay opens and stays open."""
    _say(_each(burner, Client(url), "PUT"), as_json)


@click.command()
@click.argument("burner", default="all")
@options.url
@options.as_json
def unlock(burner: str, url: str | None, as_json: bool) -> None:
    """End the child lock and the idle lock of BURNER, or of all of them."""
    _say(_each(burner, Client(url), "DELETE"), as_json)


@click.command()
@click.argument("burner")
@options.url
@options.as_json
def reset(burner: str, url: str | None, as_json: bool) -> None:
    """End BURNER's lockout, or re-enable it after a shut-off."""
    _say(Client(url).send("POST", burner_path(burner, "/reset")), as_json)
