"""A sprite with language packs asks a Python server, over a cloud on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from playing import come_online, connect_server, request

from cloudlink import CloudRequests, codec
from cloudlink.localcloud import LocalCloud, SetRecord
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import variant

CHAT = ["Привет! Хочешь поиграть со мной?", "да, давай играть", "いいよ", "Hello!"]


@pytest.mark.parametrize(("modules", "packs"), [(["spanish", "russian"], ["es", "ru"]), ([], [])])
def test_the_server_answers_in_a_pack_if_the_sprite_has_it(
    modules: list[str], packs: list[str], vanilla_player: Player, tmp_path: Path
) -> None:
    project = tmp_path / "project.sb3"
    project.write_bytes(build_sb3(variant(companion_source(), modules=modules), tables=sprite_tables()))
    sets: list[SetRecord] = []
    with (
        LocalCloud("scratch") as cloud,
        connect_server(cloud) as connection,
        CloudRequests(connection) as server,
    ):
        cloud.on_set = sets.append
        server.add_request(lambda: CHAT, name="chat")
        vanilla_player.load(project)
        player = come_online(vanilla_player, cloud)
        request(player, "chat")
        assert player.list_items("server reply list") == CHAT
    answer = codec.encode(CHAT, languages=packs)
    assert answer.startswith("097" + codec.LANGUAGES["ru"]) == bool(packs)
    assert any(answer in record.value for record in sets)
