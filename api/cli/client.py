"""The command line's end of the REST API, over the standard library."""

import http.client
import json
import os
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from controller import places
from hardware.settings import BadSettings, find_file, read_document

TIMEOUT = 5.0  # s
SILENCE = 10.0  # s without a sign on the event stream; pings come every 5


class Failed(Exception):
    """The daemon refused, or could not be asked; the text is the one line to be said."""


class Unreachable(Failed):
    """Nobody answers."""


class Client:
    """One daemon, found by ``--url``, ``$FLAMEOUT_URL`` or the configuration."""

    def __init__(self, url: str | None) -> None:
        document = _document()
        self.url = (url or os.environ.get("FLAMEOUT_URL") or _configured_url(document)).rstrip("/")
        self._parts = urlsplit(self.url)
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise Failed(f"{self.url} is no address of a flameout; write it like http://127.0.0.1:8520")
        self._token = os.environ.get("FLAMEOUT_TOKEN") or _console_token(document)

    def get(self, path: str, **query: Any) -> Any:
        """GET under /api/v1. Raises :class:`Failed`."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.send("GET", path + (f"?{urlencode(given)}" if given else ""))

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """A call under /api/v1; returns its JSON. Raises :class:`Failed`."""
        connection = self._connect(TIMEOUT)
        try:
            response = self._ask(connection, method, f"/api/v1{path}", body)
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()
        return self._content(response.status, content)

    def healthy(self) -> tuple[int, str]:
        """The status of /healthz, and what it says."""
        connection = self._connect(TIMEOUT)
        try:
            response = self._ask(connection, "GET", "/healthz", None)
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def events(self, after: str | None) -> Iterator[tuple[str, str | None, Any]]:
        """(event, id, data) from the event stream, and ("ping", None, None) between. Raises :class:`Failed`."""
        connection = self._connect(SILENCE)
        try:
            headers = {"Last-Event-ID": after} if after else {}
            response = self._ask(connection, "GET", "/api/v1/events", None, headers)
            if response.status != 200:
                self._content(response.status, response.read())
            yield from _parse(response)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        extra: dict[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        headers = {"Accept": "application/json", **(extra or {})}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return connection.getresponse()

    def _content(self, status: int, content: bytes) -> Any:
        try:
            parsed = json.loads(content)
        except ValueError:
            parsed = None
        if status == 401 and not self._token:
            raise Failed(
                "A token is needed, and the daemon's own could not be read: run this with sudo, or set FLAMEOUT_TOKEN"
            )
        if status >= 400:
            detail = parsed.get("detail") if isinstance(parsed, dict) else None
            raise Failed(detail or f"{self.url} answered {status}; is it a flameout?")
        if parsed is None:
            raise Failed(f"{self.url} does not answer in JSON; is it a flameout?")
        return parsed

    def _unreachable(self, error: Exception) -> Unreachable:
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(f"No flameout answers at {self.url}. Start it with: flameout run, or try: flameout demo")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unreachable(f"{self.url} does not answer: {reason}")


def burner_path(name: str, rest: str = "") -> str:
    """The path of a burner, whatever its name is made of."""
    return f"/burners/{quote(name, safe='')}{rest}"


def _document() -> dict[str, Any]:
    try:
        return read_document(find_file(None))
    except BadSettings:
        return {}  # a broken file is check-config's to tell


def _configured_url(document: dict[str, Any]) -> str:
    rest = document.get("rest")
    rest = rest if isinstance(rest, dict) else {}
    host = str(rest.get("host", "127.0.0.1"))
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"{'https' if rest.get('tls') else 'http'}://{host}:{rest.get('port', 8520)}"


def _console_token(document: dict[str, Any]) -> str | None:
    try:
        return places.console_token(places.journal_of(document)).read_text().strip()
    except OSError:
        return None


def _parse(response: http.client.HTTPResponse) -> Iterator[tuple[str, str | None, Any]]:
    event, identifier, data = "message", None, ""
    while line := response.readline():
        text = line.decode().rstrip("\r\n")
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if text == "":
            if data:
                yield event, identifier, json.loads(data)
            event, identifier, data = "message", None, ""
        elif name == "":
            yield "ping", None, None
        elif name == "event":
            event = value
        elif name == "id":
            identifier = value
        elif name == "data":
            data += value
