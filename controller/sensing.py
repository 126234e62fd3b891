"""What is measured, as far as it can be believed: flames, contacts, and contacts that disagree with the relay."""

from controller.config import Config
from controller.flame import Thermocouple
from controller.terms import Contact, Flame
from hardware.client import Sensed
from hardware.clock import SECOND, Clock, Millis

STALE_AFTER: Millis = 2 * SECOND  # a reading older than this is no reading
CONTACT_SETTLES_WITHIN: Millis = SECOND  # a relay needs 10 ms, its debounced contact 100 ms


class Sensing:
    """The last readings of every burner, and their age."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
        self._taken_at: Millis | None = None
        self._sensed = Sensed({}, {}, {}, {})
        self._names = {burner.id: burner.name for burner in config.burners}
        self._thermocouples = {
            burner.id: Thermocouple(burner.flame.lit_above_mv, burner.flame.out_below_mv)
            for burner in config.burners
            if burner.flame is not None and burner.flame.kind == "thermocouple"
        }
        self._flames: dict[str, Flame] = {}
        self._disagree_since: dict[str, Millis] = {}
        self._problems: dict[str, str] = {}

    def take(self, now: Millis, sensed: Sensed) -> None:
        """New readings arrived."""
        self._taken_at, self._sensed = now, sensed
        self._flames = {name: Flame.LIT if lit else Flame.OUT for name, lit in sensed.flames.items()}
        for name, gauge in self._thermocouples.items():
            self._flames[name] = gauge.read(sensed.millivolts.get(name))

    def forget(self) -> None:
        """Nobody measures any more."""
        self._taken_at = None

    def flame(self, burner_id: str) -> Flame:
        """The measured flame; unknown without a sensor or a fresh reading."""
        return self._flames.get(burner_id, Flame.UNKNOWN) if self._fresh() else Flame.UNKNOWN

    def contact(self, burner_id: str) -> Contact:
        """The measured contact; unknown without the wiring or a fresh reading."""
        closed = self._sensed.contacts.get(burner_id) if self._fresh() else None
        if closed is None:
            return Contact.UNKNOWN
        return Contact.CLOSED if closed else Contact.OPEN

    def judge_contact(self, burner_id: str, contact: Contact, energised: bool) -> None:
        """Hold the contact against the relay: a lasting disagreement is a problem."""
        now = self._clock.now()
        if contact is Contact.UNKNOWN or (contact is Contact.CLOSED) == energised:
            self._disagree_since.pop(burner_id, None)
            self._problems.pop(burner_id, None)
            return
        since = self._disagree_since.setdefault(burner_id, now)
        if now - since > CONTACT_SETTLES_WITHIN:
            name = self._names[burner_id]
            self._problems[burner_id] = (
                f"{name}: the relay does not close although it is energised; check relay, driver and contact wiring."
                if energised
                else f"{name}: the relay's contact stays closed although it is not energised, so a cut may not work. "
                "Turn the knob off and close the gas tap."
            )

    def problem(self, burner_id: str) -> str | None:
        """What is wrong with the burner's wiring, in a sentence."""
        return self._problems.get(burner_id)

    def _fresh(self) -> bool:
        return self._taken_at is not None and self._clock.now() - self._taken_at <= STALE_AFTER
