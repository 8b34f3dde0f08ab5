"""Scripts printed as text build the same blocks again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.cli.main import main
from cloudlink.errors import SpriteError
from cloudlink.sprite.blocks import BLOCKS, KINDS, Block, Choice, Condition, Kind, Menu, Message, Primitive, Shape
from cloudlink.sprite.build import build_sb3, build_sprite3, sprite_json
from cloudlink.sprite.check import check_targets
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.notation import is_number, quote
from cloudlink.sprite.printer import print_target
from cloudlink.sprite.source import SpriteSource
from cloudlink.sprite.tables import sprite_tables

Json = dict[str, Any]
NAMES = {"variables": {"v": 0, "my v": 1, "a) b (c": 2, "x // y :: z": 3}, "lists": {"l": [], "[l]": []}}


def sprite(text: str, **more: Any) -> Json:
    return sprite_json(SpriteSource("Cat", (("cat.blocks", text),), **{**NAMES, **more}), tables={})


def blocks(target: Json) -> Json:
    """The blocks without what the text does not tell: where they stand."""
    return {
        key: {name: value for name, value in block.items() if name not in {"x", "y", "comment"}}
        for key, block in target["blocks"].items()
    }


def comments(target: Json) -> list[tuple[str | None, str]]:
    return [(comment["blockId"], comment["text"]) for comment in target["comments"].values()]


def assert_same_again(text: str, **more: Any) -> None:
    first = sprite(text, **more)
    printed = print_target(first)
    assert printed.left_out == ()
    second = sprite(printed.text, **more)
    assert blocks(second) == blocks(first)
    assert comments(second) == comments(first)
    assert print_target(second) == printed


def filled(kind: Kind) -> str:
    match kind:
        case Primitive(code=9):
            return "[#ff8000]"
        case Primitive():
            return "(7)" if kind.numeric else "[a text]"
        case Condition():
            return "<(v) > (1)>"
        case Menu() if kind is KINDS["costume"]:
            return "[costume1 v]"
        case Menu(options=options) | Choice(options=options):
            return f"[{next(iter(options), 'anything')} v]"
        case Message():
            return "[a message v]"
        case _:
            return f"[{ {'variable': 'v', 'list': 'l', 'broadcast': 'a message'}[kind.to] } v]"


def line(block: Block) -> str:
    """A script with the block in it, its slots filled."""
    slots = iter(block.slots)
    names = iter([slot.name for slot in block.slots])
    text = block.specs[0]
    for _ in block.slots:
        start, end = text.index("{"), text.index("}")
        assert text[start + 1 : end].startswith(next(names))
        text = text[:start] + filled(next(slots).kind) + text[end + 1 :]
    match block.shape:
        case Shape.REPORTER:
            return f"say ({text})"
        case Shape.BOOLEAN:
            return f"wait until <{text}>"
        case _:
            return (
                "\nelse\n".join([text, *["say [inside]"] * block.bodies][:1])
                + "".join(("\nsay [inside]", "\nelse\nsay [other]")[number] for number in range(block.bodies))
                + ("\nend" if block.bodies else "")
            )


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.opcode)
def test_every_block_of_the_palette_prints_as_it_is_read(block: Block) -> None:
    assert_same_again(line(block))


@pytest.mark.parametrize(
    "text",
    [
        "// a note\n//\n// of two paragraphs\n\n// another",
        "// above\nsay [x] // beside\nsay [y]",
        "define send (text) <loud> twice :: warp\nif <loud> then\nsay (text) // inside\nelse\nend\n\nsend [x] <> twice",
        "define a \\(b\\) \\/\\/ c \\:\\: d (my \\v)\nsay (my \\v)\n\na \\(b\\) \\/\\/ c \\:\\: d [e]",
        "set [my v v] to (my \\v)\nset [a) b (c v] to (a\\) b \\(c)\nset [x // y :: z v] to (x \\/\\/ y \\:\\: z)",
        "add [] to [[l\\] v]\nsay (item (1) of [[l\\] v])\nsay (l)",
        "if <<<> and <not <>>> or <<[a] = (5)> and <[b] < [c]>>> then\nend",
        "wait until <[l v] contains [x]?>\nwait until <[abc] contains [x]?>",
        "say [5]\nsay (5)\nsay []\nsay [ \\v]\nsay [\\\\\\]]\nset x to ()",
        "broadcast [go \\] v]\nbroadcast (join [a] [b]) and wait\n\nwhen I receive [go \\] v]\nstop [all v]",
        "repeat (10)\nrepeat until <>\nforever\nif <> then\nelse\nstop [other scripts in sprite v]\nend\nend\nend\nend",
        "switch costume to (v)\nswitch costume to [costume1 v]\ngo to [mouse-pointer v]\ngo to (v)",
    ],
)  # fmt: skip
def test_a_script_prints_as_it_is_read(text: str) -> None:
    assert_same_again(text)


LINES = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12)
TIDY = LINES.map(str.strip).filter(lambda name: name and not is_number(name))


@given(text=LINES, comment=TIDY)
def test_every_text_comes_back(text: str, comment: str) -> None:
    assert_same_again(f"// {comment}\nsay {quote(text)}")


@given(variable=TIDY, slot=TIDY)
def test_every_name_that_the_manifest_takes_comes_back(variable: str, slot: str) -> None:
    def named(name: str) -> str:
        escaped = "".join(f"\\{character}" if character in "\\()[]<>/:" else character for character in name)
        return f"{escaped[:-1]}\\v" if escaped.endswith(" v") else escaped

    own, shared = named(slot), named(variable)
    text = f"define shout ({own})\nsay ({own})\nset [{shared} v] to [x]\n\nshout ({shared})"
    try:
        sprite(text, variables={variable: 0})
    except SpriteError:
        return  # a name that means something else in round brackets
    assert_same_again(text, variables={variable: 0})


def test_the_companion_prints_as_text_that_builds_it_again() -> None:
    source, tables = companion_source(), sprite_tables()
    built = sprite_json(source, tables=tables)
    printed = print_target(built)
    assert printed.left_out == ()
    again = sprite_json(replace(source, files=(("all.blocks", printed.text),), chosen=()), tables=tables)
    assert blocks(again) == blocks(built)
    assert sorted(text for _, text in comments(again)) == sorted(text for _, text in comments(built))
    assert print_target(again).text == printed.text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"opcode": "pen_clear"}, "the notation has no such block: 'pen_clear'"),
        ({"opcode": 5}, "no such block: 5"),
        ({"next": "nowhere"}, "leads to the block 'nowhere'"),
        ({"next": "itself"}, "missing or met twice"),
        ({"inputs": {}}, "its input MESSAGE is missing"),
        ({"inputs": {"MESSAGE": [1, [12, "timer", "id"]]}}, "is a block of Scratch"),
        ({"inputs": {"MESSAGE": [1, [10, "two\nlines"]]}}, "line break"),
        ({"inputs": {"MESSAGE": [3, "itself", [10, ""]]}}, "missing or met twice"),
    ],
)
def test_a_script_that_the_notation_cannot_say_is_named(change: Mapping[str, Any], reason: str) -> None:
    target = sprite("say [x]\n\nsay [kept]")
    first = next(iter(target["blocks"]))
    text = json.dumps(change).replace("itself", first)
    target["blocks"][first] |= json.loads(text)
    printed = print_target(target)
    assert printed.text == "say [kept]\n"
    assert len(printed.left_out) == 1
    assert reason in printed.left_out[0]


SOUND = sprite_json(
    SpriteSource("Cat", (("a.blocks", "define do (it) <so>\nif <so> then\nsay (it) // why\nend\n\nwhen flag clicked\n"
                          "do (join [a] (v)) <(1) > (2)>\nbroadcast [go v]\nswitch costume to [costume1 v]"),),
                 variables={"v": 1}),
    tables={},
)  # fmt: skip
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 15)
    | st.sampled_from(["", "x", "%s", "[]", "topLevel", *SOUND["blocks"]]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["opcode", "x"]), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


@given(place=st.sampled_from(places({key: SOUND[key] for key in ("blocks", "comments")})[1:]), junk=JUNK)
def test_whatever_is_wrong_with_a_sprite_it_is_refused_or_printed(place: tuple[Any, ...], junk: Any) -> None:
    target = json.loads(json.dumps(SOUND))
    owner = target
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = junk
    try:
        check_targets([target, {"name": "Stage", "isStage": True}])
    except SpriteError:
        return
    print_target(target)


def test_the_command_prints_projects_and_sprites(tmp_path: Path) -> None:
    cat = SpriteSource("Cat", (("cat.blocks", "when flag clicked\nsay [hello]"),))
    (tmp_path / "cat.sprite3").write_bytes(build_sprite3(cat, tables={}))
    (tmp_path / "cat.sb3").write_bytes(build_sb3(cat, tables={}))
    script = "when flag clicked\nsay [hello]\n"
    assert CliRunner().invoke(main, ["sprite", "print", str(tmp_path / "cat.sprite3")]).output == script
    both = CliRunner().invoke(main, ["sprite", "print", str(tmp_path / "cat.sb3")]).output
    assert both == f"// ---- Stage ----\n\n\n// ---- Cat ----\n\n{script}"
    one = CliRunner().invoke(main, ["sprite", "print", str(tmp_path / "cat.sb3"), "--sprite", "Cat"]).output
    assert one == script
    none = CliRunner().invoke(main, ["sprite", "print", str(tmp_path / "cat.sb3"), "--sprite", "Dog"])
    assert none.exit_code == 1
    assert "it has: Stage, Cat" in none.output
