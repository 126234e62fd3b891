"""What is refused before any handler: foreign hosts and origins, and bodies that are too large.

A page of a stranger can make a browser on this network send requests here (DNS rebinding, cross-site
forms). Such a request names a foreign Host or a foreign Origin.
"""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.problems import Problem

LONGEST_BODY = 16 * 1024


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, host: str, allowed_hosts: Iterable[str]) -> None:
        name = socket.gethostname().lower()
        own = ("localhost", "flameout.local", name, f"{name}.local", host, *allowed_hosts)
        self._app = app
        self._hosts = {entry.lower().rstrip(".") for entry in own}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in _LOOKED_AT}
        problem = self._problem(scope["method"], headers)
        if problem is not None:
            await problem.response(plain=False)(scope, receive, send)
            return
        if b"content-length" not in headers and b"transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        await self._app(scope, _Limited(receive), send)

    def _problem(self, method: str, headers: dict[bytes, bytes]) -> Problem | None:
        if not self._is_ours(headers.get(b"host", b"").decode("latin-1")):
            return Problem(
                403, "This name is not one of ours; add it to rest.allowed_hosts if it should be.", kind="foreign-host"
            )
        origin = headers.get(b"origin")
        if origin is not None and not self._is_ours(urlsplit(origin.decode("latin-1")).netloc):
            return Problem(403, "A page of another site asks; only our own may.", kind="foreign-origin")
        if method not in ("GET", "HEAD") and headers.get(b"sec-fetch-site") == b"cross-site":
            return Problem(403, "A page of another site asks; only our own may.", kind="foreign-origin")
        length = headers.get(b"content-length")
        if length is not None and (not length.isdigit() or int(length[:12]) > LONGEST_BODY):
            return Problem(413, f"The body is larger than {LONGEST_BODY // 1024} KiB.")
        return None

    def _is_ours(self, authority: str) -> bool:
        """Addresses are ours: rebinding needs a name, and a name has to be known."""
        try:
            hostname = urlsplit(f"//{authority}").hostname
        except ValueError:
            return False
        if hostname is None:
            return False
        if hostname.rstrip(".") in self._hosts:
            return True
        try:
            ipaddress.ip_address(hostname)
        except ValueError:
            return False
        return True


_LOOKED_AT = frozenset((b"host", b"origin", b"sec-fetch-site", b"content-length", b"transfer-encoding"))


class _Limited:
    """A receive channel that stops at the longest body, for bodies that do not say their length."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > LONGEST_BODY:
            raise Problem(413, f"The body is larger than {LONGEST_BODY // 1024} KiB.")
        return message
