"""``flameout make-safe``: every line that can be opened is opened, whatever else is broken."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hardware.make_safe import gpio_users, open_every_line
from hardware.simulated import SimulatedFactory
from tests.witness import Witness

LEFT = '[[burners]]\nid = "left"\nname = "Left"\nrelay = { pin = 17 }\n'
RIGHT = '[[burners]]\nid = "right"\nname = "Right"\nrelay = { pin = 27 }\n'


class Chip(SimulatedFactory):
    """Pins of which some are busy, and what was written to them."""

    busy: ClassVar[set[int]] = set()
    made: ClassVar[list["Chip"]] = []

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.levels: dict[int, bool] = {}
        Chip.made.append(self)

    def pin(self, name: Any) -> Any:
        if int(name) in self.busy:
            raise RuntimeError("'GPIO busy'")
        return super().pin(name)

    def drive(self, pin: int, high: bool) -> None:
        self.levels[pin] = high
        super().drive(pin, high)


class Point:
    """An installed pin factory."""

    def __init__(self, name: str, factory: Any) -> None:
        self.name = name
        self._factory = factory

    def load(self) -> Any:
        if isinstance(self._factory, Exception):
            raise self._factory
        return self._factory


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """The installed pin factories, lgpio being a chip of ours."""
    factories: dict[str, Any] = {"lgpio": Chip}
    monkeypatch.setattr(
        "hardware.lines.entry_points", lambda group: [Point(name, made) for name, made in factories.items()]
    )
    monkeypatch.setattr("hardware.settings.SYSTEM_FILE", tmp_path / "etc.toml")
    monkeypatch.delenv("FLAMEOUT_CONFIG", raising=False)
    monkeypatch.setattr(Chip, "busy", set())
    monkeypatch.setattr(Chip, "made", [])
    monkeypatch.setenv("LG_WD", str(tmp_path))
    return factories


def opened(tmp_path: Path, text: str) -> tuple[list[str], list[str]]:
    """What make-safe says of lines that are low, and of everything else."""
    file = tmp_path / "flameout.toml"
    file.write_text(text)
    outcomes = open_every_line(str(file))
    return [o.sentence for o in outcomes if o.safe], [o.sentence for o in outcomes if not o.safe]


def without_suffix(sentences: list[str]) -> list[str]:
    return [sentence.removesuffix(" (simulated)") for sentence in sentences]


def test_every_line_is_driven_low_and_said_to_be(tmp_path: Path) -> None:
    safe, unsafe = opened(tmp_path, LEFT + RIGHT)
    assert without_suffix(safe) == ["left: GPIO 17 is low", "right: GPIO 27 is low"]
    assert unsafe == []


def test_a_busy_line_does_not_keep_the_others_closed_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Chip, "busy", {17})
    monkeypatch.setattr("hardware.make_safe.gpio_users", lambda _: [812])
    safe, unsafe = opened(tmp_path, LEFT + RIGHT)
    assert without_suffix(safe) == ["right: GPIO 27 is low"]
    assert len(unsafe) == 1
    assert unsafe[0].startswith("left: GPIO 17 cannot be opened ('GPIO busy'). If process 812 holds it: ")
    assert "sudo kill -9 812, then run flameout make-safe again" in unsafe[0]


def test_a_line_that_is_driven_low_and_reads_high_is_not_called_low(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.lines.Relay.high", True)
    safe, unsafe = opened(tmp_path, LEFT)
    assert safe == []
    assert unsafe == ["left: GPIO 17 was driven low and still reads high; something else drives it."]


def test_without_a_file_the_default_line_is_opened() -> None:
    outcomes = open_every_line(None)
    assert [outcome.safe for outcome in outcomes] == [True, True]
    assert outcomes[0].sentence == "There is no configuration file; taking the defaults."
    assert outcomes[1].sentence.startswith("left: GPIO 17 is low")


@pytest.mark.parametrize(
    "content",
    [b"[[burners]\n", b"\xff\xfe", b"x = " + 3_000 * b"[" + 3_000 * b"]", None],
    ids=["no TOML", "no text", "nested", "no file"],
)
def test_where_no_line_is_known_none_is_claimed_to_be_open(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "flameout.toml"
    if content is not None:
        file.write_bytes(content)
    outcomes = open_every_line(str(file))
    assert [outcome.safe for outcome in outcomes] == [False, False]
    assert str(file) in outcomes[0].sentence
    assert "none was opened" in outcomes[1].sentence
    assert Chip.made == []


def test_a_file_that_others_may_write_is_said_and_its_lines_are_opened_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "flameout.toml"
    file.write_text(RIGHT)
    file.chmod(0o666)
    outcomes = open_every_line(str(file))
    assert "others may write it" in outcomes[0].sentence
    assert not outcomes[0].safe
    assert outcomes[1].sentence.startswith("right: GPIO 27 is low")


def test_an_override_that_is_refused_keeps_no_line_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAMEOUT_REST__HOST", '"a\\u0000b"')
    safe, wrong = opened(tmp_path, RIGHT)
    assert [sentence[:18] for sentence in safe] == ["right: GPIO 27 is "]
    assert "NUL character" in wrong[0]


def test_the_environments_overrides_count_in_such_a_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: dict[str, Any]
) -> None:
    installed["other"] = installed.pop("lgpio")
    monkeypatch.setenv("FLAMEOUT_KEEPER__PIN_FACTORY", "other")
    file = tmp_path / "flameout.toml"
    file.write_text(LEFT)
    file.chmod(0o666)
    assert open_every_line(str(file))[1].safe


@pytest.mark.parametrize(
    "mistake",
    ['[keeper]\nlease = "0.1s"\n', "[rest]\nprot = 1\n", "keeper = 5\n", '[limits]\nhold_open = "soon"\n'],
)
def test_what_is_wrong_elsewhere_in_the_file_is_no_reason_to_leave_a_line_high(tmp_path: Path, mistake: str) -> None:
    safe, unsafe = opened(tmp_path, mistake + LEFT)
    assert without_suffix(safe) == ["left: GPIO 17 is low"]
    assert unsafe == []


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ('[[burners]]\nid = "b"\nrelay = { pin = 40 }\n', "b: relay.pin: 40 is not a pin"),
        ('[[burners]]\nid = "b"\nrelay = { pin = true }\n', "b: relay.pin: True is not a pin"),
        ('[[burners]]\nid = "b"\nrelay = 17\n', "b: relay.pin: None is not a pin"),
        ('[[burners]]\nname = "B"\n', "burners[1]: relay.pin: None is not a pin"),
    ],
)
def test_a_burner_that_cannot_be_understood_does_not_keep_the_others_closed(
    tmp_path: Path, entry: str, sentence: str
) -> None:
    safe, unsafe = opened(tmp_path, LEFT + entry)
    assert without_suffix(safe) == ["left: GPIO 17 is low"]
    assert len(unsafe) == 1
    assert unsafe[0].startswith(sentence)


@pytest.mark.parametrize("text", ["burners = []", "burners = 5", "[burners]\nleft = 17"])
def test_a_file_without_burners_leaves_nothing_known(tmp_path: Path, text: str) -> None:
    safe, unsafe = opened(tmp_path, text)
    assert safe == []
    assert unsafe == ["burners: there is no [[burners]] table, so no line is known."]


def test_an_active_low_relay_is_left_alone_because_low_would_close_it(tmp_path: Path) -> None:
    safe, unsafe = opened(tmp_path, '[[burners]]\nid = "b"\nrelay = { pin = 17, active = "low" }\n' + RIGHT)
    assert without_suffix(safe) == ["right: GPIO 27 is low"]
    assert unsafe == ["b: GPIO 17 was left alone: low would close this relay."]
    assert 17 not in Chip.made[0].levels


def test_two_burners_on_one_pin_are_one_line(tmp_path: Path) -> None:
    safe, unsafe = opened(tmp_path, LEFT + RIGHT.replace("27", "17"))
    assert without_suffix(safe) == ["left, right: GPIO 17 is low"]
    assert unsafe == []


def test_a_pin_factory_that_does_not_start_is_said_with_a_way_without_python(
    tmp_path: Path, installed: dict[str, Any]
) -> None:
    installed["lgpio"] = ImportError("No module named 'lgpio'")
    safe, unsafe = opened(tmp_path, LEFT + RIGHT)
    assert safe == []
    assert len(unsafe) == 1
    assert "No module named 'lgpio'" in unsafe[0]
    assert unsafe[0].endswith("sudo pinctrl set 17,27 op dl")


def test_another_pin_factory_never_stands_in_for_the_configured_one(tmp_path: Path) -> None:
    safe, unsafe = opened(tmp_path, '[keeper]\npin_factory = "mine"\n' + LEFT)
    assert safe == []
    assert "there is no pin factory 'mine'" in unsafe[0]


def test_who_holds_a_gpio_line_is_found_by_its_open_files(tmp_path: Path) -> None:
    for pid, target in {
        "812": "/dev/gpiochip0",
        "813": "/dev/null",
        "9": "anon_inode:gpio-line",
        "x": "/dev/gpiochip0",
    }.items():
        (tmp_path / pid / "fd").mkdir(parents=True)
        (tmp_path / pid / "fd" / "3").symlink_to(target)
    (tmp_path / "77").mkdir()
    assert gpio_users(tmp_path) == [9, 812]


# --- as a program -------------------------------------------------------------------------------------------


def make_safe(tmp_path: Path, text: str, **popen: Any) -> "subprocess.CompletedProcess[str]":
    file = tmp_path / "flameout.toml"
    file.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "hardware.make_safe", "--config", str(file)],
        text=True,
        check=False,
        **({"capture_output": True} | popen),
    )


def test_done_is_0_and_a_line_each(tmp_path: Path) -> None:
    done = make_safe(tmp_path, '[keeper]\npin_factory = "simulated"\n' + LEFT + RIGHT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "left: GPIO 17 is low (simulated)\nright: GPIO 27 is low (simulated)\n"


def test_a_line_that_is_not_open_is_1_with_the_knob_as_the_last_word(tmp_path: Path) -> None:
    done = make_safe(tmp_path, '[keeper]\npin_factory = "simulated"\n' + LEFT + '[[burners]]\nid = "b"\n')
    assert done.returncode == 1
    assert done.stdout == "left: GPIO 17 is low (simulated)\n"
    assert done.stderr.splitlines()[-1] == "Turn the knob off at the stove."


LETTING_GO = """
import sys
from hardware import lines, make_safe
from hardware.simulated import SimulatedFactory, SimulatedPin

