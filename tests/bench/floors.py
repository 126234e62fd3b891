"""The barest programs that do the same job, as floors: no permit, no lease, no journal, no roles.

python -m tests.bench.floors mqtt PORT      paho-mqtt + gpiozero
python -m tests.bench.floors rest PORT      FastAPI + gpiozero
"""

# ruff: noqa: PLC0415 - a floor pays for its own libraries only
import sys

from gpiozero import OutputDevice

from tests.witness import WitnessFactory

PIN = 17


def mqtt(port: int) -> None:
    """Subscribe to floor/cmd; ON drives the line high, anything else low."""
    from paho.mqtt.client import Client, MQTTMessage
    from paho.mqtt.enums import CallbackAPIVersion

    line = OutputDevice(PIN, pin_factory=WitnessFactory())
    client = Client(CallbackAPIVersion.VERSION2)

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        if message.payload == b"ON":
            line.on()
        else:
            line.off()

    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.subscribe("floor/cmd")
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
    {"mqtt": mqtt, "rest": rest}[sys.argv[1]](int(sys.argv[2]))
