"""Commands to a running daemon: one sentence when it is done, one sentence when it is not."""

import json
from typing import Any

import pytest

from tests.api.cli.daemon import FakeDaemon, Shell, burner, shut_off, stove, timing


def test_a_timer_is_answered_with_when_it_shuts_off(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("PUT /burners/left/timer", burner(timer=timing(1500), status="timing"))
    done = flameout("timer", "left", "25m")
    assert done.code == 0
    assert done.out.startswith("Left shuts off at ")
    assert done.out.endswith("18:42, in 25 min.\n")
    assert daemon.asked[0].body == {"duration": "25m"}


@pytest.mark.parametrize("duration", ["25m", "1h30m", "90s", "PT25M", "default"])
def test_a_duration_is_handed_on_as_it_was_written(daemon: FakeDaemon, flameout: Shell, duration: str) -> None:
    daemon.answer("PUT /burners/left/timer", burner(timer=timing()))
    assert flameout("timer", "left", duration).code == 0
    assert daemon.asked[0].body == {"duration": duration}


@pytest.mark.parametrize("command", ["timer", "extend"])
def test_a_bare_number_is_refused_with_what_may_be_meant_and_nobody_is_asked(
    daemon: FakeDaemon, flameout: Shell, command: str
) -> None:
    done = flameout(command, "left", "25")
    assert done.code == 2
    assert "25 has no unit; did you mean 25m (minutes) or 25s (seconds)?" in done.err
    assert "Usage: flameout" in done.err
    assert daemon.asked == []


@pytest.mark.parametrize("duration", ["soon", "0m", "1.5h", "２５m", "25 m"])
def test_nonsense_is_no_duration(daemon: FakeDaemon, flameout: Shell, duration: str) -> None:
    assert flameout("timer", "left", duration).code == 2
    assert daemon.asked == []


def test_extending_sends_by_how_much(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("POST /burners/left/timer/extend", burner(timer=timing(1800)))
    assert flameout("extend", "left", "5m").out.endswith("in 30 min.\n")
    assert daemon.asked[0].body == {"by": "5m"}


def test_cancelling_says_that_the_relay_stays_energised(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("DELETE /burners/left/timer", burner())
    assert flameout("cancel", "left").out == "Left: relay energised, no timer.\n"


def test_a_refusal_is_the_daemons_sentence_in_one_line(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.refuse("PUT /burners/left/timer", "Left is locked (child); no timer can be set.")
    done = flameout("timer", "left", "25m")
    assert (done.code, done.out) == (1, "")
    assert done.err == "flameout: Left is locked (child); no timer can be set.\n"


def test_an_unknown_burner_is_answered_with_the_known_ones(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /burners", [burner("left"), burner("right")])
    done = flameout("cancel", "lft")
    assert (done.code, done.err) == (1, "flameout: There is no burner 'lft'; there is left and right\n")


def test_a_burner_may_be_written_with_capitals(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("POST /burners/left/reset", burner())
    assert flameout("reset", "Left").code == 0


def test_a_burner_cannot_be_used_to_reach_another_address(daemon: FakeDaemon, flameout: Shell) -> None:
    flameout("cancel", "../../shut-off?x=")
    assert daemon.calls()[0] == "DELETE /burners/..%2F..%2Fshut-off%3Fx%3D/timer"


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["timer", "left", "25m"], "PUT /burners/left/timer"),
        (["extend", "left", "5m"], "POST /burners/left/timer/extend"),
        (["cancel", "left"], "DELETE /burners/left/timer"),
        (["off", "left"], "POST /burners/left/shut-off"),
        (["lock", "left"], "PUT /burners/left/lock"),
        (["unlock", "left"], "DELETE /burners/left/lock"),
        (["reset", "left"], "POST /burners/left/reset"),
        (["status"], "GET /stove"),
        (["history"], "GET /history"),
    ],
)
def test_json_is_the_apis_own_unchanged(daemon: FakeDaemon, flameout: Shell, arguments: list[str], call: str) -> None:
    answer = json.dumps(burner(permitted=False) | {"new": 1.50})
    daemon.raw(call, answer)
    assert flameout(*arguments, "--json").out == answer + "\n"


# --- off ----------------------------------------------------------------------------------------------------


def test_off_says_that_the_relay_is_open(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("POST /burners/left/shut-off", burner(permitted=False, holds=[shut_off()]))
    assert flameout("off", "left").out == "Left: relay open.\n"


@pytest.mark.parametrize("arguments", [["off"], ["off", "all"]])
def test_off_alone_means_every_burner(daemon: FakeDaemon, flameout: Shell, arguments: list[str]) -> None:
    both = [burner(name, permitted=False) for name in ("left", "right")]
    daemon.answer("POST /shut-off", stove(*both))
    done = flameout(*arguments)
    assert done.out == "Left: relay open.\nRight: relay open.\n"
    assert daemon.calls() == ["POST /shut-off"]


def test_off_tries_again_when_the_opening_is_not_confirmed(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.refuse("POST /shut-off", "Nobody confirms that the relay is open.", 503)
    daemon.answer("POST /shut-off", stove(burner(permitted=False)))
    done = flameout("off")
    assert (done.code, done.out) == (0, "Left: relay open.\n")


def test_off_gives_up_after_three_tries_and_says_to_turn_the_knob(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.refuse("POST /shut-off", "Nobody confirms that the relay is open.", 503)
    done = flameout("off")
    assert (done.code, done.out) == (1, "")
    assert daemon.calls() == ["POST /shut-off"] * 3
    assert done.err.count("\n") == 1
    assert "Nobody confirms" in done.err
    assert "Turn the knob off" in done.err
    assert "make-safe" in done.err


def test_off_says_to_turn_the_knob_when_nobody_answers(flameout: Shell) -> None:
    done = flameout("off", "--url", "http://127.0.0.1:1")
    assert done.code == 1
    assert "NOT CONFIRMED: No flameout answers at http://127.0.0.1:1. Turn the knob off" in done.err


def test_an_answer_that_leaves_the_relay_energised_is_no_success(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("POST /burners/left/shut-off", burner(permitted=True))
    done = flameout("off", "left")
    assert done.code == 1
    assert "still energised. Turn the knob off" in done.err


def test_off_for_an_unknown_burner_is_not_tried_again_and_offers_all(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /burners", [burner()])
    done = flameout("off", "lft")
    assert done.code == 1
    assert "there is left. All of them: flameout off" in done.err
    assert daemon.calls().count("POST /burners/lft/shut-off") == 1


def test_a_configuration_that_cannot_be_read_does_not_keep_anybody_from_shutting_off(
    flameout: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    broken = tmp_path / "flameout.toml"
    broken.write_text("[rest\n")
    monkeypatch.setenv("FLAMEOUT_CONFIG", str(broken))
    with FakeDaemon() as fake:
        fake.answer("POST /shut-off", stove(burner(permitted=False)))
        assert flameout("off", "--url", fake.url).code == 0


# --- locks --------------------------------------------------------------------------------------------------


def test_lock_without_a_burner_locks_them_all(daemon: FakeDaemon, flameout: Shell) -> None:
    child = {"kind": "lock", "cause": "child", "since": "2026-11-23T18:42:00+00:00", "until": None}
    daemon.answer("GET /burners", [burner("left"), burner("right")])
    for name in ("left", "right"):
        daemon.answer(f"PUT /burners/{name}/lock", burner(name, permitted=False, holds=[child]))
    done = flameout("lock")
    assert done.code == 0
    assert [line.partition(" since")[0] for line in done.out.splitlines()] == [
        "Left: relay open; child lock",
        "Right: relay open; child lock",
    ]


def test_one_refused_lock_does_not_leave_the_others_unlocked(daemon: FakeDaemon, flameout: Shell) -> None:
    daemon.answer("GET /burners", [burner("left"), burner("right")])
    daemon.refuse("PUT /burners/left/lock", "The journal is failing.", 503)
    daemon.answer("PUT /burners/right/lock", burner("right", permitted=False))
    done = flameout("lock")
    assert done.code == 1
    assert done.out == "Right: relay open, no timer.\n"
    assert done.err == "flameout: Left: The journal is failing.\n"


def test_unlocking_one_says_what_still_holds_it(daemon: FakeDaemon, flameout: Shell) -> None:
    alarm = {"kind": "interlock", "cause": "gas_alarm", "since": "2026-11-23T18:40:00+00:00", "until": None}
    daemon.answer("DELETE /burners/left/lock", burner(permitted=False, holds=[alarm]))
    assert flameout("unlock", "left").out.startswith("Left: relay open; gas_alarm is active since ")
