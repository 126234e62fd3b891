"""Interlocks: what their inputs and topics say, smoothed, and what is wrong with them in sentences.

An interlock acts at once and is quiet only after it was quiet for a while, so that one that flickers does not
let go in between. A topic that stays silent for too long says nothing any more.
"""

from dataclasses import dataclass

from controller.config_wiring import InterlockConfig
from hardware.clock import HOUR, MINUTE, SECOND, Millis
from hardware.durations import in_words

QUIET_FOR: Millis = 2 * SECOND
STUCK_AFTER: Millis = 24 * HOUR
SPOKEN_WITHIN: Millis = MINUTE  # what is retained comes as soon as there is a broker


@dataclass
class Interlock:
    """One interlock's source."""

    id: str
    latches: bool
    topic: str | None = None  # of one that comes by MQTT
    silent_after: Millis | None = None
    heard_at: Millis = 0
    level: bool = False  # as last heard
    active_at: Millis | None = None  # when it was last heard to be active
    active_since: Millis | None = None
    silent: bool = False
    spoke: bool = False

    def hear(self, now: Millis, active: bool) -> None:
        """It says that it is active, or quiet."""
        if self.level and not self.silent:
            self.active_at = now  # it was until now, even where nobody has looked since
        self.heard_at, self.silent, self.spoke, self.level = now, False, True, active
        self.active(now)

    def active(self, now: Millis) -> bool:
        """Whether it holds the burners now."""
        if self.silent_after is not None and now - self.heard_at >= self.silent_after:
            self.silent, self.level, self.active_at = True, False, None
        if self.level:
            self.active_at = now
            self.active_since = self.active_since if self.active_since is not None else now
        elif self.active_at is None or now - self.active_at >= QUIET_FOR:
            self.active_at = self.active_since = None
        return self.active_at is not None

    def problem(self, now: Millis) -> str | None:
        """What is wrong with it, in a sentence."""
        if self.silent and self.silent_after is not None:
            return (
                f"Interlock {self.id}: nothing has come on {self.topic} for {in_words(self.silent_after)}, so it "
                "protects nobody; the limits still do. Check what publishes there."
            )
        if self.topic is not None and not self.spoke and now - self.heard_at >= SPOKEN_WITHIN:
            return (
                f"Interlock {self.id}: nothing has come on {self.topic} yet, so it protects nobody. Have it published "
                "retained, and see that the broker lets flameout read it and its source write it."
            )
        if self.active_since is not None and now - self.active_since >= STUCK_AFTER:
            return f"Interlock {self.id} has been active for a day; end its cause, or check its wiring."
        return None


def interlocks(configured: list[InterlockConfig], now: Millis) -> dict[str, Interlock]:
    """Every interlock of the configuration, by id, quiet as yet."""
    return {
        entry.id: Interlock(
            entry.id,
            latches=entry.reset == "manual",
            topic=entry.mqtt.topic if entry.mqtt is not None else None,
            silent_after=entry.mqtt.silent_after if entry.mqtt is not None else None,
            heard_at=now,
        )
        for entry in configured
    }
