"""Commands that run a program: demo, run, keeper, make-safe."""

import click


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="REST's port (default: 8520, or a free one).")
def demo(port: int | None) -> int:
    """A simulated two-burner hob with a broker and REST, on this machine only."""
    from api.demo import run as run_demo  # noqa: PLC0415

    return run_demo(port)


@click.command()
@click.option("--config", metavar="F", help="The configuration file.")
def run(config: str | None) -> int:
    """The daemon, in the foreground."""
    from api.daemon import run as run_daemon  # noqa: PLC0415

    return run_daemon(config)


@click.command()
@click.option("--config", metavar="F", help="The configuration file; it has to name keeper.socket.")
def keeper(config: str | None) -> int:
    """The keeper as a process of its own."""
    from hardware.keeper import main  # noqa: PLC0415

    return main(config)


@click.command("make-safe", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def make_safe(arguments: tuple[str, ...]) -> int:
    """Open every configured line now, without a daemon."""
    from hardware.make_safe import main  # noqa: PLC0415

    return main(arguments)
