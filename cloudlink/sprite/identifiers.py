"""The ids in a project file: the same for the same source, and unlike any that an editor makes.

On import of a sprite Scratch binds a variable by its id first, and only then by its name, so an id that a stranger's
project also has would bind the sprite to the wrong variable. A hash of what the id stands for gives ids that are
unlikely and repeatable at once.
"""

from __future__ import annotations

import base64
import hashlib

_BLOCK, _DATA = "cl-", "cloudlink-"


def block_id(sprite: str, path: str) -> str:
    """Return the id of the block, argument or comment at a path inside a sprite (60 bits of hash)."""
    return _BLOCK + _hash("block", sprite, path)[:12]


def global_id(kind: str, name: str) -> str:
    """Return the id of something of the whole project; kind: "variable", "list" or "broadcast"."""
    return _DATA + _hash(kind, name)[:16]


def local_id(kind: str, sprite: str, name: str) -> str:
    """Return the id of a variable or list that belongs to one sprite; kind: "variable" or "list"."""
    return _DATA + _hash("local " + kind, sprite, name)[:16]


def is_ours(identifier: str) -> bool:
    """Tell whether an id was made here; TurboWarp's editor gives everything new ids when it saves."""
    return identifier.startswith((_BLOCK, _DATA))


def _hash(*parts: str) -> str:
    # NUL cannot stand in a name that anyone can type, so different parts never give the same bytes.
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()
