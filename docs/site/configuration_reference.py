"""``{configuration-reference}``: every key of flameout.toml from the schema that checks it."""

import json
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from controller.config import schema

BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "minLength": "from {}",
    "maxLength": "to {} characters",
    "minItems": "from {}",
    "maxItems": "to {} of them",
    "x-lowest": "from {}",
    "x-highest": "to {}",
    "pattern": "matching `{}`",
}


class ConfigurationReference(SphinxDirective):
    """The tables of the file, in its order, each with its keys."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        return self.parse_text_to_nodes(markdown(schema()), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("configuration-reference", ConfigurationReference)
    return {"parallel_read_safe": True}


def markdown(whole: Any) -> str:
    """The schema as MyST."""
    tables = [table for key, entry in whole["properties"].items() for table in _tables(key, entry, whole["$defs"])]
    return "\n".join(tables)


def _tables(path: str, entry: Any, known: Any, depth: int = 0) -> Iterator[str]:
    """The table at ``path``, in each of its kinds, and those inside of it."""
    for model in _models(entry, known):
        repeated = entry.get("type") == "array"
        name = path if depth else f"[[{path}]]" if repeated else f"[{path}]"
        yield f"{'#' * (2 + min(depth, 1))} `{name}`{_kind(model)}\n\n{model['description']}\n{_presence(entry, depth)}"
        yield "| Key | Type and range | Default | Meaning |\n|---|---|---|---|"
        required = model.get("required", [])
        for key, field in model["properties"].items():
            yield f"| `{key}` | {_type(field, known)} | {_default(field, key in required)} | {_meaning(field)} |"
        yield ""
        for key, field in model["properties"].items():
            yield from _tables(f"{path}.{key}", field, known, depth + 1)


def _models(entry: Any, known: Any) -> list[Any]:
    """The tables that an entry may be: none for plain values, several for a sensor of either kind."""
    if "$ref" in entry:
        return [known[entry["$ref"].rpartition("/")[2]]]
    parts = [*entry.get("anyOf", []), *entry.get("oneOf", []), *([entry["items"]] if "items" in entry else [])]
    return [model for part in parts for model in _models(part, known)]


def _kind(model: Any) -> str:
    kind = model["properties"].get("kind", {}).get("const")
    return f" with kind = `{kind}`" if kind else ""


def _presence(entry: Any, depth: int) -> str:
    if depth == 0 and "default" in entry:  # null: without the table there is none of it
        return "Left out, there is none.\n"
    bounds = _bounds(entry)
    return f"May stand there more than once: {bounds}.\n" if bounds else ""


def _type(field: Any, known: Any) -> str:
    """The type in words with its range, values or pattern."""
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    alternatives = field.get("anyOf") or field.get("oneOf")
    if alternatives:
        said = [_type(part, known) for part in alternatives if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(said))
    if "$ref" in field:
        return "table, below"
    kind = f"list of {_type(field['items'], known)}" if "items" in field else _plain(field)
    return ", ".join(filter(None, [kind, _bounds(field)]))


def _plain(field: Any) -> str:
    if "x-lowest" in field:
        return "duration"
    if "23:00" in field.get("examples", []):
        return "time of day"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}[field["type"]]


def _bounds(field: Any) -> str:
    return " ".join(words.format(str(field[key]).replace("|", r"\|")) for key, words in BOUNDS.items() if key in field)


def _default(field: Any, required: bool) -> str:
    if required:
        return "required"
    value = field.get("default")
    return f"`{json.dumps(value, ensure_ascii=False)}`" if value is not None else "left out"


def _meaning(field: Any) -> str:
    return str(field["description"]).replace("|", r"\|")
