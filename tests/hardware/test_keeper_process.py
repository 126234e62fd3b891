"""The keeper as it runs on a Pi: a process of its own, spoken to over its real socket; only the pins are mocked.

Real processes have real time. Leases are long where a test is not about them, and what is asserted is what the
keeper says and in which order, never how fast it is.
"""

import asyncio
import contextlib
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.client import KeeperAway, KeeperClient
from hardware.clock import BootClock
from hardware.origin import SocketOrigin
from hardware.protocol import LONGEST, VERSION
from hardware.settings import keeper_settings, read_document
from tests.hardware.keepers import PATIENCE, TILTED, Keeper, Silent, child, config, controller, listening


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The configuration of one listening keeper that outlives the tests' controllers."""
    path = config(tmp_path_factory.mktemp("shared"))
    with listening(path):
        yield path


# --- permits and leases ---------------------------------------------------------------------------------


def test_it_greets_with_its_process_and_every_lines_generation(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (keeper, stove):
        assert stove.greet() == {
            "type": "hello",
            "version": VERSION,
            "pid": keeper.pid,
            "simulated": False,
            "lines": {"left": 0, "right": 0},
            "settings": keeper_settings(read_document(config(tmp_path))).fingerprint,
        }


def test_a_line_is_energised_and_opened_as_asked(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (_, stove):
        stove.greet()
        refused = stove.permit("left")
        assert stove.hear() == {
            "type": "refused",
            "seq": refused,
            "line": "left",
            "generation": 0,
            "why": "there is no lease",
        }
        stove.energise("left")
        assert stove.hear("sensed")["contacts"] == {"left": True}, "pulled up, and active high"
        for line in ("left", "right", None):
            opened = stove.say("open", line=line)
            assert stove.hear() == {"type": "done", "seq": opened, "line": line}


def test_a_line_opens_by_itself_at_its_deadline_and_the_keeper_says_so(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (_, stove):
        stove.greet()
        stove.energise("right")
        asked_at = BootClock().now()
        stove.energise("left", lasts=400)
        opened = stove.hear()
        assert opened["at"] >= asked_at + 400
        assert opened == {
            "type": "opened",
            "line": "left",
            "cause": "deadline",
            "cut": True,
            "generation": 1,
            "at": opened["at"],
        }
        stove.say("renew")
        assert stove.hear()["type"] == "done", "the right line stays as it is"


def test_every_line_opens_when_the_lease_is_not_renewed(tmp_path: Path) -> None:
    with child(config(tmp_path, lease="0.5s")) as (_, stove):
        stove.greet()
        stove.energise("left")
        opened = [stove.hear(), stove.hear()]
        assert [(message["line"], message["cause"], message["cut"]) for message in opened] == [
            ("left", "lease", True),
            ("right", "lease", False),
        ]


def test_a_stopped_keeper_counts_the_lease_from_the_sending_when_it_goes_on(tmp_path: Path) -> None:
    with child(config(tmp_path, lease="0.5s")) as (keeper, stove):
        stove.greet()
        keeper.process.send_signal(signal.SIGSTOP)
        renewed, asked = stove.say("renew"), stove.permit("left")
        time.sleep(0.6)
        keeper.process.send_signal(signal.SIGCONT)
        assert stove.hear() == {"type": "done", "seq": renewed, "line": None}
        refused = stove.hear()
        assert (refused["type"], refused["seq"], refused["why"]) == ("refused", asked, "there is no lease")


def test_a_permit_in_flight_does_not_reclose_a_line_the_keeper_opened(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (keeper, stove):
        stove.greet()
        stove.energise("left", lasts=400)
        keeper.process.send_signal(signal.SIGSTOP)
        asked = stove.permit("left")
        time.sleep(0.5)
        keeper.process.send_signal(signal.SIGCONT)
        opened, refused = stove.hear(), stove.hear()
        assert (opened["type"], opened["cause"], opened["generation"]) == ("opened", "deadline", 1)
        assert (refused["type"], refused["seq"], refused["generation"]) == ("refused", asked, 1)
        assert refused["why"] == "it names generation 0, and the line was opened since (1)"


def test_an_input_that_is_active_from_the_start_forbids_every_line(tmp_path: Path) -> None:
    with child(config(tmp_path, TILTED)) as (_, stove):
        stove.greet()
        assert stove.hear("sensed")["inputs"] == {"tilt": True}
        stove.say("renew")
        stove.permit("left")
        assert stove.hear("refused")["why"] == "input 'tilt' is tripped"


def test_readings_are_repeated_so_that_silence_means_trouble(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (_, stove):
        stove.greet()
        for _ in range(3):
            assert stove.hear("sensed") == {
                "type": "sensed",
                "contacts": {"left": True},
                "flames": {"left": False},
                "inputs": {},
                "buttons": {},
                "millivolts": {},
                "references": [],
            }


def test_nobody_can_turn_the_knob_of_a_real_hob(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (_, stove):
        stove.greet()
        asked = stove.say("simulate", burner="left", action="light")
        refused = stove.hear()
        assert (refused["type"], refused["seq"], refused["why"]) == ("refused", asked, "the pins are real")


# --- a controller that breaks the rules is dropped, and the lines open ------------------------------------


def assert_opened_since(path: Path, generations: dict[str, int]) -> None:
    """Every opening by the keeper itself raises the line's generation."""
    with controller(path) as next_one:
        next_one.greet()
        for line, generation in next_one.generations.items():
            assert generation > generations[line]


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (b"garbage", "not JSON"),
        (b"[]", "not an object with a type"),
        (b" " * (LONGEST + 100), "not JSON"),
        (b'{"type":"energise"}', "unknown type 'energise'"),
        (b'{"type":"renew","seq":4,"sent_at":NaN}', "renew.sent_at is a float"),
        (b'{"type":"renew","seq":4}', "renew has fields ['seq', 'type']"),
    ],
)
def test_a_packet_that_does_not_fit_opens_every_line(shared: Path, packet: bytes, why: str) -> None:
    with controller(shared) as stove:
        stove.greet()
        stove.energise("left")
        stove.connection.send(packet)
        assert why in (stove.last_words() or "")
    assert_opened_since(shared, stove.generations)


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("renew", {"seq": 5}, "message 5 (renew) came after message 3"),
        ("renew", {"seq": 3}, "message 3 (renew) came after message 3"),
        ("renew", {"seq": 0}, "message 0 (renew) came after message 3"),
        ("renew", {"seq": -1}, "message -1 (renew) came after message 3"),
        ("renew", {"sent_at": 2**62}, "a renewal from the future"),
        ("renew", {"sent_at": 1}, "renewals run backwards"),
        ("hello", {"version": VERSION}, "message 4 (hello) came after message 3"),
        ("hello", {"version": VERSION, "seq": 1}, "message 1 (hello) came after message 3"),
        ("permit", {"line": "rear", "not_after": 0, "generation": 0, "part": "both"}, "there is no line 'rear'"),
        ("open", {"line": "rear"}, "there is no line 'rear'"),
    ],
)
def test_a_message_out_of_order_or_time_opens_every_line(
    shared: Path, kind: str, fields: dict[str, object], why: str
) -> None:
    with controller(shared) as stove:
        stove.greet()
        stove.energise("left")
        stove.say(kind, **fields)
        assert why in (stove.last_words() or "")
    assert_opened_since(shared, stove.generations)


def test_nothing_is_done_for_one_who_does_not_greet(shared: Path) -> None:
    with controller(shared) as stove:
        stove.say("renew")
        assert stove.last_words() == "message 1 (renew) came after message 0"


def test_a_controller_of_another_version_is_told_what_to_do(shared: Path) -> None:
    with controller(shared) as stove:
        stove.say("hello", version=VERSION + 1)
        why = f"the controller speaks version {VERSION + 1}, the keeper {VERSION}; install the same flameout"
        assert stove.last_words() == why


def test_a_controller_that_does_not_read_is_dropped(shared: Path) -> None:
    with controller(shared) as stove:
        stove.greet()
        stove.energise("left")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100_000):
                stove.say("renew")
            pytest.fail("it took all of it")
    assert_opened_since(shared, stove.generations)


# --- one controller at a time -----------------------------------------------------------------------------


def test_a_second_controller_is_refused_with_the_firsts_process(shared: Path) -> None:
    with controller(shared) as first:
        first.greet()
        first.energise("left")
        with controller(shared) as second:
            with contextlib.suppress(BrokenPipeError):  # it may have been refused already
                second.say("hello", version=VERSION)
            why = f"the keeper already obeys process {os.getpid()}; stop that one first"
            assert second.last_words() == why
        renewed = first.say("renew")
        assert first.hear() == {"type": "done", "seq": renewed, "line": None}, "the first is not disturbed"


def test_a_second_stove_hears_whom_the_keeper_obeys(shared: Path) -> None:
    async def ask() -> None:
        client = KeeperClient(SocketOrigin(shared.with_name("keeper.sock")), BootClock(), patience=10_000)
        running = asyncio.create_task(client.run(Silent()))
        try:
            await asyncio.wait_for(client.first, PATIENCE)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    with controller(shared) as first:
        first.greet()
        first.energise("left")
        for _ in range(5):  # the refusal races with its greeting
            with pytest.raises(KeeperAway, match=f"the keeper already obeys process {os.getpid()}; stop that one"):
                asyncio.run(ask())


def test_a_stranger_who_hangs_up_at_once_disturbs_nobody(shared: Path) -> None:
    with controller(shared) as first:
        first.greet()
        first.energise("left")
        for _ in range(20):
            with controller(shared):
                pass
        renewed = first.say("renew")
        assert first.hear() == {"type": "done", "seq": renewed, "line": None}


def test_a_controller_without_a_lease_makes_room_for_the_next(shared: Path) -> None:
    with controller(shared) as first:
        first.greet()
        with controller(shared) as second:
            second.greet()
            assert first.last_words() == "another controller took over after the lease lapsed"


def test_a_hang_up_opens_every_line_and_the_next_controller_is_served(shared: Path) -> None:
    with controller(shared) as first:
        first.greet()
        first.energise("left")
    assert_opened_since(shared, first.generations)


# --- the process itself -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signum", "code"),
    [(signal.SIGTERM, 0), (signal.SIGINT, 128 + signal.SIGINT), (signal.SIGHUP, 128 + signal.SIGHUP)],
)
def test_it_ends_when_it_is_told_to(tmp_path: Path, signum: signal.Signals, code: int) -> None:
    with child(config(tmp_path)) as (keeper, stove):
        stove.greet()
        stove.energise("left")
        keeper.process.send_signal(signum)
        assert keeper.exit_code() == code
        assert stove.last_words() is None
        assert "Traceback" not in keeper.stderr


