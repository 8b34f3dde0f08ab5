"""What a project's scripts can learn of the machine that runs them."""

from __future__ import annotations

from pathlib import Path

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


def test_a_script_knows_turbowarp_from_scratch(machine: Player, flavor: str, tmp_path: Path) -> None:
    project = tmp_path / "project.sb3"
    source = SpriteSource("Asker", (("asker.blocks", SCRIPT),), variables={"machine": ""})
    project.write_bytes(build_sb3(source, tables={}))
    machine.load(project)
    machine.green_flag()
    machine.wait_until("machine", equals="turbowarp" if flavor == "turbowarp" else "scratch", timeout=10)
