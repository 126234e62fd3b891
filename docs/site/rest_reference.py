"""``{rest-reference}``: every call as the daemon itself describes it, asked of a demo that runs for the question."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PORT = "8497"  # demo takes another one if somebody has it, and says which


class RestReference(SphinxDirective):
    """The calls, by what they are about."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        return self.parse_text_to_nodes(markdown(description()), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("rest-reference", RestReference)
    return {"parallel_read_safe": True}


def description() -> Any:
    """The OpenAPI description of a running daemon."""
    command = [sys.executable, "-m", "api.entry", "demo", "--port", PORT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        try:
            url = next((line.split()[1] for line in demo.stdout if line.strip().startswith("page ")), None)
            if url is None:
                raise RuntimeError(f"flameout demo did not start: {demo.communicate()[1]}")
            with urllib.request.urlopen(f"{url}openapi.json", timeout=20) as answer:
                return json.load(answer)
        finally:
            demo.terminate()


def markdown(schema: Any) -> str:
    """The description as MyST."""
    sections: dict[str, list[str]] = {}
    for path, methods in schema["paths"].items():
        for method, call in methods.items():
            sections.setdefault(call["tags"][0], []).extend(_call(method.upper(), path, call))
    return "\n".join("\n".join([f"## {tag.capitalize()}\n", *calls]) for tag, calls in sections.items())


def _call(method: str, path: str, call: Any) -> Iterator[str]:
    yield f"### `{method} {path}`\n\n{call['description']}\n"
    yield from _table("Parameter", [(entry["name"], entry["in"], _type(entry["schema"])) for entry in _named(call)])
    media = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    fields = media.get("schema", {}).get("properties", {})
    required = media.get("schema", {}).get("required", [])
    rows = [(name, "required" if name in required else "optional", _type(field)) for name, field in fields.items()]
    yield from _table("Field", rows)
    for example in media.get("examples", {}).values():
        yield f"Body: `{json.dumps(example['value'], ensure_ascii=False)}`\n"
    for kind, content in call["responses"].get("200", {}).get("content", {}).items():
        if "example" in content:
            yield _answer(kind, content["example"])


def _named(call: Any) -> list[Any]:
    return [entry for entry in call.get("parameters", []) if entry["in"] != "path"]


def _table(head: str, rows: list[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield f"| {head} | | Type |\n|---|---|---|"
        yield "\n".join(f"| `{name}` | {where} | {kind} |" for name, where, kind in rows) + "\n"


def _type(schema: Any) -> str:
    """The type in words: one of its values, a format, or the JSON type, with its bounds."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(part) for part in schema["anyOf"] if part.get("type") != "null"))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("format") or schema.get("type", "any")
    bounds = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([kind, *bounds])


def _answer(kind: str, example: Any) -> str:
    shown = example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
    language = "json" if kind.endswith("json") else "text"
    return f"Answer, `{kind}`:\n\n```{language}\n{shown.rstrip()}\n```\n"
