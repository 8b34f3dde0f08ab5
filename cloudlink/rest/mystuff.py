"""The page "My Stuff" (reference, section 12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, Query
from cloudlink.rest.fields import as_object, as_objects, flag, link, moment, needed, number, text
from cloudlink.rest.paging import by_page
from cloudlink.rest.projects import Project

FILTERS: Final = {
    "all": "all",
    "shared": "shared",
    "unshared": "notshared",
    "notshared": "notshared",
    "trashed": "trashed",
}
"""Our words, and the site's."""

SORTS: Final = ("", "view_count", "love_count", "remixers_count", "title")
"""What the site can sort by; "" is the last change."""


def iter_mystuff_projects(
    client: Client, filter_by: str, *, page: int, sort_by: str, descending: bool, limit: int | None
) -> Iterator[Project]:
    """Your own projects.

    Raises:
        InvalidArgument: there is no such filter or order; nothing was sent.
        LoginRequired: nobody is logged in, or the login is over.
    """
    if filter_by not in FILTERS:
        raise InvalidArgument(f"filter_by is one of {', '.join(FILTERS)}, not {filter_by!r}")
    if sort_by not in SORTS:
        raise InvalidArgument(f"sort_by is '' or one of {', '.join(SORTS[1:])}, not {sort_by!r}")
    target = endpoints.MYSTUFF_PROJECTS.at(filter=FILTERS[filter_by])
    order = {"ascsort": "" if descending else sort_by, "descsort": sort_by if descending else ""}

    def fetch(page: int) -> list[Project]:
        query: Query = {"page": page, **order}
        answer = client.request(target, reply="json", what="My Stuff", query=query, referer="/mystuff/")
        return [read_mystuff_project(item, client=client) for item in as_objects(answer, of="My Stuff")]

    return by_page(fetch, limit=limit, page=page, key=lambda project: project.id)


def read_mystuff_project(value: Any, *, client: Client) -> Project:
    """A project from the page; what the page leaves out is None until `update`."""
    raw = as_object(value, of="My Stuff")
    return Project(
        id=needed(number(raw, "pk"), "pk", of="My Stuff"),
        raw=raw,
        client=client,
        author=text(raw, "fields", "creator", "username") or client.username,
        author_id=number(raw, "fields", "creator", "pk"),
        title=text(raw, "fields", "title"),
        instructions=None,
        notes=None,
        comments_allowed=None,
        public=flag(raw, "fields", "isPublished"),
        created=moment(raw, "fields", "datetime_created"),
        last_modified=moment(raw, "fields", "datetime_modified"),
        share_date=moment(raw, "fields", "datetime_shared"),
        thumbnail_url=link(raw, "fields", "thumbnail_url"),
        remix_parent=None,
        remix_root=None,
        loves=number(raw, "fields", "love_count"),
        favorites=number(raw, "fields", "favorite_count"),
        remix_count=number(raw, "fields", "remixers_count"),
        views=number(raw, "fields", "view_count"),
        project_token=None,
    )
