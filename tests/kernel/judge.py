"""The limits, and whether they were kept."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.kernel.watch import LINES, SECOND, Episode, Nanoseconds, Watch

LEASE = 1.0  # s, keeper.lease of the installed configuration
Boots = dict[str, Watch]


class Broken(Exception):
    """A limit was not kept, or nothing can be said; the text says what was seen."""


@dataclass(frozen=True)
class Rule:
    """What a scenario must show: the limit in words, and a function that says what was seen or raises Broken."""

    limit: str
    look: Callable[[Episode, Watch], str]


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


def _seconds(span: Nanoseconds) -> str:
    return f"{span / SECOND:.3f} s"


def _all_high(watch: Watch, at: Nanoseconds) -> None:
    levels = {line: watch.high(line, at) for line in LINES}
    if set(levels.values()) != {True}:
        raise Broken(f"not every line was high at the fault: {levels}")


def _low_after(watch: Watch, at: Nanoseconds, limit: float) -> Nanoseconds:
    _all_high(watch, at)
    low = watch.low_from(at)
    if low is None:
        raise Broken("a line never went low")
    if low - at > limit * SECOND:
        raise Broken(f"low after {_seconds(low - at)}")
    return low


def low_within(limit: float) -> Rule:
    """Both lines high at the fault, and low soon after."""

    def look(episode: Episode, watch: Watch) -> str:
        at = episode.at("fault")
        return f"low after {_seconds(_low_after(watch, at, limit) - at)}"

    return Rule(f"low within {limit:g} s", look)


def stays_high(seconds: float) -> Rule:
    """What nothing protects stays high: shows that the other limits could be missed."""

    def look(episode: Episode, watch: Watch) -> str:
        at = episode.at("fault")
        _all_high(watch, at)
        low = watch.low_from(at)
        if low is not None and low - at < seconds * SECOND:
            raise Broken(f"low after {_seconds(low - at)}: the witness or the lines are not as they should be")
        return f"high for more than {seconds:g} s"

    return Rule(f"still high after {seconds:g} s", look)


def never_high(limit: float = 2) -> Rule:
    """No line high between the fault and the end, not even between two looks of the witness."""

    def look(episode: Episode, watch: Watch) -> str:
        since, until = episode.at("fault"), episode.at("end")
        low = watch.low_from(since)  # some scenarios begin with lines that are high
        if low is None or low - since > limit * SECOND:
            raise Broken("a line stayed high")
        _quiet(episode, watch, low + 1, until)
        return f"low after {_seconds(low - since)}, and for {_seconds(until - low)}"

    return Rule(f"low within {limit:g} s, then never high", look)


def _quiet(episode: Episode, watch: Watch, since: Nanoseconds, until: Nanoseconds) -> None:
    if not watch.covers(since, until):
        raise Broken("the witness was not there all the time")
    seen = watch.rises(since, until) or episode.driven_high(since, until)
    if seen:
        at, line = seen[0]
        raise Broken(f"GPIO {line} was high {_seconds(at - since)} after the beginning")


def timers_end(late: float = 0.25, early: float = 0.05) -> Rule:
    """Each line high at the fault, and low when its timer ends: not late, and not early."""

    def look(episode: Episode, watch: Watch) -> str:
        at, mark = episode.at("fault"), episode.first("timers")
        assert mark is not None
        _all_high(watch, at)
        off = []
        for line, end in zip(LINES, mark["ends"], strict=True):
            low = watch.low_from_line(line, at)
            if low is None:
                raise Broken(f"GPIO {line} never went low")
            off.append((low - end) / SECOND)
        if not all(-early <= each <= late for each in off):
            raise Broken(f"low {_signed(off)} after the timers' ends")
        return f"low {_signed(off)} after the timers' ends"

    return Rule(f"low at the timer's end, at most {late:g} s late", look)


def _signed(seconds: list[float]) -> str:
    return " and ".join(f"{each:+.3f} s" for each in seconds)


def low_after_thawing(limit: float) -> Rule:
    """Nobody can act while frozen; what counts is the time after it."""

    def look(episode: Episode, watch: Watch) -> str:
        end = episode.first("end")
        if end is None or end["frozen"] < 2.5:
            raise Broken(f"the processes were frozen for {end and end['frozen']} s")
        _all_high(watch, episode.at("fault"))
        low = watch.low_from(episode.at("fault"))
        if low is None or low > episode.at("end") + limit * SECOND:
            raise Broken("high after the thaw")
        return f"frozen for {end['frozen']:.1f} s, low {_signed([(low - episode.at('end')) / SECOND])} after the thaw"

    return Rule(f"low within {limit:g} s of the thaw", look)


def low_until_permitted() -> Rule:
    """From the first look at the lines to the daemon's readiness."""

    def look(episode: Episode, watch: Watch) -> str:
        done = episode.first("done")
        if done is None:
            raise KeyError("done")
        return _start(episode, watch, done["active"])

    return Rule("never high before the daemon is ready", look)


def _start(episode: Episode, watch: Watch, active: Nanoseconds) -> str:
    first = min(watch.levels[line][0][0] for line in LINES)
    _quiet(episode, watch, first, active)
    rise = min(at for line in LINES for at, level in watch.levels[line] if level)
    return f"first high {_seconds(rise - active)} after the daemon is ready"


def restart(limit: float) -> Rule:
    """Low before the machine goes down, and never high again in that boot."""

    def look(episode: Episode, watch: Watch) -> str:
        at = episode.at("fault")
        low = _low_after(watch, at, limit)
        if watch.rises(low + 1, 1 << 62):
            raise Broken("a line rose again while the machine went down")
        return f"low after {_seconds(low - at)}"

    return Rule(f"low within {limit:g} s, and until the end", look)


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
    "the_disk_is_full": timers_end(),
    "the_root_turns_read_only": timers_end(),
    "the_keeper_lacks_the_group": never_high(),
    "the_keeper_is_killed_and_may_not_open_the_chip_again": low_within(2),
    "another_program_holds_a_line": never_high(5),  # Python has to start, and be refused, first
    "the_machine_restarts": restart(5),
    "the_machine_comes_back": low_until_permitted(),
}
