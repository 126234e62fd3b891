"""``flameout selftest``: commissioning, with the installer at the stove and the daemon stopped."""

import asyncio
import contextlib
import fcntl
import os
import platform
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from api.cli import options, selftest_report, show
from api.cli.address import SYSTEM_JOURNAL, Failed
from api.cli.selftest_bench import TICK, Bench
from api.cli.selftest_desk import Terminal
from api.cli.selftest_report import Document, Outcome
from api.cli.selftest_sensors import thermocouple
from api.cli.selftest_walk import Walk
from api.cli.selftest_words import LANGUAGES, Words, language_of
from api.machine.board import board
from api.machine.machine import Machine
from controller import places
from controller.config import Config
from controller.config_check import load
from hardware.client import KeeperAway, KeeperClient
from hardware.clock import SECOND, BootClock
from hardware.gauges_client import GaugesClient
from hardware.origin import ChildOrigin, Reached
from hardware.settings import find_file

SIMULATED = "simulated"


@click.command()
@options.config
@click.option("--report", metavar="FILE", help="Where the report goes (default: beside the journal).")
@click.option("--language", type=click.Choice(LANGUAGES), help="Of the questions and the report (default: by LANG).")
@click.option("--installer", metavar="NAME", default="", help="Who signs the report.")
@click.option("--simulate", is_flag=True, help="Turn the simulated hob's knobs by itself.")
def selftest(config: str | None, report: str | None, language: str | None, installer: str, simulate: bool) -> int:
    """Commission the stove: relays, sensors, burners.

    Asks to light each burner, measures every cut and the stove's own closing time, and writes a signed-off report.
    The daemon has to be stopped. The exit code is 1 if anything failed.
    """
    settings, words = load(config), Words(language or language_of(os.environ))
    factory = settings.keeper.pin_factory
    if simulate and factory != SIMULATED:
        raise Failed(words("only_simulated", factory=factory))
    file = Path(report) if report else _default_report(settings)
    with contextlib.ExitStack() as locks:
        for journal in _journals(settings):
            locks.enter_context(_no_daemon(journal, words))
        document = _commission(settings, find_file(config), words, installer, simulate)
    try:
        selftest_report.write(document, file, words)
        _give_to_the_daemon(file)
        _give_to_the_daemon(selftest_report.page_of(file))
    except OSError as error:
        raise Failed(words("not_written", file=file, why=error.strerror or error)) from None
    click.echo(words("written", json=file, html=selftest_report.page_of(file)))
    return 1 if document["verdict"] == "fail" else 0


def _default_report(config: Config) -> Path:
    return Path(config.journal.path).parent / f"commissioning-{datetime.now().astimezone():%Y%m%d-%H%M}.json"


# --- alone on this machine ----------------------------------------------------------------------------------


def _journals(config: Config) -> list[Path]:
    """Whose daemons must not run: the configured one, and on real pins this machine's own."""
    journals = [Path(config.journal.path)]
    if config.keeper.pin_factory != SIMULATED and SYSTEM_JOURNAL.parent.exists():
        journals.append(SYSTEM_JOURNAL)
    return list(dict.fromkeys(journals))


@contextlib.contextmanager
def _no_daemon(journal: Path, words: Words) -> Iterator[None]:
    """Hold the daemon's lock, so that none runs and none starts. Raises :class:`Failed`."""
    lock = places.lock(journal)
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a+")
        _give_to_the_daemon(lock)
    except OSError as error:
        raise Failed(words("no_lock", file=lock, why=error.strerror or error)) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Failed(words("taken", owner=file.read().strip() or "?")) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _give_to_the_daemon(file: Path) -> None:
    """Root wrote it; the daemon, whose folder it is, has to open its lock, and may read its reports."""
    if os.geteuid() == 0:
        owner = file.absolute().parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


# --- the test -----------------------------------------------------------------------------------------------


def _commission(config: Config, path: Path | None, words: Words, installer: str, simulate: bool) -> Document:
    """Everything from the machine to the table; the report."""
    console, machine = show.console(), Machine()
    terminal = Terminal(console, words)
    outcomes = [selftest_report.of_machine(row, words) for row in board(machine, config)]  # before pins are claimed
    with terminal.opened():
        terminal.say(words("intro", stove=config.stove.name))
        for outcome in outcomes:
            terminal.show(outcome)
        try:
            outcomes += asyncio.run(_walk(config, path, words, terminal, simulate))
        except asyncio.CancelledError:
            raise Failed(words("stopped")) from None
    document = selftest_report.signed(_facts(config, path, machine, installer, words.language), outcomes)
    console.print()
    console.print(selftest_report.table(outcomes, words))
    console.print(words(f"verdict.{document['verdict']}"), style="bold")
    return document


def _facts(config: Config, path: Path | None, machine: Machine, installer: str, language: str) -> dict[str, Any]:
    return {
        "made_at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "stove": config.stove.name,
        "installer": installer,
        "language": language,
        "simulated": config.keeper.pin_factory == SIMULATED,
        "version": version("flameout"),
        "config": {"file": str(path) if path else None, "fingerprint": config.fingerprint()},
        "machine": {
            "host": platform.node(),
            "board": machine.board() or platform.machine(),
            "kernel": platform.release(),
            "python": platform.python_version(),
        },
    }


async def _walk(config: Config, path: Path | None, words: Words, terminal: Terminal, simulate: bool) -> list[Outcome]:
    """Walk with a keeper of our own; however it ends, the keeper is gone and every line open before this returns."""
    task = asyncio.current_task()
    assert task is not None
    _on_signals(task.cancel)
    clock, origin = BootClock(), _OwnKeepers(path)
    keeper = KeeperClient(origin, clock, patience=min(config.keeper.lease, SECOND))
    bench = Bench(keeper, clock, asyncio.sleep)
    walk = Walk(config, bench, words, terminal, simulate)
    tasks = [asyncio.create_task(keeper.run(bench)), asyncio.create_task(_tick(bench))]
    try:
        terminal.progress(words("starting"))
        await keeper.first
        bench.tick()  # nothing is permitted without a lease
        if not keeper.simulated and any(map(thermocouple, config.burners)):
            gauges = GaugesClient(str(path) if path else None, clock)
            tasks.append(asyncio.create_task(gauges.run(bench.gauged)))
        await walk.run()
    except KeeperAway as error:
        walk.interrupted(str(error))
    finally:
        _on_signals(lambda: None)  # a second Ctrl-C must not interrupt this
        with contextlib.suppress(KeeperAway, TimeoutError):
            await asyncio.wait_for(bench.open(), timeout=1)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        origin.end()
    return walk.outcomes


def _on_signals(act: Callable[[], object]) -> None:
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signum, act)


async def _tick(bench: Bench) -> None:
    """Keep the lease and the held permits alive."""
    while True:
        bench.tick()
        await asyncio.sleep(TICK / SECOND)


class _OwnKeepers(ChildOrigin):
    """Children that are waited for in the end."""

    def __init__(self, config: Path | None) -> None:
        super().__init__(config)
        self._reached: list[Reached] = []

    def reach(self) -> Reached:
        self._reached.append(super().reach())
        return self._reached[-1]

    def end(self) -> None:
        """Wait until each, hung up on, has opened its lines and gone; kill one that does not."""
        for reached in self._reached:
            reached.reap()
