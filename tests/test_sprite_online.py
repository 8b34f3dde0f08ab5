"""The companion sprite in projects on a site on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from local_site import client_at
from project_maker import numbered

from cloudlink.blank import BLANK
from cloudlink.cli.main import main
from cloudlink.errors import BadResponse, Forbidden, SiteUnavailable, SpriteError
from cloudlink.rest.client import Client
from cloudlink.rest.project_files import asset_names
from cloudlink.rest.projects import Project
from cloudlink.rest.session import SESSION_VARIABLE, Session
from cloudlink.sprite.companion import NAME, companion_source
from cloudlink.sprite.install import install
from cloudlink.sprite.tables import sprite_tables
from cloudlink.sprite_online import install_online
from cloudlink.testing import LocalSite

OLD = numbered(2)


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.add_user("otter")
        site.add_user("fox")
        for data in OLD.assets.values():
            site.add_asset(data, "svg")
        yield site


@pytest.fixture
def client(site: LocalSite) -> Iterator[Client]:
    with client_at(site) as client:
        yield client


@pytest.fixture
def number(site: LocalSite) -> int:
    return site.add_project("otter", "Maze", json=OLD.content).id


def connected(site: LocalSite, client: Client, username: str, number: int) -> Project:
    project = Session(site.log_in(username), client=client).connect_project(number)
    assert isinstance(project, Project)
    return project


def sprites(project: Project) -> list[str]:
    return [target["name"] for target in project.get_raw_json()["targets"]]


def writes(site: LocalSite) -> list[str]:
    return [record.method for record in site.requests if record.method in ("POST", "PUT")]


def test_the_sprite_comes_into_the_project_with_its_pictures(site: LocalSite, client: Client, number: int) -> None:
    mine = connected(site, client, "otter", number)
    change = install_online(mine)
    assert (change.name, change.upgraded) == (NAME, False)
    assert sprites(mine) == ["Stage", NAME]
    sprite = mine.get_raw_json()["targets"][1]
    with site.state() as world:
        assert set(asset_names({"targets": [sprite]})) - set(world.assets) == {f"{BLANK}.svg"}  # Scratch itself has it
    in_a_file = install(OLD.sb3(), companion_source(), tables=sprite_tables())
    assert in_a_file.change == change


def test_what_is_up_to_date_is_not_saved_again(site: LocalSite, client: Client, number: int) -> None:
    mine = connected(site, client, "otter", number)
    install_online(mine)
    before = writes(site)
    assert install_online(mine).upgraded
    assert writes(site) == before


def test_the_project_of_somebody_else_stays_as_it_is(site: LocalSite, client: Client, number: int) -> None:
    theirs = connected(site, client, "fox", number)
    with pytest.raises(Forbidden, match="only its owner may save it"):
        install_online(theirs)
    assert (sprites(theirs), writes(site)) == (["Stage"], [])


def test_a_failed_save_is_told_and_not_repeated(site: LocalSite, client: Client, number: int) -> None:
    mine = connected(site, client, "otter", number)
    site.trouble("projects.scratch.mit.edu/*", method="PUT", status=500)
    with pytest.raises(SiteUnavailable):
        install_online(mine)
    assert writes(site).count("PUT") == 1
    assert sprites(mine) == ["Stage"]


@pytest.mark.parametrize("data", [b"ScratchV02...", b'{"objName": "Stage"}', b'{"targets": [], "x": "\xff"}'])
def test_what_is_no_project_of_scratch_3_is_refused(site: LocalSite, client: Client, data: bytes) -> None:
    number = site.add_project("otter", data=data).id
    with pytest.raises((SpriteError, BadResponse)):
        install_online(connected(site, client, "otter", number))
    assert writes(site) == []


def test_the_command_tells_what_it_did(site: LocalSite, client: Client, number: int) -> None:
    def run(login: str) -> tuple[int, str]:
        env = {SESSION_VARIABLE: site.log_in(login)}
        result = CliRunner().invoke(main, ["project", "install-sprite", str(number)], obj=client, env=env)
        return result.exit_code, result.output

    code, output = run("fox")
    assert (code, "only its owner may save it" in output) == (1, True)
    code, output = run("otter")
    assert (code, f"the sprite '{NAME}' is new" in output) == (0, True)
    code, output = run("otter")
    assert (code, f"the sprite '{NAME}' is up to date" in output) == (0, True)
    assert json.loads(site.project(number).data)["targets"][1]["name"] == NAME
