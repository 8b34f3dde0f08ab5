import copy
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.blank import BLANK
from cloudlink.cli.main import main
from cloudlink.errors import SpriteError
from cloudlink.sprite.archive import Archive
from cloudlink.sprite.build import build_sb3, project_json, sprite_json
from cloudlink.sprite.check import targets_of
from cloudlink.sprite.lint import lint, lint_assets
from cloudlink.sprite.source import Costumes, Monitor, SpriteSource, Starter

SCRIPTS = """
define send (text) <loud>
say (text)
wait until <loud>

when flag clicked // start
send (join [a] (state)) <(1) = (1)>
add [x] to [items v]
switch costume to [one v]
if <> then
  stop [this script v]
end
broadcast [go v]

when I receive [go v]
show
"""
SOURCE = SpriteSource(
    "Link",
    (("main.blocks", SCRIPTS),),
    variables={"state": ""},
    local_lists={"items": []},
    cloud_variables=("☁ TO",),
    costumes=Costumes(names=("one", "two")),
    starter=Starter(monitors=(Monitor("state", is_list=False),)),
)
GOOD = project_json(SOURCE, tables={})


def found(project: dict, **options) -> list[str]:
    return [str(problem) for problem in lint(project, **options)]


class Defects:
    """A copy of the good project, with hands to break it."""

    def __init__(self):
        self.project = copy.deepcopy(GOOD)
        self.stage, self.link = self.project["targets"]
        self.blocks = self.link["blocks"]

    def block(self, opcode: str) -> dict:
        return next(block for block in self.blocks.values() if block["opcode"] == opcode)

    def key(self, opcode: str) -> str:
        return next(key for key, block in self.blocks.items() if block["opcode"] == opcode)

    def new(self, opcode: str, **more) -> dict:
        blank = {"opcode": opcode, "next": None, "parent": None, "inputs": {}, "fields": {}, "shadow": False}
        return {**blank, "topLevel": True, "x": 0, "y": 0, **more}


def cycle(bad):
    first, second = bad.new("looks_show", topLevel=False, parent="b", next="b"), bad.new("looks_hide", parent="a")
    bad.blocks |= {"a": first, "b": second | {"next": "a", "topLevel": False}}


def shared_block(bad):
    bad.blocks["a"] = bad.new("looks_show", next=bad.key("control_if"))


def second_definition(bad):
    prototype = bad.block("procedures_prototype")
    bad.blocks["a"] = bad.new("procedures_definition", inputs={"custom_block": [1, "b"]})
    bad.blocks["b"] = {**prototype, "parent": "a", "inputs": {}}


def foreign_slot(bad):
    value = next(one for one in bad.blocks.values() if one["opcode"].startswith("argument_") and not one["shadow"])
    value["fields"]["VALUE"][0] = "txet"


def many_cloud_variables(bad):
    bad.stage["variables"] |= {f"id {number}": [f"☁ {number}", "0", True] for number in range(10)}


