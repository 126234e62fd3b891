"""What the burners' sensors say on the self-test's bench, whatever kind they are."""

from api.cli import selftest_steps as steps
from api.cli.selftest_bench import Bench
from controller.config import Config
from controller.config_wiring import BurnerConfig, ThermocoupleFlame
from hardware.clock import SECOND, Millis


def thermocouple(burner: BurnerConfig) -> ThermocoupleFlame | None:
    """The burner's thermocouple, where it has one that is measured."""
    return burner.flame if isinstance(burner.flame, ThermocoupleFlame) else None


class Sensors:
    """Every burner's sensor."""

    def __init__(self, config: Config, bench: Bench) -> None:
        self._burners = {burner.id: burner for burner in config.burners}
        self._references = len(config.references)
        self._bench = bench

    def all_measured(self) -> bool:
        """Whether everything that is wired has said something."""
        bench, burners = self._bench, self._burners.values()
        digital = {b.id for b in burners if b.flame is not None and b.flame.kind == "digital"}
        contacts = {b.id for b in burners if b.contact is not None}
        return (
            digital <= bench.flames.keys()
            and contacts <= bench.contacts.keys()
            and all(bench.latest(b.id) is not None for b in burners if thermocouple(b))
            and len(bench.references) == self._references
        )

    def lit(self, burner: BurnerConfig) -> bool:
        """Whether its sensor shows a flame; no sensor shows none."""
        probe = thermocouple(burner)
        if probe is None:
            return self._bench.flames.get(burner.id, False)
        return (self._bench.latest(burner.id) or 0.0) > probe.lit_above_mv

    def lost(self, burner: BurnerConfig) -> bool:
        """Whether a flame that its sensor showed is out; never without a sensor."""
        probe = thermocouple(burner)
        if probe is None:
            return self._bench.flames.get(burner.id) is False  # one that flickers is no proof
        return (self._bench.latest(burner.id) or 0.0) < probe.out_below_mv

    def all_cold(self) -> bool:
        """Whether no sensor shows a flame, or the rest of one."""
        return not any(
            self.lit(burner) or (thermocouple(burner) is not None and not self.lost(burner))
            for burner in self._burners.values()
        )

    def steady(self, burner: BurnerConfig) -> bool:
        """Whether its voltage has stopped to rise; never without a thermocouple."""
        return steps.steady(self._bench.samples[burner.id], self._bench.now()) is not None

    def loaded_mv(self, burner: BurnerConfig) -> float | None:
        """The mean of the last second in mV, where there is a thermocouple."""
        now = self._bench.now()
        return steps.mean(self._bench.samples[burner.id], now - SECOND, now)

    def cooled(self, burner: BurnerConfig, since: Millis) -> Millis | None:
        """How many ms after ``since`` its voltage was below out_below_mv to stay; None if it was not."""
        probe = thermocouple(burner)
        return steps.fell_below(self._bench.samples[burner.id], since, probe.out_below_mv) if probe else None

    def voltages(self) -> dict[str, float | None]:
        """Every burner's present voltage in mV."""
        return {name: self._bench.latest(name) for name in self._burners}

    def reaction(self) -> "Reaction":
        """From now on, watch which sensors see a new flame."""
        return Reaction(self, self._burners, self.voltages())

    def sees(self, burner: BurnerConfig, before_mv: float | None) -> bool:
        """Whether its sensor shows a flame that was not there before."""
        probe, latest = thermocouple(burner), self._bench.latest(burner.id)
        if probe is None or latest is None:
            return self.lit(burner)
        return steps.shows_flame(before_mv, latest, probe.lit_above_mv)


class Reaction:
    """Which sensors have seen a new flame since this was made; one that shows a flame already cannot."""

    def __init__(self, sensors: Sensors, burners: dict[str, BurnerConfig], before: dict[str, float | None]) -> None:
        self._sensors = sensors
        self._before = before
        self._watched = [b for b in burners.values() if thermocouple(b) is not None or not sensors.lit(b)]
        self.reacted: set[str] = set()

    def look(self) -> bool:
        """Look at every sensor; whether any has reacted up to now."""
        self.reacted.update(b.id for b in self._watched if self._sensors.sees(b, self._before[b.id]))
        return bool(self.reacted)
