"""/docs: every call with its examples, on one page that needs no script and nothing from elsewhere."""

import html
import json
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;
padding:0 1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;padding:.6rem;
border:1px solid #8886;border-radius:.4rem}
h2{margin:2rem 0 .2rem}h3{margin:1.4rem 0 .2rem}b.m{display:inline-block;min-width:4.5rem}summary{cursor:pointer}
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-cache",
}
_INTRODUCTION = (
    "<p>Durations are seconds, or text like <code>25m</code>, <code>1h30m</code>, <code>PT25M</code>. Errors are "
    "problem+json with a sentence in <code>detail</code>. <code>Accept: text/plain</code> gets a sentence to read "
    'out. For programs: <a href="openapi.json">openapi.json</a>.</p>'
    "<p>Calls that name a role need a token, unless the owner has said otherwise: "
    "<code>flameout tokens add NAME --role cook</code> prints one, and "
    "<code>-H 'Authorization: Bearer …'</code> sends it.</p>"
)


def router(app: FastAPI) -> APIRouter:
    """GET /docs and its style."""
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        base = f"{request.url.scheme}://{request.headers.get('host', '')}"
        return Response(page(app.openapi(), base), headers=_HEADERS, media_type="text/html; charset=utf-8")

    @routes.get("/docs.css", include_in_schema=False)
    async def style() -> Response:
        return Response(_STYLE, headers={"Cache-Control": "no-cache"}, media_type="text/css; charset=utf-8")

    return routes


def page(schema: dict[str, Any], base: str) -> str:
    """The page as HTML, from the OpenAPI description; ``base`` as in http://127.0.0.1:8520."""
    sections: dict[str, list[str]] = {}
    for path, methods in schema["paths"].items():
        for method, call in methods.items():
            sections.setdefault(call["tags"][0], []).append(_call(method.upper(), path, call, base))
    body = "".join(f"<h2>{html.escape(tag)}</h2>{''.join(calls)}" for tag, calls in sections.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>flameout REST API</title>'
        '<link rel="stylesheet" href="docs.css">'
        f"<h1>flameout REST API</h1><p>{html.escape(schema['info']['summary'])}</p>{_INTRODUCTION}{body}</html>"
    )


def _call(method: str, path: str, call: dict[str, Any], base: str) -> str:
    media = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = [example["value"] for example in media.get("examples", {}).values()] or [None]
    url = base + path.replace("{burner_id}", "left").replace("{name}", "left").replace("{token_id}", "0f3a9c1b22d4")
    commands = "\n".join(_curl(method, url, example) for example in examples)
    return (
        f'<h3><b class="m">{method}</b><code>{html.escape(path)}</code></h3>'
        f"<p>{html.escape(call.get('description', ''))}{_parameters(call)}</p><pre>{html.escape(commands)}</pre>"
        f"{_answer(call)}"
    )


def _parameters(call: dict[str, Any]) -> str:
    """The query parameters and headers that may be given."""
    names = [entry["name"] for entry in call.get("parameters", []) if entry["in"] != "path"]
    return f" Takes <code>{html.escape(', '.join(names))}</code>." if names else ""


def _answer(call: dict[str, Any]) -> str:
    """An example of the answer, folded away."""
    kinds = call["responses"].get("200", {}).get("content", {})
    examples = [
        content["example"] if isinstance(content["example"], str) else json.dumps(content["example"], indent=2)
        for content in kinds.values()
        if "example" in content
    ]
    shown = "".join(f"<pre>{html.escape(example)}</pre>" for example in examples)
    return f"<details><summary>Answer</summary>{shown}</details>" if shown else ""


def _curl(method: str, url: str, body: Any) -> str:
    """A command to try; header and body only where they are needed."""
    verb = "" if method == "GET" else f" -X {method}"
    data = "" if body is None else f" -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
    return f"curl{verb} {url}{data}"
