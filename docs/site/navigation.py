"""The site's table of contents: every page of docs/ and of its folders, without a list that somebody has to keep."""

from pathlib import Path

from sphinx.application import Sphinx

FIRST = ["install", "commissioning", "phone", "home-assistant", "notifications", "voice", "https", "mdns", "safety"]
NAMES = {"zh": "简体中文"}
LAST = ["decisions"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _append)
    return {"parallel_read_safe": True}


def _append(app: Sphinx, page: str, source: list[str]) -> None:
    if page == "index":
        source[0] += "\n".join(sections(Path(app.srcdir)))


def sections(folder: Path) -> list[str]:
    """The contents as MyST: the pages of docs/ itself with the first steps first, then each folder's."""
    folders = {path.parent.name for path in folder.glob("*/*.md")}
    ordered = sorted(folders, key=lambda name: (name in LAST, name != "zh", name))
    return [_contents("Guides", [*FIRST, "*"]), *(_contents(_title(name), [f"{name}/*"]) for name in ordered)]


def _title(name: str) -> str:
    return NAMES.get(name, name.replace("-", " ").capitalize())


def _contents(title: str, pages: list[str]) -> str:
    listed = "\n".join(pages)
    return f"\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {title}\n\n{listed}\n```\n"
