"""flameout.toml as the controller knows it: every key, its unit, its default and its bounds.

Durations become whole milliseconds here and nowhere else. The file is read by
:func:`hardware.settings.read_document`, which the keeper uses too, so that both obey one text.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from controller.config_types import DURATION, Host, Identifier, Name, Section, TimeOfDay, Within, default
from controller.config_wiring import (
    BurnerConfig,
    ButtonConfig,
    HoodConfig,
    InterlockConfig,
    OutputConfig,
    ReferenceConfig,
)
from controller.places import default_journal
from controller.terms import Limits
from hardware.clock import DAY, HOUR, MINUTE, SECOND, Millis
from hardware.settings import (
    DEFAULT_BURNERS,
    ENERGISED_CEILING,
    LEASE_HIGHEST,
    LEASE_LOWEST,
    PERMIT_CEILING,
    lease_problem,
)

TIMER_CEILING: Millis = 12 * HOUR


def _lease(value: Millis) -> Millis:
    problem = lease_problem(value)
    if problem:
        raise ValueError(problem)
    return value


class StoveConfig(Section):
    """What the stove is called, and what its relays do while nothing is set."""

    id: Identifier = Field("stove", description="In MQTT topics and Home Assistant ids; never the host name.")
    name: Name = Field("Stove", description="What people call it.")
    idle: Literal["ready", "locked"] = Field(
        "ready", description="ready: relay closed while nothing is set; locked: open until someone unlocks the burner."
    )
    unlock_for: Annotated[Millis, DURATION, Within(10 * SECOND, HOUR)] = default(
        "2m", "With idle = locked: an unlocked burner that nobody lights locks itself again after this long."
    )


class LimitsConfig(Section):
    """How long, and how much longer."""

    longest_timer: Annotated[Millis, DURATION, Within(MINUTE, TIMER_CEILING)] = default(
        "4h", "A longer timer is refused."
    )
    unattended: Annotated[Millis, DURATION, Within(MINUTE, TIMER_CEILING)] = default(
        "2h", "The longest burn without anyone's attention; needs a flame sensor to start by itself."
    )
    extend_step: Annotated[Millis, DURATION, Within(SECOND, HOUR)] = default("5m", "What one press of extend adds.")
    extend_total: Annotated[Millis, DURATION, Within(0, TIMER_CEILING)] = default(
        "2h", "What all extensions of one burn may add."
    )
    warn_before: Annotated[Millis, DURATION, Within(0, HOUR)] = default("1m", "How long before an end it warns.")
    hold_open: Annotated[Millis, DURATION, Within(SECOND, 10 * MINUTE)] = default(
        "10s", "The relay stays open at least this long after a cut, so that the valve has closed."
    )
    closing_time: Annotated[Millis, DURATION, Within(10 * SECOND, 5 * MINUTE)] = default(
        "90s", "A cut is proved when the flame is measured out within this time; else the burner locks out."
    )

    def for_burner(self, unlock_for: Millis, longest_energised: Millis) -> Limits:
        """The part of the limits that a burner decides by, and what other tables say about it."""
        return Limits(
            self.longest_timer,
            self.unattended,
            self.extend_total,
            self.warn_before,
            self.hold_open,
            self.closing_time,
            unlock_for,
            longest_energised,
        )


class KeeperConfig(Section):
    """The process that owns the lines, and the caps that it enforces by itself."""

    lease: Annotated[Millis, DURATION, AfterValidator(_lease), Within(LEASE_LOWEST, LEASE_HIGHEST)] = default(
        "1s", "The relays open when the controller has not renewed for this long."
    )
    longest_permit: Annotated[Millis, DURATION, Within(MINUTE, PERMIT_CEILING)] = default(
        "6h", "No permit of a relay may last longer, whatever the controller asks; not below limits.longest_timer."
    )
    longest_energised: Annotated[Millis, DURATION, Within(MINUTE, ENERGISED_CEILING)] = default(
        "12h",
        "After this long without a pause a relay opens for nine tenths of limits.hold_open, whatever the controller "
        "asks; one whose flame is measured out pauses after half of it.",
    )
    pin_factory: str = Field("lgpio", description="lgpio, simulated, or a name registered as a gpiozero pin factory.")
    socket: str | None = Field(
        None, description="Where a keeper of its own listens; left out, the controller starts its own keeper."
    )


class LockConfig(Section):
    """A night lock: between two times of day its burners are locked, and what burns is cut as it begins."""

    burners: list[Identifier] = Field(default_factory=list, description="Left out: all of them.")
    start: TimeOfDay = Field(alias="from", description="Local time of day, e.g. 23:00.")
    end: TimeOfDay = Field(alias="to", description="Local time of day, e.g. 06:00.")


class SweepConfig(Section):
    """Every relay opens once a day for limits.hold_open, so that nothing can stay lit."""

    at: TimeOfDay = Field(description="Local time of day, e.g. 23:30.")


class RestTls(Section):
    """PEM files for HTTPS."""

    cert: str = Field(description="The certificate, followed by those that lead to its authority.")
    key: str = Field(description="Its key; others may not read it.")


class RestConfig(Section):
    """The REST API and the page."""

    host: Host = Field(
        "127.0.0.1", description="The address to listen on; 0.0.0.0 lets the whole network ask, with tokens."
    )
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8520, description="The TCP port to listen on.")
    allowed_hosts: list[str] = Field(
        default_factory=list, description="Further names that a Host header may carry, e.g. flameout.local."
    )
    tls: RestTls | None = Field(None, description="HTTPS; left out: HTTP.")
    require_token: bool = Field(True, description="false is refused unless host is loopback.")


class PageConfig(Section):
    """The phone page."""

    presets: Annotated[list[Annotated[Millis, DURATION, Within(SECOND, TIMER_CEILING)]], Field(max_length=6)] = Field(
        default_factory=lambda: [5 * MINUTE, 10 * MINUTE, 25 * MINUTE, 45 * MINUTE],
        description="Durations to set with one tap.",
        json_schema_extra={"default": ["5m", "10m", "25m", "45m"]},
    )


class MqttTls(Section):
    """TLS to the broker: its certificate authority, and our own certificate where it asks for one."""

    ca: str | None = Field(None, description="The broker's authority; left out: those of the system.")
    cert: str | None = Field(None, description="Our own certificate.")
    key: str | None = Field(None, description="Its key.")


class MqttConfig(Section):
    """The broker, and what its users may ask for."""

    host: Host = Field(description="The broker's name or address.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(None, description="1883, or 8883 with tls.")
    username: str | None = Field(None, description="The name to log in with.")
    password_file: str | None = Field(None, description="A file with the password on its first line.")
    tls: bool | MqttTls = Field(False, description="true: with the authorities of the system; or a table.")
    base_topic: Annotated[str, Field(pattern=r"^[^+#\s/][^+#\s]*$", max_length=64)] = Field(
        "flameout", description="Topics begin with it, followed by the stove's id."
    )
    discovery_prefix: Annotated[str, Field(pattern=r"^[^+#\s/][^+#\s]*$", max_length=64)] = Field(
        "homeassistant", description="Where Home Assistant looks for new devices."
    )
    allow_unlock: bool = Field(False, description="Whether MQTT may end the child lock.")
    allow_reset: bool = Field(False, description="Whether MQTT may reset a burner.")


def _page(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s@?#]+", value):
        raise ValueError('is not the address of a page; write it like "http://flameout.local:8520"')
    return value.rstrip("/")


class NotifyConfig(Section):
    """Messages to phones, through Apprise."""

    urls_file: str = Field(description="A file with one Apprise URL a line; others may neither read nor write it.")
    on: list[Literal["warn", "cut", "lockout", "problem"]] = Field(
        ["warn", "cut", "lockout", "problem"], min_length=1, description="What is told."
    )
    language: Literal["en", "zh"] = Field("en", description="Of the messages.")
    page: Annotated[str, AfterValidator(_page)] | None = Field(
        None, description="Where phones find the page, e.g. http://flameout.local:8520; messages then link to it."
    )
    most_per_minute: Annotated[int, Field(ge=1, le=60)] = Field(
        6, description="What comes faster is gathered into one message; a lockout never waits."
    )


class JournalConfig(Section):
    """Where events are kept, and for how long."""

    path: str = Field(
        default_factory=default_journal,
        description="The database; tokens and the console's token lie beside it. "
        "Left out: where systemd says, else in the user's own place.",
    )
    keep: Annotated[Millis, DURATION, Within(DAY, 3650 * DAY)] = default("400d", "Older entries are forgotten.")


class Config(Section):
    """The whole file."""

    stove: StoveConfig = Field(default_factory=StoveConfig)
    limits: LimitsConfig = Field(default_factory=LimitsConfig)
    keeper: KeeperConfig = Field(default_factory=KeeperConfig)
    burners: list[BurnerConfig] = Field(
        default_factory=lambda: [BurnerConfig.model_validate(burner) for burner in DEFAULT_BURNERS],
        min_length=1,
        max_length=8,
    )
    references: list[ReferenceConfig] = Field(default_factory=list, max_length=2)
    interlocks: list[InterlockConfig] = Field(default_factory=list, max_length=8)
    locks: list[LockConfig] = Field(default_factory=list, max_length=8)
    sweep: SweepConfig | None = None
    buttons: list[ButtonConfig] = Field(default_factory=list, max_length=16)
    outputs: list[OutputConfig] = Field(default_factory=list, max_length=16)
    hood: HoodConfig = Field(default_factory=HoodConfig)
    rest: RestConfig = Field(default_factory=RestConfig)
    page: PageConfig = Field(default_factory=PageConfig)
    mqtt: MqttConfig | None = None
    notify: NotifyConfig | None = None
    journal: JournalConfig = Field(default_factory=JournalConfig)

    def fingerprint(self) -> str:
        """Twelve hex digits that change when the configuration does; journalled at each start."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def schema() -> Mapping[str, Any]:
    """The file's JSON schema, for editors."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "flameout.toml"}
    return {**head, **Config.model_json_schema(), **head}
