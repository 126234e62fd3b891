"""Hardware that fails: pins, contacts, sensors and inputs."""

from tests.e2e.program import LEFT, eventually
from tests.faults.fault import KEEPER_GONE, Dips, Fault, Follows, Strike, nothing
from tests.faults.scene import Scene, wait

WRITES_FAIL = """\
from gpiozero.pins.mock import MockPin
def fail(self, value):
    raise OSError(5, "the line cannot be written")
MockPin._set_state = fail
"""
READS_BACK = f"""\
from tests.witness import WitnessFactory
from hardware.simulated import SimulatedPin
real = SimulatedPin._get_state
SimulatedPin._get_state = lambda self: (not real(self)) if self._number == {LEFT} else real(self)
"""
CONVERTER_GONE = """\
from hardware.simulated import SimulatedFactory
def gone(self, burner):
    raise OSError(121, "the converter does not answer")
SimulatedFactory.millivolts = gone
"""
SENSORS = {
    "sensor_open": "the thermocouple's lead is broken",
    "sensor_frozen": "the sensor repeats one value",
    "sensor_noisy": "the sensor sees noise",
    "flicker": "the sensor's plug is loose",
    "reference": "the converter's reference is wrong",
}
SEEN_COLD = ("sensor_noisy", "flicker")  # the others look like a cold probe until something burns
RAIL = """\
from hardware.simulated import SimulatedFactory
SimulatedFactory.millivolts = lambda self, burner: {rail}
"""


def _hob(burner: str, action: str, undo: str = "fault none") -> Strike:
    def strike(scene: Scene) -> None:
        scene.simulate(burner, action)
        scene.on_heal(lambda: scene.simulate(burner, undo))

    return strike


def _alarm(scene: Scene) -> None:
    scene.must_open(0.25, "the gas alarm is active")
    scene.simulate("gas_alarm", "trip")

    def clear() -> None:
        scene.may_close()
        scene.simulate("gas_alarm", "clear")

    scene.on_heal(clear)


def _chattering_alarm(scene: Scene) -> None:
    scene.must_dip(0.5, "the gas alarm was active")
    for _ in range(15):
        scene.simulate("gas_alarm", "trip")
        wait(scene.random.uniform(0.005, 0.03))
        scene.simulate("gas_alarm", "clear")


def _button(scene: Scene) -> None:
    scene.must_dip(0.4, "the stop button was pressed")
    scene.simulate("stop", "press")
    wait(0.3)
    scene.simulate("stop", "let_go")


def _stuck_button(scene: Scene) -> None:
    scene.must_dip(0.4, "the stop button was pressed")
    scene.simulate("stop", "press")
    scene.on_heal(lambda: scene.simulate("stop", "let_go"))


def _reads_back(scene: Scene) -> None:
    """Until another keeper comes: this one does not get well."""
    keeper = scene.keeper_pid()
    scene.inside(keeper, READS_BACK)
    scene.on_heal(lambda: scene.kill(keeper))


def _flame_is_unknown(scene: Scene) -> None:
    """And it is a problem in words."""
    burner = scene.burner("right")
    assert burner["flame"] == "unknown", f"its flame counts as {burner['flame']}"
    assert burner["problem"], "nothing is said of it"


def _in_keeper(script: str) -> Strike:
    return lambda scene: scene.inside(scene.keeper_pid(), script)


def _write_fails(scene: Scene) -> None:
    """The next command to open meets a line that cannot be written; only another process can help."""
    scene.inside(scene.keeper_pid(), WRITES_FAIL)
    wait(0.05)
    scene.must_dip(2.2, "the line could not be written, and was to be opened")
    scene.shut_off(None)


def _welded(scene: Scene) -> None:
    """The contact stays closed when its relay opens: a lockout, and the other burner is cut with it."""
    scene.simulate("left", "fault contact_stuck")
    scene.must_dip(4.0, "the contact of one burner is welded")
    scene.shut_off("left")
    eventually("it is locked out", lambda: scene.burner("left")["status"] == "lockout")


