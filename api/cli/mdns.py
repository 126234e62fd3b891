"""``flameout mdns``: the service file by which avahi announces flameout on the network."""

from importlib.metadata import version
from typing import Any
from xml.sax.saxutils import escape

import click

from api.cli import options
from api.cli.address import Failed
from api.cli.configuration import count, examine
from controller.config import Config
from controller.config_check import is_loopback
from hardware.settings import find_file

_FILE = """\
<?xml version="1.0" standalone="no"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name replace-wildcards="yes">{name} on %h</name>
{services}</service-group>
"""
_SERVICE = """\
  <service>
    <type>{kind}._tcp</type>
    <port>{port}</port>
{records}  </service>
"""


@click.command()
@options.config
def mdns(config: str | None) -> None:
    """Print avahi's service file for this flameout.

    sudo flameout mdns > /tmp/flameout.service; sudo install -m 644 /tmp/flameout.service /etc/avahi/services/
    """
    path = find_file(config)
    found, problems = examine(path)
    if found is None:
        raise Failed(f"{path or 'the defaults'}: {count(problems)}; run: flameout check-config")
    click.echo(service_file(found), nl=False)
    if is_loopback(found.rest.host):
        remark = 'only this machine can ask, whatever is announced; "0.0.0.0" lets the network in.'
        click.echo(f"rest.host is {found.rest.host}: {remark}", err=True)


def service_file(config: Config) -> str:
    """flameout as itself, for programs, and as a web page, for people's browsers."""
    web = "_https" if config.rest.tls else "_http"
    flameout = {"path": "/", "version": version("flameout"), "id": config.stove.id, "tls": int(bool(config.rest.tls))}
    services = _service("_flameout", config.rest.port, flameout) + _service(web, config.rest.port, {"path": "/"})
    return _FILE.format(name=escape(config.stove.name), services=services)


def _service(kind: str, port: int, records: dict[str, Any]) -> str:
    lines = "".join(f"    <txt-record>{key}={value}</txt-record>\n" for key, value in records.items())
    return _SERVICE.format(kind=kind, port=port, records=lines)
