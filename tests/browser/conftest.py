"""A Chromium and a daemon for each file; phones are made by the tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.api.rest.asking import bearer
from tests.browser import phones
from tests.e2e.program import Program, program

BUTTON = '[[buttons]]\nid = "stop"\npin = 12\ndoes = "shut_off"\n'


# not for the whole session: while Playwright runs, its event loop counts as this thread's
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with phones.browser() as made:
        yield made


@pytest.fixture(scope="module")
def stove(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A daemon that asks for tokens; ``http`` carries the console's."""
    with program(tmp_path_factory.mktemp("daemon"), lease="5s", require_token="true", more=BUTTON) as made:
        made.start()
        made.http.headers.update(bearer((made.folder / "console.token").read_text()))
        made.ready("left")
        made.ready("right")
        yield made
