"""The page "My Stuff" (reference, section 12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, Query, json_body
from cloudlink.rest.endpoints import Target
from cloudlink.rest.fields import as_object, as_objects, flag, link, moment, needed, number, text
from cloudlink.rest.html import text_of
from cloudlink.rest.paging import by_page, sort_parameters
from cloudlink.rest.projects import Project
from cloudlink.rest.studios import Studio

FILTERS: Final = {
    "all": "all",
    "shared": "shared",
    "unshared": "notshared",
    "notshared": "notshared",
    "trashed": "trashed",
}
"""Our words, and the site's."""

STUDIO_FILTERS: Final = ("all", "owned", "curated")

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
    order = sort_parameters(sort_by, SORTS, descending=descending)
    target = endpoints.MYSTUFF_PROJECTS.at(filter=FILTERS[filter_by])

    def fetch(page: int) -> list[Project]:
        return [read_mystuff_project(item, client=client) for item in _fetch(client, target, page, order)]

    return by_page(fetch, limit=limit, page=page, key=lambda project: project.id)


def iter_mystuff_studios(
    client: Client, filter_by: str, *, page: int, sort_by: str, descending: bool, limit: int | None
) -> Iterator[Studio]:
    """Your own studios.

    Raises:
        InvalidArgument: there is no such filter or order; nothing was sent.
        LoginRequired: nobody is logged in, or the login is over.
    """
    if filter_by not in STUDIO_FILTERS:
        raise InvalidArgument(f"filter_by is one of {', '.join(STUDIO_FILTERS)}, not {filter_by!r}")
    order = sort_parameters(sort_by, SORTS, descending=descending)
    target = endpoints.MYSTUFF_STUDIOS.at(filter=filter_by)

    def fetch(page: int) -> list[Studio]:
        return [read_mystuff_studio(item, client=client) for item in _fetch(client, target, page, order)]

    return by_page(fetch, limit=limit, page=page, key=lambda studio: studio.id)


def _fetch(client: Client, target: Target, page: int, order: Mapping[str, str]) -> list[Mapping[str, Any]]:
    query: Query = {"page": page, **order}
    answer = client.request(target, reply="json", what="My Stuff", query=query, referer="/mystuff/")
    return as_objects(answer, of="My Stuff")


def read_mystuff_studio(value: Any, *, client: Client) -> Studio:
    """A studio from the page; what the page leaves out is None until `update`."""
    raw = as_object(value, of="My Stuff")
    return Studio(
        id=needed(number(raw, "pk"), "pk", of="My Stuff"),
        title=text(raw, "fields", "title"),
        description=None,
        host_id=number(raw, "fields", "owner", "pk"),
        open_to_all=None,
        comments_allowed=None,
        image_url=link(raw, "fields", "thumbnail_url"),
        created=moment(raw, "fields", "datetime_created"),
        modified=moment(raw, "fields", "datetime_modified"),
        comment_count=None,
        follower_count=None,
        manager_count=None,
        project_count=number(raw, "fields", "projecters_count"),
        raw=raw,
        client=client,
    )


@dataclass(frozen=True)
class MystuffCounts:
    """How many things you have.

    Attributes:
        shared: projects that everybody sees.
        unshared: projects that only you see.
        studios: studios that you host or curate.
    """

    shared: int
    unshared: int
    studios: int


def fetch_counts(client: Client) -> MystuffCounts:
    """How many things you have.

    Raises:
        BadResponse: the page does not tell.
    """
    page = client.request(endpoints.MYSTUFF_PAGE.at(), reply="html", what="My Stuff")

    def count(name: str) -> int:
        digits = number(text_of(page.first(f'span[data-content="{name}-count"]')))
        found: int = needed(digits, f"{name}-count", of="My Stuff")
        return found

    return MystuffCounts(shared=count("shared"), unshared=count("unshared"), studios=count("gallery"))


def empty_trash(client: Client, password: str) -> int:
    """Delete the projects in your trash; see `Session.empty_trash`."""
    body = json_body({"csrfmiddlewaretoken": client.csrf_token(), "password": password})
    target = endpoints.TRASH_EMPTY.at()
    answer = client.request(target, reply="json", what="trash", body=body, referer="/mystuff/")
    deleted: int = needed(number(answer, "trashed"), "trashed", of="trash")
    return deleted


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
