"""The keeper's own loop in this process and in virtual time, at the other end of a real socket pair.

Its ``select`` is played: where nothing is to be read, the clock moves on by just what the keeper would have slept,
and stops on the way for what a test does at an instant. So a test sees when the keeper wakes, to the millisecond.
"""

import contextlib
import select
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast
from unittest import mock

from hardware.clock import BootClock, ClockFault, Millis
from hardware.keeper import Keeper
from hardware.protocol import LONGEST, VERSION, Message, decode
from hardware.settings import KeeperSettings, keeper_settings
from hardware.simulated import SimulatedFactory, SimulatedPin
from tests.fakes import ManualClock
from tests.hardware.keepers import Controller

LEFT, RIGHT, CONTACT, LAMP = 17, 27, 22, 12
DOCUMENT: dict[str, Any] = {
    "keeper": {"pin_factory": "simulated", "lease": "10s", "longest_permit": "1h", "longest_energised": "2h"},
    "limits": {"hold_open": "5s"},
    "burners": [
        {"id": "left", "name": "Left", "relay": {"pin": LEFT}, "contact": {"pin": CONTACT}},
        {"id": "right", "name": "Right", "relay": {"pin": RIGHT}},
    ],
    "outputs": [{"id": "lamp", "kind": "led", "pin": LAMP}],
}
ESTOP = {"interlocks": [{"id": "estop", "input": {"pin": 5}}]}
RESTLESS = 1_000  # turns at one instant, after which the keeper is said to spin


class KeeperClock(ManualClock):
    """A manual clock as the keeper wants it."""

    def seconds_until(self, instant: Millis) -> float:
        return (instant - self.now()) / 1000


class BoardFactory(SimulatedFactory):
    """The simulated hob on a board that can be broken: a ``stuck`` pin reads so, whatever is written."""

    def __init__(self, settings: KeeperSettings, clock: ManualClock) -> None:
        super().__init__(settings, clock)
        self.stuck: dict[int, bool] = {}
        self.levels: list[tuple[Millis, int, bool]] = []  # ms since the start, pin, level
        self._start, self._time = clock.now(), clock
        self.pin_class: Any = _BoardPin

    def level_changed(self, pin: int, high: bool) -> None:
        self.levels.append((self._time.now() - self._start, pin, high))


class _BoardPin(SimulatedPin):
    def _get_state(self) -> bool:
        stuck: dict[int, bool] = self.factory.stuck
        return stuck.get(self._number, super()._get_state())


class VirtualKeeper:
    """A keeper, its controller, and time that passes only while the keeper sleeps.

    ``board`` has its way with the pins before the keeper claims them. Use as a context manager.
    """

    def __init__(self, board: Callable[[BoardFactory], object] | None = None, /, **tables: Any) -> None:
        self.clock = KeeperClock()
        self.start = self.clock.now()
        settings = keeper_settings(DOCUMENT | tables)
        self.factory = BoardFactory(settings, self.clock)
        self.slept: list[float] = []  # s, each time
        self._deeds: list[tuple[Millis, Callable[[], object]]] = []
        self._turns_here = 0
        if board is not None:
            board(self.factory)
        with self.pins():
            self.keeper = Keeper(settings, cast(BootClock, self.clock))
        self.controller, theirs = self.pair()
        self.keeper.attach(theirs)

    def __enter__(self) -> "VirtualKeeper":
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.connection.close()
        with contextlib.suppress(ClockFault):
            self.turn()  # it hears the hang-up
        self.factory.reset()

    def pins(self) -> Any:
        """For as long as a keeper claims its pins."""
        return mock.patch("hardware.keeper.open_factory", return_value=self.factory)

    def pair(self) -> tuple[Controller, socket.socket]:
        """A controller, and the keeper's end of its socket."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        controller = Controller(ours, self.clock)
        ours.setblocking(False)  # nobody says anything while a test waits
        return controller, theirs

    def swap(self) -> socket.socket:
        """Have the controller leave and another one come; returns its other end, for another keeper."""
        self.controller.connection.close()
        self.turn()
        self.controller, theirs = self.pair()
        return theirs

    def at(self, instant: Millis, deed: Callable[[], object]) -> None:
        """Have something done ``instant`` ms after the start."""
        self._deeds.append((self.start + instant, deed))
        self._deeds.sort(key=lambda entry: entry[0])

    def serve(self, until: Millis, listener: socket.socket | None = None) -> None:
        """Run the keeper's loop, and have the controller hang up ``until`` ms after the start."""
        self.at(until, self.controller.connection.close)
        with mock.patch("hardware.keeper.select.select", self.select):
            self.keeper.serve(listener)

    def turn(self) -> None:
        """One turn of the loop, without any time passing."""
        self.keeper.turn(None, 0)

    def pass_time(self, duration: Millis) -> None:
        """Turn the loop at each of the next milliseconds."""
        for _ in range(duration):
            self.clock.advance(1)
            self.turn()

    def greet(self) -> Message:
        """Have the controller greet, and forget what it was told."""
        self.controller.say("hello", version=VERSION)
        self.turn()
        hello = self.heard("hello")[0]
        self.controller.generations = hello["lines"]
        return hello

    def energise(self, line: str, lasts: Millis = 60_000, part: str = "both") -> None:
        """Renew and permit."""
        self.controller.say("renew")
        self.controller.permit(line, lasts, part)
        self.turn()
        self.turn()

    def high(self, pin: int) -> bool:
        return bool(self.factory.pin(pin).state)

    def heard(self, *kinds: str) -> list[Message]:
        """What the controller was told since it was asked last, of these kinds or of all but readings."""
        return [
            message
            for message in self._packets()
            if message["type"] in kinds or (not kinds and message["type"] != "sensed")
        ]

    def _packets(self) -> Iterator[Message]:
        with contextlib.suppress(BlockingIOError):
            while True:
                try:
                    packet = self.controller.connection.recv(LONGEST)
                except ConnectionResetError:  # it left something unread; what it said is still to be had
                    continue
                if not packet:
                    return
                yield decode(packet)

    def select(self, sources: Any, _w: Any, _x: Any, wait: float) -> tuple[list[Any], list[Any], list[Any]]:
        """What the keeper takes for select.select."""
        readable = _readable(sources)
        if readable:
            return readable, [], []
        self.slept.append(wait)
        self._turns_here = self._turns_here + 1 if wait < 0.001 else 0
        assert self._turns_here < RESTLESS, "the keeper spins"
        until = self.clock.now() + max(0, -(-round(wait * 1e6) // 1000))
        while self._deeds and self._deeds[0][0] <= until:
            instant, deed = self._deeds.pop(0)
            self.clock.advance(max(0, instant - self.clock.now()))
            deed()
            if readable := _readable(sources):
                return readable, [], []
        self.clock.advance(until - self.clock.now())
        return [], [], []


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    """A listener whose name the kernel makes up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as made:
        made.bind("")
        made.listen(4)
        yield made


_select = select.select


def _readable(sources: Any) -> list[Any]:
    return _select(sources, (), (), 0)[0]
