"""The rows and the news of the front page (reference, sections 11.2 and 11.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, default_client
from cloudlink.rest.fields import Record, as_object, as_objects, link, look, moment, needed, number, text
from cloudlink.rest.read_ahead import iter_list


@dataclass(frozen=True, eq=False)
class FeaturedItem(Record):
    """A project or a studio in a row of the front page. It can be read as a dict too.

    Attributes:
        id: its number, for `get_project` or `get_studio`.
        title: the title.
        author: who made it; None for a studio.
        loves: how many love it; None for a studio.
        thumbnail_url: its picture.
        raw: the whole answer.
    """

    id: int
    title: str | None
    author: str | None
    loves: int | None
    thumbnail_url: str | None
    raw: Mapping[str, Any]


def _row(key: str, client: Client | None) -> list[FeaturedItem]:
    client = default_client() if client is None else client
    answer = as_object(client.request(endpoints.FEATURED.at(), reply="json", what="front page"), of="front page")
    row = look(answer, key)
    return [] if row is None else [read_featured(item) for item in as_objects(row, of="front page")]


def read_featured(value: Any) -> FeaturedItem:
    """A project or a studio in a row, from an answer."""
    raw = as_object(value, of="front page")
    return FeaturedItem(
        id=needed(number(raw, "id"), "id", of="front page"),
        title=text(raw, "title"),
        author=text(raw, "creator"),
        loves=number(raw, "love_count"),
        thumbnail_url=link(raw, "thumbnail_url"),
        raw=raw,
    )


def featured_projects(*, client: Client | None = None) -> list[FeaturedItem]:
    """The featured projects.

    GET /proxy/featured, which has all rows; no login. VERIFIED. A row can be empty.

    Args:
        client: how to reach the site; the default one if left out.
    """
    return _row("community_featured_projects", client)


def featured_studios(*, client: Client | None = None) -> list[FeaturedItem]:
    """The featured studios; as `featured_projects`. VERIFIED."""
    return _row("community_featured_studios", client)


def top_loved(*, client: Client | None = None) -> list[FeaturedItem]:
    """What the community is loving; as `featured_projects`. VERIFIED."""
    return _row("community_most_loved_projects", client)


def top_remixed(*, client: Client | None = None) -> list[FeaturedItem]:
    """What the community is remixing; as `featured_projects`. VERIFIED."""
    return _row("community_most_remixed_projects", client)


def newest_projects(*, client: Client | None = None) -> list[FeaturedItem]:
    """The newest projects, which the front page itself does not show; as `featured_projects`. VERIFIED."""
    return _row("community_newest_projects", client)


def design_studio_projects(*, client: Client | None = None) -> list[FeaturedItem]:
    """The projects of the Scratch Design Studio; as `featured_projects`. VERIFIED."""
    return _row("scratch_design_studio", client)


def curated_projects(*, client: Client | None = None) -> list[FeaturedItem]:
    """The projects that a guest picked; as `featured_projects`. VERIFIED."""
    return _row("curator_top_projects", client)


@dataclass(frozen=True, eq=False)
class NewsItem(Record):
    """A piece of news. It can be read as a dict too.

    Attributes:
        id: its number, which can be very large.
        headline: the headline.
        text: the text.
        url: where there is more.
        image_url: its picture.
        time: when it came; not reliable.
        raw: the whole answer.
    """

    id: int
    headline: str | None
    text: str | None
    url: str | None
    image_url: str | None
    time: datetime | None
    raw: Mapping[str, Any]


def read_news(value: Any) -> NewsItem:
    """A piece of news, from an answer."""
    raw = as_object(value, of="news")
    return NewsItem(
        id=needed(number(raw, "id"), "id", of="news"),
        headline=text(raw, "headline"),
        text=text(raw, "copy"),
        url=link(raw, "url"),
        image_url=link(raw, "image"),
        time=moment(raw, "stamp"),
        raw=raw,
    )


def get_news(limit: int | None = 10, offset: int = 0, *, client: Client | None = None) -> list[NewsItem]:
    """The news of the front page, the newest first. See `iter_news`."""
    return list(iter_news(limit, offset, client=client))


def iter_news(limit: int | None = None, offset: int = 0, *, client: Client | None = None) -> Iterator[NewsItem]:
    """The news of the front page, fetched while you read.

    GET /news, at most 40 a request; no login. VERIFIED.

    Args:
        limit: most items, None for all.
        offset: how many to leave out at the start.
        client: how to reach the site; the default one if left out.
    """
    source = default_client() if client is None else client

    def fetch(limit: int, offset: int) -> list[NewsItem]:
        query = {"limit": limit, "offset": offset}
        answer = source.request(endpoints.NEWS.at(), reply="json", what="news", query=query)
        return [read_news(item) for item in as_objects(answer, of="news")]

    return iter_list(fetch, limit=limit, offset=offset, key=lambda item: item.id)
