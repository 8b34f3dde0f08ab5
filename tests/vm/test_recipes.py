"""Every recipe: its project in the real Scratch machine, against its own server."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playing import PROJECT, come_online, connect_server

from cloudlink import Client, CloudClient, CloudConnection, Hosts
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3, project_json
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.lint import lint
from cloudlink.sprite.source import SpriteSource, load_starter
from cloudlink.sprite.tables import sprite_tables
from cloudlink.testing import LocalSite

REPOSITORY = Path(__file__).parents[2]
RECIPES = REPOSITORY / "scratch_sprites" / "recipes"
NAMES = sorted(path.parent.name for path in RECIPES.glob("*/starter.toml"))


def source_of(name: str) -> SpriteSource:
    return replace(companion_source(), starter=load_starter(RECIPES / name))


@pytest.fixture
def play(vanilla_player: Player, tmp_path: Path) -> Callable[..., Any]:
    """Opens a recipe beside its server, which gets the keywords; then clicks the green flag."""

    @contextmanager
    def play(name: str, **settings: Any) -> Iterator[tuple[Player, str]]:
        example = runpy.run_path(str(REPOSITORY / "examples" / f"{name.replace('-', '_')}.py"))
        project = tmp_path / f"{name}.sb3"
        project.write_bytes(build_sb3(source_of(name), tables=sprite_tables()))
        with (
            LocalCloud("scratch") as cloud,
            connect_server(cloud) as connection,
            example["make_server"](connection, **settings),
        ):
            vanilla_player.load(project)
            yield come_online(vanilla_player, cloud, user="Ada"), cloud.url

    return play


def test_every_recipe_is_tested_here_and_has_a_place_in_the_readme() -> None:
    readme = (REPOSITORY / "scratch_sprites" / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert f"test_{name.replace('-', '_')}" in "".join(globals()), name
        assert f"`recipes/{name}`" in readme, name
        assert f"`examples/{name.replace('-', '_')}.py`" in readme, name


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_has_no_mistakes(name: str) -> None:
    problems = lint(project_json(source_of(name), tables=sprite_tables()))
    assert [str(problem) for problem in problems if problem.severity == "error"] == []


def test_leaderboard_keeps_the_best_scores(play: Callable[..., Any], tmp_path: Path) -> None:
    with play("leaderboard", file=str(tmp_path / "scores.sqlite")) as (player, _):
        for score in (7, 12, 9):
            player.set_variable("score", score)
            player.broadcast("game over")
        assert player.list_items("leaderboard") == ["Ada: 12"]
        assert player.variable("my place") == 1
    with play("leaderboard", file=str(tmp_path / "scores.sqlite")) as (player, _):  # the server began anew
        player.broadcast("game over")
        assert player.list_items("leaderboard") == ["Ada: 12"]


def test_saved_game_is_there_again(play: Callable[..., Any], tmp_path: Path) -> None:
    file = str(tmp_path / "games.sqlite")
    with play("saved-game", file=file) as (player, _):
        player.wait_until("level", equals=1)  # a new game
        player.set_values({"level": 4, "coins": 9})
        player.broadcast("save")
        assert player.variable("server error") == ""
    with play("saved-game", file=file) as (player, _):
        player.wait_until("level", equals=4)
        player.wait_until("coins", equals=9)


def test_daily_message_is_that_of_the_day(play: Callable[..., Any]) -> None:
    with play("daily-message", today=lambda: date(2026, 11, 22)) as (player, _):  # a Sunday
        player.wait_until("daily message", equals="Sleep well.")


def test_voting_counts_one_vote_a_player(play: Callable[..., Any]) -> None:
    with play("voting") as (player, _):
        player.set_variable("my choice", "dogs")
        player.broadcast("vote")
        assert player.list_items("votes") == ["cats: 0", "dogs: 1"]
        player.set_variable("my choice", "cats")
        player.broadcast("vote")
        assert player.list_items("votes") == ["cats: 1", "dogs: 0"]
        player.set_variable("my choice", "cows")
        player.broadcast("vote", timeout=60)
        assert player.variable("server error") == "vote for cats or dogs"


def test_shop_sells_what_a_player_can_pay(play: Callable[..., Any]) -> None:
    with play("shop") as (player, _):
        player.wait_until("coins", equals=100)
        player.set_variable("wish", "wings")
        player.broadcast("buy")
        player.broadcast("buy")
        assert player.variable("server error") == "a wings costs 80 coins, and you have 20"
        assert player.variable("coins") == 20
        assert player.list_items("my things") == ["wings"]


def test_dictionary_translates(play: Callable[..., Any]) -> None:
    with play("dictionary") as (player, _):
        player.set_variable("word", "Star")
        player.broadcast("translate")
        assert player.variable("translation") == "ほし"
        player.set_variable("word", "whale")
        player.broadcast("translate")
        assert player.variable("translation") == "I do not know the word whale"


def test_chat_line_shows_ready_sentences_only(play: Callable[..., Any]) -> None:
    with play("chat-line") as (player, _):
        player.broadcast("send line")
        player.set_variable("sentence", 2)
        player.broadcast("send line")
        assert player.list_items("chat") == ["Ada: Hello!", "Ada: Good game!"]
        for wrong in ("my phone number", 5):
            player.set_variable("sentence", wrong)
            player.broadcast("send line")
            assert player.variable("server error") != ""
        assert player.list_items("chat") == ["Ada: Hello!", "Ada: Good game!"]


def test_quiz_checks_answers(play: Callable[..., Any]) -> None:
    with play("quiz") as (player, _):
        player.wait_until("question", equals="How many legs has a spider?")
        player.set_variable("my answer", "six")
        player.broadcast("check")
        assert player.variable("verdict") == "no, try again"
        player.set_variable("my answer", 8)
        player.broadcast("check")
        assert player.variable("verdict") == "right! 1 so far"
        player.wait_until("question", equals="What is the capital of France?")


def test_positions_tells_everybody_where_the_others_are(play: Callable[..., Any]) -> None:
    times = [0.0]
    with (
        play("positions", clock=lambda: times[0]) as (player, url),
        CloudConnection(PROJECT, username="Bob", cloud_host=url) as connection,
        CloudClient(connection) as bob,
    ):
        player.wait_until_list("players", equals=["Ada 0 0"], timeout=20)
        bob.request("move", "Bob", 20, -100)
        player.wait_until_list("players", equals=["Ada 0 0", "Bob 20 -100"], timeout=20)
        times[0] = 6.0  # Bob has gone
        player.wait_until_list("players", equals=["Ada 0 0"], timeout=20)


def test_profile_shows_a_user_of_the_site(play: Callable[..., Any]) -> None:
    with LocalSite() as site:
        site.add_user("ScratchCat", password="meow", country="Antarctica").bio = "Hi, I am the cat."
        with play("profile", site=Client(hosts=Hosts.at(site.hosts))) as (player, _):
            player.set_variable("who", "scratchcat")
            player.broadcast("show profile")
            assert player.variable("profile") == "ScratchCat from Antarctica: Hi, I am the cat."
            player.set_variable("who", "nobody-at-all")
            player.broadcast("show profile")
            assert player.variable("profile") == "nobody is called nobody-at-all"
