"""The limits, and whether they were kept."""

from tests.kernel.rules import (
    Broken,
    Rule,
    low_after_thawing,
    low_after_waking,
    low_until_permitted,
    low_within,
    never_high,
    restart,
    stays_high,
    stays_high_after_waking,
    timers_end,
)
from tests.kernel.watch import Episode, Watch

LEASE = 1.0  # s, keeper.lease of the installed configuration
Boots = dict[str, Watch]


RULES: dict[str, Rule] = {
    "the_machine_is_switched_on": low_until_permitted(),
    "a_killed_owner_leaves_its_line_high": stays_high(2.9),
    "without_its_protection_a_killed_keeper_leaves_the_lines_high": stays_high(7.5),
    "a_keeper_alone_never_drives_a_line_high": never_high(),
    "locked_lines_stay_low_until_somebody_unlocks": never_high(),
    "the_controller_is_killed": low_within(0.05),
    "the_controller_hangs": low_within(LEASE + 0.25),
    "the_keeper_is_killed": low_within(2),
    "the_keeper_hangs": low_within(2),
    "both_are_killed": low_within(5),
    "both_hang": low_within(5),
    "the_keeper_is_killed_and_only_its_restart_is_left": low_within(5),  # Python has to start first
    "the_keeper_is_killed_and_only_lines_low_is_left": low_within(2),
    "everything_failed_and_somebody_runs_make_safe": low_within(5),
    "the_controller_is_told_to_stop": low_within(2),
    "the_keeper_is_told_to_stop": low_within(2),
    "both_are_told_to_stop": low_within(2),
    "somebody_shuts_off": low_within(0.25),
    "the_emergency_button_is_pressed": low_within(0.25),
    "the_clock_is_set_a_day_ahead": timers_end(),
    "the_clock_is_set_a_year_back": timers_end(),
    "every_process_is_frozen_for_a_while": low_after_thawing(LEASE + 0.25),
    "the_machine_sleeps_past_the_lease": low_after_waking(LEASE + 0.25),
    "the_machine_sleeps_past_its_timers": low_after_waking(LEASE + 0.25, timers=True),
    "with_a_clock_that_stops_in_sleep_the_lines_stay_high": stays_high_after_waking(1.5),
    "the_disk_is_full": timers_end(),  # the journal may still have room in blocks of its own
    "the_root_turns_read_only": timers_end(says="file system has become read-only"),
    "the_keeper_lacks_the_group": never_high(),
    "the_keeper_is_killed_and_may_not_open_the_chip_again": low_within(2),
    "another_program_holds_a_line": never_high(5),  # Python has to start, and be refused, first
    "the_machine_restarts": restart(5),
    "the_machine_comes_back": low_until_permitted(),
}


# The limits that matter most, and a control: what CI has time for.
QUICK = (
    "a_killed_owner_leaves_its_line_high",
    "the_controller_is_killed",
    "the_controller_hangs",
    "the_keeper_is_killed",
    "the_keeper_hangs",
    "both_are_killed",
    "both_hang",
    "the_machine_restarts",
)


def judge(episode: Episode, boots: Boots) -> tuple[bool, str, str]:
    """Whether the scenario is good, its limit, and what was seen."""
    rule = RULES[episode.name]
    broken = episode.first("broken")
    if broken is not None:
        return False, rule.limit, broken["why"]
    try:
        return True, rule.limit, rule.look(episode, boots[episode.marks[0]["boot"]])
    except Broken as error:
        return False, rule.limit, str(error)
    except KeyError as error:
        return False, rule.limit, f"the guest did not get as far: no {error}"
