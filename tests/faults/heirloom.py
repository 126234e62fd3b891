"""What a kitchen had before the fault and has to have after it: a lockout, a child lock, a default timer, a token."""

import asyncio
import json
from pathlib import Path

from controller.journal import Entry, Journal
from controller.terms import CHILD_LOCK
from controller.tokens import Role, TokenStore
from tests.faults.scene import Scene

LOCKED_OUT, LOCKED = "rear", "front"
SINCE_LONG = {LOCKED_OUT: "it has been locked out since long", LOCKED: "it has had a child lock since long"}
CAUSE = "contact_stuck"
KEPT = {LOCKED_OUT: {CAUSE, "journal unreadable"}, LOCKED: {CHILD_LOCK, "journal unreadable"}}
DEFAULT_TIMER = 17 * 60  # s
TOKEN = "Anna"


def bequeath(scene: Scene) -> None:
    """Leave it to the daemon that starts next, as an earlier one would have."""
    asyncio.run(_write(scene.folder / "flameout.db"))
    scene.heir = TokenStore(scene.folder / "tokens.json").add(TOKEN, Role.COOK)
    for line, why in SINCE_LONG.items():
        scene.say("kept_low", line, why=why)


async def _write(path: Path) -> None:
    journal = Journal(path)
    at = "2026-01-01T12:00:00.000+00:00"
    rows = [
        Entry(1, at, 1, "lockout", LOCKED_OUT, "flameout", {"cause": CAUSE}),
        Entry(2, at, 2, "locked", LOCKED, "console", {"cause": CHILD_LOCK}),
        Entry(3, at, 3, "default_timer_set", None, "console", {"duration_s": float(DEFAULT_TIMER)}),
    ]
    standing = {
        f"holds.{LOCKED_OUT}": [["lockout", CAUSE]],
        f"holds.{LOCKED}": [["lock", CHILD_LOCK]],
        "default_timer_ms": 1000 * DEFAULT_TIMER,
    }
    await journal.append(rows, standing)
    journal.close()


def look_after(scene: Scene) -> None:
    """Everything is as it was left, in the running daemon and on the disk."""
    names = {token["name"] for token in json.loads((scene.folder / "tokens.json").read_text())}
    assert TOKEN in names, f"of the tokens there are {names}"
    if scene.forgot:
        return
    for line, causes in KEPT.items():
        found = {hold["cause"] for hold in scene.burner(line)["holds"]}
        assert found & causes, f"{line} is not locked any more: {found}"
    if not scene.lost_record:
        assert scene.get("/stove")["default_timer_s"] == DEFAULT_TIMER, "the default timer is another one"
