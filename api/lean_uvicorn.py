"""uvicorn without its command line, which its package imports first, and with it click and multiprocessing: 0.9 MiB.

Whoever imports ``uvicorn.main`` afterwards has the real one; ``uvicorn.run``, which belongs to it, is not there.
"""

import sys
from types import ModuleType

_MAIN = "uvicorn.main"


class _NoCommandLine(ModuleType):
    """Has the server, and nothing of whatever else is asked for."""

    def __getattr__(self, name: str) -> object:
        if name == "Server":
            from uvicorn.server import Server  # noqa: PLC0415 - while its package is imported

            return Server
        return None


def import_lean() -> None:
    """Import uvicorn, if nobody has yet; one that wants its command line gets it."""
    if "uvicorn" in sys.modules:
        return
    sys.modules[_MAIN] = _NoCommandLine(_MAIN)
    try:
        import sse_starlette  # noqa: F401, PLC0415 - which looks for the server there, too
        import uvicorn  # noqa: PLC0415
    except Exception:
        _forget()
    else:
        del sys.modules[_MAIN], uvicorn.main, uvicorn.run


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "uvicorn"]:
        del sys.modules[name]


import_lean()
from uvicorn.config import Config  # noqa: E402
from uvicorn.server import Server  # noqa: E402

__all__ = ["Config", "Server"]
