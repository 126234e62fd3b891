"""Every problem of a configuration at once, in sentences that name the key, its value and the cure."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from controller import secret_file
from controller.config import Config
from controller.config_wiring import ReferenceConfig, ThermocoupleFlame
from hardware.durations import in_words
from hardware.settings import DEFAULT_BURNERS, BadSettings, find_file, read_document

BUS_PINS = {"ads1115": (2, 3), "mcp3008": (7, 8, 9, 10, 11)}  # I2C and SPI


@dataclass(frozen=True)
class Problem:
    """One thing to mend: ``burners[1].relay.pin: 4 is pulled up at power-on, …; use 9 to 27``."""

    key: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}"


def load(named: str | None) -> Config:
    """The configuration of the named file, of ``$FLAMEOUT_CONFIG``, the system's, or the defaults.

    Raises :class:`BadSettings` whose text lists every problem, one a line.
    """
    config, problems = check(read_document(find_file(named)))
    if config is None or problems:
        raise BadSettings("\n".join(map(str, problems)))
    return config


def check(document: Mapping[str, Any]) -> tuple[Config | None, list[Problem]]:
    """The configuration, and everything that is wrong with it; None where it is too wrong to be one."""
    given = dict(document)
    document = {"burners": DEFAULT_BURNERS} | given
    wired = given if "burner" in given else document  # [[burner]] is meant to be there, and the default is not
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        return None, [_problem(details) for details in error.errors()] + list(_pins_used_twice(wired))
    return config, [*_pins_used_twice(wired), *_bus_pins(config, document), *_contradictions(config)]


_SHAPES = {
    "list_type": "no list; write [[…]] with two brackets for a table of it, or [ … ] for values",
    "model_type": "no table; write { … }",
    "model_attributes_type": "no table; write { … }",
    "int_type": "no whole number; write it without quotes, like 17",
    "float_type": "no number; write it without quotes, like 2.5",
    "bool_type": "neither true nor false; write one of them, without quotes",
    "string_type": "no text; write it in straight quotes",
}


def _problem(details: Any) -> Problem:
    location = [part for part in details["loc"] if not _is_union_tag(part, details["loc"])]
    key = _key(location)
    shown = repr(details["input"]) if isinstance(details["input"], str | int | float | bool) else ""
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(key, "is not a known key" + _nearest(location))
    if kind == "missing":
        return Problem(key, "is missing")
    if kind == "value_error":
        return Problem(key, f"{shown} {context['error']}".strip())
    if kind == "union_tag_invalid":
        key, shown, context = f"{key}.kind", repr(context["tag"]), {"expected": context["expected_tags"]}
    if kind in ("literal_error", "union_tag_invalid"):
        return Problem(key, _literal_sentence(key, shown, context["expected"]))
    if kind == "string_pattern_mismatch" and key.endswith("id"):
        return Problem(key, f"{shown} may have 1 to 32 of a-z, 0-9, _ and - only")
    said = "".join(character if character.isprintable() else "�" for character in details["msg"])
    what = _SHAPES.get(kind) or f"wrong: {said[0].lower()}{said[1:]}"
    return Problem(key, f"{shown} is {what}".strip())


def _literal_sentence(key: str, shown: str, expected: str) -> str:
    if key.endswith("relay.active"):
        return "an active-low relay closes while the Pi boots; use an active-high one"
    return f"{shown} is not known; use {expected}"


def _is_union_tag(part: Any, location: tuple[Any, ...]) -> bool:
    """pydantic names the chosen member of a union in the location; the file has no such key."""
    index = location.index(part)
    return index > 0 and location[index - 1] == "flame" and part in ("digital", "thermocouple")


def _key(location: list[Any]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def _nearest(location: list[Any]) -> str:
    """The known key that is meant, as far as it can be guessed."""
    import difflib  # noqa: PLC0415 - for mistakes only

    here = _model_at([part for part in location[:-1] if not isinstance(part, int)])
    known = [name for model in here for name in model.model_fields]
    match = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    if match:
        return f"; did you mean {_key([*location[:-1], match[0]])}?"
    return f"; known here are {', '.join(sorted(set(known)))}"


def _model_at(path: list[Any]) -> list[type[BaseModel]]:
    models: list[type[BaseModel]] = [Config]
    for part in path:
        models = [
            found for model in models if part in model.model_fields for found in _models_in(model.model_fields[part])
        ]
    return models


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    annotation = getattr(annotation, "annotation", annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models_in(inner)


def _pins_used_twice(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Read from the raw document, so that it is found beside whatever else is wrong."""
    users: dict[int, str] = {}
    for key, pin in _pins(document, ""):
        if pin in users:
            yield Problem(key, f"{pin} is used by {users[pin]} already; every pin can serve one thing only")
        else:
            users[pin] = key


