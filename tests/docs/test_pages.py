"""What the documentation names exists: pages, headings, files, commands, options and make's targets."""

import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

from api.cli.app import flameout
from tests.docs import pages

COMMAND = re.compile(r"(?:^|\s)(?:\S*/)?flameout(?: +([^|#`;]*))?")
OF_THE_SHELL = re.compile(r"^(?:\$ |sudo |[A-Z_]+=\S* )*(?:\S*/)?flameout(?: |$)")
FOLDERS = ("api", "controller", "hardware", "tests", "deploy", "docs", "requirements")

every_page = pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: str(page.relative_to(pages.ROOT)))


def missing(page: Path) -> list[str]:
    """The page's links that lead nowhere."""
    found = []
    for link in pages.links(page):
        if not link.target.is_relative_to(pages.ROOT) or not link.target.exists():
            found.append(link.path)
        elif link.anchor and link.target.suffix == ".md" and link.anchor not in pages.anchors(link.target):
            found.append(f"{link.path}#{link.anchor}")
    return found


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    assert missing(page) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    (tmp_path / "there.md").write_text("# A heading, there\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](gone.md) [c](there.md#a-heading-there) [d](there.md#gone) [e](#gone) "
        "![f](gone.png) [g](../outside.md) [h](https://example.org/gone)\n"
    )
    assert missing(page) == ["gone.md", "there.md#gone", "#gone", "gone.png", "../outside.md"]


def unknown_command(line: str) -> str | None:
    """Why a line of code that calls flameout cannot be typed as it stands there; None if it can."""
    if not OF_THE_SHELL.match(line):
        return None
    match = COMMAND.search(line)
    assert match is not None
    command: click.Command = flameout
    for word in shlex.split((match[1] or "").replace("'", "’")):
        if word.startswith("-"):
            options = {name for entry in command.params for name in entry.opts + entry.secondary_opts}
            if word.partition("=")[0] not in options | {"-h", "--help"}:
                return f"{command.name} has no option {word}"
        elif isinstance(command, click.Group):
            found = [command.get_command(click.Context(command), name) for name in word.split("|")]
            if found[0] is None or None in found:
                return f"{command.name} has no command {word}"
            command = found[0]
    return None


@every_page
def test_every_command_can_be_typed(page: Path) -> None:
    assert [f"{line}: {why}" for line in pages.code(page) if (why := unknown_command(line))] == []


@pytest.mark.parametrize(
    "line",
    [
        "flameout burn left",
        ".venv/bin/flameout timer left 5m --hot",
        "sudo flameout tokens give Anna",
        "flameout simulate",
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    assert unknown_command(line)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (pages.ROOT / "Makefile").read_text(), re.MULTILINE))


@every_page
def test_every_target_of_make_exists(page: Path) -> None:
    named = {name for line in pages.code(page) for name in re.findall(r"^(?:sudo )?make ([a-z-]+)", line)}
    assert named - targets() == set()


def is_there(name: str) -> bool:
    """Whether the repository has a file, or files in a folder, of this name or pattern."""
    name = name.removesuffix("/").replace("…", "*")
    return any(fnmatch(path, name) or fnmatch(path, f"{name}/*") for path in pages.tracked())


@every_page
def test_every_file_of_the_repository_that_is_named_exists(page: Path) -> None:
    words = {word for line in pages.code(page) for word in line.split()}
    paths = {word.partition("::")[0] for word in words if word.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    paths = {path for path in paths if re.fullmatch(r"[\w./*…-]+", path)}
    programs = {word for word in words if re.fullmatch(r"\w+\.(py|js|css)", word)}
    gone = {path for path in paths if not is_there(path)}
    assert gone | {name for name in programs if not is_there(f"*/{name}")} == set()


def test_there_is_something_to_look_at() -> None:
    lines = [line for page in pages.PAGES for line in pages.code(page)]
    assert len([line for line in lines if OF_THE_SHELL.match(line)]) > 60
    assert len([link for page in pages.PAGES for link in pages.links(page)]) > 200
    assert {"test", "demo", "docs", "release"} <= targets()
