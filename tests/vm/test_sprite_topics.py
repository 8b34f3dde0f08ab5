"""What the server sends unasked, in both machines: each message once and in order, whatever is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playing import PLACES, ask, connect_server, join

from cloudlink import CloudRequests
from cloudlink.localcloud import Faults, LocalCloud
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.companion import NAME, companion_source
from cloudlink.sprite.tables import sprite_tables

INSIDE = """
when I receive [listen v]
listen to topic (topic)

when I receive [do not listen v]
delete (1) of [server topics v]
broadcast [listen to server v]
"""

OTHER = """
when I receive [server message v]
add (join (join (server message topic) [: ]) (server message)) to [seen v]
"""


class Server:
    def __init__(self, cloud: LocalCloud) -> None:
        self.connection = connect_server(cloud)
        self.client = CloudRequests(self.connection)

        @self.client.request
        def double(number: float) -> float:
            return 2 * number

    def __enter__(self) -> Server:
        self.client.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.stop()
        self.connection.disconnect()


@pytest.fixture
def cloud(flavor: str) -> Iterator[LocalCloud]:
    with LocalCloud(PLACES[flavor]) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("topics") / "project.sb3"
    extra: dict[str, Any] = {"extra_variables": {"topic": ""}, "extra_lists": {"seen": []}}
    scripts = {NAME: INSIDE, "Example": OTHER}
    path.write_bytes(build_sb3(companion_source(), tables=sprite_tables(), extra_scripts=scripts, **extra))
    return path


@pytest.fixture
def player(machine_with_project: Player, flavor: str, cloud: LocalCloud) -> Player:
    """A player on a cloud without a server."""
    player = machine_with_project
    player.stop_all()
    player.set_values(lists={"seen": [], "server topics": []})
    join(player, cloud, flavor)
    return player


def listen(player: Player, *topics: str) -> None:
    for topic in topics:
        player.set_variable("topic", topic)
        player.broadcast("listen")
    player.wait_until_list("topic addresses", sprite=NAME, at_least=len(topics), timeout=20)


def test_messages_of_several_topics_come_in_order_and_requests_go_on(player: Player, cloud: LocalCloud) -> None:
    with Server(cloud) as server:
        listen(player, "", "chat")
        for number in range(3):
            server.client.send(f"all {number}")
            server.client.send(f"chat {number}", topic="chat")
        server.client.send("nobody hears this", topic="other")
        assert ask(player, "double", 4) == 8
        seen = player.wait_until_list("seen", at_least=6, timeout=20)
        assert [text for text in seen if str(text).startswith(":")] == [f": all {number}" for number in range(3)]
        assert [text for text in seen if str(text).startswith("c")] == [f"chat: chat {number}" for number in range(3)]
        assert player.variable("server reply") == 8


def test_a_long_message_and_a_list_arrive(player: Player, cloud: LocalCloud) -> None:
    with Server(cloud) as server:
        listen(player, "chat")
        server.client.send("0123456789" * 200, topic="chat")
        server.client.send([1, {"name": "Ann"}], topic="chat")
        seen = player.wait_until_list("seen", at_least=2, timeout=20)
        assert seen == ["chat: " + "0123456789" * 200, "chat: 2"]
        assert list(map(str, player.list_items("server message list"))) == ["1", "1"]
        assert list(map(str, player.list_items("server message values"))) == ["2", "1", "1", "Ann"]


@pytest.mark.parametrize("loss", [0.05, 0.2])
def test_no_message_is_lost_whatever_the_network_loses(player: Player, cloud: LocalCloud, loss: float) -> None:
    with Server(cloud) as server:
        cloud.faults = Faults(loss=loss, seed=3)
        listen(player, "chat")
        for number in range(40):
            server.client.send(f"{number} " + "x" * (200 if number % 10 == 5 else 3), topic="chat")
        seen = player.wait_until_list("seen", at_least=40, timeout=90)
        assert [str(text).split()[1] for text in seen] == [str(number) for number in range(40)]


def test_who_was_away_for_more_than_a_round_of_numbers_gets_the_newest_messages(
    player: Player, cloud: LocalCloud
) -> None:
    with Server(cloud) as server:
        listen(player, "chat")
        server.client.send("first", topic="chat")
        player.wait_until_list("seen", at_least=1, timeout=20)
        player.stall(8.0)
        for number in range(130):
            server.client.send(number, topic="chat")
        player.wait_until_list("seen", contains="chat: 129", timeout=60)
        numbers = [int(str(text).removeprefix("chat: ")) for text in player.list_items("seen")[1:]]
        assert numbers == sorted(set(numbers))
        assert len(numbers) + int(player.variable("server messages missed")) == 130


def test_what_is_not_listened_to_any_more_is_not_seen(player: Player, cloud: LocalCloud) -> None:
    with Server(cloud) as server:
        listen(player, "chat", "news")
        player.broadcast("do not listen")
        player.wait_until_list("topic names", sprite=NAME, equals=["news"], timeout=20)
        server.client.send("unseen", topic="chat")
        server.client.send("seen", topic="news")
        assert player.wait_until_list("seen", at_least=1, timeout=20) == ["news: seen"]


def test_a_server_that_was_started_anew_is_listened_to_again(player: Player, cloud: LocalCloud) -> None:
    with Server(cloud):
        listen(player, "chat")
    with Server(cloud) as server:
        ask(player, "double", 3)  # by this the player notices
        player.wait_until_list("topic addresses", sprite=NAME, at_least=1, timeout=20)
        server.client.send("again", topic="chat")
        assert player.wait_until_list("seen", at_least=1, timeout=20) == ["chat: again"]
