"""What a project's scripts can learn of the machine that runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.source import SpriteSource

SCRIPT = """
when flag clicked
look

define look
set [machine v] to [scratch]
if <is turbowarp?> then
  set [machine v] to [turbowarp]
end
"""


@pytest.mark.parametrize("flavor", ["vanilla", "turbowarp"])
def test_a_script_knows_turbowarp_from_scratch(
    flavor: str, parts: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    machine = request.getfixturevalue("turbowarp_bundle") if flavor == "turbowarp" else None
    project = tmp_path / "project.sb3"
    source = SpriteSource("Asker", (("asker.blocks", SCRIPT),), variables={"machine": ""})
    project.write_bytes(build_sb3(source, tables={}))
    with Player(parts=parts, flavor=flavor, machine=machine) as player:
        player.load(project)
        player.green_flag()
        player.wait_until("machine", equals="turbowarp" if machine else "scratch", timeout=10)
