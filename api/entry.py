"""The ``flameout`` command. What has to be quick starts here without the rest of the program."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (0 done, 1 refused or failed, 2 wrong usage)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    match arguments:
        case ["run"] | ["run", "--config", _]:
            from api.daemon import run  # noqa: PLC0415 - its keeper starts before anything else is imported

            return run(arguments[2] if len(arguments) > 1 else None)
        case ["keeper"] | ["keeper", "--config", _]:
            from hardware.keeper import main as keep  # noqa: PLC0415

            return keep(arguments[2] if len(arguments) > 1 else None)
        case ["make-safe", *rest]:
            from hardware.make_safe import main as make_safe  # noqa: PLC0415 - has to work when little else does

            return make_safe(rest)
    from api.cli.app import main as command_line  # noqa: PLC0415

    return command_line(arguments)


if __name__ == "__main__":
    sys.exit(main())
