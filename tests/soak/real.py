"""Real time: daemon, keeper and broker as processes under load, for as long as it is asked for.

The run is a loop: most of the time things are done (:mod:`tests.soak.load`) and looked at (:mod:`tests.soak.sampling`);
every now and then everybody leaves, and what is left open is counted. At the end come the verdicts.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.brokers import Mosquitto
from tests.faults.audit import audit
from tests.faults.oracle import judge
from tests.soak.falls import falls, without_cause
from tests.soak.flatness import Flatness, bounded, flatness
from tests.soak.load import Load, SoakScene
from tests.soak.sampling import Samples, look

PROCESSES = ("daemon", "keeper")
LONG: float = 1800  # s; in a shorter run the memory is still warming up
ROOM = (1.0, 8.0)  # MiB by which the heap may grow within half of a long and of a short run
MOST_THREADS = 2  # more than the most of the first quarter


@dataclass(frozen=True)
class Plan:
    """How long and how hard; all in s."""

    seconds: float
    seed: int = 0
    pause: float = 0.15  # between two deeds, on average
    pages: int = 8
    kill_keeper: bool = True
    deeds: int = 0  # a machine that is busy otherwise takes longer, for so many at least

    @property
    def sample_every(self) -> float:
        return min(5.0, self.seconds / 100)

    @property
    def quiet_every(self) -> float:
        return min(120.0, max(3.0, self.seconds / 8))

    @property
    def room(self) -> float:
        return ROOM[self.seconds < LONG]


@dataclass
class Result:
    """What came of it."""

    plan: Plan
    samples: Samples
    run: dict[str, Any]
    done: dict[str, int]
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


class Soak:
    """One run in a folder, on a scene that is set up already."""

    def __init__(self, scene: SoakScene, load: Load, samples: Samples, plan: Plan) -> None:
        self._scene, self._load, self._samples, self._plan = scene, load, samples, plan
        self._journal = scene.folder / "flameout.db"
        self._daemon, self._keeper = scene.pid, scene.keeper_pid()
        self._over = threading.Event()
        self._resting = threading.Event()

    def run(self, show: Callable[[float], None]) -> None:
        """Do, look and rest until the time is over."""
        looking = threading.Thread(target=self._look)
        looking.start()
        try:
            self._go_on(show)
        finally:
            self._over.set()
            looking.join()

    def _go_on(self, show: Callable[[float], None]) -> None:
        plan, start = self._plan, time.monotonic()
        due = _Due(start)
        while (passed := time.monotonic() - start) < plan.seconds or self._load.steps < plan.deeds:
            if self._scene.dead():
                return
            show(passed)
            if due.every("quiet", plan.quiet_every):
                self._rest()
            if due.every("broker", min(420.0, plan.seconds / 3)):
                self._load.restart_broker()
            early = passed < plan.seconds / 2 or "keeper killed" not in self._load.done
            if plan.kill_keeper and early and due.every("keeper", min(600.0, plan.seconds / 4)):
                self._load.kill_keeper()
                self._keeper = self._scene.keeper_pid()
            self._load.step()
            time.sleep(self._load.random.expovariate(1 / plan.pause))
        self._rest()

    def _look(self) -> None:
        """On a thread of its own, so that what takes long is seen too."""
        while not self._over.wait(self._plan.sample_every):
            if not self._resting.is_set():
                for what, pid in (("daemon", self._daemon), ("keeper", self._keeper)):
                    self._samples.add(look(time.monotonic(), what, pid, False, self._journal))

    def _rest(self) -> None:
        """Everybody leaves. What takes a moment to close gets it: the fewest of ten looks count."""
        self._resting.set()
        self._load.rest()
        time.sleep(1.0)
        looks = []
        for _ in range(10):
            time.sleep(0.05)
            looks.append(look(time.monotonic(), "daemon", self._daemon, True, self._journal))
        self._samples.add(min(filter(None, looks), key=lambda sample: sample.descriptors, default=None))
        self._samples.add(look(time.monotonic(), "keeper", self._keeper, True, self._journal))
        self._resting.clear()
        self._load.go_on()


class _Due:
    """Says of each of several things when it is due again."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._last: dict[str, float] = {}

    def every(self, what: str, interval: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, self._start) < interval:
            return False
        self._last[what] = now
        return True


