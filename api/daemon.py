"""``flameout run``: the daemon in the foreground.

The keeper is started first and with the standard library only, so that the relay lines are under control
while the web server is still being imported.
"""

import sys

from hardware.origin import ChildOrigin, Origin, SocketOrigin
from hardware.settings import BadSettings, find_file, keeper_settings, read_document


def run(config: str | None) -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    path = find_file(config)
    try:
        settings = keeper_settings(read_document(path))
    except BadSettings as error:
        return _refuse(config, str(error))
    origin: Origin
    if settings.socket is not None:
        origin = SocketOrigin(settings.socket)
    else:
        origin = child = ChildOrigin(path)
        child.start_ahead()
    from api.service import Unusable, serve_until_stopped  # noqa: PLC0415 - see above
    from controller.config_check import load  # noqa: PLC0415

    try:
        return serve_until_stopped(load(config), path, origin, settings.fingerprint)
    except (BadSettings, Unusable) as error:
        return _fail(str(error))


def _refuse(config: str | None, first: str) -> int:
    """Say everything that is wrong with the configuration, not only what the keeper met first."""
    from controller.config_check import load  # noqa: PLC0415

    try:
        load(config)
    except BadSettings as error:
        return _fail(str(error))
    return _fail(first)


def _fail(why: str) -> int:
    print(f"flameout: {why}", file=sys.stderr)
    return 1
