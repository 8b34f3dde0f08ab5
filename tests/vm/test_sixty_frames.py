"""The companion at 60 frames a second, which authors can choose in TurboWarp, in both machines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import pytest

from cloudlink import CloudConnection, CloudRequests, TwCloudConnection
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player

TEXT = "sixty times a second, " * 50


@pytest.mark.parametrize(("flavor", "interval"), [("vanilla", 0.1), ("turbowarp", 0.05)])
def test_a_project_at_sixty_frames_asks_and_is_answered(
    flavor: Literal["vanilla", "turbowarp"], interval: float, parts: Path, starter: Path, request: pytest.FixtureRequest
) -> None:
    turbowarp = flavor == "turbowarp"
    machine = request.getfixturevalue("turbowarp_bundle") if turbowarp else None
    connect = TwCloudConnection if turbowarp else CloudConnection
    with (
        LocalCloud("turbowarp" if turbowarp else "scratch") as cloud,
        connect("1", username="server", cloud_host=cloud.url) as connection,
        CloudRequests(connection) as client,
        Player(parts=parts, flavor=flavor, machine=machine, fps=60) as player,
    ):
        client.add_request(lambda number: number * number, name="square")
        client.add_request(lambda: TEXT, name="text")
        player.load(starter)
        player.connect(cloud.url, user="player1234", project_id="1", interval=interval)
        player.green_flag()
        player.wait_until("server status", equals="online", timeout=20)
        for number in range(10):
            player.set_values({"server request": "square"}, {"server arguments": [number]})
            player.broadcast("ask server", timeout=30)
            assert player.variable("server reply") == number * number
        player.set_values({"server request": "text"}, {})
        player.broadcast("ask server", timeout=30)
        assert player.variable("server reply") == TEXT
        assert player.statistics().sets_throttled == 0


def test_sixty_frames_take_less_time_than_at_thirty(parts: Path, starter: Path) -> None:
    seconds = {}
    for fps in (30, 60):
        with Player(parts=parts, fps=fps) as player:
            player.load(starter)
            begun = time.monotonic()
            player.wait_frames(60)
            seconds[fps] = time.monotonic() - begun
    assert seconds[60] < seconds[30]
