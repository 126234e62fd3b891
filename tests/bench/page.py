"""How soon the page can be used on a slow phone, beside the barest page that shows a burner."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from tests.bench.figures import Figure
from tests.browser.phones import PHONE, browser
from tests.e2e.program import Program, program

VISITS = 7
SLOW_CPU = 4  # times
LATENCY = 150  # ms a request, as DevTools' and Lighthouse's slow phones have it
DOWN = 1_600_000 / 8  # bytes a second
UP = 750_000 / 8
_BARE = b"""<!doctype html><meta charset="utf-8"><title>bare</title><script type="module" src="/bare.js"></script>"""
_BARE_SCRIPT = b"""const state = await (await fetch("/state")).json();
const button = document.createElement("button"); button.className = "stop"; button.textContent = state.name;
button.onclick = () => fetch("/off", {method: "POST"}); document.body.append(button);"""


class _Bare(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kinds = {"/bare.js": ("text/javascript", _BARE_SCRIPT), "/state": ("application/json", b'{"name": "Left"}')}
        kind, content = kinds.get(self.path, ("text/html", _BARE))
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _bare_page() -> Iterator[int]:
    """The port of the barest page."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Bare)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def usable(folder: Path) -> list[Figure]:
    """The phone page on a slow phone, until a burner can be shut off and a timer set."""
    folder.mkdir(parents=True)
    with program(folder) as stove:
        stove.start()
        stove.ready("left")
        own, bare, size = _interactive(stove, "burner-card#left .chip:not([disabled])")
    note = f"ours {own:.0f} ms, barest page {bare:.0f} ms, 4 times slower CPU, 150 ms a request, 1.6 Mbit/s"
    return [
        Figure("page until a timer can be set, slow phone", own / 1000, "s", 1.0, note),
        Figure("page, bytes of the first visit", size / 1000, "kB", 60.0),
    ]


def _interactive(stove: Program, selector: str) -> tuple[float, float, int]:
    """Medians of first visits until ``selector`` can be pressed: ours and the floor's in ms, and our bytes."""
    own, floor, sizes = [], [], []
    with browser() as chromium, _bare_page() as port:
        for _ in range(VISITS):
            floor.append(_visit(chromium, f"http://127.0.0.1:{port}/", ".stop")[0])
            took, size = _visit(chromium, f"http://127.0.0.1:{stove.port}/", selector)
            own.append(took)
            sizes.append(size)
    return median(own), median(floor), max(sizes)


def _visit(chromium: Browser, url: str, selector: str) -> tuple[float, int]:
    context = chromium.new_context(viewport=PHONE, service_workers="block")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    throttle = {"offline": False, "latency": LATENCY, "downloadThroughput": DOWN, "uploadThroughput": UP}
    session.send("Network.emulateNetworkConditions", throttle)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
    sizes: list[int] = []
    session.on("Network.dataReceived", lambda event: sizes.append(event["encodedDataLength"]))
    # the clock is the page's own: from the navigation until the element is there and takes a press
    page.add_init_script(
        "new MutationObserver((_, observer) => {"
        f"const e = document.querySelector({json.dumps(selector)});"
        "if (e && !e.disabled) { window.usable ??= performance.now(); observer.disconnect() }"
        "}).observe(document, {subtree: true, childList: true, attributes: true})"
    )
    page.goto(url)
    page.wait_for_selector(selector)
    took = float(page.evaluate("window.usable"))
    context.close()
    return took, sum(sizes)
