"""Every REST call that the incumbent library's README shows, as it stands there, with our package under its name.

Each line is run in its section's order, on a site that is on this machine. Where the README writes a placeholder
("project_id"), its real value is put in. What a line gives is checked; what is gone for good says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from local_site import client_at

import cloudlink as scratch3
from cloudlink.localcloud import LocalCloud
from cloudlink.testing import LocalSite
from cloudlink.testing.site.records import Project, Studio, Topic, User

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)

Check = Callable[[Any], object]
Lines = list[tuple[str, Check]]


def gone(line: str) -> tuple[str, Check]:
    """A line whose source no longer exists anywhere."""
    return line, lambda result: isinstance(result, scratch3.ServiceGone)


@dataclass
class World:
    """The site, what is on it, and the names that the lines use."""

    site: LocalSite
    me: User
    other: User
    project: Project
    studio: Studio
    topic: Topic
    placeholders: dict[str, object]
    names: dict[str, Any] = field(default_factory=dict)

    def run(self, lines: Lines) -> None:
        """Run lines in order; an error of the site is a result too, for the check to look at."""
        for line, check in lines:
            code = line
            for placeholder, value in self.placeholders.items():
                code = code.replace(f'"{placeholder}"', repr(value))
            try:
                result = self._run(code)
            except scratch3.ServiceGone as error:
                result = error
            assert check(result), f"{line} gave {result!r}"

    def _run(self, code: str) -> Any:
        name, equals, expression = code.partition(" = ")
        if not equals or not name.isidentifier():
            return eval(code, self.names)
        self.names[name] = eval(expression, self.names)
        return self.names[name]

    def comment(self, author: str, place: Project | Studio | User, parent: Any = None) -> Any:
        return self.site.add_comment(author, place, "hello", parent=parent)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "filename.png").write_bytes(PNG)
    with LocalSite() as site, LocalCloud("scratch") as cloud:
        me = site.add_user("username", password="password", email="me@example.com")
        other = site.add_user("other_user", bio="about", status="work", country="Ireland")
        project = site.add_project(other, "Clouds", instructions="run", description="thanks")
        studio = site.add_studio(me, "Studio", description="ours")
        topic = site.add_topic(other, "Suggestions", "More clouds", "please")
        hosts = scratch3.Hosts.at(site.hosts, cloud=cloud.url)
        with client_at(site, hosts=hosts, forum_search_key="ours") as client:
            before = scratch3.set_default_client(client)
            placeholders = {"project_id": str(project.id), "studio_id": str(studio.id), "topic_id": str(topic.id)}
            session = scratch3.login("username", "password")
            placeholders |= {"sessionId": session.session_id, "query": "clouds", "category_name": "Suggestions"}
            names = {"scratch3": scratch3, "session": session, "text": "a new text", "new_content": "a new text"}
            yield World(site, me, other, project, studio, topic, placeholders, names)
            scratch3.set_default_client(before)


def is_a(*kinds: type) -> Check:
    return lambda result: type(result) in kinds


def list_of(kind: type, *, least: int = 1) -> Check:
    return lambda result: type(result) is list and len(result) >= least and all(type(one) is kind for one in result)


def is_(value: object) -> Check:
    return lambda result: result == value


def test_logging_in(world: World) -> None:
    world.run(
        [
            ('session = scratch3.login("username", "password")', is_a(scratch3.Session)),
            ('session = scratch3.Session("sessionId", username="username")', is_a(scratch3.Session)),
            ("session.session_id", is_(world.placeholders["sessionId"])),
            ("session.xtoken", is_(world.me.token)),
            ("session.email", is_("me@example.com")),
            ("session.new_scratcher", is_(False)),
            ("session.mute_status", lambda mute: not mute),
            ("session.banned", is_(False)),
        ]
    )


def test_cloud_variables_through_the_site(world: World) -> None:
    world.site.add_cloud_change(world.project, "other_user", "variable", "42")
    world.run(
        [
            ('conn = session.connect_cloud("project_id")', is_a(scratch3.CloudConnection)),
            ("conn.disconnect()", is_(None)),
            ('value = scratch3.get_var("project_id", "variable")', is_("42")),
            ('variables = scratch3.get_cloud("project_id")', is_({"variable": "42"})),
            ('logs = scratch3.get_cloud_logs("project_id")', lambda logs: [one.value for one in logs] == ["42"]),
        ]
    )


def test_users(world: World) -> None:
    world.site.follow("other_user", "username")
    world.site.favorite("other_user", world.project)
    theirs = world.site.add_studio("other_user", "Theirs")
    world.placeholders["username"] = "other_user"
    world.run(
        [
            ('user = session.connect_user("username")', is_a(scratch3.User)),
            ('user = scratch3.get_user("username")', is_a(scratch3.User)),
            ("user = session.get_linked_user()", lambda user: user.username == "username"),
            ('user = session.connect_user("username")', lambda user: user.username == "other_user"),
            ("user.join_date", is_a(datetime)),
            ("user.about_me", is_("about")),
            ("user.wiwo", is_("work")),
            ("user.country", is_("Ireland")),
            ("user.icon_url", lambda url: url.startswith("https://")),
            ("user.id", is_(world.other.id)),
            ("user.scratchteam", is_(False)),
            ("user.update()", is_(None)),
            ("user.message_count()", lambda count: count >= 1),
            ("user.featured_data()", lambda data: data["user"]["username"] == "other_user"),
            ("user.follower_count()", is_(0)),
            ("user.following_count()", is_(1)),
            ("user.project_count()", is_(1)),
            ("user.favorites_count()", is_(1)),
            ("user.studio_count()", is_(1)),
            ("user.studio_following_count()", is_(0)),
            ("user.followers(limit=40, offset=0)", is_([])),
            ("user.following(limit=40, offset=0)", list_of(scratch3.User)),
            ("user.projects(limit=None, offset=0)", list_of(scratch3.Project)),
            ("user.favorites(limit=None, offset=0)", list_of(scratch3.Project)),
            ("user.studios(limit=None, offset=0)", lambda studios: [one["id"] for one in studios] == [theirs.id]),
            ("user.activity_html(limit=1000)", lambda page: "Clouds" in page),
            ("user.follow()", lambda _: world.other.id in world.me.following),
            ("user.unfollow()", lambda _: world.other.id not in world.me.following),
            ('user.is_following("username")', is_(False)),
            ('user.is_followed_by("username")', is_(False)),
        ]
    )
    world.placeholders["username"] = "username"
    world.run(
        [
            ('user.is_following("username")', is_(True)),
            ('user.is_followed_by("username")', is_(False)),
            ("user.stats()", lambda stats: (stats["loves"], stats["following"]) == (0, 1)),
            gone("user.ranks()"),
            gone("user.followers_over_time(segment=1, range=30)"),
            ('user.forum_posts(page=0, order="newest")', list_of(scratch3.ForumPost)),
            ("user.forum_counts()", is_({"Suggestions": 1})),
            gone("user.forum_counts_over_time()"),
            ("user.forum_signature()", is_("")),
            gone("user.forum_signature_history()"),
        ]
    )
    with world.site.state() as state:
        state.ocular["other_user"] = {"name": "other_user", "status": "happy", "color": "#ff0000"}
    world.run([("user.ocular_status()", lambda status: status["status"] == "happy")])


def test_comments_on_a_profile(world: World) -> None:
    mine = world.comment("other_user", world.me)
    world.placeholders |= {"parent_id": str(mine.id), "comment_id": str(mine.id), "project_id": str(world.project.id)}
    world.run(
        [
            ("user = session.get_linked_user()", is_a(scratch3.User)),
            ("user.comments(limit=20, page=1)", list_of(scratch3.Comment)),
            (
                'user.post_comment("comment content", parent_id="", commentee_id="")',
                lambda comment: comment.content == "comment content",
            ),
            (
                'user.reply_comment("comment content", parent_id="parent_id")',
                lambda comment: comment.parent_id == mine.id,
            ),
            ('user.report_comment(comment_id="comment_id")', lambda _: mine.reported_by == [world.me.id]),
            ('user.delete_comment(comment_id="comment_id")', lambda _: mine.deleted),
            ("user.toggle_commenting()", lambda _: not world.me.comments_allowed),
            ("user.set_bio(text)", lambda _: world.me.bio == "a new text"),
            ("user.set_wiwo(text)", lambda _: world.me.status == "a new text"),
            ('user.set_featured("project_id", label="")', lambda _: world.me.featured_project == world.project.id),
            ("user.viewed_projects(limit=24, offset=0)", is_([])),
        ]
    )


def test_projects(world: World) -> None:
    remix = world.site.add_project("username", "Remix", parent=world.project.id)
    with world.site.state() as state:
        state.put_in_studio(world.studio, world.project, world.me)
    comment = world.comment("username", world.project)
    world.comment("other_user", world.project, parent=comment)
    world.placeholders |= {"comment_id": str(comment.id), "parent_id": str(comment.id)}
    made = world.project
    world.run(
        [
            ('project = scratch3.get_project("project_id")', is_a(scratch3.Project)),
            ('project = session.connect_project("project_id")', is_a(scratch3.Project)),
            ("project.id", is_(made.id)),
            ("project.url", lambda url: url.endswith(f"/projects/{made.id}")),
            ("project.author", is_("other_user")),
            ("project.comments_allowed", is_(True)),
            ("project.title", is_("Clouds")),
            ("project.instructions", is_("run")),
            ("project.notes", is_("thanks")),
            ("project.created", is_a(datetime)),
            ("project.last_modified", is_a(datetime)),
            ("project.share_date", is_a(datetime)),
            ("project.thumbnail_url", lambda url: str(made.id) in url),
            ("project.remix_parent", is_(None)),
            ("project.remix_root", is_(None)),
            ("project.loves", is_(0)),
            ("project.favorites", is_(0)),
            ("project.remix_count", is_(1)),
            ("project.views", is_(0)),
            ("project.project_token", lambda token: "_" in token),
            ("project.update()", is_(None)),
            ("project.get_author()", lambda user: user.username == "other_user"),
            gone("project.ranks()"),
            gone("project.moderation_status()"),
            ("project.comments(limit=40, offset=0)", list_of(scratch3.Comment)),
            (
                'project.get_comment_replies(comment_id="comment_id", limit=40, offset=0)',
                list_of(scratch3.Comment),
            ),
            (
                'project.post_comment(content="comment content", parent_id="", commentee_id="")',
                lambda posted: posted.author == "username",
            ),
            (
                'project.reply_comment(content="comment content", parent_id="parent_id")',
                lambda posted: posted.parent_id == comment.id,
            ),
            ('project.report_comment(comment_id="comment_id")', lambda _: comment.reported_by == [world.me.id]),
            ("project.love()", lambda _: made.id in world.me.loves),
            ("project.unlove()", lambda _: made.id not in world.me.loves),
            ("project.favorite()", lambda _: made.id in world.me.favorites),
            ("project.unfavorite()", lambda _: made.id not in world.me.favorites),
            ("project.post_view()", lambda _: made.views == 1),
            ("project.remixes(limit=40, offset=0)", lambda found: [one.id for one in found] == [remix.id]),
            ("project.studios(limit=40, offset=0)", lambda found: [one["id"] for one in found] == [world.studio.id]),
            (
                'project.download(filename="project_name.sb3", dir="")',
                lambda path: Path("project_name.sb3").stat().st_size > 100,
            ),
            ("project.get_raw_json()", lambda content: "targets" in content),
            ("project.get_creator_agent()", is_("cloudlink local site")),
        ]
    )


def test_ones_own_project(world: World) -> None:
    made = world.site.add_project("username", "Mine", shared=False)
    comment = world.comment("other_user", made)
    world.placeholders |= {"project_id": str(made.id), "comment_id": str(comment.id)}
    world.run(
        [
            ('project = session.connect_project("project_id")', is_a(scratch3.Project)),
            ('project.delete_comment(comment_id="comment_id")', lambda _: comment.deleted),
            ('project.set_title("new title")', lambda _: made.title == "new title"),
            ('project.set_instructions("new instructions")', lambda _: made.instructions == "new instructions"),
            ('project.set_notes("new notes and credits")', lambda _: made.description == "new notes and credits"),
            ('project.set_thumbnail(file="filename.png")', lambda _: made.thumbnail == PNG),
            ("project.share()", lambda _: made.is_published),
            ("project.unshare()", lambda _: not made.is_published),
            ("project.turn_off_commenting()", lambda _: not made.comments_allowed),
            ("project.turn_on_commenting()", lambda _: made.comments_allowed),
            ("project.toggle_commenting()", lambda _: not made.comments_allowed),
        ]
    )


def test_unshared_projects(world: World) -> None:
    made = world.site.add_project("other_user", "Secret", shared=False)
    world.placeholders["project_id"] = str(made.id)
    world.run(
        [
            ('project = session.connect_project("project_id")', is_a(scratch3.PartialProject)),
            ("project.remixes(limit=40, offset=0)", is_([])),
        ]
    )
    # Its file wants a token now, which only the owner gets (reference, section 7.1).
    with pytest.raises(scratch3.NotFound):
        world.run([('project.download(filename="project_name.sb3", dir="")', is_(None))])


def test_studios(world: World) -> None:
    made = world.studio
    comment = world.comment("other_user", made)
    world.comment("username", made, parent=comment)
    world.placeholders |= {"comment_id": str(comment.id), "parent_id": str(comment.id), "username": "other_user"}
    world.run(
        [
            ('studio = scratch3.get_studio("studio_id")', is_a(scratch3.Studio)),
            ('studio = session.connect_studio("studio_id")', is_a(scratch3.Studio)),
            ("studio.id", is_(made.id)),
            ("studio.title", is_("Studio")),
            ("studio.description", is_("ours")),
            ("studio.host_id", is_(world.me.id)),
            ("studio.open_to_all", is_(False)),
            ("studio.comments_allowed", is_(True)),
            ("studio.image_url", lambda url: str(made.id) in url),
            ("studio.created", is_a(datetime)),
            ("studio.modified", is_a(datetime)),
            ("studio.follower_count", is_(0)),
            ("studio.manager_count", is_a(int)),
            ("studio.project_count", is_(0)),
            ("studio.update()", is_(None)),
            ("studio.follow()", lambda _: made.id in world.me.followed_studios),
            ("studio.unfollow()", lambda _: made.id not in world.me.followed_studios),
            ("studio.comments(limit=40, offset=0)", list_of(scratch3.Comment)),
            (
                'studio.get_comment_replies(comment_id="comment_id", limit=40, offset=0)',
                list_of(scratch3.Comment),
            ),
            (
                'studio.post_comment(content="comment content", parent_id="", commentee_id="")',
                lambda posted: posted.author == "username",
            ),
            (
                'studio.reply_comment(content="comment content", parent_id="parent_id")',
                lambda posted: posted.parent_id == comment.id,
            ),
            ('studio.add_project("project_id")', lambda _: world.project.id in made.projects),
            ("studio.projects(limit=40, offset=0)", lambda found: found[0]["id"] == world.project.id),
            ('studio.remove_project("project_id")', lambda _: world.project.id not in made.projects),
            ('studio.set_description("new description")', lambda _: made.description == "new description"),
            ('studio.set_title("new title")', lambda _: made.title == "new title"),
            ("studio.open_projects()", lambda _: made.open_to_all),
            ("studio.close_projects()", lambda _: not made.open_to_all),
            ("studio.turn_off_commenting()", lambda _: not made.comments_allowed),
            ("studio.turn_on_commenting()", lambda _: made.comments_allowed),
            ("studio.toggle_commenting()", lambda _: not made.comments_allowed),
            ('studio.invite_curator("username")', lambda _: world.other.id in made.invited),
        ]
    )
    scratch3.login("other_user", "correct horse").connect_studio(made.id).accept_invite()
    world.run(
        [
            ("studio.curators(limit=24, offset=0)", list_of(scratch3.User)),
            ('studio.promote_curator("username")', lambda _: world.other.id in made.managers),
            ("studio.managers(limit=24, offset=0)", lambda found: found[1].username == "other_user"),
            ('studio.remove_curator("username")', lambda _: world.other.id not in made.managers),
        ]
    )
    theirs = world.site.add_studio("other_user", "Theirs", curators=[world.me.id])
    world.placeholders["studio_id"] = str(theirs.id)
    world.run(
        [
            ('studio = session.connect_studio("studio_id")', is_a(scratch3.Studio)),
            ("studio.leave()", lambda _: theirs.curators == []),
        ]
    )


def test_search_and_explore(world: World) -> None:
    world.site.add_studio("other_user", "clouds")
    options = 'mode="trending", language="en", limit=40, offset=0'
    world.run(
        [
            (f'session.search_projects(query="query", {options})', list_of(scratch3.Project)),
            (f'scratch3.search_projects(query="query", {options})', list_of(scratch3.Project)),
            (f'scratch3.search_studios(query="query", {options})', lambda found: found[0]["title"] == "clouds"),
            (f'session.explore_projects(query="*", {options})', list_of(scratch3.Project)),
            (f'scratch3.explore_projects(query="*", {options})', list_of(scratch3.Project)),
            (f'scratch3.explore_studios(query="*", {options})', list_of(scratch3.Studio)),
        ]
    )


def test_messages_and_my_stuff(world: World) -> None:
    world.site.add_project("username", "Mine")
    world.site.follow("other_user", "username")
    world.run(
        [
            ('session.mystuff_projects("all", page=1, sort_by="")', lambda found: found[0].title == "Mine"),
            ("session.messages(limit=40, offset=0)", lambda found: found[0]["type"] == "followuser"),
            ("session.get_message_count()", is_(2)),
            ("session.clear_messages()", is_(None)),
            ("session.get_message_count()", is_(0)),
        ]
    )


def test_the_front_page(world: World) -> None:
    world.site.add_news("Hello")
    world.site.follow("username", "other_user")
    world.site.love("other_user", world.project)
    with world.site.state() as state:
        state.featured_projects.append(world.project.id)
        state.featured_studios.append(world.studio.id)

    def has_the_project(row: Any) -> bool:
        return bool(row[0]["id"] == world.project.id)

    world.run(
        [
            ("scratch3.get_news(limit=10, offset=0)", lambda news: news[0]["headline"] == "Hello"),
            ("scratch3.featured_projects()", has_the_project),
            ("scratch3.featured_studios()", lambda row: row[0]["id"] == world.studio.id),
            ("scratch3.top_loved()", has_the_project),
            ("scratch3.top_remixed()", is_a(list)),
            ("scratch3.newest_projects()", has_the_project),
            ("scratch3.design_studio_projects()", is_a(list)),
            ("session.get_feed(limit=20, offset=0)", lambda feed: feed[0]["type"] == "loveproject"),
            ("session.loved_by_followed_users(limit=40, offset=0)", has_the_project),
        ]
    )


def test_forum_topics(world: World) -> None:
    world.placeholders["username"] = "other_user"
    topics = list_of(scratch3.ForumTopic)
    world.run(
        [
            ('topic = scratch3.get_topic("topic_id")', is_a(scratch3.ForumTopic)),
            ('topic = session.connect_topic("topic_id")', is_a(scratch3.ForumTopic)),
            ('topic_list = session.connect_topic_list("category_name", page=0)', topics),
            ('topic_list = scratch3.get_topic_list("category_name", page=0)', topics),
            ("topic.title", is_("More clouds")),
            ("topic.category", is_("Suggestions")),
            ("topic.deleted", is_(False)),
            ("topic.update()", is_(None)),
            ('topic.posts(page=0, order="oldest")', list_of(scratch3.ForumPost)),
            ("topic.first_post()", lambda post: post.html_content == "please"),
            ('topic.post_count_by_user("username")', is_(1)),
            gone("topic.activity()"),
        ]
    )


def test_forum_posts(world: World) -> None:
    made = world.site.add_post("username", world.topic, "clouds are [b]nice[/b]")
    world.placeholders["post_id"] = str(made.id)
    posts = list_of(scratch3.ForumPost)
    world.run(
        [
            ('post = scratch3.get_post("post_id")', is_a(scratch3.ForumPost)),
            ('post = session.connect_post("post_id")', is_a(scratch3.ForumPost)),
            ('post_list = session.search_posts(query="query", order="newest", page=0)', posts),
            ('post_list = scratch3.search_posts(query="query", order="newest", page=0)', posts),
            ("post.id", is_(made.id)),
            ("post.author", is_("username")),
            ("post.posted", is_a(datetime)),
            ("post.edited", is_(None)),
            ("post.edited_by", is_(None)),
            ("post.deleted", is_(False)),
            ("post.html_content", is_("clouds are <b>nice</b>")),
            ("post.bb_content", is_("clouds are [b]nice[/b]")),
            ("post.topic_id", is_(world.topic.id)),
            ("post.topic_name", is_("More clouds")),
            ("post.topic_category", is_("Suggestions")),
            ("post.get_topic()", is_a(scratch3.ForumTopic)),
            ("post.get_author()", lambda user: user.username == "username"),
            ("post.edit(new_content)", lambda _: made.body == "a new text"),
            ("post.update()", is_(None)),
            ("post.html_content", is_("a new text")),
            ("post.edited_by", is_("username")),
            ("post.edited", is_a(datetime)),
            ("post.ocular_reactions()", lambda found: len(found) == 8),
        ]
    )


def test_site_statistics_and_health(world: World) -> None:
    world.run(
        [
            ("scratch3.total_site_stats()", lambda stats: stats["USER_COUNT"] == 2),
            ("scratch3.monthly_site_traffic()", lambda stats: int(stats["users"]) > 0),
            ("scratch3.country_counts()", lambda stats: stats["Ireland"] == 1),
            ("scratch3.age_distribution()", lambda stats: stats[8] > 0),
            ("scratch3.get_health()", lambda health: "version" in health),
        ]
    )


def test_the_backpack(world: World) -> None:
    item = world.site.add_backpack_item("username", kind="script", mime="application/json", name="code", body=b"[]")
    world.placeholders["asset id"] = item.id
    world.run(
        [
            ("session.backpack(limit=20, offset=0)", lambda found: found[0]["name"] == "code"),
            ('session.delete_from_backpack("asset id")', is_(None)),
            ("session.backpack(limit=20, offset=0)", is_([])),
        ]
    )


def test_without_a_key_the_forum_search_says_what_it_wants(world: World) -> None:
    with client_at(world.site) as client:
        before = scratch3.set_default_client(client)
        world.run(
            [
                gone('scratch3.search_posts(query="query", order="newest", page=0)'),
                gone('scratch3.get_user("username").forum_posts(page=0, order="newest")'),
                gone('scratch3.get_user("username").forum_counts()'),
                gone('scratch3.get_user("username").forum_signature()'),
            ]
        )
        scratch3.set_default_client(before)


def test_the_guide_of_the_api(world: World, tmp_path: Path) -> None:
    """The operations of the guide on projects that are no upload or download: those are tested beside their code."""
    made = world.project
    theirs = scratch3.login("other_user", "correct horse").connect_project(made.id)
    assert isinstance(theirs, scratch3.Project)
    ours: Mapping[str, Any] = {"project": world.names["session"].connect_project(made.id), "theirs": theirs}
    world.names |= ours
    made.views = 15
    world.run(
        [
            ("project.update()", is_(None)),
            ("(project.views, project.author, project.public)", is_((15, "other_user", True))),
            ("theirs.visibility()", lambda told: (told.deleted, told.censored, told.message) == (False, False, "")),
            ("project.love()", is_(None)),
            ("project.is_loved()", is_(True)),
            ("project.unlove()", is_(None)),
            ("project.is_loved()", is_(False)),
            ("project.favorite()", is_(None)),
            ("project.is_favorited()", is_(True)),
            ("project.unfavorite()", is_(None)),
            ("project.is_favorited()", is_(False)),
            ('studio = session.connect_studio("studio_id")', is_a(scratch3.Studio)),
            ('studio.add_project("project_id")', lambda _: made.id in world.studio.projects),
            ('studio.remove_project("project_id")', lambda _: made.id not in world.studio.projects),
        ]
    )
    made.censored = "please change it"
    world.run([("theirs.visibility()", lambda told: (told.censored, told.message) == (True, "please change it"))])
