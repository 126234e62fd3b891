"""One real daemon for the tests of a file; each test gets it idle, with both relays closed, and leaves it so."""

from collections.abc import Iterator

import pytest

from tests.api.rest.asking import idle
from tests.e2e.program import Program, program


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A daemon that asks for no token; a file that needs another one defines its own."""
    with program(tmp_path_factory.mktemp("daemon"), lease="5s") as made:
        made.start()
        yield made


@pytest.fixture
def stove(daemon: Program) -> Iterator[Program]:
    """The file's daemon, idle."""
    idle(daemon)
    yield daemon
    for name in ("left", "right"):
        daemon.do("DELETE", f"/burners/{name}/timer")
        daemon.do("DELETE", f"/burners/{name}/lock")
