"""A block for each function of a Python server, in the real machine, asking that very server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playing import come_online

from cloudlink import CloudConnection, CloudRequests
from cloudlink.cli.server_module import find_server
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.companion import NAME, companion_source
from cloudlink.sprite.stubs import make_stubs, with_stubs
from cloudlink.sprite.tables import sprite_tables

PROGRAM = '''
import cloudlink

cloud = cloudlink.CloudConnection("1", username="server", cloud_host={url!r})
client = cloudlink.CloudRequests(cloud)


@client.request
def leaderboard(top: int = 2, upper: bool = False) -> list[str]:
    """The best players."""
    names = ["Ann", "Bob", "Cyd"][:top]
    return [name.upper() for name in names] if upper else names


@client.request(name="who am I?")
def who(name: str, age: float) -> str:
    return f"{{name!r}} {{age!r}}"


if __name__ != "my_stub_server":
    client.run()
'''

CALLS = """
when I receive [call v]
delete all of [seen v]
leaderboard top (3) upper <(1) = (1)>
add (server reply) to [seen v]
add (item (3) of [server reply list v]) to [seen v]
leaderboard top () upper <>
add (server reply) to [seen v]
add (item (1) of [server reply list v]) to [seen v]
leaderboard top [many] upper <>
add (server error code) to [seen v]
who am I? name [Ünï [x\\]] age (1.5)
add (server reply) to [seen v]
"""


def test_each_function_of_the_server_is_a_block_that_asks_it(vanilla_player: Player, tmp_path: Path) -> None:
    with LocalCloud("scratch") as cloud:
        program = tmp_path / "my_stub_server.py"
        program.write_text(PROGRAM.format(url=cloud.url), encoding="utf-8")
        source = companion_source()
        source = with_stubs(source, make_stubs(find_server(f"{program}:client").handlers, source))
        project = tmp_path / "project.sb3"
        extra: dict[str, Any] = {"extra_scripts": {NAME: CALLS}, "extra_lists": {"seen": []}}
        project.write_bytes(build_sb3(source, tables=sprite_tables(), **extra))
        server: dict[str, Any] = {"__name__": "my_stub_server"}
        exec(program.read_text(encoding="utf-8"), server)
        client, connection = server["client"], server["cloud"]
        assert isinstance(client, CloudRequests)
        assert isinstance(connection, CloudConnection)
        with client:
            vanilla_player.load(project)
            player = come_online(vanilla_player, cloud)
            player.broadcast("call", timeout=60)
            assert player.list_items("seen") == [3, "CYD", 2, "Ann", 400, "'Ünï [x]' 1.5"]
        connection.disconnect()
