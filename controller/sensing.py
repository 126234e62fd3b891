"""What is measured of every burner, as far as it can be believed, and what is wrong with it in sentences."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from controller.config import Config
from controller.flame import SWITCHING, DigitalFlame, Thermocouple
from controller.proof import STEP_WITHIN
from controller.terms import Contact, Flame, Reading
from hardware.client import Sensed
from hardware.clock import SECOND, Clock, Millis
from hardware.gauges_client import GaugesClient

STALE_AFTER: Millis = 1_800  # a reading older than this is no reading: unknown within 2 s
CONTACT_STALE_AFTER: Millis = 850  # see below; the keeper speaks every 500 ms, and is lost after a second of silence
CONTACT_SETTLES_WITHIN: Millis = SECOND  # a relay needs 10 ms, its debounced contact 100 ms
# A contact is held to be stuck when it reads closed this long after a cut. Were an older reading believed, one from
# before the cut would do: a keeper that falls silent while it cuts would lock out a sound relay.


class Sensing:
    """The last readings of every burner, and their age."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._clock = clock
        self._names = {burner.id: burner.name for burner in config.burners}
        self._sensed_at: Millis | None = None
        self._gauged_at: Millis | None = None
        self._contacts: Mapping[str, bool | None] = {}
        self._flames: dict[str, Flame] = {}
        self._digital = {b.id: DigitalFlame() for b in config.burners if b.flame and b.flame.kind == "digital"}
        self._thermocouples = {
            b.id: Thermocouple(b.flame.lit_above_mv, b.flame.out_below_mv)
            for b in config.burners
            if b.flame is not None and b.flame.kind == "thermocouple"
        }
        self._adcs = {b.id: b.flame.adc for b in config.burners if b.flame and b.flame.kind == "thermocouple"}
        self._references = config.references
        self._wrong: dict[str, str] = {}  # converters whose reference reads wrong, and what it reads
        self._energised: dict[str, bool] = {}
        self._switched_at: dict[str, Millis] = {}
        self._open_since: dict[str, Millis] = {}  # the contact, although the relay is energised
        self.gauges: GaugesClient | None = None  # where thermocouples are on real converters

    # --- what comes in --------------------------------------------------------------------------------

    def take(self, now: Millis, sensed: Sensed) -> None:
        """The keeper's readings."""
        self._sensed_at, self._contacts = now, sensed.contacts
        for name, digital in self._digital.items():
            self._flames[name] = digital.read(now, sensed.flames.get(name))
        if sensed.millivolts or sensed.references:
            self.gauge(now, sensed.millivolts, sensed.references)

    def gauge(self, now: Millis, millivolts: Mapping[str, float | None], references: Sequence[float | None]) -> None:
        """The converters' readings, in mV; ``references`` in the configuration's order."""
        self._gauged_at = now
        self._judge_references(references)
        for name, thermocouple in self._thermocouples.items():
            believed = None if self._adcs[name] in self._wrong else millivolts.get(name)
            self._flames[name] = thermocouple.read(now, believed, self._switched(now, name))

    def switched(self, now: Millis, burner_id: str, energised: bool) -> None:
        """What the relay was told; a voltage may step after it was told something else."""
        if self._energised.get(burner_id) is not energised:
            self._energised[burner_id] = energised
            self._switched_at[burner_id] = now

    def forget(self) -> None:
        """Nobody measures any more."""
        self._sensed_at = self._gauged_at = None
        for thermocouple in self._thermocouples.values():
            thermocouple.forget()

    # --- what is believed -----------------------------------------------------------------------------

    def reading(self, burner_id: str) -> Reading:
        """The burner as it is measured now; unknown without a sensor or a fresh reading."""
        closed = self._contacts.get(burner_id) if self._fresh(self._sensed_at, CONTACT_STALE_AFTER) else None
        contact = Contact.UNKNOWN if closed is None else Contact.CLOSED if closed else Contact.OPEN
        thermocouple = self._thermocouples.get(burner_id)
        at = self._gauged_at if thermocouple is not None else self._sensed_at
        if not self._fresh(at):
            return Reading(contact=contact)
        millivolts = thermocouple.believed_mv if thermocouple is not None else None
        flame = self._flames.get(burner_id, Flame.UNKNOWN)
        return Reading(flame, contact, millivolts, bool(self.stepped_elsewhere(burner_id)), at)

    def contact_now(self, now: Millis, burner_id: str) -> Contact:
        """The contact as the keeper has just read it; unknown at any other moment."""
        return self.reading(burner_id).contact if self._sensed_at == now else Contact.UNKNOWN

    def foreign_voltage(self, burner_id: str) -> bool:
        """Whether a voltage showed at the thermocouple without an ignition curve, and stays."""
        thermocouple = self._thermocouples.get(burner_id)
        return thermocouple is not None and thermocouple.foreign

    def stepped_elsewhere(self, burner_id: str) -> list[str]:
        """Other burners whose voltage has just stepped as if this one's relay were theirs."""
        since = self._clock.now() - STEP_WITHIN
        return [
            name
            for name, thermocouple in self._thermocouples.items()
            if name != burner_id and thermocouple.stepped_at is not None and thermocouple.stepped_at >= since
        ]

    def problem(self, burner_id: str) -> str | None:
        """What is wrong with the burner's wiring, in a sentence."""
        name = self._names[burner_id]
        if self.foreign_voltage(burner_id):
            return (
                f"{name}: a voltage shows at its thermocouple without a flame having heated it, so something else "
                "feeds the circuit. Turn the knob off, close the gas tap and check the sense leads."
            )
        open_since = self._open_since.get(burner_id)
        if open_since is not None and self._clock.now() - open_since > CONTACT_SETTLES_WITHIN:
            return f"{name}: the relay does not close although it is energised; check relay, driver and contact wiring."
        adc = self._adcs.get(burner_id)
        if adc in self._wrong:
            return f"{name}: its flame is unknown, for the {adc}'s reference {self._wrong[adc or '']}."
        if adc is not None and not self._fresh(self._gauged_at):
            why = self.gauges.problem if self.gauges is not None else None
            return f"{name}: its flame is unknown, for {why or 'nothing is read from its thermocouple'}."
        sensor = self._thermocouples.get(burner_id) or self._digital.get(burner_id)
        read_at = self._gauged_at if adc is not None else self._sensed_at  # a keeper without inputs says nothing
        if sensor is None or sensor.trouble is None or not self._fresh(read_at):
            return None
        return f"{name}: its flame is unknown, for its sensor {sensor.trouble}. Check the sensor and its leads."

    def judge_contact(self, burner_id: str, contact: Contact, energised: bool) -> None:
        """Hold the contact against an energised relay; one that stays closed is the burner's own business."""
        if contact is Contact.OPEN and energised:
            self._open_since.setdefault(burner_id, self._clock.now())
        else:
            self._open_since.pop(burner_id, None)

    def _judge_references(self, references: Sequence[float | None]) -> None:
        self._wrong = {
            wanted.adc: f"reads {'nothing' if read is None else f'{read:.0f} mV'} in place of {wanted.millivolts:.0f}"
            for wanted, read in zip_longest(self._references, references[: len(self._references)])
            if read is None or not abs(read - wanted.millivolts) <= wanted.tolerance_mv
        }

    def _switched(self, now: Millis, burner_id: str) -> bool:
        return now - self._switched_at.get(burner_id, now - SWITCHING - 1) <= SWITCHING

    def _fresh(self, taken_at: Millis | None, stale_after: Millis = STALE_AFTER) -> bool:
        return taken_at is not None and self._clock.now() - taken_at <= stale_after
