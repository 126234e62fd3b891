"""Commands that tell a running daemon to do something."""

import contextlib
import json
import time
from typing import Any

import click

from api.cli import options, words
from api.cli.address import Failed
from api.cli.client import Client, Refused, Unreachable, burner_path
from hardware.durations import parse_duration

OFF_TRIES = 3
OFF_WITHIN = 10.0  # s, for all tries together
PAUSE = 0.5  # s between two


def _duration(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if text == "default":
        return text
    try:
        if parse_duration(text) == 0:
            raise click.BadParameter(f"{text} is no time at all; write it like 25m, 1h30m or 90s")
    except ValueError as error:
        if text.isascii() and text.isdigit():
            raise click.BadParameter(
                f"{text} has no unit; did you mean {text}m (minutes) or {text}s (seconds)?"
            ) from None
        raise click.BadParameter(f"{text!r} {error}") from None
    return text


_burner = click.argument("burner")
_burner_or_all = click.argument("burner", metavar="[BURNER|all]", default="all")


def _tell(client: Client, method: str, burner: str, what: str, body: Any = None) -> str:
    """One call about one burner; returns the answer as it came."""
    try:
        return client.ask(method, burner_path(burner, what), body)
    except Refused as refused:
        if refused.status == 404:
            raise Failed(_who_is_there(client, burner)) from None
        raise


def _who_is_there(client: Client, burner: str) -> str:
    names: list[str] = []
    with contextlib.suppress(Failed):  # the sentence does without
        names = [view["id"] for view in client.get("/burners")]
    return f"There is no burner {burner!r}" + (f"; there is {' and '.join(names)}" if names else "")


def _say(answer: str, as_json: bool) -> None:
    click.echo(answer if as_json else words.sentence(json.loads(answer)))


@click.command()
@_burner
@click.argument("duration", callback=_duration)
@options.asks
@options.as_json
def timer(burner: str, duration: str, client: Client, as_json: bool) -> None:
    """Shut BURNER off after DURATION (25m, 1h30m, 90s, default).

    Replaces a running timer.
    """
    _say(_tell(client, "PUT", burner, "/timer", {"duration": duration}), as_json)


@click.command()
@_burner
@click.argument("duration", callback=_duration)
@options.asks
@options.as_json
def extend(burner: str, duration: str, client: Client, as_json: bool) -> None:
    """Let BURNER's timer end DURATION later."""
    _say(_tell(client, "POST", burner, "/timer/extend", {"by": duration}), as_json)


@click.command()
@_burner
@options.asks
@options.as_json
def cancel(burner: str, client: Client, as_json: bool) -> None:
    """End BURNER's timer; the flame goes on."""
    _say(_tell(client, "DELETE", burner, "/timer"), as_json)


@click.command()
@_burner
@options.asks
@options.as_json
def here(burner: str, client: Client, as_json: bool) -> None:
    """Say "I'm here": BURNER's limit starts anew."""
    _say(_tell(client, "POST", burner, "/attention"), as_json)


@click.command()
@options.asks
@options.as_json
def sweep(client: Client, as_json: bool) -> None:
    """Open every relay for a moment; nothing stays lit.

    A burner in use is warned first.
    """
    answer = client.ask("POST", "/sweep")
    click.echo(answer if as_json else "\n".join(map(words.sentence, json.loads(answer)["burners"])))


@click.command()
@_burner_or_all
@options.asks
@options.as_json
def off(burner: str, client: Client, as_json: bool) -> None:
    """Shut off BURNER, or all of them, now."""
    answer = _insist(client, burner)
    views = json.loads(answer)
    views = views.get("burners", [views])
    click.echo(answer if as_json else "\n".join(map(_opened, views)))


def _opened(view: Any) -> str:
    if view["permitted"]:
        raise Failed(f"{view['name']}: the relay is still energised. Turn the knob off")
    return f"{view['name']}: relay open."


def _insist(client: Client, burner: str) -> str:
    """Tell it to shut off until it says that it did, and not for ever."""
    until = time.monotonic() + OFF_WITHIN
    why = f"{client.url} does not answer in time"
    for attempt in range(OFF_TRIES):
        left = until - time.monotonic()
        if left <= 0:
            break
        if attempt:
            time.sleep(min(PAUSE, left))
        try:
            what = "/shut-off" if burner == "all" else burner_path(burner, "/shut-off")
            return client.ask("POST", what, timeout=min(left, OFF_WITHIN / OFF_TRIES))
        except Refused as refused:
            if refused.status == 404:
                raise Failed(f"{_who_is_there(client, burner)}. All of them: flameout off") from None
            if refused.status < 500:
                raise
            why = str(refused).rstrip(".")
        except Unreachable as unreachable:
            why = unreachable.what
    raise Failed(f"NOT CONFIRMED: {why}. Turn the knob off at the stove, or on the Pi run: sudo flameout make-safe")


def _each(client: Client, method: str, burner: str, as_json: bool) -> None:
    """Lock or unlock; every burner gets its turn even if one is refused."""
    if burner != "all":
        _say(_tell(client, method, burner, "/lock"), as_json)
        return
    answers, failures = [], []
    for view in client.get("/burners"):
        try:
            answers.append(json.loads(_tell(client, method, view["id"], "/lock")))
        except Failed as failed:
            failures.append(f"{view['name']}: {failed}")
    if as_json:
        options.print_json(answers)
    else:
        click.echo("\n".join(map(words.sentence, answers)), nl=bool(answers))
    if failures:
        raise Failed(" ".join(failures))


@click.command()
@_burner_or_all
@options.asks
@options.as_json
def lock(burner: str, client: Client, as_json: bool) -> None:
    """Child lock for BURNER, or all: the relay stays open."""
    _each(client, "PUT", burner, as_json)


@click.command()
@_burner_or_all
@options.asks
@options.as_json
def unlock(burner: str, client: Client, as_json: bool) -> None:
    """End the child, idle and night lock of BURNER, or all."""
    _each(client, "DELETE", burner, as_json)


@click.command()
@_burner
@options.asks
@options.as_json
def reset(burner: str, client: Client, as_json: bool) -> None:
    """End BURNER's lockout, or permit it after a shut-off."""
    _say(_tell(client, "POST", burner, "/reset"), as_json)
