"""The companion sprite: where its source is, and its finished files."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cloudlink.errors import SpriteError
from cloudlink.sprite.build import build_sb3, build_sprite3
from cloudlink.sprite.source import SpriteSource, load_source
from cloudlink.sprite.tables import sprite_tables

_PACKAGED = Path(__file__).parent / "companion"
_CHECKOUT = Path(__file__).parents[2] / "scratch_sprites" / "source"

NAME = "cloudlink"
"""What the sprite is called in a project."""


def source_folder() -> Path:
    """The folder with the sprite's source: within an installed package, or beside it in a checkout.

    Raises:
        SpriteError: it is in neither place.
    """
    for folder in (_PACKAGED, _CHECKOUT):
        if folder.is_dir():
            return folder
    raise SpriteError(f"the sprite's source is neither at {_PACKAGED} nor at {_CHECKOUT}; install cloudlink anew")


@cache
def companion_source() -> SpriteSource:
    """The sprite's source."""
    return load_source(source_folder())


def companion_sprite3() -> bytes:
    """The sprite as a file to import into a project that has the cloud variables already."""
    return build_sprite3(companion_source(), tables=sprite_tables())


def starter_sb3(extra_scripts: dict[str, str] | None = None) -> bytes:
    """A project with the sprite, its cloud variables and an example to begin with.

    Args:
        extra_scripts: further scripts, as text in the notation, by the sprite that they go into.
    """
    return build_sb3(companion_source(), tables=sprite_tables(), extra_scripts=extra_scripts)
