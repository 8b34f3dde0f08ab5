"""A sprite with language packs asks a Python server, over a cloud on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudlink import CloudConnection, CloudRequests, codec
from cloudlink.localcloud import LocalCloud, SetRecord
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import variant

CHAT = ["Привет! Хочешь поиграть со мной?", "да, давай играть", "いいよ", "Hello!"]
PROJECT = "1"


@pytest.mark.parametrize(("modules", "packs"), [(["spanish", "russian"], ["es", "ru"]), ([], [])])
def test_the_server_answers_in_a_pack_if_the_sprite_has_it(
    modules: list[str], packs: list[str], parts: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project.sb3"
    project.write_bytes(build_sb3(variant(companion_source(), modules=modules), tables=sprite_tables()))
    sets: list[SetRecord] = []
    with (
        LocalCloud("scratch") as cloud,
        CloudConnection(PROJECT, username="server", cloud_host=cloud.url) as connection,
        CloudRequests(connection) as server,
        Player(parts=parts) as player,
    ):
        cloud.on_set = sets.append
        server.add_request(lambda: CHAT, name="chat")
        player.load(project)
        player.connect(cloud.url, user="player1234", project_id=PROJECT, interval=0.1)
        player.green_flag()
        player.wait_until("server status", equals="online", timeout=20)
        player.set_values({"server request": "chat", "server timeout": 30}, {"server arguments": []})
        player.broadcast("ask server", timeout=40)
        assert player.values([], ["server reply list"]).lists["server reply list"] == CHAT
    answer = codec.encode(CHAT, languages=packs)
    assert answer.startswith("097" + codec.LANGUAGES["ru"]) == bool(packs)
    assert any(answer in record.value for record in sets)