def _valve_stuck(scene: Scene) -> None:
    """The valve stays open when its relay opens: a lockout, once the time is over in which a flame goes out."""
    scene.stove.light("right")
    scene.simulate("right", "fault valve_stuck")
    scene.shut_off("right")
    eventually("it is locked out", lambda: scene.burner("right")["status"] == "lockout")


def _foreign_voltage(scene: Scene) -> None:
    """A voltage that no flame made may hold the magnet: a lockout."""
    scene.must_open(6.0, "a foreign voltage is at the burner", "right")
    scene.simulate("right", "fault foreign_voltage")
    eventually("it is locked out", lambda: scene.burner("right")["status"] == "lockout")


def _lit_and_frozen(scene: Scene) -> None:
    """A timer ends on time although the sensor lies."""
    scene.simulate("right", "light")
    wait(0.3)
    scene.simulate("right", "fault sensor_frozen")
    scene.on_heal(lambda: scene.simulate("right", "fault none"))


FAULTS = (
    Fault(
        "write-fails",
        "a line cannot be written any more",
        _write_fails,
        Follows(),
        2.4,
        False,
        starting=False,
    ),
    Fault(
        "read-back-disagrees",
        "a line does not read as it was written",
        _reads_back,
        Dips(0.5),
        0.6,
        False,
        starting=False,
    ),
    Fault(
        "converter-gone",
        "the converter's library fails in the keeper",
        _in_keeper(CONVERTER_GONE),
        KEEPER_GONE,
        2.2,
        False,
        starting=False,
    ),
    Fault(
        "contact-welded",
        "a relay's contact is welded",
        _welded,
        Follows(),
        0.6,
        False,
        starting=False,
        locks=("left",),
        says=("lockout",),
    ),
    *(
        Fault(
            name.replace("_", "-"),
            what,
            _hob("right", f"fault {name}"),
            Follows(),
            1.0,
            starting=False,
            shows=_flame_is_unknown if name in SEEN_COLD else nothing,
        )
        for name, what in SENSORS.items()
    ),
    Fault(
        "valve-stuck",
        "a valve stays open when its relay opens",
        _valve_stuck,
        Follows(),
        0.3,
        False,
        starting=False,
        locks=("right",),
        says=("lockout",),
        sections={"limits": 'closing_time = "10s"'},
    ),
    Fault(
        "foreign-voltage",
        "a foreign voltage is at the thermocouple",
        _foreign_voltage,
        Follows(),
        0.3,
        False,
        starting=False,
        locks=("right",),
        says=("lockout",),
    ),
    *(
        Fault(
            f"converter-at-its-{name}-rail",
            f"the converter reads {rail} mV",
            _in_keeper(RAIL.format(rail=rail)),
            Follows(),
            1.0,
            starting=False,
            shows=_flame_is_unknown,
        )
        for name, rail in {"upper": 256.0, "lower": -256.0}.items()
    ),
    Fault(
        "sensor-lies-under-a-timer",
        "the sensor freezes while a flame burns",
        _lit_and_frozen,
        Follows(),
        1.0,
        starting=False,
    ),
    Fault(
        "flame-blown-out",
        "a draught blows the flame out",
        _hob("right", "blow_out", "off"),
        Follows(),
        0.8,
        starting=False,
    ),
    Fault("alarm", "the gas alarm is active", _alarm, Follows(), 1.2, False, starting=False),
    Fault(
        "alarm-chatters", "the gas alarm's contact chatters", _chattering_alarm, Follows(), 1.5, False, starting=False
    ),
    Fault("button", "the stop button is pressed", _button, Follows(), 1.5, False, starting=False),
    Fault("button-stuck", "the stop button stays pressed", _stuck_button, Follows(), 1.5, False, starting=False),
)
