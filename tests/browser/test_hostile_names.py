"""Names that are meant to be run: as burners, as phones and as tokens they are text, wherever they are shown.

Each payload that ran would call ``pwned``. The page's policy would report whatever tries to.
"""

import functools
import json
import tomllib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from controller.tokens import name_problem
from tests.api.rest.asking import bearer
from tests.brokers import Mosquitto
from tests.browser.phones import phone
from tests.e2e.inbox import Inbox
from tests.e2e.program import Program, eventually, program

PAYLOADS = [
    "<script>pwned()</script>",
    "<img src=x onerror=pwned()>",
    "<svg onload=pwned()>",
    "<body onload=pwned()>",
    "<iframe src=javascript:pwned()>",
    "<a href=javascript:pwned()>x</a>",
    "<details open ontoggle=pwned()>",
    "<input autofocus onfocus=pwned()>",
    "<video src onerror=pwned()>",
    "<math><mi xlink:href=pwned()>",
    "<style>@import'//e.example'",
    "<link rel=stylesheet href=//e>",
    "<base href=//e.example>",
    "<meta http-equiv=refresh>",
    "<form action=//e><button>x",
    "<object data=javascript:pwned()>",
    "<embed src=javascript:pwned()>",
    "<template><script>pwned()",
    "</title><script>pwned()",
    "</textarea><script>pwned()",
    "</script><script>pwned()",
    "--><script>pwned()",
    "]]><script>pwned()",
    '"><script>pwned()',
    "'><script>pwned()",
    '" onmouseover="pwned()',
    "' onmouseover='pwned()",
    "` onmouseover=`pwned()",
    "javascript:pwned()",
    "data:text/html,<script>pwned()",
    "${pwned()}",
    "{{constructor('pwned()')()}}",
    "{{ states | map('pwned') }}",
    "{% raw %}{{pwned()}}",
    "{name}{who}{at}",
    "&lt;script&gt;pwned()",
    "&#60;script&#62;pwned()",
    "\\u003cscript\\u003epwned()",
    "%3Cscript%3Epwned()",
    "＜script＞pwned()",
    "=HYPERLINK(pwned())",
    "$(touch pwned)`pwned`;pwned|x",
]

STRANGE = "main :is(script, iframe, object, embed, img, video, base, form)"


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with Mosquitto() as made:
        yield made


BURNERS = ["left", "right", *(f"b{number}" for number in range(3, 9))]


@pytest.fixture(scope="module")
def stove(tmp_path_factory: pytest.TempPathFactory, broker: Mosquitto) -> Iterator[Program]:
    pins = (10, 11, 12, 13, 16, 19)
    more = "".join(
        f'[[burners]]\nid = "{name}"\nname = "x"\nrelay = {{ pin = {pin} }}\n'
        for name, pin in zip(BURNERS[2:], pins, strict=True)
    )
    more += f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}'
    with program(tmp_path_factory.mktemp("hostile"), lease="5s", more=more, require_token="true") as made:
        yield made


def restart_with(stove: Program, names: list[str]) -> None:
    """The daemon anew, with burners of these names."""
    if stove.process is not None:
        stove.stop()
    text = stove.config.read_text()
    for burner, name in zip(BURNERS, names, strict=False):
        before, mark, after = text.partition(f'id = "{burner}"\nname = ')
        text = before + mark + json.dumps(name, ensure_ascii=False) + "\n" + after.partition("\n")[2]
    assert [entry["name"] for entry in tomllib.loads(text)["burners"]][: len(names)] == names
    stove.config.write_text(text)
    stove.start()
    stove.http.headers.update(bearer((stove.folder / "console.token").read_text()))


def test_there_are_enough_and_all_of_them_are_names() -> None:
    assert len(set(PAYLOADS)) >= 40
    assert [payload for payload in PAYLOADS if name_problem(payload[:32])] == []


def test_a_burners_name_is_text_on_the_page_over_rest_and_over_mqtt(
    chromium: Browser, stove: Program, broker: Mosquitto
) -> None:
    with Inbox(broker.port) as inbox:
        for first in range(0, len(PAYLOADS), len(BURNERS)):
            names = PAYLOADS[first : first + len(BURNERS)]
            restart_with(stove, names)
            with phone(chromium, stove) as seen:
                seen.page.expose_function("pwned", lambda: seen.complaints.append("it ran"))
                seen.pair("Reader", role="admin")
                for burner, name in zip(BURNERS, names, strict=False):
                    expect(seen.card(burner).locator("h2")).to_have_text(name)
                    if stove.burner(burner)["permitted"]:
                        stove.set_timer(burner, 900)
                for view in (*(f"burner/{burner}" for burner in BURNERS[: len(names)]), "history", "settings"):
                    seen.open(view)
                    expect(seen.page.locator("main h2").first).to_be_visible()
                    assert seen.page.locator(STRANGE).count() == 0
            for burner, name in zip(BURNERS, names, strict=False):
                assert stove.burner(burner)["name"] == name
                sentence = stove.http.get(f"/api/v1/burners/{burner}", headers={"Accept": "text/plain"})
                assert name in sentence.text
                assert sentence.headers["content-type"] == "text/plain; charset=utf-8"
                assert sentence.headers["x-content-type-options"] == "nosniff"
                eventually("MQTT has it", functools.partial(_over_mqtt, inbox, burner, name))


def _over_mqtt(inbox: Inbox, burner: str, name: str) -> bool:
    return bool(json.loads(inbox.newest(f"flameout/test/burner/{burner}/state") or "{}").get("name") == name)


def test_a_phones_and_a_tokens_name_is_text_everywhere(chromium: Browser, stove: Program) -> None:
    restart_with(stove, ["Left", "Right"])
    stove.ready("left")
    names = [payload[:32] for payload in PAYLOADS]
    with phone(chromium, stove) as admin, phone(chromium, stove) as guest:
        admin.page.expose_function("pwned", lambda: admin.complaints.append("it ran"))
        admin.pair("Owner", role="admin")
        base = f"http://127.0.0.1:{stove.port}/api/v1"
        for name in names:
            code = stove.do("POST", "/pairing", {"role": "cook"})["code"]
            guest.context.clear_cookies()
            answer = guest.context.request.post(f"{base}/pair", data={"name": name, "code": code})
            assert answer.json()["name"] == f"phone:{name}"
            timing = guest.context.request.put(
                f"{base}/burners/left/timer", data={"duration": 900}, headers={"X-Flameout": "1"}
            )
            assert timing.json()["timer"]["set_by"] == f"phone:{name}"
            expect(admin.card().locator(".until")).to_contain_text(name)
        admin.open("settings")
        listed = admin.page.locator(".tokens li b")
        expect(listed.first).to_be_visible()
        assert set(names) <= set(listed.all_text_contents())
        admin.open("history")
        expect(admin.page.locator(".past li").first).to_be_visible()
        assert admin.page.locator(STRANGE).count() == 0
    table = stove.http.get("/api/v1/history", params={"limit": 1000}, headers={"Accept": "text/csv"}).text
    assert not [line for line in table.splitlines() if line.split(",")[4:5] and line.split(",")[4][:1] in "=+-@"]
