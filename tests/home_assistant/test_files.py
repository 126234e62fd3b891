"""What is shipped for Assist fits what flameout announces, and the page shows only what is tried in test_assist.py."""

import json
import os
import re
from pathlib import Path

import pytest

from api.mqtt.discovery import discovery
from api.mqtt.topics import Topics
from controller.config import Config
from tests.home_assistant.house import PYTHONS, version
from tests.home_assistant.sentences import SAID

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy" / "home-assistant"
PACKAGE = (SHIPPED / "packages" / "flameout.yaml").read_text()
SENTENCES = {
    language: (SHIPPED / "custom_sentences" / language / "flameout.yaml").read_text() for language in ("en", "zh-CN")
}
CONFIG = {
    "stove": {"id": "kitchen", "name": "Kitchen hob"},
    "burners": [
        {"id": "left", "name": "Left", "relay": {"pin": 17}, "flame": {"kind": "digital", "pin": 23}},
        {"id": "right", "name": "Right", "relay": {"pin": 27}, "flame": {"kind": "digital", "pin": 24}},
    ],
    "mqtt": {"host": "broker"},
}


def announced() -> set[str]:
    """The ids that Home Assistant makes of what it is told: of the device's name and the entity's."""
    config = Config.model_validate(CONFIG)
    ids = set()
    for message in discovery(config, Topics.of(config), "0.1.0").values():
        device = json.loads(message)
        for entity in device["cmps"].values():
            name = f"{device['dev']['name']} {entity['name'] or ''}".strip()
            ids.add(f"{entity['platform']}.{re.sub('[^a-z0-9]+', '_', name.lower())}")
    return ids


def test_every_language_has_every_intent_and_each_has_its_action() -> None:
    intents = set(re.findall(r"(?m)^  (Flameout\w+):", PACKAGE))
    assert len(intents) == 7
    for text in SENTENCES.values():
        assert set(re.findall(r"(?m)^  (Flameout\w+):", text)) == intents


def test_every_entity_of_the_package_is_one_that_flameout_announces() -> None:
    ids = announced()
    fixed = set(re.findall(r"\b(?:button|valve|number|sensor|binary_sensor|event)\.kitchen_hob_\w*[a-z]", PACKAGE))
    templated = set(re.findall(r"'(\w+\.)' ~ burner(?: ~ '(\w+)')?", PACKAGE))
    templated |= set(re.findall(r'"(\w+\.)\{\{ burner \}\}(\w*)"', PACKAGE))
    assert len(fixed) >= 2
    assert len(templated) >= 5
    for name in ("kitchen_hob_left", "kitchen_hob_right"):
        assert {f"{platform}{name}{rest}" for platform, rest in templated} | fixed <= ids
        for text in SENTENCES.values():
            assert f'out: "{name}"' in text


def test_the_page_shows_sentences_that_are_tried() -> None:
    page = (ROOT / "docs" / "voice.md").read_text().partition("## Home Assistant")[2].partition("\n## ")[0]
    rows = [re.findall("“([^”]+)”", line) for line in page.splitlines() if line.startswith("|")]
    shown = [sentence for row in rows for sentence in row]
    assert len(shown) >= 14
    for sentence in shown:
        assert ("en" if sentence.isascii() else "zh-CN", sentence) in SAID


@pytest.mark.skipif("CI" not in os.environ, reason="elsewhere nobody has to install a Home Assistant")
def test_in_ci_the_oldest_and_the_newest_home_assistant_are_there() -> None:
    there = [version(python) for python in PYTHONS]
    assert (2024, 12) in there, "deploy/home-assistant/install"
    assert max(there) >= (2026, 11), "deploy/home-assistant/install"