def _pins(value: Any, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            name = f"{path}.{key}" if path else str(key)
            if key in ("pin", "second_pin") and type(inner) is int:
                yield name, inner
            else:
                yield from _pins(inner, name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _pins(inner, f"{path}[{index}]")


def _contradictions(config: Config) -> Iterator[Problem]:
    """What is right by itself and wrong together."""
    yield from _repeated("burners", [burner.id for burner in config.burners])
    yield from _repeated("interlocks", [interlock.id for interlock in config.interlocks])
    yield from _repeated("buttons", [button.id for button in config.buttons])
    yield from _repeated("outputs", [output.id for output in config.outputs])
    places = [f"column {at.column}, row {at.row}" for burner in config.burners if (at := burner.position) is not None]
    yield from (
        Problem("burners", f"{place} has two burners; give each a position of its own")
        for place in sorted({place for place in places if places.count(place) > 1})
    )
    yield from _sensing(config)
    yield from _unknown_burners(config)
    for index, interlock in enumerate(config.interlocks):
        if interlock.mqtt is not None and config.mqtt is None:
            yield Problem(f"interlocks[{index}].mqtt", "can never speak without a broker; add the [mqtt] table")
    for index, lock in enumerate(config.locks):
        if lock.start == lock.end:
            yield Problem(f"locks[{index}].to", f"{lock.end:%H:%M} is the same as from, so the lock never begins")
    if config.limits.longest_timer > config.keeper.longest_permit:
        yield Problem(
            "limits.longest_timer",
            f"{in_words(config.limits.longest_timer)} is longer than keeper.longest_permit "
            f"({in_words(config.keeper.longest_permit)}), which would end it early; raise that one or lower this",
        )
    if not config.rest.require_token and not is_loopback(config.rest.host):
        yield Problem(
            "rest.require_token",
            f'false would let everybody who reaches {config.rest.host} set timers; use true, or host = "127.0.0.1"',
        )
    yield from _missing_files(config)


def _sensing(config: Config) -> Iterator[Problem]:
    probes: list[tuple[str, ReferenceConfig | ThermocoupleFlame]] = [
        (f"references[{index}]", entry) for index, entry in enumerate(config.references)
    ]
    used: dict[tuple[str, int], str] = {}
    for index, burner in enumerate(config.burners):
        if burner.relay.second_pin is not None and burner.contact is None:
            yield Problem(
                f"burners[{index}].contact",
                "is missing: a second relay is tested by the contact of the pair; wire and name it",
            )
        flame = burner.flame
        if flame is None or flame.kind != "thermocouple":
            continue
        key = f"burners[{index}].flame"
        probes.append((key, flame))
        if flame.out_below_mv >= flame.lit_above_mv:
            yield Problem(
                f"{key}.out_below_mv", f"{flame.out_below_mv} must be below lit_above_mv {flame.lit_above_mv}"
            )
    for key, probe in probes:
        if probe.adc == "mcp3008" and probe.gain is None:
            yield Problem(
                f"{key}.gain",
                "is missing: an MCP3008 steps by 3.2 mV and a flame gives 10 to 30; name the amplifier's gain, e.g. 50",
            )
        if probe.adc == "ads1115" and probe.channel > 3:
            yield Problem(f"{key}.channel", f"{probe.channel} is not on an ADS1115; use 0 to 3")
        other = used.setdefault((probe.adc, probe.channel), key)
        if other != key:
            yield Problem(f"{key}.channel", f"{probe.channel} of the {probe.adc} is used by {other} already")


def _bus_pins(config: Config, document: Mapping[str, Any]) -> Iterator[Problem]:
    """A converter's bus needs its pins for itself."""
    adcs = {reference.adc for reference in config.references}
    adcs |= {b.flame.adc for b in config.burners if b.flame is not None and b.flame.kind == "thermocouple"}
    for key, pin in _pins(document, ""):
        for adc in sorted(adcs):
            if pin in BUS_PINS[adc]:
                yield Problem(key, f"{pin} belongs to the bus of the {adc}; use another pin")


def _unknown_burners(config: Config) -> Iterator[Problem]:
    known = [burner.id for burner in config.burners]
    for table in ("locks", "buttons", "outputs"):
        for index, entry in enumerate(getattr(config, table)):
            for name in entry.burners:
                if name not in known:
                    yield Problem(
                        f"{table}[{index}].burners", f"{name!r} is not a burner's id; known are {', '.join(known)}"
                    )


def _repeated(section: str, ids: list[str]) -> Iterator[Problem]:
    for index, identifier in enumerate(ids):
        if identifier in ids[:index]:
            yield Problem(f"{section}[{index}].id", f"{identifier!r} is the id of another one already; ids are unique")


def _missing_files(config: Config) -> Iterator[Problem]:
    named: list[tuple[str, str | None]] = []
    if config.rest.tls is not None:
        named += [("rest.tls.cert", config.rest.tls.cert), ("rest.tls.key", config.rest.tls.key)]
    if config.mqtt is not None:
        named.append(("mqtt.password_file", config.mqtt.password_file))
        if not isinstance(config.mqtt.tls, bool):
            tls = config.mqtt.tls
            named += [("mqtt.tls.ca", tls.ca), ("mqtt.tls.cert", tls.cert), ("mqtt.tls.key", tls.key)]
    for key, path in named:
        if path is None:
            continue
        try:
            Path(path).open("rb").close()
        except OSError as error:
            yield Problem(key, f"{path!r} cannot be read: {error.strerror}")
    wrong = secret_file.problem(Path(config.notify.urls_file)) if config.notify is not None else None
    if wrong is not None:
        yield Problem("notify.urls_file", wrong)


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
