"""Projects, their files and assets, their comments; search and the front page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import pytest
import requests
from site_caller import API, ASSETS, PROJECTS, WEB, Caller

from cloudlink.clock import FakeClock
from cloudlink.testing import LocalSite

PNG = b"\x89PNG\r\n\x1a\n picture"
SB3: dict[str, Any] = {"targets": [], "meta": {"semver": "3.0.0"}}


def test_a_project_has_all_keys_and_a_token_when_alone(site: LocalSite, nobody: Caller) -> None:
    made = site.add_project("pixel_otter", "Cloud Maze", instructions="run", description="thanks", views=3)
    site.add_project("ScratchCat", "remix", parent=made.id)
    project = nobody.get(f"{API}/projects/{made.id}").json()
    assert re.fullmatch(r"\d{10}_[0-9a-f]{128}", project.pop("project_token"))
    assert project["author"]["username"] == "pixel_otter"
    assert project["author"]["history"] == {"joined": "1900-01-01T00:00:00.000Z"}
    assert project["stats"] == {"views": 3, "loves": 0, "favorites": 0, "remixes": 1}
    assert (project["public"], project["is_published"], project["visibility"]) == (True, True, "visible")
    (listed,) = nobody.get(f"{API}/users/pixel_otter/projects").json()
    assert "project_token" not in listed
    assert "username" not in listed["author"]
    assert listed["stats"]["remixes"] == 0
    (remix,) = nobody.get(f"{API}/projects/{made.id}/remixes").json()
    assert remix["author"]["username"] == "ScratchCat"
    assert remix["remix"] == {"parent": made.id, "root": made.id}


@pytest.mark.parametrize("facts", [{"shared": False}, {"trashed": True}, {"censored": "scary"}])
def test_a_hidden_project_is_404_for_all_but_its_author(
    site: LocalSite, me: Caller, otter: Caller, nobody: Caller, facts: dict[str, Any]
) -> None:
    project = site.add_project("pixel_otter", **{"shared": False, **facts})
    for caller in (nobody, me):
        reply = caller.get(f"{API}/projects/{project.id}")
        assert (reply.status_code, reply.json()) == (404, {"code": "NotFound", "message": ""})
    own = otter.get(f"{API}/projects/{project.id}").json()
    assert (own["public"], own["visibility"]) == (False, "notvisible" if project.trashed else "visible")
    assert nobody.get(f"{API}/users/pixel_otter/projects").json() == []
    why = otter.get(f"{API}/users/pixel_otter/projects/{project.id}/visibility").json()
    assert (why["deleted"], why["censored"]) == (project.trashed, project.censored is not None)
    assert why["message"] == (project.censored or "")
    assert me.get(f"{API}/users/pixel_otter/projects/{project.id}/visibility").status_code == 403


def test_the_name_before_a_project_must_be_its_authors(site: LocalSite, nobody: Caller) -> None:
    project = site.add_project("pixel_otter")
    assert nobody.get(f"{API}/users/Pixel_Otter/projects/{project.id}").status_code == 200
    assert nobody.get(f"{API}/users/ScratchCat/projects/{project.id}").status_code == 404
    assert nobody.get(f"{API}/users/ScratchCat/projects/{project.id}/comments").status_code == 404


def test_no_remixes_and_no_studios_are_404(site: LocalSite, nobody: Caller) -> None:
    project = site.add_project("pixel_otter")
    for path in (f"projects/{project.id}/remixes", f"users/pixel_otter/projects/{project.id}/studios"):
        assert nobody.get(f"{API}/{path}").status_code == 404
    site.add_to_studio(site.add_studio("ScratchCat", "S"), project)
    assert nobody.get(f"{API}/users/pixel_otter/projects/{project.id}/studios").json()[0]["title"] == "S"


def test_changing_texts_and_comments(site: LocalSite, me: Caller, otter: Caller) -> None:
    project = site.add_project("pixel_otter", "old")
    url = f"{API}/projects/{project.id}"
    change = {"title": "new", "instructions": "i", "description": "d", "comments_allowed": False}
    changed = otter.put(url, json=change).json()
    assert {key: changed[key] for key in change} == change
    assert me.put(url, json=change).status_code == 403
    for bad in ({"title": "badword"}, {"title": "x" * 101}, {"title": 5}, {"comments_allowed": "yes"}):
        reply = otter.put(url, json=bad)
        assert (reply.status_code, reply.json()) == (400, {"code": "BadRequest", "message": ""})
    assert otter.put(url, data=b"[1]").status_code == 400
    assert project.title == "new"


@pytest.mark.parametrize(("kind", "key"), [("loves", "userLove"), ("favorites", "userFavorite")])
def test_loves_and_favourites(site: LocalSite, me: Caller, kind: str, key: str) -> None:
    project = site.add_project("pixel_otter")
    plain = f"{API}/projects/{project.id}/{kind}/user/cloudberry_dev"
    proxy = plain.replace("/projects/", "/proxy/projects/", 1)
    number = str(project.id)
    assert me.get(plain).json() == {"projectId": number, key: False}
    for _ in range(2):  # statusChanged is always true
        assert me.post(proxy).json() == {"projectId": number, key: True, "statusChanged": True}
    assert me.get(plain).json() == {"projectId": number, key: True}
    assert me.get(f"{API}/projects/{project.id}").json()["stats"][kind] == 1
    assert me.delete(proxy).json() == {"projectId": number, key: False, "statusChanged": True}
    assert me.post(plain.replace("cloudberry_dev", "pixel_otter")).status_code == 403


def test_only_the_way_through_the_proxy_tells_the_author(site: LocalSite, me: Caller, otter: Caller) -> None:
    project = site.add_project("pixel_otter")
    count = f"{API}/users/pixel_otter/messages/count"
    before = otter.get(count).json()["count"]
    me.post(f"{API}/projects/{project.id}/loves/user/cloudberry_dev")
    assert otter.get(count).json()["count"] == before
    me.post(f"{API}/proxy/projects/{project.id}/favorites/user/cloudberry_dev")
    assert otter.get(count).json()["count"] == before + 1


def test_views_count_and_can_come_too_fast(site: LocalSite, clock: FakeClock, nobody: Caller) -> None:
    project = site.add_project("pixel_otter")
    url = f"{API}/users/pixel_otter/projects/{project.id}/views"
    site.rules = replace(site.rules, view_interval=60.0)
    assert [nobody.post(url).status_code, nobody.post(url).status_code] == [200, 429]
    clock.advance(61)
    assert nobody.post(url).status_code == 200
    assert project.views == 2


def test_sharing_wants_a_confirmed_address(site: LocalSite, otter: Caller, me: Caller) -> None:
    project = site.add_project("pixel_otter", shared=False)
    share, unshare = (f"{API}/proxy/projects/{project.id}/{verb}" for verb in ("share", "unshare"))
    site.user("pixel_otter").email_confirmed = False
    assert otter.put(share).status_code == 403
    site.user("pixel_otter").email_confirmed = True
    assert me.put(share).status_code == 403
    assert otter.put(share).json()["is_published"] is True
    assert otter.put(unshare).json()["is_published"] is False


def test_the_trash_takes_unshared_projects_only(site: LocalSite, otter: Caller, me: Caller) -> None:
    project = site.add_project("pixel_otter", "old")
    url = f"{WEB}/site-api/projects/all/{project.id}/"
    assert otter.put(url, json={"visibility": "trshbyusr"}).status_code == 403
    answer = otter.put(url, json={"isPublished": False, "title": "new"}).json()
    assert (answer["id"], answer["title"], answer["creator"]) == (str(project.id), "new", "pixel_otter")
    assert otter.put(url, json={"visibility": "trshbyusr"}).status_code == 200
    assert otter.put(url, json={"visibility": "visible"}).status_code == 200
    assert me.put(url, json={"title": "x"}).status_code == 403
    otter.put(url, json={"visibility": "trshbyusr"})
    empty = f"{WEB}/site-api/projects/trashed/empty/"
    assert otter.put(empty, json={"password": "wrong"}).status_code == 403
    assert otter.put(empty, json={"password": "correct horse"}).json() == {"trashed": 1}
    assert otter.get(f"{API}/projects/{project.id}").status_code == 404


def test_a_report_wants_a_category_and_a_thumbnail(site: LocalSite, me: Caller) -> None:
    project = site.add_project("pixel_otter")
    url = f"{API}/proxy/projects/{project.id}/report"
    report = {"notes": "n", "report_category": "3", "thumbnail": base64.b64encode(PNG).decode()}
    assert me.post(url, json=report).json() == {"success": True, "moderation_status": "notreviewed"}
    for bad in ({"report_category": 3}, {"report_category": "20"}, {"thumbnail": "?"}):
        assert me.post(url, json={**report, **bad}).status_code == 400
    del report["thumbnail"]
    assert me.post(url, json=report).status_code == 400


def test_the_thumbnail_is_the_bytes_of_a_png(site: LocalSite, otter: Caller, me: Caller) -> None:
    project = site.add_project("pixel_otter")
    url = f"{WEB}/internalapi/project/thumbnail/{project.id}/set/"
    reply = otter.post(url, data=PNG, headers={"Content-Type": "image/png"})
    assert reply.json() == {
        "status": "ok",
        "content-length": len(PNG),
        "content-name": str(project.id),
        "autosave-internal": "120",
        "result-code": 0,
    }
    image = otter.get(f"{API}/projects/{project.id}").json()["image"]
    assert requests.get(site.local_url(image), timeout=5).content == PNG
    refused = me.post(url, data=PNG)
    assert (refused.status_code, refused.text) == (403, "<html><body>Forbidden</body></html>")
    assert otter.post(url, data=b"jpeg").status_code == 400


# Files


def test_a_file_needs_a_token_that_is_not_too_old(site: LocalSite, clock: FakeClock, nobody: Caller) -> None:
    project = site.add_project("pixel_otter", json=SB3)
    token = nobody.get(f"{API}/projects/{project.id}").json()["project_token"]
    other = nobody.get(f"{API}/projects/{site.add_project('pixel_otter').id}").json()["project_token"]
    for query in ("", f"?token={other}", "?token=x_y", f"?token={token}0"):
        reply = nobody.get(f"{PROJECTS}/{project.id}{query}")
        assert (reply.status_code, reply.text) == (403, "missing")
    good = nobody.get(f"{PROJECTS}/{project.id}?token={token}")
    assert (good.json(), good.headers["Content-Type"]) == (SB3, "application/json; charset=utf-8")
    clock.advance(301)
    assert nobody.get(f"{PROJECTS}/{project.id}?token={token}").status_code == 403


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"objName":"Stage"}', "application/json; charset=utf-8"),
        (b"ScratchV02\0\0", "application/octet-stream"),
        (b"PK\3\4", "application/zip"),
    ],
)
def test_old_files_come_as_they_are(site: LocalSite, nobody: Caller, data: bytes, kind: str) -> None:
    project = site.add_project("pixel_otter", data=data)
    token = nobody.get(f"{API}/projects/{project.id}").json()["project_token"]
    reply = nobody.get(f"{PROJECTS}/{project.id}?token={token}")
    assert (reply.content, reply.headers["Content-Type"]) == (data, kind)


def test_creating_and_saving_a_project(site: LocalSite, me: Caller, otter: Caller) -> None:
    made = me.post(f"{PROJECTS}/?title=Löwe", json=SB3).json()
    number = made["content-name"]
    assert made == {
        "status": "ok",
        "content-name": number,
        "content-title": base64.b64encode("Löwe".encode()).decode(),
        "autosave-interval": "120",
    }
    project = me.get(f"{API}/projects/{number}").json()
    assert (project["title"], project["is_published"]) == ("Löwe", False)
    assert me.put(f"{PROJECTS}/{number}", json={**SB3, "x": 1}).json() == {"status": "ok", "autosave-interval": "120"}
    token = project["project_token"]
    assert me.get(f"{PROJECTS}/{number}?token={token}").json()["x"] == 1
    assert otter.put(f"{PROJECTS}/{number}", json=SB3).status_code == 403
    titles = [base64.b64decode(me.post(f"{PROJECTS}/", json=SB3).json()["content-title"]) for _ in range(2)]
    assert titles == [b"Untitled", b"Untitled-2"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b'"{}"', 400), (json.dumps(json.dumps(SB3)).encode(), 400), (b"{}", 400)],
)
def test_what_is_no_project_is_refused(me: Caller, body: bytes, status: int) -> None:
    assert me.post(f"{PROJECTS}/", data=body).status_code == status


def test_a_remix_keeps_its_parent_and_a_copy_is_of_ones_own(site: LocalSite, me: Caller, otter: Caller) -> None:
    original = site.add_project("pixel_otter")
    made = me.post(f"{PROJECTS}/?is_remix=1&original_id={original.id}", json=SB3).json()
    me.put(f"{API}/proxy/projects/{made['content-name']}/share")
    assert otter.get(f"{API}/users/pixel_otter/messages").json()[0]["type"] == "remixproject"
    assert otter.get(f"{API}/projects/{original.id}/remixes").json()[0]["id"] == int(made["content-name"])
    assert me.post(f"{PROJECTS}/?is_copy=1&original_id={original.id}", json=SB3).status_code == 403
    assert otter.post(f"{PROJECTS}/?is_copy=1&original_id={original.id}", json=SB3).status_code == 200
    assert me.post(f"{PROJECTS}/?is_remix=1&original_id=5", json=SB3).status_code == 404


def test_a_fresh_project_can_be_late(site: LocalSite, clock: FakeClock, me: Caller) -> None:
    site.rules = replace(site.rules, fresh_project_delay=2.0)
    number = me.post(f"{PROJECTS}/", json=SB3).json()["content-name"]
    assert me.get(f"{API}/projects/{number}").status_code == 404
    clock.advance(2.1)
    assert me.get(f"{API}/projects/{number}").status_code == 200


def test_an_asset_must_have_the_md5_of_its_name(site: LocalSite, me: Caller, nobody: Caller) -> None:
    data = b"<svg/>"
    name = f"{hashlib.md5(data).hexdigest()}.svg"
    assert me.post(f"{ASSETS}/{name}", data=data).json() == {"status": "ok", "content-name": name}
    for path in (name, f"internalapi/asset/{name}/get/"):
        reply = nobody.get(f"{ASSETS}/{path}")
        assert (reply.content, reply.headers["Content-Type"]) == (data, "image/svg+xml")
    assert me.post(f"{ASSETS}/{name}", data=b"other").status_code == 400
    assert me.post(f"{ASSETS}/{name.replace('svg', 'exe')}", data=data).status_code == 400
    missing = nobody.get(f"{ASSETS}/{'0' * 32}.svg")
    assert (missing.status_code, missing.content) == (404, b"")


def test_sizes_are_limited(site: LocalSite, me: Caller) -> None:
    site.rules = replace(site.rules, asset_size=10, project_size=100)
    data = bytes(11)
    for reply in (
        me.post(f"{ASSETS}/{hashlib.md5(data).hexdigest()}.wav", data=data),
        me.post(f"{PROJECTS}/", json={"targets": ["x" * 100]}),
    ):
        assert (reply.status_code, reply.json()) == (413, {"code": "PayloadTooLarge", "message": ""})


# Comments


def test_comments_and_replies(site: LocalSite, me: Caller, otter: Caller, nobody: Caller) -> None:
    project = site.add_project("pixel_otter")
    write = f"{API}/proxy/comments/project/{project.id}"
    read = f"{API}/users/pixel_otter/projects/{project.id}/comments"
    first = me.post(write, json={"content": 'it\'s <cool> & "new"', "parent_id": "", "commentee_id": ""}).json()
    assert first["content"] == "it&#39;s &lt;cool&gt; &amp; &quot;new&quot;"
    assert "username" not in first["author"]
    reply = otter.post(write, json={"content": "thanks", "parent_id": first["id"], "commentee_id": 190000001}).json()
    assert (reply["parent_id"], reply["commentee_id"]) == (first["id"], 190000001)
    (top,) = nobody.get(read).json()
    assert (top["author"]["username"], top["reply_count"]) == ("cloudberry_dev", 1)
    assert [c["id"] for c in nobody.get(f"{read}/{top['id']}/replies").json()] == [reply["id"]]
    assert nobody.get(f"{read}/{reply['id']}").json()["content"] == "thanks"
    assert nobody.get(f"{read}/17").status_code == 404


def test_the_newest_comment_comes_first_and_the_oldest_reply(site: LocalSite, nobody: Caller) -> None:
    project = site.add_project("pixel_otter")
    tops = [site.add_comment("ScratchCat", project, f"{n}") for n in range(3)]
    for n in range(3):
        site.add_comment("pixel_otter", project, f"reply {n}", parent=tops[0])
    read = f"{API}/users/pixel_otter/projects/{project.id}/comments"
    assert [c["content"] for c in nobody.get(read).json()] == ["2", "1", "0"]
    replies = nobody.get(f"{read}/{tops[0].id}/replies?limit=2&offset=1").json()
    assert [c["content"] for c in replies] == ["reply 1", "reply 2"]


def test_a_deleted_comment_is_null_and_the_count_of_replies_lies(
    site: LocalSite, me: Caller, otter: Caller, nobody: Caller
) -> None:
    project = site.add_project("pixel_otter")
    top = site.add_comment("cloudberry_dev", project, "top")
    reply = site.add_comment("ScratchCat", project, "reply", parent=top)
    url = f"{API}/proxy/comments/project/{project.id}/comment/{reply.id}"
    assert me.delete(url).status_code == 403
    assert otter.delete(url, json={"reportId": None}).json() == {}
    read = f"{API}/users/pixel_otter/projects/{project.id}/comments"
    gone = nobody.get(f"{read}/{reply.id}")
    assert (gone.status_code, gone.text) == (200, "null")
    assert nobody.get(read).json()[0]["reply_count"] == 1
    assert nobody.get(f"{read}/{top.id}/replies").json() == []
    assert me.post(f"{API}/proxy/project/{project.id}/comment/{top.id}/report").json() == {}
    assert top.reported_by == [190000001]


@pytest.mark.parametrize(
    ("content", "code", "mute"),
    [
        ("", "isEmpty", None),
        ("x" * 501, "isTooLong", None),
        ("badword", "isBad", "vulgarity"),
        ("chat.example", "hasChatSite", None),
        ("you stink", "isUnconstructive", "unconstructive"),
    ],
)
def test_rejections_come_with_200(site: LocalSite, me: Caller, content: str, code: str, mute: str | None) -> None:
    project = site.add_project("pixel_otter")
    url = f"{API}/proxy/comments/project/{project.id}"
    reply = me.post(url, json={"content": content})
    assert (reply.status_code, reply.json()["rejected"]) == (200, code)
    assert reply.json()["status"]["mute_status"].get("currentMessageType") == mute
    again = me.post(url, json={"content": "fine"}).json()
    assert again.get("rejected") == (None if mute is None else "isMuted")


def test_closed_comments_and_other_refusals(site: LocalSite, me: Caller) -> None:
    project = site.add_project("pixel_otter", comments_allowed=False)
    url = f"{API}/proxy/comments/project/{project.id}"
    assert me.post(url, json={"content": "x"}).json()["rejected"] == "isDisallowed"
    project.comments_allowed = True
    site.reject_comments("isIPMuted", appeal_id="a1b2c3")
    assert me.post(url, json={"content": "x"}).json()["appealId"] == "a1b2c3"
    site.user("cloudberry_dev").email_confirmed = False
    assert me.post(url, json={"content": "x"}).json()["rejected"] == "isNotPermitted"
    assert me.post(url, json={"content": "x", "parent_id": "x"}).status_code == 400
    assert me.post(url, json={"content": "x", "parent_id": 5}).status_code == 404


# Search and the front page


def test_search_and_explore(site: LocalSite, nobody: Caller) -> None:
    maze = site.add_project("pixel_otter", "Cloud Maze")
    art = site.add_project("ScratchCat", "Art", description="clouds")
    site.add_project("pixel_otter", "Cloud secret", shared=False)
    site.love("cloudberry_dev", maze)

    def found(path: str) -> list[int]:
        return [project["id"] for project in nobody.get(f"{API}/{path}").json()]

    assert found("search/projects?q=cloud") == [art.id, maze.id]
    assert found("search/projects?q=cloud&mode=popular&language=en") == [maze.id, art.id]
    assert found("search/projects?q=cloud+maze") == [maze.id]
    assert found("search/projects?q=nothing") == []
    assert found("explore/projects?q=*&mode=trending") == [art.id, maze.id]
    assert nobody.get(f"{API}/explore/projects?q=").status_code == 400
    assert nobody.get(f"{API}/search/projects?q=x&mode=recent").status_code == 400
    studio = site.add_studio("pixel_otter", "Cloud games")
    (listed,) = nobody.get(f"{API}/search/studios?q=cloud").json()
    assert listed["id"] == studio.id
    assert "stats" not in listed


def test_the_front_page_calls_its_json_xml(site: LocalSite, nobody: Caller) -> None:
    project = site.add_project("pixel_otter", "Maze")
    studio = site.add_studio("ScratchCat", "Design")
    site.add_to_studio(studio, project)
    site.love("cloudberry_dev", project)
    with site.state() as world:
        world.featured_projects.append(project.id)
        world.featured_studios.append(studio.id)
    reply = nobody.get(f"{API}/proxy/featured")
    assert reply.headers["Content-Type"] == "application/xml"
    rows = reply.json()
    (item,) = rows["community_most_loved_projects"]
    assert (item["creator"], item["love_count"], item["type"]) == ("pixel_otter", 1, "project")
    assert rows["community_featured_studios"][0]["title"] == "Design"
    assert rows["scratch_design_studio"][0]["gallery_id"] == studio.id
    assert rows["community_featured_projects"] == rows["community_newest_projects"]
    assert rows["community_most_remixed_projects"] == rows["curator_top_projects"] == []


def test_news_and_counts(site: LocalSite, nobody: Caller) -> None:
    for n in range(4):
        site.add_news(f"news {n}", "text", url="https://scratch.mit.edu/", image="https://example.org/1.png")
    found = nobody.get(f"{API}/news?limit=3").json()
    assert [item["headline"] for item in found] == ["news 3", "news 2", "news 1"]
    assert list(found[0]) == ["id", "stamp", "headline", "url", "image", "copy"]
    assert nobody.get(f"{API}/projects/count/all").json() == {"count": 0}
