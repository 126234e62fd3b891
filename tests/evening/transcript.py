"""A page of console blocks: what is typed, what is answered, and what has to be seen."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

_QUESTION = re.compile(r"(?P<prompt> *[A-Z][^\n]*\? \[[^]\n]*\])(?: (?P<answer>.*))?")
_PHONE = re.compile(r"<!-- phone: (?P<does>.+) -->")


@dataclass(frozen=True)
class Command:
    """One command and what the terminal shows after it. ``…`` is anything in a line; alone, any lines."""

    typed: str
    shown: tuple[str, ...]

    def questions(self) -> Iterator[tuple[str, str]]:
        """What it asks, and what is answered: nothing where only Enter is pressed."""
        for line in self.shown:
            if found := _QUESTION.fullmatch(line):
                yield found["prompt"], found["answer"] or ""

    def differs(self, seen: str) -> str:
        """How what was seen differs from what stands on the page; nothing where it does not."""
        lines = [line.rstrip() for line in seen.replace("\r", "").splitlines()]
        if re.fullmatch("".join(map(_pattern, self.shown)), "".join(f"{line}\n" for line in lines)):
            return ""
        return "\n".join(difflib.unified_diff(self.shown, lines, "on the page", "seen", lineterm=""))


@dataclass(frozen=True)
class Phone:
    """What somebody does with a phone meanwhile, by name."""

    does: str


def steps(page: Path) -> Iterator[Command | Phone]:
    """What is to be done, in order."""
    for token in MarkdownIt().parse(page.read_text()):
        if token.type == "fence" and token.info == "console":
            yield from _commands(token.content)
        elif token.type == "html_block" and (found := _PHONE.search(token.content)):
            yield Phone(found["does"])


def _commands(block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        typed, *shown = part.rstrip("\n").split("\n")
        yield Command(typed, tuple(line.rstrip() for line in shown))


def _pattern(line: str) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    return re.escape(line).replace("…", ".*?") + r"\n"
