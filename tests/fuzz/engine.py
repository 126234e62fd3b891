"""One target in a process of its own: ``python -m tests.fuzz.engine TARGET --runs N``.

Atheris steers by coverage where it is installed (there are wheels for x86-64 only). Elsewhere the same inputs are
changed blindly, by the same seed in the same order. Ends with 1 when an input breaks what has to hold; the input is
kept.
"""

import argparse
import contextlib
import hashlib
import importlib
import itertools
import math
import os
import random
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

try:
    import atheris
except ImportError:
    atheris = None

from tests.fuzz.target import Target, Try

TARGETS = {"keeper": "frames", "mqtt": "orders", "rest": "bodies", "config": "settings"}
INSTRUMENTED = ["api", "controller", "hardware", "tomllib"]
FOUND = Path(__file__).parent / "found"  # inputs that broke something once
LONGEST = 4_096  # bytes of an input
HANGS_AFTER = 20  # s for one input


def load(name: str, instrumented: bool = False) -> Target:
    """The target, with the product's code instrumented where coverage is to be followed."""
    steered = atheris.instrument_imports(include=INSTRUMENTED) if instrumented else contextlib.nullcontext()
    with steered:
        target = importlib.import_module(f"tests.fuzz.{TARGETS[name]}").TARGET
    assert isinstance(target, Target)
    return target


def corpus(name: str, target: Target) -> dict[str, bytes]:
    """What is tried first: the seeds, and what was found once."""
    found = {path.name: path.read_bytes() for path in sorted((FOUND / name).glob("*"))}
    return dict(target.seeds) | found


def changed(data: bytes, chance: random.Random, target: Target, others: Sequence[bytes]) -> bytes:
    """An input a little different, as a fuzzer that sees nothing would make it."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(6):
            case 0:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                made[at:at] = chance.choice(target.words)
            case 2:
                del made[at : at + chance.choice((1, 2, 8, 64))]
            case 3:
                made[at : at + 1] = bytes([(made[at] + chance.choice((-1, 1))) % 256 if at < len(made) else 0])
            case 4:
                made[at:at] = made[at : at + chance.choice((1, 4, 16))]
            case _:
                other = chance.choice(others)
                made[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(made[:LONGEST])


def _kept(name: str, data: bytes, folder: Path, error: BaseException) -> NoReturn:
    """Keep the input, say how to play it again, and end."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"broken-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    traceback.print_exception(error)
    print(f"BROKEN {name}: {type(error).__name__}: {' '.join(str(error).split())[:300]}", file=sys.stderr)
    print(f"again: python -m tests.fuzz {name} --replay {path}", file=sys.stderr, flush=True)
    os._exit(1)


def blindly(name: str, target: Target, seed: int) -> Iterator[bytes]:
    """Without coverage: the inputs themselves, then changed ones for ever."""
    chance, inputs = random.Random(seed), list(corpus(name, target).values())
    yield from inputs
    while True:
        yield changed(chance.choice(inputs), chance, target, inputs)


def hunt(name: str, flaw: str | None, inputs: int, seed: int = 1) -> Exception | None:
    """Try inputs blindly, in this process, on a target with a planted flaw or none; returns what it led to."""
    target = load(name)
    with target.flaws[flaw]() if flaw is not None else contextlib.nullcontext(), target.begin() as try_one:
        for data in itertools.islice(blindly(name, target, seed), inputs):
            try:
                try_one(data)
            except Exception as error:
                return error
    return None


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _steered(try_one: Try, arguments: argparse.Namespace, target: Target) -> None:
    folder = arguments.folder
    (folder / "seeds").mkdir(parents=True, exist_ok=True)
    (folder / "corpus").mkdir(exist_ok=True)
    for number, data in enumerate(corpus(arguments.name, target).values()):
        (folder / "seeds" / f"{number:03}").write_bytes(data)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
    atheris.Setup(
        [
            "fuzz",
            f"-runs={arguments.runs}",
            f"-max_total_time={arguments.seconds}",
            f"-seed={arguments.seed or 1}",
            f"-dict={words}",
            f"-max_len={LONGEST}",
            f"-timeout={HANGS_AFTER}",
            f"-artifact_prefix={folder}/",
            "-len_control=0",
            "-print_final_stats=1",
            str(folder / "corpus"),
            str(folder / "seeds"),
        ],
        try_one,
    )
    atheris.Fuzz()


def main() -> int:
    """Try inputs until the bound, or until one breaks what has to hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flaw")
    parser.add_argument("--replay", type=Path, nargs="*")
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    steered = atheris is not None and not arguments.blind and arguments.replay is None
    target = load(arguments.name, steered)
    flaw = target.flaws[arguments.flaw]() if arguments.flaw else contextlib.nullcontext()
    with flaw, target.begin() as try_it:

        def try_one(data: bytes) -> None:
            try:
                try_it(data)
            except Exception as error:
                _kept(arguments.name, data, arguments.folder, error)

        if arguments.replay is not None:
            for path in arguments.replay:
                try_one(path.read_bytes())
        elif steered:
            _steered(try_one, arguments, target)
        else:
            runs, until = 0, time.monotonic() + (arguments.seconds or math.inf)
            for data in blindly(arguments.name, target, arguments.seed):
                if runs == arguments.runs or time.monotonic() > until:
                    break
                try_one(data)
                runs += 1
            print(f"#{runs} DONE blindly", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
