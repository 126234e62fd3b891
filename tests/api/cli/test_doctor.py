"""``flameout doctor``: what each examination finds on machines of all kinds, and the cure that it names."""

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.cli import examine_broker, examine_program
from api.cli.address import find
from api.cli.client import Client
from api.cli.doctor import diagnose
from api.cli.examine_broker import broker
from api.machine import board as machine_board
from api.machine.machine import Machine, Row
from controller.config import Config
from tests.api.cli.certificates import EXPIRED, GOOD, KEY
from tests.api.cli.daemon import FakeDaemon, Shell
from tests.brokers import Mosquitto

YEAR = 365 * 86_400.0
AT_2026 = 56 * YEAR


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    """A Raspberry Pi with nothing set up."""
    machine = Machine(tmp_path / "pi", lambda *_: None)
    for path, text in {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/sys/kernel/osrelease": "6.12.47+rpt-rpi-v8\n",
        "proc/sys/kernel/panic": "0\n",
        "boot/firmware/config.txt": "dtparam=audio=on\n",
        "sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs": "Y\n",
        "dev/gpiochip0": "",
    }.items():
        put(machine, path, text)
    return machine


def put(machine: Machine, path: str, text: str) -> None:
    (machine.root / path).parent.mkdir(parents=True, exist_ok=True)
    (machine.root / path).write_text(text)


def answering(machine: Machine, **answers: str | None) -> Machine:
    """The machine with commands that answer, by the command's name."""
    return Machine(machine.root, lambda *command: answers.get(command[0]))


def config(*pins: int, **sections: Any) -> Config:
    burners = [{"id": f"b{pin}", "name": "B", "relay": {"pin": pin}} for pin in pins or (17,)]
    return Config.model_validate({"burners": burners, **sections})


def found(row: Row) -> tuple[str, str]:
    return row.result, row.cure


# --- the board ----------------------------------------------------------------------------------------------


def test_kernel_and_board_are_named(pi: Machine) -> None:
    assert machine_board.kernel(pi).found == "6.12.47+rpt-rpi-v8 on Raspberry Pi 4 Model B Rev 1.4"


@pytest.mark.parametrize("driver", ["pinctrl_bcm2835", "pinctrl_rp1"])
def test_a_kernel_that_keeps_lines_high_after_a_kill_is_warned_of(tmp_path: Path, driver: str) -> None:
    machine = Machine(tmp_path)
    put(machine, f"sys/module/{driver}/parameters/persist_gpio_outputs", "Y\n")
    row = machine_board.lines_after_a_kill(machine)
    assert found(row) == ("warn", "add dtparam=strict_gpiod to config.txt and reboot")
    put(machine, f"sys/module/{driver}/parameters/persist_gpio_outputs", "N\n")
    assert machine_board.lines_after_a_kill(machine).result == "ok"


def test_an_old_pi_kernel_without_the_switch_is_warned_of_and_another_machine_is_skipped(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine_board.lines_after_a_kill(machine).result == "skip"
    put(machine, "proc/device-tree/model", "Raspberry Pi 3")
    assert machine_board.lines_after_a_kill(machine).result == "warn"


def test_relay_lines_that_the_firmware_does_not_drive_low_get_the_exact_line(pi: Machine) -> None:
    row = machine_board.levels_at_boot(pi, config(17, 27))
    assert found(row) == ("warn", "add gpio=17,27=op,dl to config.txt")


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        ("gpio=17=op,dl", "ok"),
        ("gpio=17,27=op,dl", "ok"),
        ("gpio=16-20=pd,op,dl", "ok"),
        ("#gpio=17=op,dl", "warn"),
        ("gpio=17=op,dh", "warn"),
        ("gpio=17=ip,pd", "warn"),
        ("gpio=7=op,dl", "warn"),
        ("gpio=17=op,dl\ngpio=17=op,dh", "warn"),
        ("gpio=17=op,dh\n  gpio=17=op,dl", "ok"),
    ],
)
def test_config_txt_is_read_as_the_firmware_reads_it(pi: Machine, lines: str, result: str) -> None:
    put(pi, "boot/firmware/config.txt", lines)
    assert machine_board.levels_at_boot(pi, config(17)).result == result


