"""Who may do what: every call against every kind of token, and tokens that come and go while the daemon runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.rest.access import WRONG_TOKENS
from controller import places
from controller.tokens import Role, TokenStore
from tests.api.rest.asking import EXTEND, TIMER, bearer, refused
from tests.e2e.program import LEFT, Program, program

# call, body, the role it needs (None: nobody is asked), and whether it is about the left burner alone
CALLS: list[tuple[str, str, Any, Role | None, bool]] = [
    ("GET", "/api/v1/stove", None, Role.VIEW, False),
    ("GET", "/api/v1/burners", None, Role.VIEW, False),
    ("GET", "/api/v1/burners/left", None, Role.VIEW, True),
    ("GET", "/api/v1/events", None, Role.VIEW, False),
    ("GET", "/api/v1/history", None, Role.VIEW, False),
    ("PUT", f"/api/v1{TIMER}", {"duration": "25m"}, Role.COOK, True),
    ("POST", f"/api/v1{EXTEND}", {"by": "1m"}, Role.COOK, True),
    ("DELETE", f"/api/v1{TIMER}", None, Role.COOK, True),
    ("PUT", "/api/v1/default-timer", {"duration": "20m"}, Role.COOK, False),
    ("PUT", "/api/v1/burners/left/lock", None, Role.COOK, True),
    ("DELETE", "/api/v1/burners/left/lock", None, Role.ADMIN, True),
    ("POST", "/api/v1/burners/left/reset", None, Role.ADMIN, True),
    ("POST", "/api/v1/simulate/left", {"action": "off"}, Role.COOK, True),
    ("POST", "/api/v1/burners/left/attention", None, Role.COOK, True),
    ("PUT", "/api/v1/lock", None, Role.COOK, False),
    ("DELETE", "/api/v1/lock", None, Role.ADMIN, False),
    ("POST", "/api/v1/sweep", None, Role.COOK, False),
    ("GET", "/api/v1/report", None, Role.VIEW, False),
    ("GET", "/api/v1/usage", None, Role.VIEW, False),
    ("POST", "/api/v1/pairing", {"role": "view"}, Role.ADMIN, False),
    ("DELETE", "/api/v1/pairing", None, Role.ADMIN, False),
    ("GET", "/api/v1/tokens", None, Role.ADMIN, False),
    ("DELETE", "/api/v1/tokens/000000000000", None, Role.ADMIN, False),
    ("POST", "/api/v1/burners/left/shut-off", None, None, True),
    ("POST", "/api/v1/shut-off", None, None, False),
    ("GET", "/healthz", None, None, False),
    ("GET", "/readyz", None, None, False),
    ("GET", "/metrics", None, None, False),
    ("GET", "/docs", None, None, False),
    ("GET", "/openapi.json", None, None, False),
]
TOKENS: dict[str, tuple[Role, tuple[str, ...]]] = {
    "viewer": (Role.VIEW, ()),
    "cook": (Role.COOK, ()),
    "admin": (Role.ADMIN, ()),
    "viewer of right": (Role.VIEW, ("right",)),
    "cook of left": (Role.COOK, ("left",)),
    "cook of right": (Role.COOK, ("right",)),
    "admin of right": (Role.ADMIN, ("right",)),
}
WRONG = {
    "none": {},
    "empty": {"Authorization": ""},
    "bare": {"Authorization": "Bearer"},
    "basic": {"Authorization": "Basic YWRtaW46YWRtaW4="},
    "garbage": bearer("garbage"),
    "not ASCII": {"Authorization": b"Bearer \xff\xfe\x80"},
    "a cookie": {"Cookie": "token=admin"},
}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, secrets: dict[str, str]) -> Iterator[Program]:
    """A daemon that asks for tokens; ``http`` carries an admin's."""
    with program(tmp_path_factory.mktemp("daemon"), lease="5s", require_token="true") as made:
        secrets.update({name: store(made).add(name, *what) for name, what in TOKENS.items()})
        made.http.headers.update(bearer(secrets["admin"]))
        made.start()
        yield made


def store(stove: Program) -> TokenStore:
    return TokenStore(places.tokens(stove.folder / "flameout.db"))


def status(stove: Program, method: str, path: str, body: Any, headers: dict[str, Any]) -> int:
    """The status code of a call with exactly these headers about who asks."""
    request = stove.http.build_request(method, path, json=body, headers=headers)
    if "Authorization" not in headers:
        del request.headers["authorization"]
    answer = stove.http.send(request, stream=True)
    if not answer.headers["content-type"].startswith("text/event-stream"):
        answer.read()
        if answer.status_code in (401, 403, 429):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["detail"].endswith(".")
    answer.close()
    return answer.status_code


def expected(role: Role | None, about_left: bool, token: tuple[Role, tuple[str, ...]]) -> set[int]:
    """The codes that this token may get: done, or refused for another reason than the token."""
    may_do = {200, 404, 409}
    if role is None:
        return may_do
    if not token[0].includes(role):
        return {403}
    limited_to_others = token[1] and role is not Role.VIEW and not (about_left and "left" in token[1])
    return {403} if limited_to_others else may_do


