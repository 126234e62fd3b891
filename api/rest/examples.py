"""What the answers look like, for the description and for /docs."""

from typing import Any

BURNER: dict[str, Any] = {
    "id": "left",
    "name": "Left",
    "status": "timing",
    "permitted": True,
    "contact": "closed",
    "flame": "lit",
    "timer": {
        "duration_s": 1500.0,
        "remaining_s": 1234.5,
        "ends_at": "2026-11-23T18:42:00.000+01:00",
        "set_by": "rest:Anna",
    },
    "limit": {"remaining_s": 6934.5, "ends_at": "2026-11-23T20:17:00.000+01:00"},
    "last_shut_off": {
        "cause": "timer",
        "at": "2026-11-22T12:30:00.000+01:00",
        "by": "rest:Anna",
        "proof": "confirmed",
    },
    "holds": [],
    "extension_left_s": 7200.0,
    "ending": {"kind": "timer", "remaining_s": 1234.5, "ends_at": "2026-11-23T18:42:00.000+01:00"},
    "millivolts": 14.1,
    "wear": 1.02,
    "problem": None,
}
SHUT_OFF: dict[str, Any] = BURNER | {
    "status": "shut_off",
    "permitted": False,
    "contact": "open",
    "flame": "lit",
    "timer": None,
    "limit": None,
    "last_shut_off": {"cause": "user", "at": "2026-11-23T18:22:00.000+01:00", "by": "rest", "proof": "pending"},
    "ending": None,
    "holds": [
        {
            "kind": "shut_off",
            "cause": "user",
            "since": "2026-11-23T18:22:00.000+01:00",
            "until": "2026-11-23T18:22:10.000+01:00",
        }
    ],
}
STOVE: dict[str, Any] = {
    "id": "kitchen",
    "name": "Kitchen hob",
    "version": "0.1.0",
    "status": "ok",
    "problems": [],
    "in_use": True,
    "hood": True,
    "next_shut_off": "2026-11-23T18:42:00.000+01:00",
    "child_lock": False,
    "default_timer_s": 1200.0,
    "longest_timer_s": 14400.0,
    "unattended_s": 7200.0,
    "extend_step_s": 300.0,
    "presets_s": [300.0, 600.0, 1500.0, 2700.0],
    "places": [{"burner": "left", "column": 1, "row": 1, "size": "medium"}],
    "simulated": False,
    "started_at": "2026-11-23T07:00:00.000+01:00",
    "burners": [BURNER],
}
TIMER_STARTED: dict[str, Any] = {
    "seq": 41,
    "at": "2026-11-23T18:17:00.000+01:00",
    "event_type": "timer_started",
    "burner": "left",
    "by": "rest:Anna",
    "details": {"duration_s": 1500.0, "replaced": False},
}
SENTENCE = "Left shuts off at 18:42, in 20 minutes 34 seconds."
OFF_SENTENCE = "Left is shut off: its relay is open; turn the knob off."
