"""The command `cloudlink`: its groups and options; what they do is elsewhere."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click

from cloudlink.cli.cloud import cloud
from cloudlink.cli.project import project
from cloudlink.cli.sprite import sprite
from cloudlink.demo.run import run_demo
from cloudlink.demo.serve import serve_demo


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("cloudlink-scratch"))
def main() -> None:
    """Connect Python programs with Scratch and TurboWarp projects through cloud variables."""


@main.command()
@click.option("--serve", is_flag=True, help="Keep running, to play with in a real editor.")
@click.option("--port", default=9080, show_default=True, help="Of the cloud server, with --serve.")
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
