"""The child that sends: ``python -m api.notify.send``, a JSON object on stdin, what became of it on stdout.

Apprise takes 37 MB and most of a second, so it lives in a process of its own that ends with its errand, gives way to
everything else, and ends itself when it takes too long.
"""

import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

WITHIN = 20  # s; the daemon kills us then, and if it is gone we end by ourselves
NOT_INSTALLED = 3  # our exit code without Apprise


def main() -> int:
    """Send, and say which services did not take it, by their place in the file and their name."""
    signal.alarm(WITHIN + 2)
    _give_way()
    logging.disable(logging.CRITICAL)  # its words may hold the secrets of an address
    try:
        import apprise  # noqa: PLC0415 - heavy, and optional
    except ImportError:
        return NOT_INSTALLED
    errand = json.load(sys.stdin)
    results = []
    for place, address in enumerate(addresses(Path(errand["file"]))):
        if errand["services"] is None or place in errand["services"]:
            results.append({"place": place, **_send(apprise, address, errand)})
    json.dump(results, sys.stdout)
    return 0


def addresses(file: Path) -> list[str]:
    """The addresses of the file, one a line; empty lines and those with a # do not count."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _send(apprise: Any, address: str, errand: dict[str, Any]) -> dict[str, Any]:
    link, body = errand["link"], errand["body"]
    if link and address.partition("://")[0] in ("ntfy", "ntfys"):
        address += f"{'&' if '?' in address else '?'}click={quote(link, safe='')}"
    elif link:
        body = f"{body}\n{link}"
    try:
        service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
        if service is None:
            return {"service": address.partition("://")[0][:16], "sent": False, "why": "its address is not one"}
        sent = bool(service.notify(body=body, title=errand["title"], body_format=apprise.NotifyFormat.TEXT))
    except Exception as error:  # a service's plugin is somebody else's code
        return {"service": address.partition("://")[0][:16], "sent": False, "why": type(error).__name__}
    return {"service": str(service.service_name), "sent": sent, "why": "" if sent else "it was not taken"}


def _give_way() -> None:
    with contextlib.suppress(OSError):
        os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")


if __name__ == "__main__":
    sys.exit(main())
