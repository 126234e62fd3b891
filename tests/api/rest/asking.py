"""Words for what the tests of the REST API ask and expect."""

import socket
from typing import Any

import httpx2

from tests.e2e.program import Program, eventually

TIMER = "/burners/left/timer"
EXTEND = "/burners/left/timer/extend"


def refused(answer: httpx2.Response, status: int, kind: str, field: str | None = None) -> str:
    """Assert that ``answer`` is a problem of this kind that blames this field; returns its sentence."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"urn:flameout:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem.get("field") == field
    assert set(problem) <= {"type", "title", "status", "detail", "field"}
    assert is_a_sentence(problem["detail"])
    return str(problem["detail"])


def is_a_sentence(text: str) -> bool:
    """Whether a person could be shown this."""
    return len(text) > 10 and text[-1] == "." and "None" not in text and "\n" not in text


def raw(port: int, request: bytes, wait: float = 10) -> bytes:
    """Send bytes as they are; returns what comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


def bearer(secret: str) -> dict[str, Any]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {secret}"}


def idle(stove: Program) -> None:
    """Wait until both relays are closed, and both flames are out for all that is measured."""
    for name in ("left", "right"):
        eventually(f"{name} is idle", lambda name=name: _is_idle(stove.burner(name)))  # type: ignore[misc]


def _is_idle(burner: dict[str, Any]) -> bool:
    return (burner["permitted"], burner["contact"], burner["flame"]) == (True, "closed", "out")
