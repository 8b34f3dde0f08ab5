"""What a project file may leave out of a block.

Scratch's and TurboWarp's machines and scratch-parser take a block without inputs or fields for one that has none, and
what is not said to be a shadow or the first of a script for what it mostly is, neither. That is a fifth of the blocks'
text. `next` and `parent` stay: scratch-vm (serialization/sb3.js) relies on them. The editor writes most of the rest
again when it saves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Any

_DEFAULTS = {"inputs": dict, "fields": dict, "shadow": bool, "topLevel": bool}


def without_defaults(content: Mapping[str, Json]) -> dict[str, Json]:
    """Return a project, a stage or a sprite as it may stand in a file."""
    if "targets" in content:
        return {**content, "targets": [without_defaults(target) for target in content["targets"]]}
    return {**content, "blocks": {key: _shorter(block) for key, block in content["blocks"].items()}}


def fill_in(block: dict[str, Json]) -> None:
    """Put into a block what the file left out."""
    for key, default in _DEFAULTS.items():
        block.setdefault(key, default())


def _shorter(block: Json) -> Json:
    if isinstance(block, list):
        return block
    return {key: value for key, value in block.items() if key not in _DEFAULTS or value != _DEFAULTS[key]()}
