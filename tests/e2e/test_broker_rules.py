"""The mosquitto configuration that we ship: only Home Assistant commands, only the daemon says how the stove is."""

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.brokers import Mosquitto
from tests.e2e.program import LEFT, Program, eventually, program

SETUP = Path(__file__).parents[2] / "deploy/mosquitto/setup"
BURNER = "flameout/test/burner/left"
COMMANDS = [
    (f"{BURNER}/cmd/valve", "CLOSE"),
    (f"{BURNER}/cmd/timer", "1"),
    (f"{BURNER}/cmd/extend", "5"),
    (f"{BURNER}/cmd/reset", "PRESS"),
    ("flameout/test/cmd/shut_off_all", "PRESS"),
    ("flameout/test/cmd/child_lock", "ON"),
]
TALES = [
    (f"{BURNER}/state", '{"status": "ready"}'),
    (f"{BURNER}/availability", "offline"),
    ("flameout/test/availability", "offline"),
    ("flameout/test/heartbeat", "now"),
    (f"{BURNER}/event", '{"event_type": "shut_off"}'),
]
DISCOVERY = ("homeassistant/device/flameout_test_left/config", "")
NOT_AUTHORISED = 135


@dataclass
class Ruled:
    """A broker as ``deploy/mosquitto/setup`` sets it up, and who may come in."""

    broker: Mosquitto
    passwords: dict[str, str]
    folder: Path

    def mqtt(self, **more: str) -> str:
        keys = {
            "host": "127.0.0.1",
            "username": "flameout",
            "password_file": f"{self.folder}/etc/flameout/mqtt.password",
        }
        lines = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
        return f"[mqtt]\nport = {self.broker.port}\n{lines}" + "".join(
            f"{key} = {value}\n" for key, value in more.items()
        )


class Visitor:
    """A client of the broker's with a name; remembers what it was answered."""

    def __init__(self, ruled: Ruled, user: str | None, password: str | None = None) -> None:
        self.answer: ReasonCode | None = None
        self.heard: dict[str, str] = {}
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user is not None:
            self.client.username_pw_set(user, ruled.passwords.get(user) if password is None else password)
        self._answered, self._acked = threading.Event(), threading.Event()
        self._ack: ReasonCode | None = None
        self.client.on_connect = self._on_connect
        self.client.on_publish = self._on_publish
        self.client.on_message = lambda _c, _u, message: self.heard.update(
            {message.topic: bytes(message.payload).decode()}
        )
        self.client.connect("127.0.0.1", ruled.broker.port)
        self.client.loop_start()
        assert self._answered.wait(10)

    def _on_connect(self, client: mqtt.Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self.answer = reason
        client.subscribe("#", 1)
        self._answered.set()

    def _on_publish(self, _c: object, _u: object, _mid: int, reason: ReasonCode, _p: object) -> None:
        self._ack = reason
        self._acked.set()

    def says(self, topic: str, payload: str, retain: bool = False) -> int:
        """Publish with QoS 1; returns the broker's reason code."""
        self._acked.clear()
        self.client.publish(topic, payload, 1, retain)
        assert self._acked.wait(10), f"no answer to {topic}"
        assert self._ack is not None
        return int(self._ack.value)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def ruled(tmp_path: Path) -> Iterator[Ruled]:
    done = subprocess.run([SETUP, "--root", tmp_path], capture_output=True, text=True, check=True)
    passwords = dict(re.findall(r"user (\w+) +password (\S+)", done.stdout))
    passwords["flameout"] = (tmp_path / "etc/flameout/mqtt.password").read_text().strip()
    text = (tmp_path / "etc/mosquitto/conf.d/flameout.conf").read_text()
    text = text.replace("/etc/mosquitto", f"{tmp_path}/etc/mosquitto").replace("listener 1883 127.0.0.1\n", "")
    with Mosquitto(settings=text) as broker:
        yield Ruled(broker, passwords, tmp_path)


@pytest.fixture
def stove(ruled: Ruled, tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path, more=ruled.mqtt()) as made:
        made.start()
        made.ready("left")
        yield made


def test_the_daemon_and_home_assistant_do_their_work(stove: Program, ruled: Ruled) -> None:
    home = Visitor(ruled, "homeassistant")
    eventually("the state is read", lambda: '"ready"' in home.heard.get(f"{BURNER}/state", ""))
    eventually("it is announced", lambda: DISCOVERY[0] in home.heard)
    assert home.says(f"{BURNER}/cmd/timer", "30") == 0
    eventually("the timer runs", lambda: stove.burner()["timer"])
    assert home.says(f"{BURNER}/cmd/valve", "CLOSE") == 0
    eventually("the line is low", lambda: not stove.witness.high(LEFT))
    home.leave()


@pytest.mark.parametrize("user", ["reader", "homeassistant"])
def test_nobody_else_tells_tales(stove: Program, ruled: Ruled, user: str) -> None:
    visitor, home = Visitor(ruled, user), Visitor(ruled, "homeassistant")
    eventually("it has settled", lambda: '"contact":"closed"' in home.heard.get(f"{BURNER}/state", ""))
    before = home.heard[f"{BURNER}/state"]
    for topic, payload in TALES:
        assert visitor.says(topic, payload, retain=True) == NOT_AUTHORISED, topic
    assert home.says("flameout/test/cmd/default_timer", "7") == 0  # behind them in the broker's queue
    eventually("that was heard", lambda: stove.get("/stove")["default_timer_s"] == 420)
    assert home.heard[f"{BURNER}/state"] == before
    assert home.heard["flameout/test/availability"] == "online"
    assert stove.witness.high(LEFT)


def test_who_only_looks_commands_nothing(stove: Program, ruled: Ruled) -> None:
    reader, home = Visitor(ruled, "reader"), Visitor(ruled, "homeassistant")
    for topic, payload in [*COMMANDS, DISCOVERY]:
        assert reader.says(topic, payload) == NOT_AUTHORISED, topic
        assert reader.says(topic, payload, retain=True) == NOT_AUTHORISED, topic
    assert home.says("flameout/test/cmd/default_timer", "7") == 0
    eventually("that was heard", lambda: stove.get("/stove")["default_timer_s"] == 420)
    assert stove.witness.high(LEFT)
    assert stove.burner()["timer"] is None
    assert not {"shut_off", "timer_started", "locked", "refused"} & set(stove.kinds())
    assert f"{BURNER}/state" in reader.heard, "it may look"


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("homeassistant", "guessed"), ("nobody", "x"), ("flameout", "")]
)
def test_nobody_comes_in_without_a_name_and_its_password(ruled: Ruled, user: str | None, password: str | None) -> None:
    visitor = Visitor(ruled, user, password)
    assert visitor.answer is not None
    assert visitor.answer.is_failure
    visitor.leave()


