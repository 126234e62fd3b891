"""Which event is told as what."""

from typing import Any

import pytest

from api.notify.notice import Kind, Notice
from api.notify.telling import Telling, outdates_warnings
from controller.events import (
    Attended,
    Cause,
    CommandRefused,
    Event,
    FlameChanged,
    KeeperLost,
    Locked,
    LockedOut,
    OpenedUnknown,
    Proof,
    Proved,
    ShutOff,
    TimerCancelled,
    TimerEnding,
    TimerExtended,
    TimerStarted,
    WasReset,
)
from hardware.clock import MINUTE, SECOND

AT = 1_000_000
ALL = ("warn", "cut", "lockout", "problem")
LEFT: dict[str, Any] = {"burner": "left", "at": AT, "by": "rest:Anna"}


def telling(*on: str) -> Telling:
    return Telling(on or ALL, {"left": "Left", "right": "Right"})


def shut_off(cause: Cause = Cause.TIMER, cut: bool = True, **changes: Any) -> ShutOff:
    return ShutOff(**(LEFT | {"cause": cause, "cut": cut} | changes))


def ending(deadline: str = "timer") -> TimerEnding:
    return TimerEnding(**LEFT, deadline=deadline, remaining=MINUTE)


def proved(finding: str, outcome: Proof) -> Proved:
    return Proved(**LEFT, outcome=outcome, finding=finding, took=SECOND)


LOCKOUT = LockedOut(**LEFT, cause="valve_stuck")
LOST = KeeperLost(burner=None, at=AT, by="keeper", why="hung up")


@pytest.mark.parametrize(
    ("event", "kind", "key"),
    [
        (ending(), Kind.WARN, "warn.timer"),
        (ending("limit"), Kind.WARN, "warn.limit"),
        (shut_off(), Kind.CUT, "cut.timer"),
        (shut_off(Cause.SHUT_OFF_ALL), Kind.CUT, "cut.shut_off_all"),
        (shut_off(Cause.SHUT_OFF_ALL, reason="sweep"), Kind.CUT, "cut.sweep"),
        (shut_off(Cause.LIMIT), Kind.CUT, "cut.limit"),
        (shut_off(Cause.LIMIT, reason="energised"), Kind.CUT, "cut.energised"),
        (shut_off(Cause.LOCK), Kind.CUT, "cut.lock"),
        (shut_off(Cause.LOCK, by="night lock"), Kind.CUT, "cut.night"),
        (OpenedUnknown(**LEFT, earliest="e", latest="l"), Kind.CUT, "cut.unknown"),
        (proved("still_lit", Proof.FAILED), Kind.CUT, "proof.still_lit"),
        (LOCKOUT, Kind.LOCKOUT, "lockout.valve_stuck"),
        (LockedOut(**LEFT, cause="gas_alarm"), Kind.LOCKOUT, "lockout.interlock"),
        (LOST, Kind.PROBLEM, "problem.keeper"),
    ],
)
def test_an_event_is_told_once_unless_its_kind_is_not_wanted(event: Event, kind: Kind, key: str) -> None:
    (notice,) = telling().of(event)
    assert (notice.kind, notice.key, notice.at, notice.burner) == (kind, key, AT, event.burner)
    assert len(telling(kind.name.lower()).of(event)) == 1
    assert telling(*(name for name in ALL if name != kind.name.lower())).of(event) == []


@pytest.mark.parametrize(
    "event",
    [
        shut_off(cut=False),
        proved("flame_out", Proof.CONFIRMED),
        proved("cannot_tell", Proof.UNAVAILABLE),
        TimerStarted(**LEFT, duration=MINUTE, replaced=False),
        FlameChanged(**LEFT, flame="lit"),
        CommandRefused(**LEFT, command="reset", why="no"),
        WasReset(**LEFT),
    ],
)
def test_what_nobody_has_to_hear_is_not_told(event: Event) -> None:
    assert telling().of(event) == []


def test_a_notice_has_what_its_sentence_needs() -> None:
    (warned,) = telling().of(ending())
    assert (warned.fields, warned.ends_at) == ({"name": "Left"}, AT + MINUTE)
    (cut,) = telling().of(shut_off(Cause.INTERLOCK, by="gas_alarm"))
    assert cut.fields == {"name": "Left", "source": "gas_alarm"}


def test_a_lockout_is_told_again_only_after_a_reset() -> None:
    told = telling()
    assert len(told.of(LOCKOUT)) == 1
    assert told.of(LOCKOUT) == []
    assert len(told.of(LockedOut(**(LEFT | {"burner": "right"}), cause="valve_stuck"))) == 1
    assert told.of(WasReset(**LEFT)) == []
    assert len(told.of(LOCKOUT)) == 1
    assert told.of(LockedOut(**(LEFT | {"burner": "right"}), cause="valve_stuck")) == []


def test_a_lockout_of_an_earlier_run_is_told_at_the_start_and_one_that_was_told_is_not() -> None:
    told = telling()
    told.of(LOCKOUT)
    holding = [("left", "valve_stuck"), ("right", "gas_alarm")]
    assert [notice.burner for notice in told.standing(AT, holding)] == ["right"]
    assert told.standing(AT, holding) == []
    assert telling("cut").standing(AT, holding) == []


def test_a_keeper_that_is_lost_again_and_again_is_told_once() -> None:
    told = telling()
    assert len(told.of(LOST)) == 1
    again: list[Notice] = []
    for minutes in range(5, 60, 5):
        again += told.of(KeeperLost(burner=None, at=AT + minutes * MINUTE, by="keeper", why="hung up"))
    assert again == []
    assert len(told.of(KeeperLost(burner=None, at=AT + 70 * MINUTE, by="keeper", why="hung up"))) == 1


def test_whatever_moves_or_ends_the_countdown_outdates_its_warnings() -> None:
    moving: list[Event] = [
        TimerStarted(**LEFT, duration=MINUTE, replaced=True),
        TimerExtended(**LEFT, extension=MINUTE, remaining=MINUTE),
        TimerCancelled(**LEFT, remaining=SECOND),
        Attended(**LEFT),
        shut_off(),
        shut_off(cut=False),
        LOCKOUT,
    ]
    assert {outdates_warnings(event) for event in moving} == {"left"}
    others: list[Event] = [ending(), FlameChanged(**LEFT, flame="lit"), Locked(**LEFT, cause="child"), LOST]
    assert {outdates_warnings(event) for event in others} == {None}
