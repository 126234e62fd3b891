"""The documentation's site: made without a warning, asks nothing of anybody, and is searched in a real Chromium."""

import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from playwright.sync_api import Browser, expect

from api.cli.app import MODULES, flameout
from controller.config import schema
from tests.browser import phones
from tests.docs import pages


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody wants to know."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as make docs makes it."""
    made = tmp_path_factory.mktemp("site")
    sphinx = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", "docs/site"]
    command = [*sphinx, "-d", str(made / "cache"), "docs", str(made / "html")]
    done = subprocess.run(command, cwd=pages.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return made / "html"


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The site's address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with phones.browser() as made:
        yield made


def text(page: Path) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.read_text().partition("<article")[2]))


def test_every_page_is_there_and_in_the_contents(site: Path) -> None:
    contents = (site / "index.html").read_text().partition('class="sidebar-tree"')[2]
    written = [
        page.relative_to(pages.ROOT / "docs").with_suffix(".html") for page in (pages.ROOT / "docs").rglob("*.md")
    ]
    assert len(written) > 20
    for page in written:
        assert (site / page).is_file()
        assert f'href="{page}"' in contents or str(page) == "index.html", f"{page} is not in the contents"


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r"""(?:<(?:script|img|iframe|source|video)[^>]*\ssrc|<link[^>]*\shref)=["'](?:https?:)?//[^"']*"""
    )
    asked = re.compile(r"""(?:url\(|@import|\bimport\b|\bfetch\()\s*["']?(?:https?:)?//[^"')]*""")
    files = [file for file in site.rglob("*") if file.suffix in (".html", ".css", ".js", ".svg")]
    assert len(files) > 40
    foreign = {file.name: loaded.findall(file.read_text()) + asked.findall(file.read_text()) for file in files}
    assert {name: found for name, found in foreign.items() if found} == {}


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("converters lead", "sensing.html"),
        ("generation", "architecture.html"),
        ("unlock_for", "reference/configuration.html"),
        ("关火", "zh/index.html"),
        ("定时", "zh/index.html"),
        ("没人看火", "zh/index.html"),
        ("关掉左边的火", "voice.html"),
    ],
)
def test_a_word_is_found_in_either_language(chromium: Browser, served: str, words: str, page: str) -> None:
    context = chromium.new_context()
    tab = context.new_page()
    elsewhere: list[str] = []
    tab.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith(served) else None)
    tab.goto(served)
    tab.get_by_placeholder("Search").first.fill(words)
    tab.keyboard.press("Enter")
    found = tab.locator(f'ul.search a[href^="{page}"]').first
    expect(found).to_be_visible()
    found.click()
    expect(tab.locator("h1").first).to_be_visible()
    assert elsewhere == []
    context.close()


def test_what_nobody_wrote_is_not_found(chromium: Browser, served: str) -> None:
    context = chromium.new_context()
    tab = context.new_page()
    tab.goto(f"{served}/search.html?q=火关")  # both characters are everywhere, the pair is nowhere
    expect(tab.get_by_text("Your search did not match any documents")).to_be_visible()
    context.close()


def test_a_chinese_page_says_so(site: Path) -> None:
    assert '<html class="no-js" lang="zh-CN"' in (site / "zh" / "index.html").read_text()
    assert '<html class="no-js" lang="en"' in (site / "index.html").read_text()


def test_every_key_of_the_configuration_is_explained(site: Path) -> None:
    page = (site / "reference" / "configuration.html").read_text()
    whole = schema()
    for model in [whole["$defs"][name] for name in whole["$defs"]]:
        for key, field in model["properties"].items():
            assert f'<span class="pre">{key}</span>' in page, key
            assert field["description"], key
    shown = text(site / "reference" / "configuration.html")
    assert "unlock_for duration, from 10 s to 1 h &quot;2m&quot; With idle = locked" in shown
    assert "lease duration, from 0.5 s to 10 s &quot;1s&quot; The relays open when" in shown


def test_every_command_and_option_is_explained(site: Path) -> None:
    shown = text(site / "reference" / "command-line.html")
    for name in MODULES:
        command = flameout.get_command(click.Context(flameout), name)
        assert command is not None
        commands = [command, *(command.commands.values() if isinstance(command, click.Group) else [])]
        for one in commands:
            assert str(one.name) in shown
            options = [entry.opts[0] for entry in one.params if isinstance(entry, click.Option) and not entry.hidden]
            assert [option for option in options if option not in shown] == []


def test_every_call_is_explained(site: Path) -> None:
    shown = text(site / "reference" / "rest.html")
    for call in (
        "PUT /api/v1/burners/{burner_id}/timer",
        "POST /api/v1/shut-off",
        "GET /api/v1/history",
        "DELETE /api/v1/tokens/{token_id}",
        "GET /metrics",
    ):
        assert call in shown
    assert "Set or replace the shut-off timer. Role: cook." in shown
    assert "Answer, application/json:" in shown
