"""Posts of the forum (reference, sections 14.3 to 14.6): HTML, for the site has no other form of them.

    get_post --- the page of its topic ---.
    topic.posts -- pages of the topic ----+--> ForumPost
    search_posts -- somebody's index -----'

The pages show times without a zone. Exact times are in the feed of a topic, which has its newest posts only. They are
read without a login, and the site keeps such pages for some minutes: what was just written may show later. They take
long, so the client asks the forum for one thing at a time; threads wait for each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cloudlink.errors import NotFound
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, Query, default_client
from cloudlink.rest.endpoints import checked_number
from cloudlink.rest.fields import Record, as_objects, moment, needed
from cloudlink.rest.forms import check_text, number_after, send_form
from cloudlink.rest.html import Element, attribute_of, text_of
from cloudlink.rest.users import User, get_user

if TYPE_CHECKING:  # a post is in a topic and a topic has posts; at run time each imports the other when asked
    from cloudlink.rest.forum_topics import ForumTopic

MAX_PAGES: Final = 100_000
"""More pages than any topic has: a page that tells more is not believed."""


@dataclass(eq=False, repr=False)
class ForumPost(Record):
    """A post of the forum.

    Attributes:
        id: its number.
        author: who wrote it.
        author_id: the author's number; None from a search.
        posted: when, exactly; None where only the page tells it, which shows no zone.
        posted_text: when, in the page's words, such as "Yesterday 11:22:33"; None from a search.
        edited: when it was last edited, exactly; None if it never was, or where only the page tells it.
        edited_text: when it was last edited, in the page's words; None if it never was.
        edited_by: who edited it last; None if nobody did.
        html_content: the text, as HTML.
        signature: the author's signature, as HTML; "" if there is none, None from a search.
        number: its place in the topic, from 1; None from a search.
        topic_id: the number of the topic; None from a search whose index leaves it out.
        topic_name: the title of the topic.
        topic_category: the name of the category.
        deleted: True once `update` found it gone.
        raw: the whole answer; of a page, the post's HTML as `html`.
    """

    id: int
    author: str | None
    author_id: int | None
    posted: datetime | None
    posted_text: str | None
    edited: datetime | None
    edited_text: str | None
    edited_by: str | None
    html_content: str | None
    signature: str | None
    number: int | None
    topic_id: int | None
    topic_name: str | None
    topic_category: str | None
    deleted: bool
    raw: Mapping[str, Any]
    client: Client
    _source: str | None = field(default=None, init=False)

    def __repr__(self) -> str:
        return f"<ForumPost {self.id} by {self.author!r}>"

    @property
    def url(self) -> str:
        """The address of the post."""
        return self.client.hosts.url("site", self._page)

    @property
    def bb_content(self) -> str:
        """The text as it was written, as BBCode; fetched when it is read first.

        GET scratch.mit.edu/discuss/post/{id}/source/; no login. VERIFIED.

        Raises:
            NotFound: the post is gone.
        """
        if self._source is None:
            target = endpoints.FORUM_POST_SOURCE.at(post_id=self.id)
            self._source = self.client.request(target, reply="bytes", what=self._what).decode("utf-8", "replace")
        return self._source

    def update(self) -> None:
        """Fetch the attributes again; a post that is gone is `deleted` from then on.

        GET scratch.mit.edu/discuss/post/{id}/, as `get_post`; no login. VERIFIED.
        """
        self._source = None
        try:
            fresh = get_post(self.id, client=self.client)
        except NotFound:
            self.deleted = True
            return
        for one in fields(self):
            setattr(self, one.name, getattr(fresh, one.name))

    def get_topic(self) -> ForumTopic:
        """The topic; see `get_topic`."""
        from cloudlink.rest.forum_topics import get_topic

        if self.topic_id is None:
            self.update()
        return get_topic(needed(self.topic_id, "topic_id", of=self._what), client=self.client)

    def get_author(self) -> User:
        """The author; see `get_user`."""
        return get_user(needed(self.author, "author", of=self._what), client=self.client)

    def edit(self, new_content: str) -> None:
        """Change the text of your post.

        POST scratch.mit.edu/discuss/post/{id}/edit/; login as the author. VERIFIED.

        Args:
            new_content: the whole new text, as BBCode.

        Raises:
            InvalidArgument: it is empty; nothing was sent.
            Forbidden: the post is not yours, or its topic is closed.
            Rejected: the site does not take it.
        """
        values = {"body": check_text(new_content, name="a post")}
        target = endpoints.FORUM_POST_EDIT.at(post_id=self.id)
        send_form(self.client, target, values, what=self._what, referer=target.path)
        self._source = None

    def report(self, reason: str) -> None:
        """Report the post to the moderators.

        POST scratch.mit.edu/discuss/misc/?action=report&post_id={id}; login. REPORTED.

        Args:
            reason: why, in your own words.

        Raises:
            InvalidArgument: there is no reason; nothing was sent.
        """
        values = {"reason": check_text(reason, name="a report")}
        query: Query = {"action": "report", "post_id": self.id}
        send_form(
            self.client,
            endpoints.FORUM_POST_REPORT.at(),
            values,
            what=self._what,
            referer=self._page,
            query=query,
        )

    def ocular_reactions(self) -> list[dict[str, Any]]:
        """The reactions on Ocular, as it tells them: for each emoji, who gave it.

        GET my-ocular.jeffalo.net/api/reactions/{id}; no login. VERIFIED. Not run by Scratch, and at times down.

        Raises:
            SiteUnreachable: it is down.
        """
        target = endpoints.OCULAR_REACTIONS.at(post_id=self.id)
        answer = self.client.request(target, reply="json", what=f"Ocular reactions to {self._what}")
        return [dict(one) for one in as_objects(answer, of="Ocular")]

    @property
    def _what(self) -> str:
        return f"forum post {self.id}"

    @property
    def _page(self) -> str:
        return endpoints.FORUM_POST.at(post_id=self.id).path


@dataclass(frozen=True)
class TopicPage:
    """A page of a topic.

    Attributes:
        topic_id: the topic.
        title: its title.
        category: the name of its category.
        category_id: the number of its category.
        page: which page this is, from 1.
        pages: how many there are.
        posts: the posts on it, in order.
    """

    topic_id: int
    title: str | None
    category: str | None
    category_id: int | None
    page: int
    pages: int
    posts: tuple[ForumPost, ...]


def read_topic_page(page: Element, *, topic_id: int, client: Client) -> TopicPage:
    """What a page of a topic says; by classes and ids, for the real pages are not well-formed."""
    category, category_id, title = None, None, None
    for item in page.all("div.linkst ul li"):
        found = re.search(r"/discuss/([0-9]{1,20})/?$", attribute_of(item.first("a"), "href") or "")
        if found:
            category, category_id = text_of(item.first("a")), int(found[1])
        elif category_id is not None:
            title = item.text().removeprefix("»").strip()
    title = title or text_of(page.first("div.blockpost h3"))
    numbers = [_small_number(text_of(link)) for link in page.all("div.pagination .page")]
    current = _small_number(text_of(page.first("div.pagination .current.page"))) or 1
    posts = tuple(
        _read_post(block, topic_id=topic_id, title=title, category=category, client=client)
        for block in page.all("div.blockpost")
        if re.fullmatch("p[0-9]{1,20}", block.attribute("id") or "")
    )
    return TopicPage(topic_id, title, category, category_id, current, max([current, *numbers]), posts)


def _small_number(text: str | None) -> int:
    return min(int(text), MAX_PAGES) if text and re.fullmatch("[0-9]{1,9}", text) else 0


def _read_post(block: Element, *, topic_id: int, title: str | None, category: str | None, client: Client) -> ForumPost:
    picture = re.search(r"/user/([0-9]{1,20})_", attribute_of(block.first("dd.postavatar img"), "src") or "")
    place = re.fullmatch("#([0-9]{1,9})", text_of(block.first(".box-head span.conr")) or "")
    body, signature = block.first("div.post_body_html"), block.first("div.postsignature")
    edit = text_of(block.first("em.posteditmessage"))
    edited = re.fullmatch(r"Last edited by (\S+) \((.*)\)", edit or "")
    return ForumPost(
        id=int((block.attribute("id") or "p0")[1:]),
        author=text_of(block.first(".postleft a.username")),
        author_id=int(picture[1]) if picture else None,
        posted=None,
        posted_text=text_of(block.first('.box-head a[href*="/discuss/post/"]')),
        edited=None,
        edited_text=edited[2] if edited else edit,
        edited_by=edited[1] if edited else None,
        html_content=None if body is None else body.content,
        signature="" if signature is None else signature.content,
        number=int(place[1]) if place else None,
        topic_id=topic_id,
        topic_name=title,
        topic_category=category,
        deleted=False,
        raw={"html": block.source},
        client=client,
    )


def fetch_topic_page(topic_id: int, page: int, *, client: Client) -> TopicPage:
    """A page of a topic, the posts of the last one with exact times.

    Raises:
        NotFound: there is no such topic or page.
    """
    what = f"forum topic {topic_id}"
    target = endpoints.FORUM_TOPIC.at(topic_id=topic_id)
    query = {"page": page} if page > 1 else None
    found = read_topic_page(
        client.request(target, reply="html", what=what, query=query), topic_id=topic_id, client=client
    )
    fill_times(found, client=client)
    return found


def fill_times(page: TopicPage, *, client: Client) -> None:
    """Give the posts of a topic's last page their exact times, from the topic's feed of newest posts.

    GET scratch.mit.edu/discuss/feeds/topic/{id}/; no login. VERIFIED.
    """
    if page.page < page.pages or not page.posts:
        return
    target = endpoints.FORUM_TOPIC_FEED.at(topic_id=page.topic_id)
    feed = client.request(target, reply="html", what=f"feed of forum topic {page.topic_id}")
    times = read_feed(feed)
    for post in page.posts:
        posted, updated = times.get(post.id, (None, None))
        post.posted = posted
        post.edited = updated if post.edited_text is not None else None


def read_feed(feed: Element) -> dict[int, tuple[datetime | None, datetime | None]]:
    """When each post of a feed was written and last changed. Atom, read as HTML, which takes any text."""
    times = {}
    for entry in feed.all("entry"):
        post_id = number_after(text_of(entry.first("id")) or "", "post")
        if post_id is not None:
            published, updated = (text_of(entry.first(name)) for name in ("published", "updated"))
            times[post_id] = (moment(published), moment(updated))
    return times


def get_post(post_id: int | str, *, client: Client | None = None) -> ForumPost:
    """A post of the forum.

    GET scratch.mit.edu/discuss/post/{post_id}/, which leads to the page of its topic; if that is the last one, its
    feed for the exact time; no login. VERIFIED.

    Args:
        post_id: the number in the post's address.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: post_id is no number.
        NotFound: there is no such post, or it was deleted.
    """
    client = default_client() if client is None else client
    what = f"forum post {post_id}"
    target = endpoints.FORUM_POST.at(post_id=checked_number(post_id, "post_id"))
    path, page = client.page(target, what=what)
    own_address = attribute_of(page.first('meta[property="og:url"]'), "content") or ""
    topic_id = number_after(path, "topic") or number_after(own_address, "topic")
    found = read_topic_page(page, topic_id=topic_id, client=client) if topic_id is not None else None
    post = next((post for post in found.posts if post.id == int(post_id)), None) if found else None
    if found is None or post is None:
        raise NotFound(f"there is no {what}, or it was deleted", status=200, what=what)
    fill_times(found, client=client)
    return post
