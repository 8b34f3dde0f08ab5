"""How large a sprite is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a project or sprite.

    Attributes:
        blocks: blocks, without the literals and menus in them.
        scripts: scripts, definitions of custom blocks among them.
        bytes: of the JSON.
        variables: all of them, cloud variables too.
        lists: lists.
        costumes: costumes.
    """

    blocks: int
    scripts: int
    bytes: int
    variables: int
    lists: int
    costumes: int

    def __str__(self) -> str:
        return (
            f"{self.blocks:,} blocks in {self.scripts:,} scripts, {self.variables:,} variables, {self.lists:,} lists, "
            f"{self.costumes:,} costumes, {self.bytes:,} bytes of JSON"
        )


def measure(project: Mapping[str, Json]) -> Measure:
    """Return how large a `project.json` or `sprite.json` is."""
    targets = project.get("targets", [project])
    blocks = [block for target in targets for block in target["blocks"].values()]
    return Measure(
        blocks=sum(isinstance(block, list) or not block["shadow"] for block in blocks),
        scripts=sum(isinstance(block, list) or block["topLevel"] for block in blocks),
        bytes=len(json.dumps(project, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")),
        variables=sum(len(target["variables"]) for target in targets),
        lists=sum(len(target["lists"]) for target in targets),
        costumes=sum(len(target["costumes"]) for target in targets),
    )
