"""The gauges: a process of its own that reads the thermocouples and known voltages of real converters.

    python -m hardware.gauges --config F --fd N   (as a child of the controller)

A converter's bus can hang, and the keeper may not wait. When this process hangs or dies, readings grow old and the
flame becomes unknown, and that is all. One JSON object per SOCK_SEQPACKET packet, each with ``type``:

    gauged   at (ms on the boot clock), millivolts {burner: mV or null}, references [mV or null]
    failed   why                        the last word before it goes

It hears nothing; it goes when the controller hangs up.
"""

import contextlib
import select
import signal
import socket

from hardware.adc import NoConverter, Reader, open_probe
from hardware.clock import BootClock, Millis
from hardware.protocol import LONGEST, Message, encode
from hardware.settings import BadSettings, KeeperSettings, find_file, keeper_settings, read_document

EVERY: Millis = 100


class Gauges:
    """Every burner's thermocouple and every reference of one configuration."""

    def __init__(self, settings: KeeperSettings) -> None:
        """Open every converter. Raises :class:`NoConverter`."""
        self._thermocouples: dict[str, Reader] = {
            wiring.id: open_probe(wiring.probe, settings.pin_factory) for wiring in settings.burners if wiring.probe
        }
        self._references = [open_probe(probe, settings.pin_factory) for probe in settings.references]

    def read(self, now: Millis) -> Message:
        """Read all of them once; may block. ``now``, before the first, is the age that all are given."""
        return {
            "type": "gauged",
            "at": now,
            "millivolts": {name: reader.millivolts() for name, reader in self._thermocouples.items()},
            "references": [reader.millivolts() for reader in self._references],
        }


def serve(gauges: Gauges, peer: socket.socket, clock: BootClock) -> None:
    """Read and tell until the peer hangs up."""
    with contextlib.suppress(ConnectionError):
        while True:
            started = clock.now()
            with contextlib.suppress(BlockingIOError):  # one who does not read just misses it
                peer.send(encode(gauges.read(started)), socket.MSG_DONTWAIT)
            wait = max(0.0, clock.seconds_until(started + EVERY))
            if select.select([peer], (), (), wait)[0] and not peer.recv(LONGEST, socket.MSG_DONTWAIT):
                return


def main(config: str | None, fd: int, expected: str | None = None) -> int:
    """Run the gauges until the peer hangs up; returns the exit code.

    ``expected``: the fingerprint that the settings must have, where their file may have changed since the peer read it.
    """
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_DFL)  # nothing is left to be done, so they just end it, a blocked one too
    peer = socket.socket(fileno=fd)
    try:
        settings = keeper_settings(read_document(find_file(config)))
        if expected not in (None, settings.fingerprint):
            raise BadSettings("the configuration has changed since flameout was started; start it anew")
        gauges = Gauges(settings)
    except (BadSettings, NoConverter) as error:
        with contextlib.suppress(OSError):  # the controller may be gone
            peer.send(encode({"type": "failed", "why": str(error)}), socket.MSG_DONTWAIT)
        return 1
    serve(gauges, peer, BootClock())
    return 0


if __name__ == "__main__":
    import argparse
    import sys

    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--settings")
    arguments = parser.parse_args()
    sys.exit(main(arguments.config, arguments.fd, arguments.settings))
