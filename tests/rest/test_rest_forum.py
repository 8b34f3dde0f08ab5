"""The forum: what its pages say, and a whole life of topics and posts against the local site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from local_site import client_at
from offline_site import OfflineSite, answering, client_of, logged_in, query_of, sample, sample_reply, serving
from rest_calls import POST, TOPIC, post, topic

from cloudlink.clock import FakeClock
from cloudlink.errors import Forbidden, InvalidArgument, NotFound, RateLimited, Rejected, ServiceGone
from cloudlink.rest.client import Client
from cloudlink.rest.forum_posts import fill_times, get_post, read_feed, read_topic_page
from cloudlink.rest.forum_search import search_posts
from cloudlink.rest.forum_topics import (
    forum_categories,
    get_topic,
    get_topic_list,
    iter_topic_list,
    set_forum_signature,
)
from cloudlink.rest.html import parse_html
from cloudlink.rest.http import Reply, Request
from cloudlink.rest.session import Session
from cloudlink.rest.users import get_user
from cloudlink.testing import LocalSite, Rules

# What the pages say


def test_the_front_page_has_the_categories() -> None:
    news, suggestions = forum_categories(client=client_of(serving("forum_index")))
    assert (news.id, news.name, news.section) == (5, "Announcements", "Welcome to Scratch")
    assert (suggestions.id, suggestions.name) == (1, "Suggestions")
    assert suggestions.description == "Share your ideas for improving Scratch."
    assert (suggestions.topic_count, suggestions.post_count) == (90123, 1502345)


def test_a_category_has_topics() -> None:
    site = serving("forum_index", "forum_category")
    rules, help_wanted, closed = get_topic_list("suggestions", client=client_of(site))
    assert [request.url.partition("?")[0] for request in site.requests] == [
        "https://scratch.mit.edu/discuss/",
        "https://scratch.mit.edu/discuss/1/",
    ]
    assert query_of(site.requests[1]) == {"page": "1"}
    assert (rules.id, rules.title, rules.author, rules.category) == (
        186558,
        "Rules of this forum",
        "ScratchCat",
        "Suggestions",
    )
    assert (rules.sticky, rules.closed, rules.replies, rules.views) == (True, True, 0, 91234)
    assert (help_wanted.sticky, help_wanted.closed, help_wanted.replies) == (False, False, 21)
    assert (closed.title, closed.sticky, closed.closed) == ("More cloud & lists", False, True)
    assert get_topic_list(1, page=98, client=client_of(serving("forum_category_empty"))) == []
    with pytest.raises(InvalidArgument, match="it has Announcements, Suggestions"):
        get_topic_list("Sugestions", client=client_of(serving("forum_index")))


def test_a_topic_and_its_posts() -> None:
    found = get_topic(TOPIC, client=client_of(serving("forum_topic")))
    assert (found.id, found.title, found.category, found.category_id) == (
        800001,
        "Cloud variable help",
        "Help With Scripts",
        7,
    )
    assert (found.author, found.pages, found.deleted) == ("-MossyRock-", 2, False)
    first, second = found.posts()
    assert found.first_post().id == first.id == 8120001
    assert (first.author, first.author_id, first.number) == ("-MossyRock-", 90817263, 1)
    assert first.html_content == ('How do I send <b>letters</b>?<br><pre class="blocks">set [☁ score v] to (0)</pre>')
    assert first.posted_text == "June 2, 2025 10:00:00"
    assert (first.edited_by, first.edited_text) == ("-MossyRock-", "June 2, 2025 10:05:00")
    assert first.signature == 'my signature <a href="/users/-MossyRock-/">me</a>'
    assert (first.topic_id, first.topic_name, first.topic_category) == (
        800001,
        "Cloud variable help",
        "Help With Scripts",
    )
    assert (second.edited_by, second.edited_text, second.edited, second.signature) == (None, None, None, "")
    # This is the first of two pages, so its posts are not among the newest, and the page tells no zone.
    assert (first.posted, second.posted) == (None, None)


def test_the_newest_posts_have_exact_times() -> None:
    client = client_of(serving("forum_feed_topic"))
    only_page = sample("forum_topic").replace(b'<a class="page" href="?page=2">2</a>', b"")
    page = read_topic_page(parse_html(only_page), topic_id=TOPIC, client=client)
    fill_times(page, client=client)
    first, second = page.posts
    assert first.posted == datetime(2025, 6, 2, 10, tzinfo=UTC)
    assert first.edited == datetime(2025, 6, 2, 10, 5, tzinfo=UTC)
    assert (second.posted, second.edited) == (datetime(2025, 6, 11, 11, 22, 33, tzinfo=UTC), None)
    assert set(read_feed(parse_html(sample("forum_feed_topic")))) == {8120001, 8120044}


def test_a_post_is_found_on_the_page_of_its_topic() -> None:
    found = get_post(POST, client=client_of(serving("forum_post_redirect", "forum_topic", "forum_post_source")))
    assert (found.id, found.author, found.topic_id) == (8120044, "pixel_otter", 800001)
    assert found.bb_content == "[quote=-MossyRock-]How do I send letters?[/quote]Encode them as numbers."
    with pytest.raises(NotFound, match="forum post 8120045"):
        get_post(8120045, client=client_of(serving("forum_post_redirect", "forum_topic")))
    with pytest.raises(InvalidArgument, match="post_id"):
        get_post("8/../1", client=client_of(answering()))


def test_a_post_without_its_topic_in_the_page_is_found_by_the_address() -> None:
    page = sample_reply("forum_topic", sample("forum_topic").replace(b"og:url", b"og:other"))
    site = answering(sample_reply("forum_post_redirect"), page)
    assert get_post(POST, client=client_of(site)).topic_id == 800001


@pytest.mark.parametrize(
    ("page", "error", "message"),
    [
        (b'<ul class="errorlist"><li>This field is required.</li></ul>', Rejected, "This field is required"),
        (b"<form></form>", Rejected, "does not say why"),
        (
            b'<ul class="errorlist"><li>Sorry, you have to wait 60 seconds between posts.</li></ul>',
            RateLimited,
            "wait 60 s",
        ),
    ],
)
def test_a_form_that_comes_again_is_a_refusal(page: bytes, error: type[Exception], message: str) -> None:
    client = logged_in(client_of(answering(Reply(200, body=page))))
    with pytest.raises(error, match=message) as caught:
        topic(client).reply("hello")
    assert getattr(caught.value, "retry_after", 60) == 60


def test_a_signature_that_is_refused_tells_why() -> None:
    page = b'<ul class="errorlist"><li>The signature is too long.</li></ul>'
    session = logged_in(client_of(answering(Reply(200, body=page))))
    with pytest.raises(Rejected, match="The signature is too long"):
        set_forum_signature("x" * 10_000, client=session)


def test_a_page_that_says_success_is_one() -> None:
    client = logged_in(client_of(answering(Reply(200, body=b'<p class="success">Done.</p>'))))
    assert topic(client).reply("hello") is None


def test_the_other_address_is_tried_to_follow_a_topic_no_longer() -> None:
    site = answering(Reply(404), Reply(302, headers={"location": "/discuss/topic/800001/"}))
    topic(logged_in(client_of(site))).unfollow()
    assert [request.url.rpartition("800001")[2] for request in site.requests] == ["/delete/", "/remove/"]


def test_searching_asks_the_index_with_the_key() -> None:
    site = serving("forum_search_index")
    (found,) = search_posts(query="numbers", order="oldest", page=2, client=client_of(site))
    assert query_of(site.only) == {
        "attributesToSearchOn": "content",
        "hitsPerPage": "50",
        "q": "numbers",
        "page": "3",
        "sort": "id:asc",
    }
    assert (found.id, found.author, found.topic_name) == (8120044, "pixel_otter", "Cloud variable help")
    assert found.posted == datetime(2025, 6, 11, 11, 22, 33, tzinfo=UTC)
    with pytest.raises(InvalidArgument, match="newest, oldest, relevance"):
        search_posts("x", order="best", client=client_of(answering()))
    with pytest.raises(ServiceGone, match="forum_search_key"):
        search_posts("x", client=client_of(answering(), forum_search_key=None))


def test_a_round_count_may_be_the_end_of_counting() -> None:
    def answers(request: Request) -> Reply:
        if request.url.endswith("/discuss/"):
            return sample_reply("forum_index")
        hits = {"Announcements": 1000, "Suggestions": 17}
        name = query_of(request)["filter"].rpartition(' = "')[2].rstrip('"')
        return Reply(200, body=b'{"hits": [], "totalHits": %d}' % hits[name])

    from rest_calls import user

    assert user(client_of(OfflineSite(answers))).forum_counts() == {"Announcements": None, "Suggestions": 17}
    with pytest.raises(InvalidArgument, match="quote"):
        user(client_of(OfflineSite(answers)), 'x" OR "').forum_posts()


def test_the_key_is_in_no_error_and_goes_to_no_other_host() -> None:
    for wrong in ("", "a b", "a\n"):
        with pytest.raises(InvalidArgument, match="forum_search_key"):
            client_of(answering(), forum_search_key=wrong)
    elsewhere = answering(Reply(302, headers={"location": "https://example.org/"}), Reply(200, body=b"{}"))
    with pytest.raises(Exception, match="answered with") as caught:
        search_posts("x", client=client_of(elsewhere))
    assert "a-key-of-ours" not in f"{caught.value!r}{caught.value.__dict__}"
    assert "Authorization" not in elsewhere.requests[1].headers


# A life of topics and posts


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_780_000_000.0)


@pytest.fixture
def site(clock: FakeClock) -> Iterator[LocalSite]:
    with LocalSite(clock=clock) as site:
        site.add_user("otter")
        site.add_user("fox")
        yield site


@pytest.fixture
def client(site: LocalSite) -> Iterator[Client]:
    with client_at(site, forum_search_key="k") as client:
        yield client


def test_a_topic_is_started_answered_edited_and_reported(site: LocalSite, otter: Session, fox: Session) -> None:
    (category,) = (one for one in otter.forum_categories() if one.name == "Help With Scripts")
    number = category.post_topic("Cloud & lists", "How do I send [b]letters[/b]?", follow=True)
    assert number is not None
    started = fox.connect_topic(number)
    assert (started.title, started.category, started.author) == ("Cloud & lists", "Help With Scripts", "otter")
    answer_id = started.reply("As numbers: ☁ 1 & <2>")
    assert answer_id is not None
    answer = fox.connect_post(answer_id)
    assert answer.bb_content == "As numbers: ☁ 1 & <2>"
    assert answer.posted is not None
    answer.edit("As digits")
    assert answer.bb_content == "As digits"
    answer.update()
    assert (answer.html_content, answer.edited_by) == ("As digits", "fox")
    assert answer.edited is not None
    assert answer.get_topic().id == number
    assert answer.get_author().username == "fox"
    otter.connect_post(answer_id).report("not nice")
    assert site.post(answer_id).reports == ["not nice"]
    with pytest.raises(Forbidden):
        otter.connect_post(answer_id).edit("mine now")
    with pytest.raises(InvalidArgument, match="empty"):
        answer.edit(" ")
    assert "forumpost" in {message.type for message in otter.messages()}
    started.follow()
    started.unfollow()
    with site.state() as world:
        assert world.topics[number].followers == [otter.user_id]


def test_the_pages_of_a_topic_are_read_from_both_ends(site: LocalSite, client: Client) -> None:
    made = site.add_topic("otter", "Suggestions", "Long", "post 0")
    for n in range(1, 45):
        site.add_post("fox" if n % 3 == 0 else "otter", made, f"post {n}")
    found = get_topic(made.id, client=client)
    assert found.pages == 3
    texts = [post.html_content for post in found.iter_posts()]
    assert texts == [f"post {n}" for n in range(45)]
    assert [post.html_content for post in found.iter_posts("newest")] == texts[::-1]
    assert [post.html_content for post in found.posts(page=1)] == texts[20:40]
    assert [post.html_content for post in found.posts(order="newest")] == texts[:39:-1]
    assert [post.html_content for post in found.posts(page=1, order="newest")] == texts[39:19:-1]
    assert found.posts(page=3) == found.posts(page=3, order="newest") == []
    assert [post.html_content for post in found.iter_posts(limit=3)] == texts[:3]
    assert found.post_count_by_user("FOX") == 14
    newest = found.posts(order="newest")[0]
    assert newest.posted is not None
    assert abs(newest.posted.timestamp() - site.post(newest.id).created) < 1
    for call in (lambda: found.posts(order="best"), lambda: found.posts(page=-1), lambda: found.iter_posts(limit=-1)):
        with pytest.raises(InvalidArgument):
            call()
    with pytest.raises(ServiceGone):
        found.activity()


def test_topics_are_listed_page_by_page(site: LocalSite, client: Client) -> None:
    for n in range(30):
        site.add_topic("otter", 1, f"topic {n}")
    first, second = (get_topic_list("Suggestions", page=n, client=client) for n in (0, 1))
    assert (len(first), len(second)) == (25, 5)
    assert get_topic_list("Suggestions", page=2, client=client) == []
    listed = [found.id for found in iter_topic_list(1, client=client)]
    assert listed == [found.id for found in first + second]
    with pytest.raises(NotFound):
        get_topic_list(99, client=client)


def test_what_is_deleted_says_so_after_an_update(site: LocalSite, client: Client) -> None:
    made = site.add_topic("otter", 1, "Gone soon", "text")
    found = get_topic(made.id, client=client)
    posted = found.first_post()
    site.post(posted.id).deleted = True
    posted.update()
    assert posted.deleted
    with site.state() as world:
        world.topics[made.id].deleted = True
    found.update()
    assert found.deleted
    with pytest.raises(NotFound):
        get_topic(made.id, client=client)
    hidden = site.add_topic("otter", 1, "Hidden", "text", hidden=True)
    with pytest.raises(Forbidden):
        get_topic(hidden.id, client=client)


def test_posts_are_spaced_by_the_site(site: LocalSite, clock: FakeClock, fox: Session) -> None:
    site.rules = Rules(post_interval=60)
    made = site.add_topic("otter", 1, "Busy", "text")
    found = fox.connect_topic(made.id)
    found.reply("one")
    with pytest.raises(RateLimited) as caught:
        found.reply("two")
    assert caught.value.retry_after == 60
    clock.advance(61)
    found.reply("two")


def test_the_signature_and_the_posts_of_a_user(site: LocalSite, client: Client, fox: Session) -> None:
    assert fox.get_linked_user().forum_signature() is None
    made = site.add_topic("otter", "Suggestions", "Topic", "text")
    site.add_post("fox", made, "an answer about clouds")
    user = get_user("fox", client=client)
    assert user.forum_signature() == ""
    fox.set_forum_signature("[i]fox[/i]")
    assert user.forum_signature() == "<i>fox</i>"
    assert [one.html_content for one in user.forum_posts()] == ["an answer about clouds"]
    assert user.forum_counts() == {"Suggestions": 1}
    (hit,) = fox.search_posts("clouds")
    assert (hit.author, hit.number) == ("fox", None)
    hit.update()
    assert (hit.number, hit.topic_id) == (2, made.id)


def test_ocular_reactions(site: LocalSite, client: Client) -> None:
    made = site.add_topic("otter", 1, "Topic", "text")
    found = get_topic(made.id, client=client).first_post()
    with site.state() as world:
        world.reactions[found.id] = [("fox", "🚀")]
    given = {entry["emoji"]: [one["user"] for one in entry["reactions"]] for entry in found.ocular_reactions()}
    assert given["🚀"] == ["fox"]
    assert len(given) == 8
    assert repr(post(client)) == "<ForumPost 8120044 by 'pixel_otter'>"
