import json
from itertools import pairwise

import pytest

from cloudlink.errors import SpriteError
from cloudlink.sprite.blocks import (
    BLOCKS,
    Block,
    Choice,
    Condition,
    Kind,
    Menu,
    Message,
    Primitive,
    Reference,
    Shape,
)
from cloudlink.sprite.compiler import Compiled, Scope, compile_scripts
from cloudlink.sprite.lint_blocks import Names, lint_blocks
from cloudlink.sprite.notation import parse

SCOPE = Scope(
    sprite="Link",
    variables={"var": "variable-id", "☁ TO": "cloud-id", "my v": "my-v-id"},
    lists={"items": "list-id"},
    costumes=("costume1", "a"),
)
EACH = {f"{block.opcode}: {spec}": (block, spec) for block in BLOCKS for spec in block.specs}


def compiled(text: str, scope: Scope = SCOPE) -> Compiled:
    return compile_scripts([parse(text, file="test.blocks")], scope)


def only(result: Compiled, opcode: str) -> dict:
    found = [block for block in result.blocks.values() if block["opcode"] == opcode]
    assert len(found) == 1
    return found[0]


def literal(kind: Kind) -> str:
    match kind:
        case Primitive(code=9):
            return "[#ff8000]"
        case Primitive():
            return "(3)" if kind.numeric else "[text]"
        case Menu() | Choice():
            return f"[{next(iter(kind.options), 'a')} v]"
        case Message():
            return "(go v)"
        case Condition():
            return "<mouse down?>"
        case Reference(to=what):
            return {"variable": "[var v]", "list": "[items v]", "broadcast": "[go v]"}[what]


def dropped(kind: Kind) -> str:
    takes_reporter = isinstance(kind, Primitive | Menu | Message)
    return "(var)" if takes_reporter else literal(kind)


def script_of(block: Block, spec: str, written) -> str:
    for slot in block.slots:
        start, _, rest = spec.partition("{")
        spec = start + written(slot.kind) + rest.partition("}")[2]
    ends = {0: "", 1: "\nend", 2: "\nshow\nelse\nhide\nend"}[block.bodies]
    wrapped = {
        Shape.HAT: "{}",
        Shape.STACK: "when flag clicked\n{}",
        Shape.REPORTER: "when flag clicked\nsay ({})",
        Shape.BOOLEAN: "when flag clicked\nsay <{}>",
    }[block.shape]
    return wrapped.format(spec) + ends


def problems_of(result: Compiled) -> list:
    known = {
        "variable": {key: name for name, key in SCOPE.variables.items()},
        "list": {key: name for name, key in SCOPE.lists.items()},
        "broadcast": {value[2]: value[1] for value in broadcasts(result)},
    }
    target = {
        "name": "Link",
        "blocks": result.blocks,
        "comments": result.comments,
        "costumes": [{"name": name} for name in SCOPE.costumes],
    }
    return [*lint_blocks(target, Names(known, complete=True))]


def broadcasts(result: Compiled) -> list:
    inputs = [value for block in result.blocks.values() for value in block["inputs"].values()]
    values = [part for value in inputs for part in value[1:] if isinstance(part, list) and part[0] == 11]
    fields = [block["fields"].get("BROADCAST_OPTION") for block in result.blocks.values()]
    return values + [[11, *field] for field in fields if field]


@pytest.mark.parametrize("case", EACH)
def test_every_block_compiles_to_its_opcode_with_all_its_slots(case):
    block, spec = EACH[case]
    result = compiled(script_of(block, spec, literal))
    found = [one for one in result.blocks.values() if one["opcode"] == block.opcode]
    # The script around a block may hold another one of it: "when flag clicked" and "mouse down?" do.
    assert found
    mouths = {1: {"SUBSTACK"}, 2: {"SUBSTACK", "SUBSTACK2"}}.get(block.bodies, set())
    inputs = {slot.name for slot in block.slots if not slot.is_field}
    assert inputs <= found[-1]["inputs"].keys() <= inputs | mouths
    assert found[-1]["fields"].keys() == {slot.name for slot in block.slots if slot.is_field}
    assert [problem for problem in problems_of(result) if problem.severity == "error"] == []


