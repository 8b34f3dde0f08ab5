"""Blocks that stand once for each of several variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudlink.errors import SpriteError
from cloudlink.sprite.notation import Document, Statement, parse
from cloudlink.sprite.numbered import numbered_names, repeat_numbered


def shapes(document: Document) -> list[list[object]]:
    """The scripts without the lines that they came from."""
    return [[_shape(statement) for statement in script] for script in document.scripts]


def _shape(statement: Statement) -> object:
    return statement.phrase, statement.comment, [[_shape(one) for one in body] for body in statement.bodies]


def written_out(text: str, **numbers: int) -> list[list[object]]:
    return shapes(repeat_numbered(parse(text, file="a.blocks"), numbers))


def plain(text: str) -> list[list[object]]:
    return shapes(parse(text, file="b.blocks"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("say (a{n})", "say (a1)\nsay (a2)"),
        ("say [a{n}]\nsay [b]", "say [a1]\nsay [a2]\nsay [b]"),
        ("set [a{n} v] to ({n})", "set [a1 v] to (1)\nset [a2 v] to (2)"),
        ("repeat ({last n})\nsay (x)\nend", "repeat (2)\nsay (x)\nend"),
        ("if <(n) = ({n})> then\nsay (a{n})\nend",
         "if <(n) = (1)> then\nsay (a1)\nend\nif <(n) = (2)> then\nsay (a2)\nend"),
        ("forever\nsay (a{n})\nend", "forever\nsay (a1)\nsay (a2)\nend"),
        ("when I receive [a{n} v]\nsay (a{n})", "when I receive [a1 v]\nsay (a1)\n\nwhen I receive [a2 v]\nsay (a2)"),
        ("wait until <<(a{n}) = (1)> or ...>", "wait until <<(a1) = (1)> or <(a2) = (1)>>"),
        ("wait until <<<(a{n}) = (1)> and ...> or <(b) = (1)>>",
         "wait until <<<(a1) = (1)> and <(a2) = (1)>> or <(b) = (1)>>"),
        ("say (a{m}{x})", "say (a1{x})\nsay (a2{x})\nsay (a3{x})"),
        ("say (a{n}) // told once", "say (a1) // told once\nsay (a2)"),
        ("if <(m{m}) = (1)> then\nsay (join (a{n}) (b{m}))\nend",
         "\n".join(f"if <(m{m}) = (1)> then\nsay (join (a1) (b{m}))\nsay (join (a2) (b{m}))\nend" for m in (1, 2, 3))),
    ],
)  # fmt: skip
def test_names_in_braces_are_written_out(text: str, expected: str) -> None:
    assert written_out(text, n=2, m=3) == plain(expected)


def test_one_of_a_kind_leaves_no_or_behind() -> None:
    assert written_out("wait until <<(a{n}) = (1)> or ...>", n=1) == plain("wait until <(a1) = (1)>")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("say (join (a{n}) (b{m}))", "two names in braces in one block: m, n"),
        ("wait until <<(a) = (1)> or ...>", "expected a condition with one name in braces"),
        ("wait until <(a{n}) or ...>", "expected a condition with one name in braces"),
    ],
)
def test_what_cannot_be_counted_is_refused(text: str, message: str) -> None:
    with pytest.raises(SpriteError, match=message):
        written_out(text, n=2, m=2)


@given(text=st.text("ab({[<>]}) ", max_size=30).map(lambda text: f"say [{text.replace(']', '')}]"))
def test_without_numbers_nothing_changes(text: str) -> None:
    assert written_out(text) == plain(text)
    assert written_out(text, unused=3) == plain(text)


@given(first=st.integers(1, 9), second=st.integers(1, 9))
def test_names_of_the_manifest_are_written_out(first: int, second: int) -> None:
    assert numbered_names("plain {x}", {"a": first}) == ["plain {x}"]
    names = numbered_names("{a} of {b}", {"a": first, "b": second})
    assert names == [f"{a} of {b}" for a in range(1, first + 1) for b in range(1, second + 1)]
