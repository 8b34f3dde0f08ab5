import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudlink.errors import SpriteError
from cloudlink.sprite.compiler import Scope, compile_scripts
from cloudlink.sprite.notation import Dropdown, Number, Phrase, Statement, Text, parse, quote

SCOPE = Scope("Link", {"a": "a-id", "b": "b-id"}, {"items": "list-id"}, ("costume1",))

one_line_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"))
# Pieces of the notation in any order find more than random characters do.
scraps = st.sampled_from(
    [*"()[]<>\\v/_: \n", "//", "::", " v]", "\n\n", "define ", "send ", "say ", "(a)", "[b]", "<>", " = ", " < "]
) | st.sampled_from(
    ["if <", "> then\n", "end\n", "else\n", "repeat (3)\n", "forever\n", "when flag clicked\n", "set [a v] to "]
)
sources = st.lists(scraps | st.text(max_size=3), max_size=40).map("".join)


def statements(text: str) -> tuple[Statement, ...]:
    (script,) = parse(text, file="test.blocks").scripts
    return script


def argument(text: str):
    (statement,) = statements(f"say {text}")
    (found,) = statement.phrase.arguments
    return found


@given(one_line_texts)
def test_any_text_survives_quoting_parsing_and_compiling(text):
    document = parse(f"say {quote(text)} // note", file="test.blocks")
    blocks = compile_scripts([document], SCOPE).blocks
    (block,) = json.loads(json.dumps(blocks, ensure_ascii=False).encode()).values()
    assert block["inputs"] == {"MESSAGE": [1, [10, text]]}


@given(sources)
@settings(max_examples=300)
def test_any_text_is_either_read_or_refused_as_a_sprite_error(text):
    # Any other exception fails the test.
    with contextlib.suppress(SpriteError):
        compile_scripts([parse(text, file="test.blocks")], SCOPE)


@pytest.mark.parametrize("bracket", ["(", "<", "[", "say (", "if <> then\n", "repeat (2)\n"])
def test_endless_nesting_is_refused(bracket):
    with pytest.raises(SpriteError):
        parse(bracket * 5000, file="test.blocks")


def test_text_with_a_line_break_cannot_be_a_literal():
    with pytest.raises(SpriteError, match="line break"):
        quote("a\nb")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("[hello]", Text("hello")),
        ("[]", Text("")),
        ("[ a  b ]", Text(" a  b ")),
        (r"[a\]b\\c\(]", Text(r"a]b\c(")),
        ("[(not) <a> block // at all]", Text("(not) <a> block // at all")),
        ("[x v]", Dropdown("x")),
        (r"[x \v]", Text("x v")),
        ("[v]", Text("v")),
        ("[ v]", Dropdown("")),
        ("(12)", Number("12")),
        ("( -1.5e3 )", Number("-1.5e3")),
        ("()", Number("")),
        ("(x v)", Dropdown("x")),
        ("(two words v)", Dropdown("two words")),
        (r"(x \v)", Phrase("(", ("x v",))),
        ("(v)", Phrase("(", ("v",))),
        (r"(a\)b)", Phrase("(", ("a)b",))),
        ("(☁ TO)", Phrase("(", ("☁ TO",))),
        ("<>", Phrase("<", ())),
        ("<(a) > (b)>", Phrase("<", (Phrase("(", ("a",)), " > ", Phrase("(", ("b",))))),
        ("<<> < [b]>", Phrase("<", (Phrase("<", ()), " < ", Text("b")))),
    ],
)
def test_brackets_tell_what_a_slot_holds(written, found):
    assert argument(written) == found


def test_a_blank_line_ends_a_script_but_not_inside_a_c_block():
    document = parse("when flag clicked\nforever\n\n  show\n\n  hide\nend\n\nwhen flag clicked", file="test.blocks")
    assert [len(script) for script in document.scripts] == [2, 1]
    assert len(document.scripts[0][1].bodies[0]) == 2


def test_else_gives_a_second_body():
    (statement,) = statements("if <> then\nshow\nelse\nhide\nshow\nend")
    assert [len(body) for body in statement.bodies] == [1, 2]


def test_indentation_and_line_ends_of_windows_mean_nothing():
    plain = statements("repeat (2)\nshow\nend")
    indented = statements("\trepeat (2)\r\n    show\r\n  end\r\n")
    assert [one.phrase for one in plain] == [one.phrase for one in indented]
    assert plain[0].bodies[0][0].phrase == indented[0].bodies[0][0].phrase


def test_comments_belong_to_the_block_beside_or_below():
    first, second = statements("// one\n// two\nshow // three\n// four\nhide\n// five")
    assert (first.comment, second.comment) == ("one\ntwo\nthree", "four\nfive")


def test_comments_in_a_c_block_belong_to_blocks_in_it_or_to_itself():
    (loop,) = statements("forever // a\n// b\n\n// c\nshow\n\n// d\nend // e")
    assert loop.comment == "a\ne"
    assert loop.bodies[0][0].comment == "b\nc\nd"
    (empty,) = statements("repeat (2)\n// nothing yet\nend")
    assert empty.comment == "nothing yet"


def test_a_paragraph_of_comments_is_a_note():
    document = parse("// one\n// two\n\nshow\n\n//\n// three", file="test.blocks")
    assert document.notes == ("one\ntwo", "\nthree")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("say [hello", "line 1: expected `]`"),
        ("show\nsay (join (a) [b]", r"line 2: expected `\)` for `\(join \(a\) \[b\]`"),
        ("wait until <(a) = (b)", "expected `>`"),
        ("say hello\\", "expected a character after"),
        ("end", "`end` without a block"),
        ("if <[abs v] of (a) > (b)> then\nend", "line 2: .*; line 1 does not open one, .* `if _ _ > then`"),
        ("show\nelse", "line 2: `else` without a block"),
        ("if <> then\nelse\nelse\nend", "line 3: a second `else`"),
        ("repeat (2)\nelse\nend", "only `if <> then` can have an `else`"),
        ("forever\nshow", "line 1: expected an `end` for this block\n"),
        ("forever\nshow\n\nwhen flag clicked\nend", "line 1: expected an `end` .* before line 4"),
        ("forever\n\ndefine send\nend", "expected an `end` .* before line 3"),
        ("show\nwhen flag clicked", "line 2: expected a blank line above"),
        (":: warp", "expected a block before `::`"),
    ],
)
def test_an_error_names_the_line(text, message):
    with pytest.raises(SpriteError, match=message):
        parse(text, file="test.blocks")