@pytest.mark.parametrize("case", EACH)
def test_every_slot_that_takes_a_reporter_keeps_the_right_shadow_under_it(case):
    block, spec = EACH[case]
    result = compiled(script_of(block, spec, dropped))
    found = [one for one in result.blocks.values() if one["opcode"] == block.opcode][-1]
    for slot in block.slots:
        match slot.kind:
            case Primitive(code=code, default=default):
                assert found["inputs"][slot.name] == [3, [12, "var", "variable-id"], [code, default]]
            case Menu(opcode=opcode):
                state, value, shadow = found["inputs"][slot.name]
                assert (state, value) == (3, [12, "var", "variable-id"])
                assert result.blocks[shadow]["opcode"] == opcode
                assert result.blocks[shadow]["shadow"] is True
            case Message():
                assert found["inputs"][slot.name][2][:2] == [11, "message1"]
                assert "message1" in result.messages
    assert [problem for problem in problems_of(result) if problem.severity == "error"] == []


def test_a_block_written_in_other_words_is_the_same_block():
    first, second = (compiled(f"{line}\nshow") for line in ("when flag clicked", "when green flag clicked"))
    assert first == second
    assert compiled("turn right (15) degrees") == compiled("Turn CW (15) degrees")
    assert compiled("say <[items v] contains [x]?>") == compiled("say <[items v] contains [x] ?>")


@pytest.mark.parametrize(
    ("expression", "opcode"),
    [
        ("(length of [items v])", "data_lengthoflist"),
        ("(length of [items])", "operator_length"),
        ("(length of (items))", "operator_length"),
        ("<[items v] contains [x]?>", "data_listcontainsitem"),
        ("<[items] contains [x]?>", "operator_contains"),
        ("([floor v] of (var))", "operator_mathop"),
        ("([floor v] of (Cat v))", "sensing_of"),
        ("([x position v] of (var))", "sensing_of"),
        ("([e ^ v] of (2))", "operator_mathop"),
        ("<(var) < (3)>", "operator_lt"),
        ("<(var) > (3)>", "operator_gt"),
        ("<[a] > [b]>", "operator_gt"),
        ("((1)-(2))", "operator_subtract"),
    ],
)
def test_slots_decide_between_blocks_with_the_same_words(expression, opcode):
    only(compiled(f"say {expression}"), opcode)


def test_comparisons_nest_without_escapes():
    result = compiled("wait until <<<(var) < (1)> and <(var) > (2)>> or <not <(1) > (var)>>>")
    opcodes = [block["opcode"] for block in result.blocks.values()]
    assert opcodes == [
        *("control_wait_until", "operator_or", "operator_and", "operator_lt", "operator_gt", "operator_not"),
        "operator_gt",
    ]


def test_effects_of_looks_and_sound_are_told_by_their_names():
    assert only(compiled("set [ghost v] effect to (5)"), "looks_seteffectto")["fields"] == {"EFFECT": ["GHOST", None]}
    pan = only(compiled("set [pan left/right v] effect to (5)"), "sound_seteffectto")
    assert pan["fields"] == {"EFFECT": ["PAN", None]}


def test_literals_get_the_type_of_their_slot():
    result = compiled("set [var v] to (5)\nwait (0.5) seconds\nrepeat ()\nend\nmove [7] steps")
    assert only(result, "data_setvariableto")["inputs"] == {"VALUE": [1, [10, "5"]]}
    assert only(result, "control_wait")["inputs"] == {"DURATION": [1, [5, "0.5"]]}
    assert only(result, "control_repeat")["inputs"] == {"TIMES": [1, [6, ""]]}
    assert only(result, "motion_movesteps")["inputs"] == {"STEPS": [1, [4, "7"]]}


def test_variables_and_lists_are_arrays_in_the_input():
    result = compiled("say (☁ TO)\nthink (items)\nask (my \\v) and wait")
    assert only(result, "looks_say")["inputs"]["MESSAGE"] == [3, [12, "☁ TO", "cloud-id"], [10, ""]]
    assert only(result, "looks_think")["inputs"]["MESSAGE"] == [3, [13, "items", "list-id"], [10, ""]]
    assert only(result, "sensing_askandwait")["inputs"]["QUESTION"] == [3, [12, "my v", "my-v-id"], [10, ""]]


def test_a_menu_is_a_shadow_block_with_the_stored_value():
    result = compiled("create clone of [myself v]")
    block = only(result, "control_create_clone_of")
    state, shadow = block["inputs"]["CLONE_OPTION"]
    assert state == 1
    assert result.blocks[shadow]["fields"] == {"CLONE_OPTION": ["_myself_", None]}
    assert result.blocks[result.blocks[shadow]["parent"]] is block


