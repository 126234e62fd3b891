"""Errors as RFC 9457 problem+json: a stable ``type``, a sentence for people, and the field to blame."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from api.rest import speech
from api.rest.languages import Language, language
from api.rest.speech import Values
from controller.journal import JournalFailing
from controller.stove import NotConfirmed, UnknownBurner
from controller.terms import NotAllowed, NotNow, Refused
from hardware.client import KeeperAway

VARIES = "Accept, Accept-Language"
NO_BURNER: tuple[str, Values] = ("no_burner", {})
_TITLES = {
    400: ("bad-request", "Bad request"),
    401: ("token-needed", "A token is needed"),
    403: ("forbidden", "Not allowed"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "Method not allowed"),
    409: ("not-now", "Not possible now"),
    413: ("too-large", "Body too large"),
    415: ("not-json", "Body is not JSON"),
    422: ("bad-value", "Bad value"),
    429: ("too-many-attempts", "Too many attempts"),
    500: ("internal", "Internal error"),
    503: ("unavailable", "Not available"),
}


class ProblemView(BaseModel):
    """RFC 9457. ``type`` is stable and meant for programs, ``detail`` for people."""

    type: str = Field(examples=["urn:flameout:not-now"])
    title: str
    status: int
    detail: str
    field: str | None = Field(None, description="The field of the request that is to blame.")
    said: str | None = Field(
        None, description="`detail` in the language of Accept-Language, where that is not English."
    )


class Problem(Exception):
    """A request that cannot be served; becomes the problem+json answer.

    ``said`` is a code and values by which the catalogue says it in another language.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        field: str | None = None,
        kind: str | None = None,
        said: tuple[str, Values] = ("", {}),
        **headers: str,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.kind = kind or _TITLES.get(status, ("error", "Error"))[0]
        self.said = said
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        """The problem as JSON."""
        body = {
            "type": f"urn:flameout:{self.kind}",
            "title": _TITLES.get(self.status, ("", "Error"))[1],
            "status": self.status,
            "detail": self.detail,
        }
        return body | ({"field": self.field} if self.field is not None else {})

    def response(self, spoken: Language | None = None) -> Response:
        """The answer; with a language just the sentence, to be read out."""
        headers = {"Cache-Control": "no-store", "Vary": VARIES} | self.headers
        if spoken is None:
            return Response(json.dumps(self.body()), self.status, headers, "application/problem+json")
        headers["Content-Language"] = spoken
        sentence = speech.refusal(spoken, self.kind, self.detail, *self.said)
        return Response(sentence + "\n", self.status, headers, "text/plain; charset=utf-8")

    def answer(self, request: Request) -> Response:
        """The answer as its caller wants it; JSON has ``said`` too, where that is another language than English."""
        asked = language(request)
        if wants_plain(request):
            return self.response(asked)
        response = self.response()
        if asked != "en":
            sentence = speech.refusal(asked, self.kind, self.detail, *self.said)
            response.body = json.dumps(self.body() | {"said": sentence}, ensure_ascii=False).encode()
            response.headers["content-length"] = str(len(response.body))
        return response


def wants_plain(request: Request) -> bool:
    """Whether the caller asks for a sentence rather than JSON."""
    accept = request.headers.get("accept", "").lower()
    return "text/plain" in accept and "json" not in accept


def install(app: FastAPI) -> None:
    """Turn every refusal of stove, keeper, journal and framework into a problem."""

    def answer(problem_of: Callable[[Any], Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def handler(request: Request, error: Exception) -> Response:
            return problem_of(error).answer(request)

        return handler

    app.add_exception_handler(Problem, answer(lambda problem: problem))
    app.add_exception_handler(NotNow, answer(lambda error: refused(409, error)))
    app.add_exception_handler(NotAllowed, answer(lambda error: refused(422, error)))
    app.add_exception_handler(UnknownBurner, answer(lambda _: Problem(404, "There is no such burner.", said=NO_BURNER)))
    app.add_exception_handler(NotConfirmed, answer(lambda error: Problem(503, str(error), kind="not-confirmed")))
    app.add_exception_handler(KeeperAway, answer(lambda error: Problem(409, f"The keeper refused: {error}.")))
    app.add_exception_handler(JournalFailing, answer(_journal_failing))
    app.add_exception_handler(HTTPException, _from_framework)
    app.add_exception_handler(Exception, answer(lambda _: Problem(500, "flameout made a mistake; its log says more.")))


def refused(status: int, error: Refused, field: str | None = None) -> Problem:
    """What the stove refused; ``field`` is the one to blame, where the caller's is another than the stove's."""
    return Problem(status, str(error), field or error.field, said=(error.code, error.values))


def _journal_failing(error: JournalFailing) -> Problem:
    detail = f"Done at the stove, but not on record: {error} It is written when the disk works again."
    return Problem(503, detail, kind="journal-failing", said=("not_on_record", {}))


async def _from_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = Problem(error.status_code, str(error.detail))
    problem.headers |= error.headers or {}
    if error.status_code == 404:
        problem.detail = "There is nothing at this address; /docs lists what there is."
        problem.said = ("no_address", {})
    elif error.status_code == 405:
        problem.headers["Allow"] = allowed = ", ".join(_methods(request))
        problem.detail = f"This address takes {allowed}, not {request.method[:16]}; /docs lists what there is."
    return problem.answer(request)


def _methods(request: Request) -> list[str]:
    """What this address takes; the framework names only the first route that it finds there."""

    def takes(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return [method for method in ("GET", "POST", "PUT", "DELETE") if takes(method)]
