"""`cloudlink demo --serve`: the demo's cloud and server, kept running for a project in an editor."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import click

from cloudlink.connection import CloudConnection
from cloudlink.demo.handlers import Leaderboard, add_handlers
from cloudlink.demo.players import PROJECT
from cloudlink.foreground import until_ctrl_c
from cloudlink.localcloud import SCRATCH, LocalCloud
from cloudlink.server import CloudRequests
from cloudlink.sprite.companion import starter_sb3


def serve_demo(*, port: int, folder: Path) -> None:
    """Run until Ctrl-C, and say how to open the starter project against the cloud.

    Args:
        port: where the cloud listens, on this machine only.
        folder: where the starter project and the leaderboard's file are put.
    """
    starter = _put_starter(folder)
    leaderboard = Leaderboard(folder / "scores.sqlite")
    # Editors and packagers give a project ids of their own; here they all mean this one.
    with LocalCloud(replace(SCRATCH, shared_room=PROJECT), port=port) as cloud:
        connection = CloudConnection(PROJECT, username="demo-server", cloud_host=cloud.url)
        client = CloudRequests(connection)
        add_handlers(client, leaderboard)
        client.start()
        try:
            with until_ctrl_c():
                click.echo(_INSTRUCTIONS.format(url=cloud.url, starter=starter, port=port))
                client.wait()
            click.echo("\nStopping.")
        finally:
            client.stop()
            connection.disconnect()
            leaderboard.close()


def _put_starter(folder: Path) -> Path:
    """The starter project in a folder; a file of its name that is another project, somebody's work maybe, stays."""
    data = starter_sb3()
    names = itertools.chain(["starter.sb3"], (f"starter-{number}.sb3" for number in itertools.count(2)))
    paths = (folder / name for name in names)
    path = next(path for path in paths if not path.exists() or (path.is_file() and path.read_bytes() == data))
    path.write_bytes(data)
    return path


_INSTRUCTIONS = """\
A cloud with Scratch's limits runs at {url}, and a Python server listens to it.
The starter project is {starter}

To run it in a browser on this machine:
  1. open https://packager.turbowarp.org, choose "File", select the starter project, press "Load Project",
  2. under "Cloud Variables" keep "Connect to cloud variable server", and make the "Cloud host" ws://localhost:{port}
  3. press "Package", and open the page that is downloaded,
  4. click the green flag, and then the button that says "ask".

Press Ctrl-C to stop."""
