"""The command `cloudlink`: its groups and options; what they do is elsewhere."""

from __future__ import annotations

import errno
import io
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from cloudlink.cli.cloud import cloud
from cloudlink.cli.project import project
from cloudlink.cli.sprite import sprite
from cloudlink.demo.run import run_demo
from cloudlink.demo.serve import serve_demo
from cloudlink.errors import CloudlinkError


class _Commands(click.Group):
    """Commands whose errors, ours and those of the disk, are told in a line; the exit code is 1 then."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(context)
        except CloudlinkError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads any more, as with `| head`: click ends quietly
                raise
            raise click.ClickException(f"{error.filename or 'the disk'}: {error.strerror or error}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("cloudlink-scratch"))
def main() -> None:
    """Connect Python programs with Scratch and TurboWarp projects through cloud variables."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows writes files in encodings that have no cloud sign
            stream.reconfigure(errors="backslashreplace")


@main.command()
@click.option("--serve", is_flag=True, help="Keep running, to play with in a real editor.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=9080,
    show_default=True,
    help="Of the cloud server, with --serve.",
)
@click.option("--twin", is_flag=True, help="Use the Python twin of the sprite, even where Node is present.")
def demo(serve: bool, port: int, twin: bool) -> None:
    """Run a cloud, a server and a Scratch project that asks it, all on this machine."""
    if serve:
        serve_demo(port=port, folder=Path.cwd())
    else:
        run_demo(use_twin=twin)


main.add_command(cloud)
main.add_command(project)
main.add_command(sprite)
