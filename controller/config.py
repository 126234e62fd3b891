"""flameout.toml as the controller knows it: every key, its unit, its default and its bounds.

Durations become whole milliseconds here and nowhere else. The file is read by
:func:`hardware.settings.read_document`, which the keeper uses too, so that both obey one text.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from controller.places import default_journal
from controller.terms import Limits
from hardware.clock import DAY, HOUR, MINUTE, SECOND, Millis
from hardware.durations import in_words, parse_duration
from hardware.settings import (
    DEFAULT_BURNERS,
    ENERGISED_CEILING,
    IDENTIFIER,
    PERMIT_CEILING,
    input_pin_problem,
    lease_problem,
    relay_pin_problem,
)

TIMER_CEILING: Millis = 12 * HOUR


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError('is not a duration; write it like "25m", "1h30m" or "90s"')
    raise ValueError(f'has no unit; write it with one, like "{value}s" or "{value}m"')


def _within(lowest: Millis, highest: Millis) -> AfterValidator:
    def check(value: Millis) -> Millis:
        if not lowest <= value <= highest:
            raise ValueError(f"is not within {in_words(lowest)} and {in_words(highest)}")
        return value

    return AfterValidator(check)


def _default(text: str) -> Any:
    return Field(default=parse_duration(text), json_schema_extra={"default": text})


_DURATION = BeforeValidator(_duration)
_AS_TEXT = WithJsonSchema({"type": "string", "examples": ["25m", "1h30m", "90s", "PT25M"]})


def _lease(value: Millis) -> Millis:
    problem = lease_problem(value)
    if problem:
        raise ValueError(problem)
    return value


def _relay_pin(pin: int) -> int:
    problem = relay_pin_problem(pin)
    if problem:
        raise ValueError(problem)
    return pin


def _input_pin(pin: int) -> int:
    problem = input_pin_problem(pin)
    if problem:
        raise ValueError(problem)
    return pin


Identifier = Annotated[str, Field(pattern=f"^{IDENTIFIER}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
InputPin = Annotated[int, AfterValidator(_input_pin)]
Level = Literal["low", "high"]


class Section(BaseModel):
    """A table of the file: unknown keys are refused, and types are taken as they are written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class StoveConfig(Section):
    """What the stove is called, and what its relays do while nothing is set."""

    id: Identifier = Field("stove", description="In MQTT topics and Home Assistant ids; never the host name.")
    name: Name = Field("Stove", description="What people call it.")
    idle: Literal["ready", "locked"] = Field(
        "ready", description="ready: relay closed while nothing is set; locked: open until someone unlocks the burner."
    )


class LimitsConfig(Section):
    """How long, and how much longer."""

    longest_timer: Annotated[Millis, _DURATION, _within(MINUTE, TIMER_CEILING), _AS_TEXT] = _default("4h")
    unattended: Annotated[Millis, _DURATION, _within(MINUTE, TIMER_CEILING), _AS_TEXT] = _default("2h")
    extend_step: Annotated[Millis, _DURATION, _within(SECOND, HOUR), _AS_TEXT] = _default("5m")
    extend_total: Annotated[Millis, _DURATION, _within(0, TIMER_CEILING), _AS_TEXT] = _default("2h")
    warn_before: Annotated[Millis, _DURATION, _within(0, HOUR), _AS_TEXT] = _default("1m")
    hold_open: Annotated[Millis, _DURATION, _within(SECOND, 10 * MINUTE), _AS_TEXT] = _default("10s")

    def for_burner(self) -> Limits:
        """The part of the limits that a burner decides by."""
        return Limits(self.longest_timer, self.unattended, self.extend_total, self.warn_before, self.hold_open)


class KeeperConfig(Section):
    """The process that owns the lines, and the caps that it enforces by itself."""

    lease: Annotated[Millis, _DURATION, AfterValidator(_lease), _AS_TEXT] = _default("1s")
    longest_permit: Annotated[Millis, _DURATION, _within(MINUTE, PERMIT_CEILING), _AS_TEXT] = _default("6h")
    longest_energised: Annotated[Millis, _DURATION, _within(MINUTE, ENERGISED_CEILING), _AS_TEXT] = _default("12h")
    pin_factory: str = Field("lgpio", description="lgpio, simulated, or a name registered as a gpiozero pin factory.")
    socket: str | None = Field(None, description="Left out, the controller starts its own keeper.")


