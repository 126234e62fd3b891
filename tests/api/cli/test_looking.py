"""``flameout status``: commanded, measured and inferred in words, on wide and narrow terminals."""

import re

import pytest

from api.cli import words
from controller.terms import Status
from tests.api.cli.daemon import FakeDaemon, Shell, burner, shut_off, stove, timing

LAST = {"cause": "timer", "at": "2026-11-22T18:42:00+00:00", "by": "phone:Anna", "proof": "unavailable"}


def row(output: str, name: str) -> list[str]:
    """The cells of a burner's row, read by the eye: two blanks or more part them."""
    line = next(line for line in output.splitlines() if line.startswith(name))
    return re.split(r"\s{2,}", line.strip())


def shown(daemon: FakeDaemon, flameout: Shell, *burners: object, **changes: object) -> str:
    daemon.answer("GET /stove", stove(*burners, **changes))  # type: ignore[arg-type]
    done = flameout("status")
    assert done.code == 0, done.err
    return done.out


def test_what_is_commanded_and_what_is_measured_stand_beside_each_other(daemon: FakeDaemon, flameout: Shell) -> None:
    out = shown(daemon, flameout, burner(permitted=False, contact="closed", flame="lit", status="shut_off"))
    assert row(out, "Left")[:5] == ["Left", "■ shut off", "open", "closed", "● lit"]


def test_what_is_not_wired_is_not_guessed(daemon: FakeDaemon, flameout: Shell) -> None:
    assert row(shown(daemon, flameout, burner()), "Left")[:5] == ["Left", "○ ready", "energised", "–", "? unknown"]


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_a_word_and_not_only_a_colour(daemon: FakeDaemon, flameout: Shell, status: Status) -> None:
    assert status.replace("_", " ") in row(shown(daemon, flameout, burner(status=status)), "Left")[1]


def test_a_timer_shows_what_is_left_as_a_number_a_bar_and_an_end(daemon: FakeDaemon, flameout: Shell) -> None:
    out = shown(daemon, flameout, burner(timer=timing(1052, 1500), status="timing"))
    assert re.search(r"17:32 ━+─+  .*18:42", out)
    line = row(out, "Left")
    bar = next(cell for cell in line if "━" in cell).split()[-1]
    assert bar.count("━") / len(bar) == pytest.approx(1052 / 1500, abs=0.03)
    assert "timer of 25 min by phone:Anna" in out


def test_an_end_after_midnight_takes_no_more_room_than_any_other(daemon: FakeDaemon, flameout: Shell) -> None:
    out = shown(daemon, flameout, burner(timer=timing(1052, 1500) | {"ends_at": "2026-11-25T00:10:00+00:00"}))
    assert row(out, "Left")[-1] == "00:10"


def test_a_limit_is_told_apart_from_a_timer(daemon: FakeDaemon, flameout: Shell) -> None:
    limit = {"remaining_s": 7199.2, "ends_at": "2026-11-23T20:42:00+00:00"}
    out = shown(daemon, flameout, burner(limit=limit, status="lit", flame="lit"))
    assert "2:00:00 if left alone" in out
    assert "unless somebody attends to it" in out


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("night", "as the night lock begins"),
        ("sweep", "for the sweep"),
        ("pause", "as its relay has to pause"),
    ],
)
def test_what_cuts_before_the_timer_does_is_what_is_shown(
    daemon: FakeDaemon, flameout: Shell, kind: str, why: str
) -> None:
    ending = {"kind": kind, "remaining_s": 600.0, "ends_at": "2026-11-23T18:12:00+00:00"}
    timed = burner(timer=timing(1052, 1500), status="timing", ending=ending)
    out = shown(daemon, flameout, timed)
    assert row(out, "Left")[-2:] == ["10:00", "18:12"]
    assert f"shuts off at 18:12, {why}" in out
    assert "17:32" not in out, "the timer never gets there"
    assert words.sentence(timed) == f"Left shuts off at 18:12, in 10 min, {why}, before its timer."
    lit = burner(status="lit", flame="lit", ending=ending)
    assert words.sentence(lit) == f"Left shuts off at 18:12, in 10 min, {why}."


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_a_stove_of_which_no_burner_can_be_used_fails_the_check(
    daemon: FakeDaemon, flameout: Shell, status: int, code: int
) -> None:
    daemon.answer("GET /stove", stove(problems=["The keeper is gone."]))
    daemon.answer("GET /healthz", {"status": "failing"}, status)
    assert flameout("status").code == 0
    checked = flameout("status", "--check")
    assert checked.code == code
    assert "The keeper is gone." in checked.out