def soak(
    folder: Path, plan: Plan, show: Callable[[float], None], before: Callable[[SoakScene], object] = lambda scene: None
) -> Result:
    """Run in ``folder`` and judge; ``before`` may do harm once everything is up."""
    folder = folder.resolve()  # the programs work in it
    folder.mkdir(parents=True, exist_ok=True)
    with Mosquitto() as broker:
        scene = SoakScene(folder, plan.seed, broker, broker.port)
        samples = Samples(folder / "samples.csv")
        try:
            scene.spawn()
            scene.wait_high()
            load = Load(scene, broker, plan.pages, plan.seed)
            before(scene)
            try:
                Soak(scene, load, samples, plan).run(show)
            finally:
                load.close()
            result = Result(plan, samples, {}, load.done, load.unanswered)
            if scene.dead():
                result.wrong.append(f"the daemon ended: {scene.stove.log()[-300:]}")
            _finish(scene, result)
        finally:
            samples.close()
            scene.close()
    _judge_lines(result)
    _judge_memory(result)
    (folder / "result.json").write_text(json.dumps(_written(result), indent=1))
    return result


def _finish(scene: SoakScene, result: Result) -> None:
    """Everything off, and the record compared with what was done."""
    if not scene.shut_off(None):
        result.wrong.append("a shut-off was not answered at the end")
    time.sleep(0.1)
    scene.loose = True  # the household commands by several ways at a time
    try:
        audit(scene)
    except AssertionError as error:
        result.wrong.append(str(error))
    result.figures["rows"] = len(scene.rows())
    result.figures["log lines"] = len(scene.stove.log().splitlines())
    result.run |= scene.run()


def _judge_lines(result: Result) -> None:
    breaches, judges = judge(result.run)
    nuisances, stalled = without_cause(result.run, judges)
    result.wrong += [str(breach) for breach in breaches]
    result.wrong += [f"{fall.line} fell at {fall.at:.3f} s without a cause" for fall in nuisances]
    timers = [said for said in result.run["statements"] if said["what"] == "timer" and said.get("acked")]
    result.figures |= {
        "timers": len(timers),
        "demands": sum(len(one.forbidden) + len(one.dips) for one in judges.values()),
        "falls": len(falls(result.run)),
        "breaches": len(breaches),
        "falls without a cause": len(nuisances),
        "falls after the machine stood still": len(stalled),
        "standstills": len(result.run["stalls"]),
    }


def _judge_memory(result: Result) -> None:
    for what in PROCESSES:
        loud, quiet = result.samples.of(what, quiet=False), result.samples.of(what, quiet=True)
        try:
            heap = flatness([(sample.at, sample.anonymous) for sample in loud], result.plan.room)
        except ValueError as error:  # it ended early
            result.wrong.append(f"nothing can be said of the {what}'s memory: {error}")
            continue
        result.figures[f"{what} heap"] = asdict(heap) | {"flat": heap.flat}
        result.figures[f"{what} cpu"] = _cpu_share(loud)
        if not heap.flat:
            result.wrong.append(f"the {what}'s heap grows: {_in_words(heap)}")
        if not bounded([(sample.at, sample.descriptors) for sample in quiet]):
            counts = [sample.descriptors for sample in quiet]
            result.wrong.append(f"the {what} keeps descriptors open while nobody is there: {counts}")
        first = [sample.threads for sample in loud[: max(1, len(loud) // 4)]]
        if max(sample.threads for sample in loud) > max(first) + MOST_THREADS:
            result.wrong.append(f"the {what}'s threads grow to {max(sample.threads for sample in loud)}")


def _in_words(heap: Flatness) -> str:
    return f"by {heap.growth:.2f} MiB from the second to the last quarter, {heap.slope:+.2f} MiB/h"


def _cpu_share(samples: list[Any]) -> float:
    """Of one core, in the longest life of the process."""
    last = samples[-1].pid
    mine = [sample for sample in samples if sample.pid == last]
    return float((mine[-1].cpu - mine[0].cpu) / max(0.001, mine[-1].at - mine[0].at))


def _written(result: Result) -> dict[str, Any]:
    return {"plan": asdict(result.plan), "done": result.done, "figures": result.figures, "wrong": result.wrong}
