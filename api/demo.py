"""``flameout demo``: a simulated two-burner hob with a broker, REST and every real code path, on loopback."""

import sys
import tempfile
from pathlib import Path

from api.broker import DemoBroker, free_port
from api.service import Unusable, serve_until_stopped
from controller.config_check import load
from hardware.origin import ChildOrigin
from hardware.settings import BadSettings, keeper_settings, read_document

PORT = 8520
_CONFIG = """\
[stove]
id = "demo"
name = "Demo hob"

[limits]
hold_open = "5s"

[keeper]
pin_factory = "simulated"

[[burners]]
id = "left"
name = "Left"
relay = {{ pin = 17 }}
contact = {{ pin = 22 }}
flame = {{ kind = "digital", pin = 23 }}

[[burners]]
id = "right"
name = "Right"
relay = {{ pin = 27 }}
contact = {{ pin = 24 }}
flame = {{ kind = "thermocouple", adc = "ads1115", channel = 0 }}

[rest]
port = {port}
require_token = false

[journal]
path = "{folder}/flameout.db"
"""


def run(port: int | None = None) -> int:
    """Run the demo until Ctrl-C; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="flameout-demo-") as folder, DemoBroker() as broker:
        chosen = port or free_port(PORT)
        file = Path(folder) / "flameout.toml"
        text = _CONFIG.format(port=chosen, folder=folder)
        if broker.port is not None:
            text += f'\n[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nallow_unlock = true\nallow_reset = true\n'
        file.write_text(text)
        try:
            return serve_until_stopped(
                load(str(file)),
                file,
                ChildOrigin(file),
                keeper_settings(read_document(file)).fingerprint,
                ready=lambda: print(_welcome(chosen, broker), flush=True),
            )
        except (BadSettings, Unusable) as error:
            print(f"flameout: {error}", file=sys.stderr)
            return 1


def _welcome(port: int, broker: DemoBroker) -> str:
    url = f"http://127.0.0.1:{port}"
    here = Path(sys.argv[0]).absolute()
    command = str(here.relative_to(Path.cwd())) if here.is_relative_to(Path.cwd()) else "flameout"
    if port != PORT:
        command = f"FLAMEOUT_URL={url} {command}"
    mqtt = f"mqtt://127.0.0.1:{broker.port}  ({broker.kind})" if broker.port else f"none: {broker.why_not}"
    timer = f"{url}/api/v1/burners/left/timer"
    return f"""
flameout demo: a simulated hob with two burners. No gas, no pins.

  page   {url}/
  REST   {url}/api/v1/stove  (every call: {url}/docs)
  MQTT   {mqtt}
  stop   Ctrl-C

Three things to try, the first in a terminal of its own:

  1. watch the hob
     {command} watch
  2. light the left burner
     {command} sim light left
  3. let it go out in 20 seconds
     curl -X PUT {timer} -H 'Content-Type: application/json' -d '{{"duration": "20s"}}'
"""