DEFECTS = {
    "error: .*no such block; did you mean `looks_show`": lambda bad: bad.block("looks_show").update(
        opcode="looks_shwo"
    ),
    "error: .*leads to the block gone, which is missing": lambda bad: bad.block("looks_say").update(next="gone"),
    "error: .*it leads to the block nothing": lambda bad: bad.block("looks_say").update(
        inputs={"MESSAGE": [2, "nothing"]}
    ),
    "error: .*its parent gone is missing": lambda bad: bad.block("looks_show").update(parent="gone"),
    "error: .*names another parent": lambda bad: bad.block("looks_show").update(parent=bad.key("looks_say")),
    "error: .*does not lead to it": lambda bad: bad.block("looks_show").update(parent=bad.key("looks_say")),
    "error: .*contradict each other": lambda bad: bad.block("looks_show").update(topLevel=True),
    "error: .*no script leads to this block": cycle,
    "error: .*several blocks lead to this block": shared_block,
    "error: .*unknown input MESAGE; did you mean `MESSAGE`": lambda bad: bad.block("looks_say")["inputs"].update(
        MESAGE=[1, [10, ""]]
    ),
    "error: .*its input MESSAGE is missing": lambda bad: bad.block("looks_say")["inputs"].clear(),
    "error: .*its input MESSAGE has an unknown form": lambda bad: bad.block("looks_say")["inputs"].update(MESSAGE=[7]),
    "error: .*unknown field": lambda bad: bad.block("looks_show")["fields"].update(X=["1", None]),
    "error: .*its field LIST is missing": lambda bad: bad.block("data_addtolist")["fields"].clear(),
    "error: .*unknown choice 'everything'": lambda bad: bad.block("control_stop")["fields"].update(
        STOP_OPTION=["everything", None]
    ),
    "error: .*a literal has the unknown type 99": lambda bad: bad.block("data_addtolist")["inputs"].update(
        ITEM=[1, [99, "x"]]
    ),
    "warning: .*a literal of another type": lambda bad: bad.block("data_addtolist")["inputs"].update(
        ITEM=[1, [4, "1"]]
    ),
    "error: .*the menu of another block": lambda bad: bad.block("looks_costume").update(opcode="looks_backdrops"),
    "error: .*a block for a shadow": lambda bad: bad.block("looks_costume").update(shadow=False),
    "error: .*the list 'itmes' .* is not defined; did you mean `items`": lambda bad: bad.block("data_addtolist").update(
        fields={"LIST": ["itmes", "unknown-id"]}
    ),
    "error: .*calls the list 'items' 'things'": lambda bad: bad.block("data_addtolist")["fields"].update(
        LIST=["things", next(iter(bad.link["lists"]))]
    ),
    "error: .*the variable 'state' .* is not defined": lambda bad: [
        bad.stage["variables"].pop(key) for key, value in list(bad.stage["variables"].items()) if value[0] == "state"
    ],
    "error: .*the broadcast 'go' .* is not defined": lambda bad: bad.stage["broadcasts"].clear(),
    "error: .*no costume 'noe'; did you mean `one`": lambda bad: bad.block("looks_costume").update(
        fields={"COSTUME": ["noe", None]}
    ),
    "warning: .*no hat": lambda bad: bad.blocks.update(a=bad.new("looks_show")),
    "warning: .*a variable lies alone": lambda bad: bad.blocks.update(
        a=[12, "state", next(key for key, value in bad.stage["variables"].items() if value[0] == "state"), 0, 0]
    ),
    "error: .*the custom block 'sned %s %b' is not defined; did you mean `send %s %b`": lambda bad: bad.block(
        "procedures_call"
    )["mutation"].update(proccode="sned %s %b"),
    "warning: .*'send %s %b': it is never called": lambda bad: bad.block("procedures_call")["mutation"].update(
        proccode="other"
    ),
    "error: .*slots are not those of the definition": lambda bad: bad.block("procedures_call")["mutation"].update(
        argumentids='["a","b"]'
    ),
    "error: .*argumentids are not one for each of the 2 slots": lambda bad: bad.block("procedures_prototype")[
        "mutation"
    ].update(argumentids="[]"),
    "error: .*is defined twice": second_definition,
    "error: .*the definition has no slot 'txet'": foreign_slot,
    "error: .*its comment .* is missing": lambda bad: bad.link["comments"].clear(),
    "error: .*does not know it": lambda bad: bad.block("event_whenflagclicked").pop("comment"),
    "error: Link: 2 sprites have this name": lambda bad: bad.project["targets"].append(copy.deepcopy(bad.link)),
    "error: .*several variables in reach": lambda bad: bad.link["variables"].update(x=["state", ""]),
    "error: .*costume 'one': several": lambda bad: bad.link["costumes"].append(bad.link["costumes"][0]),
    "error: .*current costume does not exist": lambda bad: bad.link.update(currentCostume=2),
    "warning: message 'go': it is sent": lambda bad: bad.block("event_whenbroadcastreceived").update(
        fields={"BROADCAST_OPTION": ["stop", "stop-id"]}
    ),
    "warning: message 'stop': scripts wait": lambda bad: bad.block("event_whenbroadcastreceived").update(
        fields={"BROADCAST_OPTION": ["stop", "stop-id"]}
    ),
    "error: .*cloud variable of a sprite": lambda bad: bad.link["variables"].update(x=["☁ X", "0", True]),
    "error: .*name starts with": lambda bad: bad.stage["variables"].update(x=["X", "0", True]),
    "error: .*is a plain variable": lambda bad: bad.stage["variables"].update(x=["☁ X", "0"]),
    "error: Stage: 11 cloud variables, Scratch allows 10": many_cloud_variables,
    "error: .*it shows nothing that exists": lambda bad: bad.project["monitors"][0].update(id="gone"),
    r"error: Link, list 'items': it starts as \[\"secret\"\], its source says \[\]": lambda bad: next(
        iter(bad.link["lists"].values())
    ).__setitem__(1, ["secret"]),
    "error: .*looks like a session id": lambda bad: bad.link["lists"].update(
        x=["log", ['".eJxVj0FuwyAQRe_CurEAY4O9S1d:1abcde:abcdefghijklmnopqrstuvwxyz0"']]
    ),
    "warning: Link, variable 'test': its source does not declare it": lambda bad: bad.link["variables"].update(
        x=["test", ""]
    ),
    "error: the whole file: .* bytes, budget 2,000,000": lambda bad: bad.link["variables"].update(
        x=["x", "y" * 2_000_000]
    ),
}