class RelayConfig(Section):
    """The relay in series with the flame supervision device: active-high, on GPIO 9 to 27."""

    pin: Annotated[int, AfterValidator(_relay_pin)] = Field(
        description="BCM number, 9 to 27.", json_schema_extra={"minimum": 9, "maximum": 27}
    )
    drive: Literal["steady"] = "steady"
    active: Literal["high"] = "high"


class ContactConfig(Section):
    """An auxiliary contact of the relay: a dry contact to ground."""

    pin: InputPin
    active: Level = Field("low", description="The level that means closed.")


class DigitalFlame(Section):
    """A flame sensor with a switched output to ground."""

    kind: Literal["digital"]
    pin: InputPin
    active: Level = Field("low", description="The level that means lit.")


class ThermocoupleFlame(Section):
    """The stove's own thermocouple, read by an analogue-to-digital converter."""

    kind: Literal["thermocouple"]
    adc: Literal["ads1115", "mcp3008"]
    channel: Annotated[int, Field(ge=0, le=7)]
    gain: Annotated[float, Field(ge=10, le=1000)] | None = Field(None, strict=False)
    lit_above_mv: Annotated[float, Field(gt=0, le=50, strict=False)] = 4.0
    out_below_mv: Annotated[float, Field(gt=0, le=50, strict=False)] = 2.5


class BurnerConfig(Section):
    """One burner and what is wired to it."""

    id: Identifier
    name: Name
    relay: RelayConfig
    contact: ContactConfig | None = None
    flame: Annotated[DigitalFlame | ThermocoupleFlame, Field(discriminator="kind")] | None = None


class InputConfig(Section):
    """A dry contact to ground, pulled up inside."""

    pin: InputPin
    active: Level = "low"


class InterlockConfig(Section):
    """A gas alarm, smoke alarm, emergency button or tilt switch: it cuts every burner in the keeper itself."""

    id: Identifier
    input: InputConfig
    reset: Literal["manual", "auto"] = Field("manual", description="manual: lockout; auto: until it clears.")


class RestTls(Section):
    """PEM files for HTTPS."""

    cert: str
    key: str


class RestConfig(Section):
    """The REST API and the page."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8520
    allowed_hosts: list[str] = Field(
        default_factory=list, description="Further names that a Host header may carry, e.g. flameout.local."
    )
    tls: RestTls | None = None
    require_token: bool = Field(True, description="false is refused unless host is loopback.")


class MqttTls(Section):
    """TLS to the broker: its certificate authority, and our own certificate where it asks for one."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


class MqttConfig(Section):
    """The broker, and what its users may ask for."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(None, description="1883, or 8883 with tls.")
    username: str | None = None
    password_file: str | None = Field(None, description="A file with the password on its first line.")
    tls: bool | MqttTls = False
    base_topic: Annotated[str, Field(pattern=r"^[^+#\s/][^+#\s]*$", max_length=64)] = "flameout"
    discovery_prefix: Annotated[str, Field(pattern=r"^[^+#\s/][^+#\s]*$", max_length=64)] = "homeassistant"
    allow_unlock: bool = Field(False, description="Whether MQTT may end the child lock.")
    allow_reset: bool = Field(False, description="Whether MQTT may reset a burner.")


class JournalConfig(Section):
    """Where events are kept, and for how long."""

    path: str = Field(default_factory=default_journal)
    keep: Annotated[Millis, _DURATION, _within(DAY, 3650 * DAY), _AS_TEXT] = _default("400d")


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
    interlocks: list[InterlockConfig] = Field(default_factory=list, max_length=8)
    rest: RestConfig = Field(default_factory=RestConfig)
    mqtt: MqttConfig | None = None
    journal: JournalConfig = Field(default_factory=JournalConfig)

    def fingerprint(self) -> str:
        """Twelve hex digits that change when the configuration does; journalled at each start."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def schema() -> Mapping[str, Any]:
    """The file's JSON schema, for editors."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "flameout.toml"}
    return {**head, **Config.model_json_schema(), **head}
