"""python -m tests.kernel [SCENARIO...]: make the guest, let it play (all, unless named), and judge."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.kernel.judge import RULES, judge
from tests.kernel.watch import episodes, read_report, read_witness

HERE = Path(__file__).parent
PATIENCE = 1800.0  # s
ALWAYS = ("the_machine_is_switched_on", "the_machine_restarts", "the_machine_comes_back")
# The disk is memory, so that nothing waits for the machine outside.
# Guest time counts instructions, two nanoseconds each, and skips what is idle: a slow machine outside makes the run
# longer and changes nothing of what is measured. Half a billion instructions a second is less than a Pi Zero 2 does.
EMULATED = ("-accel", "tcg", "-icount", "shift=1,sleep=off", "-cpu", "max")
VIRTUAL = ("-accel", "kvm", "-cpu", "host")


def machine(folder: Path, scenarios: list[str]) -> list[str]:
    """QEMU's words: one processor, one disk, no network, three serial ports into files."""
    image = folder / "root.img"
    words = ["console=ttyS0", "quiet", "systemd.show_status=false"]
    words += ["trace_event=gpio:gpio_value", "trace_clock=mono", "panic=5", "mitigations=off"]
    words += [f"scenarios={','.join(scenarios)}"] if scenarios else []
    ports = [word for name in ("console", "report", "witness") for word in ("-serial", f"file:{folder / name}")]
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
    """Run the machine until it switches itself off, and show how far it is."""
    began, shown = time.monotonic(), 0
    for name in ("console", "report", "witness"):
        (folder / name).touch()
    with subprocess.Popen(machine(folder, scenarios), stdin=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None:
                marks = read_report((folder / "report").read_text(errors="replace"))
                for mark in marks[shown:]:
                    show(mark, time.monotonic() - began)
                shown = len(marks)
                if time.monotonic() - began > PATIENCE:
                    print(f"The machine did not end within {PATIENCE:g} s; it is switched off.", file=sys.stderr)
                    break
                time.sleep(0.5)
        finally:
            process.kill()


def show(mark: dict[str, Any], elapsed: float) -> None:
    """One line of progress, or a few of a failure."""
    guest = f"[{elapsed:4.0f} s, guest {mark['at'] / 1e9:4.0f} s]"
    match mark["mark"]:
        case "begin":
            print(guest, mark["scenario"].replace("_", " "), flush=True)
        case "says" | "words":
            print(guest, "   ", mark["words"], flush=True)
        case "broken" | "ended":
            print(guest, "BROKEN:", mark["why"], *mark["log"].splitlines()[-12:], sep="\n    ", flush=True)


def verdicts(folder: Path, expected: list[str]) -> bool:
    """The table; True when every scenario was played and is good."""
    boots = read_witness((folder / "witness").read_text(errors="replace"))
    played = {each.name: each for each in episodes(read_report((folder / "report").read_text(errors="replace")))}
    good = True
    print(f"\n{'':4} {'scenario':62} {'limit':42} seen")
    for name in expected:
        fine, limit, seen = (
            judge(played[name], boots) if name in played else (False, RULES[name].limit, "it was not played")
        )
        good &= fine
        print(f"{'ok' if fine else 'FAIL':4} {name.replace('_', ' '):62} {limit:42} {seen}")
    gaps = [gap for watch in boots.values() for _, gap in watch.awake]
    print(f"\nThe witness looked about every millisecond; its longest pause was {max(gaps, default=0) / 1e6:.1f} ms.")
    return good


def main(scenarios: list[str]) -> int:
    """Returns the exit code."""
    unknown = [name for name in scenarios if name not in RULES]
    if unknown:
        print(f"There is no scenario {unknown[0]!r}; there are:", *RULES, sep="\n", file=sys.stderr)
        return 2
    expected = [name for name in RULES if not scenarios or name in scenarios or name in ALWAYS]
    with tempfile.TemporaryDirectory(prefix="flameout-kernel-", dir=os.environ.get("FLAMEOUT_ROOTS")) as name:
        folder = Path(name)
        subprocess.run([HERE / "make-guest", folder], check=True)
        play(folder, scenarios)
        good = verdicts(folder, expected)
        if not good:
            print((folder / "console").read_text(errors="replace")[-2000:], file=sys.stderr)
        keep(folder)
    return 0 if good else 1


def keep(folder: Path) -> None:
    """What was recorded stays in the cache, for whoever wants to look."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "flameout/kernel-last"
    cache.mkdir(parents=True, exist_ok=True)
    for each in ("console", "report", "witness"):
        (cache / each).write_bytes((folder / each).read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
