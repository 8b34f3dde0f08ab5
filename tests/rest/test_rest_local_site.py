"""The client against a site on this machine that keeps state and enforces the real one's rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudlink.errors import CommentRejected, Forbidden, LoginFailed, NotFound, RateLimited, Rejected, SiteUnreachable
from cloudlink.rest import frontpage, search, statistics
from cloudlink.rest.client import Client
from cloudlink.rest.login import login
from cloudlink.rest.projects import PartialProject, Project, get_project
from cloudlink.rest.session import Session
from cloudlink.rest.studios import get_studio
from cloudlink.rest.users import get_user
from cloudlink.testing.site import LocalSite

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.add_user("otter")
        site.add_user("fox")
        yield site


@pytest.fixture
def otter(client: Client, site: LocalSite) -> Session:
    return login("otter", "correct horse", client=client)


@pytest.fixture
def fox(client: Client, site: LocalSite) -> Session:
    return login("fox", "correct horse", client=client)


def test_logging_in_and_out(client: Client, otter: Session) -> None:
    assert otter.username == "otter"
    assert otter.cookie.username == "otter"
    assert Session(otter.session_id.strip('"'), client=client).username == "otter"
    with pytest.raises(LoginFailed):
        login("otter", "wrong", client=client)
    otter.logout()
    with pytest.raises(LoginFailed):
        otter.update()


def test_users_follow_and_comment(client: Client, otter: Session, fox: Session) -> None:
    found = otter.connect_user("fox")
    found.follow()
    assert found.is_followed_by("otter")
    assert found.follower_count() == 1
    assert [user.username for user in found.followers()] == ["otter"]
    found.unfollow()
    assert found.followers() == []
    comment = found.post_comment("hello & <welcome>")
    assert comment.content == "hello & <welcome>"
    answer = fox.get_linked_user().reply_comment("thanks", parent_id=comment.id, commentee_id=comment.author_id or "")
    thread = get_user("fox", client=client).comments()
    assert [(one.id, [reply.id for reply in one.replies]) for one in thread] == [(comment.id, [answer.id])]
    fox.get_linked_user().delete_comment(comment_id=comment.id)
    assert get_user("fox", client=client).comments() == []
    with pytest.raises(NotFound):
        get_user("nobody", client=client)


def test_ones_own_profile(otter: Session, client: Client) -> None:
    me = otter.get_linked_user()
    me.set_bio("about")
    me.set_wiwo("work")
    me.update()
    assert (me.about_me, me.wiwo) == ("about", "work")
    with pytest.raises(Forbidden):
        otter.connect_user("fox").set_bio("mine now")
    assert me.featured_data()["user"]["username"] == "otter"
    assert me.rank()


def test_projects_are_loved_commented_and_changed(site: LocalSite, otter: Session, fox: Session) -> None:
    number = site.add_project("otter", "Maze").id
    found = fox.connect_project(number)
    assert isinstance(found, Project)
    found.love()
    found.favorite()
    assert (found.is_loved(), found.is_favorited()) == (True, True)
    found.update()
    assert (found.loves, found.favorites) == (1, 1)
    found.unlove()
    assert not found.is_loved()
    found.post_view()
    comment = found.post_comment("nice")
    assert found.get_comment(comment.id).content == "nice"
    mine = otter.connect_project(number)
    assert isinstance(mine, Project)
    mine.reply_comment("thanks", parent_id=comment.id, commentee_id=comment.author_id or "")
    assert [reply.content for reply in found.get_comment_replies(comment_id=comment.id)] == ["thanks"]
    found.report_comment(comment_id=comment.id)
    mine.delete_comment(comment_id=comment.id)
    assert found.comments() == []
    mine.set_title("Maze 2")
    mine.set_notes("notes")
    mine.turn_off_commenting()
    found.update()
    assert (found.title, found.notes, found.comments_allowed) == ("Maze 2", "notes", False)
    with pytest.raises((Forbidden, CommentRejected)):
        found.post_comment("closed?")
    mine.toggle_commenting()
    mine.set_thumbnail(PNG)
    with pytest.raises(Forbidden):
        found.set_title("stolen")
    mine.unshare()
    assert type(fox.connect_project(number)) is PartialProject
    assert isinstance(otter.connect_project(number), Project)
    mine.share()
    assert isinstance(fox.connect_project(number), Project)


def test_a_project_is_made_and_downloaded(site: LocalSite, otter: Session, client: Client, tmp_path: Path) -> None:
    picture = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    name = otter.upload_asset(picture, "svg")
    digest = hashlib.md5(picture).hexdigest()
    assert name == f"{digest}.svg"
    costume = {"name": "a", "assetId": digest, "md5ext": name, "dataFormat": "svg"}
    content = {
        "targets": [{"isStage": True, "name": "Stage", "costumes": [costume], "sounds": []}],
        "meta": {"semver": "3.0.0", "agent": "us"},
    }
    number = otter.create_project(content, title="New")
    mine = otter.connect_project(number)
    assert mine.get_raw_json() == content
    assert mine.get_creator_agent() == "us"
    path = mine.download(dir=tmp_path)
    assert path.stat().st_size > 100
    assert isinstance(mine, Project)
    mine.set_json(content | {"monitors": []})
    assert "monitors" in mine.get_raw_json()
    with pytest.raises(NotFound):
        PartialProject(id=number, raw={}, client=client).download(dir=tmp_path)


def test_lists_longer_than_a_page(site: LocalSite, client: Client) -> None:
    numbers = {site.add_project("otter", f"p{number}").id for number in range(95)}
    user = get_user("otter", client=client)
    assert {project.id for project in user.projects()} == numbers
    assert len(user.projects(limit=50, offset=10)) == 50
    assert user.project_count() == 95
    assert all(int(record.query.get("limit", 0)) <= 40 for record in site.requests)
    assert user.stats()["loves"] == 0


def test_studios(site: LocalSite, otter: Session, fox: Session, client: Client) -> None:
    studio = otter.create_studio()
    studio.set_title("Cloud games")
    studio.set_description("only those")
    studio.open_projects()
    studio.update()
    assert (studio.title, studio.description, studio.open_to_all) == ("Cloud games", "only those", True)
    number = site.add_project("fox").id
    theirs = fox.connect_studio(studio.id)
    theirs.add_project(number)
    with pytest.raises(Rejected):
        theirs.add_project(number)
    assert [project.id for project in theirs.projects()] == [number]
    theirs.remove_project(number)
    studio.invite_curator("fox")
    assert theirs.role().invited
    theirs.accept_invite()
    assert [user.username for user in get_studio(studio.id, client=client).curators()] == ["fox"]
    studio.promote_curator("fox")
    assert [user.username for user in studio.managers()] == ["otter", "fox"]
    theirs.leave()
    assert [user.username for user in studio.managers()] == ["otter"]
    theirs.follow()
    theirs.unfollow()
    comment = theirs.post_comment("hi")
    studio.reply_comment("hello", parent_id=comment.id)
    assert [one.content for one in studio.comments()] == ["hi"]
    assert len(studio.get_comment_replies(comment_id=comment.id)) == 1
    studio.turn_off_commenting()
    studio.turn_off_commenting()
    studio.update()
    assert studio.comments_allowed is False
    assert studio.activity()
    with pytest.raises(NotFound):
        studio.invite_curator("nobody-here")


def test_an_account_has_messages_and_things(site: LocalSite, otter: Session, fox: Session) -> None:
    unread = otter.get_message_count()  # the site says welcome
    fox.connect_user("otter").follow()
    assert otter.get_message_count() == unread + 1
    assert otter.messages()[0].type == "followuser"
    otter.clear_messages()
    assert otter.get_message_count() == 0
    site.add_project("otter", "shared")
    site.add_project("otter", "unshared", shared=False)
    assert {project.title for project in otter.mystuff_projects()} == {"shared", "unshared"}
    assert [project.title for project in otter.mystuff_projects("unshared")] == ["unshared"]
    site.add_backpack_item("otter", kind="script", mime="application/json", name="code", body=b"[]")
    (item,) = otter.backpack()
    assert item.content() == b"[]"
    otter.delete_from_backpack(item.id)
    assert otter.backpack() == []
    assert isinstance(fox.get_feed(), list)
    assert isinstance(fox.loved_by_followed_users(), list)


def test_the_public_parts(site: LocalSite, client: Client) -> None:
    site.add_project("otter", "Maze of clouds")
    site.add_news("Hello", "text")
    assert [project.title for project in search.search_projects("Maze", client=client)] == ["Maze of clouds"]
    assert isinstance(search.search_studios("x", client=client), list)
    assert isinstance(search.explore_projects(client=client), list)
    assert isinstance(frontpage.newest_projects(client=client), list)
    assert frontpage.get_news(client=client)[0].headline == "Hello"
    assert statistics.total_site_stats(client=client)
    assert statistics.get_health(client=client)


def test_rejected_comments_and_mutes(site: LocalSite, fox: Session) -> None:
    number = site.add_project("otter").id
    project = fox.connect_project(number)
    assert isinstance(project, Project)
    site.reject_comments("isBad")
    with pytest.raises(CommentRejected) as caught:
        project.post_comment("x")
    assert caught.value.reason == "isBad"
    site.mute("fox", 600)
    with pytest.raises(CommentRejected) as caught:
        project.post_comment("x")
    assert caught.value.until is not None
    fox.update()
    assert fox.mute_status


def test_trouble_is_told(site: LocalSite, client: Client, fox: Session) -> None:
    user = fox.connect_user("otter")
    site.trouble(status=429, retry_after=0)
    user.update()  # asked again
    site.trouble("*followers*", status=429, retry_after=0)
    with pytest.raises(RateLimited):
        user.follow()
    site.trouble(hang_up="before")
    user.update()
    before = len(site.requests)
    site.trouble("*followers*", hang_up="after")
    with pytest.raises(SiteUnreachable, match="it may have happened") as caught:
        user.follow()
    assert caught.value.sent
    assert len(site.requests) == before + 1
    assert user.is_followed_by("fox")


def test_nobody_sees_what_is_not_shared(site: LocalSite, client: Client) -> None:
    number = site.add_project("otter", shared=False).id
    assert type(get_project(number, client=client)) is PartialProject
