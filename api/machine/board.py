"""What is looked at on the board: kernel, pins, watchdogs, pin factory, time."""

import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import entry_points

from api.machine.machine import Machine, Row
from controller.config import Config
from controller.config_wiring import BurnerConfig

_IMPORTS_LGPIO = "import lgpio; print(lgpio.gpiochip_open)"
_SPEAKING = {14: "the serial console may speak on it while the Pi boots", 15: "it is the serial console's input"}
_SPI = (9, 10, 11)  # 7 and 8 are no relay pins anyway


def board(machine: Machine, config: Config | None) -> Iterator[Row]:
    """Every examination of the board; where the pins are simulated or unknown, what is left of them."""
    yield kernel(machine)
    if config is None:
        yield Row("pins", "skip", "which there are is not known without the configuration")
        yield clock(machine, time.gmtime().tm_year)
        return
    if config.keeper.pin_factory == "simulated":
        yield Row("pins", "skip", "simulated, so there are no lines, watchdogs and boot levels to look at")
    else:
        yield pins(machine, config)
        yield pull_downs(machine, config)
        yield from guards(machine, config)
    yield pin_factory(machine, config)
    if config.keeper.pin_factory == "lgpio":
        yield gpio_chip(machine)
    yield clock(machine, time.gmtime().tm_year)


def guards(machine: Machine, config: Config) -> Iterator[Row]:
    """What of the machine opens the relays when flameout itself no longer can."""
    yield lines_after_a_kill(machine)
    yield levels_at_boot(machine, config)
    yield watchdog(machine)
    yield kernel_panic(machine)


def kernel(machine: Machine) -> Row:
    """Which kernel, on which board."""
    release = machine.read("proc/sys/kernel/osrelease") or platform.release()
    return Row("kernel", "ok", f"{release} on {machine.board() or platform.machine()}")


def lines_after_a_kill(machine: Machine) -> Row:
    """Whether the kernel keeps an output high after its owner was killed."""
    what = "lines after a kill"
    for driver in ("pinctrl_bcm2835", "pinctrl_rp1"):
        value = machine.read(f"sys/module/{driver}/parameters/persist_gpio_outputs")
        if value == "Y":
            found = f"{driver} keeps an output high after its owner was killed (persist_gpio_outputs=Y)"
            return Row(what, "warn", found, "add dtparam=strict_gpiod to config.txt and reboot")
        if value == "N":
            return Row(what, "ok", f"{driver} lets an output go when its owner is killed")
    if machine.board() is None:
        return Row(what, "skip", "this is not a Raspberry Pi")
    found = "this kernel has no persist_gpio_outputs; those before 2024 keep outputs high"
    return Row(what, "warn", found, "sudo apt full-upgrade, then add dtparam=strict_gpiod to config.txt")


def pins(machine: Machine, config: Config) -> Row:
    """Which pins are used, and whether something else speaks on a relay's."""
    spi = "dtparam=spi=on" in (machine.config_txt() or [])
    for burner in config.burners:
        pin = burner.relay.pin
        why = _SPEAKING.get(pin) or ("config.txt gives it to SPI (dtparam=spi=on)" if spi and pin in _SPI else None)
        if why:
            return Row("pins", "warn", f"{burner.id}: relay on GPIO {pin}: {why}", "take another pin, such as 17 or 27")
    return Row("pins", "ok", "; ".join(map(_wiring, config.burners)))


def _wiring(burner: BurnerConfig) -> str:
    used = [f"relay {burner.relay.pin}"]
    if burner.contact is not None:
        used.append(f"contact {burner.contact.pin}")
    if burner.flame is not None:
        used.append(f"flame {burner.flame.pin}" if burner.flame.kind == "digital" else "thermocouple")
    return f"{burner.id}: {', '.join(used)}"


def pull_downs(machine: Machine, config: Config) -> Row:
    """What pulls the relays' lines while nobody drives them, as far as the Pi tells."""
    what = "pull-downs"
    relays = _relay_pins(config)
    told = machine.run("pinctrl", "get", ",".join(map(str, relays)))
    pulls = {int(pin): pull for pin, pull in re.findall(r"^ *(\d+):.*? (pu|pd|pn) ", told or "", re.MULTILINE)}
    if not pulls:
        return Row(what, "skip", "no pinctrl tells; the resistor from each line to ground is what counts")
    up = [str(pin) for pin in relays if pulls.get(pin) == "pu"]
    if up:
        found = f"GPIO {', '.join(up)} is pulled up inside the Pi, which may close the relay while nobody drives it"
        return Row(what, "warn", found, "fit 10 kΩ from the line to ground, or take a pin from 9 to 27")
    without = [str(pin) for pin in relays if pulls.get(pin) == "pn"]
    if without:
        return Row(what, "ok", f"GPIO {', '.join(without)}: none inside the Pi; the resistor to ground does it")
    return Row(what, "ok", "the Pi pulls the relays' lines low as well")


