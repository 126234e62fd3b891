"""The sender: a short-lived process that hands one message to Apprise, which is too large for the daemon.

It reads one JSON object from stdin (see :class:`api.notify.child.Order`), and writes one JSON object a line: first
the services, then how each fared as soon as that is known. It ends with its parent, by itself after a while, and
says nothing else: a log line or a traceback could hold a secret.
"""

import contextlib
import hashlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from controller import secret_file

LONGEST_LIFE = 30  # s; the daemon kills it earlier
NOT_INSTALLED = 3  # exit code
_speaking = threading.Lock()


def main() -> int:
    """Send the message that stdin holds; returns the exit code."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LONGEST_LIFE)
    _be_humble()
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    logging.disable(logging.CRITICAL)
    try:
        import apprise  # noqa: PLC0415 - large, and not everybody has it
    except ImportError:
        return NOT_INSTALLED
    asset = apprise.AppriseAsset(
        app_id="flameout", app_desc="flameout", app_url="", image_url_mask="", image_url_logo="", async_mode=False
    )
    services = [_Service(asset, number, url) for number, url in secret_file.lines(Path(order["urls_file"]))]
    services = [service for service in services if service.known_as not in order["reached"]]
    _say({"services": {service.known_as: service.label for service in services}})
    threads = [threading.Thread(target=service.send, args=(order["message"],), daemon=True) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


class _Service:
    """One line of the file."""

    def __init__(self, asset: Any, number: int, url: str) -> None:
        import apprise  # noqa: PLC0415

        self.known_as = hashlib.sha256(url.encode()).hexdigest()[:16]  # told to the daemon only, and random enough
        self._apprise = apprise.Apprise(asset=asset)
        parsed = apprise.plugins.url_to_dict(url)  # type: ignore[no-untyped-call]
        self._plugin: Any = apprise.Apprise.instantiate(parsed | {"format": "text"}, asset=asset) if parsed else None
        name = str(self._plugin.service_name) if self._plugin is not None else "not a service that Apprise knows"
        self.label = f"line {number} ({name})"

    def send(self, message: Mapping[str, Any]) -> None:
        """Send, and say how that went."""
        sent = False
        with contextlib.suppress(Exception):
            sent = self._plugin is not None and self._hand_over(message)
        _say({"service": self.known_as, "sent": sent})

    def _hand_over(self, message: Mapping[str, Any]) -> bool:
        plugin, text = self._plugin, message["text"]
        if message["link"] is not None:
            if getattr(plugin, "click", "") is None:  # it can carry a link, and its URL names no other
                plugin.click = message["link"]
            else:
                text = f"{text}\n{message['link_text']}"
        self._apprise.add(plugin)
        gravity = message["gravity"]
        return bool(self._apprise.notify(text, title=message["title"], notify_type=gravity, body_format="text"))


def _be_humble() -> None:
    """Where memory or time is short, it is this process that goes without."""
    with contextlib.suppress(OSError):
        os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _die_with_parent() -> None:
    """Stdin stays open as long as the daemon lives."""
    while os.read(0, 1024):
        pass
    os._exit(1)


def _say(content: Mapping[str, Any]) -> None:
    with _speaking:
        sys.stdout.write(json.dumps(content) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        code = main()
    except Exception:
        code = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(code)
