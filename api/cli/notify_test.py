"""``flameout notify-test``: a test message to every service, without the daemon."""

import asyncio
from typing import Any

import click

from api.cli import options
from api.cli.address import Failed
from controller.config_check import load


@click.command("notify-test")
@options.config
@options.as_json
def notify_test(config: str | None, as_json: bool) -> None:
    """Send a test message to every service of notify.urls_file."""
    from api.notify.notifier import NotSent, deliver, writer  # noqa: PLC0415

    loaded = load(config)
    if loaded.notify is None:
        raise Failed('There is no [notify] table; add one with urls_file = "/etc/flameout/notify.urls"')
    message = writer(loaded, loaded.notify).test()
    try:
        results = asyncio.run(deliver(loaded.notify, loaded.stove.name, [message.text], message.link, None))
    except NotSent as error:
        raise Failed(f"Nothing was sent: {error}") from None
    if as_json:
        options.print_json(results)
    else:
        _print(results, loaded.notify.urls_file)
    if not results or not all(result["sent"] for result in results):
        raise click.exceptions.Exit(1)


def _print(results: list[dict[str, Any]], file: str) -> None:
    if not results:
        raise Failed(f"{file} names no service; write one Apprise address a line")
    for result in results:  # never the address: it holds a secret
        said = "sent" if result["sent"] else f"NOT SENT: {result['why']}"
        click.echo(f"{result['place'] + 1}. {result['service']}: {said}")
