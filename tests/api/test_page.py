"""The page's files: complete in both languages, without markup from strings, and sent as browsers want them."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest

from api.rest.languages import Language
from api.rest.page import Page
from controller.events import Cause, Event, Proof
from controller.proof import Finding
from controller.terms import Contact, Ending, Flame, HoldKind, Status
from controller.tokens import Role

FOLDER = files("api.page")
MODULES = {entry.name: entry.read_text() for entry in FOLDER.iterdir() if entry.name.endswith(".js")}


def catalogue(language: str) -> dict[str, str]:
    text = MODULES[f"words-{language}.js"]
    return dict(json.loads(re.sub(r",\s*};\s*$", "}", text[text.index("{") :])))


EN, ZH = catalogue("en"), catalogue("zh")


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_both_languages_say_everything() -> None:
    assert list(EN) == list(ZH)
    for key in EN:
        assert placeholders(EN[key]) == placeholders(ZH[key]), key
        assert (EN[key] and ZH[key]) or key == "unit.join", key


def test_chinese_is_chinese() -> None:
    names = {"by.rest", "by.mqtt", "by.flameout", "unit.join"}
    assert [key for key, text in ZH.items() if key not in names and not re.search("[一-鿿，]", text)] == []


def events(kind: type[Event] = Event) -> set[str]:
    found = {kind.kind} if "kind" in kind.__dict__ else set()
    return found.union(*map(events, kind.__subclasses__()))


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("status", Status),
        ("flame", Flame),
        ("proof", Proof),
        ("cause", Cause),
        ("finding", Finding),
        ("hold", HoldKind),
        ("role", Role),
        ("contact", [Contact.CLOSED, Contact.OPEN]),
        ("until", list(Ending)),
        ("event", sorted(events())),
        ("link", ["connecting", "live", "lost"]),
        ("pair", ["closed", "code", "button"]),
    ],
)
def test_there_are_words_for_whatever_the_stove_can_say(group: str, members: Any) -> None:
    assert [member for member in members if f"{group}.{member}" not in EN] == []


def test_every_word_that_is_asked_for_is_there() -> None:
    asked = {key for text in MODULES.values() for key in re.findall(r'\bt\(\s*"([\w. ]+)"', text)}
    assert len(asked) > 60
    assert asked - set(EN) == set()


def test_no_word_is_there_for_nobody() -> None:
    code = "".join(text for name, text in MODULES.items() if not name.startswith("words-"))
    groups = {key.split(".")[0] for key in EN if "." in key}
    used = {group for group in groups if re.search(rf'[`"]{group}\.|named\("{group}"|[\'"]{group}[\'"]', code)}
    assert groups - used - {"language", "theme", "sound"} == set()


def test_text_never_becomes_markup() -> None:
    for name, text in MODULES.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            name
        )


def test_the_shell_that_is_kept_is_the_whole_page() -> None:
    kept = set(re.findall(r'"([\w-]+\.(?:js|css|svg))"', MODULES["worker.js"]))
    everything = {entry.name for entry in FOLDER.iterdir() if re.search(r"\.(js|css|svg)$", entry.name)}
    assert kept == everything - {"worker.js"}


def test_every_module_that_is_wanted_first_is_asked_for_at_once() -> None:
    page = FOLDER.joinpath("index.html").read_text()

    def needs(name: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
        for wanted in re.findall(r'^import (?:.* from )?"\./([\w-]+\.js)"', MODULES[name], re.MULTILINE):
            if wanted not in known:
                known = needs(wanted, known | {wanted})
        return known

    asked = re.findall(r'(?:preload" href|high" src|"module" src)="/page/__BUILD__/([\w-]+\.js)', page)
    assert set(asked) == {"app.js", "words-__LANGUAGE__.js", *needs("app.js")}


def test_another_build_has_another_address() -> None:
    page = Page()
    assert len(page.build) == 12
    for file in (*page.entrances.values(), page.files["worker.js"], page.files["flameout.webmanifest"]):
        assert b"__" not in file.content
        assert page.build.encode() in file.content


def test_the_entrance_asks_for_the_words_of_the_language_that_is_wanted() -> None:
    entrances = Page().entrances
    assert b"words-en.js" in entrances[Language.ENGLISH].content
    assert b"words-zh.js" in entrances[Language.CHINESE].content
    assert entrances[Language.ENGLISH].etag != entrances[Language.CHINESE].etag
