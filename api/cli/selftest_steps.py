"""How the self-test judges what was measured: pure functions over samples, without time, pins or words.

A flame's thermocouple is loaded by the magnet's coil while its relay is closed. As the relay opens, the voltage
steps up to the open-circuit one, and decays once the flame is out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from hardware.clock import SECOND, Millis

Sample = tuple[Millis, float]
"""When on the boot clock, and mV."""

STEP_WITHIN: Millis = 1_500
STEP_RATIO = 1.2  # open over loaded; 1.7 with a fresh contact, 1.4 with one that is nearly worn out
STEP_READINGS = 3  # so many without a step, before a contact counts as stuck
CROSSED_WITHIN: Millis = 700  # a cooling probe alone falls less than a closing relay makes it fall
NOTICEABLE = 1.0  # mV above what was there before, for a flame to count as new
STEADY_WITHIN = 0.03  # of the voltage, either way
STEADY_FOR: Millis = 4 * SECOND
OWN_CLOSING_TIME: Millis = 60 * SECOND  # EN 125: the longest that a flame supervision device may take
BELOW_FOR = 3  # samples; one alone may be a disturbance


class Finding(StrEnum):
    """What a judgement came to; the catalogue has a sentence, and where one is needed a cure, for each."""

    # a relay and its contact, with every knob off
    FOLLOWS = "follows"
    CLICKED = "clicked"
    WELDED = "welded"
    WELDED_ONE = "welded_one"
    UNREADABLE = "unreadable"
    NEVER_CLOSES = "never_closes"
    OTHER_CONTACT = "other_contact"
    REFUSED = "refused"
    # a flame and its sensor
    REACTED = "reacted"
    CROSSED_SENSORS = "crossed_sensors"
    NO_FLAME_SEEN = "no_flame_seen"
    FLAME_BEFORE = "flame_before"
    NOT_HELD = "not_held"
    NO_SENSOR = "no_sensor"
    # the relay opened under the flame
    CLOSED = "closed"
    CONTACT_STUCK = "contact_stuck"
    VALVE_STUCK = "valve_stuck"
    CROSSED_RELAYS = "crossed_relays"
    STILL_LIT = "still_lit"
    WATCHED = "watched"
    # the flame blown out under a closed relay
    LETS_GO = "lets_go"
    DOES_NOT_LET_GO = "does_not_let_go"
    NOT_HEARD = "not_heard"
    # a channel with a known voltage
    REFERENCE_RIGHT = "reference_right"
    REFERENCE_WRONG = "reference_wrong"
    # any of them
    INTERRUPTED = "interrupted"
    NOT_DONE = "not_done"


RESULTS: dict[Finding, str] = {
    Finding.FOLLOWS: "ok",
    Finding.REACTED: "ok",
    Finding.CLOSED: "ok",
    Finding.LETS_GO: "ok",
    Finding.REFERENCE_RIGHT: "ok",
    Finding.CLICKED: "skip",
    Finding.NOT_HEARD: "skip",
    Finding.NOT_DONE: "skip",
    Finding.NO_SENSOR: "warn",
    Finding.WATCHED: "warn",
}
"""What is not here is a failure."""


def result(finding: Finding) -> str:
    """ok, warn, fail or skip, as in the doctor's table."""
    return RESULTS.get(finding, "fail")


@dataclass(frozen=True)
class Verdict:
    """What was found, by which other burner where one is involved, and what was measured on the way."""

    finding: Finding
    other: str | None = None
    open_mv: float | None = None
    closed_after: Millis | None = None


# --- voltages ---------------------------------------------------------------------------------------------


def mean(samples: Sequence[Sample], start: Millis, end: Millis) -> float | None:
    """The mean in mV from ``start`` to ``end``, both included; None where nothing was measured."""
    values = [millivolts for at, millivolts in samples if start <= at <= end]
    return fmean(values) if values else None


def steady(samples: Sequence[Sample], now: Millis) -> float | None:
    """The mean of the last second in mV, once the voltage has stood still for :data:`STEADY_FOR`; None before."""
    latest = mean(samples, now - SECOND, now)
    window = [(at, mv) for at, mv in samples if at >= now - STEADY_FOR]
    if latest is None or window[0][0] > now - STEADY_FOR + SECOND:
        return None
    return latest if all(abs(mv - latest) <= STEADY_WITHIN * abs(latest) for _, mv in window) else None


def stepped_up(before_mv: float, samples: Sequence[Sample], opened_at: Millis) -> float | None:
    """The open-circuit voltage in mV, if it came within :data:`STEP_WITHIN` of the opening."""
    highest = max((mv for at, mv in samples if opened_at < at <= opened_at + STEP_WITHIN), default=None)
    return highest if highest is not None and highest >= STEP_RATIO * before_mv > 0 else None


