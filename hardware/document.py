"""TOML text to a mapping, and what no configuration needs refused: such values make readers fail that come later."""

import tomllib
from collections.abc import Mapping
from typing import Any

DEEPEST = 16  # tables and lists in one another; the deepest key that is known lies four deep
LARGEST = 2**63  # TOML's own bound for whole numbers


def parse(text: str) -> dict[str, Any]:
    """The mapping in a TOML text. Raises ``ValueError`` with a sentence's end for whatever is none."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # int() takes no more digits than the interpreter allows
        raise ValueError("a number in it has thousands of digits") from None


def problem(document: Mapping[str, Any]) -> str | None:
    """The first value that no configuration needs, in a sentence that starts with its key; None where all is well."""
    waiting: list[tuple[str, Any, int]] = [("", document, 0)]
    while waiting:
        key, value, depth = waiting.pop()
        if depth > DEEPEST:
            return f"{key[:64]}: is nested too deeply; no key lies as deep as that"
        if type(value) is int and not -LARGEST <= value < LARGEST:
            return f"{key}: is larger than any number in TOML; use one of at most 18 digits"
        if isinstance(value, str) and "\0" in value:
            return f"{key}: has a NUL character; take it out"
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if not name.isprintable():
                    return f"{f'{key}.' if key else ''}{name!r}: has characters that cannot be seen; take them out"
                waiting.append((f"{key}.{name}" if key else name, inner, depth + 1))
        elif isinstance(value, list):
            waiting += [(f"{key}[{index}]", inner, depth + 1) for index, inner in enumerate(value)]
    return None
