"""What the configuration's keys are made of: strict tables, durations, names, pins."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from hardware.clock import Millis
from hardware.durations import in_words, parse_duration
from hardware.settings import IDENTIFIER, input_pin_problem, relay_pin_problem


class Section(BaseModel):
    """A table of the file: unknown keys are refused, and types are taken as they are written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError('is not a duration; write it like "25m", "1h30m" or "90s"')
    raise ValueError(f'has no unit; write it with one, like "{value}s" or "{value}m"')


@dataclass(frozen=True)
class Within:
    """A duration's bounds, in ms; JSON schema has no word for them, so they stand in x-lowest and x-highest."""

    lowest: Millis
    highest: Millis

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        bounds = {"x-lowest": in_words(self.lowest), "x-highest": in_words(self.highest)}
        return {"type": "string", "examples": ["25m", "1h30m", "90s", "PT25M"], **bounds}

    def _check(self, value: Millis) -> Millis:
        if not self.lowest <= value <= self.highest:
            raise ValueError(f"is not within {in_words(self.lowest)} and {in_words(self.highest)}")
        return value


def default(text: str, description: str) -> Any:
    """A duration's default, as it would stand in the file, and what it is."""
    return Field(default=parse_duration(text), description=description, json_schema_extra={"default": text})


DURATION = BeforeValidator(_duration)


def _time_of_day(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        raise ValueError('is not a time of day; write it like "06:00" or "23:00"')
    return time.fromisoformat(value)


def _host(name: str) -> str:
    """A name or an address and nothing else: a scheme, or a port after a colon, would make a name that nobody has."""
    if re.fullmatch(r"[0-9.]+", name) or ":" in name:
        try:
            return str(ipaddress.ip_address(name))
        except ValueError:
            raise ValueError("is no name and no address; write one alone, the port has a key of its own") from None
    if not re.fullmatch(r"[^\s/]+", name):
        raise ValueError('is no name and no address; write it like "homeassistant.local" or "192.168.1.20"')
    return name


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


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("has characters that cannot be seen; use letters, digits, signs and spaces")
    return name


Identifier = Annotated[str, Field(pattern=f"^{IDENTIFIER}$")]
Host = Annotated[str, AfterValidator(_host)]
Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
RelayPin = Annotated[int, AfterValidator(_relay_pin), WithJsonSchema({"type": "integer", "minimum": 9, "maximum": 27})]
InputPin = Annotated[int, AfterValidator(_input_pin), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 27})]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "examples": ["23:00"]})]
Level = Literal["low", "high"]
