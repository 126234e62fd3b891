"""flameout.toml as the keeper reads it: with the standard library only, and trusting nobody's word.

:func:`read_document` is also how the controller reads the file, so both see the same text and the same
``FLAMEOUT_SECTION__KEY`` overrides. What the keeper needs to be safe it checks here by itself.
"""

import os
import re
import stat
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hardware.clock import Millis
from hardware.document import parse, problem
from hardware.durations import in_words, parse_duration
from hardware.permits import Caps

SYSTEM_FILE = Path("/etc/flameout/flameout.toml")
IDENTIFIER = r"[a-z0-9_-]{1,32}"

LEASE_LOWEST: Millis = 500
LEASE_HIGHEST: Millis = 10_000
PERMIT_CEILING: Millis = 12 * 3_600_000  # no configuration can ask for more
ENERGISED_CEILING: Millis = 24 * 3_600_000

DEFAULTS: dict[str, Any] = {
    "lease": "1s",
    "longest_permit": "6h",
    "longest_energised": "12h",
    "pin_factory": "lgpio",
}
DEFAULT_HOLD_OPEN = "10s"
DEFAULT_BURNERS: list[dict[str, Any]] = [{"id": "left", "name": "Left", "relay": {"pin": 17}}]


SHORTEST_PULSE_HZ = 5.0  # a charge pump that bridges slower pulses would hold the relay for too long
LONGEST_PULSE_HZ = 50.0  # faster, a busy Pi drops edges


class BadSettings(Exception):
    """The configuration cannot be used; each line of the text names a key, its value and the cure."""


@dataclass(frozen=True)
class Pulse:
    """A pulsed drive: the pin is high for ``on`` ms and low for ``off`` ms, again and again."""

    on: Millis
    off: Millis


@dataclass(frozen=True)
class Probe:
    """A thermocouple's channel of an analogue-to-digital converter, behind an amplifier of ``gain``."""

    adc: str  # ads1115 | mcp3008
    channel: int
    gain: float = 1.0


@dataclass(frozen=True)
class Wiring:
    """One burner's pins, BCM numbers. Contact and flame inputs are dry contacts to ground, pulled up."""

    id: str
    relay: int
    contact: int | None = None
    contact_active: str = "low"
    flame_pin: int | None = None
    flame_active: str = "low"
    probe: Probe | None = None
    second_relay: int | None = None  # in series with the first
    pulse: Pulse | None = None  # of every relay of this burner; None: driven steadily

    @property
    def relays(self) -> tuple[int, ...]:
        """Its relay pins, one or two."""
        return (self.relay,) if self.second_relay is None else (self.relay, self.second_relay)


@dataclass(frozen=True)
class HardInput:
    """An input that opens every line in the keeper itself, or a button that only tells."""

    id: str
    pin: int
    active: str


@dataclass(frozen=True)
class KeeperSettings:
    """All that the keeper needs to know."""

    caps: Caps
    pin_factory: str
    socket: Path | None
    burners: tuple[Wiring, ...]
    inputs: tuple[HardInput, ...] = ()
    buttons: tuple[HardInput, ...] = ()
    outputs: tuple[tuple[str, int], ...] = ()  # id and pin of buzzers, lamps and the hood's relay
    references: tuple[Probe, ...] = ()  # channels of a known voltage

    @property
    def fingerprint(self) -> str:
        """A short text that differs where anything but the socket does."""
        return f"{zlib.crc32(repr(replace(self, socket=None)).encode()):08x}"


def find_file(named: str | None) -> Path | None:
    """The configuration file to use: the named one, ``$FLAMEOUT_CONFIG``, the system's, or none."""
    if named is None:
        named = os.environ.get("FLAMEOUT_CONFIG")
    if named is not None:
        return Path(named)
    return SYSTEM_FILE if SYSTEM_FILE.exists() else None


