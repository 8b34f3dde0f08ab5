"""Users, follows, profiles, profile comments, messages, My Stuff, the backpack."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from site_caller import API, BACKPACK, WEB, Caller

from cloudlink.clock import FakeClock
from cloudlink.testing import LocalSite

PNG = b"\x89PNG\r\n\x1a\n picture"


def test_a_user_has_all_keys_in_their_own_case(site: LocalSite, nobody: Caller) -> None:
    user = nobody.get(f"{API}/users/PIXEL_OTTER").json()
    assert list(user) == ["id", "username", "scratchteam", "history", "profile"]
    assert (user["id"], user["username"], user["scratchteam"]) == (104512233, "pixel_otter", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", user["history"]["joined"])
    assert list(user["profile"]["images"]) == ["90x90", "60x60", "55x55", "50x50", "32x32"]
    assert user["profile"]["country"] == "Canada"


def test_a_deleted_account_answers_on_the_api_alone(site: LocalSite, nobody: Caller) -> None:
    site.user("pixel_otter").deleted = True
    assert nobody.get(f"{API}/users/pixel_otter").status_code == 200
    assert nobody.get(f"{WEB}/users/pixel_otter/").status_code == 404


# Following


def test_followers_come_and_go_without_a_request(site: LocalSite, nobody: Caller) -> None:
    cat = site.user("ScratchCat")
    site.add_user("old_fan", following=[cat.id])
    site.follow("pixel_otter", cat)
    site.follow("cloudberry_dev", cat)
    site.unfollow("pixel_otter", "ScratchCat")
    site.unfollow("pixel_otter", "ScratchCat")
    site.follow("pixel_otter", cat)
    names = [user["username"] for user in nobody.get(f"{API}/users/ScratchCat/followers").json()]
    assert names == ["pixel_otter", "cloudberry_dev", "old_fan"]


def test_following_and_unfollowing(site: LocalSite, me: Caller) -> None:
    url = f"{WEB}/site-api/users/followers/pixel_otter"
    for action, names in (("add", ["cloudberry_dev"]), ("add", ["cloudberry_dev"]), ("remove", [])):
        reply = me.put(f"{url}/{action}/?usernames=cloudberry_dev")
        assert reply.json()["user"] == {"username": "pixel_otter", "pk": 104512233}
        assert [u["username"] for u in me.get(f"{API}/users/pixel_otter/followers").json()] == names
    assert me.put(f"{url}/add/?usernames=ScratchCat").status_code == 403
    assert me.put(f"{WEB}/site-api/users/followers/nobody_/add/?usernames=cloudberry_dev").status_code == 404


def test_the_newest_follow_comes_first(site: LocalSite, nobody: Caller) -> None:
    for name in ("ScratchCat", "pixel_otter"):
        site.follow("cloudberry_dev", name)
    site.follow("pixel_otter", "ScratchCat")
    following = nobody.get(f"{API}/users/cloudberry_dev/following").json()
    followers = nobody.get(f"{API}/users/ScratchCat/followers").json()
    assert [user["username"] for user in following] == ["pixel_otter", "ScratchCat"]
    assert [user["username"] for user in followers] == ["pixel_otter", "cloudberry_dev"]


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("users/pixel_otter/followers", r"Followers \(2\)"),
        ("users/pixel_otter/following", r"Following \(0\)"),
        ("users/pixel_otter/projects", r"Shared Projects \(1\)"),
        ("users/pixel_otter/favorites", r"Favorites \(1\)"),
        ("users/pixel_otter/studios", r"Studios I Curate \(1\)"),
        ("users/pixel_otter/studios_following", r"Studios I Follow \(0\)"),
        ("projects/all/pixel_otter/loves", r"&raquo;\s+\(1\)"),
    ],
)
def test_exact_counts_stand_in_the_headings(site: LocalSite, nobody: Caller, path: str, heading: str) -> None:
    project = site.add_project("pixel_otter", "A & B")
    site.add_studio("pixel_otter")
    site.love("pixel_otter", project)
    site.favorite("pixel_otter", project)
    site.follow("ScratchCat", "pixel_otter")
    site.follow("cloudberry_dev", "pixel_otter")
    reply = nobody.get(f"{WEB}/{path}/")
    assert re.search(rf'<h2><a href="/users/pixel_otter/">pixel_otter</a>.*{heading}</h2>', reply.text, re.DOTALL)
    assert nobody.get(f"{WEB}/{path}/?page=2").status_code == 404


def test_people_pages_hold_sixty(site: LocalSite, nobody: Caller) -> None:
    for n in range(61):
        site.follow(site.add_user(f"fan{n}"), "pixel_otter")
    sizes = [
        nobody.get(f"{WEB}/users/pixel_otter/followers/?page={n}").text.count('<li class="user thumb item">')
        for n in (1, 2)
    ]
    assert sizes == [60, 1]


# The profile


@pytest.mark.parametrize(
    ("facts", "rank"),
    [
        ({}, "Scratcher"),
        ({"new_scratcher": True}, "New Scratcher"),
        ({"educator": True}, "Teacher Account"),
        ({"scratchteam": True}, "Scratch Team"),
    ],
)
def test_the_profile_page_tells_the_rank(site: LocalSite, nobody: Caller, facts: dict[str, Any], rank: str) -> None:
    site.add_user("somebody", id=7, **facts)
    text = nobody.get(f"{WEB}/users/somebody/").text
    group = re.search(r'<span class="group">(.*?)</span>', text, re.DOTALL)
    assert group is not None
    assert group[1].strip() == rank
    assert "id: 'somebody',\n    userId: 7," in text


def test_the_profile_can_be_changed_by_its_owner(site: LocalSite, me: Caller) -> None:
    url = f"{WEB}/site-api/users/all/cloudberry_dev/"
    project = site.add_project("cloudberry_dev", "Mine")
    change = {"bio": "hi", "status": "busy", "featured_project": project.id, "featured_project_label": "2"}
    data = me.put(url, json=change).json()
    assert data["featured_project_label_name"] == "Remix This!"
    assert data["featured_project_data"]["id"] == str(project.id)
    assert (data["featured_project"], data["featured_project_label_id"]) == (project.id, 2)
    assert me.get(url).json() == data
    assert me.get(f"{API}/users/cloudberry_dev").json()["profile"]["bio"] == "hi"
    assert me.put(url.replace("cloudberry_dev", "pixel_otter"), json={"bio": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("change", "error"),
    [({"bio": "a badword"}, "inappropriate-generic"), ({"status": "x" * 201}, "editable-text-too-long")],
)
def test_errors_of_the_profile_hide_behind_200(site: LocalSite, me: Caller, change: dict[str, str], error: str) -> None:
    reply = me.put(f"{WEB}/site-api/users/all/cloudberry_dev/", json=change)
    assert (reply.status_code, reply.json()) == (200, {"errors": [error]})
    assert site.user("cloudberry_dev").bio == ""


def test_a_member_of_the_team_has_a_star(nobody: Caller) -> None:
    data = nobody.get(f"{WEB}/site-api/users/all/ScratchCat/").json()
    assert data["user"] == {"username": "ScratchCat*", "pk": 15883188}
    assert data["featured_project_data"] is None


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (PNG, {"thumbnail_url": "//uploads.scratch.mit.edu/users/avatars/190000001.png"}),
        (b"no picture", {"errors": ["image-invalid"]}),
        (PNG + bytes(524_288), {"errors": ["thumbnail-too-large"]}),
    ],
)
def test_a_picture_is_sent_as_a_file(site: LocalSite, me: Caller, data: bytes, answer: dict[str, Any]) -> None:
    reply = me.post(f"{WEB}/site-api/users/all/cloudberry_dev/", files={"file": ("a.png", data, "image/png")})
    assert reply.json() == answer
    if "errors" not in answer:
        assert requests.get(site.local_url(answer["thumbnail_url"]), timeout=5).content == PNG


def test_a_user_can_be_reported(site: LocalSite, me: Caller) -> None:
    url = f"{WEB}/site-api/users/all/pixel_otter/report/"
    assert me.post(url, data={"selected_field": "icon"}).json() == {"success": True}
    with site.state() as world:
        assert world.reports == [{"by": "cloudberry_dev", "user": "pixel_otter", "field": "icon"}]


def test_the_activity_is_a_list_in_html(site: LocalSite, clock: FakeClock, nobody: Caller) -> None:
    original = site.add_project("ScratchCat", "Old & good")
    site.add_project("pixel_otter", "New", parent=original.id)
    site.love("pixel_otter", original)
    site.follow("pixel_otter", "ScratchCat")
    clock.advance(3 * 86400 + 2 * 3600 + 60)
    text = nobody.get(f"{WEB}/messages/ajax/user-activity/?user=pixel_otter&max=10").text
    assert text.count('<span class="actor">pixel_otter</span>') == 3
    assert 'is now following <a href="/users/ScratchCat/">ScratchCat</a>' in text
    assert f'remixed <a href="/projects/{original.id}/">Old &amp; good</a> as <a' in text
    assert '<span class="time">3&nbsp;days, 2&nbsp;hours ago</span>' in text
    assert nobody.get(f"{WEB}/messages/ajax/user-activity/?user=pixel_otter&max=1").text.count("actor") == 1


# Comments on profiles

COMMENTS = f"{WEB}/site-api/comments/user/pixel_otter/"


def added(caller: Caller, content: str = "hello", **body: Any) -> requests.Response:
    return caller.post(f"{COMMENTS}add/", json={"content": content, "parent_id": "", "commentee_id": "", **body})


def test_a_comment_and_its_reply_stand_on_the_page(site: LocalSite, me: Caller, otter: Caller, nobody: Caller) -> None:
    text = added(me, "I <3 your & 'Maze' @ScratchCat").text
    number = re.search(r'<div id="comments-(\d+)" class="comment " data-comment-id="\1">', text)
    assert number is not None
    assert 'data-comment-user="cloudberry_dev"' in text
    assert 'I &lt;3 your &amp; &#39;Maze&#39; <a href="/users/ScratchCat">@ScratchCat</a>' in text
    added(otter, "thanks", parent_id=int(number[1]), commentee_id=190000001)
    page = nobody.get(f"{COMMENTS}?page=1").text
    assert page.count('<li class="top-level-reply ">') == 1
    assert page.count('<li class="reply last">') == 1
    assert '<a href="/users/cloudberry_dev">@cloudberry_dev</a>\n        thanks' in page
    assert f'data-parent-thread="{number[1]}" data-commentee-id="104512233"' in page
    assert 'data-control="modal-login"' in page
    assert page.rstrip().endswith("<!-- end templates/comments/list.html -->")


def test_pages_of_comments_end_empty_then_404(site: LocalSite, nobody: Caller) -> None:
    for n in range(16):
        site.add_comment("ScratchCat", site.user("pixel_otter"), f"comment {n}")
    tops = [nobody.get(f"{COMMENTS}?page={n}").text.count("top-level-reply") for n in (1, 2, 3, 67)]
    assert tops == [15, 1, 0, 0]
    assert nobody.get(f"{COMMENTS}?page=68").status_code == 404
    assert nobody.get(COMMENTS.replace("pixel_otter", "no_such_user_")).status_code == 404


REJECTIONS = [
    ("", "isEmpty"),
    ("  ", "isEmpty"),
    ("x" * 501, "isTooLong"),
    ("a BadWord", "isBad"),
    ("see chat.example", "hasChatSite"),
    ("you stink", "isUnconstructive"),
    ("spamspam", "isSpam"),
]


@pytest.mark.parametrize(("content", "code"), REJECTIONS)
def test_refused_comments_come_with_200_and_a_script(site: LocalSite, me: Caller, content: str, code: str) -> None:
    reply = added(me, content)
    assert reply.status_code == 200
    assert f'<script id="error-data" type="application/json">{{"error": "{code}"' in reply.text
    assert site.comments(site.user("pixel_otter")) == []


def test_a_muted_user_is_told_how_long(site: LocalSite, me: Caller) -> None:
    site.mute("cloudberry_dev", 60, "spam")
    assert '"mute_status": {"offenses": [{"expiresAt": ' in added(me).text


def test_comments_too_soon_are_a_flood(site: LocalSite, clock: FakeClock, me: Caller) -> None:
    site.rules = replace(site.rules, comment_interval=15.0)
    assert "isFlood" not in added(me).text
    assert '{"error": "isFlood"}' in added(me).text
    clock.advance(15.1)
    assert "isFlood" not in added(me).text


def test_any_code_can_be_forced(site: LocalSite, me: Caller) -> None:
    site.reject_comments("isNewAndUnknown", times=2)
    answers = [added(me).text for _ in range(3)]
    assert ["isNewAndUnknown" in text for text in answers] == [True, True, False]


def test_a_wrong_parent_is_a_server_error(me: Caller) -> None:
    assert added(me, parent_id=12345).status_code == 500
    assert added(me, commentee_id="no number").status_code == 500


def test_deleting_reporting_and_closing(site: LocalSite, me: Caller, otter: Caller) -> None:
    owner = site.user("pixel_otter")
    first, second = (site.add_comment("ScratchCat", owner, text) for text in ("one", "two"))
    assert me.post(f"{COMMENTS}del/", json={"id": str(first.id)}).status_code == 403
    assert otter.post(f"{COMMENTS}del/", json={"id": str(first.id)}).status_code == 200
    assert otter.post(f"{COMMENTS}del/", json={"id": str(first.id)}).status_code == 404
    assert me.post(f"{COMMENTS}rep/", json={"id": str(second.id)}).status_code == 200
    assert second.reported_by == [190000001]
    assert me.post(f"{COMMENTS}toggle-comments/").status_code == 403
    assert [otter.post(f"{COMMENTS}toggle-comments/").status_code, owner.comments_allowed] == [200, False]
    assert added(me).status_code == 403
    otter.post(f"{COMMENTS}toggle-comments/")
    assert added(me).status_code == 200


# Messages


def test_messages_tell_what_others_did(site: LocalSite, me: Caller) -> None:
    project = site.add_project("cloudberry_dev", "Mine")
    studio = site.add_studio("pixel_otter", "Cloud games")
    site.love("pixel_otter", project)
    site.favorite("pixel_otter", project)
    site.follow("pixel_otter", "cloudberry_dev")
    site.add_comment("pixel_otter", project, "nice & tidy")
    site.add_project("pixel_otter", "Mine remix", parent=project.id)
    site.add_message("cloudberry_dev", "somethingnew", "pixel_otter", number=5)
    site.add_message("cloudberry_dev", "studioactivity", "pixel_otter", gallery_id=studio.id, title=studio.title)
    found = me.get(f"{API}/users/cloudberry_dev/messages").json()
    kinds = ["studioactivity", "somethingnew", "remixproject", "addcomment", "followuser"]
    assert [message["type"] for message in found] == [*kinds, "favoriteproject", "loveproject", "userjoin"]
    assert found[0]["actor_username"] == "systemuser"
    comment = found[3]
    assert (comment["comment_type"], comment["comment_obj_id"], comment["commentee_username"]) == (0, project.id, None)
    assert comment["comment_fragment"] == "nice &amp; tidy"
    assert found[4]["followed_username"] == "cloudberry_dev"
    filtered = me.get(f"{API}/users/cloudberry_dev/messages?filter=projects").json()
    assert [message["type"] for message in filtered] == ["remixproject", "favoriteproject", "loveproject"]
    older = me.get(f"{API}/users/cloudberry_dev/messages?dateLimit={found[4]['datetime_created']}").json()
    assert [message["id"] for message in older] == [message["id"] for message in found[4:]]


def test_nobody_else_reads_them(otter: Caller) -> None:
    for path in ("messages", "messages/admin", "invites", "following/users/activity", "projects/recentlyviewed"):
        assert otter.get(f"{API}/users/cloudberry_dev/{path}").status_code == 403, path


def test_clearing_marks_all_as_read_but_keeps_alerts(site: LocalSite, me: Caller, nobody: Caller) -> None:
    alert = site.add_alert("cloudberry_dev", "<p>Hi!</p>")
    count = f"{API}/users/cloudberry_dev/messages/count"
    assert nobody.get(count).json() == {"count": 2}
    assert me.post(f"{WEB}/site-api/messages/messages-clear/").json() == {"success": True}
    assert nobody.get(count).json() == {"count": 1}
    assert me.get(f"{API}/users/cloudberry_dev/messages/admin").json()[0]["message"] == "<p>Hi!</p>"
    dismiss = {"alertType": "notification", "alertId": alert.id}
    assert me.post(f"{WEB}/site-api/messages/messages-delete/", json=dismiss).json() == {"success": True}
    assert me.get(f"{WEB}/messages/ajax/get-message-count/").json() == {"msg_count": 0}
    assert len(me.get(f"{API}/users/cloudberry_dev/messages").json()) == 1


def test_the_feed_tells_what_the_followed_do(site: LocalSite, me: Caller) -> None:
    site.follow("cloudberry_dev", "pixel_otter")
    project = site.add_project("pixel_otter", "New")
    site.love("pixel_otter", project)
    site.love("ScratchCat", project)
    feed = me.get(f"{API}/users/cloudberry_dev/following/users/activity").json()
    assert [(item["type"], item["actor_username"]) for item in feed] == [
        ("loveproject", "pixel_otter"),
        ("shareproject", "pixel_otter"),
    ]
    loves = me.get(f"{API}/users/cloudberry_dev/following/users/loves").json()
    assert [item["id"] for item in loves] == [project.id]
    for path in ("users", "studios"):
        assert me.get(f"{API}/users/cloudberry_dev/following/{path}/projects").json() == []


# My Stuff and the backpack


def test_my_stuff_sorts_and_filters(site: LocalSite, me: Caller) -> None:
    shared = site.add_project("cloudberry_dev", "b", views=5)
    hidden = site.add_project("cloudberry_dev", "a", shared=False)
    trashed = site.add_project("cloudberry_dev", "c", shared=False, trashed=True)
    site.add_project("pixel_otter", "not mine")

    def found(query: str) -> list[int]:
        return [item["pk"] for item in me.get(f"{WEB}/site-api/projects/{query}").json()]

    assert found("all/?page=1&ascsort=&descsort=") == [hidden.id, shared.id]
    assert found("all/?ascsort=view_count&descsort=") == [hidden.id, shared.id]
    assert found("all/?ascsort=&descsort=title") == [shared.id, hidden.id]
    assert (found("shared/"), found("notshared/"), found("trashed/")) == ([shared.id], [hidden.id], [trashed.id])
    assert me.get(f"{WEB}/site-api/projects/all/?page=2").status_code == 404
    assert me.get(f"{WEB}/site-api/projects/unshared/").status_code == 404
    assert me.get(f"{WEB}/site-api/projects/all/?ascsort=nonsense").status_code == 400
    assert [item["pk"] for item in me.get(f"{WEB}/site-api/projects/shared/cloudberry_dev/").json()] == [shared.id]
    page = me.get(f"{WEB}/mystuff/").text
    assert '<span data-content="shared-count">1</span>' in page
    assert '<span data-content="unshared-count">1</span>' in page


def test_my_stuff_has_studios(site: LocalSite, me: Caller) -> None:
    own = site.add_studio("cloudberry_dev", "Mine")
    other = site.add_studio("pixel_otter", "Theirs", curators=[190000001])

    def found(which: str) -> list[int]:
        return [item["pk"] for item in me.get(f"{WEB}/site-api/galleries/{which}/").json()]

    assert (found("all"), found("owned"), found("curated")) == ([other.id, own.id], [own.id], [other.id])


def test_the_backpack_keeps_things(site: LocalSite, me: Caller, otter: Caller) -> None:
    item = {
        "type": "costume",
        "mime": "image/svg+xml",
        "name": "ball",
        "body": base64.b64encode(b"<svg/>").decode(),
        "thumbnail": base64.b64encode(b"jpeg").decode(),
    }
    added = me.post(f"{BACKPACK}/cloudberry_dev", json=item).json()
    assert list(added) == ["type", "mime", "name", "body", "thumbnail", "id"]
    content = requests.get(f"{site.hosts[BACKPACK]}/{added['body']}", timeout=5)
    assert (content.content, content.headers["Content-Type"]) == (b"<svg/>", "image/svg+xml")
    assert me.get(f"{BACKPACK}/cloudberry_dev?limit=20&offset=0").json() == [added]
    assert otter.get(f"{BACKPACK}/cloudberry_dev").status_code == 403
    assert otter.delete(f"{BACKPACK}/cloudberry_dev/{added['id']}").status_code == 403
    assert me.delete(f"{BACKPACK}/cloudberry_dev/{added['id']}").status_code == 200
    assert me.delete(f"{BACKPACK}/cloudberry_dev/{added['id']}").status_code == 404
    assert me.get(f"{BACKPACK}/cloudberry_dev").json() == []
    assert me.post(f"{BACKPACK}/cloudberry_dev", json={**item, "mime": "audio/mp3"}).status_code == 400


def test_recently_viewed_lists_what_was_looked_at(site: LocalSite, me: Caller, caller: Callable[..., Caller]) -> None:
    first, second = (site.add_project("pixel_otter", title) for title in ("one", "two"))
    for project in (first, second, first):
        me.get(f"{API}/projects/{project.id}")
    viewed = me.get(f"{API}/users/cloudberry_dev/projects/recentlyviewed?limit=24").json()
    assert [project["id"] for project in viewed] == [first.id, second.id]
