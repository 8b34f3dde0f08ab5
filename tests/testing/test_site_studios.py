"""Studios: their object and lists, projects in and out, people, settings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from site_caller import API, WEB, Caller

from cloudlink.testing import LocalSite
from cloudlink.testing.site.records import Studio

PNG = b"\x89PNG\r\n\x1a\n picture"


@pytest.fixture
def studio(site: LocalSite) -> Studio:
    """The otter's studio."""
    return site.add_studio("pixel_otter", "Cloud games", id=37071074, description="only cloud")


def people(studio: Studio, action: str, name: str) -> str:
    return f"{WEB}/site-api/users/curators-in/{studio.id}/{action}/?usernames={name}"


def test_a_studio_has_all_keys(site: LocalSite, nobody: Caller, studio: Studio) -> None:
    site.add_comment("ScratchCat", studio, "hi")
    found = nobody.get(f"{API}/studios/{studio.id}").json()
    assert (found["id"], found["host"], found["title"]) == (37071074, 104512233, "Cloud games")
    assert found["stats"] == {"comments": 1, "followers": 0, "managers": 1, "projects": 0}
    assert (found["open_to_all"], found["comments_allowed"], found["visibility"]) == (False, True, "visible")
    assert nobody.get(f"{API}/studios/5").json() == {"code": "NotFound", "message": ""}


def test_projects_go_in_and_out(site: LocalSite, me: Caller, otter: Caller, nobody: Caller, studio: Studio) -> None:
    project = site.add_project("cloudberry_dev", "Mine")
    hidden = site.add_project("cloudberry_dev", shared=False)
    url = f"{API}/studios/{studio.id}/project/{project.id}"
    assert me.post(url).status_code == 403
    added = otter.post(url).json()
    assert added["projectId"] == str(project.id)
    assert (added["actorId"], added["studioId"]) == ("104512233", "37071074")
    assert added["datetimeCreated"].count(" ") == 1
    again = otter.post(url)
    assert (again.status_code, again.json()) == (409, {"code": "Conflict", "message": ""})
    assert otter.post(f"{API}/studios/{studio.id}/project/{hidden.id}").status_code == 404
    (listed,) = nobody.get(f"{API}/studios/{studio.id}/projects?limit=24").json()
    assert (listed["creator_id"], listed["username"], listed["actor_id"]) == (190000001, "cloudberry_dev", 104512233)
    removed = me.delete(url)  # one's own, always
    assert (removed.status_code, removed.json()) == (200, [])
    assert otter.delete(url).status_code == 404


def test_an_open_studio_takes_anybodys_projects(site: LocalSite, me: Caller, otter: Caller, studio: Studio) -> None:
    project = site.add_project("ScratchCat")
    assert otter.put(f"{WEB}/site-api/galleries/{studio.id}/mark/open/").json() == {"success": True}
    assert me.post(f"{API}/studios/{studio.id}/project/{project.id}").status_code == 200
    assert otter.put(f"{WEB}/site-api/galleries/{studio.id}/mark/closed/").json() == {"success": True}
    other = site.add_project("ScratchCat")
    assert me.post(f"{API}/studios/{studio.id}/project/{other.id}").status_code == 403


def test_the_muted_are_told_in_the_403(site: LocalSite, otter: Caller, studio: Studio) -> None:
    project = site.add_project("ScratchCat")
    site.mute("pixel_otter", 3600, "spam")
    for reply in (
        otter.post(f"{API}/studios/{studio.id}/project/{project.id}"),
        otter.put(f"{WEB}/site-api/galleries/all/{studio.id}/", json={"title": "x"}),
        otter.put(people(studio, "invite_curator", "ScratchCat")),
    ):
        assert reply.status_code == 403
        assert reply.json()["mute_status"]["currentMessageType"] == "spam"


