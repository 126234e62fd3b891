"""The keeper's books, kept beside it: what is known of its lines from what was sent and answered only.

- a line is high only under a granted permit that has not ended, within a lease of a renewal, and under no input;
- a permit is granted only where it names the generation that the keeper told last; each opening by itself raises that;
- a packet that fits is answered once; after one that does not, the client is gone and every line low.
"""

import contextlib
import json
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from unittest import mock

from hardware import protocol
from hardware.clock import BootClock
from hardware.keeper import Keeper
from hardware.settings import keeper_settings
from hardware.simulated import SimulatedFactory
from tests.fakes import ManualClock
from tests.fuzz.target import demand
from tests.virtual import KeepersClock

LEASE, LONGEST_PERMIT, LONGEST_ENERGISED, PAUSE = 500, 2_000, 3_000, 900  # nine tenths of hold_open
DOCUMENT: dict[str, Any] = {
    "keeper": {"pin_factory": "simulated", "lease": "0.5s", "longest_permit": "2s", "longest_energised": "3s"},
    "limits": {"hold_open": "1s"},
    "burners": [
        {"id": "left", "name": "Left", "relay": {"pin": 17, "second_pin": 18}, "contact": {"pin": 22}},
        {"id": "right", "name": "Right", "relay": {"pin": 27}},
    ],
    "interlocks": [{"id": "tilt", "input": {"pin": 5}}],
    "outputs": [{"id": "lamp", "kind": "led", "pin": 12}],
}
PINS = {"left": (17, 18), "right": (27,)}
PARTS = {"both": slice(None), "first": slice(1), "second": slice(1, None)}
POLL, POLLS_TO_TRIP = 50, 3  # ms; two polls in a row have to agree
MOST_WAITING = 4  # packets that the keeper has not read

# exactly these fields, of exactly these types
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "hello": {"version": (int,)},
    "renew": {},
    "permit": {"line": (str,), "not_after": (int,), "generation": (int,), "part": (str,)},
    "open": {"line": (str, type(None))},
    "indicate": {"output": (str,), "pattern": (str,)},
    "simulate": {"burner": (str,), "action": (str,)},
}


@dataclass
class Book:
    """What is known of one line from outside."""

    told: int = -1  # the generation, as the keeper said last
    void: int = -1  # the last generation that a former client may have named
    not_after: int | None = None  # of the permit that was granted
    part: str = "both"
    since: int = 0  # energised, shorter gaps than a pause included
    low_since: int = -PAUSE


