"""What stands in the record of each event: its own fields, durations in seconds."""

from collections.abc import Mapping

import pytest

from controller import events
from controller.events import Cause, Event, Proof

IT: dict[str, object] = {"burner": "left", "at": 1_000, "by": "phone:Anna"}
PROVED = {"outcome": Proof.CONFIRMED, "finding": "flame_out", "took": 23_400}
ON_RECORD: list[tuple[type[Event], Mapping[str, object], Mapping[str, object]]] = [
    (events.TimerStarted, {"duration": 90_500, "replaced": True}, {"duration_s": 90.5, "replaced": True}),
    (events.TimerExtended, {"extension": 300_000, "remaining": 1_500}, {"by_s": 300, "remaining_s": 1.5}),
    (events.TimerCancelled, {"remaining": 61_000}, {"remaining_s": 61}),
    (events.TimerEnding, {"deadline": "night", "remaining": 60_000}, {"deadline": "night", "remaining_s": 60}),
    (events.ShutOff, {"cause": Cause.USER, "cut": True}, {"cause": "user", "cut": True}),
    (
        events.ShutOff,
        {"cause": Cause.FAULT, "cut": False, "reason": "crossed"},
        {"cause": "fault", "cut": False, "reason": "crossed"},
    ),
    (events.Paused, {}, {}),
    (events.Locked, {"cause": "child"}, {"cause": "child"}),
    (events.Unlocked, {"cause": "night"}, {"cause": "night"}),
    (events.LockedOut, {"cause": "valve_stuck"}, {"cause": "valve_stuck"}),
    (events.Attended, {}, {}),
    (events.Proved, PROVED, {"outcome": "confirmed", "finding": "flame_out", "took_s": 23.4}),
    (
        events.Proved,
        PROVED | {"loaded_mv": 14.0449, "open_mv": 0.0},
        {"outcome": "confirmed", "finding": "flame_out", "took_s": 23.4, "loaded_mv": 14.04, "open_mv": 0.0},
    ),
    (events.ContactWorn, {"ratio": 1.2549}, {"ratio": 1.25}),
    (events.SweepBegan, {"warned": 2}, {"warned": 2}),
    (events.InterlockSilent, {"source": "presence", "silent": True}, {"source": "presence", "silent": True}),
    (events.WasReset, {}, {}),
    (events.CommandRefused, {"command": "unlock", "why": "no"}, {"command": "unlock", "why": "no"}),
    (events.FlameChanged, {"flame": "lit"}, {"flame": "lit"}),
    (events.OpenedUnknown, {"earliest": "a", "latest": "b"}, {"cause": "unknown", "earliest": "a", "latest": "b"}),
    (events.Started, {"version": "1.2.3", "config_hash": "abc"}, {"version": "1.2.3", "config_hash": "abc"}),
    (events.Stopped, {}, {}),
    (events.KeeperReady, {"pid": 812}, {"pid": 812}),
    (events.KeeperLost, {"why": "it hung up"}, {"why": "it hung up"}),
    (events.DefaultTimerSet, {"duration": 1_200_000}, {"duration_s": 1_200}),
    (events.PairingOffered, {"role": "cook"}, {"role": "cook"}),
    (events.Paired, {"role": "cook"}, {"role": "cook"}),
    (events.TokenRevoked, {"name": "Anna"}, {"name": "Anna"}),
]


@pytest.mark.parametrize(("kind", "fields", "details"), ON_RECORD, ids=lambda value: getattr(value, "kind", ""))
def test_an_events_own_fields_stand_in_the_record(
    kind: type[Event], fields: Mapping[str, object], details: Mapping[str, object]
) -> None:
    assert kind(**IT, **fields).details() == details  # type: ignore[arg-type]


def test_every_event_is_in_this_list() -> None:
    assert {kind for kind, _, _ in ON_RECORD} == set(Event.__subclasses__())
