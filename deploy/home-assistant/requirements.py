"""What an installed Home Assistant would install by itself for the parts that are used here; run by its own Python.

Prints requirements, one a line, from the manifests of Home Assistant. Its frontend (nobody looks at it) and two
packages that clean up speech (nobody speaks, and they have to be compiled) are left out; tests stand in for them.
"""

# mypy: ignore-errors

import json
from pathlib import Path

from homeassistant import bootstrap, setup

USED = {"automation", "conversation", "input_boolean", "intent_script", "lovelace", "mqtt", "notify"}
LEFT_OUT = ("home-assistant-frontend", "pymicro-vad", "pyspeex-noise")
COMPONENTS = Path(bootstrap.__file__).parent / "components"


def needed(domains):
    """These integrations, and all that they name as before them."""
    found, next_ones = {}, set(domains)
    while next_ones:
        domain = next_ones.pop()
        path = COMPONENTS / domain / "manifest.json"
        found[domain] = json.loads(path.read_text()) if path.exists() else {}
        next_ones |= set(found[domain].get("dependencies", [])) | set(found[domain].get("after_dependencies", []))
        next_ones -= set(found)
    return found


if __name__ == "__main__":
    everything = needed(USED | set(bootstrap.DEFAULT_INTEGRATIONS) | set(setup.BASE_PLATFORMS))
    for requirement in sorted({name for manifest in everything.values() for name in manifest.get("requirements", [])}):
        if not requirement.startswith(LEFT_OUT):
            print(requirement)
