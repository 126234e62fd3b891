"""The OpenAPI description and /docs: every call of the contract, with examples that are like the answers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.rest import examples
from tests.e2e.program import Program

CONTRACT = {
    "/api/v1/stove": {"get"},
    "/api/v1/burners": {"get"},
    "/api/v1/burners/{burner_id}": {"get"},
    "/api/v1/burners/{burner_id}/timer": {"put", "delete"},
    "/api/v1/burners/{burner_id}/timer/extend": {"post"},
    "/api/v1/burners/{burner_id}/shut-off": {"post"},
    "/api/v1/shut-off": {"post"},
    "/api/v1/burners/{burner_id}/lock": {"put", "delete"},
    "/api/v1/burners/{burner_id}/reset": {"post"},
    "/api/v1/events": {"get"},
    "/api/v1/history": {"get"},
    "/healthz": {"get"},
    "/readyz": {"get"},
    "/metrics": {"get"},
}
NO_TOKEN = {"/api/v1/burners/{burner_id}/shut-off", "/api/v1/shut-off", "/healthz", "/readyz", "/metrics"}
NO_TOKEN |= {"/api/v1/pair", "get /api/v1/me"}


@pytest.fixture(scope="module")
def schema(daemon: Program) -> Any:
    answer = daemon.http.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def calls(schema: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in schema["paths"].items():
        for method, call in methods.items():
            yield path, method, call


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_call_of_the_contract_is_described(schema: Any) -> None:
    described = {path: set(methods) for path, methods in schema["paths"].items()}
    assert {path: described.get(path) for path in CONTRACT} == CONTRACT
    assert set(described) - set(CONTRACT) == {
        "/api/v1/default-timer",
        "/api/v1/simulate/{name}",
        "/api/v1/burners/{burner_id}/attention",
        "/api/v1/lock",
        "/api/v1/sweep",
        "/api/v1/report",
        "/api/v1/usage",
        "/api/v1/me",
        "/api/v1/pair",
        "/api/v1/pairing",
        "/api/v1/tokens",
        "/api/v1/tokens/{token_id}",
    }


def test_the_description_is_one(schema: Any) -> None:
    assert schema["openapi"].startswith("3.1")
    assert schema["info"]["title"] == "flameout"
    assert schema["info"]["version"]
    for reference in references(schema):
        part = schema
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
    identifiers = [call["operationId"] for _, _, call in calls(schema)]
    assert len(identifiers) == len(set(identifiers))


def test_every_call_says_what_it_does_takes_and_answers(schema: Any) -> None:
    for path, method, call in calls(schema):
        where = f"{method} {path}"
        assert call["description"].rstrip().endswith("."), where
        assert call["tags"], where
        declared = {entry["name"] for entry in call.get("parameters", []) if entry["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), where
        good = call["responses"]["200"]["content"]
        assert all("example" in content for content in good.values()), where
        if path.startswith("/api/v1"):
            for code in ("4XX", "5XX"):
                assert set(call["responses"][code]["content"]) == {"application/problem+json"}, where


def test_every_body_has_an_example_and_a_strict_schema(schema: Any) -> None:
    for path, method, call in calls(schema):
        takes_one = path.endswith(
            ("/timer", "/extend", "/default-timer", "{name}", "/pair", "/pairing")
        ) and method in ("put", "post")
        assert ("requestBody" in call) is takes_one, f"{method} {path}"
        if takes_one:
            media = call["requestBody"]["content"]["application/json"]
            assert media["examples"]
            assert media["schema"]["additionalProperties"] is False
            for example in media["examples"].values():
                assert set(example["value"]) <= set(media["schema"]["properties"])


def test_it_says_where_a_token_is_needed(schema: Any) -> None:
    assert schema["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert schema["security"] == [{"token": []}]
    for path, method, call in calls(schema):
        free = path in NO_TOKEN or f"{method} {path}" in NO_TOKEN
        assert (call.get("security") == [{}]) is free, path
        assert free is ("Role: " not in call["description"]), f"{method} {path}"


def test_the_examples_of_the_calls_work(stove: Program, schema: Any) -> None:
    put = schema["paths"]["/api/v1/burners/{burner_id}/timer"]["put"]
    for name, example in put["requestBody"]["content"]["application/json"]["examples"].items():
        if name != "end":  # an instant passes
            stove.do("PUT", "/burners/left/timer", example["value"])
    extend = schema["paths"]["/api/v1/burners/{burner_id}/timer/extend"]["post"]
    for example in extend["requestBody"]["content"]["application/json"]["examples"].values():
        stove.do("POST", "/burners/left/timer/extend", example["value"])


def test_the_examples_of_the_answers_are_like_the_answers(stove: Program) -> None:
    timing = stove.set_timer("left", 600)
    assert set(examples.BURNER) == set(timing)
    assert set(examples.BURNER["timer"]) == set(timing["timer"])
    assert set(examples.STOVE) == set(stove.get("/stove"))
    off = stove.do("POST", "/burners/left/shut-off")
    assert set(examples.SHUT_OFF["last_shut_off"]) == set(off["last_shut_off"])
    assert set(examples.SHUT_OFF["holds"][0]) == set(off["holds"][0])
    entry = next(entry for entry in stove.history() if entry["event_type"] == "timer_started")
    assert set(examples.TIMER_STARTED) == set(entry)
    assert set(examples.TIMER_STARTED["details"]) == set(entry["details"])


# --- the page -----------------------------------------------------------------------------------------


def test_the_page_names_every_call_with_a_command_to_try(daemon: Program, schema: Any) -> None:
    page = daemon.http.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for path, method, _ in calls(schema):
        assert f'<b class="m">{method.upper()}</b><code>{path}</code>' in page.text
    assert f"curl -X PUT http://127.0.0.1:{daemon.port}/api/v1/burners/left/timer" in page.text
    assert not re.search(r"curl [^<]*[{]", page.text.replace("-d &#x27;{", "")), "a command with a gap to fill in"
    assert "Authorization: Bearer" in page.text


def test_the_page_needs_no_script_and_nothing_from_elsewhere(daemon: Program) -> None:
    page = daemon.http.get("/docs")
    assert not re.search(r"<script|<img|<iframe|javascript:|@import|url\(|\son\w+=", page.text, re.IGNORECASE)
    assert set(re.findall(r'(?:href|src)="([^"]*)"', page.text)) == {"openapi.json", "docs.css"}
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert daemon.http.get("/docs.css").headers["content-type"].startswith("text/css")
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_frameworks_own_pages_are_not_there(daemon: Program) -> None:
    for path in ("/redoc", "/docs/oauth2-redirect", "/api/v1/docs"):
        assert daemon.http.get(path).status_code == 404
