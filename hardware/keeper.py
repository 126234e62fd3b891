"""The keeper: a process of its own that owns the relay lines.

    flameout keeper --config flameout.toml        (on a Pi, by systemd)
    python -m hardware.keeper --config F --fd N   (as a child of the controller)

It keeps two promises that nothing else of the program can delay. A line is energised only under a permit,
and opens when the permit ends. Permits live on a lease that the controller renews; a lapsed lease, a hang-up,
a packet that does not fit, SIGTERM or any exception opens every line. See :mod:`hardware.permits` for the
rules and :mod:`hardware.protocol` for the words. One thread, no disk, no fork.
"""

import contextlib
import gc
import itertools
import math
import os
import select
import signal
import socket
import sys
from types import FrameType
from typing import Any, NoReturn

from hardware.clock import BootClock, ClockFault, Millis
from hardware.drive import Drive
from hardware.lines import NoPins, open_factory, release_all
from hardware.outputs import Outputs
from hardware.permits import Denied, Fault, Line, Opening, Permits
from hardware.protocol import LONGEST, VERSION, Malformed, Message, Part, decode_request, encode
from hardware.rendezvous import Taken, listen, peer_pid
from hardware.senses import Senses
from hardware.settings import BadSettings, KeeperSettings, find_file, keeper_settings, read_document
from hardware.supervisor import Supervisor

SPEAK_EVERY: Millis = 500  # readings are repeated at least this often, so that silence means trouble
READ_BACK_WITHIN: Millis = 500  # every line; a few at each poll, for the Pi has better things to do
PRIORITY = 10  # of 99, where real-time scheduling is allowed
HUNG_UP = "it hung up"