def test_a_curators_way(site: LocalSite, me: Caller, otter: Caller, nobody: Caller, studio: Studio) -> None:
    def roles() -> tuple[bool, ...]:
        return tuple(me.get(f"{API}/studios/{studio.id}/users/cloudberry_dev").json().values())

    assert me.put(people(studio, "add", "cloudberry_dev")).status_code == 403
    assert me.put(people(studio, "invite_curator", "ScratchCat")).status_code == 403
    invited = otter.put(people(studio, "invite_curator", "cloudberry_dev")).json()
    assert invited == {"status": "success", "message": "Curator invite sent to cloudberry_dev"}
    assert roles() == (False, False, True, False)
    assert me.get(f"{API}/users/cloudberry_dev/messages").json()[0]["type"] == "curatorinvite"
    assert me.put(people(studio, "add", "cloudberry_dev")).json() == {"success": True}
    assert roles() == (False, True, False, False)
    again = otter.put(people(studio, "invite_curator", "cloudberry_dev"))
    assert (again.status_code, again.json()["status"]) == (200, "error")
    assert [u["username"] for u in nobody.get(f"{API}/studios/{studio.id}/curators").json()] == ["cloudberry_dev"]
    assert 'data-id="cloudberry_dev"' in otter.put(people(studio, "promote", "cloudberry_dev")).text
    assert roles() == (True, False, False, False)
    managers = nobody.get(f"{API}/studios/{studio.id}/managers").json()
    assert [user["username"] for user in managers] == ["pixel_otter", "cloudberry_dev"]
    left = me.put(people(studio, "remove", "cloudberry_dev"))
    assert left.text == '<li class="user thumb item" data-id="cloudberry_dev"></li>'
    assert otter.put(people(studio, "remove", "cloudberry_dev")).status_code == 404
    assert otter.put(people(studio, "remove", "pixel_otter")).status_code == 403
    unknown = otter.put(people(studio, "invite_curator", "no_such_user_"))
    assert (unknown.status_code, "page-404" in unknown.text) == (404, True)


def test_there_are_no_more_than_forty_managers(site: LocalSite, otter: Caller, studio: Studio) -> None:
    site.rules = replace(site.rules, managers=2)
    studio.managers.append(15883188)
    studio.curators.append(190000001)
    reply = otter.put(people(studio, "promote", "cloudberry_dev"))
    assert (reply.status_code, reply.json()) == (400, {"message": "too many owners"})


def test_the_host_can_hand_a_studio_over(site: LocalSite, me: Caller, otter: Caller, studio: Studio) -> None:
    url = f"{API}/studios/{studio.id}/transfer/cloudberry_dev"
    assert otter.put(url, json={"password": "correct horse"}).status_code == 409
    studio.managers.append(190000001)
    wrong = otter.put(url, json={"password": "wrong"})
    assert (wrong.status_code, wrong.json()) == (401, {"code": "Unauthorized", "message": "password incorrect"})
    assert me.put(url, json={"password": "correct horse"}).status_code == 403
    assert otter.put(url.replace("cloudberry_dev", "nobody_"), json={"password": "x"}).status_code == 404
    assert otter.put(url, json={"password": "correct horse"}).json() == {}
    assert (studio.host_id, studio.managers) == (190000001, [104512233])


def test_the_activity_pages_by_date_and_repeats_at_the_seam(site: LocalSite, nobody: Caller, studio: Studio) -> None:
    for n in range(5):
        site.add_to_studio(studio, site.add_project("ScratchCat", f"p{n}"))
    url = f"{API}/studios/{studio.id}/activity?limit=3"
    first = nobody.get(url).json()
    assert [event["project_title"] for event in first] == ["p4", "p3", "p2"]
    assert first[0]["id"].startswith("addprojecttostudio-")
    second = nobody.get(f"{url}&dateLimit={first[-1]['datetime_created']}").json()
    assert [event["project_title"] for event in second] == ["p2", "p1", "p0"]
    assert nobody.get(f"{url}&dateLimit=yesterday").status_code == 400


