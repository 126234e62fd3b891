"""A page of another site in the same browser, and a name that is bound to this machine: nothing of theirs is done.

The phone has the cookie of an admin, so whatever got through would be obeyed.
"""

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.phones import phone
from tests.e2e.program import LEFT, Program

TIMER = "/api/v1/burners/left/timer"
SHUT_OFF = "/api/v1/burners/left/shut-off"


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another site."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def attack(page: Page, base: str) -> None:
    """Everything that a page can do to another site without being asked."""
    page.evaluate(
        """async ([base, timer, off]) => {
            const tries = [];
            for (const mode of ["no-cors", "cors"])
                for (const [method, path, body, type] of [
                    ["POST", off, null, null],
                    ["POST", off, "a=b", "application/x-www-form-urlencoded"],
                    ["PUT", timer, '{"duration": 60}', "application/json"],
                    ["POST", timer + "/extend", '{"by": 60}', "text/plain"],
                    ["DELETE", timer, null, null],
                    ["POST", "/api/v1/pairing", '{"role": "admin"}', "text/plain"],
                    ["GET", "/api/v1/stove", null, null],
                ])
                    tries.push(fetch(base + path, {method, body, mode, credentials: "include",
                        headers: type ? {"content-type": type} : {}}).then((a) => a.text()).catch(() => "refused"));
            for (const path of [off, timer, "/api/v1/events", "/"]) {
                const image = new Image();
                tries.push(new Promise((done) => (image.onload = image.onerror = done)));
                image.src = base + path;
            }
            const frame = document.createElement("iframe");
            frame.name = "f";
            document.body.append(frame);
            for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
                const form = document.createElement("form");
                Object.assign(form, {method: "post", action: base + off, enctype: type, target: "f"});
                document.body.append(form);
                form.submit();
                await new Promise((done) => setTimeout(done, 200));
            }
            navigator.sendBeacon(base + off, "x");
            window.seen = await Promise.all(tries);
        }""",
        [base, TIMER, SHUT_OFF],
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["another site", "another port"])
def test_another_page_changes_nothing_and_learns_nothing(
    chromium: Browser, stove: Program, elsewhere: int, host: str
) -> None:
    with phone(chromium, stove) as victim:
        victim.pair(f"Victim at {host}", role="admin")
        stove.ready("left")
        stove.set_timer("left", 1500)
        before = len(stove.history(limit=1000))
        other = victim.context.new_page()
        other.goto(f"http://{host}:{elsewhere}/")
        attack(other, f"http://127.0.0.1:{stove.port}")
        assert stove.witness.high(LEFT), "the relay is as it was"
        assert stove.burner()["timer"]["duration_s"] == 1500
        assert len(stove.history(limit=1000)) == before
        assert not [text for text in other.evaluate("seen") if isinstance(text, str) and "burners" in text]
        assert other.evaluate("frames[0].length") == 0
        stove.do("DELETE", "/burners/left/timer")


def test_a_name_that_was_bound_to_this_machine_is_not_answered(stove: Program) -> None:
    """DNS rebinding: the browser believes that the attacker's name is here, so for it nothing is foreign."""
    for method, path in (("POST", SHUT_OFF), ("GET", "/api/v1/stove"), ("GET", "/"), ("GET", "/worker.js")):
        answer = stove.http.request(method, path, headers={"Host": f"rebind.example:{stove.port}"})
        assert answer.status_code == 403, path
    assert stove.witness.high(LEFT)


def test_no_page_can_frame_this_one(chromium: Browser, stove: Program, elsewhere: int) -> None:
    with phone(chromium, stove) as seen:
        seen.page.goto(f"http://127.0.0.1:{elsewhere}/")
        seen.page.evaluate(
            "(url) => new Promise((done) => {const f = document.createElement('iframe'); f.onload = done; f.src = url;"
            "document.body.append(f)})",
            f"http://127.0.0.1:{stove.port}/",
        )
        assert seen.page.frames[1].evaluate("document.querySelector('flameout-app') === null")
        seen.complaints = [said for said in seen.complaints if "frame" not in said.lower()]
