"""The order in which tests are run."""

import pytest

LONGEST = ("tests/home_assistant/", "tests/faults/", "tests/soak/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits the longest begins first: a file stays on one worker, and nobody should wait for it at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
