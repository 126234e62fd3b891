"""The OpenAPI description: what FastAPI cannot find out by itself."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import FastAPI, Path

from api.rest.bodies import Body
from api.rest.problems import ProblemView
from controller.stove import Stove

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


def install(app: FastAPI, stove: Stove) -> None:
    """Say how a token is sent, which burners there are, and which answer has what the next call needs."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        schema = generate()
        if "security" in schema:  # done before
            return schema
        schema["security"] = [{"token": []}]
        _name_burners(schema, stove)
        _link(schema)
        schema["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "description": "Made with flameout tokens add."}
        }
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _name_burners(schema: dict[str, Any], stove: Stove) -> None:
    """The burners and simulated things of this very stove, so that a client can offer them."""
    burners = stove.burner_ids()
    others = [interlock.id for interlock in stove.config.interlocks] + [button.id for button in stove.config.buttons]
    known = {"burner_id": burners, "burner": burners, "name": [*burners, *others]}
    for call in _calls(schema):
        for parameter in call.get("parameters", []):
            if parameter["name"] in known and parameter["in"] in ("path", "query"):
                names = known[parameter["name"]]
                parameter["schema"] = {"type": "string", "enum": names}
                parameter.pop("examples", None)
                parameter["example"] = names[0]
    offer = schema["paths"]["/api/v1/pairing"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    offer["properties"]["burners"]["items"]["enum"] = burners


def _link(schema: dict[str, Any]) -> None:
    """OpenAPI links: a burner's id leads to all that can be done with it, a code to pairing, a token to its end."""
    of_burner = {
        f"then_{call['operationId']}": {
            "operationId": call["operationId"],
            "parameters": {"burner_id": "$response.body#/id"},
        }
        for path, methods in schema["paths"].items()
        if "{burner_id}" in path
        for call in methods.values()
    }
    for path, methods in schema["paths"].items():
        for call in methods.values():
            if "{burner_id}" in path and call["operationId"] != "reset":
                call["responses"]["200"]["links"] = of_burner
    tokens = schema["paths"]["/api/v1/tokens"]["get"]["responses"]["200"]
    tokens["links"] = {"then_revoke": {"operationId": "revoke", "parameters": {"token_id": "$response.body#/0/id"}}}
    offer = schema["paths"]["/api/v1/pairing"]["post"]["responses"]["200"]
    body = {"name": "Anna", "code": "$response.body#/code"}
    offer["links"] = {"then_pair": {"operationId": "pair", "requestBody": body}}


def _calls(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        yield from methods.values()
