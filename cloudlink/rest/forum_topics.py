"""Topics and categories of the forum (reference, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NoReturn

from cloudlink.errors import InvalidArgument, NotFound
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client
from cloudlink.rest.endpoints import checked_number
from cloudlink.rest.fields import Record
from cloudlink.rest.forms import check_taken, check_text, number_after, send_form
from cloudlink.rest.forum_posts import ForumPost, TopicPage, fetch_topic_page
from cloudlink.rest.html import Element, attribute_of, text_of
from cloudlink.rest.paging import by_page, check_range
from cloudlink.rest.users import gone

ORDERS: Final = ("oldest", "newest")


@dataclass(eq=False, repr=False)
class ForumTopic(Record):
    """A topic of the forum.

    Attributes:
        id: its number.
        title: the title.
        category: the name of the category.
        category_id: the number of the category.
        author: who started it.
        pages: how many pages of 20 posts it has; None in lists.
        replies: how many posts besides the first one; None outside of lists, as the next ones.
        views: how often it was looked at.
        closed: whether it is closed; pages that are read without a login do not tell.
        sticky: whether it stays at the top.
        deleted: True once `update` found it gone.
        raw: the HTML that it was read from, as `html`.
    """

    id: int
    title: str | None
    category: str | None
    category_id: int | None
    author: str | None
    pages: int | None
    replies: int | None
    views: int | None
    closed: bool | None
    sticky: bool | None
    deleted: bool
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<ForumTopic {self.id} {self.title!r}>"

    @property
    def url(self) -> str:
        """The address of the topic."""
        return self.client.hosts.url("site", self._page)

    def update(self) -> None:
        """Fetch title, category and number of pages again; a topic that is gone is `deleted` from then on.

        GET scratch.mit.edu/discuss/topic/{id}/; no login. VERIFIED.

        Raises:
            Forbidden: the topic is hidden.
        """
        try:
            page = self._fetch(1)
        except NotFound:
            self.deleted = True
            return
        self.title, self.category, self.category_id = page.title, page.category, page.category_id
        self.pages = page.pages
        self.deleted = False

    def posts(self, page: int = 0, order: str = "oldest") -> list[ForumPost]:
        """The posts of one page of the topic, up to 20.

        GET scratch.mit.edu/discuss/topic/{id}/?page=, for other pages than the first after that one, which tells
        how many there are; no login. VERIFIED. The newest posts come with exact times.

        Args:
            page: which page, from 0.
            order: "oldest" first; or "newest" first, which counts the pages from the end of the topic.

        Returns:
            The posts; none beyond the last page.

        Raises:
            InvalidArgument: there is no such order, or page is below 0; nothing was sent.
            NotFound: the topic is gone.
        """
        check_range(None, page)
        _check_order(order)
        first = self._fetch(1)
        number = page + 1 if order == "oldest" else first.pages - page
        if not 1 <= number <= first.pages:
            return []
        posts = (first if number == 1 else self._fetch(number)).posts
        return list(posts if order == "oldest" else reversed(posts))

    def iter_posts(self, order: str = "oldest", limit: int | None = None) -> Iterator[ForumPost]:
        """The posts of all pages, fetched while you read; as `posts`.

        Args:
            order: "oldest" first or "newest" first.
            limit: most posts, None for all.
        """
        check_range(limit)
        _check_order(order)
        return islice(self._walk(order), limit)

    def _walk(self, order: str) -> Iterator[ForumPost]:
        seen: set[int] = set()
        page = first = self._fetch(1)
        number = 1 if order == "oldest" else first.pages
        while 1 <= number <= page.pages:
            if number != page.page:
                page = first if number == 1 else self._fetch(number)
            for post in page.posts if order == "oldest" else reversed(page.posts):
                if post.id not in seen:
                    seen.add(post.id)
                    yield post
            number += 1 if order == "oldest" else -1

    def first_post(self) -> ForumPost:
        """The post that the topic begins with; as `posts`.

        Raises:
            NotFound: the topic is gone.
        """
        posts = self.posts()
        if not posts:
            raise NotFound(f"there is no post in {self._what}", status=200, what=f"first post of {self._what}")
        return posts[0]

    def post_count_by_user(self, username: str) -> int:
        """How many posts of the topic a user wrote; counted here, over all its pages: a request for each 20 posts.

        GET scratch.mit.edu/discuss/topic/{id}/?page=; no login. VERIFIED.
        """
        wanted = username.casefold()
        return sum((post.author or "").casefold() == wanted for post in self.iter_posts())

    def activity(self) -> NoReturn:
        """Gone: raises ServiceGone. It came from ScratchDB, and nothing replaces it."""
        raise gone("ForumTopic.activity")

    def reply(self, content: str) -> int | None:
        """Write a post into the topic.

        POST scratch.mit.edu/discuss/topic/{id}/; login. REPORTED.

        Args:
            content: the text, as BBCode.

        Returns:
            The number of the new post, for `get_post`; None if the site does not tell it.

        Raises:
            InvalidArgument: the text is empty; nothing was sent.
            RateLimited: it comes too soon: the site wants 60 seconds between posts, 120 of New Scratchers.
            Rejected: the site does not take it.
            Forbidden: the topic is closed.
        """
        values = {"body": check_text(content, name="a post"), "AddPostForm": ""}
        target = endpoints.FORUM_TOPIC_REPLY.at(topic_id=self.id)
        path = send_form(self.client, target, values, what=self._what, referer=self._page, files=True)
        return number_after(path, "post")

    def follow(self) -> None:
        """Get a message for each new post.

        POST scratch.mit.edu/discuss/subscription/topic/{id}/add/; login. REPORTED.
        """
        self._subscribe("add")

    def unfollow(self) -> None:
        """Get no messages of it any more; as `follow`, with /delete/. REPORTED.

        Libraries disagree on the address, so /remove/ is tried where the site does not know the first one.
        """
        try:
            self._subscribe("delete")
        except NotFound:
            self._subscribe("remove")

    def _subscribe(self, action: str) -> None:
        target = endpoints.FORUM_TOPIC_FOLLOW.at(topic_id=self.id, action=action)
        self.client.submit(target, {}, what=self._what, referer=self._page)

    def _fetch(self, page: int) -> TopicPage:
        return fetch_topic_page(self.id, page, client=self.client)

    @property
    def _what(self) -> str:
        return f"forum topic {self.id}"

    @property
    def _page(self) -> str:
        return endpoints.FORUM_TOPIC.at(topic_id=self.id).path


def _check_order(order: str) -> None:
    if order not in ORDERS:
        raise InvalidArgument(f"order is one of {', '.join(ORDERS)}, not {order!r}")


@dataclass(frozen=True, eq=False, repr=False)
class ForumCategory(Record):
    """A category of the forum, as its front page shows it.

    Attributes:
        id: its number.
        name: its name.
        description: what it is for.
        section: the heading that it stands under.
        topic_count: how many topics.
        post_count: how many posts.
        raw: the HTML that it was read from, as `html`.
    """

    id: int
    name: str
    description: str | None
    section: str | None
    topic_count: int | None
    post_count: int | None
    raw: Mapping[str, Any]
    client: Client

    def __repr__(self) -> str:
        return f"<ForumCategory {self.id} {self.name!r}>"

    def topics(self, page: int = 0) -> list[ForumTopic]:
        """The topics of one page; see `get_topic_list`."""
        return get_topic_list(self.id, page, client=self.client)

    def post_topic(self, title: str, content: str, *, follow: bool = False) -> int | None:
        """Start a topic.

        POST scratch.mit.edu/discuss/{id}/topic/add; login. REPORTED.

        Args:
            title: its title.
            content: its first post, as BBCode.
            follow: get a message for each new post.

        Returns:
            The number of the new topic, for `get_topic`; None if the site does not tell it.

        Raises:
            InvalidArgument: the title or the text is empty; nothing was sent.
            RateLimited: it comes too soon after your last post.
            Rejected: the site does not take it.
        """
        texts = {"name": check_text(title, name="a topic's title"), "body": check_text(content, name="a post")}
        values = texts | {"AddPostForm": ""}
        if follow:
            values["subscribe"] = "on"
        target = endpoints.FORUM_TOPIC_ADD.at(category_id=self.id)
        what = f"new topic in {self.name}"
        path = send_form(self.client, target, values, what=what, referer=f"{target.path}/", files=True)
        return number_after(path, "topic")


def get_topic(topic_id: int | str, *, client: Client | None = None) -> ForumTopic:
    """A topic of the forum.

    GET scratch.mit.edu/discuss/topic/{topic_id}/, and its feed if it has one page only; no login. VERIFIED.

    Args:
        topic_id: the number in the topic's address.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: topic_id is no number.
        NotFound: there is no such topic, or it was deleted: the site answers both alike.
        Forbidden: the topic is hidden.
    """
    client = default_client() if client is None else client
    page = fetch_topic_page(checked_number(topic_id, "topic_id"), 1, client=client)
    return ForumTopic(
        id=page.topic_id,
        title=page.title,
        category=page.category,
        category_id=page.category_id,
        author=page.posts[0].author if page.posts else None,
        pages=page.pages,
        replies=None,
        views=None,
        closed=None,
        sticky=None,
        deleted=False,
        raw={},
        client=client,
    )


def get_topic_list(category: str | int, page: int = 0, *, client: Client | None = None) -> list[ForumTopic]:
    """The topics of one page of a category, up to 25, those with the newest posts first.

    GET scratch.mit.edu/discuss/{category_id}/?page=, for a name after GET scratch.mit.edu/discuss/, which tells its
    number; no login. VERIFIED.

    Args:
        category: the name, such as "Suggestions", in any case, or the number.
        page: which page, from 0.
        client: how to reach the site; the default one if left out.

    Returns:
        The topics; none beyond the last page.

    Raises:
        InvalidArgument: there is no category of that name, or page is below 0.
        NotFound: there is no category of that number.
    """
    check_range(None, page)
    client = default_client() if client is None else client
    return _fetch_topics(_category_id(category, client=client), page + 1, client=client)


def iter_topic_list(
    category: str | int, limit: int | None = None, *, client: Client | None = None
) -> Iterator[ForumTopic]:
    """The topics of a category, fetched while you read; as `get_topic_list`.

    Args:
        category: the name or the number.
        limit: most topics, None for all.
        client: how to reach the site; the default one if left out.
    """
    client = default_client() if client is None else client
    category_id = _category_id(category, client=client)

    def fetch(page: int) -> list[ForumTopic]:
        return _fetch_topics(category_id, page, client=client)

    return by_page(fetch, limit=limit, key=lambda topic: topic.id)


def _category_id(category: str | int, *, client: Client) -> int:
    if re.fullmatch("[0-9]{1,9}", str(category)):
        return int(category)
    categories = forum_categories(client=client)
    for one in categories:
        if one.name.casefold() == str(category).casefold():
            return one.id
    names = ", ".join(one.name for one in categories)
    raise InvalidArgument(f"the forum has no category {category!r}; it has {names[:1000] or 'none'}")


def _fetch_topics(category_id: int, page: int, *, client: Client) -> list[ForumTopic]:
    target = endpoints.FORUM_CATEGORY.at(category_id=category_id)
    answer = client.request(target, reply="html", what=f"forum category {category_id}", query={"page": page})
    name = text_of(answer.first("#vf h4 span"))
    rows = (_read_row(row, category=name, category_id=category_id, client=client) for row in answer.all("#vf tbody tr"))
    return [topic for topic in rows if topic is not None]


def _read_row(row: Element, *, category: str | None, category_id: int, client: Client) -> ForumTopic | None:
    anchor = row.first('td.tcl h3 a[href*="/discuss/topic/"]')
    topic_id = number_after(attribute_of(anchor, "href") or "", "topic")
    if topic_id is None:  # the row that says that there are none
        return None
    icon = row.first("td.tcl > div")
    return ForumTopic(
        id=topic_id,
        title=text_of(anchor),
        category=category,
        category_id=category_id,
        author=_by(row.first("td.tcl span.byuser")),
        pages=None,
        replies=_count(row, "td.tc2"),
        views=_count(row, "td.tc3"),
        closed=icon is not None and icon.has_class("iclosed"),
        sticky=icon is not None and icon.has_class("isticky"),
        deleted=False,
        raw={"html": row.source},
        client=client,
    )


def _by(element: Element | None) -> str | None:
    return None if element is None else element.text().removeprefix("by ") or None


def _count(row: Element, selector: str) -> int | None:
    digits = text_of(row.first(selector)) or ""
    return int(digits) if re.fullmatch("[0-9]{1,15}", digits) else None


def forum_categories(*, client: Client | None = None) -> list[ForumCategory]:
    """The categories of the forum, in the order of its front page.

    GET scratch.mit.edu/discuss/; no login. VERIFIED.

    Args:
        client: how to reach the site; the default one if left out.
    """
    client = default_client() if client is None else client
    page = client.request(endpoints.FORUM_INDEX.at(), reply="html", what="forum")
    found = []
    for block in page.all("div.blocktable"):
        section = text_of(block.first("h4"))
        for row in block.all("tbody tr"):
            anchor = row.first('div.tclcon a[href*="/discuss/"]')
            number = re.search(r"/discuss/([0-9]{1,9})/?$", attribute_of(anchor, "href") or "")
            if anchor is None or number is None:
                continue
            name = anchor.text()
            found.append(
                ForumCategory(
                    id=int(number[1]),
                    name=name,
                    description=(text_of(row.first("div.tclcon")) or "").removeprefix(name).strip() or None,
                    section=section,
                    topic_count=_count(row, "td.tc2"),
                    post_count=_count(row, "td.tc3"),
                    raw={"html": row.source},
                    client=client,
                )
            )
    return found


def set_forum_signature(signature: str, *, client: Client) -> None:
    """Change the text below your posts; see `Session.set_forum_signature`."""
    target = endpoints.FORUM_SIGNATURE_SET.at(username=client.username)
    what = "forum signature"
    answer = client.submit(target, {"signature": signature, "update": ""}, what=what, referer=target.path)
    check_taken(answer, what=what)
