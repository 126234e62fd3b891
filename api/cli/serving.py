"""Commands that run a program: demo, run, keeper, make-safe."""

import click

from api.cli import options


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="REST's port (default: 8520, or a free one).")
def demo(port: int | None) -> int:
    """A simulated hob with a broker, on this machine only."""
    from api.demo import run as run_demo  # noqa: PLC0415

    return run_demo(port)


@click.command()
@options.config
def run(config: str | None) -> int:
    """The daemon, in the foreground."""
    from api.daemon import run as run_daemon  # noqa: PLC0415

    return run_daemon(config)


@click.command()
@options.config
@click.option("--fd", type=int, hidden=True, help="The socket that a controller hands to its own keeper.")
def keeper(config: str | None, fd: int | None) -> int:
    """The keeper as a process of its own."""
    from hardware.keeper import main  # noqa: PLC0415

    return main(config, fd)


@click.command("make-safe")
@options.config
@click.option("--list", "list_file", metavar="FILE", help="Touch no line, but write into FILE which there are.")
def make_safe(config: str | None, list_file: str | None) -> int:
    """Open every configured line now, without a daemon."""
    from hardware.make_safe import main  # noqa: PLC0415

    given = {"--config": config, "--list": list_file}
    main([word for name, value in given.items() if value is not None for word in (name, value)])
