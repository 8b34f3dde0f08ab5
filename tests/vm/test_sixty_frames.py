"""The companion at 60 frames a second, which authors can choose in TurboWarp, in both machines."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import pytest
from playing import PLACES, ask, come_online, connect_server

from cloudlink import CloudRequests
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player

TEXT = "sixty times a second, " * 50


def test_a_project_at_sixty_frames_asks_and_is_answered(
    flavor: Literal["vanilla", "turbowarp"], parts: Path, starter: Path, request: pytest.FixtureRequest
) -> None:
    machine = request.getfixturevalue("turbowarp_bundle") if flavor == "turbowarp" else None
    with (
        LocalCloud(PLACES[flavor]) as cloud,
        connect_server(cloud) as connection,
        CloudRequests(connection) as client,
        Player(parts=parts, flavor=flavor, machine=machine, fps=60) as player,
    ):
        client.add_request(lambda number: number * number, name="square")
        client.add_request(lambda: TEXT, name="text")
        player.load(starter)
        come_online(player, cloud, flavor)
        for number in range(10):
            assert ask(player, "square", number) == number * number
        assert ask(player, "text") == TEXT
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
