"""``flameout make-safe``: open every configured line now, without a daemon.

For ExecStopPost, and for people in a hurry. Imports the standard library and gpiozero only.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

from hardware.lines import NoPins, Relay, open_factory
from hardware.rendezvous import connect, peer_pid
from hardware.settings import BadSettings, KeeperSettings, find_file, keeper_settings, read_document

TURN_THE_KNOB = "Turn the knob off."


def main(arguments: Sequence[str]) -> int:
    """Open every line; 0 when each of them reads low, else 1."""
    parser = argparse.ArgumentParser(
        prog="flameout make-safe", description="Open every configured relay line now, without a daemon."
    )
    parser.add_argument("--config", metavar="F", help="the configuration file (default: as flameout run finds it)")
    try:
        settings = keeper_settings(read_document(find_file(parser.parse_args(arguments).config)))
        factory = open_factory(settings)
    except (BadSettings, NoPins) as error:
        print(f"flameout make-safe: {error}. {TURN_THE_KNOB}", file=sys.stderr)
        return 1
    low = [_open(wiring.id, wiring.relay, factory, settings) for wiring in settings.burners]
    return 0 if all(low) else 1


def _open(name: str, pin: int, factory: object, settings: KeeperSettings) -> bool:
    try:
        relay = Relay(pin, factory)
        relay.release()
        high = relay.high
    except Exception as error:  # whatever it is, the other lines come next
        print(f"{name}: {error}. {_who(settings)}", file=sys.stderr)
        return False
    if high:
        print(f"{name}: GPIO {pin} reads high although it is driven low. {TURN_THE_KNOB}", file=sys.stderr)
        return False
    print(f"{name}: GPIO {pin} is low")
    return True


def _who(settings: KeeperSettings) -> str:
    """Who holds the lines, as far as it can be known, and what to do about it."""
    if settings.socket is not None:
        with suppress(OSError):
            connection = connect(settings.socket)
            pid = peer_pid(connection)
            connection.close()
            return f"The keeper (process {pid}) holds it: kill -9 {pid}, then run this again. {TURN_THE_KNOB}"
    return f"If a keeper holds it, kill that one with kill -9, then run this again. {TURN_THE_KNOB}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
