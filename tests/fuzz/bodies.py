"""Request bodies: to the whole ASGI application in this process, before a real stove; durations and instants too.

An input's first byte names the call, the rest is the body; after a ``c`` it is choices from which a body is made, and
many of those are taken. Bodies are read here once more, by a stricter reader: what that does not take is refused, and
changes nothing. Any answer is a 2xx or a problem with a status that is documented.
"""

import asyncio
import contextlib
import json
import math
import re
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from api.rest import bodies
from api.rest.access import Access
from api.rest.app import build
from api.tally import Tally
from controller.tokens import TokenStore
from hardware.durations import parse_duration
from tests.fakes import FixedWall, StoveBench, config
from tests.fuzz.orders import fast_folder, settled
from tests.fuzz.target import Choices, Target, Try, demand

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
LONGEST_TIMER = 4 * HOUR
CALLS = {
    "t": ("PUT", "/api/v1/burners/right/timer"),
    "e": ("POST", "/api/v1/burners/right/timer/extend"),
    "d": ("PUT", "/api/v1/default-timer"),
    "s": ("POST", "/api/v1/simulate/right"),
    "o": ("POST", "/api/v1/pairing"),
    "p": ("POST", "/api/v1/pair"),
}
FIELDS = {
    "t": {"duration", "ends_at"},
    "e": {"by"},
    "d": {"duration"},
    "s": {"action"},
    "o": {"role", "burners"},
    "p": {"name", "code"},
}
NAMES = [*CALLS, "c", "D", "I"]
DOCUMENTED = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503}
UNITS = {"D": DAY, "H": HOUR, "M": MINUTE, "S": SECOND}


class Twice(ValueError):
    """A field stands in an object twice."""


def strictly(body: bytes) -> dict[str, Any] | None:
    """The object in a body; None where it is none: not UTF-8, a number that is none, a field twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise Twice
        return dict(pairs)

    def never(_: str) -> float:
        raise ValueError("not JSON")

    try:
        read = json.loads(
            body.decode("utf-8", "strict"), object_pairs_hook=once, parse_constant=never, parse_int=Fraction
        )
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def length(value: object) -> int | None:
    """Milliseconds in a duration as a body has it: seconds as a number, or text; None where it is none."""
    if isinstance(value, str):
        return spoken(value)
    if isinstance(value, bool) or not isinstance(value, Fraction | float) or not math.isfinite(value):
        return None
    return round(float(value) * SECOND) if 0 < value < 10**7 else None


def spoken(text: str) -> int | None:
    """Milliseconds in ``1h30m`` or ``PT1H30M``, read from left to right; None where it is no duration."""
    iso = text.startswith("P")
    if iso:
        days, t, rest = text[1:].partition("T")
        if (t and not rest) or re.search("[HMS]", days) or "D" in rest or re.search("[a-z]", text):
            return None
        text = (days + rest).lower()
    total, last, digits = Fraction(0), "", ""
    for sign in text:
        if sign in "0123456789.":
            digits += sign
            continue
        if sign not in "dhms" or (last and "dhms".index(sign) <= "dhms".index(last)):
            return None
        amount = _amount(digits, sign)
        if amount is None:
            return None
        total, last, digits = total + amount * UNITS[sign.upper()], sign, ""
    return round(total) if last and not digits else None


def _amount(digits: str, unit: str) -> Fraction | None:
    whole, point, rest = digits.partition(".")
    longest = {"d": 5, "h": 6, "m": 7, "s": 9}[unit]
    fits = whole.isdigit() and len(whole) <= longest
    if not point:
        return Fraction(whole) if fits else None
    return Fraction(digits) if fits and unit == "s" and rest.isdigit() and len(rest) <= 3 else None


# --- the rig ------------------------------------------------------------------------------------------


class Rig:
    """A stove that lives through all inputs, and its REST API."""

    def __init__(self, folder: Path) -> None:
        self.bench = StoveBench(folder, config())
        self.wall = FixedWall(self.bench.clock)  # shows what the stove's does
        self.bench.start()
        self.access = Access(TokenStore(folder / "tokens.json"), "console", require_token=False)
        self.app = build(self.bench.stove, self.access, Tally(), self.bench.config.rest)

    async def ask(self, call: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and body of the answer."""
        method, path = CALLS[call]
        headers = [(b"host", b"127.0.0.1"), (b"content-length", str(len(body)).encode())]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8520),
        }
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(scope, receive, send)
        named = {name.lower(): value for name, value in said[0]["headers"]}
        return said[0]["status"], named[b"content-type"].decode(), b"".join(part.get("body", b"") for part in said[1:])

    async def take(self, call: str, body: bytes) -> None:
        stove = self.bench.stove
        if call == "e":
            await stove.start_timer("right", 10 * MINUTE, "fuzz")
        before = self._facts()
        status, kind, answer = await self.ask(call, body)
        demand(status in DOCUMENTED or 200 <= status < 300, f"{CALLS[call]} answered {status}: {answer[:300]!r}")
        if status >= 300:
            _is_a_problem(status, kind, answer)
            demand(self._facts() == before, f"refused with {status}, and something changed: {answer[:300]!r}")
        else:
            self._allowed(call, body, before)
        await stove.cancel_timer("right", "fuzz")
        for token in self.access.tokens():
            self.access.revoke(token.id)
        await settled()
        self.bench.pass_time(MINUTE)

    def _facts(self) -> tuple[Any, ...]:
        timer = self.bench.stove.view("right").timer
        tokens = len(self.access.tokens())
        return timer.duration_s if timer else None, timer.ends_at if timer else None, self._default(), tokens

    def _default(self) -> int:
        return self.bench.stove.default_timer()

    def _allowed(self, call: str, body: bytes, before: tuple[Any, ...]) -> None:
        """What was done is what a strict reader finds in the body."""
        content = strictly(body)
        if content is None:
            demand(False, f"{CALLS[call]} took {body[:300]!r}, which is no JSON object")
            return
        demand(set(content) <= FIELDS[call], f"{CALLS[call]} took the fields {sorted(content)}")
        timer = self.bench.stove.view("right").timer
        set_to = round(timer.duration_s * SECOND) if timer is not None else 0
        if call == "t":
            wanted = self._default() if content.get("duration") == "default" else length(content.get("duration"))
            demand(SECOND <= set_to <= LONGEST_TIMER, f"a timer of {set_to} ms from {body[:300]!r}")
            if content.get("ends_at") is not None:
                left = datetime.fromisoformat(content["ends_at"]) - self.wall.wall()
                wanted = round(left / timedelta(milliseconds=1))
            demand(set_to == wanted, f"a timer of {set_to} ms, not {wanted}, from {body[:300]!r}")
        elif call == "d":
            demand(self._default() == length(content["duration"]), f"{self._default()} ms from {body[:300]!r}")
        elif call == "e":
            more = length(content["by"])
            demand(more is not None and more >= SECOND, f"extended by {more} ms from {body[:300]!r}")
            demand(set_to == before[0] * SECOND + (more or 0), f"{set_to} ms after {more} more, from {body[:300]!r}")


