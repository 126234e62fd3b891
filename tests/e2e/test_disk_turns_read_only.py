"""A card that fails becomes read-only under the running daemon; its timers go on, and it says so."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import LEFT, eventually, program
from tests.witness import boot_seconds


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, which is read-only once it is mounted over itself."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    try:
        yield folder
    finally:
        while folder.is_mount():
            subprocess.run(["umount", "-l", folder], check=True)


def turn_read_only(disk: Path) -> None:
    """Under open files, which go on taking what is written to them, as ext4's do."""
    subprocess.run(["mount", "--bind", disk, disk], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", disk], check=True)


def test_a_daemon_on_a_disk_that_turns_read_only_cuts_in_time_and_acknowledges_nothing_that_is_not_on_record(
    tmp_path: Path, disk: Path
) -> None:
    with program(tmp_path) as stove:
        stove.config.write_text(stove.config.read_text().replace(f"{tmp_path}/flameout.db", f"{disk}/flameout.db"))
        stove.start()
        stove.ready()
        stove.set_timer("left", 3)
        earliest = boot_seconds() + 2
        turn_read_only(disk)
        refused = stove.send("PUT", "/burners/right/timer", {"duration": 60})
        assert (refused.status_code, "read-only" in refused.text) == (503, True)
        eventually("the shut-off is known", lambda: stove.burner()["status"] == "shut_off")
        assert stove.witness.fell_at(LEFT) >= earliest
        assert "its file system has become read-only" in " ".join(stove.get("/stove")["problems"])
        subprocess.run(["umount", "-l", disk], check=True)
        eventually("it is written after all", lambda: "shut_off" in stove.kinds())
        assert not stove.get("/stove")["problems"]
