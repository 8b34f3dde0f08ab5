"""Blocks made from a server's handlers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.cli.main import main
from cloudlink.rpc.router import make_handler
from cloudlink.sprite.build import sprite_json
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.lint import lint
from cloudlink.sprite.notation import parse
from cloudlink.sprite.source import SpriteSource
from cloudlink.sprite.stubs import FILE, make_stubs, with_stubs
from cloudlink.sprite.tables import sprite_tables

BLOCKS = """
define let others ask first
say [after you]

define forget arguments
delete all of [server arguments v]

define ask server (name) and wait
say (name)

define show everything
say [x]
"""

ASKING = SpriteSource(
    "link",
    (("link.blocks", BLOCKS),),
    lists={"server arguments": []},
)

SERVER = '''
import cloudlink

cloud = cloudlink.TwCloudConnection("my-game-1234", contact="https://scratch.mit.edu/users/me")
client = cloudlink.CloudRequests(cloud)


@client.request
def leaderboard(top: int):
    """The best players, one line each."""


def late(): pass


client.run()
client.add_request(late)
'''


def blocks(*functions: Callable[..., Any], name: str | None = None) -> str:
    """The scripts for some functions, without the note above them."""
    made = make_stubs([make_handler(function, name=name) for function in functions], ASKING)
    assert not made.left_out
    assert not [
        problem for problem in lint(sprite_json(with_stubs(ASKING, made), tables={})) if problem.severity == "error"
    ]
    return made.text.partition("\n\n")[2].strip()


def test_a_handler_becomes_a_block_with_its_parameters_and_docstring() -> None:
    def leaderboard(top: int) -> None:
        """The best players.

        One line each.
        """

    assert blocks(leaderboard) == (
        "// The best players.\n//\n// One line each.\n"
        "// Asks the Python function leaderboard(top: 'int') -> 'None'.\n"
        "define leaderboard top (top)\n"
        "let others ask first\nforget arguments\n"
        "add (top) to [server arguments v]\n"
        "ask server [leaderboard] and wait"
    )


def test_booleans_are_pointed_and_everything_else_is_round() -> None:
    def one(
        flag: bool, off: bool = False, on: bool = True, text: str | None = "", way: Literal["a", "b"] = "a"
    ) -> None: ...

    assert "define one flag <flag> off <off> on (on) text (text) way (way)" in blocks(one)


def test_an_empty_slot_means_the_default() -> None:
    def one(text: str = "[a] v", count: int = 10, rest: Any = None, more: int = 1) -> None: ...

    text = blocks(one)
    assert "if <(length of (text)) = (0)> then\nadd [[a\\] \\v] to [server arguments v]\nelse" in text
    assert "if <(length of (count)) = (0)> then\nadd [10] to [server arguments v]\nelse" in text
    # None cannot be sent: then the function fills in this one and what follows.
    assert (
        "if <(length of (rest)) > (0)> then\nadd (rest) to [server arguments v]\nif <(length of (more)) = (0)>" in text
    )


def test_words_that_scratch_or_the_sprite_has_are_avoided() -> None:
    def show() -> None: ...

    def show_everything(answer: str, timer: str) -> None: ...

    assert "define show from server\n" in blocks(show)
    text = blocks(show_everything, name="show everything")
    assert "define show everything answer (answer 2) timer (timer 2)\n" in text
    made = make_stubs([make_handler(show, name="show  everything")], ASKING)
    assert "define show everything from server\n" in made.text
    assert "ask server [show  everything] and wait" in made.text


def test_what_no_slot_can_hold_is_left_out_with_the_reason() -> None:
    def one(players: list[str]) -> None: ...

    def two(name: str, players: dict[str, int] | None = None, last: int = 1) -> None: ...

    made = make_stubs([make_handler(one), make_handler(two)], ASKING)
    assert made.left_out == {"one": "its players is list[str], and a slot holds one text or number"}
    assert "define two name (name)\n" in made.text or "define two name (name) players (players)" in made.text


@given(
    names=st.lists(
        st.text(min_size=1, max_size=12).filter(lambda name: "\n" not in name and name[0] != ":"),
        max_size=3,
        unique=True,
    )
)
def test_every_name_gives_a_block_that_asks_for_exactly_it(names: list[str]) -> None:
    def function(a: int, b: bool) -> None: ...

    handlers = [make_handler(function, name=name) for name in names]
    made = make_stubs(handlers, ASKING)
    scripts = parse(made.text, file=FILE).scripts
    asked = [script[-1].phrase.arguments[0] for script in scripts]
    assert [text.text for text in asked] == [name for name in names if name not in made.left_out]  # type: ignore[union-attr]
    assert set(made.left_out) <= {name for name in names if not name.isprintable() or "{" in name}
    sprite_json(with_stubs(ASKING, made), tables={})


def test_the_command_reads_a_program_without_starting_or_connecting_it(tmp_path: Path) -> None:
    program = tmp_path / "my_game_server.py"
    program.write_text(SERVER, encoding="utf-8")
    result = CliRunner().invoke(main, ["sprite", "stubs", f"{program}:client", "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"cloudlink.sprite3", "starter.sb3"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("server", "not of the form module:client"),
        ("no_such_module_here:client", "there is no module 'no_such_module_here'"),
        ("{program}:clinet", "the CloudRequests in {program}: client"),
        ("{program}:cloud", "is a TwCloudConnection, not a CloudRequests"),
        ("{broken}:client", "fails: ZeroDivisionError"),
        ("{ending}:client", "my_ending_server.py ends before its server starts: Usage: game NUMBER"),
    ],
)
def test_what_is_no_server_is_refused(tmp_path: Path, target: str, message: str) -> None:
    paths = {"program": tmp_path / "my_other_server.py", "broken": tmp_path / "my_broken_server.py"}
    paths["program"].write_text(SERVER, encoding="utf-8")
    paths["broken"].write_text("1 / 0", encoding="utf-8")
    paths["ending"] = tmp_path / "my_ending_server.py"
    paths["ending"].write_text("import sys; sys.exit('Usage: game NUMBER')", encoding="utf-8")
    result = CliRunner().invoke(main, ["sprite", "stubs", target.format(**paths), "-o", str(tmp_path / "out")])
    assert result.exit_code != 0
    assert message.format(**paths) in result.output
    assert not (tmp_path / "out").exists()


def test_the_companion_takes_the_blocks() -> None:
    def greet(name: str) -> None: ...

    source = companion_source()
    made = make_stubs([make_handler(greet)], source)
    assert "// YOUR SERVER" in made.text
    assert any(
        block.get("mutation", {}).get("proccode") == "greet name %s" for block in _blocks(with_stubs(source, made))
    )


def _blocks(source: SpriteSource) -> list[dict[str, Any]]:
    return list(sprite_json(source, tables=sprite_tables())["blocks"].values())
