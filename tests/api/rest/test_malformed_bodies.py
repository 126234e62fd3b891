"""Bodies that are wrong in every way we could think of: a 4xx that names the field, and an unchanged burner."""

from collections.abc import Iterator

import pytest

from tests.api.rest.asking import EXTEND, TIMER, idle, refused
from tests.e2e.program import Program

HUGE = "1" + "0" * 400
PUT, POST = ("PUT", TIMER), ("POST", EXTEND)
DEFAULT, SIMULATE = ("PUT", "/default-timer"), ("POST", "/simulate/left")

# what follows "duration": or "by": or "ends_at":, as it stands in the body
WRONG_DURATIONS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1e-999",
    "true",
    "false",
    "0",
    "-0.0",
    "-1",
    "-1e-9",
    "0.0004",
    HUGE,
    f"-{HUGE}",
    HUGE * 12,
    "1e9",
    "9007199254740993",
    "[]",
    "[25]",
    "{}",
    '{"seconds": 25}',
    '""',
    '" "',
    '"25"',
    '"25.0"',
    '"-25m"',
    '"+25m"',
    '"0m"',
    '"25 m"',
    '" 25m"',
    '"25m\\n"',
    '"25M"',
    '"25x"',
    '"1m1h"',
    '"5m5m"',
    '"1e3s"',
    '"0x10s"',
    '"1_000s"',
    '"２５m"',
    '"٢٥m"',
    '"²m"',
    '"25\\u0000m"',
    '"\\ud800"',
    '"P"',
    '"PT"',
    '"P1Y"',
    '"PT-5M"',
    '"pt5m"',
    '"NaN"',
    '"inf"',
    f'"{HUGE}m"',
    '"tomorrow"',
]
WRONG_ENDS = [
    "NaN",
    "1e999",
    "true",
    "0",
    "1763920000",
    "[]",
    "{}",
    '""',
    '"25m"',
    '"now"',
    '"2026-11-23"',
    '"18:42"',
    '"2099-11-23T18:42:00"',
    '"2099-13-01T00:00:00Z"',
    '"2099-11-31T00:00:00Z"',
    '"2099-11-23T24:61:00Z"',
    '"２０９９-11-23T18:42:00Z"',
    '"2020-11-23T18:42:00Z"',
    '"2099-11-23T18:42:00Z"',
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
    '"2099-11-23T18:42:00+99:00"',
    '"\\ud800"',
]
# whole bodies for the timer: what is blamed, if a field is
WRONG_BODIES: list[tuple[bytes, str | None]] = [
    (b"", None),
    (b" ", None),
    (b"null", None),
    (b"25", None),
    (b'"25m"', None),
    (b"true", None),
    (b"NaN", None),
    (b'{"duration": -NaN}', None),
    (b"[]", None),
    (b'[{"duration": 25}]', None),
    (b"{", None),
    (b"{'duration': 25}", None),
    (b'{"duration": 25,}', None),
    (b'{"duration": 25} {"duration": 26}', None),
    (b'{"duration": 025}', None),
    (b'{"duration": .5}', None),
    (b'{"duration": 0x10}', None),
    (b'{"duration": "25m}', None),
    (b'{"duration": "25\x00m"}', None),
    (b"duration=25m", None),
    (b"\xef\xbb\xbf" + b'{"duration": 25}', None),
    ('{"duration": 25}'.encode("utf-16"), None),
    ('{"duration": 25}'.encode("utf-32-le"), None),
    (b'{"duration": "\xff"}', None),
    (b"\xff\xfe\xfd", None),
    (b"[" * 16_000, None),
    (b'{"duration": ' + b"[" * 16_000, None),
    (b'{"a":' * 3_000, None),
    (b"{}", "duration"),
    (b'{"duration": null}', "duration"),
    (b'{"duration": null, "ends_at": null}', "duration"),
    (b'{"duration": 25, "ends_at": "2099-11-23T18:42:00Z"}', "duration"),
    (b'{"duration": 25, "duration": 25}', "duration"),
    (b'{"duration": 25, "dur\\u0061tion": 26}', "duration"),
    (b'{"duration": 25, "unit": "min"}', "unit"),
    (b'{"Duration": 25}', "Duration"),
    (b'{"duration ": 25}', "duration "),
    (b'{"duration_s": 25}', "duration_s"),
    (b'{"": 25}', ""),
    (b'{"duration": 25, "__class__": {}}', "__class__"),
    (b'{"duration": 25, "x": {"y": 1, "y": 2}}', "y"),
    (b'{"' + b"x" * 5_000 + b'": 1}', "x" * 32),
    (b'{"\\ud800": 1}', None),
    (b"{" + b",".join(b'"k%d":1' % n for n in range(1_300)) + b"}", "k0"),
]