def test_every_hold_is_told_in_words(daemon: FakeDaemon, flameout: Shell) -> None:
    since = "2026-11-22T18:02:00+00:00"
    holds = [
        {"kind": "lock", "cause": "child", "since": since, "until": None},
        {"kind": "interlock", "cause": "gas_alarm", "since": since, "until": None},
        {"kind": "lockout", "cause": "smoke", "since": since, "until": None},
        shut_off("2026-11-22T18:42:10+00:00"),
    ]
    out = shown(daemon, flameout, burner(permitted=False, status="lockout", holds=holds))
    assert "child lock since 2026-11-22 18:02" in out
    assert "gas_alarm is active since 2026-11-22 18:02" in out
    assert "locked out by smoke since 2026-11-22 18:02 until a reset" in out
    assert "kept open until 18:42:10, so that the valve has surely closed" in out


def test_the_last_shut_off_is_told_with_its_day_its_cause_and_by_whom(daemon: FakeDaemon, flameout: Shell) -> None:
    out = shown(daemon, flameout, burner(last_shut_off=LAST))
    assert "last shut-off 2026-11-22 18:42 timer, by phone:Anna\n" in re.sub(r" +\n", "\n", out)


def test_a_cut_that_is_not_proved_is_said_loudly(daemon: FakeDaemon, flameout: Shell) -> None:
    out = shown(daemon, flameout, burner(last_shut_off=LAST | {"proof": "failed"}))
    assert "THE CUT IS NOT PROVED" in out


def test_problems_come_first_and_in_words(daemon: FakeDaemon, flameout: Shell) -> None:
    problem = "Left: the relay's contact reads closed while the relay is open."
    out = shown(daemon, flameout, burner(problem=problem), status="problem", problems=[problem])
    assert out.splitlines()[0] == "Kitchen hob  ·  problem"
    assert out.splitlines()[1] == f"✖ {problem}"


def test_all_well_is_said_and_what_comes_next(daemon: FakeDaemon, flameout: Shell) -> None:
    out = shown(daemon, flameout, burner(), next_shut_off="2026-11-22T18:42:00+00:00", child_lock=True)
    assert out.splitlines()[0] == "Kitchen hob  ·  all well  ·  child lock on  ·  next shut-off 18:42"


@pytest.mark.parametrize("width", [40, 60, 76, 80, 120])
def test_nothing_is_cut_off_on_any_terminal(
    daemon: FakeDaemon, flameout: Shell, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    full = burner(
        "left",
        status="shut_off",
        permitted=True,
        contact="closed",
        flame="unknown",
        timer=timing(4 * 3600, 4 * 3600) | {"ends_at": "2026-11-23T18:42:00+00:00"},
        last_shut_off=LAST,
    )
    out = shown(daemon, flameout, full, full | {"id": "right", "name": "Right"})
    assert "…" not in out
    assert all(len(line) <= width for line in out.splitlines())
    for word in ("Left", "Right", "shut off", "energised", "closed", "unknown", "4:00:00"):
        assert word in out


def test_a_name_that_looks_like_markup_is_a_name(daemon: FakeDaemon, flameout: Shell) -> None:
    assert "[red]Wok[/]" in shown(daemon, flameout, burner() | {"name": "[red]Wok[/]"})


def test_a_status_of_a_newer_daemon_is_shown_as_it_is(daemon: FakeDaemon, flameout: Shell) -> None:
    assert "cleaning" in shown(daemon, flameout, burner(status="cleaning"))
