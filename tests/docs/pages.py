"""The documentation as its readers meet it: its links, its headings, its commands."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@dataclass(frozen=True)
class Link:
    """A link or picture of a page; ``text`` is what is shown for it."""

    page: Path
    text: str
    path: str
    anchor: str

    @property
    def target(self) -> Path:
        """The file that it leads to."""
        return (self.page.parent / self.path).resolve() if self.path else self.page


@cache
def tokens(page: Path) -> list[Token]:
    """The page, parsed as GitHub and MyST do."""
    return MarkdownIt("gfm-like", {"linkify": False}).use(anchors_plugin, max_level=6).parse(page.read_text())


@cache
def anchors(page: Path) -> set[str]:
    """What a link into the page may name: its headings."""
    return {str(token.attrs["id"]) for token in tokens(page) if token.type == "heading_open"}


def links(page: Path) -> Iterator[Link]:
    """The links and pictures that lead somewhere within the repository."""
    for token in tokens(page):
        parts = token.children or []
        for at, part in enumerate(parts):
            href = str(part.attrs.get("href") or part.attrs.get("src") or "")
            if href and not re.match(r"[a-z]+:", href):
                path, _, anchor = href.partition("#")
                text = parts[at + 1].content if part.type == "link_open" else part.content
                yield Link(page, text, unquote(path), anchor)


def code(page: Path) -> Iterator[str]:
    """Every line of code of the page, in blocks and between backticks."""
    for token in tokens(page):
        if token.type in ("fence", "code_block"):
            yield from token.content.splitlines()
        yield from (part.content for part in token.children or [] if part.type == "code_inline")


@cache
def tracked() -> frozenset[str]:
    """Every file of the repository, by its path; where there is no git, every file there is."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return frozenset(listed.stdout.splitlines())
    return frozenset(str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file())
