"""The doctor's examinations: each looks at one thing and says what it found, and the cure."""

import os
import platform
import shutil
import socket
import sqlite3
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from api.cli.client import Client, Failed
from controller.config import Config
from controller.config_check import check
from controller.journal import verify
from hardware.settings import BadSettings, find_file, read_document

ENOUGH_DISK = 100 * 1024 * 1024  # bytes; a year of journal is about a tenth of it


@dataclass(frozen=True)
class Row:
    """One line of the table; ``result`` is ok, warn, fail or skip."""

    what: str
    result: str
    found: str
    cure: str = ""


def _run(*command: str) -> str | None:
    """What a command prints; None where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


@dataclass(frozen=True)
class Machine:
    """The machine that is examined; tests hand in another root and other answers."""

    root: Path = Path("/")
    run: Callable[..., str | None] = field(default=_run)

    def read(self, path: str) -> str | None:
        """A small file's text; None where it is not there."""
        try:
            return (self.root / path).read_text(errors="replace").strip().rstrip("\0")
        except OSError:
            return None

    def model(self) -> str | None:
        """The Raspberry Pi's model; None elsewhere."""
        model = self.read("proc/device-tree/model")
        return model if model and "Raspberry Pi" in model else None


def examine(machine: Machine, named: str | None, client: Client) -> list[Row]:
    """Every examination, in the order in which one would mend."""
    rows = list(_configuration(named))
    config = _config(named)
    rows += [*_kernel(machine), *_boot_levels(machine, config), *_watchdogs(machine)]
    rows += [*_factory(machine, config), *_time(machine), *_broker(config), *_certificates(config)]
    return [*rows, *_disk(config), _daemon(client), _versions()]


def _configuration(named: str | None) -> Iterator[Row]:
    path = find_file(named)
    try:
        _, problems = check(read_document(path))
    except BadSettings as error:
        yield Row("configuration", "fail", str(error), "flameout check-config")
        return
    if problems:
        yield Row("configuration", "fail", f"{len(problems)} problems in {path}", f"flameout check-config {path or ''}")
    else:
        yield Row("configuration", "ok", str(path) if path else "no file: the defaults")


def _config(named: str | None) -> Config:
    try:
        config, _ = check(read_document(find_file(named)))
    except BadSettings:
        config = None
    return config or Config()


def _kernel(machine: Machine) -> Iterator[Row]:
    model = machine.model()
    yield Row("kernel", "ok", f"{platform.release()} on {model or platform.machine()}")
    for driver in ("pinctrl_bcm2835", "pinctrl_rp1"):
        value = machine.read(f"sys/module/{driver}/parameters/persist_gpio_outputs")
        if value == "Y":
            cure = "add dtparam=strict_gpiod to /boot/firmware/config.txt and reboot"
            yield Row("lines after a kill", "warn", f"{driver} keeps outputs high when their owner is killed", cure)
        elif value == "N":
            yield Row("lines after a kill", "ok", f"{driver} lets outputs go when their owner is killed")
    if model is None:
        yield Row("lines after a kill", "skip", "no Raspberry Pi")


def _boot_levels(machine: Machine, config: Config) -> Iterator[Row]:
    text = machine.read("boot/firmware/config.txt") or machine.read("boot/config.txt")
    if text is None:
        yield Row("levels at boot", "skip", "no config.txt")
        return
    lines = [line.strip() for line in text.splitlines()]
    for burner in config.burners:
        pin = burner.relay.pin
        wanted = f"gpio={pin}=op,dl"
        if any(_sets_low(line, pin) for line in lines):
            yield Row("levels at boot", "ok", f"{burner.id}: config.txt drives GPIO {pin} low")
        else:
            found = f"{burner.id}: GPIO {pin} is left to its pull-down until the keeper starts"
            yield Row("levels at boot", "warn", found, f"add {wanted} to config.txt")


def _sets_low(line: str, pin: int) -> bool:
    name, _, rest = line.partition("=")
    pins, _, settings = rest.partition("=")
    return name == "gpio" and str(pin) in pins.split(",") and {"op", "dl"} <= set(settings.split(","))


def _watchdogs(machine: Machine) -> Iterator[Row]:
    if not (machine.root / "dev/watchdog").exists():
        yield Row("hardware watchdog", "warn", "there is no /dev/watchdog", "add dtparam=watchdog=on to config.txt")
    else:
        usec = machine.run("systemctl", "show", "-p", "RuntimeWatchdogUSec", "--value")
        if usec in (None, "", "0", "infinity"):
            cure = "set RuntimeWatchdogSec=15s in /etc/systemd/system.conf and reboot"
            yield Row("hardware watchdog", "warn", "nobody feeds it, so it guards nothing", cure)
        else:
            yield Row("hardware watchdog", "ok", f"systemd feeds it, timeout {usec}")
    panic = machine.read("proc/sys/kernel/panic")
    if panic in (None, "0"):
        cure = "sysctl kernel.panic=5, and the same line in /etc/sysctl.d/"
        yield Row("kernel panic", "warn", "the machine would stand still with its lines as they are", cure)
    else:
        yield Row("kernel panic", "ok", f"reboots (kernel.panic = {panic})")