def read_document(path: Path | None, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file as a mapping, with ``FLAMEOUT_SECTION__KEY=value`` laid over it; empty without a file.

    Raises :class:`BadSettings` where it cannot be read, is not TOML, holds what none needs, or others may write it.
    """
    document: dict[str, Any] = {}
    if path is not None:
        text = _text(path)
        try:
            document = parse(text)
        except ValueError as error:
            raise BadSettings(f"{path}: is not TOML: {error}") from None
    for name, value in (os.environ if environ is None else environ).items():
        match = re.fullmatch(r"FLAMEOUT_([A-Z]+)__([A-Z_]+)", name)
        if match:
            section = document.setdefault(match[1].lower(), {})
            if not isinstance(section, dict):
                raise BadSettings(f"{name}: {match[1].lower()} is no single table in {path}; set its keys there")
            section[match[2].lower()] = _environment_value(value)
    if wrong := problem(document):
        raise BadSettings(wrong)
    return document


def _text(path: Path) -> str:
    """What is in the file, which must be its owner's. Raises :class:`BadSettings`."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read().decode()
    except PermissionError:
        raise BadSettings(f"{path}: cannot be read: Permission denied; run this with sudo") from None
    except UnicodeDecodeError as error:
        raise BadSettings(f"{path}: cannot be read: byte {error.start} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise BadSettings(f"{path}: cannot be read: {error.strerror or error}") from None
    if mode & stat.S_IWOTH:
        raise BadSettings(f"{path}: others may write it, and so move a safety limit; run: chmod o-w {path}")
    return text


def _environment_value(text: str) -> Any:
    """TOML where it is TOML (true, 8520, ["a"]), else the text itself."""
    try:
        return parse(f"value = {text}")["value"]
    except ValueError:
        return text


def relay_pin_problem(pin: int) -> str | None:
    """Why a relay must not be on this BCM pin, as the end of a sentence that starts with its number."""
    if 0 <= pin <= 8:
        return "is pulled up at power-on, so the relay would close during boot; use 9 to 27"
    if not 9 <= pin <= 27:
        return "is not on the 40-pin header; use 9 to 27"
    return None


def input_pin_problem(pin: int) -> str | None:
    """Why an input cannot be on this BCM pin."""
    return None if 0 <= pin <= 27 else "is not on the 40-pin header; use 0 to 27"


def lease_problem(lease: Millis) -> str | None:
    """Why a lease of this length would not do."""
    if lease < LEASE_LOWEST:
        return "is shorter than 0.5s, so that a busy moment would put the flame out; use 0.5s to 10s"
    if lease > LEASE_HIGHEST:
        return "is longer than 10s, so that a hung controller would keep the gas on; use 0.5s to 10s"
    return None


def keeper_settings(document: Mapping[str, Any]) -> KeeperSettings:
    """The keeper's part of the document, checked. Raises :class:`BadSettings` at the first problem."""
    try:
        return _keeper_settings(document)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:  # inf is no channel
        raise BadSettings(f"the keeper cannot use this configuration ({error}); run: flameout check-config") from None


def _keeper_settings(document: Mapping[str, Any]) -> KeeperSettings:
    keeper = DEFAULTS | dict(document.get("keeper", {}))
    hold_open = parse_duration(document.get("limits", {}).get("hold_open", DEFAULT_HOLD_OPEN))
    caps = Caps(
        lease=parse_duration(keeper["lease"]),
        longest_permit=parse_duration(keeper["longest_permit"]),
        longest_energised=parse_duration(keeper["longest_energised"]),
        pause=hold_open - hold_open // 10,  # the controller's hold begins before its word is here
    )
    _require_none(f"keeper.lease: {keeper['lease']}", lease_problem(caps.lease))
    if not 0 < caps.longest_permit <= PERMIT_CEILING:
        raise BadSettings(f"keeper.longest_permit: {keeper['longest_permit']} is not within {in_words(PERMIT_CEILING)}")
    if not 0 < caps.longest_energised <= ENERGISED_CEILING:
        raise BadSettings(
            f"keeper.longest_energised: {keeper['longest_energised']} is not within {in_words(ENERGISED_CEILING)}"
        )
    if hold_open <= 0:  # it ends longest_energised
        raise BadSettings(f"limits.hold_open: {in_words(hold_open)} is not a pause; use 1s or more")
    burners, inputs, buttons, outputs = _wired(document)
    references = tuple(_probe(entry) for entry in document.get("references", []))
    socket = keeper.get("socket")
    if not isinstance(keeper["pin_factory"], str):
        raise TypeError(f"keeper.pin_factory: {keeper['pin_factory']!r} is not a name")
    return KeeperSettings(
        caps, keeper["pin_factory"], Path(socket) if socket else None, burners, inputs, buttons, outputs, references
    )


_Wired = tuple[tuple[Wiring, ...], tuple[HardInput, ...], tuple[HardInput, ...], tuple[tuple[str, int], ...]]


def _wired(document: Mapping[str, Any]) -> _Wired:
    """What is on the pins: burners, hard inputs, buttons and outputs."""
    burners = tuple(_wiring(entry) for entry in document.get("burners", DEFAULT_BURNERS))
    inputs = tuple(
        _input(entry["id"], entry["input"]) for entry in document.get("interlocks", []) if "mqtt" not in entry
    )
    buttons = tuple(_input(entry["id"], entry) for entry in document.get("buttons", []))
    outputs = tuple((entry["id"], _pin(entry["pin"])) for entry in document.get("outputs", []))
    for wiring in burners:
        for pin in wiring.relays:
            _require_none(f"burner {wiring.id}: relay pin {pin}", relay_pin_problem(pin))
    pins = [pin for wiring in burners for pin in (*wiring.relays, wiring.contact, wiring.flame_pin) if pin is not None]
    pins += [entry.pin for entry in (*inputs, *buttons)] + [pin for _, pin in outputs]
    if not burners:
        raise BadSettings("burners: there is none; add a [[burners]] table")
    if len({wiring.id for wiring in burners}) != len(burners):
        raise BadSettings("burners: two have the same id")
    for table, ids in (
        ("interlocks", [entry.id for entry in inputs]),
        ("buttons", [entry.id for entry in buttons]),
        ("outputs", [name for name, _ in outputs]),
    ):
        if len(set(ids)) != len(ids):
            raise BadSettings(f"{table}: two have the same id")
    if len(set(pins)) != len(pins):
        raise BadSettings("two things share a pin; run: flameout check-config")
    return burners, inputs, buttons, outputs


def _wiring(entry: Mapping[str, Any]) -> Wiring:
    if not re.fullmatch(IDENTIFIER, entry["id"]):
        raise BadSettings(f"burners.id: {entry['id']!r} does not match {IDENTIFIER}")
    relay, contact, flame = entry["relay"], entry.get("contact") or {}, entry.get("flame") or {}
    if relay.get("active", "high") != "high":
        raise BadSettings(
            f"burner {entry['id']}: an active-low relay closes while the Pi boots; use an active-high one"
        )
    return Wiring(
        id=entry["id"],
        relay=_pin(relay["pin"]),
        contact=_pin(contact["pin"]) if contact else None,
        contact_active=_level(contact.get("active", "low")),
        flame_pin=_pin(flame["pin"]) if flame.get("kind") == "digital" else None,
        flame_active=_level(flame.get("active", "low")),
        probe=_probe(flame) if flame.get("kind") == "thermocouple" else None,
        second_relay=_pin(relay["second_pin"]) if relay.get("second_pin") is not None else None,
        pulse=_pulse(relay),
    )


def _input(name: str, entry: Mapping[str, Any]) -> HardInput:
    return HardInput(name, _pin(entry["pin"]), _level(entry.get("active", "low")))


def _probe(entry: Mapping[str, Any]) -> Probe:
    return Probe(str(entry["adc"]), int(entry["channel"]), float(entry.get("gain") or 1.0))


def _pulse(relay: Mapping[str, Any]) -> Pulse | None:
    drive = relay.get("drive", "steady")
    if drive == "steady":
        return None
    frequency, duty = float(relay.get("frequency_hz", 25.0)), float(relay.get("duty", 0.5))
    if drive != "pulse" or not SHORTEST_PULSE_HZ <= frequency <= LONGEST_PULSE_HZ or not 0.2 <= duty <= 0.8:
        raise ValueError(f"drive {drive!r} at {frequency} Hz and duty {duty} is none")
    period = 1000 / frequency
    return Pulse(round(period * duty), round(period * (1 - duty)))


def _pin(number: Any) -> int:
    if type(number) is not int or input_pin_problem(number):
        raise ValueError(f"{number!r} is not a BCM pin number")
    return number


def _level(text: Any) -> str:
    if text not in ("low", "high"):
        raise ValueError(f"{text!r} is neither low nor high")
    return str(text)


def _require_none(what: str, problem: str | None) -> None:
    if problem:
        raise BadSettings(f"{what} {problem}")
