"""The benchmark's own proof: a delay that is planted in the daemon has to be seen."""

import contextlib
import time
from pathlib import Path

from tests.bench.contenders import FloorOverMqtt, OursOverMqtt, mqtt_client, race
from tests.bench.figures import Figure, beside, p50
from tests.bench.hob import Hob
from tests.brokers import Mosquitto
from tests.faults.saboteur import plant, sabotage

DELAY = 5.0  # ms
_SLOW = """
import time
from hardware.client import KeeperClient
as_it_was = KeeperClient.open
def late(self, line):
    time.sleep({delay})
    return as_it_was(self, line)
KeeperClient.open = late
"""


def planted(folder: Path, rounds: int = 10) -> list[Figure]:
    """MQTT shut-offs of a daemon that waits 5 ms before it speaks to the keeper, beside the floor."""
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Mosquitto())
        client = mqtt_client(broker.port)
        stack.callback(client.loop_stop)
        hob = Hob(folder / "ours", broker.port)
        stack.callback(hob.close)
        plant(hob.folder)
        hob.start()
        assert hob.process is not None
        floor = stack.enter_context(FloorOverMqtt(folder / "floor", broker.port, client))
        sabotage(hob.folder, hob.process.pid, _SLOW.format(delay=DELAY / 1000))
        time.sleep(0.3)
        took = race([OursOverMqtt(hob, client), floor], rounds)
    ratio = p50(took["flameout"]) / p50(took["floor"])
    return [Figure("MQTT command to line low, 5 ms planted", ratio, "×", 1.3, beside(took))]