def _is_a_problem(status: int, kind: str, answer: bytes) -> None:
    demand(kind == "application/problem+json", f"{status} as {kind}")
    problem = json.loads(answer.decode())
    demand(set(problem) <= {"type", "title", "status", "detail", "field"}, f"a problem with {sorted(problem)}")
    demand(problem["status"] == status and problem["title"], f"{status} says {problem}")
    demand(problem["detail"].endswith(".") and "Traceback" not in problem["detail"], f"{problem['detail']!r}")


def composed(choices: Choices, now: datetime) -> tuple[str, bytes]:
    """A call and a body that is nearly one of its."""
    call = choices.of([*CALLS])
    names = [*sorted(FIELDS[call]), "more"]
    fields = [f'"{choices.of(names)}": {_value(choices, now)}' for _ in range(choices.of((1, 1, 1, 1, 1, 2, 2, 0)))]
    return call, ("{" + ", ".join(fields) + "}").encode("utf-8", "replace")


def _value(choices: Choices, now: datetime) -> str:
    match choices.below(6):
        case 0:
            parts = [f"{choices.below(100)}{choices.of(('m', 's', 'h', '.5s'))}" for _ in range(1 + choices.below(2))]
            return f'"{"".join(parts)}"'
        case 1:
            return f'"PT{choices.below(200)}{choices.of("MSHD")}"'
        case 2:
            return f"{choices.below(256) * choices.of((1, 10, 60, 100))}{choices.of(('', '.25', 'e1', '.0004', 'e-3'))}"
        case 3:
            ahead = timedelta(seconds=choices.below(256) * choices.of((10, 60, 100, -1, 10**6)))
            zone = timezone(timedelta(minutes=choices.of((0, 60, -330, 14 * 60))))
            return f'"{(now + ahead).astimezone(zone).isoformat()}"'
        case 4:
            return choices.of(('"default"', '"light"', '"cook"', '["left"]', '"Anna"', "null", "NaN", "true", "1e999"))
        case _:
            return choices.piece().decode("utf-8", "replace")