class Keeper:
    """The lines, their permits and the one client."""

    def __init__(self, settings: KeeperSettings, clock: BootClock) -> None:
        """Claim every line, low before anything else. Raises :class:`NoPins`."""
        self._factory: Any = open_factory(settings)
        self._drives = {wiring.id: Drive(wiring, self._factory) for wiring in settings.burners}
        self._pulsed = [drive for drive in self._drives.values() if drive.pulsed]
        self._parts: dict[str, Part] = {}  # of each line, as last permitted
        self._clock = clock
        self._settings = settings.fingerprint
        self._permits = Permits(settings.caps, {name: Line() for name in self._drives})
        self._outputs = Outputs(settings.outputs, self._factory)
        self._senses = Senses(settings, self._factory)
        self._read_back = itertools.cycle(self._drives)
        self._read_at_once = math.ceil(len(self._drives) / (READ_BACK_WITHIN // self._senses.every))
        self._simulated = hasattr(self._factory, "simulate")
        self._permits.tripped = self._senses.tripped()
        self._client: socket.socket | None = None
        self._heard = 0  # seq of the client's last message
        self._sensed_at = self._spoke_at = self._woke_at = clock.now()
        self._still = 0
        self._supervisor = Supervisor()

    def attach(self, client: socket.socket) -> None:
        """Obey this client, who is there from the start."""
        self._client = client

    def serve(self, listener: socket.socket | None) -> None:
        """Keep the lines until a signal comes, or until the client hangs up where there is no listener."""
        if listener is not None:
            self._supervisor.ready()
        try:
            while listener is not None or self._client is not None:
                self.turn(listener, self._wait())
        except (ClockFault, Fault, OSError) as error:
            self._drop(f"the keeper stops: {error}")
            raise
        finally:
            release_all([relay for drive in self._drives.values() for relay in drive.relays])
            self._supervisor.close()

    def turn(self, listener: socket.socket | None, wait: float) -> None:
        """Wait up to ``wait`` s for something to be said; then do what is due, openings first."""
        sources = [source for source in (self._client, listener) if source is not None]
        readable = select.select(sources, (), (), wait)[0]
        now = self._clock.now()
        if openings := self._permits.expire(now):
            self._apply(now, openings)
        for drive in self._pulsed:
            drive.toggle(now)
        if self._client in readable:
            self._hear(now)
        elif listener in readable and listener is not None:
            self._welcome(listener)
        if now >= self._sensed_at + (self._senses.soonest if readable else self._senses.every):
            self._sense(now)
        self._outputs.advance(now)
        self._supervisor.beat(now)
        self._watch_clock(now, slept=not readable and wait > 0.01)

    def _wait(self) -> float:
        """Seconds until something is due by itself: a reading, the end of a permit, an edge, a beep."""
        wait = max(0, self._sensed_at + self._senses.every - self._clock.now()) / 1000
        edges = [drive.next_edge for drive in self._pulsed]
        for due in (self._permits.next_expiry(), self._outputs.next_due(), *edges):
            if due is not None:
                wait = min(wait, max(0.0, self._clock.seconds_until(due)))
        return wait

    def _apply(self, now: Millis, openings: list[Opening]) -> None:
        """Drive every line to what the permits say, openings first, then tell the client."""
        for opening in openings:
            self._drives[opening.line].release()
        for name, drive in self._drives.items():
            wanted = self._parts[name] if self._permits.energised(name) else None
            if wanted is None and drive.driven is not None:
                drive.release()
            elif wanted is not None and drive.driven is not wanted:
                drive.energise(now, wanted)
        for opening in openings:
            self._tell({"type": "opened", "at": now, **vars(opening)})

    # --- the client -----------------------------------------------------------------------------------

    def _welcome(self, listener: socket.socket) -> None:
        newcomer, _ = listener.accept()
        if self._client is not None and self._permits.leased_from is not None:
            why = f"the keeper already obeys process {peer_pid(self._client)}; stop that one first"
            with contextlib.suppress(OSError):  # one who only looked, as a second keeper does, has left already
                newcomer.send(encode({"type": "failed", "why": why}), socket.MSG_DONTWAIT)
            newcomer.close()
            return
        if self._client is not None:
            self._drop("another controller took over after the lease lapsed")
        self._client, self._heard = newcomer, 0

    def _hear(self, now: Millis) -> None:
        assert self._client is not None
        try:
            packet = self._client.recv(LONGEST, socket.MSG_DONTWAIT)
            if packet:
                self._obey(now, decode_request(packet))
            else:
                self._drop(HUNG_UP)
        except ConnectionError:  # it died with words of ours unread
            self._drop(HUNG_UP)
        except (Malformed, Fault) as error:
            self._drop(str(error))

    def _obey(self, now: Millis, message: Message) -> None:
        kind, seq = message["type"], message["seq"]
        if seq != self._heard + 1 or (kind == "hello") != (seq == 1):
            raise Fault(f"message {seq} ({kind}) came after message {self._heard}")
        self._heard = seq
        line = message.get("line")
        try:
            if kind == "open":
                for name in self._drives if line is None else [line]:
                    self._permits.open(now, name)
                    self._drives[name].release()
            elif kind == "permit":
                self._permit(now, message)
            elif kind == "renew":
                self._permits.renew(now, message["sent_at"])
            elif kind == "hello":
                self._greet(message["version"])
            elif kind == "indicate":
                self._indicate(now, message["output"], message["pattern"])
            else:  # simulate, the only other one that decode_request lets in
                self._simulate(message["burner"], message["action"])
        except Denied as denied:
            self._apply(now, [])
            generation = self._permits.lines[line].generation if line else 0
            self._tell({"type": "refused", "seq": seq, "line": line, "generation": generation, "why": str(denied)})
            return
        self._apply(now, [])
        pauses_at = {"pauses_at": self._permits.pauses_at(message["line"])} if kind == "permit" else {}
        self._tell({"type": "done", "seq": seq, "line": line, **pauses_at})

    def _permit(self, now: Millis, message: Message) -> None:
        part = self._part(message["line"], message["part"])
        self._permits.permit(now, message["line"], message["not_after"], message["generation"])
        self._parts[message["line"]] = part

    def _part(self, line: str, named: str) -> Part:
        drive = self._drives.get(line)
        if named not in set(Part) or (named != Part.BOTH and drive is not None and len(drive.relays) == 1):
            raise Fault(f"permit.part of {line} is {named[:32]!r}")
        return Part(named)

    def _indicate(self, now: Millis, output: str, pattern: str) -> None:
        try:
            self._outputs.play(now, output, pattern)
        except ValueError as error:
            raise Denied(str(error)) from None

    def _greet(self, version: int) -> None:
        if version != VERSION:
            raise Fault(f"the controller speaks version {version}, the keeper {VERSION}; install the same flameout")
        generations = {name: line.generation for name, line in self._permits.lines.items()}
        self._tell(
            {
                "type": "hello",
                "version": VERSION,
                "pid": os.getpid(),
                "simulated": self._simulated,
                "lines": generations,
                "settings": self._settings,
            }
        )
        self._spoke_at = 0  # readings follow at the next poll

    def _simulate(self, burner: str, action: str) -> None:
        if not self._simulated:
            raise Denied("the pins are real")
        try:
            self._factory.simulate(burner, action)
        except ValueError as error:
            raise Denied(str(error)) from None

    def _tell(self, message: Message) -> None:
        if self._client is None:
            return
        try:
            self._client.send(encode(message), socket.MSG_DONTWAIT)
        except OSError as error:  # one who does not read cannot be trusted to control
            self._drop(f"does not listen: {error}")

    def _drop(self, why: str) -> None:
        """Open every line, then hang up and say why on stderr."""
        client, self._client = self._client, None
        now = self._clock.now()
        self._permits.leased_from = None
        openings = self._permits.revoke_all(now, "hang-up")
        self._apply(now, openings)
        self._outputs.silence(now)
        if client is not None:
            if why != HUNG_UP or any(opening.cut for opening in openings):
                print(f"keeper: controller dropped, every line open: {why}", file=sys.stderr)
            with contextlib.suppress(OSError):  # it may be gone, and be dropped for that
                client.send(encode({"type": "failed", "why": why}), socket.MSG_DONTWAIT)
            client.close()

    # --- what is measured -----------------------------------------------------------------------------

    def _sense(self, now: Millis) -> None:
        self._sensed_at = now
        changed = self._senses.poll()
        for name in self._senses.tripped() ^ self._permits.tripped:
            if name in self._permits.tripped:
                self._permits.clear(name)
            else:
                self._apply(now, self._permits.trip(now, name))
        for name in itertools.islice(self._read_back, self._read_at_once):
            if not self._drives[name].as_written():
                self._drives[name].release()
                self._apply(now, self._permits.revoke_all(now, "readback"))
        if changed or (now >= self._spoke_at + SPEAK_EVERY and not self._senses.blind):
            self._spoke_at = now
            self._tell(self._senses.report())

    def _watch_clock(self, now: Millis, slept: bool) -> None:
        self._still = self._still + 1 if slept and now == self._woke_at else 0
        self._woke_at = now
        if self._still >= 3:
            raise ClockFault("the boot clock stands still")


def _stop(signum: int, _frame: FrameType | None) -> NoReturn:
    for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)  # nothing may interrupt the opening that follows
    raise SystemExit(0 if signum == signal.SIGTERM else 128 + signum)


def main(config: str | None, fd: int | None = None) -> int:
    """Run a keeper until it is told to stop; returns the exit code."""
    client = socket.socket(fileno=fd) if fd is not None else None
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, _stop)
    listener = None
    try:
        settings = keeper_settings(read_document(find_file(config)))
        if client is None and settings.socket is None:
            raise BadSettings(
                'keeper.socket: is not set; a keeper of its own needs one, as "/run/flameout/keeper.sock"'
            )
        keeper = Keeper(settings, BootClock())
        if client is None and settings.socket is not None:
            listener = listen(settings.socket)
    except (BadSettings, NoPins, Taken) as error:
        if client is not None:  # the controller says it, unless it is gone for a reason of its own
            with contextlib.suppress(OSError):
                client.send(encode({"type": "failed", "why": str(error)}), socket.MSG_DONTWAIT)
        else:
            print(f"flameout keeper: {error}", file=sys.stderr)
        return 1
    with contextlib.suppress(PermissionError):  # below the kernel's interrupt threads (50); needs LimitRTPRIO or root
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    gc.collect()
    gc.freeze()
    if client is not None:
        keeper.attach(client)
    keeper.serve(listener)
    return 0


if __name__ == "__main__":  # argparse is 0.3 MiB, for two words that only our own controller says
    said = dict(zip(sys.argv[1::2], [*sys.argv[2::2], ""], strict=False))
    if not said.keys() <= {"--config", "--fd"} or not all(said.values()):
        sys.exit("usage: python -m hardware.keeper [--config FILE] [--fd NUMBER]")
    sys.exit(main(said.get("--config"), int(said["--fd"]) if "--fd" in said else None))