def test_a_message_that_is_too_large_is_not_passed_on(stove: Program, ruled: Ruled) -> None:
    home = Visitor(ruled, "homeassistant")
    home.client.publish(f"{BURNER}/cmd/timer", "5" * 100_000, 0)
    home.leave()
    again = Visitor(ruled, "homeassistant")
    assert again.says(f"{BURNER}/cmd/timer", "30") == 0
    eventually("the timer runs", lambda: stove.burner()["timer"])
    assert "refused" not in stove.kinds(), "the daemon never saw the large one"
    again.leave()


def test_over_tls_the_daemon_trusts_one_authority_and_no_other(tmp_path: Path, ruled: Ruled) -> None:
    certificates = [_certificate(tmp_path / name) for name in ("right", "wrong")]
    text = (tmp_path / "etc/mosquitto/conf.d/flameout.conf").read_text().replace("listener 1883 127.0.0.1\n", "")
    text = re.sub(r"^#(certfile|keyfile|tls_version)", r"\1", text, flags=re.M)
    text = text.replace("/etc/mosquitto/certs/flameout", str(tmp_path / "right"))
    text = text.replace("/etc/mosquitto", f"{tmp_path}/etc/mosquitto")
    with Mosquitto(settings=text) as broker:
        secure = Ruled(broker, ruled.passwords, tmp_path)
        for certificate, trusted in zip(certificates, (True, False), strict=True):
            folder = tmp_path / certificate.stem
            folder.mkdir()
            with program(folder, more=secure.mqtt(tls=f'{{ ca = "{certificate}" }}')) as made:
                made.start()
                if trusted:
                    eventually("it comes in", lambda: "u'flameout'" in broker.log())
                else:
                    eventually("it turns away", lambda: "unknown ca" in broker.log())
        assert broker.log().count("u'flameout'") == 1


def _certificate(base: Path) -> Path:
    """A certificate for localhost that is its own authority."""
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", f"{base}.key", "-out", f"{base}.crt")
    command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files)
    subprocess.run(command, check=True, capture_output=True)
    return Path(f"{base}.crt")


def test_a_dry_run_writes_nothing_and_says_what_it_would(tmp_path: Path) -> None:
    done = subprocess.run([SETUP, "--dry-run", "--root", tmp_path], capture_output=True, text=True, check=True)
    assert "flameout.passwd" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_broker_that_has_rules_of_its_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "etc/mosquitto/conf.d").mkdir(parents=True)
    (tmp_path / "etc/mosquitto/conf.d/mine.conf").write_text("listener 1883\nallow_anonymous true\n")
    done = subprocess.run([SETUP, "--root", tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "mine.conf sets listeners" in done.stderr
    assert not (tmp_path / "etc/mosquitto/flameout.passwd").exists()
