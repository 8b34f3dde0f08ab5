"""The ids in a project file: the same for the same source, short, and unlike any that an editor makes.

On import of a sprite Scratch binds a variable by its id first, and only then by its name, so an id that a stranger's
project also has would bind the sprite to the wrong variable. Scratch's editor makes ids of 20 characters, TurboWarp's
of one to three; ours lie between. They are short because an id stands in the file wherever it is used, thousands of
times, and because JavaScript's engines look up keys of up to ten characters fastest.
"""

from __future__ import annotations

import base64
import hashlib
import string

_MARK = "cl"
_LENGTHS = range(4, 10)
_DIGITS = string.digits + string.ascii_letters


def block_id(number: int) -> str:
    """Return the id of a block of a sprite; they are counted from 0."""
    signs = ""
    while number or len(signs) < _LENGTHS.start - len(_MARK):
        number, digit = divmod(number, len(_DIGITS))
        signs = _DIGITS[digit] + signs
    return _MARK + signs


def comment_id(block: str) -> str:
    """Return the id of the comment on a block."""
    return f"{block}-c"


def note_id(number: int) -> str:
    """Return the id of a comment on no block; they are counted."""
    return f"{_MARK}note{number}"


def argument_id(number: int) -> str:
    """Return the id of a slot of a custom block; it has a meaning within the block only."""
    return f"slot{number}"


def global_id(kind: str, name: str) -> str:
    """Return the id of something of the whole project; kind: "variable", "list" or "broadcast"."""
    return _MARK + _hash(kind, name)


def local_id(kind: str, sprite: str, name: str) -> str:
    """Return the id of a variable or list that belongs to one sprite; kind: "variable" or "list"."""
    return _MARK + _hash("local " + kind, sprite, name)


def is_ours(identifier: str) -> bool:
    """Tell whether an id was made here; TurboWarp's editor gives everything new ids when it saves."""
    return identifier.startswith(_MARK) and len(identifier) in _LENGTHS


def _hash(*parts: str) -> str:
    """Seven signs: among a thousand names, two alike come once in 70,000 sprites, and the builder refuses them."""
    # NUL cannot stand in a name that anyone can type, so different parts never give the same bytes.
    digest = hashlib.sha256("\0".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:7]
