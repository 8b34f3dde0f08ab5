"""Searching and exploring (reference, section 11.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cloudlink.errors import InvalidArgument, ServiceGone
from cloudlink.rest import endpoints
from cloudlink.rest.client import Client, Query, default_client
from cloudlink.rest.projects import Project, iter_projects
from cloudlink.rest.studios import Studio, iter_studios

MODES: Final = ("trending", "popular")


def search_projects(
    query: str = "",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = 40,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> list[Project]:
    """The projects that a search finds. See `iter_search_projects`."""
    return list(iter_search_projects(query, mode, language, limit, offset, client=client))


def iter_search_projects(
    query: str = "",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = None,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> Iterator[Project]:
    """The projects that a search finds, fetched while you read.

    GET /search/projects?q&mode&language, at most 40 a request; no login. VERIFIED. Beyond about 10,000 the site
    refuses.

    Args:
        query: what to look for.
        mode: "trending" or "popular".
        language: as in "en" or "de".
        limit: most projects, None for all.
        offset: how many to leave out at the start.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: there is no such mode; nothing was sent.
        ServiceGone: the mode is "recent", which the site took away.
        Rejected: limit or offset is too far out (while reading).
    """
    client = default_client() if client is None else client
    return iter_projects(
        client, endpoints.SEARCH_PROJECTS, "search", limit, offset, query=_query(query, mode, language)
    )


def search_studios(
    query: str = "",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = 40,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> list[Studio]:
    """The studios that a search finds; they can be read as dicts too. See `iter_search_studios`."""
    return list(iter_search_studios(query, mode, language, limit, offset, client=client))


def iter_search_studios(
    query: str = "",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = None,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> Iterator[Studio]:
    """The studios that a search finds, without their numbers; as `iter_search_projects`.

    GET /search/studios, at most 40 a request; no login. VERIFIED.
    """
    client = default_client() if client is None else client
    return iter_studios(client, endpoints.SEARCH_STUDIOS, "search", limit, offset, query=_query(query, mode, language))


def explore_projects(
    query: str = "*",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = 40,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> list[Project]:
    """The projects on the explore page. See `iter_explore_projects`."""
    return list(iter_explore_projects(query, mode, language, limit, offset, client=client))


def iter_explore_projects(
    query: str = "*",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = None,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> Iterator[Project]:
    """The projects on the explore page; as `iter_search_projects`.

    GET /explore/projects, at most 40 a request; no login. VERIFIED. The site may answer with nothing at all.

    Args:
        query: "*" for all, or a tag: "animations", "art", "games", "music", "stories", "tutorials".
        mode: "trending" or "popular".
        language: as in "en" or "de".
        limit: most projects, None for all.
        offset: how many to leave out at the start.
        client: how to reach the site; the default one if left out.

    Raises:
        InvalidArgument: the query is empty, or there is no such mode; nothing was sent.
        ServiceGone: the mode is "recent", which the site took away.
    """
    client = default_client() if client is None else client
    return iter_projects(
        client, endpoints.EXPLORE_PROJECTS, "explore page", limit, offset, query=_explore(query, mode, language)
    )


def explore_studios(
    query: str = "*",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = 40,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> list[Studio]:
    """The studios on the explore page; they can be read as dicts too. See `iter_explore_studios`."""
    return list(iter_explore_studios(query, mode, language, limit, offset, client=client))


def iter_explore_studios(
    query: str = "*",
    mode: str = "trending",
    language: str = "en",
    limit: int | None = None,
    offset: int = 0,
    *,
    client: Client | None = None,
) -> Iterator[Studio]:
    """The studios on the explore page; as `iter_explore_projects`.

    GET /explore/studios, at most 40 a request; no login. VERIFIED.
    """
    client = default_client() if client is None else client
    return iter_studios(
        client, endpoints.EXPLORE_STUDIOS, "explore page", limit, offset, query=_explore(query, mode, language)
    )


def _explore(query: str, mode: str, language: str) -> Query:
    if not query:
        raise InvalidArgument("the explore page wants a tag, or '*' for all")
    return _query(query, mode, language)


def _query(query: str, mode: str, language: str) -> Query:
    if mode == "recent":
        reason = "the site took the mode 'recent' away"
        raise ServiceGone(f"{reason}; use instead: newest_projects()", reason=reason, replacement="newest_projects()")
    if mode not in MODES:
        raise InvalidArgument(f"mode is one of {', '.join(MODES)}, not {mode!r}")
    return {"q": query, "mode": mode, "language": language}
