"""The table of what the site answers: method, host, path and the auth it asks for.

A pattern is a path with places: `{username}` takes one part of the path, and a name that ends in `_id` takes a
number only. Among the patterns that fit, the one with the fewest places wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cloudlink.testing.site.exchange import Reply, Request

if TYPE_CHECKING:
    from cloudlink.testing.site.world import World

WEB: Final = "scratch.mit.edu"
API: Final = "api.scratch.mit.edu"
PROJECTS: Final = "projects.scratch.mit.edu"
ASSETS: Final = "assets.scratch.mit.edu"
BACKPACK: Final = "backpack.scratch.mit.edu"
CLOUD: Final = "clouddata.scratch.mit.edu"
UPLOADS: Final = "uploads.scratch.mit.edu"
CDN2: Final = "cdn2.scratch.mit.edu"
TRANSLATE: Final = "translate-service.scratch.mit.edu"
SYNTHESIS: Final = "synthesis-service.scratch.mit.edu"
OCULAR: Final = "my-ocular.jeffalo.net"
FORUM_SEARCH: Final = "scratchdb.lefty.one"
TRAMPOLINE: Final = "trampoline.turbowarp.org"

HOSTS: Final = (
    WEB,
    API,
    PROJECTS,
    ASSETS,
    BACKPACK,
    CLOUD,
    UPLOADS,
    CDN2,
    TRANSLATE,
    SYNTHESIS,
    OCULAR,
    FORUM_SEARCH,
    TRAMPOLINE,
)
"""All hosts that the site stands in for, the third parties of the reference included."""


class Auth(Enum):
    """What a caller must show."""

    NONE = auto()
    """Nothing; who shows a good token or cookie is known all the same."""
    TOKEN = auto()
    """The header `X-Token`, or the query parameter `x-token`."""
    COOKIE = auto()
    """The session cookie and `X-Requested-With`."""
    PAGE = auto()
    """The session cookie, as a browser shows it."""
    LOGIN = auto()
    """The CSRF pair, `X-Requested-With` and the Referer: everything of WEB but the session."""
    WEB = auto()
    """The session cookie, the CSRF pair, `X-Requested-With` and the Referer."""
    FORM = auto()
    """The session cookie, the CSRF pair (the form's field will do) and the Referer."""
    PROXY = auto()
    """TOKEN and WEB, of the same user."""
    FILES = auto()
    """The session cookie and the CSRF cookie."""


Handler = Callable[["World", Request], Reply]


@dataclass(frozen=True)
class Route:
    """One line of the table."""

    method: str
    host: str
    path: str
    auth: Auth
    handler: Handler

    @cached_property
    def places(self) -> int:
        """How many places the pattern has."""
        return self.path.count("{")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a regular expression."""
        parts = re.split(r"\{(\w+)\}", self.path)
        for i in range(1, len(parts), 2):
            parts[i] = f"(?P<{parts[i]}>{'[0-9]{1,15}' if parts[i].endswith('_id') else '[^/]+'})"
        parts[::2] = [re.escape(part) for part in parts[::2]]
        return re.compile("".join(parts))


class Routes:
    """A part of the table, filled by a decorator."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(self, method: str, host: str, *paths: str, auth: Auth = Auth.NONE) -> Callable[[Handler], Handler]:
        """Put the decorated function under one or several paths; it is given back unchanged."""

        def put(handler: Handler) -> Handler:
            self._routes += [Route(method, host, path, auth, handler) for path in paths]
            return handler

        return put


class Table:
    """The whole table."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = sorted(routes, key=lambda route: route.places)

    def find(self, method: str, host: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route for a request and what stood in its places."""
        for route in self.routes:
            if route.method == method and route.host == host and (match := route.pattern.fullmatch(path)):
                return route, match.groupdict()
        return None

    def methods(self, host: str, path: str) -> list[str]:
        """The methods that a path answers."""
        return sorted({r.method for r in self.routes if r.host == host and r.pattern.fullmatch(path)})
