"""Searching the forum in an index that somebody else keeps (reference, section 18.2).

The site itself cannot search its forum, and ScratchDB, which could, was shut down about mid-2024. The index is a
Meilisearch one. It wants a key, which this library does not have: pass yours as `Client(forum_search_key=...)`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, Query, default_client
from cloudlink.rest.fields import as_object, as_objects, look, moment, needed, number, text
from cloudlink.rest.forum_posts import ForumPost, get_post
from cloudlink.rest.forum_topics import forum_categories
from cloudlink.rest.paging import check_range
from cloudlink.rest.users import gone

PAGE: Final = 50
"""Posts on a page, as the Scratch Addons browser extension asks for them."""

SORTS: Final = {"newest": "id:desc", "oldest": "id:asc", "relevance": None}
"""Our words, and the index's."""

ROUND: Final = 1000
"""Meilisearch stops counting at a number of hits that its owner sets, 1,000 if he does not."""

REPLACEMENT: Final = "a key of the forum's search index, as in Client(forum_search_key=...)"


def search_posts(query: str, order: str = "newest", page: int = 0, *, client: Client | None = None) -> list[ForumPost]:
    """The posts of the forum that a search finds, 50 a page; each `post.update()` fetches what the index leaves out.

    GET scratchdb.lefty.one/search/indexes/forum_posts/search; no login, but a key. VERIFIED. Not run by Scratch.

    Args:
        query: what to look for.
        order: "newest" first, "oldest" first, or by "relevance".
        page: which page, from 0.
        client: how to reach the index, with a `forum_search_key`; the default one if left out.

    Raises:
        ServiceGone: the client has no key; nothing was sent.
        InvalidArgument: there is no such order, or page is below 0; nothing was sent.
        Forbidden: the index does not take the key.
        SiteUnreachable: the index is down.
    """
    client = default_client() if client is None else client
    if not client.has_forum_search_key:
        raise gone("search_posts", REPLACEMENT)
    return _posts(_search(client, query, order, page), client=client)


def posts_of_user(username: str, page: int, order: str, *, client: Client) -> list[ForumPost]:
    """A user's posts; see `User.forum_posts`."""
    if not client.has_forum_search_key:
        raise gone("User.forum_posts", REPLACEMENT)
    return _posts(_search(client, "", order, page, _is("username", username)), client=client)


def counts_of_user(username: str, *, client: Client) -> dict[str, int | None]:
    """How many posts a user wrote in each category; see `User.forum_counts`."""
    if not client.has_forum_search_key:
        raise gone("User.forum_counts", REPLACEMENT)
    counts: dict[str, int | None] = {}
    for category in forum_categories(client=client):
        conditions = f"{_is('username', username)} AND {_is('topic.category', category.name)}"
        answer = _search(client, "", "newest", 0, conditions, size=1)
        count: int = needed(number(answer, "totalHits"), "totalHits", of="the forum's search index")
        if count:
            counts[category.name] = count if count % ROUND else None
    return counts


def signature_of_user(username: str, *, client: Client) -> str | None:
    """What stands below a user's posts; see `User.forum_signature`."""
    if not client.has_forum_search_key:
        raise gone("User.forum_signature", f"the signature of any of the user's posts (get_post), or {REPLACEMENT}")
    posts = _posts(_search(client, "", "newest", 0, _is("username", username), size=1), client=client)
    return get_post(posts[0].id, client=client).signature if posts else None


def _search(
    client: Client, query: str, order: str, page: int, conditions: str | None = None, *, size: int = PAGE
) -> Any:
    check_range(None, page)
    if order not in SORTS:
        raise InvalidArgument(f"order is one of {', '.join(SORTS)}, not {order!r}")
    parameters: Query = {
        "attributesToSearchOn": "content",
        "hitsPerPage": size,
        "q": query,
        "filter": conditions,
        "page": page + 1,
        "sort": SORTS[order],
    }
    what = "forum's search index"
    return client.request(endpoints.FORUM_SEARCH.at(), reply="json", what=what, query=parameters)


def _is(name: str, value: str) -> str:
    if re.search(r'["\\\x00-\x1f]', value):
        raise InvalidArgument(f"the index cannot be asked for {value!r}: it has a quote or a backslash in it")
    return f'{name} = "{value}"'


def _posts(answer: Any, *, client: Client) -> list[ForumPost]:
    return [_read_hit(hit, client=client) for hit in as_objects(look(answer, "hits"), of="the forum's search index")]


def _read_hit(value: Any, *, client: Client) -> ForumPost:
    of = "the forum's search index"
    raw = as_object(value, of=of)
    return ForumPost(
        id=needed(number(raw, "id"), "id", of=of),
        author=text(raw, "username"),
        author_id=None,
        posted=moment(raw, "time_posted"),
        posted_text=None,
        edited=moment(raw, "time_last_edited"),
        edited_text=None,
        edited_by=text(raw, "last_edited_by"),
        html_content=text(raw, "content"),
        signature=None,
        number=None,
        topic_id=number(raw, "topic", "id"),
        topic_name=text(raw, "topic", "title"),
        topic_category=text(raw, "topic", "category"),
        deleted=False,
        raw=raw,
        client=client,
    )
