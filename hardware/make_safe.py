"""``flameout make-safe``: open every configured relay line now, without a daemon.

For systemd's ExecStopPost and for people in a hurry, so it works with as little as it can: the standard library
and gpiozero, and of the configuration only the relays' pins and the pin factory's name. Whatever else is wrong
there is no reason to leave a line high. A line that cannot be opened does not stop the others.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hardware.document import parse
from hardware.permits import Caps
from hardware.settings import (
    DEFAULT_BURNERS,
    DEFAULTS,
    BadSettings,
    KeeperSettings,
    Wiring,
    find_file,
    input_pin_problem,
    read_document,
)

KNOB = "Turn the knob off at the stove."


@dataclass(frozen=True)
class Outcome:
    """What is known of one line, or why nothing is; ``safe`` when it reads low."""

    sentence: str
    safe: bool
    relay: Any = None  # kept: a gpiozero device that is garbage-collected lets go of its pin


def open_every_line(config: str | None) -> list[Outcome]:
    """Drive every configured line low; one outcome for each, and for whatever else went wrong."""
    path = find_file(config)
    outcomes: list[Outcome] = []
    document: dict[str, Any] | None
    try:
        document = read_document(path)
    except BadSettings as error:
        outcomes.append(Outcome(f"{error}", safe=False))
        document = _as_it_stands(path)
    if document is None:
        return [*outcomes, Outcome("Which lines there are is not known, so none was opened.", safe=False)]
    if path is None:
        outcomes.append(Outcome("There is no configuration file; taking the defaults.", safe=True))
    relays, problems = _relays(document)
    return [*outcomes, *problems, *_open(relays, _factory_name(document))]


def list_lines(config: str | None, file: Path) -> int:
    """Write the relays' pins into a file, one a line, for deploy/systemd/lines-low; returns the exit code."""
    try:
        document = read_document(find_file(config))
        relays, problems = _relays(document)
        real = _factory_name(document) not in ("simulated", "mock")
        if problems:
            raise BadSettings(problems[0].sentence)
        file.write_text("".join(f"{pin}\n" for pin in relays) if real else "simulated pins\n")
    except (BadSettings, OSError) as error:
        print(f"flameout make-safe: {error}", file=sys.stderr)
        return 1
    return 0


def _as_it_stands(path: Path | None) -> dict[str, Any] | None:
    """The refused file's content: one that others may write still says better than nobody which lines to open."""
    try:
        document = parse(path.read_text()) if path is not None else {}
    except (OSError, ValueError):
        return None
    with contextlib.suppress(BadSettings):  # which may be what was refused
        for section, overrides in read_document(None).items():  # from the environment
            if isinstance(document.setdefault(section, {}), dict):
                document[section].update(overrides)
    return document


def _factory_name(document: Mapping[str, Any]) -> str:
    keeper = document.get("keeper")
    return str((keeper if isinstance(keeper, dict) else {}).get("pin_factory", DEFAULTS["pin_factory"]))


def _relays(document: Mapping[str, Any]) -> tuple[dict[int, str], list[Outcome]]:
    """Whose relay is on which pin, and the burners of which that cannot be said."""
    burners = document.get("burners", DEFAULT_BURNERS)
    if not isinstance(burners, list) or not burners:
        return {}, [Outcome("burners: there is no [[burners]] table, so no line is known.", safe=False)]
    relays: dict[int, str] = {}
    problems = []
    for index, entry in enumerate(burners):
        name = str(entry.get("id", f"burners[{index}]")) if isinstance(entry, dict) else f"burners[{index}]"
        relay = entry.get("relay") if isinstance(entry, dict) else None
        table = relay if isinstance(relay, dict) else {}
        for key in ("pin", "second_pin") if "second_pin" in table else ("pin",):
            pin = table.get(key)
            if type(pin) is not int or input_pin_problem(pin):
                why = f"{name}: relay.{key}: {pin!r} is not a pin, so its line is not known."
                problems.append(Outcome(why, safe=False))
            elif table.get("active", "high") != "high":
                problems.append(Outcome(f"{name}: GPIO {pin} was left alone: low would close this relay.", safe=False))
            else:
                relays[pin] = f"{relays[pin]}, {name}" if pin in relays else name
    return relays, problems


