"""What the doctor looks at around the program: configuration, certificates, disk, journal, daemon."""

import os
import platform
import sqlite3
import ssl
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from api.cli import configuration
from api.cli.address import Failed
from api.cli.client import Client
from api.cli.examine_broker import broker
from api.machine.machine import Machine, Row
from api.tls import certificates
from controller.config import Config
from controller.config_check import Problem
from controller.journal import verify

MIB = 1024 * 1024
_UNITS = ("flameout-keeper.service", "flameout.service")
WORN = 8  # tenths of a medium's writes
ENOUGH_DISK, TOO_LITTLE_DISK = 100 * MIB, 10 * MIB  # a year of journal is about a tenth of the first


def program(machine: Machine, config: Config | None, client: Client) -> Iterator[Row]:
    """Every examination of what the program needs, as far as that is known."""
    if config is not None:
        yield broker(config)
        yield certificate(config, time.time())
        yield disk(config)
        yield wear(machine, config)
        yield journal(config)
    yield daemon(client)
    yield units(machine)
    yield versions()


def config_file(path: Path | None, problems: list[Problem]) -> Row:
    """Whether the configuration is right."""
    name = str(path) if path else "no file, so the defaults"
    if not problems:
        return Row("configuration", "ok", name)
    found = str(problems[0]) if len(problems) == 1 else f"{name}: {configuration.count(problems)}"
    return Row("configuration", "fail", found, f"flameout check-config {path or ''}".strip())


def certificate(config: Config, now: float) -> Row:
    """Whether REST's certificate fits its key, and until when it is good."""
    what, tls = "certificate", config.rest.tls
    if tls is None:
        return Row(what, "skip", "REST without TLS")
    try:
        ends = certificates.ends(tls.cert, tls.key)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == certificates.HAS_EXPIRED:
            return Row(what, "fail", f"{tls.cert} has expired", _renewal(config, tls.cert))
        return Row(what, "warn", f"{tls.cert}: {error.verify_message}", "will the browsers and phones trust it?")
    except (OSError, ValueError) as error:
        found = f"{tls.cert} cannot be used: {error}"
        return Row(what, "fail", found, "do certificate and key belong together, and is the key without a password?")
    days = int((ends - now) / 86_400)
    until = time.strftime("%Y-%m-%d", time.gmtime(ends))
    if days < certificates.SOON:
        return Row(what, "warn", f"{tls.cert} is good until {until} only", _renewal(config, tls.cert))
    return Row(what, "ok", f"{tls.cert} is good until {until}")


def _renewal(config: Config, cert: str) -> str:
    """How to get a new one; the running daemon takes it by itself."""
    own = certificates.Files.beside(Path(config.journal.path)).server_cert
    return "sudo flameout certificate make" if Path(cert) == own else "put a new certificate and its key there"


def disk(config: Config) -> Row:
    """Whether the journal's disk can be written and has room."""
    folder = next(parent for parent in Path(config.journal.path).absolute().parents if os.path.isdir(parent))
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    found = f"{free // MIB} MiB free at {folder}"
    if status.f_flag & os.ST_RDONLY:
        return Row("disk", "fail", f"{folder} is mounted read-only", "is the card worn out? Look at: dmesg, mount")
    if free < ENOUGH_DISK:
        return Row("disk", "fail" if free < TOO_LITTLE_DISK else "warn", found, "free some space")
    return Row("disk", "ok", found)


def wear(machine: Machine, config: Config) -> Row:
    """How worn the journal's medium is, as far as it says so: eMMC does, SD cards only by the errors they make."""
    folder = next(parent for parent in Path(config.journal.path).absolute().parents if os.path.isdir(parent))
    device = os.stat(folder).st_dev
    block = (machine.root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    errors = machine.read(f"sys/fs/ext4/{block.name}/errors_count")
    if errors not in (None, "0"):
        cure = "look at dmesg, keep a copy of the journal, and replace the card soon"
        return Row("disk wear", "fail", f"the file system has counted {errors} errors", cure)
    for place in (block, block.parent):
        tenths = [int(tenth, 16) for tenth in (machine.read(f"{place}/device/life_time") or "").split()]
        if tenths:
            found = f"about {max(tenths) * 10} % of its writes are used up"
            worn = max(tenths) >= WORN
            return Row("disk wear", "warn" if worn else "ok", found, "replace it soon" if worn else "")
    if errors is None:
        return Row("disk wear", "skip", "this medium does not say")
    return Row("disk wear", "ok", "the file system has counted no errors; the card itself does not say")


def journal(config: Config) -> Row:
    """Whether the journal is as it was written."""
    path = Path(config.journal.path)
    try:
        if not path.exists():
            return Row("journal", "skip", f"there is none yet at {path}")
        if not os.access(path, os.R_OK):
            raise PermissionError
        broken = verify(path)
    except PermissionError:
        return Row("journal", "skip", f"{path} is not yours to read", "sudo flameout doctor")
    except sqlite3.Error as error:
        broken = f"{path} cannot be read: {error}"
    if broken:
        return Row("journal", "fail", broken, "keep a copy of it, move it away, and restart flameout")
    return Row("journal", "ok", f"every entry of {path} is as it was written")


def daemon(client: Client) -> Row:
    """Whether a daemon answers and decides."""
    try:
        status, said = client.healthy()
    except Failed:
        return Row("daemon", "warn", f"none answers at {client.url}", "flameout run, or systemctl status flameout")
    if status == 200:
        return Row("daemon", "ok", f"{client.url} decides, and its keeper answers")
    return Row("daemon", "fail", f"{client.url} answers {status}: {said[:100]}", "flameout status says more")


def units(machine: Machine) -> Row:
    """Whether systemd still starts keeper and daemon anew, and how often it had to."""
    what = "units"
    told = machine.run("systemctl", "show", "-p", "Id,LoadState,Result,NRestarts", *_UNITS) or ""
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in told.split("\n\n")]
    loaded = [block for block in blocks if block.get("LoadState") == "loaded"]
    if not loaded:
        return Row(what, "skip", "flameout is no service of this machine's")
    if gone := [block["Id"] for block in loaded if block.get("Result") == "start-limit-hit"]:
        found = f"{' and '.join(gone)} failed so often that systemd no longer starts it; the gas stays off"
        names = " ".join(_UNITS)
        cure = (
            f"journalctl -u {gone[0]} says why; then: sudo systemctl reset-failed {names}, sudo systemctl start {names}"
        )
        return Row(what, "fail", found, cure)
    again = {block["Id"]: block["NRestarts"] for block in loaded if block.get("NRestarts", "0") != "0"}
    if again:
        counts = " and ".join(f"{unit} {count} times" for unit, count in again.items())
        return Row(what, "warn", f"systemd has started {counts} anew", f"journalctl -u {next(iter(again))} says why")
    return Row(what, "ok", "systemd has not had to start anything anew")


def versions() -> Row:
    """What is installed."""
    names = ("flameout", "gpiozero", "paho-mqtt", "fastapi", "pydantic")
    installed = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in names)]
    return Row("versions", "ok", ", ".join(installed))
