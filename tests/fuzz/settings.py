"""The configuration: any text ends in sentences that name a key, or in settings within the bounds.

An input is a flameout.toml; lines ``#! FLAMEOUT_SECTION__KEY=value`` are the environment.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from api.cli.configuration import examine
from controller.config import Config
from hardware.settings import BadSettings, KeeperSettings, keeper_settings, read_document
from tests.fuzz.target import Target, Try, demand

SECOND, HOUR = 1_000, 3_600_000
ROOT = Path(__file__).parent.parent.parent
_OVERRIDE = re.compile(rb"^#! (FLAMEOUT_[A-Z]+__[A-Z_]+)=([^\0\n]*)$", re.MULTILINE)
BURNER = '[[burners]]\nid = "left"\nname = "Left"\nrelay = { pin = 17 }\n'
FULL = """\
[stove]
id = "kitchen"
idle = "locked"
[limits]
longest_timer = "2h"
hold_open = "10s"
[keeper]
lease = "0.5s"
longest_permit = "PT12H"
longest_energised = "24h"
pin_factory = "simulated"
[[burners]]
id = "left"
name = "Left"
relay = { pin = 17, second_pin = 18, drive = "pulse", frequency_hz = 25, duty = 0.5 }
contact = { pin = 22, active = "high" }
flame = { kind = "thermocouple", adc = "ads1115", channel = 0, lit_above_mv = 4.0, out_below_mv = 2.5 }
position = { column = 1, row = 2, size = "large" }
[[burners]]
id = "right"
name = "Right"
relay = { pin = 27 }
flame = { kind = "digital", pin = 23 }
[[references]]
adc = "ads1115"
channel = 3
millivolts = 100
[[interlocks]]
id = "gas"
input = { pin = 5 }
[[interlocks]]
id = "away"
mqtt = { topic = "home/away", silent_after = "1h" }
reset = "auto"
[[locks]]
from = "23:00"
to = "06:00"
[sweep]
at = "23:30"
[[buttons]]
id = "stop"
pin = 6
does = "shut_off"
[[outputs]]
id = "buzzer"
kind = "buzzer"
pin = 12
burners = ["left"]
[rest]
host = "0.0.0.0"
port = 8520
allowed_hosts = ["stove.local"]
[page]
presets = ["5m"]
[mqtt]
host = "broker"
tls = true
[journal]
keep = "30d"
"""


@contextlib.contextmanager
def begin() -> Iterator[Try]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "flameout.toml"

        def try_one(data: bytes) -> None:
            file.write_bytes(data)
            given = {name.decode(): os.fsdecode(value) for name, value in _OVERRIDE.findall(data)}
            with mock.patch.dict(os.environ, given):
                _the_keeper_alone(file)
                _both(file)

        yield try_one


def _the_keeper_alone(file: Path) -> None:
    """It reads the file before anybody else has, and trusts nobody."""
    try:
        settings = keeper_settings(read_document(file))
    except BadSettings as error:
        demand(str(error), "the keeper says nothing")
    else:
        _within_bounds(settings)


def _both(file: Path) -> None:
    config, problems = examine(file)
    for problem in problems:
        demand(problem.key and problem.sentence, f"{problem!r} is no sentence about a key")
        demand(str(problem).isprintable(), f"{str(problem)!r} is not one line that can be shown")
    demand(config is not None or problems, "neither a configuration nor a problem")
    if config is None or problems:
        return
    settings = keeper_settings(read_document(file))
    _within_bounds(settings)
    _consistent(config, settings)


def _within_bounds(settings: KeeperSettings) -> None:
    """The bounds of the safety argument, written down once more."""
    caps = settings.caps
    demand(SECOND // 2 <= caps.lease <= 10 * SECOND, f"a lease of {caps.lease} ms")
    demand(0 < caps.longest_permit <= 12 * HOUR, f"permits of {caps.longest_permit} ms")
    demand(0 < caps.longest_energised <= 24 * HOUR, f"energised for {caps.longest_energised} ms")
    demand(caps.pause > 0, "no pause")
    demand(settings.burners, "no burner")
    relays = [pin for burner in settings.burners for pin in (burner.relay, burner.second_relay) if pin is not None]
    demand(all(9 <= pin <= 27 for pin in relays), f"relays on {relays}")
    inputs = [pin for burner in settings.burners for pin in (burner.contact, burner.flame_pin) if pin is not None]
    inputs += [entry.pin for entry in (*settings.inputs, *settings.buttons)]
    everything = relays + inputs + [pin for _, pin in settings.outputs]
    demand(len(set(everything)) == len(everything), f"a pin is used twice: {sorted(everything)}")
    demand(all(0 <= pin <= 27 for pin in everything), f"a pin is none: {sorted(everything)}")
    for pulse in (burner.pulse for burner in settings.burners if burner.pulse is not None):
        period = pulse.on + pulse.off
        demand(19 <= period <= 201 and 0.15 <= pulse.on / period <= 0.85, f"pulses of {pulse}")


def _consistent(config: Config, settings: KeeperSettings) -> None:
    """What the controller took is right, and the same as what the keeper took."""
    caps, limits = settings.caps, config.limits
    demand(config.keeper.lease == caps.lease, "two leases")
    demand(
        limits.hold_open - limits.hold_open // 10 == caps.pause and SECOND <= limits.hold_open <= HOUR // 6,
        f"a pause of {caps.pause} ms",
    )
    demand(limits.longest_timer <= caps.longest_permit, "a timer longer than any permit")
    demand(limits.longest_timer <= 12 * HOUR and limits.unattended <= 12 * HOUR, "a timer beyond the ceiling")
    demand(1 <= len(config.burners) <= 8, f"{len(config.burners)} burners")
    demand([burner.id for burner in config.burners] == [wiring.id for wiring in settings.burners], "other burners")
    demand(all(re.fullmatch(r"[a-z0-9_-]{1,32}", wiring.id) for wiring in settings.burners), "a burner's id")
    demand(all(9 <= output.pin <= 27 for output in config.outputs), "an output that is pulled up")
    local = config.rest.host == "localhost" or config.rest.host.startswith(("127.", "::1", "0:0:", "::ffff:127."))
    demand(config.rest.require_token or local, f"everybody may on {config.rest.host}")


def _no_lowest_pin() -> contextlib.AbstractContextManager[object]:
    """A relay on GPIO 4, which is pulled up at power-on, is let pass."""

    def problem(pin: int) -> str | None:
        return None if 4 <= pin <= 27 else "is not on the header"

    stack = contextlib.ExitStack()
    for place in ("hardware.settings.relay_pin_problem", "controller.config_types.relay_pin_problem"):
        stack.enter_context(mock.patch(place, problem))
    return stack


def _crash_on_unknown_keys() -> contextlib.AbstractContextManager[object]:
    return mock.patch("controller.config_check._nearest", lambda location: location[99])


def _any_lease() -> contextlib.AbstractContextManager[object]:
    return mock.patch("hardware.settings.lease_problem", return_value=None)


def _words() -> list[bytes]:
    names = set(re.findall(r"[a-z_]+", FULL)) | {"require_token", "allow_reset", "notify", "urls_file", "password_file"}
    texts = ['"10s"', '"0.4s"', '"13h"', "0x1f", "1e400", "inf", "nan", "true", "[[", "]]", '"\\u0000"', "= {", "}"]
    return [word.encode() for word in (*sorted(names), *texts, "#! FLAMEOUT_KEEPER__LEASE=", *map(str, range(28)))]


TARGET = Target(
    "the configuration",
    begin,
    {
        "nothing": b"",
        "one burner": BURNER.encode(),
        "everything": FULL.encode(),
        "the example": (ROOT / "deploy" / "flameout.toml.example").read_bytes(),
        "a low pin": BURNER.replace("17", "4").encode(),
        "a lease": f'[keeper]\nlease = "0.4s"\n{BURNER}'.encode(),
        "the environment": f"#! FLAMEOUT_KEEPER__LEASE=5s\n#! FLAMEOUT_REST__PORT=8521\n{BURNER}".encode(),
        "an unknown key": f"[stove]\nnaem = 1\n{BURNER}".encode(),
        "a flame": f'{BURNER}flame = {{ kind = "thermocouple", adc = "mcp3008", channel = 7, gain = 50 }}\n'.encode(),
        "files": b'[mqtt]\nhost = "b"\npassword_file = "none"\n[notify]\nurls_file = "none"\n',
    },
    _words(),
    {
        "a relay on GPIO 4 is let pass": _no_lowest_pin,
        "an unknown key ends in a crash": _crash_on_unknown_keys,
        "the keeper takes any lease": _any_lease,
    },
)
