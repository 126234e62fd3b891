"""Request bodies, read strictly: one JSON object, no field twice, no NaN, no unknown field, no text for a number."""

import json
import math
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from starlette.requests import ClientDisconnect, Request

from api.rest.problems import Problem
from api.rest.speech import Values
from hardware.clock import Millis
from hardware.durations import parse_duration

# curl -d sends the second one by default; a browser cannot send either to us from a foreign page,
# because a foreign Origin is refused before any handler.
_JSON_TYPES = ("application/json", "application/x-www-form-urlencoded")
_LONGEST_SECONDS = 10_000_000  # more than any limit, and far from where a float loses milliseconds


class Body(BaseModel):
    """A request's JSON object."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


_Body = TypeVar("_Body", bound=Body)
BAD_DURATION: tuple[str, Values] = ("bad_duration", {})
_DURATION_HELP = 'Seconds, or text like "25m", "1h30m", "90s" or "PT25M".'


Seconds = Annotated[float, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": _LONGEST_SECONDS})]


class TimerBody(Body):
    """Either a duration or the instant of the end."""

    duration: Seconds | str | None = Field(None, description=_DURATION_HELP + ' "default" is the default timer.')
    ends_at: str | None = Field(None, description="RFC 3339 with zone.")


class ExtendBody(Body):
    """How much later the running timer ends."""

    by: Seconds | str = Field(description=_DURATION_HELP)


class DefaultTimerBody(Body):
    """What the duration "default" stands for."""

    duration: Seconds | str = Field(description=_DURATION_HELP)


class SimulateBody(Body):
    """What to do at the simulated hob."""

    action: str = Field(
        description="light, off, blow_out, or fault and a fault's name; trip or clear for an interlock.", max_length=64
    )


async def read(request: Request, model: type[_Body]) -> _Body:
    """The request's body as ``model``. Raises :class:`Problem` (415, 422) naming the field."""
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type not in _JSON_TYPES and not content_type.endswith("+json"):
        raise Problem(415, "The body has to be JSON; send it with the header Content-Type: application/json.")
    try:
        content = json.loads((await request.body()).decode(), object_pairs_hook=_unique, parse_int=_whole)
    except ClientDisconnect:
        raise Problem(400, "The body did not come to its end.") from None
    except RecursionError:
        raise Problem(422, "The body is nested too deeply to be JSON for us.") from None
    except ValueError:
        raise Problem(422, "The body is not valid JSON in UTF-8.") from None
    if not isinstance(content, dict):
        raise Problem(422, 'The body has to be a JSON object, like {"duration": "25m"}.')
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _problem(error, model) from None


def duration(value: float | str, field: str) -> Millis:
    """Milliseconds in a duration as callers write it. Raises :class:`Problem` (422)."""
    if isinstance(value, str):
        try:
            return parse_duration(value)
        except ValueError as error:
            sentence = f"{field} {error}, or give seconds as a number."
            raise Problem(422, sentence, field, said=BAD_DURATION) from None
    if not 0 < value < _LONGEST_SECONDS:
        raise _no_duration(field)
    return round(value * 1000)


def _no_duration(field: str) -> Problem:
    sentence = f'{field} must be a positive number of seconds, or text like "25m".'
    return Problem(422, sentence, field, said=BAD_DURATION)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise Problem(422, "A field stands in the body twice; send each field once.", name[:32])
        content[name] = value
    return content


def _whole(digits: str) -> float:
    """A number of any length; one that no limit could allow is as good as infinite."""
    return int(digits) if len(digits) <= 18 else math.copysign(math.inf, -1 if digits.startswith("-") else 1)


def _problem(error: ValidationError, model: type[Body]) -> Problem:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = str(first["loc"][0])[:32] if first["loc"] else None
    known = ", ".join(model.model_fields)
    if first["type"] == "extra_forbidden" or field not in model.model_fields:
        return Problem(422, f"A field is unknown; known here: {known}.", field)
    if first["type"] == "missing":
        return Problem(422, f"{field} is missing.", field)
    if field in ("duration", "by"):
        return _no_duration(field)
    if first["type"] == "string_type":
        return Problem(422, f"{field} must be text.", field)
    return Problem(422, f"{field}: {first['msg']}.", field)