def levels_at_boot(machine: Machine, config: Config) -> Row:
    """Whether the firmware drives every relay's line low until the keeper takes over."""
    what, lines = "levels at boot", machine.config_txt()
    if lines is None:
        return Row(what, "skip", "there is no config.txt")
    left = [str(pin) for pin in _relay_pins(config) if not _driven_low(lines, pin)]
    if left:
        found = f"GPIO {', '.join(left)}: only a pull-down keeps the relay open until the keeper starts"
        return Row(what, "warn", found, f"add gpio={','.join(left)}=op,dl to config.txt")
    return Row(what, "ok", "config.txt drives every relay's line low")


def _relay_pins(config: Config) -> list[int]:
    """The line of every relay, a second one in series too."""
    pairs = [(burner.relay.pin, burner.relay.second_pin) for burner in config.burners]
    return [pin for pair in pairs for pin in pair if pin is not None]


def _driven_low(lines: list[str], pin: int) -> bool:
    """By the last line that names the pin, as the firmware reads them."""
    low = False
    for line in lines:
        match = re.fullmatch(r"gpio=([0-9,-]+)=([a-z0-9,]+)", line)
        if match and any(_within(part, pin) for part in match[1].split(",")):
            low = {"op", "dl"} <= set(match[2].split(","))
    return low


def _within(part: str, pin: int) -> bool:
    first, _, last = part.partition("-")
    return first.isdigit() and int(first) <= pin <= int(last if last.isdigit() else first)


def watchdog(machine: Machine) -> Row:
    """Whether somebody feeds the hardware watchdog."""
    what = "hardware watchdog"
    there = ("dev/watchdog", "sys/class/watchdog/watchdog0")  # the daemon's unit sees no devices
    if not any((machine.root / path).exists() for path in there):
        return Row(what, "warn", "there is no /dev/watchdog", "add dtparam=watchdog=on to config.txt and reboot")
    timeout = machine.run("systemctl", "show", "-p", "RuntimeWatchdogUSec", "--value")
    if timeout is None:
        return Row(what, "skip", "there is no systemd to ask whether it is fed")
    if timeout in ("", "0", "infinity"):
        cure = "set RuntimeWatchdogSec=15s in /etc/systemd/system.conf.d/watchdog.conf under [Manager], and reboot"
        return Row(what, "warn", "nobody feeds it, so it guards nothing", cure)
    return Row(what, "ok", f"systemd feeds it; it bites after {timeout}")


def kernel_panic(machine: Machine) -> Row:
    """Whether the machine reboots after a panic; else it stands still with its lines as they are."""
    seconds = machine.read("proc/sys/kernel/panic")
    if seconds is None:
        return Row("kernel panic", "skip", "kernel.panic cannot be read")
    if seconds == "0":
        cure = "put kernel.panic = 5 into /etc/sysctl.d/90-flameout.conf and run: sudo sysctl --system"
        return Row("kernel panic", "warn", "the machine would stand still, its lines as they are", cure)
    return Row("kernel panic", "ok", f"the machine reboots (kernel.panic = {seconds})")


def pin_factory(machine: Machine, config: Config) -> Row:
    """Whether the configured pin factory is there; no pin is touched."""
    what, name = "pin factory", config.keeper.pin_factory
    known = {point.name for point in entry_points(group="gpiozero_pin_factories")}
    if name not in known:
        return Row(what, "fail", f"there is no {name!r}", f"use one of {', '.join(sorted(known))}")
    if name != "lgpio":
        return Row(what, "ok", name)
    if machine.run("env", f"LG_WD={tempfile.gettempdir()}", sys.executable, "-c", _IMPORTS_LGPIO) is None:
        cure = 'pip install "flameout[pi]" up to Python 3.12, else sudo apt install python3-lgpio'
        return Row(what, "fail", "lgpio cannot be imported", cure)
    return Row(what, "ok", "lgpio")


def gpio_chip(machine: Machine) -> Row:
    """Whether the GPIO chip is there and may be opened by whoever runs this."""
    chips = machine.gpio_chips()
    if not chips:
        return Row("GPIO chip", "fail", "there is no /dev/gpiochip*", "is this a Raspberry Pi?")
    if not any(map(machine.may_open, chips)):
        cure = "sudo usermod -aG gpio with the user that runs flameout, then log in anew"
        return Row("GPIO chip", "fail", f"/dev/{chips[0].name} may not be opened by you", cure)
    return Row("GPIO chip", "ok", ", ".join(chip.name for chip in chips))


def clock(machine: Machine, year: int) -> Row:
    """Whether the wall clock is believable; timers do not use it, journal and certificates do."""
    if year < 2026:
        return Row("clock", "fail", f"it says the year {year}", "connect to a network, or: sudo date -s …")
    synchronised = machine.run("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    if synchronised == "no":
        return Row("clock", "warn", "not synchronised; timers do not mind", "sudo timedatectl set-ntp true")
    return Row("clock", "ok", "synchronised" if synchronised == "yes" else "nobody says whether it is synchronised")
