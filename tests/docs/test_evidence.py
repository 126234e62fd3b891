"""Every test that the safety argument names as evidence is one that runs."""

import re
import subprocess
import sys

from tests.docs import pages

ARGUMENT = pages.ROOT / "docs" / "safety.md"


def named() -> list[str]:
    """The tests that the argument links to, as pytest names them."""
    found = [link for link in pages.links(ARGUMENT) if link.text.startswith("test_")]
    return [f"{link.target.relative_to(pages.ROOT)}::{link.text}" for link in found]


def test_every_test_that_is_named_is_collected() -> None:
    files = sorted({name.partition("::")[0] for name in named()})
    asked = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", *files],
        cwd=pages.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    collected = {line.partition("[")[0] for line in asked.stdout.splitlines()}
    assert asked.returncode == 0, asked.stdout
    assert set(named()) - collected == set()


def test_every_claim_has_evidence_and_says_what_it_leaves_uncovered() -> None:
    claims = ARGUMENT.read_text().split("\n### ")[1:]
    assert len(claims) > 20
    for claim in claims:
        assert re.search(r"\nSeen in:\s\[test_", claim), claim
        assert "\nUncovered: " in claim, claim
