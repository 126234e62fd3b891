"""The command line's end of the REST API, over the standard library."""

import http.client
import json
import ssl
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from api.cli.address import Address, Failed

_UNITS = (Path("/etc/systemd/system/flameout.service"), Path("/usr/lib/systemd/system/flameout.service"))

TIMEOUT = 5.0  # s
PING_EVERY = 5.0  # s, on the event stream
SILENCE = 2 * PING_EVERY  # after which the stream is lost

_JSON = "application/json"

Said = tuple[str, str | None, Any]  # event, id, data


class Unreachable(Failed):
    """Nobody answers; ``what`` says it without the advice."""

    def __init__(self, what: str, advice: str = "") -> None:
        super().__init__(what + advice)
        self.what = what


class Refused(Failed):
    """The daemon answers no."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class Client:
    """One daemon. Every call is a connection of its own and takes a few seconds at the most."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.url = address.url
        self._parts = urlsplit(address.url)

    def get(self, path: str) -> Any:
        """GET under /api/v1 as JSON. Raises :class:`Failed`."""
        return json.loads(self.ask("GET", path))

    def ask(self, method: str, path: str, body: Any = None, accept: str = _JSON, timeout: float = TIMEOUT) -> str:
        """A call under /api/v1; returns the answer as it came, JSON unless asked otherwise. Raises :class:`Failed`."""
        status, content = 0, ""
        for token in self._tokens():
            status, content = self._exchange(method, f"/api/v1{path}", token, body, accept, timeout)
            if status not in (401, 429):
                break
        if status >= 400:
            raise self._refusal(status, content)
        if accept == _JSON and not _is_json(content):
            raise Failed(f"{self.url} does not answer in JSON; is it a flameout?")
        return content

    def healthy(self) -> tuple[int, str]:
        """The status of /healthz, and what it says. Raises :class:`Unreachable`."""
        return self._exchange("GET", "/healthz", None, None, _JSON, TIMEOUT)

    def events(self, after: str | None) -> Iterator[Said]:
        """(event, id, data) from the event stream, and ("ping", None, None) between, until it ends.

        Raises :class:`Failed`, also when nothing is heard for ``SILENCE``.
        """
        connection, response = self._open_stream({"Last-Event-ID": after} if after else {})
        try:
            yield from parse(response)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(error) from None
        finally:
            response.close()
            connection.close()

    # --- inside ---------------------------------------------------------------------------------------

    def _tokens(self) -> list[str | None]:
        """What to try, best first: a console token may be one that an earlier daemon left behind."""
        if self.address.secret is not None:
            return [self.address.secret]
        try:
            console = self.address.console_token()
        except PermissionError:
            console = None
        return [console, None] if console else [None]

    def _exchange(
        self, method: str, target: str, token: str | None, body: Any, accept: str, timeout: float
    ) -> tuple[int, str]:
        connection = self._connect(timeout)
        try:
            response = self._send(connection, method, target, token, body, {"Accept": accept})
            return response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def _open_stream(self, headers: dict[str, str]) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        status, content = 0, ""
        for token in self._tokens():
            connection = self._connect(SILENCE)
            try:
                response = self._send(connection, "GET", "/api/v1/events", token, None, headers)
                if response.status == 200:
                    return connection, response
                status, content = response.status, response.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                raise self._unreachable(error) from None
            connection.close()
            if status not in (401, 429):
                break
        raise self._refusal(status, content)

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._trust())
        return http.client.HTTPConnection(host, port, timeout=timeout)

    def _trust(self) -> ssl.SSLContext:
        """The system's authorities; on the daemon's own machine its very certificate, whatever name it is for."""
        if self.address.certificate is None:
            return ssl.create_default_context()
        try:
            first, end, _ = self.address.certificate.read_text().partition("-----END CERTIFICATE-----")
            context = ssl.create_default_context(cadata=first + end)
        except (OSError, ValueError) as error:
            raise Failed(f"rest.tls.cert: {self.address.certificate} cannot be used: {error}") from None
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        token: str | None,
        body: Any,
        headers: dict[str, str],
    ) -> http.client.HTTPResponse:
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        content = json.dumps(body) if body is not None else None
        connection.request(method, self._parts.path + target, content, headers)
        return connection.getresponse()

    def _refusal(self, status: int, content: str) -> Failed:
        try:
            detail = json.loads(content)["detail"]
        except (ValueError, KeyError, TypeError):
            return Failed(f"{self.url} answers {status}; is it a flameout?")
        if status == 401 and self.address.secret is None:
            return Refused(self._how_to_get_in(), status)
        return Refused(str(detail), status)

    def _how_to_get_in(self) -> str:
        try:
            token = self.address.console_token()
        except PermissionError as error:
            return f"A token is needed, and {error.filename} is not yours to read: run with sudo, or set FLAMEOUT_TOKEN"
        if token:
            return f"A token is needed, and the one on this machine is not for {self.url}: set FLAMEOUT_TOKEN"
        return "A token is needed: make one with flameout tokens add, and set FLAMEOUT_TOKEN"

    def _unreachable(self, error: Exception) -> Unreachable:
        remark = f" ({self.address.complaint})" if self.address.complaint else ""
        if isinstance(error, ConnectionRefusedError):
            advice = f"; is it running? {_how_to_start()}{remark}"
            return Unreachable(f"No flameout answers at {self.url}", advice)
        if isinstance(error, TimeoutError):
            return Unreachable(f"{self.url} does not answer in time", remark)
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unreachable(f"{self.url} does not answer: {reason}", remark)


def _how_to_start() -> str:
    if any(unit.exists() for unit in _UNITS):
        return "sudo systemctl start flameout-keeper flameout starts it, and journalctl -u flameout says why it ended"
    return "Start it with: flameout run, or try: flameout demo"


def burner_path(name: str, rest: str = "") -> str:
    """The path of a burner, whatever its name is made of."""
    return f"/burners/{quote(name.lower(), safe='')}{rest}"


def _is_json(content: str) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def query(**given: Any) -> str:
    """``?burner=left&limit=5``; what is None is left out, and so is a trailing _ that keeps a name legal."""
    wanted = {name.rstrip("_"): value for name, value in given.items() if value is not None}
    return f"?{urlencode(wanted)}" if wanted else ""


def parse(lines: Iterable[bytes]) -> Iterator[Said]:
    """Server-sent events, as (event, id, data); a comment is a ("ping", None, None)."""
    event, identifier, data = "message", None, ""
    for line in lines:
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