class Pin(SimulatedPin):
    def close(self):
        print("let go", flush=True)
        super().close()

class Factory(SimulatedFactory):
    name = "lgpio"
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.pin_class = Pin
    @classmethod
    def load(cls):
        return cls

lines.entry_points = lambda group: [Factory]
make_safe.main(["--config", sys.argv[1]])
"""


def test_it_leaves_without_letting_go_of_the_lines_so_that_they_stay_driven_low(tmp_path: Path) -> None:
    (tmp_path / "flameout.toml").write_text(LEFT)
    done = subprocess.run(
        [sys.executable, "-c", LETTING_GO, f"{tmp_path}/flameout.toml"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "left: GPIO 17 is low (simulated)\n", "")


def test_nobody_reading_does_not_keep_a_line_closed(tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    read, write = os.pipe()
    os.close(read)
    done = make_safe(
        tmp_path,
        '[keeper]\npin_factory = "witness"\n' + LEFT + RIGHT,
        env=os.environ | witness.environment,
        stdout=write,
        stderr=write,
        capture_output=False,
    )
    os.close(write)
    assert done.returncode == 0
    assert {level.pin for level in witness.levels()} == {17, 27}


def test_wrong_usage_is_2() -> None:
    done = subprocess.run([sys.executable, "-m", "hardware.make_safe", "--now"], capture_output=True, check=False)
    assert done.returncode == 2


def test_it_needs_nothing_but_the_standard_library_and_gpiozero(tmp_path: Path) -> None:
    file = tmp_path / "flameout.toml"
    file.write_text('[keeper]\npin_factory = "simulated"\n')
    code = (
        "import sys; from hardware.make_safe import open_every_line\n"
        f"assert all(outcome.safe for outcome in open_every_line({str(file)!r}))\n"
        "print({'click', 'rich', 'pydantic', 'fastapi', 'controller', 'api'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n", "")