@pytest.fixture(scope="module")
def timing(daemon: Program) -> Iterator[Program]:
    """The left burner has a timer, so that something could go wrong."""
    idle(daemon)
    daemon.set_timer("left", 3_000)
    yield daemon
    daemon.do("DELETE", TIMER)


def refuse(stove: Program, call: tuple[str, str], body: bytes, field: str | None, status: int = 422) -> None:
    """Send a body, expect the refusal, and expect that nothing has changed."""
    before = stove.http.get("/api/v1/stove").headers["etag"]
    answer = stove.http.request(call[0], f"/api/v1{call[1]}", content=body)
    kind = {413: "too-large", 422: "bad-value"}[status]
    sentence = refused(answer, status, kind, field)
    assert "Traceback" not in sentence
    assert len(sentence) < 300
    assert stove.http.get("/api/v1/stove").headers["etag"] == before


@pytest.mark.parametrize("wrong", WRONG_DURATIONS, ids=lambda text: text[:20])
def test_what_is_not_a_duration_names_the_field(timing: Program, wrong: str) -> None:
    refuse(timing, PUT, f'{{"duration": {wrong}}}'.encode(), "duration")
    refuse(timing, POST, f'{{"by": {wrong}}}'.encode(), "by")
    refuse(timing, DEFAULT, f'{{"duration": {wrong}}}'.encode(), "duration")


@pytest.mark.parametrize("wrong", WRONG_ENDS)
def test_what_is_not_an_instant_ahead_names_the_field(timing: Program, wrong: str) -> None:
    refuse(timing, PUT, f'{{"ends_at": {wrong}}}'.encode(), "ends_at")


@pytest.mark.parametrize(("body", "field"), WRONG_BODIES, ids=lambda value: repr(value)[:24])
def test_a_body_that_is_not_what_is_asked_for_is_refused(timing: Program, body: bytes, field: str | None) -> None:
    refuse(timing, PUT, body, field)


@pytest.mark.parametrize("call", [PUT, POST, DEFAULT, SIMULATE], ids=lambda call: call[1])
def test_every_call_that_takes_a_body_is_as_strict(timing: Program, call: tuple[str, str]) -> None:
    field = {EXTEND: "by", "/default-timer": "duration", "/simulate/left": "action", TIMER: "duration"}[call[1]]
    for body in (b"", b"[]", b"null", b"{", b"\xff", b"[" * 16_000):
        refuse(timing, call, body, None)
    refuse(timing, call, b"{}", field)
    refuse(timing, call, f'{{"{field}": 5, "{field}": 5}}'.encode(), field)
    refuse(timing, call, f'{{"{field}": "5m", "x": 5}}'.encode(), "x")
    refuse(timing, call, f'{{"{field}": true}}'.encode(), field)
    refuse(timing, call, b" " * 16_385, None, 413)


# --- size ---------------------------------------------------------------------------------------------


def test_a_body_of_16_KiB_is_taken_and_one_byte_more_is_not(stove: Program) -> None:
    longest = b'{"duration": "50m"' + b" " * (16 * 1024 - 19) + b"}"
    assert len(longest) == 16 * 1024
    assert stove.http.put(f"/api/v1{TIMER}", content=longest).status_code == 200
    refuse(stove, PUT, longest + b" ", None, 413)


def test_a_body_that_does_not_say_its_length_is_held_to_it(stove: Program) -> None:
    def chunks(size: int) -> Iterator[bytes]:
        yield b'{"duration": "50m"'
        yield b" " * size
        yield b"}"

    refused(stove.http.put(f"/api/v1{TIMER}", content=chunks(16 * 1024)), 413, "too-large")
    refused(stove.http.put(f"/api/v1{TIMER}", content=(b" " * 1024 for _ in range(1024))), 413, "too-large")
    assert stove.burner()["timer"] is None
    assert stove.http.put(f"/api/v1{TIMER}", content=chunks(1024)).status_code == 200


# --- content types ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",  # what curl -d says
        None,
    ],
)
def test_json_is_taken_under_these_names(stove: Program, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = stove.http.put(f"/api/v1{TIMER}", content=b'{"duration": "25m"}', headers=headers)
    assert answer.json()["timer"]["duration_s"] == 1500


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "multipart/form-data; boundary=x", "text/html", "application/xml", "application/jsonp", "json", "+"],
)
def test_anything_else_is_not_json(stove: Program, content_type: str) -> None:
    for method, path in (PUT, POST, DEFAULT, SIMULATE):
        headers = {"Content-Type": content_type}
        answer = stove.http.request(method, f"/api/v1{path}", content=b'{"duration": "25m"}', headers=headers)
        refused(answer, 415, "not-json")
    assert stove.burner()["timer"] is None
