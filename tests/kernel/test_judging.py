"""The judge of the kernel tests: it must be able to say no. No guest is needed here."""

from typing import Any

import pytest

from tests.kernel.guest.scenarios import EVERY
from tests.kernel.judge import RULES, judge
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
    assert verdict("the_disk_is_full", record, **marks)[0] is good


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
