"""Playing on a cloud of this machine: a server's connection, a player who comes online, and requests."""

from __future__ import annotations

from typing import Any

from cloudlink import CloudConnection, TwCloudConnection
from cloudlink.localcloud import SCRATCH, TURBOWARP, LocalCloud
from cloudlink.player import Player, Value

PROJECT = "1"
PLACES = {"vanilla": SCRATCH, "turbowarp": TURBOWARP}
"""The kind of cloud that a machine is at home on."""


def connect_server(cloud: LocalCloud) -> CloudConnection:
    connect = TwCloudConnection if cloud.profile.name == TURBOWARP.name else CloudConnection
    return connect(PROJECT, username="server", cloud_host=cloud.url)


def join(player: Player, cloud: LocalCloud, flavor: str = "vanilla", *, user: str = "player1234") -> None:
    """Connect as a player of this flavor does, which also says how fast it sends, and click the green flag."""
    interval = PLACES[flavor].limits.player_interval
    player.connect(cloud.url, user=user, project_id=PROJECT, interval=interval)
    player.green_flag()


def come_online(player: Player, cloud: LocalCloud, flavor: str = "vanilla", *, user: str = "player1234") -> Player:
    """The player, which has joined and found the server."""
    join(player, cloud, flavor, user=user)
    player.wait_until("server status", equals="online", timeout=20)
    return player


def request(player: Player, name: str, *arguments: Value, timeout: int = 30, wait: bool = True) -> None:
    """Ask as a script does, and wait until the answer or an error is there."""
    player.set_values({"server request": name, "server timeout": timeout}, {"server arguments": list(arguments)})
    player.broadcast("ask server", wait=wait, timeout=timeout + 10)


def ask(player: Player, name: str, *arguments: Value, timeout: int = 30) -> Any:
    """The error or the reply that a project sees."""
    request(player, name, *arguments, timeout=timeout)
    return player.variable("server error") or player.variable("server reply")
