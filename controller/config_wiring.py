"""What is wired to the Pi, as the file says it: burners with their relays and sensors, interlocks, buttons, outputs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from controller.config_types import (
    DURATION,
    Identifier,
    InputPin,
    Level,
    Name,
    RelayPin,
    Section,
    Within,
    default,
)
from hardware.clock import DAY, HOUR, SECOND, Millis
from hardware.settings import LONGEST_PULSE_HZ, SHORTEST_PULSE_HZ

Adc = Literal["ads1115", "mcp3008"]
Channel = Annotated[int, Field(ge=0, le=7)]
Gain = Annotated[float, Field(ge=10, le=1000, strict=False)]


class RelayConfig(Section):
    """The relay in series with the flame supervision device: active-high, on GPIO 9 to 27."""

    pin: RelayPin = Field(description="BCM number, 9 to 27.")
    drive: Literal["steady", "pulse"] = Field(
        "steady", description="pulse: the relay's driver holds only while the pin keeps toggling."
    )
    frequency_hz: Annotated[float, Field(ge=SHORTEST_PULSE_HZ, le=LONGEST_PULSE_HZ, strict=False)] = Field(
        25.0, description="Of a pulsed drive."
    )
    duty: Annotated[float, Field(ge=0.2, le=0.8, strict=False)] = Field(
        0.5, description="Of a pulsed drive: the share of a period for which the pin is high."
    )
    second_pin: RelayPin | None = Field(
        None, description="A second relay in series: both open together, and each is tested before both close."
    )
    active: Literal["high"] = Field("high", description="Nothing else: an active-low relay could close at power-on.")


class ContactConfig(Section):
    """An auxiliary contact of the relay: a dry contact to ground."""

    pin: InputPin = Field(description="BCM number.")
    active: Level = Field("low", description="The level that means closed.")


class DigitalFlame(Section):
    """A flame sensor with a switched output to ground."""

    kind: Literal["digital"] = Field(description="A switched output.")
    pin: InputPin = Field(description="BCM number.")
    active: Level = Field("low", description="The level that means lit.")


class ThermocoupleFlame(Section):
    """The stove's own thermocouple, read by an analogue-to-digital converter."""

    kind: Literal["thermocouple"] = Field(description="The stove's own thermocouple.")
    adc: Adc = Field(description="The converter.")
    channel: Channel = Field(description="Of the converter; an ADS1115 has 0 to 3.")
    gain: Gain | None = Field(None, description="Of the amplifier before the converter; an MCP3008 needs one.")
    lit_above_mv: Annotated[float, Field(gt=0, le=50, strict=False)] = Field(
        4.0, description="A flame is lit above this."
    )
    out_below_mv: Annotated[float, Field(gt=0, le=50, strict=False)] = Field(
        2.5, description="A flame is out below this."
    )


class PositionConfig(Section):
    """Where a burner is on the hob, seen from the cook: columns from the left, rows from the back."""

    column: Annotated[int, Field(ge=1, le=6)] = Field(description="From the left.")
    row: Annotated[int, Field(ge=1, le=4)] = Field(1, description="From the back.")
    size: Literal["small", "medium", "large"] = Field("medium", description="How large it is drawn.")


class BurnerConfig(Section):
    """One burner and what is wired to it."""

    id: Identifier = Field(description="In topics, paths and commands.")
    name: Name = Field(description="What people call it.")
    relay: RelayConfig = Field(description="What cuts it.")
    position: PositionConfig | None = Field(None, description="Left out by all: side by side, four in a square.")
    contact: ContactConfig | None = Field(None, description="The relay's auxiliary contact; left out: there is none.")
    flame: Annotated[DigitalFlame | ThermocoupleFlame, Field(discriminator="kind")] | None = Field(
        None, description="Its flame sensor; left out: no flame proves a cut, and no limit starts by itself."
    )


class ReferenceConfig(Section):
    """A channel with a known voltage: where it reads wrong, nothing that its converter says is believed."""

    adc: Adc = Field(description="The converter.")
    channel: Channel = Field(description="Of the converter.")
    gain: Gain | None = Field(None, description="Of the amplifier before the converter.")
    millivolts: Annotated[float, Field(gt=0, le=250, strict=False)] = Field(description="What it has to read.")
    tolerance_mv: Annotated[float, Field(gt=0, le=50, strict=False)] = Field(5.0, description="How far off it may be.")


class InputConfig(Section):
    """A dry contact to ground, pulled up inside."""

    pin: InputPin = Field(description="BCM number.")
    active: Level = Field("low", description="The level that cuts.")


class MqttInputConfig(Section):
    """A topic that says whether something is wrong, e.g. a Home Assistant automation's."""

    topic: Annotated[str, Field(pattern=r"^[^+#\s]+$", max_length=200)] = Field(description="The topic, in full.")
    active: Annotated[str, Field(min_length=1, max_length=64)] = Field("ON", description="The payload that cuts.")
    silent_after: Annotated[Millis, DURATION, Within(10 * SECOND, 7 * DAY)] | None = Field(
        None,
        description="After so long without a message the source counts as gone: what it said no longer holds a burner.",
    )


class InterlockConfig(Section):
    """What cuts every burner: by GPIO in the keeper itself, or by an MQTT topic."""

    id: Identifier = Field(description="In the journal, messages and commands.")
    input: InputConfig | None = Field(None, description="Gas alarm, smoke alarm, emergency button, tilt switch.")
    mqtt: MqttInputConfig | None = Field(None, description="Presence, earthquake, smoke, from Home Assistant.")
    reset: Literal["manual", "auto"] = Field("manual", description="manual: lockout; auto: until it clears.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.input is None) == (self.mqtt is None):
            raise ValueError("needs either input = { pin } or mqtt = { topic }")
        return self


class ButtonConfig(Section):
    """A push button at the stove, to ground."""

    id: Identifier = Field(description="In the journal.")
    pin: InputPin = Field(description="BCM number.")
    active: Level = Field("low", description="The level that means pressed.")
    does: Literal["shut_off", "timer", "attention"] = Field(
        description="shut_off: cuts at once; timer: the default timer, and each further press extends it; "
        "attention: I'm here."
    )
    burners: list[Identifier] = Field(default_factory=list, description="Left out: all of them.")


class OutputConfig(Section):
    """A buzzer, a lamp or a hood's relay, active-high."""

    id: Identifier = Field(description="In commands and messages.")
    kind: Literal["buzzer", "led", "hood"] = Field(
        description="buzzer and led tell warnings, cuts and lockouts; hood follows the measured flame."
    )
    pin: RelayPin = Field(description="BCM number, 9 to 27.")
    burners: list[Identifier] = Field(default_factory=list, description="Whose; left out: all of them.")


class HoodConfig(Section):
    """When the hood is wanted: while a flame is measured, and for a while after."""

    run_on: Annotated[Millis, DURATION, Within(0, 2 * HOUR)] = default(
        "5m", "How long the hood is wanted after the last flame."
    )
