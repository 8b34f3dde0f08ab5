"""Run Scratch projects headlessly in the real virtual machine, for tests and benchmarks of the sprite.

    from cloudlink.player import Player, install

    with Player(parts=install()) as player:
        player.load("game.sb3")
        player.connect("ws://127.0.0.1:9080/", user="bob", project_id="77")
        player.green_flag()
        print(player.wait_until("score", at_least=10))

Needs Node.js 18 or newer with npm; `node_available()` tells whether they are there.
"""

from __future__ import annotations

from cloudlink.player.install import install, node_available
from cloudlink.player.player import ConnectionState, Player, Run, Statistics, Value, Values

__all__ = [
    "ConnectionState",
    "Player",
    "Run",
    "Statistics",
    "Value",
    "Values",
    "install",
    "node_available",
]
