"""Found by name: a real avahi in a network of its own, the shipped alias, and the real daemon in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.program import Program, eventually, program
from tests.tools import lacking

ALIAS = Path(__file__).parents[2] / "deploy/avahi/flameout-alias"
TOOLS = ("unshare", "nsenter", "ip", "hostname", "dbus-daemon", "avahi-daemon", "avahi-browse", "avahi-resolve")
BUS = """\
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_requested_reply="true"/></policy></busconfig>
"""
AVAHI = "[server]\nhost-name=hob\nuse-ipv6=no\nallow-interfaces=stove\n[wide-area]\nenable-wide-area=no\n"
INSIDE = """\
set -e
hostname hob
mount -t tmpfs none /run && mkdir -p /run/dbus /run/avahi-daemon
mount --bind "$1/services" /etc/avahi/services
ip link set lo up
ip link add name stove type veth peer name phone
ip addr add 198.51.100.9/24 dev stove
ip link set stove up && ip link set phone up
dbus-daemon --config-file="$1/bus.conf" --fork
avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$1/avahi.conf" --daemonize
echo ready
exec sleep infinity
"""
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Network:
    """A machine called hob on a network of its own."""

    def __init__(self, folder: Path) -> None:
        (folder / "services").mkdir()
        for name, text in (("bus.conf", BUS), ("avahi.conf", AVAHI), ("inside.sh", INSIDE)):
            (folder / name).write_text(text)
        flags = ["--net", "--mount", "--uts", "--pid", "--mount-proc", "--fork", "--kill-child=SIGKILL"]
        with (folder / "inside.log").open("w") as log:
            self._holder = subprocess.Popen(
                ["unshare", *flags, "sh", str(folder / "inside.sh"), str(folder)],
                env=os.environ | {"PATH": _PATH},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._holder.stdout is not None
        self.up = self._holder.stdout.readline() == "ready\n"
        self.why = (folder / "inside.log").read_text().strip().replace("\n", "; ")

    def command(self, *arguments: str) -> list[str]:
        """A command as it has to be started to run on that machine."""
        holder = self._holder.pid
        [inside] = Path(f"/proc/{holder}/task/{holder}/children").read_text().split()
        return ["nsenter", "-t", inside, "--net", "--mount", "--uts", "--pid", *arguments]

    def run(self, *arguments: str) -> str:
        """What a command prints on that machine, right or wrong."""
        done = subprocess.run(
            self.command(*arguments),
            env=os.environ | {"PATH": _PATH},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.stdout

    def resolved(self, name: str) -> str:
        return self.run("avahi-resolve", "-4", "-n", name).partition("\t")[2].strip()

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_PATH) is None]
    if os.geteuid() != 0:
        pytest.skip("needs root, for a network of its own with avahi in it")
    if missing:
        lacking(", ".join(missing))
    made = Network(tmp_path)
    try:
        if not made.up:
            pytest.skip(f"no network of its own can be made here: {made.why}")
        yield made
    finally:
        made.close()


def services(network: Network, kind: str) -> list[list[str]]:
    """Name, type, domain, host, address, port and records of each instance."""
    lines = network.run("avahi-browse", "-rpt", kind).splitlines()
    return [line.split(";")[3:] for line in lines if line.startswith("=;stove;IPv4")]


def start_inside(network: Network, stove: Program) -> "subprocess.Popen[str]":
    with (stove.folder / "run.log").open("w") as log:
        return subprocess.Popen(
            network.command(sys.executable, "-m", "api.entry", "run", "--config", str(stove.config)),
            env=stove.environment,
            stdout=log,
            stderr=log,
            text=True,
            cwd=stove.folder,
        )


def healthy(network: Network, host: str, address: str, port: int) -> bool:
    """Whether the daemon answers at an address to a name."""
    code = (
        "import http.client, sys\n"
        f"asking = http.client.HTTPConnection({address!r}, {port})\n"
        f"asking.request('GET', '/healthz', headers={{'Host': '{host}:{port}'}})\n"
        "print(asking.getresponse().status)"
    )
    return network.run(sys.executable, "-c", code) == "200\n"


def test_flameout_is_found_on_the_network_and_answers_there(network: Network, tmp_path: Path) -> None:
    folder = tmp_path / "stove"
    folder.mkdir()
    with program(folder, require_token='true\nhost = "0.0.0.0"') as stove:
        stove.others.append(start_inside(network, stove))
        printed = network.run(sys.executable, "-m", "api.entry", "mdns", "--config", str(stove.config))
        (tmp_path / "services/flameout.service").write_text(printed)
        network.run("avahi-daemon", "--reload")
        [found] = eventually("it is announced", lambda: services(network, "_flameout._tcp"))
        assert found[0].replace("\\032", " ") == "Test hob on hob"
        assert (found[3], found[4], found[5]) == ("hob.local", "198.51.100.9", str(stove.port))
        assert all(record in found[6] for record in ('"path=/"', '"version=', '"id=test"', '"tls=0"'))
        [page] = eventually("the page is announced", lambda: services(network, "_http._tcp"))
        assert (page[4], page[5]) == ("198.51.100.9", str(stove.port))
        eventually("it answers", lambda: healthy(network, found[3], found[4], stove.port))
        assert healthy(network, "flameout.local", found[4], stove.port)


def test_the_alias_leads_here_follows_the_address_and_ends_with_avahi(network: Network, tmp_path: Path) -> None:
    assert ALIAS.stat().st_mode & 0o111
    assert network.resolved("flameout.local") == ""
    with (tmp_path / "alias.log").open("w") as log:
        alias = subprocess.Popen(
            network.command(str(ALIAS)),
            env=os.environ | {"PATH": _PATH, "FLAMEOUT_ALIAS_EVERY": "0.2"},
            stdout=log,
            stderr=log,
        )
    eventually("the alias leads here", lambda: network.resolved("flameout.local") == "198.51.100.9")
    assert network.resolved("hob.local") == "198.51.100.9"
    network.run("ip", "addr", "add", "198.51.100.20/24", "dev", "stove")
    network.run("ip", "addr", "del", "198.51.100.9/24", "dev", "stove")  # its neighbour of the same net goes too
    network.run("ip", "addr", "replace", "198.51.100.20/24", "dev", "stove")
    eventually("it follows", lambda: network.resolved("flameout.local") == "198.51.100.20")
    network.run("avahi-daemon", "--kill")
    assert alias.wait(20) == 1
    assert "avahi-publish has ended" in (tmp_path / "alias.log").read_text()


def test_a_machine_of_that_very_name_needs_no_alias(network: Network) -> None:
    network.run("hostname", "flameout")
    done = subprocess.run(network.command(str(ALIAS)), capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to do" in done.stdout
