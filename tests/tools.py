"""Programs of the system that a test needs."""

import os
from typing import NoReturn

import pytest


def lacking(what: str) -> NoReturn:
    """Skip a test for which something is not installed; where CI is set, make test has installed it, so it fails."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} not installed, although CI is set; deploy/setup dev installs it")
    pytest.skip(f"{what} not installed")