def test_a_child_ends_with_its_controller(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (keeper, stove):
        stove.greet()
        stove.energise("left")
        stove.connection.close()
        assert keeper.exit_code() == 0
        assert keeper.stderr == "keeper: controller dropped, every line open: it hung up\n"


def test_a_child_that_drops_its_controller_ends_too(tmp_path: Path) -> None:
    with child(config(tmp_path)) as (keeper, stove):
        stove.greet()
        stove.connection.send(b"garbage")
        assert (stove.last_words() or "").startswith("not JSON")
        assert keeper.exit_code() == 0
        assert keeper.stderr.startswith("keeper: controller dropped, every line open: not JSON")


def test_its_socket_is_for_owner_and_group_only(shared: Path) -> None:
    assert stat.S_IMODE(shared.with_name("keeper.sock").stat().st_mode) == 0o660


def test_a_second_keeper_is_refused_with_the_firsts_process(tmp_path: Path) -> None:
    path = config(tmp_path)
    with listening(path) as first, controller(path) as stove:
        stove.greet()
        stove.energise("left")
        second = Keeper(path)
        assert second.exit_code() == 1
        why = f"another keeper answers at {tmp_path}/keeper.sock (process {first.pid}); stop it first"
        assert second.stderr == f"flameout keeper: keeper.socket: {why}\n"
        renewed = stove.say("renew")
        assert stove.hear() == {"type": "done", "seq": renewed, "line": None}, "the first is not disturbed"


def test_the_socket_file_of_a_killed_keeper_is_replaced(tmp_path: Path) -> None:
    path = config(tmp_path)
    with listening(path) as first:
        first.end()
        assert path.with_name("keeper.sock").is_socket()
    with listening(path) as second, controller(path) as stove:
        assert stove.greet()["pid"] == second.pid


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"factory": "nonesuch"}, "keeper.pin_factory: there is no pin factory 'nonesuch'; known are "),
        ({"lease": "1h"}, "keeper.lease: 1h is longer than 10s"),
        ({"listens": False}, "keeper.socket: is not set; a keeper of its own needs one"),
        ({"more": "[[burners]]"}, "the keeper cannot use this configuration ('id')"),
        (
            {"more": '[[interlocks]]\nid = "button"\ninput = { pin = 17 }'},
            "two things share a pin; run: flameout check-config",
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, settings: dict[str, object], sentence: str
) -> None:
    keeper = Keeper(config(tmp_path, **settings))  # type: ignore[arg-type]
    assert keeper.exit_code() == 1
    assert keeper.stderr.startswith(f"flameout keeper: {sentence}")
    assert keeper.stderr.count("\n") == 1


def test_a_child_tells_its_controller_too_why_it_cannot_start(tmp_path: Path) -> None:
    with child(config(tmp_path, factory="nonesuch")) as (keeper, stove):
        assert (stove.last_words() or "").startswith("keeper.pin_factory: there is no pin factory 'nonesuch'")
        assert keeper.exit_code() == 1