def test_config_txt_is_found_where_bullseye_has_it(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine_board.levels_at_boot(machine, config()).result == "skip"
    put(machine, "boot/config.txt", "gpio=17=op,dl")
    assert machine_board.levels_at_boot(machine, config()).result == "ok"


def test_a_relay_on_the_serial_console_or_on_a_used_spi_pin_is_warned_of(pi: Machine) -> None:
    assert machine_board.pins(pi, config(14)).result == "warn"
    assert machine_board.pins(pi, config(10)).result == "ok"
    put(pi, "boot/firmware/config.txt", "dtparam=spi=on")
    assert "SPI" in machine_board.pins(pi, config(10)).found


def test_the_pins_in_use_are_listed(pi: Machine) -> None:
    burners = [{"id": "left", "name": "L", "relay": {"pin": 17}, "contact": {"pin": 22}}]
    assert machine_board.pins(pi, Config.model_validate({"burners": burners})).found == "left: relay 17, contact 22"


@pytest.mark.parametrize(
    ("timeout", "result"), [("15s", "ok"), ("0", "warn"), ("infinity", "warn"), ("", "warn"), (None, "skip")]
)
def test_a_watchdog_that_nobody_feeds_guards_nothing(pi: Machine, timeout: str | None, result: str) -> None:
    assert machine_board.watchdog(pi).result == "warn"
    put(pi, "dev/watchdog", "")
    assert machine_board.watchdog(answering(pi, systemctl=timeout)).result == result


def test_the_daemon_that_sees_no_devices_finds_the_watchdog_in_sysfs(pi: Machine) -> None:
    put(pi, "sys/class/watchdog/watchdog0/status", "0x8000\n")
    assert machine_board.watchdog(answering(pi, systemctl="15s")).result == "ok"


PINCTRL = """\
17: op dl pd | lo // GPIO17 = output
27: op    {} | lo // GPIO27 = output
"""


@pytest.mark.parametrize(
    ("told", "result", "says"),
    [
        (PINCTRL.format("pd"), "ok", "pulls the relays' lines low"),
        (PINCTRL.format("pu"), "warn", "GPIO 27 is pulled up"),
        (PINCTRL.format("pn"), "ok", "GPIO 27: none inside the Pi"),
        (PINCTRL.format("--"), "ok", "pulls"),
        ("", "skip", "resistor"),
        (None, "skip", "resistor"),
    ],
)
def test_what_pulls_the_relays_lines_is_said_as_far_as_the_pi_tells(
    pi: Machine, told: str | None, result: str, says: str
) -> None:
    row = machine_board.pull_downs(answering(pi, pinctrl=told), config(17, 27))
    assert (row.result, says in row.found) == (result, True), row


def test_a_second_relays_line_is_looked_at_too(pi: Machine) -> None:
    burners = [{"id": "left", "name": "L", "relay": {"pin": 17, "second_pin": 22}}]
    put(pi, "boot/firmware/config.txt", "gpio=17=op,dl")
    row = machine_board.levels_at_boot(pi, Config.model_validate({"burners": burners}))
    assert found(row) == ("warn", "add gpio=22=op,dl to config.txt")


UNITS = """\
Result={}
NRestarts={}
Id=flameout-keeper.service
LoadState={}

Result=success
NRestarts=0
Id=flameout.service
LoadState={}
"""


@pytest.mark.parametrize(
    ("told", "result", "says"),
    [
        (UNITS.format("success", 0, "loaded", "loaded"), "ok", "not had to"),
        (UNITS.format("watchdog", 3, "loaded", "loaded"), "warn", "flameout-keeper.service 3 times"),
        (UNITS.format("start-limit-hit", 10, "loaded", "loaded"), "fail", "the gas stays off"),
        (UNITS.format("success", 0, "not-found", "not-found"), "skip", "no service"),
        (None, "skip", "no service"),
    ],
)
def test_units_that_systemd_started_anew_or_gave_up_are_told(
    pi: Machine, told: str | None, result: str, says: str
) -> None:
    row = examine_program.units(answering(pi, systemctl=told))
    assert (row.result, says in row.found) == (result, True), row


def test_a_machine_that_stands_still_after_a_panic_is_warned_of(pi: Machine) -> None:
    row = machine_board.kernel_panic(pi)
    assert row.result == "warn"
    assert "kernel.panic = 5" in row.cure
    put(pi, "proc/sys/kernel/panic", "10\n")
    assert machine_board.kernel_panic(pi).result == "ok"


def test_a_pin_factory_that_nobody_registered_fails_with_the_known_ones(pi: Machine) -> None:
    row = machine_board.pin_factory(pi, config(keeper={"pin_factory": "lgpioo"}))
    assert row.result == "fail"
    assert "lgpio" in row.cure
    assert "simulated" in row.cure


def test_lgpio_that_cannot_be_imported_fails(pi: Machine) -> None:
    assert machine_board.pin_factory(pi, config()).result == "fail"
    assert machine_board.pin_factory(answering(pi, env="<built-in>"), config()).result == "ok"


def test_a_gpio_chip_that_is_missing_or_may_not_be_opened_fails(pi: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine_board.gpio_chip(pi).result == "ok"
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "gpio" in machine_board.gpio_chip(pi).cure
    assert machine_board.gpio_chip(pi).result == "fail"
    (pi.root / "dev/gpiochip0").unlink()
    assert machine_board.gpio_chip(pi).result == "fail"


@pytest.mark.parametrize(
    ("answer", "year", "result"), [("yes", 2026, "ok"), ("no", 2026, "warn"), (None, 2026, "ok"), ("yes", 1970, "fail")]
)
def test_a_clock_is_believed_when_it_is_synchronised_and_sane(
    pi: Machine, answer: str | None, year: int, result: str
) -> None:
    assert machine_board.clock(answering(pi, timedatectl=answer), year).result == result


def test_simulated_pins_are_not_examined(pi: Machine) -> None:
    rows = {row.what: row.result for row in machine_board.board(pi, config(keeper={"pin_factory": "simulated"}))}
    assert rows == {"kernel": "ok", "pins": "skip", "pin factory": "ok", "clock": "ok"}


# --- the program --------------------------------------------------------------------------------------------


def at_port(port: int, **more: str) -> Config:
    return config(mqtt={"host": "127.0.0.1", "port": port, **more})


def test_a_broker_that_lets_us_in_and_takes_what_we_write_is_ok() -> None:
    assert broker(config()).result == "skip"
    with Mosquitto() as there:
        row = broker(at_port(there.port))
        assert (row.result, row.found) == ("ok", f"127.0.0.1:{there.port} lets us in and takes what we write")
    gone = broker(at_port(there.port))
    assert gone.result == "fail"
    assert gone.found.startswith(f"127.0.0.1:{there.port} does not answer: ")


def test_a_broker_that_does_not_let_us_in_or_not_write_fails(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("right")
    rules = "allow_anonymous false\npassword_file {folder}/users\nacl_file {folder}/acl\n"
    with Mosquitto(settings=rules, started=False) as there:
        subprocess.run(["mosquitto_passwd", "-b", "-c", there.folder / "users", "hob", "right"], check=True)
        (there.folder / "acl").write_text("user hob\ntopic read flameout/#\n")
        there.start()
        nameless = broker(at_port(there.port))
        assert nameless.found.startswith(f"127.0.0.1:{there.port} does not let a client without a name in: ")
        row = broker(at_port(there.port, username="hob", password_file=str(tmp_path / "password")))
        assert "lets us in and does not take flameout/stove/heartbeat: Not authorized" in row.found
        assert "docs/broker.md" in row.cure


def test_what_listens_and_is_no_broker_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_broker, "ANSWERS_WITHIN", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        row = broker(at_port(server.getsockname()[1]))
    assert row.result == "fail"
    assert "says nothing" in row.found


def test_a_password_file_that_is_empty_is_said(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("")
    row = broker(at_port(1, username="hob", password_file=str(tmp_path / "password")))
    assert row.found.endswith("is empty")


@pytest.mark.parametrize(
    ("errors", "life", "result", "says"),
    [
        (None, None, "skip", "does not say"),
        ("0", None, "ok", "no errors"),
        ("3", None, "fail", "3 errors"),
        ("0", "0x02 0x01", "ok", "about 20 %"),
        (None, "0x01 0x09", "warn", "about 90 %"),
    ],
)
def test_how_worn_the_disk_is_is_said_as_far_as_it_says_so(
    pi: Machine, tmp_path: Path, errors: str | None, life: str | None, result: str, says: str
) -> None:
    device = tmp_path.stat().st_dev
    card = pi.root / "sys/devices/mmcblk0"
    (card / "mmcblk0p2").mkdir(parents=True)
    (card / "device").mkdir()
    (pi.root / "sys/dev/block").mkdir(parents=True)
    (pi.root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").symlink_to(card / "mmcblk0p2")
    if errors is not None:
        put(pi, "sys/fs/ext4/mmcblk0p2/errors_count", errors)
    if life is not None:
        put(pi, "sys/devices/mmcblk0/device/life_time", life)
    row = examine_program.wear(pi, config(journal={"path": str(tmp_path / "flameout.db")}))
    assert row.result == result
    assert says in row.found


@pytest.fixture
def tls(tmp_path: Path) -> Callable[[str, str], Config]:
    def with_files(cert: str, key: str) -> Config:
        (tmp_path / "cert.pem").write_text(cert)
        (tmp_path / "key.pem").write_text(key)
        return config(rest={"tls": {"cert": f"{tmp_path}/cert.pem", "key": f"{tmp_path}/key.pem"}})

    return with_files


@pytest.mark.parametrize(
    ("cert", "key", "now", "result", "says"),
    [
        (GOOD, KEY, AT_2026, "ok", "is good until 2120-01-01"),
        (GOOD, KEY, 4_733_510_400 - 86_400.0, "warn", "is good until 2120-01-01 only"),
        (EXPIRED, KEY, AT_2026, "fail", "has expired"),
        (GOOD, "no key", AT_2026, "fail", "cannot be used"),
        ("no certificate", KEY, AT_2026, "fail", "cannot be used"),
    ],
    ids=["good", "ends soon", "expired", "no key", "no certificate"],
)
def test_a_certificate_is_judged_by_its_dates_and_its_key(
    tls: Callable[[str, str], Config], cert: str, key: str, now: float, result: str, says: str
) -> None:
    row = examine_program.certificate(tls(cert, key), now)
    assert row.result == result
    assert says in row.found


def test_the_cure_for_our_own_certificate_is_our_own_command(tls: Callable[[str, str], Config], tmp_path: Path) -> None:
    strange = tls(EXPIRED, KEY)
    assert "put a new certificate" in examine_program.certificate(strange, AT_2026).cure
    folder = tmp_path / "tls"
    folder.mkdir()
    (folder / "server.crt").write_text(EXPIRED)
    rest = {"tls": {"cert": f"{folder}/server.crt", "key": f"{tmp_path}/key.pem"}}
    own = config(rest=rest, journal={"path": f"{tmp_path}/flameout.db"})
    assert examine_program.certificate(own, AT_2026).cure == "sudo flameout certificate make"


def test_without_tls_there_is_no_certificate() -> None:
    assert examine_program.certificate(config(), AT_2026).result == "skip"


@pytest.mark.parametrize(("mib", "read_only", "result"), [(500, False, "ok"), (50, False, "warn"), (5, False, "fail")])
def test_a_disk_is_judged_by_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mib: int, read_only: bool, result: str
) -> None:
    status = type("Status", (), {"f_bavail": mib, "f_frsize": 1024 * 1024, "f_flag": 0})
    monkeypatch.setattr("os.statvfs", lambda _: status)
    row = examine_program.disk(config(journal={"path": f"{tmp_path}/not/yet/there/flameout.db"}))
    assert (row.result, row.found) == (result, f"{mib} MiB free at {tmp_path}")


def test_a_read_only_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = type("Status", (), {"f_bavail": 500, "f_frsize": 1024 * 1024, "f_flag": 1})
    monkeypatch.setattr("os.statvfs", lambda _: status)
    assert "read-only" in examine_program.disk(config(journal={"path": f"{tmp_path}/flameout.db"})).found


def test_a_journal_is_verified(tmp_path: Path) -> None:
    there = config(journal={"path": f"{tmp_path}/flameout.db"})
    assert examine_program.journal(there).result == "skip"
    (tmp_path / "flameout.db").write_text("this is no database, and it is longer than a header " * 4)
    assert examine_program.journal(there).result == "fail"


def test_a_journal_of_somebody_else_is_skipped_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flameout.db").write_text("")
    monkeypatch.setattr("os.access", lambda *_: False)
    row = examine_program.journal(config(journal={"path": f"{tmp_path}/flameout.db"}))
    assert found(row) == ("skip", "sudo flameout doctor")


@pytest.mark.parametrize(("status", "result"), [(200, "ok"), (503, "fail")])
def test_a_daemon_is_judged_by_its_own_health(daemon: FakeDaemon, status: int, result: str) -> None:
    daemon.answer("GET /healthz", {"status": "ok"}, status)
    assert examine_program.daemon(Client(find(None, None, None))).result == result


def test_a_daemon_that_does_not_run_is_a_warning() -> None:
    assert examine_program.daemon(Client(find("http://127.0.0.1:1", None, None))).result == "warn"


# --- the whole ----------------------------------------------------------------------------------------------


def test_on_a_bare_pi_every_warning_and_failure_has_a_cure(pi: Machine) -> None:
    rows = diagnose(pi, None, Client(find("http://127.0.0.1:1", None, None)))
    assert {row.result for row in rows} == {"ok", "warn", "fail", "skip"}
    assert [row.what for row in rows if row.result in ("warn", "fail") and not row.cure] == []


def test_a_configuration_that_cannot_be_used_is_not_replaced_by_the_defaults(pi: Machine, tmp_path: Path) -> None:
    broken = tmp_path / "flameout.toml"
    broken.write_text("[burners\n")
    rows = {row.what: row for row in diagnose(pi, str(broken), Client(find("http://127.0.0.1:1", None, None)))}
    assert rows["configuration"].result == "fail"
    assert rows["pins"].result == "skip"
    assert "broker" not in rows


def test_the_exit_code_is_1_when_anything_fails_and_says_what(flameout: Shell, tmp_path: Path) -> None:
    file = tmp_path / "flameout.toml"
    file.write_text('[keeper]\npin_factory = "nobodys"\n')
    done = flameout("doctor", "--config", str(file), "--url", "http://127.0.0.1:1")
    assert done.code == 1
    assert "✖ fail  pin factory" in done.out
    assert "pin factory" in done.err
    assert done.err.startswith("flameout: not well: ")


def test_a_simulated_hob_is_well_on_any_machine(flameout: Shell, tmp_path: Path, daemon: FakeDaemon) -> None:
    daemon.answer("GET /healthz", {"status": "ok"})
    file = tmp_path / "flameout.toml"
    file.write_text('[keeper]\npin_factory = "simulated"\n')
    done = flameout("doctor", "--config", str(file), "--json")
    rows = json.loads(done.out)
    assert [row["what"] for row in rows if row["result"] == "fail"] == []
    assert done.code == 0
    assert set(rows[0]) == {"what", "result", "found", "cure"}
