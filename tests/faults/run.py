"""One run: a fault struck at one instant, everything that has to come of it, and the oracle's word."""

import contextlib
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.brokers import free_port
from tests.copies import state
from tests.e2e.program import eventually
from tests.faults.audit import audit
from tests.faults.fault import Dips, Fault, Opens, Undisturbed, nothing
from tests.faults.heirloom import bequeath, look_after
from tests.faults.oracle import judge
from tests.faults.processes import burn_processor
from tests.faults.scene import ALL, PINS, Scene, scene, wait
from tests.faults.storage import hold_journal
from tests.witness import boot_seconds

MOMENTS = ("idle", "starting", "before a deadline", "during a write", "during another fault")
OF_PAIRS = ("idle", "before a deadline", "during a write")
OBEYED_AFTER = 0.15  # s after a strike: commands are tried
FUSE = 1.6  # s, of the timer before whose end is struck
BEFORE_THAT = 1.4  # s before it the other fault of a pair begins
PATIENCE = 60.0  # s, for what has no limit of its own, on a machine that does much else
RESTART = 0.3  # s; the supervisor's RestartSec


@dataclass(frozen=True)
class Outcome:
    """What came of a run; ``wrong`` is empty where all was as it had to be."""

    fault: str
    seed: int
    moment: str
    wrong: tuple[str, ...]
    run: dict[str, Any]
    struck_at: float
    demands: int
    before: tuple[tuple[str, ...], ...] = ()
    """What was wrong each time that it had been played before."""
    program: str = ""
    """The commit whose program it was played with."""


def moment_of(fault: Fault, seed: int) -> str:
    """The instant that a seed stands for; a fault that needs an answering daemon strikes an idle one instead."""
    if fault.meanwhile is not None:
        return OF_PAIRS[seed % len(OF_PAIRS)]
    moment = MOMENTS[seed % len(MOMENTS)]
    return "idle" if moment == "starting" and not fault.starting else moment


