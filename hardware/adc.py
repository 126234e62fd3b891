"""Analogue-to-digital converters that thermocouples and known voltages are wired to; every reading is in mV.

A reading can block for as long as its bus hangs: only :mod:`hardware.gauges` reads, in a process of its own.

Sources: Linux Documentation/ABI/testing/sysfs-bus-iio (raw times scale is mV) and drivers/iio/adc/ti-ads1015.c;
the ads1115 overlay of Raspberry Pi; datasheets TI SBAS444 (ADS1115) and Microchip DS21295 (MCP3008).
"""

import contextlib
import functools
import math
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from hardware.settings import Probe, keeper_settings

IIO = Path("/sys/bus/iio/devices")
IIO_VARIABLE = "FLAMEOUT_IIO"  # another folder than IIO, for odd boards and tests
DRIVER_NAMES = ("ads1115", "ads1015")  # the kernel's driver calls both ads1015
RANGES = (6144, 4096, 2048, 1024, 512, 256)  # ± mV; a range's place here is its number in the overlay's cha_gain
HIGHEST = 250  # mV before the amplifier, the most that a probe or a reference may be configured to show
SAMPLES_PER_SECOND = 128  # ADS1115 and ADS1015 both have it; a channel that the overlay leaves out would take 8

MCP3008_REFERENCE = 3300.0  # mV
MCP3008_STEPS = 1024  # 10 bits; a step is 3.2 mV
MCP3008_SAMPLES = 16  # their mean is finer than a step, where there is noise to dither it


class NoConverter(Exception):
    """The converter cannot be had; the text says which and what to do."""


class Reader(Protocol):
    """One channel of a converter."""

    def millivolts(self) -> float | None:
        """The voltage at the thermocouple, before the amplifier; None where it cannot be read. May block."""


def open_probe(probe: Probe, factory_name: str) -> Reader:
    """The channel that ``probe`` names; SPI goes by the named pin factory. Raises :class:`NoConverter`."""
    if probe.adc == "ads1115":
        return Ads1115(probe, Path(os.environ.get(IIO_VARIABLE, IIO)))
    if probe.adc == "mcp3008":
        return Mcp3008(probe, _pin_factory(factory_name))
    raise NoConverter(f"there is no converter {probe.adc!r}; known are ads1115 and mcp3008")


class Ads1115:
    """A channel of an ADS1115 or ADS1015 against ground, through the kernel's iio files."""

    def __init__(self, probe: Probe, root: Path = IIO) -> None:
        """Find it and set its range. Raises :class:`NoConverter`."""
        self._gain = probe.gain
        self._range = self.finest(probe.gain)
        device = next(_devices(root), None)
        if device is None:
            raise NoConverter(f"there is no ADS1115 below {root}; {self._cure(probe)}")
        self._channel = f"{device}/in_voltage{probe.channel}"
        self._shared_scale = device / "in_voltage_scale"
        if not Path(f"{self._channel}_raw").exists():
            raise NoConverter(f"the ADS1115 at {device} has no channel {probe.channel}; use 0 to 3")
        self._tune(device)

    @staticmethod
    def finest(gain: float) -> int:
        """The number of the finest range that holds the amplified signal; deploy/steps/firmware-lines says the same."""
        return max((number for number, full_scale in enumerate(RANGES) if full_scale >= HIGHEST * gain), default=0)

    def millivolts(self) -> float | None:
        try:
            raw = int(Path(f"{self._channel}_raw").read_text())
            reading = raw * self._scale() / self._gain
        except (OSError, ValueError, OverflowError):
            return None
        return reading if math.isfinite(reading) else None

    def _scale(self) -> float:
        """mV a bit. Read anew each time, for anybody may change it."""
        try:
            text = Path(f"{self._channel}_scale").read_text()
        except FileNotFoundError:
            text = self._shared_scale.read_text()
        scale = float(text)
        if scale <= 0:
            raise ValueError(f"a scale of {scale} mV")
        return scale

    def _tune(self, device: Path) -> None:
        """Range and rate, where we may write them; else they stay as the overlay set them, which will do."""
        with contextlib.suppress(OSError):
            Path(f"{self._channel}_sampling_frequency").write_text(str(SAMPLES_PER_SECOND))
        # the driver has one list for all channels; the ABI allows one for each
        lists = (f"{self._channel}_scale_available", device / "in_voltage_scale_available", device / "scale_available")
        for listed in lists:
            with contextlib.suppress(OSError, ValueError, IndexError):
                scales = sorted(map(float, Path(listed).read_text().split()), reverse=True)
                # The driver truncates to whole µV a bit, and then knows 7812 no more: it is listed as 0.0078125.
                scale = math.ceil(round(scales[min(self._range, len(scales) - 1)] * 1e6, 3)) / 1e6
                Path(f"{self._channel}_scale").write_text(f"{scale:.6f}")
                return

    def _cure(self, probe: Probe) -> str:
        overlay = f"dtoverlay=ads1115,cha_enable,cha_cfg={4 + probe.channel},cha_gain={self._range}"
        return f"add {overlay} to /boot/firmware/config.txt, check its wires with i2cdetect -y 1, and reboot"


def _devices(root: Path) -> Iterator[Path]:
    for name in sorted(root.glob("iio:device*/name")):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if name.read_text().strip() in DRIVER_NAMES:
                yield name.parent


class Mcp3008:
    """A channel of an MCP3008 at 3.3 V, on the Pi's first SPI bus."""

    def __init__(self, probe: Probe, factory: Any) -> None:
        """Claim the bus. Raises :class:`NoConverter`."""
        from gpiozero import MCP3008, SPISoftwareFallback  # noqa: PLC0415  # large: only where there is an MCP3008

        self._gain = probe.gain
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SPISoftwareFallback)  # it would bit-bang, and nobody would know
                self._device = MCP3008(probe.channel, pin_factory=factory)
        except Exception as error:
            raise NoConverter(
                f"channel {probe.channel} of the MCP3008 cannot be had ({error}); add dtparam=spi=on to "
                "/boot/firmware/config.txt, put the user into group spi, and reboot"
            ) from error

    def millivolts(self) -> float | None:
        try:
            # not .value, which gpiozero stretches so that a raw 0 is none
            steps = [int(self._device.raw_value) for _ in range(MCP3008_SAMPLES)]
        except Exception:  # lgpio has errors of its own, which are no OSError
            return None
        if min(steps) >= MCP3008_STEPS - 1:  # clipped, or no chip drives the line
            return None
        return sum(steps) / len(steps) * MCP3008_REFERENCE / MCP3008_STEPS / self._gain


@functools.cache
def _pin_factory(name: str) -> Any:
    """This process's one pin factory, the named one and never another. Raises :class:`NoConverter`."""
    from hardware.lines import NoPins, open_factory  # noqa: PLC0415  # gpiozero: only where there is an MCP3008

    try:
        return open_factory(replace(keeper_settings({}), pin_factory=name))
    except NoPins as error:
        raise NoConverter(str(error)) from error
