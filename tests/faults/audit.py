"""Nothing is lost: what was acknowledged and each fall of a line is on record once, in order, without a gap."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from tests.e2e.program import eventually
from tests.faults.oracle import waited_until
from tests.faults.scene import ALL, HOLD_OPEN, PINS, Row, Said, Scene
from tests.witness import boot_seconds

BURNERS = (*ALL, "rear", "front")
TOLERANCE = 0.003  # s: the record has whole milliseconds
KINDS = {
    "timer": "timer_started",
    "extend": "timer_extended",
    "cancel": "timer_cancelled",
    "lock": "locked",
    "unlock": "unlocked",
}
CLIENTS = ("rest", "mqtt", "console", "phone")
INHERITED = 3  # rows that the run began with
AMOUNTS = {"timer": "duration_s", "extend": "by_s"}  # each is another number in a run, so that its row is known by it


@dataclass(frozen=True)
class Found:
    """A command, one burner that it was for, and its rows."""

    said: Said
    burner: str
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return f"{self.said['what']} of {self.burner}, sent at {self.said['at']:.3f} s"


def audit(scene: Scene) -> None:
    """Fails with a sentence about the first thing that is not on record as it has to be."""
    rows = scene.rows()
    assert [row.seq for row in rows] == list(range(1, 1 + len(rows))), "the record has a gap"
    verdict = scene.verify()
    assert verdict.returncode == 0, f"history --verify: {verdict.stdout}{verdict.stderr}"
    found = list(commands(scene.statements, rows))
    unasked = [] if scene.loose else nobody_asked(found, rows[INHERITED:])
    assert (wrong := [*not_once(found, scene.loose), *out_of_order(found), *unasked]) == [], "; ".join(wrong)
    for line in PINS:
        eventually(f"each fall of {line} is on record once: {_falls(scene, line)}", partial(_told, scene, line), 5)


def commands(statements: Iterable[Said], rows: list[Row]) -> Iterator[Found]:
    """Each command of a run with its rows; one for all burners counts for each of them."""
    for said in statements:
        burners = [said["line"]] if said["line"] is not None else BURNERS
        if said["what"] in AMOUNTS:
            yield Found(said, said["line"], tuple(row for row in rows if _has_amount(row, said)))
        elif said["what"] in KINDS or said["what"] == "shut_off":
            for burner in burners:
                yield Found(said, burner, tuple(row for row in rows if row.burner == burner and _is_then(row, said)))


def _has_amount(row: Row, said: Said) -> bool:
    amount = row.details.get(AMOUNTS[said["what"]])
    return row.kind == KINDS[said["what"]] and row.burner == said["line"] and amount == round(said["seconds"], 3)


def _is_then(row: Row, said: Said) -> bool:
    """A command without a number of its own is known by when it was decided; nobody sends two at a time."""
    if not said["at"] - TOLERANCE <= row.boot <= waited_until(said) + TOLERANCE:
        return False
    if said["what"] == "shut_off":
        return row.kind == "shut_off" and row.details["cause"] in ("user", "shut_off_all")
    return row.kind == KINDS[said["what"]]


def not_once(found: list[Found], loose: bool) -> Iterator[str]:
    """What was acknowledged and is not there, and what is there more often; ``loose``: others commanded too."""
    for one in found:
        acknowledged = "acked" in one.said
        many = len(one.rows)
        told_apart = one.said["what"] in AMOUNTS or not loose  # what is in vain is put down seldom
        if acknowledged and many == 0 and told_apart:
            yield f"{one} was acknowledged and is not on record"
        if many > one.said.get("times", 1) and not loose:
            yield f"{one} is on record {many} times"


def nobody_asked(found: list[Found], rows: Iterable[Row]) -> Iterator[str]:
    """What was decided for somebody, and no statement tells that anybody asked for it."""
    asked = {row.seq for one in found for row in one.rows}
    for row in rows:
        if row.kind in KINDS.values() and row.by.split(":")[0] in CLIENTS and row.seq not in asked:
            yield f"{row.kind} of {row.burner} by {row.by}, and nobody asked for it"


def out_of_order(found: list[Found]) -> Iterator[str]:
    """What was acknowledged before another was sent, and is on record after it."""
    sure = [one for one in found if "acked" in one.said and len(one.rows) == 1]
    for one in sure:
        for other in sure:
            if one.said["acked"] < other.said["at"] and one.rows[0].seq > other.rows[0].seq:
                yield f"{one} is on record after {other}"


# --- the falls of a line --------------------------------------------------------------------------------


def _falls(scene: Scene, line: str) -> int:
    levels = [level.high for level in scene.lines.levels() if level.pin == PINS[line]]
    return sum(1 for before, after in pairwise(levels) if before and not after)


def _told(scene: Scene, line: str) -> bool:
    levels = [(level.at, level.high) for level in scene.lines.levels() if level.pin == PINS[line]]
    rises = [at for (_, before), (at, after) in pairwise([(0.0, False), *levels]) if after and not before]
    rows = scene.rows()
    instants = in_order([row.boot for row in rows], boot_seconds())
    dated = zip(instants, rows, strict=True)
    told = [(at, row.kind == "shut_off") for at, row in dated if _may_tell_of_a_fall(row, line)]
    if scene.loose:
        return _falls(scene, line) <= len(told)
    return _falls(scene, line) == len(told) - len(in_between(told, rises))


def in_order(told: list[float], now: float) -> list[float]:
    """With instants that are to come, or before an earlier one, moved up to the next: that clock was the fault."""
    good, latest = [], 0.0
    for at in told:
        good.append(latest <= at <= now)
        latest = at if good[-1] else latest
    made, until, ahead = [], now, None
    for at, believed in zip(reversed(told), reversed(good), strict=True):
        if believed:
            until, ahead = at, None
        elif ahead is None:
            ahead = at - until  # of all that this clock told
        made.append(at - (ahead or 0.0))
    return made[::-1]


def in_between(told: list[tuple[float, bool]], rises: list[float]) -> list[float]:
    """When a line that was not high was said to be cut: a hold after it was cut before, and without a rise since.

    (s, whether it is a cut): a daemon that stops, or does not know how its last run ended, says so of low lines too.
    """
    before, without = -HOLD_OPEN, []
    for at, cut in told:
        rose = any(before < rise <= at + TOLERANCE for rise in rises)
        if not rose and (not cut or at - before >= 0.9 * HOLD_OPEN):
            without.append(at)
        before = at
    return without


def _may_tell_of_a_fall(row: Row, line: str) -> bool:
    if row.kind == "shut_off":
        return row.burner == line and bool(row.details["cut"])
    return row.kind == "stopped" or (row.kind in ("opened_unknown", "paused") and row.burner == line)
