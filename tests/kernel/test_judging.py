"""The judge of the kernel tests: it must be able to say no. No guest is needed here."""

from typing import Any

import pytest

from tests.kernel.__main__ import COMES_BACK, RESTARTS, SWITCHED_ON, expected, shares
from tests.kernel.guest.scenarios import EVERY
from tests.kernel.judge import QUICK, RULES, judge
from tests.kernel.watch import SECOND, Episode, episodes, read_report, read_witness

BOOT = "b"


def witness(*changes: tuple[float, str, int]) -> str:
    """A record of ten seconds; both lines high from the first on, then what changes."""
    every = [(1.0, "17", 1), (1.0, "27", 1), *changes]
    lines = [(0.0, "level 0 17 0"), (0.0, "level 0 27 0")]
    lines += [(at, f"level {int(at * SECOND)} {line} {level}") for at, line, level in every]
    lines += [(float(at), f"awake {at * SECOND} 1000000") for at in range(1, 21)]
    return "\n".join(["boot b", *(line for _, line in sorted(lines, key=lambda each: each[0]))]) + "\n"


def episode(name: str, **marks: Any) -> Episode:
    """Marks by name, each at its second or with words of its own."""
    begin = {"mark": "begin", "boot": BOOT, "at": 0}
    return Episode(name, [begin, *({"mark": mark, "boot": BOOT} | words for mark, words in marks.items())])


def at(seconds: float, **words: Any) -> dict[str, Any]:
    return {"at": int(seconds * SECOND), **words}


def verdict(name: str, record: str, **marks: Any) -> tuple[bool, str]:
    good, _, seen = judge(episode(name, **marks), read_witness(record))
    return good, seen


BOTH_LOW = [(5.02, "17", 0), (5.03, "27", 0)]


def test_the_later_line_counts() -> None:
    assert verdict("the_controller_is_killed", witness(*BOTH_LOW), fault=at(5)) == (True, "low after 0.030 s")
    late = witness((5.02, "17", 0), (5.06, "27", 0))
    assert verdict("the_controller_is_killed", late, fault=at(5)) == (False, "low after 0.060 s")


def test_a_line_that_never_falls_is_seen() -> None:
    assert verdict("both_hang", witness((5.02, "17", 0)), fault=at(5)) == (False, "a line never went low")


def test_a_line_that_was_low_already_proves_nothing() -> None:
    good, seen = verdict("both_hang", witness((4, "17", 0), (5.02, "27", 0)), fault=at(5))
    assert not good
    assert "not every line was high" in seen


def test_the_control_must_stay_high() -> None:
    name = "a_killed_owner_leaves_its_line_high"
    assert verdict(name, witness(), fault=at(5))[0]
    assert not verdict(name, witness((6, "17", 0), (6, "27", 0)), fault=at(5))[0]


def test_a_pulse_between_two_looks_of_the_witness_is_seen_in_the_trace() -> None:
    name, quiet = "a_keeper_alone_never_drives_a_line_high", witness((4, "17", 0), (4, "27", 0))
    marks = {"fault": at(5), "end": at(15)}
    assert verdict(name, quiet, **marks, done=at(18, writes=[[5 * SECOND, "17", False]]))[0]
    pulse = at(18, writes=[[7 * SECOND, "27", True]])
    assert verdict(name, quiet, **marks, done=pulse) == (False, "GPIO 27 was high 2.000 s after the beginning")


def test_a_rise_is_seen_by_the_witness_alone() -> None:
    record = witness((4, "17", 0), (4, "27", 0), (9, "17", 1), (9.001, "17", 0))
    assert not verdict("a_keeper_alone_never_drives_a_line_high", record, fault=at(5), end=at(15), done=at(18))[0]


def test_a_witness_that_was_away_proves_nothing() -> None:
    record = "\n".join(line for line in witness((4, "17", 0), (4, "27", 0)).splitlines() if " 8" not in line[:8])
    record = "\n".join(line for line in record.splitlines() if not line.startswith(("awake 9", "awake 7"))) + "\n"
    good, seen = verdict(
        "a_keeper_alone_never_drives_a_line_high", record, fault=at(5), end=at(15), done=at(18, writes=[])
    )
    assert (good, seen) == (False, "the witness was not there all the time")


@pytest.mark.parametrize(("end", "good"), [(6.9, True), (6.7, False), (7.2, False)])
def test_a_timer_is_neither_late_nor_early(end: float, good: bool) -> None:
    record = witness((7, "17", 0), (7, "27", 0))
    marks = {"timers": at(4, ends=[int(end * SECOND)] * 2), "fault": at(5)}
    assert verdict("the_clock_is_set_a_day_ahead", record, **marks)[0] is good


