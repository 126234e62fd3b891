"""Events in words."""

from typing import Any

import pytest

from api.cli import words
from controller import events
from controller.events import Cause, Event, Proof

BY: dict[str, Any] = {"burner": "left", "at": 0, "by": "rest"}
SHUT_OFF: dict[str, Any] = {**BY, "cut": True}
TOLD: list[tuple[Event, str]] = [
    (events.TimerStarted(**BY, duration=1_500_000, replaced=False), "timer of 25 min set"),
    (events.TimerStarted(**BY, duration=1_500_000, replaced=True), "timer of 25 min set anew"),
    (events.TimerExtended(**BY, extension=300_000, remaining=700_000), "timer extended by 5 min, 11 min 40 s left"),
    (events.TimerCancelled(**BY, remaining=90_000), "timer cancelled with 1 min 30 s left"),
    (events.TimerEnding(**BY, deadline="timer", remaining=60_000), "timer ends in 1 min"),
    (events.TimerEnding(**BY, deadline="limit", remaining=60_000), "longest burn without attention ends in 1 min"),
    (events.ShutOff(**SHUT_OFF, cause=Cause.TIMER), "shut off: timer"),
    (events.ShutOff(**SHUT_OFF, cause=Cause.USER), "shut off"),
    (events.ShutOff(**BY, cut=False, cause=Cause.USER), "shut off, was open already"),
    (events.ShutOff(**SHUT_OFF, cause=Cause.FAULT, reason="readback"), "shut off: fault (readback)"),
    (events.Locked(**BY, cause="child"), "child lock on"),
    (events.Unlocked(**BY, cause="night"), "night lock off"),
    (events.LockedOut(**BY, cause="gas_alarm"), "LOCKED OUT by gas_alarm"),
    (events.WasReset(**BY), "reset"),
    (events.CommandRefused(**BY, command="timer", why="retained"), "refused timer: retained"),
    (events.FlameChanged(**BY, flame="out"), "flame out"),
    (
        events.OpenedUnknown(**BY, earliest="2026-11-22T18:00:00+00:00", latest="2026-11-22T18:05:00+00:00"),
        "relay opened, cause unknown, between 2026-11-22 18:00:00 and 2026-11-22 18:05:00",
    ),
    (events.Started(**BY, version="0.1.0", config_hash="abc"), "flameout 0.1.0 started"),
    (events.Stopped(**BY), "flameout stopped"),
    (events.KeeperReady(**BY, pid=812), "keeper ready (process 812)"),
    (events.KeeperLost(**BY, why="it hung up"), "KEEPER LOST: it hung up"),
    (events.Attended(**BY), "somebody is there"),
    (events.TimerEnding(**BY, deadline="night", remaining=60_000), "night lock begins in 1 min"),
    (
        events.Proved(**BY, outcome=Proof.CONFIRMED, finding="flame_out", took=23_000, loaded_mv=14.0, open_mv=24.0),
        "flame proved out 23 s after the cut",
    ),
    (
        events.Proved(**BY, outcome=Proof.FAILED, finding="contact_stuck", took=2_500),
        "CONTACT STUCK, found 2.5 s after the cut",
    ),
    (events.ContactWorn(**BY, ratio=1.3), "holding circuit worn: 130% of its first resistance"),
    (events.Paused(**BY), "relay paused, as it has to now and then"),
    (events.TimerEnding(**BY, deadline="pause", remaining=60_000), "relay pauses in 1 min"),
    (events.SweepBegan(**BY, warned=0), "sweep: every relay opens"),
    (events.SweepBegan(**BY, warned=2), "sweep: every relay opens, 2 after a warning"),
    (events.InterlockSilent(**BY, source="away", silent=True), "interlock away has fallen silent"),
    (events.InterlockSilent(**BY, source="away", silent=False), "interlock away speaks again"),
    (events.DefaultTimerSet(**BY, duration=1_200_000), "default timer set to 20 min"),
    (events.PairingOffered(**BY, role="cook"), "a phone may pair as cook"),
    (events.Paired(**BY, role="cook"), "phone paired as cook"),
    (events.TokenRevoked(**BY, name="Anna"), "Anna revoked"),
]


def told(kind: str, **details: Any) -> str:
    entry = {"seq": 1, "event_type": kind, "at": "2026-11-23T18:42:00+00:00", "burner": "left", "by": "rest"}
    return words.event({**entry, "details": details})


@pytest.mark.parametrize(("event", "sentence"), TOLD, ids=lambda value: getattr(value, "kind", None))
def test_an_event_in_words(event: Event, sentence: str) -> None:
    assert told(event.kind, **event.details()) == sentence


def test_every_event_of_the_program_has_words() -> None:
    kinds = {kind.kind for kind in Event.__subclasses__()}
    assert kinds == {event.kind for event, _ in TOLD}
    assert kinds == set(words.EVENTS)


def test_an_event_of_a_newer_daemon_is_told_with_its_own_fields() -> None:
    assert told("polished", result="fine", after_s=4) == "polished: result fine, after s 4"
    assert told("timer_started", minutes=5) == "timer started: minutes 5"


def test_an_event_reads_the_same_from_the_stream_and_from_the_journal() -> None:
    flat = {"seq": 1, "event_type": "shut_off", "at": "", "burner": "left", "by": "x", "cause": "timer", "cut": True}
    assert words.event(flat) == told("shut_off", cause="timer", cut=True)


def test_text_of_strangers_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in told("refused", command="timer", why="\x1b]0;pwned\x07")
