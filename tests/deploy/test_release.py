"""What make release makes: the same bytes twice, everything that the daemon needs, and a list of its parts."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.brokers import free_port

ROOT = Path(__file__).parents[2]
HERE = {"TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8"}
ELSEWHERE = {"TZ": "America/Caracas", "LC_ALL": "POSIX"}


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def release(folder: Path, umask: int, environment: dict[str, str]) -> Path:
    """A release of what is committed, made in a clone in ``folder``."""
    clone, out = folder / "clone", folder / "out"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, umask=umask)
    done = subprocess.run(
        [clone / "deploy" / "release", out],
        env=os.environ | environment | {"PYTHON": sys.executable},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release(tmp_path_factory.mktemp("here"), 0o022, HERE)


def only(folder: Path, pattern: str) -> Path:
    [file] = folder.glob(pattern)
    return file


def test_the_same_commit_makes_the_same_bytes(made: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = release(tmp_path_factory.mktemp("another-place-with-a-longer-name"), 0o077, ELSEWHERE)
    assert hashes(made) == hashes(other)
    assert len(hashes(made)) == 4


def test_the_sums_are_those_of_the_files(made: Path) -> None:
    lines = (made / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert sums == {name: digest for name, digest in hashes(made).items() if name != "SHA256SUMS"}


def test_the_wheel_holds_every_file_of_the_program(made: Path) -> None:
    with zipfile.ZipFile(only(made, "*.whl")) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        assert any(name.endswith("/licenses/LICENSE") for name in wheel.namelist())
    assert inside == tracked("api", "controller", "hardware")


def test_the_sdist_holds_the_whole_repository(made: Path) -> None:
    with tarfile.open(only(made, "*.tar.gz")) as sdist:
        inside = {name.partition("/")[2] for name in sdist.getnames()}
    assert {name for name in tracked() if not name.startswith(".")} - inside == set()


def test_the_list_of_parts_is_valid_and_complete(made: Path) -> None:
    text = only(made, "*.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    pins = [line for line in (ROOT / "requirements" / "run.txt").read_text().splitlines() if "==" in line]
    for pin in pins:
        name, version = pin.partition(";")[0].rstrip(" \\").split("==")
        assert f'"purl": "pkg:pypi/{name}@{version}"' in text
    assert len(pins) > 20
    assert '"name": "flameout"' in text


def test_uncommitted_changes_are_not_left_out_in_silence(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (clone / "README.md").write_text("changed")
    done = subprocess.run([clone / "deploy" / "release", tmp_path / "out"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not committed" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def installed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, from the wheel alone in a venv that sees the packages of this one but nothing of the repository."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = only(folder, "lib/python*/site-packages")
    for path in Path(pytest.__file__).parents[1].iterdir():
        if "flameout" not in path.name.lower():  # the editable install leads to the repository
            (packages / path.name).symlink_to(path)
    pip = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "--python", str(folder)]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", only(made, "*.whl")], check=True)
    return folder / "bin" / "flameout"


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[str]:
    """The page of a demo that was started from the wheel, in a folder that has nothing to do with it."""
    command = [str(installed), "demo", "--port", str(free_port())]
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FLAMEOUT"))}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, cwd=tmp_path, env=clean, stdout=subprocess.PIPE, stderr=log, text=True) as running,
    ):
        assert running.stdout is not None
        lines = iter(running.stdout.readline, "")
        url = next((line.split()[1] for line in lines if line.strip().startswith("page ")), None)
        assert url is not None, (tmp_path / "log").read_text()
        yield url
        running.send_signal(signal.SIGTERM)


def test_the_demo_runs_from_the_wheel_alone(demo: str) -> None:
    with urllib.request.urlopen(demo) as answer:
        [build] = set(re.findall(r"/page/(\w+)/", answer.read().decode()))
    modules = {file for file in tracked("api/page") if file.endswith((".js", ".css"))} - {"api/page/worker.js"}
    assert len(modules) > 10
    for file in modules:
        with urllib.request.urlopen(f"{demo}page/{build}/{Path(file).name}") as answer:
            assert answer.read() == (ROOT / file).read_bytes(), file
    with urllib.request.urlopen(f"{demo}api/v1/stove") as answer:
        assert b'"Demo hob"' in answer.read()


def test_git_is_there() -> None:
    assert shutil.which("git"), "a release is made from a commit; apt-get install git"
