"""What the objects say about the samples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from offline_site import OfflineSite, answering, client_of, json_of, logged_in, query_of, sample, sample_reply, serving
from project_maker import numbered
from rest_calls import SUCCESSES, mine, project, studio, user

from cloudlink.errors import (
    BadResponse,
    CommentRejected,
    InvalidArgument,
    LoginRequired,
    Muted,
    ServiceGone,
    ValueTooLong,
)
from cloudlink.rest import frontpage, search, statistics
from cloudlink.rest.client import Client
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.projects import Project, get_project
from cloudlink.rest.studios import get_studio
from cloudlink.rest.users import get_user


def result_of(name: str) -> Any:
    """What the call of a sample gives."""
    extra = {"login_ok": ["session"], "user_messages": ["session"], "user_feed": ["session"], "backpack": ["session"]}
    extra["studio_create"] = ["studio"]
    extra |= {key: ["session"] for key in ("mystuff_projects_all", "user_following_loves")}
    return SUCCESSES[name](logged_in(client_of(serving(name, *extra.get(name, [])))))


def test_a_user() -> None:
    found = result_of("user")
    assert (found.username, found.id, found.scratchteam) == ("ScratchCat", 15883188, True)
    assert found.join_date == datetime(2007, 3, 5, tzinfo=UTC)
    assert found.about_me == "Hi, I am the official Scratch Cat :)"
    assert found.wiwo == "I'm working on finding more friends!"
    assert found.country == "United States"
    assert found.icon_url.endswith("15883188_90x90.png?v=")
    assert found["profile"]["id"] == 15047907
    assert repr(found) == "<User 'ScratchCat'>"
    assert found.url == "https://scratch.mit.edu/users/ScratchCat/"


def test_update_takes_the_new_values() -> None:
    found = get_user("ScratchCat", client=client_of(serving("user")))
    found.about_me = "old"
    found.update()
    assert found.about_me == "Hi, I am the official Scratch Cat :)"


def test_lists_of_users() -> None:
    assert [found.username for found in result_of("user_followers")] == ["pixel_otter", "-MossyRock-"]
    assert result_of("studio_managers")[0].username == "pixel_otter"


@pytest.mark.parametrize(
    ("name", "number"),
    [("html_followers", 1234), ("html_loves", 355), ("user_messages_count", 12)],
)
def test_exact_numbers(name: str, number: int) -> None:
    assert result_of(name) == number


@pytest.mark.parametrize(
    "name", ["html_following", "html_projects", "html_favorites", "html_studios", "html_studios_following"]
)
def test_each_page_has_its_number(name: str) -> None:
    assert f"({result_of(name)})" in sample(name).decode()


def test_a_page_without_its_number_is_told() -> None:
    site = answering(Reply(200, body=b"<h2>Following (3)</h2>"))
    with pytest.raises(BadResponse, match="no number after 'Followers'"):
        user(client_of(site)).follower_count()


def test_the_rank_and_the_loved_projects() -> None:
    assert result_of("html_profile") == "Scratcher"
    loved = user(client_of(OfflineSite(lambda request: page_of_loves(request)))).loves()
    assert (loved[0].id, loved[0].title, loved[0].author) == (1190011223, "Cloud Maze 2 remix", "-MossyRock-")
    assert loved[1].title == ""


def page_of_loves(request: Request) -> Reply:
    return sample_reply("html_loves") if query_of(request)["page"] == "1" else Reply(404)


def test_following_is_found_out_by_walking() -> None:
    client = client_of(serving("user_following"))
    first = user(client).following()[0].username
    assert user(client).is_following(first.upper())
    assert not user(client).is_following("nobody")
    assert user(client, first).is_followed_by("pixel_otter")


def test_statistics_of_a_user_are_added_up() -> None:
    site = serving("user_projects", "html_followers", "html_following")
    stats = user(client_of(site)).stats()
    projects = user(client_of(site)).projects()
    assert stats["loves"] == sum(found.loves or 0 for found in projects)
    assert (stats["followers"], stats["comments"]) == (1234, None)


@pytest.mark.parametrize(
    "name",
    ["ranks", "followers_over_time", "forum_posts", "forum_counts", "forum_counts_over_time", "forum_signature"],
)
def test_what_is_gone_says_so(name: str) -> None:
    with pytest.raises(ServiceGone, match="no longer available") as caught:
        getattr(user(client_of(answering(), forum_search_key=None)), name)()
    assert "ScratchDB" in caught.value.reason
    for gone in (project(client_of(answering())).ranks, project(client_of(answering())).moderation_status):
        with pytest.raises(ServiceGone):
            gone()


def test_a_project() -> None:
    found = result_of("project")
    assert isinstance(found, Project)
    assert (found.id, found.title, found.author) == (1182391014, "Cloud Maze 2", "pixel_otter")
    assert found.instructions == "Arrow keys to move.\nReach the flag!"
    assert found.notes == "Thanks to @ScratchCat for the sprite."
    assert found.created is not None
    assert found.created.tzinfo is UTC
    assert found.project_token
    assert found.project_token not in repr(found)
    assert found.url == "https://scratch.mit.edu/projects/1182391014"
    remix = result_of("project_remix")
    assert remix.remix_parent == 1182391014
    assert remix.remix_root
    unshared = result_of("project_own_unshared")
    assert (unshared.public, unshared.share_date) == (False, None)


def test_lists_name_the_owner_where_it_is_known() -> None:
    assert {found.author for found in result_of("user_projects")} == {"pixel_otter"}
    assert None in {found.author for found in result_of("user_favorites")}


def test_a_project_that_cannot_be_seen_says_so_where_it_is_used() -> None:
    hidden = get_project(1, client=client_of(answering(Reply(404))))
    for use in (lambda: hidden.title, lambda: hidden.love()):  # type: ignore[union-attr]
        with pytest.raises(AttributeError, match="project 1: there is no such project, or you may not see it"):
            use()
    with pytest.raises(AttributeError, match="object has no attribute 'titel'"):
        _ = hidden.titel  # type: ignore[union-attr]
    with pytest.raises(AttributeError, match="object has no attribute 'titel'"):
        _ = project(client_of(answering())).titel  # type: ignore[attr-defined]


def test_a_missing_owner_is_fetched() -> None:
    found = project(client_of(serving("project", "project_comments")))
    found.author = None
    assert found.comments()
    assert found.author == "pixel_otter"


def test_comments() -> None:
    first, second = result_of("project_comments")
    assert (first.id, first.author, first.author_id) == (447648001, "pixel_otter", 104512233)
    assert first.content == "how did you do this?\nit's & <cool>"
    assert first.created == datetime(2025, 6, 9, 8, 7, 6, tzinfo=UTC)
    assert (first.reply_count, first.parent_id, second.reply_count) == (2, None, 0)
    replies = result_of("project_comment_replies")
    assert all(reply.parent_id == 447648001 for reply in replies)
    assert result_of("project_comment_post").author == "cloudberry_dev"


def test_comments_on_a_profile() -> None:
    empty = sample_reply("profile_comments_past_end")  # which the site also serves before the end
    last = sample_reply("profile_comments_page1")
    pages = [empty, empty, last, *[empty] * 3]
    first, second = user(client_of(answering(*pages))).comments()
    assert (first.id, first.author, first.author_id) == (447648029, "pixel_otter", 104512233)
    assert first.content == "I <3 your cloud engine & the 'Maze' game"
    assert first.created == datetime(2025, 6, 10, 10, tzinfo=UTC)
    answer, last = first.replies
    assert answer.content == "@pixel_otter thanks a lot!"
    assert (answer.parent_id, answer.scratchteam, last.scratchteam) == (447648029, False, True)
    assert second.replies == ()
    assert result_of("profile_comment_add").content == "hello & welcome"


def test_a_name_of_any_letters_can_be_told_to_the_site() -> None:
    site = serving("profile_comment_add", "user_report")
    found = user(logged_in(client_of(site)), "Zoë B")  # very old accounts have such names
    found.post_comment("hi")
    found.report("icon")
    assert {request.headers["Referer"] for request in site.requests} == {"https://scratch.mit.edu/users/Zo%C3%AB%20B/"}


def test_pictures_in_comments_are_words() -> None:
    raw = {"id": 1, "content": 'hi <img class="emoji" src="/images/emoji/cat.png"> &amp; <img alt=":D" src="x">\nbye'}
    from cloudlink.rest.comments import read_comment

    assert read_comment(raw, of="test").content == "hi :cat: & :D\nbye"


@pytest.mark.parametrize(
    ("content", "kind"), [("", InvalidArgument), (" \n", InvalidArgument), ("x" * 501, ValueTooLong)]
)
def test_a_comment_that_cannot_be_one_is_not_sent(content: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        project(logged_in(client_of(answering()))).post_comment(content)
    with pytest.raises(InvalidArgument, match="parent_id"):
        project(logged_in(client_of(answering()))).post_comment("x", parent_id="abc")


def test_a_mute_comes_with_the_rejection() -> None:
    for name, call in (("comment_rejected_isMuted", project), ("profile_comment_add_muted", user)):
        client = logged_in(client_of(OfflineSite(lambda request, name=name: sample_reply(name))))  # type: ignore[misc]
        with pytest.raises(CommentRejected, match="muted") as caught:
            call(client).post_comment("hi")
        assert caught.value.until == datetime.fromtimestamp(1780003600, UTC)
    with pytest.raises(Muted) as muted:
        studio(
            logged_in(client_of(OfflineSite(lambda request: sample_reply("studio_add_project_403_muted"))))
        ).add_project(1)
    assert muted.value.until == datetime.fromtimestamp(1780003600, UTC)


def test_loves() -> None:
    assert result_of("project_loves_get") is False
    stubborn = answering(Reply(200, body=b'{"userLove": false}'))
    with pytest.raises(BadResponse, match="stay as they were"):
        project(logged_in(client_of(stubborn))).love()


def test_commenting_is_toggled_from_its_state() -> None:
    site = serving("project_own", "project_put_comments")
    found = mine(logged_in(client_of(site)))
    found.toggle_commenting()
    assert json_of(site.requests[-1]) == {"comments_allowed": False}
    site = serving("studio", "studio_toggle_comments")
    found_studio = studio(logged_in(client_of(site)))
    found_studio.turn_on_commenting()
    assert len(site.requests) == 1, "they are open already"
    found_studio.turn_off_commenting()
    assert site.requests[-1].method == "POST"


@pytest.mark.parametrize(
    "change",
    [
        lambda client: project(client).toggle_commenting(),
        lambda client: studio(client).turn_off_commenting(),
        lambda client: studio(client).turn_on_commenting(),
        lambda client: project(client).upload(numbered(1).sb3()),
        lambda client: project(client).set_json("{}", assets={"0" * 32 + ".svg": b""}),
    ],
)
def test_who_is_not_logged_in_changes_nothing_and_sends_nothing(change: Callable[[Client], object]) -> None:
    with pytest.raises(LoginRequired):
        change(client_of(answering()))


def test_a_thumbnail_is_a_png(tmp_path: Any) -> None:
    site = serving("project_thumbnail_set")
    picture = tmp_path / "a.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\nx")
    mine(logged_in(client_of(site))).set_thumbnail(file=str(picture))
    assert site.only.headers["Content-Type"] == "image/png"
    with pytest.raises(InvalidArgument, match="PNG"):
        mine(logged_in(client_of(site))).set_thumbnail(b"GIF89a")


def test_the_featured_project_has_a_label() -> None:
    site = serving("user_profile_put_bio")
    user(logged_in(client_of(site)), "cloudberry_dev").set_featured("12", label="Remix This!")
    assert json_of(site.only) == {"featured_project": 12, "featured_project_label": "2"}
    with pytest.raises(InvalidArgument, match="no label"):
        user(logged_in(client_of(site))).set_featured(1, label="Best")


def test_a_new_project_and_its_number() -> None:
    assert result_of("project_create") == 1200000099
    with pytest.raises(InvalidArgument):
        mine(logged_in(client_of(answering()))).set_json("[]")


def test_why_a_project_is_hidden() -> None:
    assert result_of("project_visibility").censored is False
    censored = result_of("project_visibility_censored")
    assert censored.censored is True
    assert censored.message


def test_a_studio() -> None:
    found = result_of("studio")
    assert (found.id, found.title, found.host_id) == (37071074, "Cloud games", 104512233)
    assert (found.follower_count, found.manager_count, found.project_count) == (51, 4, 100)
    assert (found.open_to_all, found.comments_allowed) == (False, True)
    assert found["title"] == "Cloud games"
    assert found.created == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert result_of("user_studios_curate")[0].follower_count is None
    first = result_of("studio_projects")[0]
    assert (first.id, first["title"], first.author, first.added_by_id) == (
        1182391014,
        "Cloud Maze 2",
        "pixel_otter",
        90817263,
    )
    assert result_of("studio_roles").manager in (True, False)
    assert result_of("studio_classroom") == 156
    assert result_of("studio_create").id == 37071074


def test_the_activity_of_a_studio_is_read_past_its_seam() -> None:
    def item(number: int) -> dict[str, Any]:
        return {
            "id": f"updatestudio-{number}",
            "datetime_created": f"2025-01-01T00:{number // 60:02}:{number % 60:02}Z",
        }

    items = [item(number) for number in range(100, 0, -1)]

    def answers(request: Request) -> Reply:
        import json

        until = query_of(request).get("dateLimit", "9")
        page = [one for one in items if one["datetime_created"] <= until][:40]
        return Reply(200, body=json.dumps(page).encode())

    site = OfflineSite(answers)
    assert [event.id for event in studio(client_of(site)).activity(limit=None)] == [one["id"] for one in items]
    assert len(studio(client_of(site)).activity(limit=50)) == 50
    assert studio(client_of(site)).activity(limit=0) == []


def test_numbers_in_addresses_are_numbers() -> None:
    client = client_of(answering())
    for call in (get_project, get_studio):
        with pytest.raises(InvalidArgument, match="is the number in"):
            call("12/x", client=client)
    with pytest.raises(InvalidArgument, match="is a number"):
        user(logged_in(client)).delete_comment("1/2")


def test_searching() -> None:
    site = serving("search_projects")
    found = search.search_projects(query="cloud", mode="popular", language="de", limit=5, client=client_of(site))
    assert query_of(site.only) == {"q": "cloud", "mode": "popular", "language": "de", "limit": "5", "offset": "0"}
    assert found[0].author
    assert result_of("search_projects_none") == []
    with pytest.raises(ServiceGone, match="newest_projects"):
        search.search_projects("x", mode="recent", client=client_of(site))
    with pytest.raises(InvalidArgument, match="trending"):
        search.explore_studios(mode="best", client=client_of(site))
    with pytest.raises(InvalidArgument, match="wants a tag"):
        search.explore_projects("", client=client_of(site))


def test_the_front_page() -> None:
    client = client_of(serving("featured"))
    newest = frontpage.newest_projects(client=client)[0]
    assert (newest.id, newest.author, newest.loves) == (1182391014, "pixel_otter", 121)
    assert newest.thumbnail_url == "https://uploads.scratch.mit.edu/projects/thumbnails/1182391014.png"
    assert frontpage.featured_studios(client=client)[0].id == 37071074
    for row in (frontpage.featured_projects, frontpage.top_loved, frontpage.top_remixed):
        assert isinstance(row(client=client), list)
    assert frontpage.design_studio_projects(client=client)[0]["gallery_id"] == 37071074
    assert frontpage.curated_projects(client=client)[0]["curator_name"] == "ScratchCat"
    first = result_of("news")[0]
    assert (first.id, first.headline, first["copy"]) == (
        2014880000000,
        "New Community Blog Post!",
        "Read about dance parties on Scratch",
    )


def test_statistics() -> None:
    client = client_of(serving("stats_daily", "stats_monthly_ga", "stats_monthly", "health"))
    assert statistics.total_site_stats(client=client)["PROJECT_COUNT"] == 164307034
    assert statistics.monthly_site_traffic(client=client)["users"] == "36308462"
    assert all(isinstance(count, int) for count in statistics.country_counts(client=client).values())
    ages = statistics.age_distribution(client=client)
    assert ages
    assert all(isinstance(age, int) for age in ages)
    assert "version" in statistics.get_health(client=client)


def test_messages_and_the_rest_of_an_account() -> None:
    found = result_of("user_messages")
    assert (found[0].type, found[0].actor, found[0]["comment_id"]) == ("addcomment", "pixel_otter", 447648029)
    assert len({message.type for message in found}) >= 9
    assert result_of("user_feed")[0].time is not None
    assert result_of("user_following_loves")[0].id == 1182391014
    item = result_of("backpack")[0]
    assert (item.type, item["name"]) == ("costume", "ball")
    own = result_of("mystuff_projects_all")[0]
    assert (own.id, own.title, own.author, own.public) == (1200000042, "My shared thing", "cloudberry_dev", True)
    assert own.last_modified == datetime(2025, 6, 8, 10, 11, 12, tzinfo=UTC)


def test_wrong_words_are_refused_before_anything_is_sent() -> None:
    found = SUCCESSES["session"](client_of(serving("session")))
    for call in (
        lambda: found.messages(filter_by="people"),
        lambda: found.mystuff_projects("gone"),
        lambda: found.mystuff_projects(sort_by="age"),
        lambda: found.delete_from_backpack("../x"),
    ):
        with pytest.raises(InvalidArgument):
            call()
