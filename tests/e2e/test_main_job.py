"""The main job, end to end, on the real daemon: a timer cuts the gas."""

from pathlib import Path

from tests.e2e.program import LEFT, RIGHT, eventually, program, sse
from tests.witness import boot_seconds


def test_a_timer_set_over_rest_puts_the_flame_out_at_its_end_and_not_before(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.light("left")
        earliest = boot_seconds() + 1.5
        timing = stove.set_timer("left", 1.5)
        assert timing["timer"]["duration_s"] == 1.5
        assert stove.witness.high(LEFT)
        eventually("the shut-off is known", lambda: stove.burner()["status"] == "shut_off")
        after = stove.burner()
        assert stove.witness.fell_at(LEFT) >= earliest - 0.002  # deadlines are whole milliseconds
        assert (after["permitted"], after["timer"]) == (False, None)
        assert after["last_shut_off"]["cause"] == "timer"
        eventually("contact and flame are measured", lambda: _measured(stove.burner()) == ("open", "out"))


def _measured(burner: dict[str, str]) -> tuple[str, str]:
    return burner["contact"], burner["flame"]


def test_after_the_hold_the_relay_closes_again_and_nothing_relights(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.light("left")
        stove.do("POST", "/burners/left/shut-off")
        eventually("the flame is out", lambda: stove.burner()["flame"] == "out")
        eventually("it is ready again", lambda: stove.burner()["permitted"])
        assert stove.burner()["status"] == "ready"
        assert stove.burner()["flame"] == "out"


def test_shutting_off_answers_when_the_line_is_low_and_leaves_the_other_burner_alone(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.ready("left")
        stove.ready("right")
        answer = stove.do("POST", "/burners/left/shut-off")
        assert not stove.witness.high(LEFT)
        assert stove.witness.high(RIGHT)
        assert answer["permitted"] is False


def test_the_event_stream_tells_the_cut_as_it_happens(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.light("left")
        with stove.http.stream("GET", "/api/v1/events") as stream:
            items = sse(stream.iter_lines())
            assert next(items)[2]["id"] == "left"
            stove.set_timer("left", 1)
            seen = []
            for event, _, data in items:
                seen.append((event, data.get("event_type") or data["status"]))
                if event == "state" and data["id"] == "left" and data["flame"] == "out":
                    break
        order = [what for what in seen if what in (("event", "timer_started"), ("event", "shut_off"))]
        assert order == [("event", "timer_started"), ("event", "shut_off")]
        assert ("state", "shut_off") in seen


def test_a_line_is_never_high_before_its_first_permit(tmp_path: Path) -> None:
    with program(tmp_path, limits='extend_total = "1h"') as stove:
        stove.start()
        stove.ready("left")
        levels = [level for level in stove.witness.levels() if level.pin == LEFT]
        assert not levels[0].high
        assert [level.high for level in levels].count(True) == 1
        assert levels[-1].high


def test_extending_moves_the_end_and_cancelling_lets_it_burn(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.light("left")
        stove.set_timer("left", 600)
        extended = stove.do("POST", "/burners/left/timer/extend", {"by": "5m"})
        assert 890 < extended["timer"]["remaining_s"] <= 900
        cancelled = stove.do("DELETE", "/burners/left/timer")
        assert cancelled["timer"] is None
        assert cancelled["permitted"] is True
        assert cancelled["limit"]["remaining_s"] > 7000
        assert stove.burner()["flame"] == "lit"


def test_sigterm_opens_every_relay_and_ends_cleanly(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        stove.start()
        stove.light("left")
        assert stove.stop() == 0
        assert not stove.witness.high(LEFT)
        assert not stove.witness.high(RIGHT)
        assert "Traceback" not in stove.log()


def test_a_relay_stays_open_for_hold_open_after_a_start(tmp_path: Path) -> None:
    with program(tmp_path) as stove:
        started = boot_seconds()
        stove.start()
        stove.ready("left")
        first_high = next(level for level in stove.witness.levels() if level.high)
        assert first_high.at - started >= 1.0


def test_a_keeper_told_to_stop_opens_every_line_first(tmp_path: Path) -> None:
    with program(tmp_path, keeper=f'socket = "{tmp_path}/keeper.sock"') as stove:
        keeper = stove.start_keeper()
        stove.start()
        stove.ready("left")
        keeper.terminate()
        assert keeper.wait(20) == 0
        assert not stove.witness.high(LEFT)