class Rig:
    """One keeper that lives through all inputs, the client that it obeys, and the books."""

    def __init__(self, listener: socket.socket) -> None:
        self.clock = ManualClock()
        settings = keeper_settings(DOCUMENT)
        self.factory = SimulatedFactory(settings, self.clock)
        with mock.patch("hardware.keeper.open_factory", return_value=self.factory):
            self.keeper = Keeper(settings, cast(BootClock, KeepersClock(self.clock)))
        self.listener = listener
        self.books = {name: Book() for name in PINS}
        self.leased_from: int | None = None
        self.last_sent = 0  # by a renewal that fits
        self.tripped_for, self.polled_at = 0, 0  # polls in a row with the switch tilted
        self.client: socket.socket | None = None
        self.heard = self.seq = 0  # of the client's messages: read by the keeper, and sent
        self.waiting: deque[bytes] = deque()  # what was sent and not read yet

    # --- what is done to it ---------------------------------------------------------------------------

    def connect(self) -> None:
        """A client comes: sent away while another one has a lease, else taken, and the other one dropped."""
        while self.waiting:
            self.turn()
        newcomer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        newcomer.connect(self.listener.getsockname())
        newcomer.setblocking(False)
        self._end_what_ends()
        if self.client is not None and self._leased():
            self.turn()
            demand(b"failed" in b"".join(_until_the_end(newcomer)), "a second client was not told to go")
            newcomer.close()
            return
        self.keeper.turn(self.listener, 0)
        if self.client is not None:
            self._dropped("a client whose lease had lapsed was kept")
        self.client, self.heard, self.seq = newcomer, 0, 0
        self._compare()

    def hang_up(self) -> None:
        while self.waiting:
            self.turn()
        if self.client is not None:
            self.client.close()
            self.client = None
            self._nothing_holds(another=True)
        self.keeper.turn(self.listener, 0)
        self._compare()

    def send(self, packet: bytes) -> None:
        if self.client is None:
            self.connect()
        if self.client is not None and packet and len(self.waiting) < MOST_WAITING:
            self.client.send(packet)
            self.waiting.append(packet)

    def close(self) -> None:
        """Whatever was found, leave no socket open."""
        if self.client is not None:
            self.client.close()
        with contextlib.suppress(Exception):  # of a flawed keeper
            self.keeper.turn(self.listener, 0)
        self.factory.reset()

    def rest(self) -> None:
        """After an input: nobody is there, nothing is tilted, and the last burn is long past."""
        self.hang_up()
        self.factory.simulate("tilt", "clear")
        for name in PINS:
            self.factory.simulate(name, "off")
            self.factory.simulate(name, "fault none")
        for _ in range(3):
            self.clock.advance(LONGEST_ENERGISED)
            self.turn()

    # --- a turn of the keeper, against the books ------------------------------------------------------

    def turn(self) -> None:
        """The keeper wakes, and reads one packet."""
        self._end_what_ends()
        self.keeper.turn(self.listener, 0)
        if self.waiting and self.client is not None:
            packet = self.waiting.popleft()
            message = self._fitting(packet)
            if message is None:
                self._dropped(f"a client was kept who sent {packet[:300]!r}")
            else:
                self._obeyed(message)
        else:
            self._hear(None)
        self._compare()

    def _end_what_ends(self) -> None:
        now = self.clock.now()
        if not self._leased():
            self._nothing_holds()
        for book in self.books.values():
            if book.not_after is not None and now >= min(book.not_after, book.since + LONGEST_ENERGISED):
                self._low(book)

    def _leased(self) -> bool:
        return self.leased_from is not None and self.clock.now() < self.leased_from + LEASE

    def _nothing_holds(self, another: bool = False) -> None:
        self.leased_from = None
        for book in self.books.values():
            self._low(book)
            book.void = book.told if another else book.void

    def _low(self, book: Book) -> None:
        if book.not_after is not None:
            book.not_after, book.low_since = None, self.clock.now()

    def _fitting(self, packet: bytes) -> dict[str, Any] | None:
        """The message, or None where it has to cost the client its connection."""
        try:
            message = json.loads(packet)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict) or message.get("type") not in list(FIELDS):
            return None
        wanted = {"type": (str,), "seq": (int,), "sent_at": (int,), **FIELDS[message["type"]]}
        if set(message) != set(wanted) or any(type(message[name]) not in types for name, types in wanted.items()):
            return None
        if message["seq"] != self.heard + 1 or (message["type"] == "hello") != (message["seq"] == 1):
            return None
        return message if self._possible(message) else None

    def _possible(self, message: dict[str, Any]) -> bool:
        match message["type"]:
            case "hello":
                return bool(message["version"] == protocol.VERSION)
            case "renew":
                return bool(self.last_sent <= message["sent_at"] <= self.clock.now())
            case "permit":
                parts = list(PARTS) if message["line"] == "left" else ["both"]
                return message["line"] in PINS and message["part"] in parts
            case "open":
                return message["line"] is None or message["line"] in PINS
        return True

    def _dropped(self, otherwise: str) -> None:
        assert self.client is not None
        demand(_until_the_end(self.client, otherwise) is not None, otherwise)
        self.client.close()
        self.client = None
        self.waiting.clear()
        self._nothing_holds(another=True)

    def _obeyed(self, message: dict[str, Any]) -> None:
        self.heard = message["seq"]
        if message["type"] == "renew":
            self.last_sent = message["sent_at"]
            if self.clock.now() < self.last_sent + LEASE:
                self.leased_from = self.last_sent
        answers = self._hear(message)
        demand(answers == 1, f"{answers} answers to {message}")

    # --- what the keeper says -------------------------------------------------------------------------

    def _hear(self, asked: dict[str, Any] | None) -> int:
        """Take in everything that the keeper says; returns how often it answered."""
        answers, granted = 0, []
        for word in self._words():
            if word["type"] == "opened":
                self._opened(word)
            elif word["type"] == "hello":
                self._greeted(word)
            elif word["type"] in ("done", "refused"):
                demand(asked is not None and word["seq"] == asked["seq"], f"{word} answers nothing")
                assert asked is not None
                answers += 1
                granted += self._answered(asked, word)
            else:
                demand(word["type"] == "sensed", f"the keeper says {word} to a client who did nothing wrong")
        for name in granted:
            book = self.books[name]
            pins = PINS[name][PARTS[book.part]] if book.not_after is not None else ()
            demand(set(pins) <= self._high(), f"a permit for {name} was granted, and {pins} are not high")
        return answers

    def _opened(self, word: dict[str, Any]) -> None:
        book = self.books[word["line"]]
        demand(word["generation"] > book.told, f"the generation was {book.told} already: {word}")
        book.told = word["generation"]
        self._low(book)

    def _greeted(self, word: dict[str, Any]) -> None:
        """Whatever an earlier client had under way is void."""
        for name, generation in word["lines"].items():
            book = self.books[name]
            demand(generation > book.void, f"{name} is in generation {generation} for a new client too")
            demand(generation >= book.told, f"the generation of {name} fell to {generation}")
            book.told = generation

    def _answered(self, asked: dict[str, Any], word: dict[str, Any]) -> list[str]:
        """Returns the line that was granted, if one was."""
        if asked["type"] == "permit" and word["type"] == "done":
            book = self.books[asked["line"]]
            self._granted(asked, book)
            demand(word["pauses_at"] == book.since + LONGEST_ENERGISED, f"it pauses at another time than {word}")
            return [asked["line"]]
        if asked["type"] in ("permit", "open"):
            for name in [asked["line"]] if asked["line"] is not None else PINS:
                self._low(self.books[name])
        return []

    def _granted(self, asked: dict[str, Any], book: Book) -> None:
        now = self.clock.now()
        demand(asked["generation"] == book.told, f"granted in generation {book.told}: {asked}")
        demand(self._leased(), f"granted without a lease: {asked}")
        demand(now < asked["not_after"] <= now + LONGEST_PERMIT, f"granted at {now} ms: {asked}")
        if book.not_after is None and now - book.low_since >= PAUSE:
            book.since = now
        demand(now < book.since + LONGEST_ENERGISED, f"granted in the pause after the longest time: {asked}")
        book.not_after, book.part = asked["not_after"], asked["part"]

    def _words(self) -> Iterator[dict[str, Any]]:
        while self.client is not None:
            try:
                packet = self.client.recv(65_536)
            except BlockingIOError:
                return
            demand(packet, "the keeper hung up on a client who did nothing wrong")
            word = json.loads(packet)
            assert isinstance(word, dict)
            yield word

    # --- what has to hold -----------------------------------------------------------------------------

    def _high(self) -> set[int]:
        return {pin for pins in PINS.values() for pin in pins if self.factory.pin(pin).state}

    def _compare(self) -> None:
        now = self.clock.now()
        if now >= self.polled_at + POLL:
            self.polled_at = now
            self.tripped_for = 0 if self.factory.pin(5).state else self.tripped_for + 1
        allowed = {
            pin
            for name, book in self.books.items()
            if book.not_after is not None and self._leased()
            for pin in PINS[name][PARTS[book.part]]
        }
        high = self._high()
        demand(high <= allowed, f"GPIO {sorted(high - allowed)} is high at {now} ms, and nothing allows it")
        demand(not high or self.tripped_for < POLLS_TO_TRIP, f"GPIO {sorted(high)} is high and the switch is tilted")


def _until_the_end(ours: socket.socket, otherwise: str = "the keeper did not hang up") -> list[bytes]:
    """Everything that the keeper said before it hung up."""
    words: list[bytes] = []
    while True:
        try:
            packet = ours.recv(65_536)
        except ConnectionResetError:  # it left something unread
            continue
        except BlockingIOError:
            demand(False, otherwise)
        if not packet:
            return words
        words.append(packet)