def test_empty_conditions_and_bodies_leave_no_input():
    result = compiled("if <> then\nelse\nend\nwait until <>")
    assert only(result, "control_if_else")["inputs"] == {}
    assert only(result, "control_wait_until")["inputs"] == {}


def test_blocks_are_linked_both_ways():
    result = compiled("when flag clicked\nrepeat (2)\nshow\nhide\nend\nsay [x]")
    ids = {block["opcode"]: key for key, block in result.blocks.items()}
    hat, loop, show, hide, say = (
        result.blocks[ids[name]]
        for name in ("event_whenflagclicked", "control_repeat", "looks_show", "looks_hide", "looks_say")
    )
    assert (hat["next"], loop["parent"]) == (ids["control_repeat"], ids["event_whenflagclicked"])
    assert loop["inputs"]["SUBSTACK"] == [2, ids["looks_show"]]
    assert (show["parent"], show["next"]) == (ids["control_repeat"], ids["looks_hide"])
    assert (hide["parent"], hide["next"]) == (ids["looks_show"], None)
    assert (loop["next"], say["parent"], say["next"]) == (ids["looks_say"], ids["control_repeat"], None)
    assert [key for key, block in result.blocks.items() if block["topLevel"]] == [ids["event_whenflagclicked"]]


@pytest.mark.parametrize(
    ("option", "hasnext"),
    [("all", "false"), ("this script", "false"), ("other scripts in sprite", "true")],
)
def test_stop_says_whether_a_block_can_follow(option, hasnext):
    stop = only(compiled(f"stop [{option} v]"), "control_stop")
    assert stop["mutation"] == {"tagName": "mutation", "children": [], "hasnext": hasnext}


def test_a_definition_and_its_calls_agree():
    result = compiled(
        "define send (text) to <all>, now :: warp\nsay (join (text) [!])\nwait until <all>\n\n"
        "when flag clicked\nsend [hello] to <(1) = (1)>, now\nsend (5) to <>, now"
    )
    prototype = only(result, "procedures_prototype")["mutation"]
    assert prototype["proccode"] == "send %s to %b , now"
    assert json.loads(prototype["argumentnames"]) == ["text", "all"]
    assert json.loads(prototype["argumentdefaults"]) == ["", "false"]
    assert prototype["warp"] == "true"
    first, second = (block for block in result.blocks.values() if block["opcode"] == "procedures_call")
    text_id, all_id = json.loads(prototype["argumentids"])
    assert first["mutation"]["argumentids"] == prototype["argumentids"]
    assert first["inputs"].keys() == {text_id, all_id}
    assert second["inputs"] == {text_id: [1, [10, "5"]]}
    assert only(result, "procedures_definition")["inputs"]["custom_block"][0] == 1


def test_a_block_without_warp_runs_with_screen_refresh():
    assert only(compiled("define pause\nwait (1) seconds"), "procedures_prototype")["mutation"]["warp"] == "false"


def test_a_slot_hides_a_variable_of_the_same_name():
    result = compiled("define send (var)\nsay (var)\n\nwhen flag clicked\nthink (var)")
    said = only(result, "looks_say")["inputs"]["MESSAGE"][1]
    assert result.blocks[said]["opcode"] == "argument_reporter_string_number"
    assert only(result, "looks_think")["inputs"]["MESSAGE"][1][0] == 12


def test_comments_hang_on_their_blocks_and_notes_on_none():
    result = compiled("// a note\n\n// above\ndefine send // beside\nshow // on show")
    comments = {comment["text"]: comment for comment in result.comments.values()}
    assert comments.keys() == {"a note", "above\nbeside", "on show"}
    assert comments["a note"]["blockId"] is None
    assert comments["above\nbeside"]["minimized"] is False
    for text, opcode in {"above\nbeside": "procedures_definition", "on show": "looks_show"}.items():
        owner = result.blocks[comments[text]["blockId"]]
        assert (owner["opcode"], result.comments[owner["comment"]]["text"]) == (opcode, text)


