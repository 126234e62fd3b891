"""By which names and addresses this machine is called on its network."""

import fcntl
import ipaddress
import re
import socket
import struct
from pathlib import Path

NAME = "flameout.local"
_SIOCGIFADDR = 0x8915
_IF_INET6 = Path("/proc/net/if_inet6")
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_TEMPORARY, _DEPRECATED, _GLOBAL_SCOPE = 0x01, 0x20, "00"


def names() -> list[str]:
    """The host names that other machines may use, and localhost."""
    host = socket.gethostname().lower()
    own = [host] if "." in host else [host, f"{host}.local"]
    return list(dict.fromkeys([NAME, *filter(is_name, own), "localhost"]))


def is_name(text: str) -> bool:
    """Whether it can be a host name."""
    return len(text) <= 253 and re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text) is not None


def addresses() -> list[str]:
    """The addresses by which the network reaches this machine; IPv4 first, without loopback and link-local ones."""
    interfaces = [name for _, name in socket.if_nameindex()]
    found = [*filter(None, map(_ipv4, interfaces)), *_ipv6()]
    return [text for text in dict.fromkeys(found) if not _is_private_matter(text)]


def _ipv4(interface: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking, _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:  # it has none
            return None
    return socket.inet_ntoa(answer[20:24])


def _ipv6() -> list[str]:
    """Those that stay: a temporary one is another one tomorrow."""
    try:
        rows = [line.split() for line in _IF_INET6.read_text().splitlines()]
    except OSError:
        return []
    return [
        str(ipaddress.IPv6Address(bytes.fromhex(row[0])))
        for row in rows
        if row[3] == _GLOBAL_SCOPE and not int(row[4], 16) & (_TEMPORARY | _DEPRECATED)
    ]


def _is_private_matter(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address.is_link_local or address.is_unspecified
