"""The numbers and the switches of the site's behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def _filters() -> Mapping[str, str]:
    return MappingProxyType(
        {"badword": "isBad", "chat.example": "hasChatSite", "you stink": "isUnconstructive", "spamspam": "isSpam"}
    )


@dataclass(frozen=True)
class Rules:
    """What the site allows.

    Rules of form (cookies, tokens, limits) are always in force. Rules of time are off, because a test does not want
    to wait: 0 switches each of them off. `SPEED_LIMITS` has the real site's.

    Attributes:
        comment_interval: seconds between two comments of a user (`isFlood`).
        post_interval: seconds between two forum posts; a New Scratcher waits twice as long.
        view_interval: seconds in which a second view of a project by the same caller is 429.
        studio_interval: seconds between two studios that a user creates.
        fresh_project_delay: seconds for which a new project answers 404.
        login_delay: seconds after a login in which `/session/` does not know the user yet.
        token_lifetime: seconds for which a project token is good.
        session_lifetime: seconds for which a session cookie is good.
        login_tries: wrong passwords after which a captcha is needed.
        largest_limit: the most items a list call gives.
        limit_status: the answer to a larger `limit`: 400, as libraries of today report, or 500, as recorded in 2017.
        search_depth: how far `offset + limit` may go in search and explore.
        comment_length: characters of a comment.
        asset_size: bytes of an asset.
        project_size: bytes of a project.json.
        thumbnail_size: bytes of a studio's picture.
        managers: the most managers a studio has.
        mute_seconds: how long a mute lasts that the filter starts.
        filters: words (in small letters) and what a comment with one of them is rejected as; `isBad` words are also
            refused in titles and texts.
        round_trip: seconds of a way to the site and back. Each request takes one; a new connection takes two more,
            as TCP and TLS 1.3 do before the first request.
        refused_agents: user agents that begin so get 403, as those of scripting libraries at times do.
    """

    comment_interval: float = 0.0
    post_interval: float = 0.0
    view_interval: float = 0.0
    studio_interval: float = 0.0
    fresh_project_delay: float = 0.0
    login_delay: float = 0.0
    token_lifetime: float = 300.0
    session_lifetime: float = 1209600.0
    login_tries: int = 5
    largest_limit: int = 40
    limit_status: int = 400
    search_depth: int = 10_000
    comment_length: int = 500
    asset_size: int = 10 << 20
    project_size: int = 5 << 20
    thumbnail_size: int = 524_288
    managers: int = 40
    mute_seconds: float = 900.0
    filters: Mapping[str, str] = field(default_factory=_filters)
    round_trip: float = 0.0
    refused_agents: tuple[str, ...] = ()


SPEED_LIMITS = Rules(
    comment_interval=15.0,
    post_interval=60.0,
    view_interval=3600.0,
    studio_interval=60.0,
    fresh_project_delay=2.0,
    login_delay=1.0,
    refused_agents=("python-requests", "python-urllib", "Python-urllib"),
)
"""The rules with the speed limits that were seen on the real site."""
