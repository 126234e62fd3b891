"""python -m tests.kernel [quick | SCENARIO...]: make the guest, let it play (all, unless named), and judge."""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from tests.kernel.judge import QUICK, RULES, judge
from tests.kernel.watch import episodes, read_report, read_witness

HERE = Path(__file__).parent
PATIENCE = 3600.0  # s, for a machine that does other things as well
RECORDS = ("console", "report", "witness")  # the serial ports, in their order
SWITCHED_ON, RESTARTS, COMES_BACK = "the_machine_is_switched_on", "the_machine_restarts", "the_machine_comes_back"
A_RESTART_IS_WORTH = 4  # scenarios, by the time that it takes
# The disk is memory, so that nothing waits for the machine outside.
# Guest time counts instructions, two nanoseconds each, and skips what is idle: a slow machine outside makes the run
# longer and changes nothing of what is measured. Half a billion instructions a second is less than a Pi Zero 2 does.
EMULATED = ("-accel", "tcg", "-icount", "shift=1,sleep=off", "-cpu", "max")
VIRTUAL = ("-accel", "kvm", "-cpu", "host")


def machine(folder: Path, scenarios: list[str]) -> list[str]:
    """QEMU's words: one processor, one disk, no network, three serial ports into files."""
    image = folder / "root.img"
    words = ["console=ttyS0", "quiet", "systemd.show_status=false"]
    words += [
        "trace_event=gpio:gpio_value,power:suspend_resume",
        "trace_clock=mono",
        "panic=5",
        "mitigations=off",
        "cryptomgr.notests",
    ]
    words += [f"scenarios={','.join(scenarios)}"]
    ports = [word for name in RECORDS for word in ("-serial", f"file:{folder / name}")]
    return [
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "pc,nvdimm=on"),
        *("-m", "1G,slots=1,maxmem=4G", "-device", "nvdimm,memdev=disk"),
        *("-object", f"memory-backend-file,id=disk,share=on,mem-path={image},size={image.stat().st_size}"),
        *(VIRTUAL if os.environ.get("FLAMEOUT_KVM") else EMULATED),
        *("-kernel", f"{folder / 'vmlinux'}", "-initrd", f"{folder / 'initrd'}", "-append", " ".join(words)),
        *(*ports, "-nic", "none", "-display", "none", "-monitor", "none", "-rtc", "base=utc,clock=vm"),
        *("-device", "i6300esb", "-action", "watchdog=reset"),
    ]


def play(folder: Path, scenarios: list[str]) -> None:
    """Run one machine until it switches itself off, and show how far it is."""
    began, shown = time.monotonic(), 0
    for name in RECORDS:
        (folder / name).touch()
    with subprocess.Popen(machine(folder, scenarios), stdin=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                marks = read_report((folder / "report").read_text(errors="replace"))
                for mark in marks[shown:]:
                    show(mark, f"[{folder.name}, {time.monotonic() - began:4.0f} s, guest {mark['at'] / 1e9:4.0f} s]")
                shown = len(marks)
                if time.monotonic() - began > PATIENCE:
                    print(f"The machine did not end within {PATIENCE:g} s; it is switched off.", file=sys.stderr)
                    break
                time.sleep(0.5)
        finally:
            process.kill()


def show(mark: dict[str, Any], where: str) -> None:
    """One line of progress, or a few of a failure."""
    match mark["mark"]:
        case "begin":
            print(where, mark["scenario"].replace("_", " "), flush=True)
        case "says" | "words":
            print(where, "   ", mark["words"], flush=True)
        case "broken" | "ended":
            print(where, "BROKEN:", mark["why"], *mark["log"].splitlines()[-12:], sep="\n    ", flush=True)


def verdicts(folder: Path, names: list[str]) -> bool:
    """One machine's part of the table; True when every scenario was played and is good."""
    boots = read_witness((folder / "witness").read_text(errors="replace"))
    played = {each.name: each for each in episodes(read_report((folder / "report").read_text(errors="replace")))}
    rows = [
        judge(played[name], boots) if name in played else (False, RULES[name].limit, "it was not played")
        for name in names
    ]
    for name, (fine, limit, seen) in zip(names, rows, strict=True):
        print(f"{'ok' if fine else 'FAIL':4} {name.replace('_', ' '):62} {limit:42} {seen}")
    gaps = [gap / 1e6 for watch in boots.values() for _, gap in watch.awake] or [0.0]
    print(
        f"     the witness's longest pause: {median(gaps):.1f} ms in the median second, {max(gaps):.1f} ms in the worst"
    )
    return all(fine for fine, _, _ in rows)


def shares(names: list[str]) -> list[list[str]]:
    """What each machine plays; two work at a time where there are the processors and enough to do."""
    wanted = set(QUICK if names == ["quick"] else names or RULES)
    last = [RESTARTS] if wanted & {RESTARTS, COMES_BACK} else []
    chosen = [name for name in RULES if name in wanted - {SWITCHED_ON, RESTARTS, COMES_BACK}]
    if len(chosen) < 4 or (os.cpu_count() or 1) < 2:
        return [[*chosen, *last]]
    half = max(1, (len(chosen) - A_RESTART_IS_WORTH * len(last)) // 2)
    return [[*chosen[:half], *last], chosen[half:]]


def expected(hand: list[str]) -> list[str]:
    """The rows of one machine's part of the table."""
    return [SWITCHED_ON, *hand, *([COMES_BACK] if RESTARTS in hand else [])]


def prepare(folder: Path, count: int) -> list[Path]:
    """A folder for each machine, all with the same guest."""
    folders = [folder / f"machine {number + 1}" for number in range(count)]
    folders[0].mkdir()
    subprocess.run([HERE / "make-guest", folders[0]], check=True)
    for other in folders[1:]:
        subprocess.run(["cp", "-r", "--sparse=always", folders[0], other], check=True)
    return folders


def main(scenarios: list[str]) -> int:
    """Returns the exit code."""
    unknown = [name for name in scenarios if name not in RULES and scenarios != ["quick"]]
    if unknown:
        print(f"There is no scenario {unknown[0]!r}; there are:", *RULES, sep="\n", file=sys.stderr)
        return 2
    hands = shares(scenarios)
    with tempfile.TemporaryDirectory(prefix="flameout-kernel-", dir=os.environ.get("FLAMEOUT_ROOTS")) as name:
        folders = prepare(Path(name), len(hands))
        with ThreadPoolExecutor() as pool:
            list(pool.map(play, folders, hands))
        print(f"\n{'':4} {'scenario':62} {'limit':42} seen")
        good = [verdicts(folder, expected(hand)) for folder, hand in zip(folders, hands, strict=True)]
        for folder in folders:
            keep(folder)
    return 0 if all(good) else 1


def keep(folder: Path) -> None:
    """What was recorded stays in the cache, for whoever wants to look."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flameout/kernel-last" / folder.name
    home.mkdir(parents=True, exist_ok=True)
    for each in RECORDS:
        (home / each).write_bytes((folder / each).read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