def _factory(machine: Machine, config: Config) -> Iterator[Row]:
    name = config.keeper.pin_factory
    known = {point.name for point in entry_points(group="gpiozero_pin_factories")}
    if name not in known:
        yield Row("pin factory", "fail", f"{name} is not known", f"use one of {', '.join(sorted(known))}")
        return
    if name != "lgpio":
        yield Row("pin factory", "warn" if name == "simulated" else "ok", f"{name}", "lgpio drives real pins")
        return
    if find_spec("lgpio") is None:
        cure = 'pip install "flameout[pi]" up to Python 3.12, else apt install python3-lgpio'
        yield Row("pin factory", "fail", "lgpio is not installed", cure)
    chips = sorted((machine.root / "dev").glob("gpiochip*"))
    if not chips:
        yield Row("GPIO chip", "fail", "there is no /dev/gpiochip*", "is this a Raspberry Pi?")
    elif not any(os.access(chip, os.R_OK | os.W_OK) for chip in chips):
        yield Row("GPIO chip", "fail", f"{chips[0].name} may not be opened", "add the user to group gpio")
    else:
        yield Row("GPIO chip", "ok", chips[0].name)


def _time(machine: Machine) -> Iterator[Row]:
    if time.gmtime().tm_year < 2026:
        yield Row("time", "fail", f"the year is {time.gmtime().tm_year}", "connect to a network, or set the clock")
        return
    synchronised = machine.run("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    if synchronised == "no":
        yield Row("time", "warn", "not synchronised; timers do not mind, the journal does", "timedatectl set-ntp true")
    else:
        yield Row("time", "ok", "synchronised" if synchronised == "yes" else time.strftime("%Y-%m-%d %H:%M %Z"))


def _broker(config: Config) -> Iterator[Row]:
    if config.mqtt is None:
        yield Row("broker", "skip", "no [mqtt]")
        return
    port = config.mqtt.port or (8883 if config.mqtt.tls else 1883)
    where = f"{config.mqtt.host}:{port}"
    try:
        socket.create_connection((config.mqtt.host, port), timeout=2).close()
    except OSError as error:
        yield Row("broker", "warn", f"{where}: {error.strerror or error}", "is it running, and mqtt.host right?")
        return
    yield Row("broker", "ok", f"{where} answers")


def _certificates(config: Config) -> Iterator[Row]:
    if config.rest.tls is None:
        yield Row("certificate", "skip", "REST without TLS")
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(config.rest.tls.cert, config.rest.tls.key)
    except (OSError, ssl.SSLError) as error:
        yield Row("certificate", "fail", f"{config.rest.tls.cert}: {error}", "do certificate and key belong together?")
        return
    yield Row("certificate", "ok", config.rest.tls.cert)


def _disk(config: Config) -> Iterator[Row]:
    path = Path(config.journal.path)
    folder = next(parent for parent in path.parents if parent.exists())
    if not os.access(folder, os.W_OK):
        yield Row("disk", "fail", f"{folder} may not be written", "run this as the daemon's user, or remount the disk")
        return
    free = shutil.disk_usage(folder).free
    mib = free // (1024 * 1024)
    yield Row("disk", "ok" if free > ENOUGH_DISK else "warn", f"{mib} MiB free at {folder}", _disk_cure(free))
    if path.exists():
        try:
            broken = verify(path)
        except sqlite3.Error as error:
            broken = str(error)
        cure = "keep a copy of it, move it away and restart" if broken else ""
        yield Row("journal", "fail" if broken else "ok", broken or "every entry is as it was written", cure)


def _disk_cure(free: int) -> str:
    return "" if free > ENOUGH_DISK else "free some space"


def _daemon(client: Client) -> Row:
    try:
        status, said = client.healthy()
    except Failed as error:
        return Row("daemon", "warn", str(error))
    if status == 200:
        return Row("daemon", "ok", f"{client.url} decides, and its keeper answers")
    return Row("daemon", "fail", f"{client.url}: {said}", "flameout status says more")


def _versions() -> Row:
    names: tuple[Any, ...] = ("flameout", "gpiozero", "paho-mqtt", "fastapi", "pydantic")
    python = platform.python_version()
    return Row("versions", "ok", ", ".join([f"Python {python}", *(f"{name} {version(name)}" for name in names)]))