def test_a_root_that_turns_read_only_has_to_be_said() -> None:
    name, record = "the_root_turns_read_only", witness((7, "17", 0), (7, "27", 0))
    marks = {"timers": at(4, ends=[7 * SECOND] * 2), "fault": at(5)}
    assert not verdict(name, record, **marks)[0]
    assert not verdict(name, record, **marks, words=at(8, words=["Something else."]))[0]
    said = ["The journal cannot be written: its file system has become read-only."]
    assert verdict(name, record, **marks, words=at(8, words=said))[0]


LEASE, TIMERS = "the_machine_sleeps_past_the_lease", "the_machine_sleeps_past_its_timers"
ON_THE_WRONG_CLOCK = "with_a_clock_that_stops_in_sleep_the_lines_stay_high"


def sleeping(slept: float = 20, ends: float = 15) -> dict[str, Any]:
    """The fault at second 5, 20 s of sleep that the witness's clock does not count, awake from 6 on."""
    awake = at(6.5, slept=slept, thawed=6 * SECOND)
    return {"timers": at(4, ends=[int(ends * SECOND)] * 2), "fault": at(5), "awake": awake, "end": at(15)}


def test_after_a_sleep_the_lines_have_to_fall_at_once() -> None:
    soon, late = ((6.01, "17", 0), (6.01, "27", 0)), ((16, "17", 0), (16, "27", 0))
    quiet = at(18, writes=[])
    for name in (LEASE, TIMERS):
        assert verdict(name, witness(*soon), **sleeping(), done=quiet)[0]
        assert not verdict(name, witness(*late), **sleeping(), done=quiet)[0]
        assert not verdict(name, witness((6.01, "17", 0)), **sleeping(), done=quiet)[0]
    assert verdict(ON_THE_WRONG_CLOCK, witness(*late), **sleeping())[0]
    assert not verdict(ON_THE_WRONG_CLOCK, witness(*soon), **sleeping())[0]


def test_a_sleep_that_was_none_proves_nothing() -> None:
    soon = witness((6.01, "17", 0), (6.01, "27", 0))
    assert verdict(LEASE, soon, **sleeping(slept=0.2)) == (False, "the machine slept for 0.2 s")
    assert not verdict(TIMERS, soon, **sleeping(ends=26), done=at(18))[0]
    before = witness((5.01, "17", 0), (5.01, "27", 0))
    assert verdict(LEASE, before, **sleeping()) == (False, "low before it slept: nothing is shown")


def test_a_line_that_rises_again_after_its_timer_ended_in_a_sleep_is_seen() -> None:
    record = witness((6.01, "17", 0), (6.01, "27", 0), (9, "17", 1))
    assert not verdict(TIMERS, record, **sleeping(), done=at(18))[0]


def test_a_start_is_quiet_until_the_daemon_is_ready() -> None:
    name, record = "the_machine_is_switched_on", witness()
    assert verdict(name, record, done=at(9, active=int(0.9 * SECOND), writes=[]))[0]
    assert not verdict(name, record, done=at(9, active=2 * SECOND, writes=[]))[0]


def test_a_line_that_rises_while_the_machine_goes_down_is_seen() -> None:
    assert verdict("the_machine_restarts", witness(*BOTH_LOW), fault=at(5))[0]
    assert not verdict("the_machine_restarts", witness(*BOTH_LOW, (9, "17", 1)), fault=at(5))[0]


def test_a_scenario_that_broke_off_is_not_good() -> None:
    assert verdict("both_hang", witness(*BOTH_LOW), fault=at(5), broken=at(6, why="no such thing")) == (
        False,
        "no such thing",
    )
    assert verdict("both_hang", witness(*BOTH_LOW)) == (False, "the guest did not get as far: no 'fault'")


def test_every_scenario_has_a_rule() -> None:
    of_the_machine = {"the_machine_is_switched_on", "the_machine_restarts", "the_machine_comes_back"}
    assert {each.__name__ for each in EVERY} | of_the_machine == set(RULES)


def test_what_the_serial_port_cut_off_is_left_out() -> None:
    marks = read_report('{"mark": "begin", "scenario": "both_hang", "boot": "b", "at": 1}\n{"mark": "fa')
    assert [(each.name, len(each.marks)) for each in episodes(marks)] == [("both_hang", 1)]
    assert read_witness("boot b\nlevel 5 17 1\nlevel 6 17")["b"].levels["17"] == [(5, True)]


def test_every_scenario_is_played_once_and_a_restart_comes_last() -> None:
    hands = shares([])
    played = [name for hand in hands for name in hand]
    assert sorted([*played, SWITCHED_ON, COMES_BACK]) == sorted(RULES)
    assert hands[0][-1] == RESTARTS
    assert sorted(name for hand in shares(["quick"]) for name in hand) == sorted(QUICK)
    assert expected(shares(["both_hang"])[0]) == [SWITCHED_ON, "both_hang"]
    assert expected(shares([COMES_BACK])[0]) == [SWITCHED_ON, RESTARTS, COMES_BACK]
