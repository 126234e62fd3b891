"""The demo's broker."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api import broker
from api.broker import DemoBroker
from tests.brokers import accepts


def test_it_is_there_at_once_and_gone_afterwards() -> None:
    started = time.monotonic()
    with DemoBroker() as demo:
        assert time.monotonic() - started < broker.READY_WITHIN
        assert demo.kind == "mosquitto"
        assert demo.port is not None
        assert accepts(demo.port)
        port = demo.port
    assert not accepts(port)


def test_two_demos_run_side_by_side() -> None:
    with DemoBroker() as one, DemoBroker() as other:
        assert one.port != other.port


def test_without_mosquitto_there_is_the_embedded_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("iotcore")
    hide_mosquitto(monkeypatch)
    with DemoBroker() as demo:
        assert demo.kind == "iotcore"
        assert demo.port is not None
        assert accepts(demo.port)


def test_without_any_broker_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    hide_mosquitto(monkeypatch)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with DemoBroker() as demo:
        assert demo.port is None
        assert "mosquitto" in demo.why_not


@pytest.mark.skipif(sys.platform != "linux", reason="Linux ends children with their parents, others do not")
@pytest.mark.parametrize("with_mosquitto", [True, False])
def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path, with_mosquitto: bool) -> None:
    hide = "" if with_mosquitto else "import os; os.environ['PATH'] = broker._WHERE_DAEMONS_LIVE = ''; "
    script = (
        f"from api import broker; {hide}import time; "
        "demo = broker.DemoBroker().__enter__(); print(demo.port, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": os.getcwd()}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    port = int(parent.stdout.readline())
    assert accepts(port)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = time.monotonic() + 5
    while accepts(port):
        assert time.monotonic() < until, "the broker outlives its demo"
        time.sleep(0.01)


def hide_mosquitto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(broker, "_WHERE_DAEMONS_LIVE", "")
