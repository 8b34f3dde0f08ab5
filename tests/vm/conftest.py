"""One Scratch machine with the companion sprite, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from companion import Companion

from cloudlink.player import Player
from cloudlink.sprite.companion import starter_sb3


@pytest.fixture(scope="session")
def companion(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    with Player(parts=parts) as player:
        yield Companion(player, tmp_path_factory.mktemp("companion"))


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter project."""
    path = tmp_path_factory.mktemp("starter") / "starter.sb3"
    path.write_bytes(starter_sb3())
    return path
