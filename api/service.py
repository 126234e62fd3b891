"""The composition root: everything is made here, connected here, and stopped here in the right order."""

import asyncio
import contextlib
import fcntl
import gc
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from api import lean_uvicorn, log
from api.machine.machine import Machine
from api.machine.missing import look
from api.prompt_loop import PromptLoop
from api.rest.access import Access
from api.rest.app import build
from api.rest.connections import Connection, Handshake
from api.supervision import report_to_systemd
from api.tally import Tally
from api.tls import certificates
from api.tls.renewal import Renewal
from controller import places
from controller.beat import until_beat
from controller.config import Config, RestConfig
from controller.journal import Journal
from controller.stove import Stove
from controller.stream import Ended
from controller.tokens import PREFIX, TokenStore, write_private
from controller.wall import Calendar, SystemWallClock
from hardware.client import KeeperAway, KeeperClient
from hardware.clock import SECOND, BootClock, ClockFault
from hardware.gauges_client import GaugesClient
from hardware.origin import Origin

ACCEPTED_AT_ONCE = 128  # asyncio takes so many before anybody can be sent away again, each with a file descriptor
SWITCH_EVERY = 0.0005  # s; the journal's thread may keep the loop from a command for so long, by default for 5 ms
LONGEST_GOODBYE = 3.0  # s, for open requests and the broker, after the relays are open
_log = logging.getLogger("flameout")


class Unusable(Exception):
    """The daemon cannot start; the text says why and what to do."""


def serve_until_stopped(
    config: Config, path: Path | None, origin: Origin, settings: str, ready: Callable[[], None] = lambda: None
) -> int:
    """Run the daemon until SIGTERM or SIGINT; returns the exit code. Raises :class:`Unusable`.

    ``path`` is the configuration's file, ``settings`` the fingerprint that the keeper's have to have; ``ready`` is
    called once everything answers.
    """
    log.install()
    sys.setswitchinterval(SWITCH_EVERY)
    context = _context(config.rest)
    listener = _bind(config.rest)
    with _only_instance(Path(config.journal.path)), asyncio.Runner(loop_factory=PromptLoop) as runner:
        return runner.run(_serve(config, path, origin, settings, listener, context, ready))


async def _serve(
    config: Config,
    path: Path | None,
    origin: Origin,
    settings: str,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    ready: Callable[[], None],
) -> int:
    clock = BootClock()
    calendar = Calendar(clock, SystemWallClock())
    journal = Journal(Path(config.journal.path))
    keeper = KeeperClient(origin, clock, patience=min(config.keeper.lease, SECOND), settings=settings)
    stove = Stove(config, clock, calendar, journal, keeper, version("flameout"))
    tally = Tally()
    access = Access(_tokens(config), _console_secret(config), config.rest.require_token)
    server = _Server(_uvicorn_config(build(stove, access, tally, config.rest), context))

    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    readers = [asyncio.create_task(tally.run(stove)), asyncio.create_task(log.follow(stove))]
    if config.mqtt is not None:
        from api.mqtt.adapter import MqttAdapter  # noqa: PLC0415 - not everybody has a broker

        readers.append(asyncio.create_task(MqttAdapter(stove, config, clock).run(), name="mqtt"))
    if config.notify is not None:
        from api.notify.notifier import Notifier  # noqa: PLC0415

        readers.append(asyncio.create_task(Notifier(stove, config, clock).run(), name="notify"))
    gauging = asyncio.create_task(_gauge(stove, keeper, clock, path, settings), name="gauges")
    supervising = asyncio.create_task(report_to_systemd(stove, clock, lambda: server.started), name="supervisor")
    renewing = asyncio.create_task(_renew(config.rest, context), name="certificate")
    await asyncio.sleep(0)  # every reader listens before the first event
    stove.start()
    keeping = asyncio.create_task(keeper.run(stove), name="keeper client")  # a keeper may be lost at once
    deciding = asyncio.create_task(stove.run(), name="decision loop")
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="rest")
    try:
        await _first_keeper(keeper, origin)
        gc.collect()
        gc.freeze()
        ready()
        readers.append(asyncio.create_task(look(Machine(), config, stove.machine_lacks), name="machine"))
        return await _until(stop, [keeping, deciding, serving])
    finally:
        deciding.cancel()
        await stove.stop()  # the relays first, goodbyes afterwards
        server.leave()
        stove.stream.publish(Ended())
        await asyncio.wait([serving, *readers], timeout=LONGEST_GOODBYE)
        rest = [keeping, serving, gauging, renewing, supervising, *readers]
        for task in rest:
            task.cancel()
        await asyncio.gather(deciding, *rest, return_exceptions=True)
        with contextlib.suppress(OSError):
            places.console_token(Path(config.journal.path)).unlink()
        journal.close()


