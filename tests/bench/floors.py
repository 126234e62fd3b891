"""The barest programs that do the same job, as floors: no permit, no lease, no journal, no roles.

python -m tests.bench.floors mqtt PORT      paho-mqtt + gpiozero
python -m tests.bench.floors pair PORT      the same in two processes: paho-mqtt, and gpiozero
python -m tests.bench.floors rest PORT      FastAPI + gpiozero
"""

# ruff: noqa: PLC0415 - a floor pays for its own libraries only
import os
import socket
import sys
from collections.abc import Callable

from gpiozero import OutputDevice

from tests.witness import WitnessFactory

PIN = 17


def mqtt(port: int) -> None:
    """Subscribe to mqtt/cmd; ON drives the line high, anything else low."""
    line = OutputDevice(PIN, pin_factory=WitnessFactory())
    _subscribe(port, lambda on: line.on() if on else line.off())


def pair(port: int) -> None:
    """As :func:`mqtt`, and the line belongs to a process of its own: the least for one that opens without the first."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        line = OutputDevice(PIN, pin_factory=WitnessFactory())
        while word := theirs.recv(16):
            line.on() if word == b"on" else line.off()
        os._exit(0)
    theirs.close()
    _subscribe(port, lambda on: ours.send(b"on" if on else b"off"))


def _subscribe(port: int, act: Callable[[bool], object]) -> None:
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2)

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        act(message.payload == b"ON")

    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.subscribe(f"{sys.argv[1]}/cmd")
    print("ready", flush=True)
    client.loop_forever()


def rest(port: int) -> None:
    """POST /on and POST /off."""
    import uvicorn
    from fastapi import FastAPI

    line = OutputDevice(PIN, pin_factory=WitnessFactory())
    app = FastAPI()

    @app.post("/on")
    async def on() -> dict[str, bool]:
        line.on()
        return {"on": True}

    @app.post("/off")
    async def off() -> dict[str, bool]:
        line.off()
        return {"on": False}

    print("ready", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    {"mqtt": mqtt, "pair": pair, "rest": rest}[sys.argv[1]](int(sys.argv[2]))