def _text(text: str) -> None:
    """A duration by itself."""
    try:
        read: int | None = parse_duration(text)
    except ValueError as error:
        demand(str(error), "no reason")
        read = None
    demand(read == spoken(text), f"{text!r} is {read} ms, and not {spoken(text)}")


def _instant(rig: Rig, text: str) -> None:
    """An instant by itself: whole milliseconds, or one of the two errors that are answered."""
    with contextlib.suppress(ValueError, OverflowError):
        demand(isinstance(rig.bench.stove.until(text), int), f"{text!r} is no number of milliseconds")


@contextlib.contextmanager
def begin() -> Iterator[Try]:
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder, asyncio.Runner() as runner:

        async def started() -> Rig:
            return Rig(Path(folder))

        rig = runner.run(started())

        def try_one(data: bytes) -> None:
            call = NAMES[data[0] % len(NAMES)] if data and chr(data[0]) not in NAMES else data[:1].decode() or "D"
            if call == "c":
                runner.run(rig.take(*composed(Choices(data[1:]), rig.wall.wall())))
            elif call == "D":
                _text(data[1:].decode("utf-8", "replace"))
            elif call == "I":
                _instant(rig, data[1:].decode("utf-8", "replace"))
            else:
                runner.run(rig.take(call, data[1:]))

        try:
            yield try_one
        finally:
            runner.run(settled())
            rig.bench.close()


# --- seeds and flaws ----------------------------------------------------------------------------------


def _reading(**named: Any) -> contextlib.AbstractContextManager[object]:
    """Bodies are read by a ``json.loads`` with these arguments."""

    def loads(text: str, **given: Any) -> Any:
        return json.loads(text, **(given | named))

    return mock.patch.object(bodies, "json", SimpleNamespace(loads=loads))


def _nan_is_a_minute() -> contextlib.AbstractContextManager[object]:
    return _reading(parse_constant=lambda _: 60.0)


def _the_last_one_counts() -> contextlib.AbstractContextManager[object]:
    return _reading(object_pairs_hook=dict)


def _no_instant_is_an_accident() -> contextlib.AbstractContextManager[object]:
    """What the calendar says of an instant that is none is not caught, and ends in a 500."""
    return mock.patch("api.rest.timers._until", lambda stove, ends_at: stove.until(ends_at))


_TEXTS = ("25m", "1h30m", "90s", "0.5s", "1.001s", "PT25M", "P1DT2H", "400d", "PT", "5m5m", "99999d", "default")
_INSTANTS = ("2026-11-23T13:00:00Z", "2026-11-23T14:00:00.250+01:00", "0001-01-01T00:00:00+14:00", "20261123T130000Z")

TARGET = Target(
    "REST bodies",
    begin,
    {
        **{f"timer {text}": f't{{"duration": "{text}"}}'.encode() for text in _TEXTS},
        **{f"text {text}": f"D{text}".encode() for text in _TEXTS},
        **{f"instant {text}": f"I{text}".encode() for text in _INSTANTS},
        **{f"end {text}": f't{{"ends_at": "{text}"}}'.encode() for text in _INSTANTS},
        "seconds": b't{"duration": 1500.25}',
        "not a number": b't{"duration": NaN}',
        "twice": b't{"duration": 25, "duration": 26}',
        "by": b'e{"by": 300}',
        "by text": b'e{"by": "5m"}',
        "default": b'd{"duration": "20m"}',
        "far": b'd{"duration": 1e999}',
        "light": b's{"action": "light"}',
        "offer": b'o{"role": "cook", "burners": ["left"]}',
        "pair": b'p{"name": "Anna", "code": "04719358"}',
        "escaped": b'p{"n\\u0061me": "\\ud800"}',
        "nothing": b"",
        **{f"composed {n}": bytes([ord("c"), n % 6, 0, n % 2, n % 5, 25, n % 4]) for n in range(30)},
    },
    [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1e-9", b"true", b"null", b'"duration"', b'"ends_at"', b'"by"',
     b'"default"', b"PT", b"\\ud800", b"\\u0000", b"[[[[", b'{"', b'":', b"\xef\xbb\xbf", b"+14:00", b"9999-12-31T"],
    {
        "NaN is a minute": _nan_is_a_minute,
        "of a field that stands twice the last one counts": _the_last_one_counts,
        "an instant that is none ends in a 500": _no_instant_is_an_accident,
    },
)  # fmt: skip