async def _gauge(stove: Stove, keeper: KeeperClient, clock: BootClock, path: Path | None, settings: str) -> None:
    """Have thermocouples read by a process of their own; the keeper measures the simulated ones by itself."""
    if not any(burner.flame and burner.flame.kind == "thermocouple" for burner in stove.config.burners):
        return
    with contextlib.suppress(KeeperAway):
        await keeper.first
    if not keeper.simulated:
        client = GaugesClient(str(path) if path is not None else None, clock, settings=settings)
        stove.measure_with(client)
        await client.run(stove.gauged)


async def _renew(rest: RestConfig, context: ssl.SSLContext | None) -> None:
    """Take a renewed certificate, where there is one at all."""
    if rest.tls is not None and context is not None:
        await Renewal(rest.tls, context).run()


async def _first_keeper(keeper: KeeperClient, origin: Origin) -> None:
    """A child that cannot have its lines never will; one behind a socket may be late."""
    try:
        await keeper.first
    except KeeperAway as error:
        if origin.owned:
            raise Unusable(str(error)) from None


async def _until(stop: asyncio.Event, vital: "list[asyncio.Task[None]]") -> int:
    """Wait for the signal; a vital task that ends by itself ends the program, and with it opens the relays."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([stopping, *vital], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    for task in vital:
        if task.done():
            error = task.exception()
            _log.critical("%s ended: %s. Every relay opens.", task.get_name(), error, exc_info=_unexpected(error))
            return 1
    return 0


def _unexpected(error: BaseException | None) -> BaseException | None:
    return None if isinstance(error, ClockFault) else error


# --- the parts ----------------------------------------------------------------------------------------


class _Server(lean_uvicorn.Server):
    """uvicorn inside our loop; signals are ours."""

    def __init__(self, config: lean_uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Answer what is under way, and stop."""
        self.should_exit = True
        self._leaving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """Renew the date header every second; uvicorn's own loop wakes ten times as often to look for its end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(until_beat(1)):
                    await self._leaving.wait()


def _uvicorn_config(app: ASGIApp, context: ssl.SSLContext | None) -> lean_uvicorn.Config:
    def secure(**given: Any) -> Handshake:
        assert context is not None
        return Handshake(context, Connection(**given))

    return lean_uvicorn.Config(
        app,
        http=Connection if context is None else secure,  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        backlog=ACCEPTED_AT_ONCE,
    )


def _context(rest: RestConfig) -> ssl.SSLContext | None:
    """For HTTPS, where that is wanted. Raises :class:`Unusable`."""
    if rest.tls is None:
        return None
    try:
        return certificates.context(rest.tls.cert, rest.tls.key)
    except (OSError, ValueError) as error:
        raise Unusable(
            f"rest.tls: {rest.tls.cert} and {rest.tls.key} cannot be used ({error}); do they belong together, "
            "and is the key without a password?"
        ) from None


def _bind(rest: RestConfig) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(rest.host, rest.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise Unusable(
            f"rest: {rest.host}:{rest.port} cannot be used ({error.strerror}); "
            "stop what uses it, or set rest.port to another number"
        ) from None
    return listener


@contextlib.contextmanager
def _only_instance(journal: Path) -> Iterator[None]:
    """Hold the lock beside the journal. Raises :class:`Unusable` naming the process that has it."""
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        file = places.lock(journal).open("a+")
    except OSError as error:  # a failing disk is no reason to leave a stove without its timer
        _log.warning("No lock against a second flameout: %s", error)
        yield
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise Unusable(f"another flameout (process {owner}) uses {journal}; stop that one first") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _tokens(config: Config) -> TokenStore:
    return TokenStore(places.tokens(Path(config.journal.path)))


def _console_secret(config: Config) -> str:
    """An admin's token for whoever may read the daemon's own files; new at each start."""
    secret = PREFIX + secrets.token_urlsafe(32)
    try:
        write_private(places.console_token(Path(config.journal.path)), secret)
    except OSError as error:
        _log.warning("The command line on this machine gets no token: %s", error)
    return secret
