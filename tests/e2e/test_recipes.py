"""Every exchange in docs/voice.md, as it stands there, against the real daemon.

A request block is followed by the block of its answer; a comment ``given: METHOD /path {body}`` before it says what
was done first. Status, the headers shown and the text have to be the same; a time of day may be another, and a
duration up to half a minute shorter than it stands there.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller import places
from controller.tokens import Role, TokenStore
from tests.api.rest.asking import bearer, idle
from tests.e2e.program import Program, program

PAGE = Path(__file__).parents[2] / "docs" / "voice.md"
BLOCK = re.compile(r"(?:<!-- given: (?P<given>[^\n]+) -->\n+)?```http\n(?P<text>.*?)```", re.DOTALL)
TIME_OF_DAY = re.compile(r"\b\d\d:\d\d(?!\d)", re.ASCII)
DURATION = re.compile(
    r"\d+ ?(?:hours?|minutes?|seconds?|小时|分钟|秒)(?: ?\d+ ?(?:minutes?|seconds?|分钟|秒))?", re.ASCII
)
PART = re.compile(r"(\d+) ?(hour|minute|second|小时|分钟|秒)", re.ASCII)
SECONDS = {"hour": 3600, "小时": 3600, "minute": 60, "分钟": 60, "second": 1, "秒": 1}
SLACK = 30  # s that a slow machine may take from setting a timer to reading it


@dataclass(frozen=True)
class Message:
    """A request or an answer as it stands on the page."""

    first: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Exchange:
    """One request with its answer, and what was done before."""

    line: int
    given: str | None
    request: Message
    answer: Message

    @property
    def chinese(self) -> bool:
        return self.request.headers.get("Accept-Language", "").startswith("zh")


def message(text: str) -> Message:
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    assert len(headers) == len(lines)
    return Message(first, headers, body.strip())


def exchanges() -> Iterator[Exchange]:
    page = PAGE.read_text()
    blocks = list(BLOCK.finditer(page))
    assert page.count("```http") == len(blocks)
    assert page.count("given:") == sum(block["given"] is not None for block in blocks)
    for asked, answered in zip(blocks[::2], blocks[1::2], strict=True):
        request, answer = message(asked["text"]), message(answered["text"])
        line = page.count("\n", 0, asked.start("text"))
        assert request.first.endswith(" HTTP/1.1"), f"line {line}: not a request"
        assert answer.first.startswith("HTTP/1.1 "), f"line {line}: the request has no answer"
        assert answered["given"] is None
        yield Exchange(line, asked["given"], request, answer)


EXCHANGES = list(exchanges())


@dataclass
class Stoves:
    """Two daemons that ask for tokens: one with burners named in English, one with burners named in Chinese."""

    english: Program
    chinese: Program
    tokens: dict[Program, str]


def started(folder: Path, tokens: dict[Program, str], names: dict[str, str], stove: Program) -> None:
    text = stove.config.read_text()
    for name, written in names.items():
        text = text.replace(f'name = "{name}"', f'name = "{written}"')
    stove.config.write_text(text)
    store = TokenStore(places.tokens(folder / "flameout.db"))
    stove.http.headers.update(bearer(store.add("test", Role.ADMIN)))
    tokens[stove] = store.add("Anna", Role.COOK)
    stove.start()


@pytest.fixture(scope="module")
def stoves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stoves]:
    english, chinese = tmp_path_factory.mktemp("english"), tmp_path_factory.mktemp("chinese")
    with program(english, require_token="true") as left, program(chinese, require_token="true") as other:
        tokens: dict[Program, str] = {}
        started(english, tokens, {}, left)
        started(chinese, tokens, {"Left": "左灶", "Right": "右灶"}, other)
        yield Stoves(left, other, tokens)


def be_given(stove: Program, given: str | None) -> None:
    """The stove idle and unlocked, then what the page says was done before."""
    for name in ("left", "right"):
        stove.do("DELETE", f"/burners/{name}/timer")
        stove.do("DELETE", f"/burners/{name}/lock")
    idle(stove)
    if given is not None:
        method, path, body = [*given.split(" ", 2), "null"][:3]
        stove.do(method, path, json.loads(body))


def seconds(duration: str) -> int:
    return sum(int(amount) * SECONDS[unit] for amount, unit in PART.findall(duration))


def timeless(text: str) -> str:
    return DURATION.sub("DURATION", TIME_OF_DAY.sub("HH:MM", text))


def same(said: str, shown: str) -> bool:
    """Whether an answer is the one on the page, its times aside."""
    pairs = list(zip(DURATION.findall(said), DURATION.findall(shown), strict=False))
    close = all(0 <= seconds(there) - seconds(here) <= SLACK for here, there in pairs)
    return timeless(said) == timeless(shown) and close


def content(message_body: str, kind: str) -> Any:
    return json.loads(message_body) if "json" in kind else message_body


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: f"line-{exchange.line}")
def test_an_exchange_of_the_page_goes_as_it_is_written(stoves: Stoves, exchange: Exchange) -> None:
    stove = stoves.chinese if exchange.chinese else stoves.english
    be_given(stove, exchange.given)
    method, path, _ = exchange.request.first.split(" ")
    headers = {
        name: value.replace("TOKEN", stoves.tokens[stove]) if name == "Authorization" else value
        for name, value in exchange.request.headers.items()
    }
    request = stove.http.build_request(method, path, content=exchange.request.body.encode(), headers=headers)
    if "Authorization" not in headers:
        del request.headers["authorization"]
    if "Accept" not in headers:
        del request.headers["accept"]
    answer = stove.http.send(request)
    assert exchange.answer.first == f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"
    for name, value in exchange.answer.headers.items():
        assert answer.headers[name] == value
    kind = answer.headers["content-type"]
    said, shown = content(answer.text.strip(), kind), content(exchange.answer.body, kind)
    assert same(str(said), str(shown)), f"{said!r} is not {shown!r}"


def test_the_page_has_what_a_voice_can_ask_for_in_both_languages() -> None:
    for chinese in (False, True):
        asked = {
            exchange.request.first.partition("/api/v1")[2] for exchange in EXCHANGES if exchange.chinese is chinese
        }
        assert {"/shut-off HTTP/1.1", "/burners/left/timer HTTP/1.1", "/burners/left/timer/extend HTTP/1.1"} <= asked
    assert any(exchange.request.first.startswith("GET") for exchange in EXCHANGES)


def test_another_sentence_time_or_duration_would_be_noticed() -> None:
    shown = "Left shuts off at 18:42, in 12 minutes 30 seconds."
    assert same("Left shuts off at 07:03, in 12 minutes 29 seconds.", shown)
    assert same("左灶07:03关火，还有11分钟59秒。", "左灶18:42关火，还有12分钟。")
    assert not same("Left shuts off at 07:03, in 12 minutes 31 seconds.", shown)
    assert not same("Left shuts off at 07:03, in 11 minutes 30 seconds.", shown)
    assert not same("Right shuts off at 07:03, in 12 minutes 30 seconds.", shown)
    assert not same("Left shuts off, in 12 minutes 30 seconds.", shown)
