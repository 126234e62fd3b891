"""``flameout demo``: a simulated two-burner hob with a broker, REST and every real code path, on loopback."""

import socket
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.panel import Panel

from api.broker import DemoBroker
from api.service import Unusable, serve_until_stopped
from controller.config_check import load
from hardware.origin import ChildOrigin
from hardware.settings import BadSettings

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
    console = Console(stderr=True, highlight=False)
    with tempfile.TemporaryDirectory(prefix="flameout-demo-") as folder, DemoBroker() as broker:
        chosen = port or _free(PORT)
        file = Path(folder) / "flameout.toml"
        text = _CONFIG.format(port=chosen, folder=folder)
        if broker.port is not None:
            text += f'\n[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\nallow_unlock = true\nallow_reset = true\n'
        file.write_text(text)
        try:
            return serve_until_stopped(
                load(str(file)), ChildOrigin(file), ready=lambda: console.print(_welcome(chosen, broker))
            )
        except (BadSettings, Unusable) as error:
            print(f"flameout: {error}", file=sys.stderr)
            return 1


def _free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _welcome(port: int, broker: DemoBroker) -> Panel:
    url = f"http://127.0.0.1:{port}"
    flameout = Path(sys.argv[0]).parent / "flameout"
    command = str(flameout.relative_to(Path.cwd())) if flameout.is_relative_to(Path.cwd()) else "flameout"
    aim = "" if port == PORT else f"FLAMEOUT_URL={url} "
    mqtt = f"mqtt://127.0.0.1:{broker.port} ({broker.kind})" if broker.port else f"none: {broker.why_not}"
    set_timer = (
        f"curl -X PUT {url}/api/v1/burners/left/timer "
        """-H 'Content-Type: application/json' -d '{"duration": "20s"}'"""
    )
    return Panel(
        f"A simulated hob with two burners runs. No gas, no pins.\n\n"
        f"  REST    {url}/api/v1/stove   (every call: {url}/docs)\n"
        f"  MQTT    {mqtt}\n"
        f"  stop    Ctrl-C\n\n"
        f"Three things to try in a second terminal:\n\n"
        f"  1. watch the hob            {aim}{command} watch\n"
        f"  2. light the left burner    {aim}{command} sim light left\n"
        f"  3. let it go out in 20 s    {set_timer}\n",
        title="flameout demo",
        border_style="yellow",
        expand=False,
    )
