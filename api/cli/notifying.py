"""``flameout notify-test``: whether messages reach the phones, service by service."""

import asyncio

import click

from api.cli import options
from api.cli.address import Failed
from api.notify.child import MISSING, Courier, Report, is_installed
from api.notify.message import trial
from api.notify.notifier import style
from controller.config_check import load


@click.command("notify-test")
@options.config
@options.as_json
def notify_test(config: str | None, as_json: bool) -> None:
    """Send a test message to every service of notify.urls_file.

    Says which took it. Services are named by their kind and line, never by their address. Needs no daemon.
    """
    loaded = load(config)
    if loaded.notify is None:
        raise Failed("notify: the configuration has no [notify] table; docs/notifications.md says what stands there")
    if not is_installed():
        raise Failed(f"notify: {MISSING}")
    report = asyncio.run(Courier(loaded.notify.urls_file).deliver(trial(style(loaded, loaded.notify))))
    if as_json:
        options.print_json({"services": _services(report), "problem": report.trouble})
    else:
        for service in _services(report):
            click.echo(f"{service['service']}: {'sent' if service['sent'] else 'NOT SENT'}")
    _judge(report)


def _services(report: Report) -> list[dict[str, str | bool]]:
    return [{"service": label, "sent": report.sent.get(known_as, False)} for known_as, label in report.labels.items()]


def _judge(report: Report) -> None:
    """Raise :class:`Failed` unless every service took it."""
    if report.complete:
        return
    if not report.labels:
        raise Failed(f"notify: nothing was sent, for the sender failed: {report.trouble}")
    why = "it did not answer in time" if report.trouble else "is its address right, and can this machine reach it?"
    raise Failed(f"notify: not sent by {', '.join(report.failed)}: {why}")