def play(fault: Fault, seed: int, keep: bool = True) -> Outcome:
    """Run it in a folder of its own, which stays only where something was wrong, and where somebody wants to see it."""
    folder = Path(tempfile.mkdtemp(prefix=f"flameout-fault-{fault.name}-"))
    moment, wrong, struck = moment_of(fault, seed), [], 0.0
    sections = {key: value.format(folder=folder) for key, value in fault.sections.items()}
    if fault.unreachable:
        sections["more"] = f'[mqtt]\nhost = "127.0.0.1"\nport = {free_port()}\n'
    with scene(folder, seed, fault.mqtt, fault.wire, **sections) as made:
        made.stove.environment |= fault.environment
        # without its first keeper a start has failed, and the supervisor tries again
        made.may_end = fault.restarts or (moment == "starting" and not isinstance(fault.reaction, Undisturbed))
        _authorise(made, sections)
        bequeath(made)
        try:
            struck = _strike(made, fault, moment)
            _while_it_lasts(made, fault, moment)
            _nobody_died(made, fault)
            _afterwards(made, fault)
        except Exception as error:  # whatever it is, it is this run's, and the others go on
            wrong.append(f"{type(error).__name__}: {error}")
        run = made.run()
    breaches, judges = judge(run)
    wrong += [str(breach) for breach in breaches]
    demands = sum(len(one.forbidden) + len(one.dips) + len(one.stays) for one in judges.values())
    if not demands:
        wrong.append("the oracle had nothing to judge")
    if wrong and keep:
        print(f"kept: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return Outcome(fault.name, seed, moment, tuple(wrong), run, struck, demands, program=state())


def _authorise(made: Scene, sections: dict[str, str]) -> None:
    """Where tokens are asked for, the campaign's own calls carry the console's."""
    if sections.get("require_token") == "true":
        made.token = made.folder / "console.token"


def _strike(made: Scene, fault: Fault, moment: str) -> float:
    made.spawn()
    if moment == "starting":
        wait(made.random.uniform(0.05, 1.2))
    else:
        eventually("the daemon answers", made.stove.healthy, PATIENCE)
        made.wait_high()
        with _moment(made, fault, moment):
            made.alive = made.pid, made.keeper_pid()
            return _do(made, fault, moment)
    return _do(made, fault, moment)


def _do(made: Scene, fault: Fault, moment: str) -> float:
    at = boot_seconds()
    if isinstance(fault.reaction, Undisturbed):
        fault.strike(made)
        if moment != "starting":
            why = f"{fault.what}, which is none of its business"
            for line in ("right",) if moment == "before a deadline" else ALL:
                made.stays(boot_seconds() - at + OBEYED_AFTER, why, line, at)
    elif fault.begins:
        fault.strike(made)
        _demand(made, fault)
    else:
        _demand(made, fault)
        fault.strike(made)
    return at


def _demand(made: Scene, fault: Fault) -> None:
    reaction = fault.reaction
    if isinstance(reaction, Opens):
        made.must_open(reaction.within, fault.what, keeps=reaction.keeps)
    elif isinstance(reaction, Dips):
        made.must_dip(reaction.within, fault.what)


@contextlib.contextmanager
def _moment(made: Scene, fault: Fault, moment: str) -> Iterator[None]:
    """Bring about the instant, with the other fault of a pair by then, and end what belongs to it."""
    meanwhile = fault.meanwhile or nothing
    if moment == "before a deadline":
        made.timer("left", FUSE)
        deadline = made.statements[-1]["acked"] + FUSE
        time.sleep(max(0.0, deadline - BEFORE_THAT - boot_seconds()))
        meanwhile(made)
        time.sleep(max(0.0, deadline - 0.01 - boot_seconds()))
    elif moment == "during a write":
        meanwhile(made)
        with _writing(made):
            wait(made.random.uniform(0.03, 0.08))
            yield
        return
    elif moment == "during another fault":
        made.random.choice([other for other in (burn_processor, hold_journal) if other is not fault.strike])(made)
        wait(made.random.uniform(0.0, 0.3))
    else:
        meanwhile(made)
        wait(made.random.uniform(0.0, 0.3))
    yield


@contextlib.contextmanager
def _writing(made: Scene) -> Iterator[None]:
    """Somebody sets one long timer after another, so that the journal and the keeper are always busy."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            made.timer("left", 3600)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def _while_it_lasts(made: Scene, fault: Fault, moment: str) -> None:
    until = time.monotonic() + fault.lasts
    if fault.obeys:
        wait(OBEYED_AFTER)
        if moment == "starting":
            eventually("the daemon answers", made.stove.healthy, PATIENCE)
        assert made.shut_off("right"), "a shut-off was not answered while it lasted"
        assert not made.lines.high(PINS["right"]), "the line is high after a shut-off"
        if moment not in ("starting", "before a deadline"):  # then the line is held open
            assert made.timer("left", 1) or fault.unrecorded, "a timer was not acknowledged while it lasted"
    wait(max(0.0, until - time.monotonic()))
    fault.shows(made)


def _nobody_died(made: Scene, fault: Fault) -> None:
    """Neither process ended that no fault took, or a supervisor's restart would cover it up."""
    assert made.may_end or not made.dead(), f"the daemon ended: {made.stove.log()[-300:]}"
    if isinstance(fault.reaction, Undisturbed) and not fault.restarts and made.alive is not None:
        assert (made.pid, made.keeper_pid()) == made.alive, "the daemon or its keeper is another one"


def _afterwards(made: Scene, fault: Fault) -> None:
    """Healed, the stove goes on by itself or by its supervisor, obeys, and has everything on record."""
    made.heal()
    if isinstance(fault.reaction, Opens) and not fault.restarts:
        made.may_close()
    if fault.restarts and not isinstance(fault.reaction, Undisturbed):
        eventually("the daemon has ended", lambda: made.dead() or made.stove.healthy())
    if made.dead():
        wait(RESTART)
        made.spawn()
    eventually("the daemon answers again", lambda: _revived(made), PATIENCE)
    if fault.says:
        eventually(f"it says one of {fault.says}", lambda: any(made.said(word) for word in fault.says))
    if free := [line for line in ALL if line not in fault.locks]:
        eventually(f"{free} high", lambda: _revived(made) and made.high(*free), PATIENCE)
    for line in fault.locks:
        assert not made.lines.high(PINS[line]), f"{line} is high although it is locked out"
        assert made.burner(line)["status"] == "lockout", f"{line} is not locked out"
    fault.after(made)
    look_after(made)
    if free and not made.lost_record:
        eventually("a timer is acknowledged afterwards", lambda: made.timer(free[0], 3600))
        assert made.extend(free[0], 60), "an extension was not acknowledged afterwards"
        assert made.cancel(free[0]), "a cancelling was not acknowledged afterwards"
    assert made.shut_off(None), "a shut-off was not answered afterwards"
    assert not any(made.lines.high(pin) for pin in PINS.values()), "a line is high after everything was shut off"
    wait(0.05)
    if not made.lost_record:
        assert made.lock("left"), "a lock was not answered afterwards"
        assert made.unlock("left"), "an unlocking was not answered afterwards"
        audit(made)
    _still_locked(made, fault)


def _revived(made: Scene) -> bool:
    """Whether it answers; a supervisor starts it where it ended since, for it may answer once more before it ends."""
    if made.dead():
        assert made.may_end, f"the daemon ended: {made.stove.log()[-300:]}"
        made.spawn()
    return made.stove.healthy()


def _still_locked(made: Scene, fault: Fault) -> None:
    """A lockout outlives a restart."""
    code = made.stove.stop()
    assert code == 0, f"told to stop, the daemon ended with {code}"
    if not fault.locks:
        return
    made.spawn()
    eventually("the daemon answers", made.stove.healthy, PATIENCE)
    for line in fault.locks:
        assert made.burner(line)["status"] == "lockout", f"{line} is not locked out after a restart"
