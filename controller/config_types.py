"""What the configuration's keys are made of: strict tables, durations, names, pins."""

import re
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

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


def within(lowest: Millis, highest: Millis) -> AfterValidator:
    """A duration's bounds, in ms."""

    def check(value: Millis) -> Millis:
        if not lowest <= value <= highest:
            raise ValueError(f"is not within {in_words(lowest)} and {in_words(highest)}")
        return value

    return AfterValidator(check)


def default(text: str) -> Any:
    """A duration's default, as it would stand in the file."""
    return Field(default=parse_duration(text), json_schema_extra={"default": text})


DURATION = BeforeValidator(_duration)
AS_TEXT = WithJsonSchema({"type": "string", "examples": ["25m", "1h30m", "90s", "PT25M"]})


def _time_of_day(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value, re.ASCII):
        raise ValueError('is not a time of day; write it like "23:00"')
    return time.fromisoformat(value)


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
Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
RelayPin = Annotated[int, AfterValidator(_relay_pin), WithJsonSchema({"type": "integer", "minimum": 9, "maximum": 27})]
InputPin = Annotated[int, AfterValidator(_input_pin)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "examples": ["23:00"]})]
Level = Literal["low", "high"]