def test_scripts_do_not_cover_one_another():
    script = "when flag clicked\n" + "repeat (2)\nsay (join [a] (join [b] [c])) // why\nend\n" * 30
    result = compile_scripts([parse("\n\n".join([script] * 8), file="a"), parse(script, file="b")], SCOPE)
    corners = [(block["x"], block["y"]) for block in result.blocks.values() if block["topLevel"]]
    assert len(set(corners)) == 9
    columns: dict[int, list[int]] = {}
    for x, y in corners:
        columns.setdefault(x, []).append(y)
    # 30 loops of a block each: at least 30 * (48 + 48 + 32) high.
    for rows in columns.values():
        assert all(below - above > 3000 for above, below in pairwise(rows))
    assert len(columns) >= 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sya [hello]", r"no block has the words `sya _`; did you mean `say \[\]`\?"),
        ("set [vra v] to (1)", r"no variable `vra`; did you mean `var`\?"),
        ("add [x] to [itmes v]", r"no list `itmes`; did you mean `items`\?"),
        ("say (vra)", r"called `vra`; did you mean `var`\?"),
        ("say (tiemr)", r"did you mean `timer`\?"),
        ("say <var>", r"no condition; compare it: `<\(var\) = \[true\]>`"),
        ("if (var) then\nend", r"expected a condition in `< >`"),
        ("if <> then\n\nsay (var\nend", r"line 3: expected `\)`"),
        ("say ((1) = (2))", r"boolean block; it is written in `< >`"),
        ("say (show)", r"stack block; it stands on a line of its own"),
        ("timer", r"reporter block; it is written in `\( \)`"),
        ("(timer)", "a value alone has no effect"),
        ("say ((timer))", "one pair of brackets too many"),
        ("move [far] steps", r"expected a number, not the text `\[far\]` in `move \(\) steps`"),
        ("say [x v]", r"as a text it is written `\[x \\v\]`"),
        ("say <>", "not an empty `<>`"),
        ("switch costume to [b v]", "the sprite has no costume `b`"),
        ("switch costume to [a]", r"expected a choice as `\[name v\]`, not the text `\[a\]`"),
        ("stop [this scirpt v]", r"unknown choice `this scirpt`; did you mean `this script`"),
        ("say <touching color [red]?>", "expected a color"),
        ("broadcast ( v)", "expected the name of a message"),
        ("stop [all v]\nshow", "line 2: no block can follow"),
        ("forever\nend\nshow", "line 3: no block can follow"),
        ("delete this clone\nshow", "no block can follow"),
        ("show :: warp", "only definitions"),
        ("define send (a) :: wrap", "expected `:: warp`"),
        ("define", "expected words and slots"),
        ("define send [a]", r"expected the slots of a definition as `\(name\)`"),
        ("define send (1)", r"expected the slots"),
        ("define send (timer)", r"\(timer\) is a block of Scratch"),
        ("define send (a) (a)", "two slots have the name `a`"),
        ("define say (a)", "Scratch has a block with these words"),
        ("define send 100%s", "Scratch takes %s"),
        ("define send (a)\n\ndefine send <b>", "line 1; change a word"),
        ("define send <a>\nsay (a)", "has this slot as `<a>`"),
        ("define send (a)\nwait until <a>", r"has this slot as `\(a\)`"),
        ("define send (a)\n\nwhen flag clicked\nsay (a)", "called `a`"),
        ("define send <a>\nsend [x]", "expected a condition in `< >`, not the text .* in the slot `a` of `send <>`"),
        ("define send (a)\nsned [x]", r"did you mean `send \[\]`"),
    ],
)
def test_an_error_names_the_place_and_what_was_expected(text, message):
    with pytest.raises(SpriteError, match=message) as caught:
        compiled(text)
    assert str(caught.value).startswith("test.blocks, line ")


def test_a_comment_longer_than_scratch_allows_is_refused():
    with pytest.raises(SpriteError, match="8001 characters, Scratch allows 8000"):
        compiled("show // " + "x" * 8001)


def test_the_question_for_the_machine_is_a_slot_that_no_definition_has():
    block = only(compiled("when flag clicked\nif <is turbowarp?> then\nend"), "argument_reporter_boolean")
    assert block["fields"] == {"VALUE": ["is turbowarp?", None]}


@pytest.mark.parametrize("text", ["define ask <is turbowarp?>", "when flag clicked\nsay (is turbowarp?)"])
def test_the_question_for_the_machine_is_nothing_else(text: str):
    with pytest.raises(SpriteError, match="is turbowarp"):
        compiled(text)