def test_settings_are_for_managers(site: LocalSite, me: Caller, otter: Caller, studio: Studio) -> None:
    url = f"{WEB}/site-api/galleries/all/{studio.id}/"
    assert me.put(url, json={"title": "x"}).status_code == 403
    changed = otter.put(url, json={"title": "New", "description": "text"}).json()
    assert (changed["title"], changed["description"], changed["id"]) == ("New", "text", studio.id)
    for change, error in (
        ({"title": "badword"}, "inappropriate-generic"),
        ({"title": "x" * 53}, "editable-text-too-long"),
        ({"title": ""}, "This field is required."),
    ):
        reply = otter.put(url, json=change)
        assert (reply.status_code, reply.json()) == (200, {"errors": [error]})
    assert "?v=" in otter.post(url, files={"file": ("a.png", PNG)}).json()["thumbnail_url"]
    large = otter.post(url, files={"file": ("a.png", PNG + bytes(524_288))})
    assert large.json() == {"errors": ["thumbnail-too-large"]}
    assert me.post(f"{url}report/", data={"selected_field": "title"}).json() == {"success": True}
    assert otter.put(url, json={"visibility": "delbyusr"}).status_code == 200
    assert otter.get(f"{API}/studios/{studio.id}").status_code == 404


def test_comments_in_studios(site: LocalSite, me: Caller, otter: Caller, studio: Studio) -> None:
    toggle = f"{WEB}/site-api/comments/gallery/{studio.id}/toggle-comments/"
    assert me.post(toggle).status_code == 403
    assert (otter.post(toggle).status_code, studio.comments_allowed) == (200, False)
    url = f"{API}/proxy/comments/studio/{studio.id}"
    assert me.post(url, json={"content": "hi"}).json()["rejected"] == "isDisallowed"
    otter.post(toggle)
    mine = me.post(url, json={"content": "hi"}).json()
    own = otter.post(url, json={"content": "welcome", "parent_id": mine["id"]}).json()
    assert [c["id"] for c in me.get(f"{API}/studios/{studio.id}/comments").json()] == [mine["id"]]
    assert otter.delete(f"{url}/comment/{mine['id']}").status_code == 403  # the host deletes only their own
    assert otter.delete(f"{url}/comment/{own['id']}").status_code == 200
    assert me.delete(f"{url}/comment/{mine['id']}").status_code == 403


def test_following_a_studio(site: LocalSite, me: Caller, studio: Studio) -> None:
    url = f"{WEB}/site-api/users/bookmarkers/{studio.id}"
    assert me.put(f"{url}/add/?usernames=cloudberry_dev").json() == {"success": True}
    assert me.get(f"{API}/studios/{studio.id}").json()["stats"]["followers"] == 1
    site.add_to_studio(studio, site.add_project("ScratchCat"))
    assert me.get(f"{API}/users/cloudberry_dev/messages").json()[0]["type"] == "studioactivity"
    assert me.put(f"{url}/remove/?usernames=cloudberry_dev").json() == {"success": True}
    assert me.put(f"{url}/add/?usernames=ScratchCat").status_code == 403


def test_creating_studios(site: LocalSite, me: Caller) -> None:
    site.rules = replace(site.rules, studio_interval=60.0)
    made = me.post(f"{WEB}/studios/create/").json()
    assert made["success"] is True
    number = made["redirect"].strip("/").split("/")[1]
    assert site.studio(number).host_id == 190000001
    (refused,) = me.post(f"{WEB}/studios/create/").json()
    assert refused["success"] is False
    site.user("cloudberry_dev").new_scratcher = True
    assert me.post(f"{WEB}/studios/create/").status_code == 403


def test_a_studio_can_be_of_a_class(site: LocalSite, nobody: Caller, studio: Studio) -> None:
    url = f"{API}/studios/{studio.id}/classroom"
    assert nobody.get(url).status_code == 404
    studio.classroom_id = 156
    assert nobody.get(url).json() == {"id": 156}
