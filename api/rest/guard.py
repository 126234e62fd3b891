"""What is refused before any handler: foreign hosts and origins, and bodies that are too large.

A page of a stranger can make a browser on this network send requests here (DNS rebinding, cross-site
forms). Such a request names a foreign Host or a foreign Origin.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from functools import lru_cache

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.rest.problems import Problem

LONGEST_BODY = 16 * 1024
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
_LOOKED_AT = frozenset(
    (b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"content-length", b"transfer-encoding")
)


_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_NOTHING_RUNS = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Guard:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, host: str, allowed_hosts: Iterable[str]) -> None:
        name = socket.gethostname().lower()
        own = ("localhost", "flameout.local", name, f"{name}.local", host, *allowed_hosts)
        self._app = app
        self._names = {entry.lower().rstrip(".") for entry in own}
        self._is_ours = lru_cache(maxsize=64)(self._judge)  # the same few names come all day

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        send = _with_safe_headers(send)
        problem = self._problem(scope["method"], headers)
        if problem is not None:
            await problem.answer(Request(scope))(scope, receive, send)
            return
        if b"content-length" in headers or b"transfer-encoding" in headers:
            receive = _Limited(receive)
        await self._app(scope, receive, send)

    def _problem(self, method: str, headers: dict[bytes, bytes]) -> Problem | None:
        host = headers.get(b"host", b"").lower()
        if not self._is_ours(host):
            return Problem(
                403, "This name is not one of ours; add it to rest.allowed_hosts if it should be.", kind="foreign-host"
            )
        if _is_foreign(method, host, headers):
            return Problem(
                403, f"A page of another site asks; only a page of {host.decode()} may.", kind="foreign-origin"
            )
        length = headers.get(b"content-length")
        if length is not None and (not length.isdigit() or int(length[:12]) > LONGEST_BODY):
            return _too_large()
        return None

    def _judge(self, host: bytes) -> bool:
        """Addresses are ours: rebinding needs a name, and a name has to be known."""
        match = _AUTHORITY.fullmatch(host.decode("latin-1"))
        if match is None:
            return False
        name = match["v6"] or match["name"]
        if name.rstrip(".") in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """The headers that matter here; one that is sent twice fits nothing."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _LOOKED_AT:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def _is_foreign(method: str, host: bytes, headers: dict[bytes, bytes]) -> bool:
    """Whether a browser says that another site's page asks.

    Following a link from elsewhere is fine. The Origin has to be the very host and port that the request goes
    to: a page on another address or port of this network is somebody else's, too.
    """
    origin = headers.get(b"origin")
    if origin is not None and origin.lower().partition(b"://")[2] != host:
        return True
    if headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin"):
        return False
    return method != "GET" or headers.get(b"sec-fetch-mode") != b"navigate"


def _with_safe_headers(send: Send) -> Send:
    """Whatever is answered, a browser takes it for what it says it is, shows it in no frame, and runs none of it.

    The page says itself what may run there.
    """

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), *_SAFE]
            if not any(name == _NOTHING_RUNS[0] for name, _ in headers):
                headers.append(_NOTHING_RUNS)
            message["headers"] = headers
        await send(message)

    return sending


class _Limited:
    """A receive channel that stops at the longest body, for bodies that do not say their length."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > LONGEST_BODY:
            raise _too_large()
        return message


def _too_large() -> Problem:
    return Problem(413, f"The body is larger than {LONGEST_BODY // 1024} KiB.")
