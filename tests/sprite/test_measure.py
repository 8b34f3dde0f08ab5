"""How large the parts of a sprite are."""

from __future__ import annotations

from typing import Any

import pytest

from cloudlink.sprite.build import sprite_json
from cloudlink.sprite.companion import companion_source
from cloudlink.sprite.measure import needed_by, parts
from cloudlink.sprite.tables import sprite_tables


@pytest.fixture(scope="module")
def sprite() -> dict[str, Any]:
    return sprite_json(companion_source(), tables=sprite_tables())


def names(sprite: dict[str, Any]) -> set[str]:
    return {entry[0] for kind in ("variables", "lists") for entry in sprite[kind].values()}


def calls(sprite: dict[str, Any]) -> set[str]:
    blocks = sprite["blocks"].values()
    return {block["mutation"]["proccode"] for block in blocks if block["opcode"] == "procedures_call"}


def definitions(sprite: dict[str, Any]) -> set[str]:
    blocks = sprite["blocks"].values()
    return {block["mutation"]["proccode"] for block in blocks if block["opcode"] == "procedures_prototype"}


def test_what_a_block_needs_is_closed_and_no_more_than_that(sprite: dict[str, Any]) -> None:
    reader = needed_by(sprite, "read text")
    assert "read tokens" in definitions(reader)
    assert "write text %s" not in definitions(reader)
    assert calls(reader) <= definitions(reader)
    assert {"text tokens", "text symbols", "digits"} <= names(reader)
    assert "pair branches" not in names(reader)


def test_what_a_block_needs_is_smaller_than_the_whole(sprite: dict[str, Any]) -> None:
    some, whole = parts(needed_by(sprite, "write value %s")), parts(sprite)
    assert 0 < some.code < whole.code
    assert 0 < some.tables <= whole.tables
    assert some.characters == whole.characters


def test_an_unknown_block_is_an_error(sprite: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match="no such block"):
        needed_by(sprite, "no such block")
