"""Phones come in by a code or by a hand on the button, keep a cookie that no script reads, and go at one word."""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from controller.pairing import TRIES
from tests.api.rest.asking import TIMER, bearer, refused
from tests.e2e.program import Program, eventually, program, sse

CHANGE = {"X-Flameout": "1"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A daemon that asks for tokens, with a stop button; ``http`` carries the console's."""
    button = '[[buttons]]\nid = "stop"\npin = 12\ndoes = "shut_off"\n'
    with program(tmp_path_factory.mktemp("daemon"), lease="5s", require_token="true", more=button) as made:
        made.start()
        made.http.headers.update(bearer((made.folder / "console.token").read_text()))
        yield made


@pytest.fixture
def phone(daemon: Program) -> Iterator[httpx2.Client]:
    """A browser without anything of ours."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{daemon.port}/api/v1", timeout=10) as made:
        yield made


def offer(daemon: Program, **what: Any) -> str:
    return str(daemon.do("POST", "/pairing", what)["code"])


def pair(phone: httpx2.Client, code: str | None, name: str = "Anna's phone") -> httpx2.Response:
    body = {"name": name} | ({"code": code} if code is not None else {})
    return phone.post("/pair", json=body)


def paired(daemon: Program, phone: httpx2.Client, name: str = "Anna's phone", **what: Any) -> httpx2.Response:
    answer = pair(phone, offer(daemon, **what), name)
    assert answer.status_code == 200, answer.text
    return answer


def test_a_stranger_is_told_that_it_is_one_and_how_to_come_in(daemon: Program, phone: httpx2.Client) -> None:
    me = phone.get("/me").json()
    assert (me["name"], me["role"], me["pairing"]) == (None, None, "closed")
    offer(daemon)
    assert phone.get("/me").json()["pairing"] == "code"
    daemon.do("DELETE", "/pairing")
    assert phone.get("/me").json()["pairing"] == "closed"


def test_a_phone_pairs_and_cooks_under_its_name(daemon: Program, phone: httpx2.Client) -> None:
    answer = paired(daemon, phone)
    assert answer.json() == {
        "name": "phone:Anna's phone",
        "role": "cook",
        "burners": [],
        "phone": True,
        "pairing": "closed",
    }
    set_cookie = answer.headers["set-cookie"]
    for needed in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert needed in set_cookie
    assert "Domain" not in set_cookie
    assert re.search(r"flameout=flameout_[\w-]{43};", set_cookie)
    daemon.ready("left")
    timing = phone.put(TIMER, json={"duration": 60}, headers=CHANGE)
    assert timing.json()["timer"]["set_by"] == "phone:Anna's phone"
    assert phone.post("/burners/left/shut-off").json()["last_shut_off"]["by"] == "phone:Anna's phone"
    assert [(e["by"], e["details"]) for e in daemon.history() if e["event_type"] == "paired"] == [
        ("phone:Anna's phone", {"role": "cook"})
    ]


def test_the_secret_is_in_no_answer_no_list_and_no_log(daemon: Program, phone: httpx2.Client) -> None:
    answer = paired(daemon, phone, "Secretive")
    secret = phone.cookies["flameout"]
    assert secret not in answer.text
    assert secret not in daemon.http.get("/api/v1/tokens").text
    assert secret not in daemon.log()
    for file in daemon.folder.iterdir():
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file


def test_a_change_with_the_cookie_needs_the_pages_header(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Header")
    daemon.ready("left")
    assert "X-Flameout" in refused(phone.put(TIMER, json={"duration": 60}), 403, "forbidden")
    assert phone.get("/stove").status_code == 200
    assert phone.delete(TIMER, headers=CHANGE).status_code == 200


def test_a_phones_secret_is_no_bearer_token(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Thief")
    secret = phone.cookies["flameout"]
    with httpx2.Client(base_url=f"http://127.0.0.1:{daemon.port}/api/v1") as script:
        refused(script.get("/stove", headers=bearer(secret)), 401, "token-unknown")


def test_a_code_works_once(daemon: Program, phone: httpx2.Client) -> None:
    code = offer(daemon)
    assert pair(phone, f"{code[:4]} {code[4:]}", "First").status_code == 200, "as people type it"
    assert "flameout pair" in refused(pair(phone, code, "Second"), 403, "pairing-refused", "code")


def test_guessing_ends_the_offer(daemon: Program, phone: httpx2.Client) -> None:
    code = offer(daemon)
    wrong = f"{(int(code) + 1) % 10**8:08}"
    for _ in range(TRIES):
        refused(pair(phone, wrong), 403, "pairing-refused", "code")
    refused(pair(phone, code), 403, "pairing-refused", "code")
    assert phone.get("/me").json()["role"] is None


def test_two_phones_of_one_name_are_told_apart(daemon: Program) -> None:
    names = []
    for _ in range(2):
        with httpx2.Client(base_url=f"http://127.0.0.1:{daemon.port}/api/v1") as phone:
            names.append(paired(daemon, phone, "Twin").json()["name"])
    assert names == ["phone:Twin", "phone:Twin 2"]


def test_a_cook_of_one_burner_cooks_on_that_one(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Child", burners=["left"])
    daemon.ready("left")
    assert phone.put(TIMER, json={"duration": 60}, headers=CHANGE).status_code == 200
    right = phone.put("/burners/right/timer", json={"duration": 60}, headers=CHANGE)
    assert "left only" in refused(right, 403, "other-burner")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "chef"}, "role"),
        ({"burners": ["middle"]}, "burners"),
        ({"burners": "left"}, "burners"),
        ({"role": 1}, "role"),
        ({"extra": 1}, "extra"),
    ],
)
def test_an_offer_that_cannot_be_is_refused(daemon: Program, body: Any, field: str) -> None:
    refused(daemon.send("POST", "/pairing", body), 422, "bad-value", field)


@pytest.mark.parametrize("code", ["", "\0", "9" * 9_000, "１２３４５６７８", "\ud800"])
def test_what_can_be_no_code_is_refused(daemon: Program, phone: httpx2.Client, code: str) -> None:
    offer(daemon)
    body = json.dumps({"name": "Guess", "code": code})
    assert phone.post("/pair", content=body).status_code in (403, 422)
    assert phone.get("/me").json()["role"] is None


@pytest.mark.parametrize("name", ["", " ", "a" * 33, "a\nb", "\x1b[2J", "a\u202eb", 7, None])
def test_a_name_that_cannot_be_one_costs_no_try(daemon: Program, phone: httpx2.Client, name: Any) -> None:
    code = offer(daemon)
    for _ in range(TRIES):
        refused(phone.post("/pair", json={"name": name, "code": code}), 422, "bad-value", "name")
    assert pair(phone, code, "Patient").status_code == 200


def test_a_phone_goes_by_itself(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Leaving")
    assert phone.delete("/me", headers=CHANGE).json()["role"] is None
    assert "flameout" not in phone.cookies
    assert phone.get("/me").json()["role"] is None
    assert daemon.history()[0]["details"] == {"name": "Leaving"}


def test_a_revoked_phones_stream_ends_without_anything_happening(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Lost")
    with phone.stream("GET", "/events", params={"tick": "1"}) as stream:
        events = sse(stream.iter_lines())
        assert [next(events)[0], next(events)[0]] == ["me", "stove"]
        token = next(token for token in daemon.get("/tokens") if token["name"] == "Lost")
        assert daemon.do("DELETE", f"/tokens/{token['id']}")["name"] == "Lost"
        for _ in events:
            pass  # until it ends
    assert phone.get("/me").json()["role"] is None
    assert "flameout" not in phone.cookies, "the browser is told to forget it"
    assert daemon.http.delete(f"/api/v1/tokens/{token['id']}").status_code == 404


def test_when_a_phone_was_used_last_is_known(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Used")

    def known() -> Any:
        phone.get("/stove")
        return next(token for token in daemon.get("/tokens") if token["name"] == "Used")["last_used_at"]

    eventually("its use is noted", known)


def test_a_cookie_of_another_flameout_is_as_good_as_none(daemon: Program, phone: httpx2.Client) -> None:
    phone.cookies.set("flameout", "flameout_" + "A" * 43, domain="127.0.0.1")
    me = phone.get("/me")
    assert me.json()["role"] is None
    assert 'flameout=""; ' in me.headers["set-cookie"] or "Max-Age=0" in me.headers["set-cookie"]


def test_a_phone_may_write_its_name_in_pieces(daemon: Program, phone: httpx2.Client) -> None:
    """As many Apple programs do: an e, and its accent."""
    answer = paired(daemon, phone, unicodedata.normalize("NFD", "José’s phone"))
    assert answer.json()["name"] == "phone:José’s phone"
    assert phone.get("/me").json()["role"] == "cook"


def test_a_phone_keeps_its_cookie_while_the_tokens_cannot_be_read(daemon: Program, phone: httpx2.Client) -> None:
    paired(daemon, phone, "Patient")
    file = daemon.folder / "tokens.json"
    content = file.read_text()
    file.write_text("{")
    try:
        assert phone.get("/me").json()["role"] is None
    finally:
        file.write_text(content)
    assert phone.get("/me").json()["role"] == "cook"


def test_shutting_off_needs_no_phone(daemon: Program, phone: httpx2.Client) -> None:
    assert phone.post("/shut-off").status_code == 200


def test_a_held_stop_button_lets_the_next_phone_in(daemon: Program, phone: httpx2.Client) -> None:
    daemon.do("POST", "/simulate/stop", {"action": "press"})
    eventually("phones may come in", lambda: phone.get("/me").json()["pairing"] == "button", within=30)
    daemon.do("POST", "/simulate/stop", {"action": "let_go"})
    assert pair(phone, None, "At the stove").json()["role"] == "cook"
    refused(pair(phone, None, "Too late"), 403, "pairing-refused", "code")
