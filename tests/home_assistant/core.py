"""A real Home Assistant core with MQTT and Assist, run by an interpreter that has it; speaks JSON lines.

    python core.py CONFIG_FOLDER BROKER_PORT

Reads ``{"language": "en", "text": "turn off the stove"}`` from standard input and answers with the kind of response
and the speech; ``{"state": "valve.kitchen_hob_left"}`` is answered with that entity's state, ``{"set": …, "to": …}``
is a device's doing, ``{"fire": …, "data": …}`` an event, ``{"told": true}`` what was sent to notify.phone,
``{"dashboard": PATH}`` the dashboard as it is served, ``{"issues": true}`` the repairs that are
asked for. It stands alone: Home Assistant's interpreter is not ours.
"""

# mypy: ignore-errors

import asyncio
import importlib.util
import json
import sys
import types
from pathlib import Path

TOLD = []
CREATED = "2026-01-01T00:00:00+00:00"


def without_a_frontend(folder: Path) -> None:
    """Home Assistant does not start without its frontend's package; nobody looks at it here."""
    if importlib.util.find_spec("hass_frontend") is not None:
        return
    for name in ("frontend_latest", "frontend_es5", "static"):
        (folder / "frontend" / name).mkdir(parents=True)
    stub = types.ModuleType("hass_frontend")
    stub.where = lambda: folder / "frontend"
    sys.modules["hass_frontend"] = stub


def without_a_microphone() -> None:
    """What cleans up speech is there in source only, and everything is said to it as text here."""
    for name, what in (("pymicro_vad", "MicroVad"), ("pyspeex_noise", "AudioProcessor")):
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = types.ModuleType(name)
            setattr(sys.modules[name], what, object)


def on_a_port_of_its_own() -> None:
    """Two that run beside each other would both want 8123, and another one in the file is complained of."""
    create = asyncio.BaseEventLoop.create_server

    async def elsewhere(loop, factory, host=None, port=None, **named):
        return await create(loop, factory, host, 0 if port == 8123 else port, **named)

    asyncio.BaseEventLoop.create_server = elsewhere


def remember_the_broker(folder: Path, port: int) -> None:
    """What setting up MQTT in the interface leaves behind."""
    entry = {
        "created_at": CREATED,
        "data": {"broker": "127.0.0.1", "port": port, "discovery": True},
        "disabled_by": None,
        "discovery_keys": {},
        "domain": "mqtt",
        "entry_id": "broker",
        "minor_version": 2,
        "modified_at": CREATED,
        "options": {"discovery": True},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "title": "mqtt",
        "unique_id": None,
        "version": 1,
    }
    stored = {"version": 1, "minor_version": 4, "key": "core.config_entries", "data": {"entries": [entry]}}
    (folder / ".storage").mkdir()
    (folder / ".storage" / "core.config_entries").write_text(json.dumps(stored))


async def answer(hass, asked):
    """One line's answer."""
    from homeassistant.components import conversation  # noqa: PLC0415 - the stub comes first
    from homeassistant.core import Context  # noqa: PLC0415

    if "state" in asked:
        state = hass.states.get(asked["state"])
        return {"state": state.state if state is not None else None}
    if "language" not in asked:
        return await act(hass, asked)
    result = await conversation.async_converse(
        hass, asked["text"], conversation_id=None, context=Context(), language=asked["language"]
    )
    response = result.response
    speech = response.speech.get("plain", {}).get("speech", "")
    return {"type": response.response_type.value, "speech": " ".join(speech.split())}


async def act(hass, asked):
    """What a device, a person or a page does, and what came of it."""
    if "set" in asked:
        hass.states.async_set(asked["set"], asked["to"], force_update=True)
    elif "fire" in asked:
        hass.bus.async_fire(asked["fire"], asked["data"])
    elif "call" in asked:
        domain, _, service = asked["call"].partition(".")
        await hass.services.async_call(domain, service, asked["data"])
    elif "issues" in asked:
        from homeassistant.helpers import issue_registry  # noqa: PLC0415 - the stub comes first

        return {"issues": [list(key) for key in issue_registry.async_get(hass).issues]}
    elif "dashboard" in asked:
        dashboards = hass.data["lovelace"]
        dashboards = dashboards["dashboards"] if isinstance(dashboards, dict) else dashboards.dashboards
        return {"views": (await dashboards[asked["dashboard"]].async_load(False))["views"]}
    return {"told": TOLD}


async def take(call):
    """A phone that only remembers what it was told."""
    TOLD.append(dict(call.data))


async def main(folder: Path, port: int) -> None:
    from homeassistant import bootstrap, runner  # noqa: PLC0415 - the stub comes first

    hass = await bootstrap.async_setup_hass(
        runner.RuntimeConfig(config_dir=str(folder), skip_pip=True, safe_mode=False, log_no_color=True)
    )
    hass.services.async_register("notify", "phone", take)
    await hass.async_start()
    await hass.async_block_till_done()
    print(json.dumps({"ready": "conversation" in hass.config.components}), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        print(json.dumps(await answer(hass, json.loads(line))), flush=True)
    await hass.async_stop(force=True)


if __name__ == "__main__":
    without_a_frontend(Path(sys.argv[1]))
    without_a_microphone()
    on_a_port_of_its_own()
    remember_the_broker(Path(sys.argv[1]), int(sys.argv[2]))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