def _open(relays: Mapping[int, str], factory_name: str) -> list[Outcome]:
    if not relays:
        return []
    settings = KeeperSettings(
        Caps(lease=1_000, longest_permit=1, longest_energised=1, pause=1_000),  # nothing is permitted here
        factory_name,
        None,
        tuple(Wiring(name, pin) for pin, name in relays.items()),
        (),
    )
    try:
        from hardware.lines import open_factory  # noqa: PLC0415 - gpiozero may be what is broken

        factory = open_factory(settings)
    except Exception as error:
        pins = ",".join(map(str, relays))
        return [Outcome(f"{error} Without Python, on a Raspberry Pi: sudo pinctrl set {pins} op dl", safe=False)]
    suffix = " (simulated)" if hasattr(factory, "simulate") else ""
    return [_open_one(pin, name, factory, suffix) for pin, name in relays.items()]


def _open_one(pin: int, name: str, factory: Any, suffix: str) -> Outcome:
    from hardware.lines import Relay  # noqa: PLC0415

    try:
        relay = Relay(pin, factory)  # claimed low
        relay.release()
        high = relay.high
    except Exception as error:  # the others must still open
        return Outcome(f"{name}: {_why(pin, error.__cause__ or error)}", safe=False)
    if high:
        return Outcome(f"{name}: GPIO {pin} was driven low and still reads high; something else drives it.", False)
    return Outcome(f"{name}: GPIO {pin} is low{suffix}", safe=True, relay=relay)


def _why(pin: int, error: BaseException) -> str:
    users = gpio_users(Path("/proc"))
    who = "process " + " or ".join(map(str, users)) if users else "a program that sudo gpioinfo names"
    kill = f"sudo kill -9 {' '.join(map(str, users))}" if users else "kill it"
    return (
        f"GPIO {pin} cannot be opened ({error}). If {who} holds it: {kill}, then run flameout make-safe again, "
        "for a killed program may leave its line high."
    )


def gpio_users(proc: Path) -> list[int]:
    """The processes that hold a GPIO chip or line, as far as we may look."""
    users = []
    for process in proc.iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()):
            with contextlib.suppress(OSError):  # it ended, or belongs to another user
                targets = [os.readlink(descriptor) for descriptor in (process / "fd").iterdir()]
                if any(target.startswith(("/dev/gpiochip", "anon_inode:gpio")) for target in targets):
                    users.append(int(process.name))
    return sorted(users)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Open the lines, say what became of each, and leave: 0 when all of them are low, else 1."""
    parser = argparse.ArgumentParser(
        prog="flameout make-safe", description="Open every configured relay line now, without a daemon."
    )
    parser.add_argument("--config", metavar="FILE", help="instead of $FLAMEOUT_CONFIG or /etc/flameout/flameout.toml")
    parser.add_argument("--list", metavar="FILE", help="touch no line, but write into FILE which there are")
    arguments = parser.parse_args(argv)
    if arguments.list is not None:
        sys.exit(list_lines(arguments.config, Path(arguments.list)))
    outcomes = open_every_line(arguments.config)
    safe = all(outcome.safe for outcome in outcomes)
    with contextlib.suppress(OSError):  # nobody may be there to read it
        for outcome in outcomes:
            print(outcome.sentence, file=sys.stdout if outcome.safe else sys.stderr, flush=True)
        if not safe:
            print(KNOB, file=sys.stderr, flush=True)
    # Not by way of gpiozero's clean-up, which would make every line a floating input: Raspberry Pi kernels
    # keep a line of a process that just ends as it is, and that is low now.
    os._exit(0 if safe else 1)


if __name__ == "__main__":
    main()
