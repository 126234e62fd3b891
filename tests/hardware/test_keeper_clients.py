"""Whom the keeper obeys, and how it parts from one who breaks the rules; in its own loop and in virtual time."""

import os
import socket
from collections.abc import Iterator
from typing import cast
from unittest import mock

import pytest
from gpiozero.pins.mock import MockFactory

from hardware.clock import BootClock
from hardware.keeper import HUNG_UP, Keeper
from hardware.protocol import LONGEST, VERSION, decode
from hardware.settings import keeper_settings
from tests.hardware.keepers import Controller
from tests.hardware.virtual_keeper import DOCUMENT, LAMP, LEFT, RIGHT, VirtualKeeper, listening


@pytest.fixture
def kept() -> Iterator[VirtualKeeper]:
    with VirtualKeeper() as made:
        made.greet()
        yield made


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listening() as made:
        yield made


def newcomer(kept: VirtualKeeper, listener: socket.socket) -> Controller:
    """One more controller, whom the keeper has seen."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(listener.getsockname())
    made = Controller(connection, kept.clock)
    connection.setblocking(False)
    kept.keeper.turn(listener, 0)
    return made


def assert_open(kept: VirtualKeeper) -> None:
    assert (kept.high(LEFT), kept.high(RIGHT)) == (False, False)


# --- parting ------------------------------------------------------------------------------------------------


def test_a_hang_up_opens_every_line_and_is_said_aloud(kept: VirtualKeeper, capsys: pytest.CaptureFixture[str]) -> None:
    kept.energise("left")
    kept.controller.connection.close()
    kept.turn()
    assert_open(kept)
    assert capsys.readouterr().err == f"keeper: controller dropped, every line open: {HUNG_UP}\n"


def test_who_comes_right_after_a_hang_up_does_not_start_the_longest_time_anew(listener: socket.socket) -> None:
    with VirtualKeeper(keeper=DOCUMENT["keeper"] | {"longest_permit": "2s", "longest_energised": "3s"}) as kept:
        kept.greet()
        kept.energise("left", 2_000)
        kept.pass_time(200)
        kept.controller.connection.close()
        kept.turn()
        kept.controller = newcomer(kept, listener)
        kept.greet()
        kept.pass_time(1_200)
        kept.energise("left", 2_000)
        kept.heard()
        kept.pass_time(2_000)
        (opened,) = kept.heard("opened")
        assert (opened["cause"], opened["at"]) == ("energised", kept.start + 3_000)


def test_a_hang_up_that_cuts_nothing_is_not_worth_a_word(
    kept: VirtualKeeper, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.controller.connection.close()
    kept.turn()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"garbage", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'{"type":"hello","seq":2,"sent_at":1,"version":2}', "message 2 (hello) came after message 1"),
        (b'{"type":"renew","seq":3,"sent_at":1}', "message 3 (renew) came after message 1"),
        (b'{"type":"open","seq":2,"sent_at":1,"line":"rear"}', "there is no line 'rear'"),
    ],
)
def test_a_packet_that_does_not_fit_ends_it_with_the_reason(
    kept: VirtualKeeper, packet: bytes, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.controller.connection.send(packet)
    kept.turn()
    assert kept.heard("failed") == [{"type": "failed", "why": why}]
    assert kept.controller.connection.recv(LONGEST) == b"", "it hung up"
    assert capsys.readouterr().err == f"keeper: controller dropped, every line open: {why}\n"


def test_a_packet_that_does_not_fit_opens_every_line_and_nothing_more_is_told(kept: VirtualKeeper) -> None:
    kept.energise("right")
    kept.heard()
    kept.controller.connection.send(b"{}")
    kept.turn()
    assert_open(kept)
    assert [told["type"] for told in kept.heard()] == ["failed"]


@pytest.mark.parametrize(("line", "part"), [("left", "first"), ("left", "third"), ("left", "second")])
def test_half_of_a_single_relay_is_a_fault(kept: VirtualKeeper, line: str, part: str) -> None:
    kept.controller.say("renew")
    kept.controller.permit(line, part=part)
    kept.turn()
    kept.turn()
    assert kept.heard("failed")[0]["why"] == f"permit.part of {line} is {part!r}"
    assert_open(kept)


def test_a_part_s_name_is_cut_short_before_it_is_repeated(kept: VirtualKeeper) -> None:
    kept.controller.permit("left", part="x" * 1_000)
    kept.turn()
    assert kept.heard("failed")[0]["why"] == f"permit.part of left is {'x' * 32!r}"


def test_a_permit_for_half_of_a_line_that_is_not_there_names_the_line(kept: VirtualKeeper) -> None:
    kept.controller.say("permit", line="rear", not_after=1, generation=0, part="first")
    kept.turn()
    assert kept.heard("failed")[0]["why"] == "there is no line 'rear'"


@pytest.mark.parametrize("kind", ["renew", "open"])
def test_nothing_is_done_for_one_who_does_not_greet(kind: str) -> None:
    with VirtualKeeper() as kept:
        kept.controller.say(kind, **({"line": None} if kind == "open" else {}))
        kept.turn()
        assert kept.heard() == [{"type": "failed", "why": f"message 1 ({kind}) came after message 0"}]


def test_another_version_is_told_what_to_do() -> None:
    with VirtualKeeper() as kept:
        kept.controller.say("hello", version=VERSION + 1)
        kept.turn()
        why = f"the controller speaks version {VERSION + 1}, the keeper {VERSION}; install the same flameout"
        assert [told["why"] for told in kept.heard("failed", "hello")] == [why]


def test_a_controller_that_died_with_words_unread_has_hung_up(
    kept: VirtualKeeper, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.energise("left")  # what it was told lies unread, so the socket is reset
    kept.controller.connection.close()
    kept.turn()
    assert_open(kept)
    assert capsys.readouterr().err.endswith(f"{HUNG_UP}\n")


def test_a_controller_that_does_not_read_is_dropped_and_every_line_opens(
    kept: VirtualKeeper, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.energise("left", 3_600_000)
    for _ in range(10_000):
        if not kept.high(LEFT):
            break
        kept.controller.say("renew")
        kept.turn()
    assert_open(kept)
    said = capsys.readouterr().err
    assert said.startswith("keeper: controller dropped, every line open: does not listen: [Errno 11]")
    assert said.count("\n") == 1


def test_lamps_go_dark_with_the_controller(kept: VirtualKeeper) -> None:
    kept.controller.say("indicate", output="lamp", pattern="on")
    kept.turn()
    assert kept.high(LAMP)
    kept.controller.connection.send(b"")
    kept.controller.connection.close()
    kept.turn()
    assert not kept.high(LAMP)


# --- one at a time ------------------------------------------------------------------------------------------


def test_a_second_controller_is_told_whom_the_keeper_obeys_and_changes_nothing(
    kept: VirtualKeeper, listener: socket.socket
) -> None:
    kept.energise("left")
    second = newcomer(kept, listener)
    why = f"the keeper already obeys process {os.getpid()}; stop that one first"
    assert decode(second.connection.recv(LONGEST)) == {"type": "failed", "why": why}
    assert second.connection.recv(LONGEST) == b""
    second.connection.close()
    assert kept.high(LEFT)
    kept.heard()
    kept.controller.say("renew")
    kept.turn()
    assert [told["type"] for told in kept.heard()] == ["done"]


def test_a_second_controller_who_has_left_already_disturbs_nobody(kept: VirtualKeeper, listener: socket.socket) -> None:
    kept.energise("left")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as second:
        second.connect(listener.getsockname())
    kept.keeper.turn(listener, 0)
    assert kept.high(LEFT)


def test_a_keeper_that_nobody_has_come_to_yet_waits_and_obeys_the_first(
    kept: VirtualKeeper, listener: socket.socket
) -> None:
    with mock.patch("hardware.keeper.open_factory", return_value=MockFactory()):
        keeper = Keeper(keeper_settings(DOCUMENT), cast(BootClock, kept.clock))
    keeper.turn(listener, 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(listener.getsockname())
        keeper.turn(listener, 0)
        Controller(connection, kept.clock).say("hello", version=VERSION)
        keeper.turn(listener, 0)
        assert decode(connection.recv(LONGEST))["type"] == "hello"
    keeper.turn(listener, 0)


def test_one_without_a_lease_makes_room_and_the_next_begins_at_one(
    kept: VirtualKeeper, listener: socket.socket
) -> None:
    second = newcomer(kept, listener)
    why = "another controller took over after the lease lapsed"
    assert kept.heard("failed") == [{"type": "failed", "why": why}]
    second.say("hello", version=VERSION)
    kept.keeper.turn(listener, 0)
    assert decode(second.connection.recv(LONGEST))["lines"] == {"left": 1, "right": 1}
    second.connection.close()
    kept.keeper.turn(listener, 0)


def test_where_nobody_is_the_first_to_come_is_welcome(kept: VirtualKeeper, listener: socket.socket) -> None:
    kept.controller.connection.close()
    kept.turn()
    second = newcomer(kept, listener)
    second.say("hello", version=VERSION)
    kept.keeper.turn(listener, 0)
    assert decode(second.connection.recv(LONGEST))["type"] == "hello"
    second.connection.close()
    kept.keeper.turn(listener, 0)
