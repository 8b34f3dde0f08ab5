"""A small Scratch project, written by hand, that shows the player's ways: see SCRIPTS for what it does."""

from __future__ import annotations

import hashlib
import json
import zipfile
from itertools import count
from pathlib import Path
from typing import Any

Block = dict[str, Any]

CLOUD_VARIABLES = ["☁ a", "☁ b", "☁ c"]
VARIABLES = ["input", "result", "ticks"]
SPRITE_VARIABLES = ["own"]
COSTUMES = ["none", "A", "a", "É", "é", "1", "☃"]

_PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'


def variable(name: str) -> list[Any]:
    """An input that holds a variable."""
    return [3, [12, name, name], [10, ""]]


def text(value: str) -> list[Any]:
    return [1, [10, value]]


def block(opcode: str, inputs: dict[str, Any] | None = None, fields: dict[str, Any] | None = None) -> Block:
    return {"opcode": opcode, "inputs": inputs or {}, "fields": fields or {}}


def set_to(name: str, value: Any) -> Block:
    return block("data_setvariableto", {"VALUE": value}, {"VARIABLE": [name, name]})


def change(name: str) -> Block:
    return block("data_changevariableby", {"VALUE": [1, [4, "1"]]}, {"VARIABLE": [name, name]})


def wait(seconds: str) -> Block:
    return block("control_wait", {"DURATION": [1, [5, seconds]]})


def add_to(list_name: str, item: Any) -> Block:
    return block("data_addtolist", {"ITEM": item}, {"LIST": [list_name, list_name]})


def repeat(times: int, *body: Block) -> Block:
    return block("control_repeat", {"TIMES": [1, [6, str(times)]], "SUBSTACK": list(body)})


def forever(*body: Block) -> Block:
    return block("control_forever", {"SUBSTACK": list(body)})


def operator(opcode: str, **inputs: Any) -> Block:
    return block(opcode, inputs)


# Broadcast name -> the blocks below its hat; "" is the green flag.
SCRIPTS: dict[str, list[Block]] = {
    "": [forever(change("ticks"), wait("0"))],
    "double": [
        set_to("result", operator("operator_multiply", NUM1=variable("input"), NUM2=[1, [4, "2"]])),
        add_to("history", variable("result")),
    ],
    "literal": [set_to("result", text("0012"))],
    "divide": [set_to("result", operator("operator_divide", NUM1=variable("input"), NUM2=[1, [4, "0"]]))],
    "three sets": [set_to("☁ a", text("1")), set_to("☁ b", text("2")), set_to("☁ c", text("3"))],
    "one set a frame": [repeat(15, change("☁ a"), wait("0"))],
    "number and text": [
        set_to("☁ a", operator("operator_add", NUM1=[1, [4, "1"]], NUM2=[1, [4, "2"]])),
        wait("0.15"),
        set_to("☁ a", text("3")),
    ],
    "costume": [
        block("looks_switchcostumeto", {"COSTUME": text("none")}),
        block("looks_switchcostumeto", {"COSTUME": variable("input")}),
        set_to("result", block("looks_costumenumbername", fields={"NUMBER_NAME": ["number", None]})),
    ],
    "slow": [wait("0.3"), set_to("result", text("slept"))],
    "who": [set_to("result", block("sensing_username"))],
    "own": [set_to("own", text("mine"))],
}


class _Blocks:
    """The blocks of one sprite in the file's form: a flat table whose entries refer to each other by id."""

    def __init__(self) -> None:
        self.table: dict[str, Block] = {}
        self._numbers = count(1)

    def add_script(self, hat: Block, body: list[Block]) -> None:
        self._add_stack([hat, *body], parent=None)

    def _add_stack(self, stack: list[Block], parent: str | None) -> str:
        identifiers = [f"block {next(self._numbers)}" for _ in stack]
        for index, (identifier, one) in enumerate(zip(identifiers, stack, strict=True)):
            above = identifiers[index - 1] if index else parent
            below = identifiers[index + 1] if index + 1 < len(stack) else None
            inputs = {name: self._input(value, identifier) for name, value in one["inputs"].items()}
            self.table[identifier] = {
                "opcode": one["opcode"],
                "next": below,
                "parent": above,
                "inputs": inputs,
                "fields": one["fields"],
                "shadow": False,
                "topLevel": above is None,
                **({"x": 0, "y": 0} if above is None else {}),
            }
        return identifiers[0]

    def _input(self, value: Any, parent: str) -> list[Any]:
        if isinstance(value, dict):  # a reporter
            return [3, self._add_stack([value], parent), [10, ""]]
        if isinstance(value[0], dict):  # the blocks inside a C
            return [2, self._add_stack(value, parent)]
        result: list[Any] = value
        return result


def _hat(name: str) -> Block:
    if name == "":
        return block("event_whenflagclicked")
    return block("event_whenbroadcastreceived", fields={"BROADCAST_OPTION": [name, name]})


def _target(name: str, *, is_stage: bool, costumes: list[str], **details: Any) -> dict[str, Any]:
    digest = hashlib.md5(_PICTURE).hexdigest()
    return {
        "isStage": is_stage,
        "name": name,
        "variables": {},
        "lists": {},
        "broadcasts": {},
        "blocks": {},
        "comments": {},
        "currentCostume": 0,
        "costumes": [
            {
                "assetId": digest,
                "name": costume,
                "md5ext": f"{digest}.svg",
                "dataFormat": "svg",
                "rotationCenterX": 0,
                "rotationCenterY": 0,
            }
            for costume in costumes
        ],
        "sounds": [],
        "volume": 100,
        "layerOrder": 0 if is_stage else 1,
        **details,
    }


def write_project(path: Path, *, cloud: bool = True, assets: bool = True) -> Path:
    """Write the project; without `cloud` its cloud variables are plain ones, without `assets` it has no pictures."""
    blocks = _Blocks()
    for name, body in SCRIPTS.items():
        blocks.add_script(_hat(name), body)
    stage = _target(
        "Stage",
        is_stage=True,
        costumes=["backdrop"],
        variables={
            **{name: [name, 0] for name in VARIABLES},
            **{name: [name, 0, True] if cloud else [name, 0] for name in CLOUD_VARIABLES},
        },
        lists={"history": ["history", []]},
        broadcasts={name: name for name in SCRIPTS if name},
    )
    sprite = _target(
        "Sprite",
        is_stage=False,
        costumes=COSTUMES,
        variables={name: [name, 0] for name in SPRITE_VARIABLES},
        blocks=blocks.table,
    )
    project = {
        "targets": [stage, sprite],
        "monitors": [],
        "extensions": [],
        "meta": {"semver": "3.0.0", "vm": "5.0.300", "agent": "cloudlink tests"},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.json", json.dumps(project))
        if assets:
            archive.writestr(f"{hashlib.md5(_PICTURE).hexdigest()}.svg", _PICTURE)
    return path
