"""The kinds of limits, and what was seen of each."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.kernel.watch import LINES, SECOND, Episode, Nanoseconds, Watch


class Broken(Exception):
    """A limit was not kept, or nothing can be said; the text says what was seen."""


@dataclass(frozen=True)
class Rule:
    """What a scenario must show: the limit in words, and a function that says what was seen or raises Broken."""

    limit: str
    look: Callable[[Episode, Watch], str]


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


def timers_end(late: float = 0.25, early: float = 0.05, says: str = "") -> Rule:
    """Each line high at the fault, and low when its timer ends: not late, and not early. What it ``says`` is shown."""

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
        if says and not any(says in str(each.get("words")) for each in episode.marks):
            raise Broken(f"no word of {says!r}")
        return f"low {_signed(off)} after the timers' ends"

    return Rule(f"low at the timer's end, at most {late:g} s late" + (", and it says so" if says else ""), look)


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


def low_after_waking(limit: float, timers: bool = False) -> Rule:
    """Lines stay as they are while the machine sleeps; what counts is when processes may run again."""

    def look(episode: Episode, watch: Watch) -> str:
        woke, slept = _woke(episode, watch)
        low = watch.low_from(episode.at("fault"))
        if low is None or low > woke + limit * SECOND:
            raise Broken("high after waking")
        if low < woke:
            raise Broken("low before it slept: nothing is shown")
        if timers:
            _ended_in_sleep(episode, slept)
            _quiet(episode, watch, low + 1, episode.at("end"))
        return f"slept for {slept:.1f} s, low {_seconds(low - woke)} after waking"

    return Rule(f"low within {limit:g} s of waking", look)


def stays_high_after_waking(seconds: float) -> Rule:
    """What does not count the sleep stays high after it: shows that the limit above could be missed."""

    def look(episode: Episode, watch: Watch) -> str:
        woke, slept = _woke(episode, watch)
        _ended_in_sleep(episode, slept)
        low = watch.low_from(episode.at("fault"))
        if low is not None and low < woke + seconds * SECOND:
            raise Broken(f"low {_seconds(low - woke)} after waking: so it did count the sleep, or did not sleep")
        return f"slept for {slept:.1f} s, high for more than {seconds:g} s after waking"

    return Rule(f"still high {seconds:g} s after waking", look)


def _woke(episode: Episode, watch: Watch) -> tuple[Nanoseconds, float]:
    """The instant from which processes ran again, and how many seconds the machine slept."""
    awake = episode.first("awake")
    if awake is None:
        raise KeyError("awake")
    if awake["slept"] < 2.5 or awake["thawed"] < episode.at("fault"):
        raise Broken(f"the machine slept for {awake['slept']:.1f} s")
    _all_high(watch, episode.at("fault"))
    return awake["thawed"], awake["slept"]


def _ended_in_sleep(episode: Episode, slept: float) -> None:
    mark, fault = episode.first("timers"), episode.at("fault")
    if mark is None:
        raise KeyError("timers")
    if not all(fault < end < fault + slept * SECOND for end in mark["ends"]):
        raise Broken("a timer did not end while the machine slept")


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
