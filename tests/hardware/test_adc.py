"""Converters: the kernel's iio files as a tree in a folder, and an MCP3008 as gpiozero's mock of its wires."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.exc import SPISoftwareFallback
from gpiozero.pins.mock import MockFactory, MockSPIDevice

from hardware import adc
from hardware.adc import Ads1115, Mcp3008, NoConverter, open_probe
from hardware.settings import Probe

ADS1115_SCALES = "0.1875 0.125 0.0625 0.03125 0.015625 0.007813"  # as drivers/iio/adc/ti-ads1015.c lists them
ADS1115_SCALES_SINCE_READ_AVAIL = "0.187500000 0.125000000 0.062500000 0.031250000 0.015625000 0.007812500"
ADS1015_SCALES = "3 2 1 0.5 0.25 0.125"
PROBE = Probe("ads1115", 0)


def tree(root: Path, name: str = "ads1015", number: int = 0, **files: str) -> Path:
    """A device below ``root`` as the driver shows it: range ±4.096 V, channels 0 to 3."""
    device = root / f"iio:device{number}"
    device.mkdir(parents=True)
    (device / "name").write_text(f"{name}\n")
    for channel in range(4):
        (device / f"in_voltage{channel}_raw").write_text("0\n")
        (device / f"in_voltage{channel}_scale").write_text("0.125000000\n")
        (device / f"in_voltage{channel}_sampling_frequency").write_text("8\n")
    for file, text in files.items():
        (device / file).write_text(text)
    return device


# --- ADS1115 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ads1015", "ads1115"])
def test_a_reading_is_raw_times_scale(tmp_path: Path, name: str) -> None:
    tree(tmp_path, "bme280", 0)
    tree(tmp_path, name, 1, in_voltage0_raw="2560\n", in_voltage0_scale="0.007812500\n")
    assert Ads1115(PROBE, tmp_path).millivolts() == 20.0


def test_an_amplifier_is_taken_out_and_a_cold_thermocouple_may_be_below_zero(tmp_path: Path) -> None:
    tree(tmp_path, in_voltage3_raw="-80\n")
    assert Ads1115(Probe("ads1115", 3, 10), tmp_path).millivolts() == -1.0


def test_a_scale_for_all_channels_will_do(tmp_path: Path) -> None:
    device = tree(tmp_path, in_voltage0_raw="100", in_voltage_scale="0.5")
    (device / "in_voltage0_scale").unlink()
    assert Ads1115(PROBE, tmp_path).millivolts() == 50.0


@pytest.mark.parametrize("listed_in", ["in_voltage2_scale_available", "in_voltage_scale_available", "scale_available"])
@pytest.mark.parametrize(
    ("scales", "gain", "written"),
    [
        (ADS1115_SCALES, 1, "0.007813"),  # ±256 mV
        (ADS1115_SCALES_SINCE_READ_AVAIL, 1, "0.007813"),  # the driver takes 0.007812 for no range
        (ADS1115_SCALES, 2, "0.015625"),
        (ADS1115_SCALES, 10, "0.125000"),  # ±4096 mV, for a reference of 250 mV
        (ADS1115_SCALES, 50, "0.187500"),  # the coarsest there is
        (ADS1015_SCALES, 1, "0.125000"),
        ("0.125", 1, "0.125000"),
    ],
)
def test_the_finest_range_that_holds_the_amplified_signal_is_set(
    tmp_path: Path, listed_in: str, scales: str, gain: float, written: str
) -> None:
    device = tree(tmp_path)
    (device / listed_in).write_text(scales)
    Ads1115(Probe("ads1115", 2, gain), tmp_path)
    assert (device / "in_voltage2_scale").read_text() == written
    assert (device / "in_voltage2_sampling_frequency").read_text() == "128"
    assert (device / "in_voltage1_scale").read_text() == "0.125000000\n", "not ours"


@pytest.mark.parametrize("scales", ["", "fine coarse", "0.007813"])
def test_a_range_that_cannot_be_set_stays(tmp_path: Path, scales: str) -> None:
    device = tree(tmp_path, in_voltage0_raw="8", scale_available=scales)
    for file in ("in_voltage0_scale", "in_voltage0_sampling_frequency"):
        (device / file).unlink()
        (device / file).mkdir()  # not even root can write it
    (device / "in_voltage_scale").write_text("0.125")
    reader = Ads1115(PROBE, tmp_path)
    (device / "in_voltage0_scale").rmdir()
    assert reader.millivolts() == 1.0


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("in_voltage0_raw", None),
        ("in_voltage0_raw", ""),
        ("in_voltage0_raw", "12.5"),
        ("in_voltage0_raw", "9" * 400),
        ("in_voltage0_scale", None),
        ("in_voltage0_scale", "0"),
        ("in_voltage0_scale", "-0.125"),
        ("in_voltage0_scale", "nan"),
        ("in_voltage0_scale", "inf"),
        ("in_voltage0_scale", "\udcff"),
    ],
)
def test_what_cannot_be_read_is_no_reading(tmp_path: Path, file: str, text: str | None) -> None:
    device = tree(tmp_path, in_voltage0_raw="8")
    reader = Ads1115(PROBE, tmp_path)
    assert reader.millivolts() == 1.0
    if text is None:
        (device / file).unlink()
    else:
        (device / file).write_bytes(text.encode(errors="surrogateescape"))
    assert reader.millivolts() is None
    (device / "in_voltage0_raw").write_text("16")
    (device / "in_voltage0_scale").write_text("0.125")
    assert reader.millivolts() == 2.0, "and is tried again"


@pytest.mark.parametrize(
    ("probe", "overlay"),
    [
        (PROBE, "dtoverlay=ads1115,cha_enable,cha_cfg=4,cha_gain=5"),
        (Probe("ads1115", 3, 10), "dtoverlay=ads1115,cha_enable,cha_cfg=7,cha_gain=1"),
    ],
)
def test_without_a_device_the_overlay_is_named(tmp_path: Path, probe: Probe, overlay: str) -> None:
    tree(tmp_path, "bme280")
    with pytest.raises(NoConverter, match=overlay):
        Ads1115(probe, tmp_path)
    with pytest.raises(NoConverter, match=f"there is no ADS1115 below {tmp_path}/none; add {overlay} to "):
        Ads1115(probe, tmp_path / "none")


def test_a_channel_that_it_does_not_have_is_said(tmp_path: Path) -> None:
    tree(tmp_path)
    with pytest.raises(NoConverter, match="has no channel 4; use 0 to 3"):
        Ads1115(Probe("ads1115", 4), tmp_path)


def test_the_environment_names_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, in_voltage0_raw="8")
    monkeypatch.setenv("FLAMEOUT_IIO", str(tmp_path))
    assert open_probe(PROBE, "lgpio").millivolts() == 1.0


def test_gpiozero_is_not_loaded_for_it(tmp_path: Path) -> None:
    tree(tmp_path)
    program = (
        "import sys, hardware.gauges; from hardware.adc import open_probe; from hardware.settings import Probe; "
        "open_probe(Probe('ads1115', 0), 'lgpio'); sys.exit('gpiozero' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], env={"FLAMEOUT_IIO": str(tmp_path)}, check=True)


def test_an_unknown_converter_is_said() -> None:
    with pytest.raises(NoConverter, match="there is no converter 'hx711'; known are ads1115 and mcp3008"):
        open_probe(Probe("hx711", 0), "lgpio")


# --- MCP3008 ----------------------------------------------------------------------------------------------


class Chip(MockSPIDevice):  # type: ignore[misc]  # gpiozero has no types
    """An MCP3008 on the wires: answers each conversion with the next of ``steps``, over and over."""

    steps: list[int]
    asked: list[int]

    def on_start(self) -> None:
        super().on_start()
        self.tx_word(0, 24)

    def on_bit(self) -> None:
        if self.rx_bit == 12:  # seven zeros, start, single-ended, three bits of channel; then the answer
            assert self.rx_word() >> 3 == 0b11
            self.asked.append(self.rx_word() & 0b111)
            self.tx_buf.clear()
            self.tx_word(self.steps[(len(self.asked) - 1) % len(self.steps)], 12)


@pytest.fixture
def factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    mock = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", mock)  # the mock's bus, unlike a real one, asks for the default
    yield mock
    mock.close()


@pytest.fixture
def opened(factory: MockFactory) -> Iterator[Callable[..., Mcp3008]]:
    """Opens channels, and closes them again: gpiozero keeps one bus for all factories."""
    with contextlib.ExitStack() as stack:

        def open_channel(channel: int, gain: float = 1.0) -> Mcp3008:
            reader = Mcp3008(Probe("mcp3008", channel, gain), factory)
            stack.callback(reader._device.close)
            return reader

        yield open_channel


@pytest.fixture
def chip(factory: MockFactory) -> Iterator[Chip]:
    with Chip(11, 10, 9, 8, pin_factory=factory) as chip:
        chip.asked = []
        yield chip


@pytest.mark.parametrize(
    ("steps", "gain", "millivolts"),
    [
        ([512], 1, 1650.0),
        ([512], 50, 33.0),
        ([310, 311], 50, 310.5 * 3300 / 1024 / 50),  # the mean is finer than a step
        ([0], 50, 0.0),
        ([1023, 1022], 1, 1022.5 * 3300 / 1024),
        ([1023], 50, None),
    ],
)
def test_a_reading_is_the_mean_of_sixteen(
    chip: Chip, opened: Callable[..., Mcp3008], steps: list[int], gain: float, millivolts: float | None
) -> None:
    chip.steps = steps
    assert opened(5, gain).millivolts() == pytest.approx(millivolts)
    assert chip.asked == [5] * 16


def test_channels_share_the_bus(chip: Chip, opened: Callable[..., Mcp3008]) -> None:
    chip.steps = [512]
    readers = [opened(channel) for channel in (0, 7)]
    assert [reader.millivolts() for reader in readers] == [1650.0, 1650.0]
    assert set(chip.asked) == {0, 7}


def test_an_error_of_the_bus_is_no_reading(chip: Chip, opened: Callable[..., Mcp3008]) -> None:
    class BusError(Exception):
        """Like lgpio.error, which is an Exception and nothing more."""

    def fail(_: object) -> list[int]:
        raise BusError("SPI xfer failed")

    reader = opened(0)
    reader._device._spi.transfer = fail
    assert reader.millivolts() is None


@pytest.mark.parametrize("channel", [0, 8])
def test_without_the_bus_it_says_what_to_do_and_bit_bangs_nothing(
    factory: MockFactory, monkeypatch: pytest.MonkeyPatch, channel: int
) -> None:
    real = factory._get_spi_class

    def without_spidev(shared: bool, hardware: bool) -> object:
        if hardware:
            raise FileNotFoundError("/dev/spidev0.0")
        return real(shared, hardware)

    monkeypatch.setattr(factory, "_get_spi_class", without_spidev)
    with pytest.raises(NoConverter, match=r"of the MCP3008 cannot be had .*; add dtparam=spi=on to /boot") as refused:
        Mcp3008(Probe("mcp3008", channel), factory)
    assert isinstance(refused.value.__cause__, SPISoftwareFallback) == (channel == 0)


def test_it_is_on_the_named_factory_or_on_none(factory: MockFactory) -> None:
    adc._pin_factory.cache_clear()
    reader = open_probe(Probe("mcp3008", 0), "mock")
    assert isinstance(reader, Mcp3008)
    assert isinstance(reader._device.pin_factory, MockFactory)
    assert adc._pin_factory("mock") is reader._device.pin_factory
    with pytest.raises(NoConverter, match="there is no pin factory 'nonesuch'"):
        open_probe(Probe("mcp3008", 0), "nonesuch")
    reader._device.close()
    adc._pin_factory.cache_clear()
