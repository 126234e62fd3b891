"""A running daemon takes a renewed certificate without a restart, and complains before the old one ends."""

import asyncio
import logging
import os
import ssl
import time

from api.tls import certificates
from controller.config import RestTls

EVERY = 60.0  # s between two looks at the files
DAY = 86_400.0
_log = logging.getLogger("flameout")

Stamps = tuple[tuple[int, int], ...]


class Renewal:
    """The certificate that new connections get.

    Files are read in a thread, because a failing disk must not stop the loop that decides. A context that is in use
    is never changed: new connections are given another one when their first message arrives.
    """

    def __init__(self, tls: RestTls, serving: ssl.SSLContext) -> None:
        self._tls = tls
        self._seen = _stamps(tls)
        self._refused: Stamps | None = None
        self._warned_at: float | None = None
        self._fresh: ssl.SSLContext | None = None
        serving.sni_callback = self._give

    async def run(self) -> None:
        """Look now, and then again and again."""
        while True:
            await asyncio.to_thread(self.look, time.time())
            await asyncio.sleep(EVERY)

    def look(self, now: float) -> None:
        """Take files that have changed, and warn once a day while the end is near."""
        stamps = _stamps(self._tls)
        if stamps not in (self._seen, self._refused):
            self._take(stamps)
        if self._warned_at is None or not 0 <= now - self._warned_at < DAY:
            self._warned_at = now
            self._warn(now)

    def _take(self, stamps: Stamps) -> None:
        """Serve by the new files; those that cannot be used, or do not fit yet, wait until they change again."""
        try:
            self._fresh = certificates.context(self._tls.cert, self._tls.key)
        except (OSError, ValueError) as error:
            self._refused = stamps
            _log.warning("rest.tls: %s has changed and cannot be used (%s); the old one serves", self._tls.cert, error)
            return
        self._seen, self._refused, self._warned_at = stamps, None, None
        _log.info("rest.tls: %s is a new certificate; new connections get it", self._tls.cert)

    def _warn(self, now: float) -> None:
        try:
            days = int((certificates.ends(self._tls.cert, self._tls.key) - now) / DAY)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code == certificates.HAS_EXPIRED:
                _log.error("rest.tls: %s has expired; browsers and phones refuse it", self._tls.cert)
            return
        except (OSError, ValueError):  # said when it was to be taken
            return
        if days < certificates.SOON:
            _log.warning("rest.tls: %s is good for %d more days; renew it", self._tls.cert, days)

    def _give(self, connection: ssl.SSLObject, _name: str | None, _serving: ssl.SSLContext) -> None:
        if self._fresh is not None:
            connection.context = self._fresh


def _stamps(tls: RestTls) -> Stamps:
    """What changes with the files; nothing while one is not there."""
    try:
        found = [os.stat(file) for file in (tls.cert, tls.key)]
    except OSError:
        return ()
    return tuple((status.st_ino, status.st_mtime_ns) for status in found)
