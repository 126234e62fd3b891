"""``make protections`` takes out what is there, and asks tests that are there."""

import pytest

from tests.protections import PROTECTIONS, ROOT, Protection


@pytest.mark.parametrize("protection", PROTECTIONS, ids=lambda protection: protection.name)
def test_what_is_taken_out_is_there_once_and_its_test_exists(protection: Protection) -> None:
    assert (ROOT / protection.file).read_text().count(protection.code) == 1
    assert protection.code != protection.without
    file, _, name = protection.test.partition("::")
    assert (ROOT / file).exists()
    assert not name or f"def {name.partition('[')[0]}(" in (ROOT / file).read_text()


def test_no_two_have_one_name() -> None:
    assert len({protection.name for protection in PROTECTIONS}) == len(PROTECTIONS)