def test_a_missing_token_is_told_how_to_get_one(daemon: Program) -> None:
    request = daemon.http.build_request("GET", "/api/v1/stove")
    del request.headers["authorization"]
    answer = daemon.http.send(request)
    assert "flameout tokens add" in refused(answer, 401, "token-needed")
    assert answer.headers["www-authenticate"] == "Bearer"
    answer = daemon.http.get("/api/v1/stove", headers=bearer("mistyped"))
    assert "revoked" in refused(answer, 401, "token-unknown")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_every_call_asks_for_its_role(daemon: Program, secrets: dict[str, str], call: Any) -> None:
    method, path, body, role, about_left = call
    for name, token in TOKENS.items():
        assert status(daemon, method, path, body, bearer(secrets[name])) in expected(role, about_left, token), name


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_without_a_known_token_only_shutting_off_and_health_are_answered(daemon: Program, call: Any) -> None:
    method, path, body, role, _ = call
    for name, headers in WRONG.items():
        codes = {401, 429} if role is not None else {200, 409}
        assert status(daemon, method, path, body, headers) in codes, name


def test_a_role_that_is_too_low_is_told_which_is_needed(daemon: Program, secrets: dict[str, str]) -> None:
    answer = daemon.http.delete("/api/v1/burners/left/lock", headers=bearer(secrets["cook"]))
    assert "admin" in refused(answer, 403, "role-too-low")
    answer = daemon.http.put(f"/api/v1{TIMER}", headers=bearer(secrets["cook of right"]), json={"duration": 60})
    assert "right" in refused(answer, 403, "other-burner")


def test_a_refused_token_changes_nothing(stove: Program, secrets: dict[str, str]) -> None:
    before = stove.burner()
    stove.http.put(f"/api/v1{TIMER}", headers=bearer(secrets["viewer"]), json={"duration": 60})
    stove.http.put(f"/api/v1{TIMER}", headers=bearer("garbage"), json={"duration": 60})
    assert stove.burner() == before


def test_what_is_done_is_on_record_under_the_name_of_the_token(stove: Program, secrets: dict[str, str]) -> None:
    answer = stove.http.put(f"/api/v1{TIMER}", headers=bearer(secrets["cook"]), json={"duration": 60})
    assert answer.json()["timer"]["set_by"] == "rest:cook"
    answer = stove.http.post("/api/v1/burners/left/shut-off", headers=bearer(secrets["viewer"]))
    assert answer.json()["last_shut_off"]["by"] == "rest:viewer"
    answer = stove.http.post("/api/v1/burners/left/shut-off", headers=bearer("garbage"))
    assert answer.json()["holds"][0]["cause"] == "user"


def test_the_command_line_on_the_same_machine_has_a_token_of_its_own(stove: Program) -> None:
    file = places.console_token(stove.folder / "flameout.db")
    assert file.stat().st_mode & 0o077 == 0
    answer = stove.http.put(f"/api/v1{TIMER}", headers=bearer(file.read_text()), json={"duration": 60})
    assert answer.json()["timer"]["set_by"] == "console"


def test_tokens_of_another_process_count_at_once_and_end_at_once(stove: Program) -> None:
    made = flameout(stove, "tokens", "add", "phone", "--role", "cook", "--config", str(stove.config)).splitlines()[0]
    for _ in range(3):
        assert stove.http.get("/api/v1/stove", headers=bearer(made)).status_code == 200
    flameout(stove, "tokens", "revoke", "phone", "--config", str(stove.config))
    assert stove.http.get("/api/v1/stove", headers=bearer(made)).status_code in (401, 429)


def flameout(stove: Program, *arguments: str) -> str:
    command = [sys.executable, "-m", "api.entry", *arguments]
    return subprocess.run(command, env=stove.environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_token_that_root_adds_can_be_read_by_the_owner_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, 12_345, 12_346)
    TokenStore(folder / "tokens.json").add("Anna", Role.VIEW)
    file = (folder / "tokens.json").stat()
    assert (file.st_uid, file.st_gid) == (12_345, 12_346)


def test_an_open_stream_ends_with_its_token(stove: Program) -> None:
    secret = store(stove).add("page", Role.VIEW)
    with stove.http.stream("GET", "/api/v1/events", headers=bearer(secret)) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: state"
        assert store(stove).revoke("page")
        stove.set_timer("left", 600)
        told = "".join(lines)  # until it ends
    assert "timer_started" not in told


def test_wrong_tokens_are_slowed_down_but_shutting_off_never_is(stove: Program, secrets: dict[str, str]) -> None:
    for _ in range(WRONG_TOKENS + 1):
        answer = stove.http.get("/api/v1/stove", headers=bearer("guess"))
    refused(answer, 429, "too-many-attempts")
    assert int(answer.headers["retry-after"]) > 0
    assert stove.http.post("/api/v1/shut-off", headers=bearer("guess")).status_code == 200
    assert not stove.witness.high(LEFT)
    assert stove.http.get("/healthz", headers=bearer("guess")).status_code == 200
    assert stove.http.get("/api/v1/stove", headers=bearer(secrets["viewer"])).status_code == 200