def stepped_down(before_mv: float, samples: Sequence[Sample], closed_at: Millis) -> bool:
    """Whether a load came upon a hot probe, as when a relay closes in its loop."""
    window = [mv for at, mv in samples if closed_at < at <= closed_at + CROSSED_WITHIN]
    return bool(window) and 0 < min(window) <= before_mv / STEP_RATIO


def fell_below(samples: Sequence[Sample], since: Millis, level_mv: float) -> Millis | None:
    """After how many ms the voltage went below a level and stayed there for :data:`BELOW_FOR` samples."""
    first, count = 0, 0
    for at, millivolts in samples:
        if at <= since:
            continue
        count = count + 1 if millivolts < level_mv else 0
        first = at if count == 1 else first
        if count == BELOW_FOR:
            return first - since
    return None


def load_ratio(loaded_mv: float, open_mv: float) -> float:
    """The resistance of coil, contact and leads against the thermocouple's own."""
    return loaded_mv / (open_mv - loaded_mv)


def shows_flame(before_mv: float | None, now_mv: float, lit_above_mv: float) -> bool:
    """Whether a voltage tells of a flame that was not there before."""
    return now_mv > lit_above_mv and now_mv >= (before_mv or 0.0) + NOTICEABLE


# --- judgements -------------------------------------------------------------------------------------------


def judge_contact(while_closed: Mapping[str, bool], after: Mapping[str, bool], own: str, has_contact: bool) -> Verdict:
    """Contacts by burner while one relay was energised, and after it opened; they have to follow it."""
    foreign = [name for name, closed in while_closed.items() if closed and name != own and not after.get(name)]
    if foreign:
        return Verdict(Finding.OTHER_CONTACT, foreign[0])
    if not has_contact:
        return Verdict(Finding.CLICKED)
    if own not in while_closed or own not in after:
        return Verdict(Finding.UNREADABLE)
    if after[own]:
        return Verdict(Finding.WELDED)
    return Verdict(Finding.FOLLOWS if while_closed[own] else Finding.NEVER_CLOSES)


def judge_reaction(own: str, has_sensor: bool, reacted: Collection[str]) -> Verdict:
    """Which sensors saw one burner's flame."""
    foreign = sorted(name for name in reacted if name != own)
    if foreign:
        return Verdict(Finding.CROSSED_SENSORS, foreign[0])
    if not has_sensor:
        return Verdict(Finding.NO_SENSOR)
    return Verdict(Finding.REACTED if own in reacted else Finding.NO_FLAME_SEEN)


@dataclass(frozen=True)
class Cut:
    """One relay opened under a steady flame, and the voltages since, its own and the other burners'."""

    opened_at: Millis
    loaded_mv: float
    out_below_mv: float
    closing_time: Millis
    samples: Sequence[Sample]
    others: Mapping[str, tuple[float, Sequence[Sample]]]  # each with its voltage before


def judge_cut(cut: Cut, now: Millis) -> Verdict | None:
    """What a cut came to, by the thermocouple; None while it is too early to say."""
    since = [sample for sample in cut.samples if sample[0] > cut.opened_at]
    open_mv = stepped_up(cut.loaded_mv, cut.samples, cut.opened_at)
    if open_mv is None:
        for name, (before, samples) in cut.others.items():
            if before >= cut.out_below_mv and stepped_up(before, samples, cut.opened_at) is not None:
                return Verdict(Finding.CROSSED_RELAYS, name)
        over = now > cut.opened_at + STEP_WITHIN
        return Verdict(Finding.CONTACT_STUCK) if over and len(since) >= STEP_READINGS else None
    closed_after = fell_below(cut.samples, cut.opened_at, cut.out_below_mv)
    if closed_after is not None and closed_after <= cut.closing_time:
        return Verdict(Finding.CLOSED, open_mv=open_mv, closed_after=closed_after)
    if now > cut.opened_at + cut.closing_time:
        return Verdict(Finding.VALVE_STUCK, open_mv=open_mv)
    return None


def judge_own_closing(heard: Millis | None, cooled: Millis | None, listened: bool, measured: bool) -> Verdict:
    """The stove's own valve after a blow-out: when somebody heard it, and when its probe had cooled, in ms.

    ``listened``: somebody was asked to; ``measured``: there is a thermocouple.
    """
    if not listened and not measured:
        return Verdict(Finding.NOT_HEARD)
    for asked, after in ((listened, heard), (measured, cooled)):
        if asked and (after is None or after > OWN_CLOSING_TIME):
            return Verdict(Finding.DOES_NOT_LET_GO)
    return Verdict(Finding.LETS_GO)