@pytest.mark.parametrize("message", DEFECTS)
def test_each_defect_is_found(message):
    bad = Defects()
    DEFECTS[message](bad)
    problems = found(bad.project, expected=GOOD)
    assert any(re.match(message, problem) for problem in problems), problems


def test_a_good_project_and_a_good_sprite_have_no_problems():
    assert found(GOOD, expected=GOOD) == []
    assert found(sprite_json(SOURCE, tables={})) == []


def test_a_sprite_alone_may_refer_to_what_its_project_has():
    sprite = sprite_json(SOURCE, tables={})
    assert [block for block in sprite["blocks"].values() if "state" in str(block)]
    assert found(sprite) == []


def test_errors_come_first():
    bad = Defects()
    bad.blocks["a"] = bad.new("looks_show")
    bad.link["currentCostume"] = 7
    assert [problem.severity for problem in lint(bad.project)] == ["error", "warning"]


def test_a_secret_is_not_repeated_in_the_message():
    bad = Defects()
    secret = "0123456789abcdef0123456789abcdef:QUJDREVGR0hJSktMTU5PUFFSU1RVVg=="
    bad.link["variables"]["x"] = ["token", secret]
    (problem,) = found(bad.project)
    assert secret[:8] not in problem
    assert "/targets/1/variables/x/1" in problem


def test_a_computed_message_may_start_any_script():
    bad = Defects()
    bad.block("event_broadcast")["inputs"]["BROADCAST_INPUT"][0:1] = [3, [12, "state", "x"]]
    assert not [problem for problem in found(bad.project) if "none sends it" in problem]


def test_the_size_budget_is_the_callers():
    assert found(GOOD, size_budget=100)[0].startswith("error: the whole file: ")


def test_custom_blocks_that_only_call_each_other_are_found():
    script = "define one\ntwo\n\ndefine two\none\n\ndefine three\nsay [x]\n\nwhen flag clicked\nthree"
    source = SpriteSource("Link", (("main.blocks", script),))
    problems = found(sprite_json(source, tables={}))
    assert [problem.partition(";")[0] for problem in problems] == [
        "warning: Link, custom block 'one': it is never called",
        "warning: Link, custom block 'two': it is never called",
    ]


def test_blocks_of_scratchs_extensions_are_no_unknown_ones():
    bad = Defects()
    bad.block("looks_show").update(opcode="pen_clear")
    assert found(bad.project) == []
    bad.block("pen_clear").update(opcode="penn_clear")
    assert "no such block" in found(bad.project)[0]


def test_missing_and_forged_pictures_are_found():
    data = build_sb3(SOURCE, tables={})
    assets = Archive(data).assets
    assert lint_assets(GOOD, assets) == []
    (backdrop,) = assets
    forged = [str(problem) for problem in lint_assets(GOOD, {backdrop: b"<svg/>", f"{BLANK}.svg": b"<svg/>"})]
    assert len(forged) == 3
    assert "Stage, costume 'backdrop1': its file" in forged[0]
    assert "Link, costume 'one': its file" in forged[1]
    assert all("holds other bytes" in problem for problem in forged)
    (missing,) = lint_assets(GOOD, {})  # the empty picture need not be there
    assert f"its file {backdrop} is missing" in str(missing)


def test_the_command_tells_the_problems_of_a_file(tmp_path):
    path = tmp_path / "link.sb3"
    path.write_bytes(build_sb3(SOURCE, tables={}))
    good = CliRunner().invoke(main, ["sprite", "lint", str(path)])
    assert good.exit_code == 0
    assert "; 0 problems" in good.output
    path.write_bytes(build_sb3(replace(SOURCE, cloud_variables=tuple(f"☁ {n}" for n in range(11))), tables={}))
    bad = CliRunner().invoke(main, ["sprite", "lint", str(path)])
    assert bad.exit_code == 1
    assert "11 cloud variables, Scratch allows 10" in bad.output
    path.write_bytes(b"nothing")
    none = CliRunner().invoke(main, ["sprite", "lint", str(path)])
    assert none.exit_code == 1
    assert "damaged, or none" in none.output


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 15) | st.sampled_from(["", "x", "%s", "[]", "looks_say", "☁ x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["opcode", "x"]), inner, max_size=2),
    max_leaves=4,
)


def places(value, path=()):
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


@given(place=st.sampled_from(places(GOOD)[1:]), junk=JUNK)
def test_whatever_is_wrong_with_a_project_it_is_refused_or_linted(place, junk):
    project = copy.deepcopy(GOOD)
    owner = project
    for key in place[:-1]:
        owner = owner[key]
    owner[place[-1]] = junk
    try:
        targets_of(project)
    except SpriteError:
        return
    lint(project)
    lint_assets(project, {})
