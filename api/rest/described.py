"""The OpenAPI description: what FastAPI cannot find out by itself."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import FastAPI, Path

from api.rest.bodies import Body
from api.rest.problems import ProblemView

BurnerId = Annotated[str, Path(description="A burner's id, as in the configuration.", examples=["left"])]
Responses = dict[int | str, dict[str, Any]]

NO_TOKEN: dict[str, Any] = {"security": [{}]}
UNCHANGED: Responses = {304: {"description": "Nothing but the countdown has changed since that ETag."}}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "An ETag that was received before.",
    "schema": {"type": "string"},
}

_PROBLEM = {
    "type": "urn:flameout:not-now",
    "title": "Not possible now",
    "status": 409,
    "detail": "Left is locked (child); no timer can be set.",
}
_PROBLEM_CONTENT = {"application/problem+json": {"schema": ProblemView.model_json_schema(), "example": _PROBLEM}}
PROBLEMS: Responses = {
    "4XX": {"description": "Refused; `detail` says why.", "content": _PROBLEM_CONTENT},
    "5XX": {"description": "Not confirmed or not on record; `detail` says which.", "content": _PROBLEM_CONTENT},
}


def takes(body: type[Body], **examples: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a body that is read by :func:`bodies.read`."""
    media = {"schema": body.model_json_schema(), "examples": {name: {"value": v} for name, v in examples.items()}}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


def gives(example: Any, sentence: str | None = None) -> Responses:
    """The description of a good answer, by an example of it."""
    content: dict[str, Any] = {"application/json": {"example": example}}
    if sentence is not None:
        content["text/plain"] = {"schema": {"type": "string"}, "example": sentence}
    return {200: {"description": "Done.", "content": content}}


def install(app: FastAPI) -> None:
    """Say how a token is sent, and that everything needs one that does not say otherwise."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        schema["security"] = [{"token": []}]
        schema["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "Made with flameout tokens add."}
        }
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
