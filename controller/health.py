"""How worn the holding circuit is, long before it lets flames go out.

At each proved cut the thermocouple's loaded and open voltages give the resistance of coil, contact and leads
against the thermocouple's own: loaded ÷ (open − loaded). Coil and leads stay what they are, so what grows is the
contact. Compared with the first burns it says how much worse the circuit holds.
"""

from collections.abc import Mapping
from statistics import median
from typing import Any

FIRST_BURNS = 5
RECENT_BURNS = 5
WORN = 1.25  # the circuit of docs/safety.md, 35 mΩ when new, has 44 then; at 62 it lets the valve go under a flame


class ContactHealth:
    """One burner's circuit: the first burns as a baseline, and the latest."""

    def __init__(self, standing: Mapping[str, Any] | None = None) -> None:
        known = standing or {}
        self._first: list[float] = list(known.get("first", []))
        self._recent: list[float] = list(known.get("recent", []))

    def add(self, loaded_mv: float, open_mv: float) -> None:
        """Take a proved cut's voltages, in mV."""
        if not 0 < loaded_mv < open_mv:
            return
        ratio = round(loaded_mv / (open_mv - loaded_mv), 4)
        if len(self._first) < FIRST_BURNS:
            self._first.append(ratio)
        self._recent = [*self._recent, ratio][-RECENT_BURNS:]

    @property
    def wear(self) -> float | None:
        """The circuit's resistance against when it was new; None until there were enough burns."""
        if len(self._first) < FIRST_BURNS or len(self._recent) < RECENT_BURNS:
            return None
        return median(self._recent) / median(self._first)

    @property
    def worn(self) -> bool:
        """Whether somebody should look at the contact."""
        return self.wear is not None and self.wear >= WORN

    def problem(self, name: str) -> str | None:
        """That the burner's circuit is worn, in a sentence."""
        if not self.worn:
            return None
        return (
            f"{name}: its holding circuit has grown to {self.wear or 0:.0%} of its first resistance, and will let "
            "flames go out by themselves; have the relay's contact and the plugs looked at."
        )

    def standing(self) -> dict[str, list[float]]:
        """What has to be remembered."""
        return {"first": list(self._first), "recent": list(self._recent)}
