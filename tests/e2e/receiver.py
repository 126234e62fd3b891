"""A service that notifications are posted to, on loopback: it takes them, refuses them, or never finishes answering."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Posted:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: Any


class Receiver:
    """``with Receiver() as receiver``: ``mode`` is take, refuse or hang."""

    def __init__(self, mode: str = "take") -> None:
        self.mode = mode
        self.posted: list[Posted] = []
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def texts(self) -> list[str]:
        """Every message's text so far."""
        return [posted.body["message"] for posted in list(self.posted)]

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer byte by byte for ever: no timeout of a client's that counts silence ends that."""
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self._closing.wait(0.2):
                handler.wfile.write(b"x")
        except OSError:  # the client was killed
            handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.receiver.posted.append(Posted(self.path, dict(self.headers.items()), body))
        if self.receiver.mode == "hang":
            self.receiver.drip(self)
            return
        self.send_response(200 if self.receiver.mode == "take" else 500)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""
