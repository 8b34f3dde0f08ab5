"""The ways in to a finished project, in both machines: the uploaded .sprite3, the installed sprite, a smaller one."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playing import come_online, connect_server

from cloudlink import Channel, CloudRequests
from cloudlink.localcloud import LocalCloud
from cloudlink.player import Player
from cloudlink.sprite.build import build_sb3
from cloudlink.sprite.companion import companion_source, companion_sprite3
from cloudlink.sprite.install import Installed, install
from cloudlink.sprite.source import SpriteSource, Starter
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite.variant import cloud_names, variant

SMALL = variant(companion_source(), numbers={"up": 1, "down": 1}, cloud_prefix="small_")
SMALL_CHANNEL = Channel(uplink=("small_TO_1",), downlink=("small_FROM_1",))

# A sprite of the author's that is called as the companion is, has its own idea of "digits", and counts on.
AUTHOR = """
when flag clicked
set [digits v] to (0)
set [count v] to (0)
forever
  change [count v] by (1)
end

when I receive [greet the server v]
set [server request v] to [greet]
delete all of [server arguments v]
add [Ann] to [server arguments v]
broadcast (ask server v) and wait
set [said v] to (server reply)
"""


def authors_project(*, cloud: tuple[str, ...], names: str = "cloudlink") -> bytes:
    """A project with a sprite of the companion's name, and variables of its own variables' names."""
    shared: dict[str, Any] = {"server request": "", "server reply": "old"}
    author = SpriteSource(
        names,
        (("author.blocks", AUTHOR),),
        variables={"digits": 99, "count": 0, "said": "", **shared},
        lists={"server arguments": []},
        cloud_variables=cloud,
        starter=Starter(sprites=(SpriteSource("Cat", (("cat.blocks", "when flag clicked\nsay [hello]"),)),)),
    )
    return build_sb3(author, tables={})


@contextmanager
def serving(channel: Channel | None = None) -> Iterator[LocalCloud]:
    with LocalCloud("scratch") as cloud, connect_server(cloud) as connection:
        client = CloudRequests(connection, channel=channel)
        client.add_request(lambda name: f"Hello {name}", name="greet")
        with client:
            yield cloud


def loaded(player: Player, data: bytes, folder: Path) -> Player:
    path = folder / "project.sb3"
    path.write_bytes(data)
    player.load(path)
    return player


def greets(player: Player, cloud: LocalCloud) -> bool:
    """Whether the author's script gets its greeting, and nobody's variables are mixed up."""
    come_online(player, cloud)
    player.broadcast("greet the server", timeout=20)
    seen = player.values(["said", "digits", "count"]).variables
    return seen["said"] == "Hello Ann" and int(seen["digits"]) == 0 and float(seen["count"]) > 0


def cloud_variables(project: Mapping[str, Any]) -> list[str]:
    return [entry[0] for entry in project["targets"][0]["variables"].values() if len(entry) == 3]


def installed(data: bytes, source: SpriteSource | None = None) -> Installed:
    return install(data, source or companion_source(), tables=sprite_tables())


def saved_again(player: Player, data: bytes) -> bytes:
    """The file as the machine's editor would save it: its JSON in the machine's own form."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, player.saved() if name == "project.json" else old.read(name))
    return packed.getvalue()


def test_the_sprite_uploaded_behind_its_variables_serves_a_project_of_others(machine: Player, tmp_path: Path) -> None:
    names = tuple(cloud_names(companion_source()).values())
    (tmp_path / "cloudlink.sprite3").write_bytes(companion_sprite3())
    with serving() as cloud:
        loaded(machine, authors_project(cloud=names), tmp_path)
        assert machine.import_sprite(tmp_path / "cloudlink.sprite3") == "cloudlink2"
        assert cloud_variables(json.loads(machine.saved())) == list(names)
        # A variable for all sprites that the project had not comes without its value: then the sprite has one.
        assert machine.variable("server timeout") == 0
        assert greets(machine, cloud)
        assert float(machine.variable("server timeout")) == 10


def test_without_its_variables_the_uploaded_sprite_is_mended_by_an_installation(
    machine: Player, tmp_path: Path
) -> None:
    data = authors_project(cloud=("☁ score",))
    (tmp_path / "cloudlink.sprite3").write_bytes(companion_sprite3())
    loaded(machine, data, tmp_path).import_sprite(tmp_path / "cloudlink.sprite3")
    assert cloud_variables(json.loads(machine.saved())) == ["☁ score"]
    done = installed(saved_again(machine, data))
    assert done.change.upgraded
    assert set(done.change.cloud_variables) == set(cloud_names(companion_source()).values())
    with serving() as cloud:
        assert greets(loaded(machine, done.project, tmp_path), cloud)


def test_an_installed_sprite_serves_survives_saving_and_is_brought_up_to_date(machine: Player, tmp_path: Path) -> None:
    data = authors_project(cloud=("☁ score",))
    once = installed(data)
    assert once.change.name == "cloudlink2"
    with serving() as cloud:
        assert greets(loaded(machine, once.project, tmp_path), cloud)
        machine.disconnect()
        machine.stop_all()
        again = installed(saved_again(machine, once.project))
        assert again.change.upgraded
        assert not again.change.kept_scripts
        assert greets(loaded(machine, again.project, tmp_path), cloud)


def test_a_smaller_sprite_fits_where_two_cloud_variables_are_left(machine: Player, tmp_path: Path) -> None:
    data = authors_project(cloud=tuple(f"☁ score {number}" for number in range(8)))
    done = installed(data, SMALL)
    assert done.change.cloud_variables == ("☁ small_TO_1", "☁ small_FROM_1")
    with serving(SMALL_CHANNEL) as cloud:
        assert greets(loaded(machine, done.project, tmp_path), cloud)
        assert len(cloud_variables(json.loads(machine.saved()))) == 10
