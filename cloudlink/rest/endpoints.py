"""Every URL of the Scratch site that cloudlink knows, and what login each wants. The one home of URLs.

The sites' addresses can be changed (`Hosts`), for a local test site or a mirror; the paths cannot.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import quote, urlsplit

from cloudlink.errors import InvalidArgument


class Auth(enum.Enum):
    """What a request shows of the login."""

    NONE = "nothing"
    OPEN = "the token, if somebody is logged in: it shows one's own unshared things, and answers are fresh"
    TOKEN = "the header X-Token"
    CSRF = "the pair of cookie and header against forged requests, but no login"
    WEB = "the session cookie and the pair"
    PROXY = "the token, the session cookie and the pair"
    COOKIES = "the session cookie and the cookie of the pair"
    KEY = "the key of the forum's search index, which the caller brings"

    @property
    def wants_login(self) -> bool:
        """Whether the request cannot be made without a login."""
        return self in (Auth.TOKEN, Auth.WEB, Auth.PROXY, Auth.COOKIES)


# A name or a number, or the brackets of IPv6; a port; a path; no user, query or fragment.
_HOST: Final = re.compile(r"(?:http|ws)s?://([^\s?#@/\[\]]+|\[[0-9a-fA-F:.]+\](:[0-9]+)?)(/[^\s?#]*)?")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the parts of the site are; each is a scheme and a host, and may have a path.

    Example:
        >>> Hosts(api="http://127.0.0.1:8080/api").url("api", "/news")
        'http://127.0.0.1:8080/api/news'
    """

    api: str = "https://api.scratch.mit.edu"
    site: str = "https://scratch.mit.edu"
    projects: str = "https://projects.scratch.mit.edu"
    assets: str = "https://assets.scratch.mit.edu"
    backpack: str = "https://backpack.scratch.mit.edu"
    logs: str = "https://clouddata.scratch.mit.edu"
    cloud: str = "wss://clouddata.scratch.mit.edu"
    translate: str = "https://translate-service.scratch.mit.edu"
    synthesis: str = "https://synthesis-service.scratch.mit.edu"
    uploads: str = "https://uploads.scratch.mit.edu"
    ocular: str = "https://my-ocular.jeffalo.net"
    forum_search: str = "https://scratchdb.lefty.one"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            scheme = "wss" if field.name == "cloud" else "https"
            if not _HOST.fullmatch(value) or (value.startswith("ws") is not scheme.startswith("ws")):
                raise InvalidArgument(f"the host {field.name} is to look like {scheme}://example.org, not {value!r}")

    @classmethod
    def at(cls, addresses: Mapping[str, str], **others: str) -> Hosts:
        """The hosts of a site that stands in for all of Scratch's, such as a `cloudlink.testing.LocalSite`.

        Args:
            addresses: from the real names ("api.scratch.mit.edu") to the addresses to use in their place, as
                `LocalSite.hosts` has them. The cloud's socket is taken to be where its logs are.
            others: hosts by their names here, as in `cloud="ws://127.0.0.1:9080"`; they win.

        Raises:
            InvalidArgument: one of Scratch's hosts is not among them. It is not left at the real address, so that a
                test can never reach the real site by mistake.

        Example:
            >>> from cloudlink.testing import LocalSite
            >>> with LocalSite() as site:
            ...     hosts = Hosts.at(site.hosts)
        """
        found = dict(others)
        for field in fields(cls):
            if field.name in found:
                continue
            real = urlsplit(str(field.default))
            if real.netloc not in addresses:
                raise InvalidArgument(f"there is no address for {real.netloc}; pass {field.name}= for it")
            address = addresses[real.netloc]
            found[field.name] = re.sub("^http", "ws", address) if real.scheme == "wss" else address
        return cls(**found)

    def url(self, host: str, path: str) -> str:
        """The whole URL of a path on one of the hosts."""
        base: str = getattr(self, host)
        return base.rstrip("/") + path


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint whose placeholders are filled."""

    method: str
    host: str
    path: str
    auth: Auth


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method, a host and a path with {placeholders}."""

    method: str
    host: str
    path: str
    auth: Auth = Auth.NONE

    def at(self, **values: str | int) -> Target:
        """The endpoint with its placeholders filled, each quoted so that it stays one step of the path.

        Raises:
            InvalidArgument: a value is empty, or would lead to another path.
        """
        quoted = {name: _step(name, value) for name, value in values.items()}
        return Target(self.method, self.host, self.path.format(**quoted), self.auth)


def _step(name: str, value: str | int) -> str:
    text = str(value).strip()
    if value is None or text in ("", ".", ".."):
        raise InvalidArgument(f"{name} {value!r} cannot be part of an address; pass the name or the number itself")
    return quote(text, safe="")


def checked_number(value: str | int, name: str) -> int:
    """An id, once it is sure that it is one.

    Raises:
        InvalidArgument: it is no whole number.
    """
    if not re.fullmatch(r"[0-9]{1,20}", str(value)):
        raise InvalidArgument(f"{name} is the number in the address of the page, not {value!r}")
    return int(value)


def _get(path: str, auth: Auth = Auth.OPEN, host: str = "api") -> Endpoint:
    return Endpoint("GET", host, path, auth)


# Login (reference, section 3)
CSRF_TOKEN: Final = _get("/csrf_token/", Auth.NONE, "site")
LOGIN: Final = Endpoint("POST", "site", "/login/", Auth.CSRF)
LOGOUT: Final = Endpoint("POST", "site", "/accounts/logout/", Auth.WEB)
SESSION: Final = _get("/session/", Auth.WEB, "site")

# Account settings, and checks before one has an account (3.4)
ACCOUNT_SETTINGS: Final = Endpoint("POST", "site", "/accounts/settings/", Auth.WEB)
ACCOUNT_EMAIL: Final = _get("/accounts/email_change/", Auth.WEB, "site")
ACCOUNT_EMAIL_SET: Final = Endpoint("POST", "site", "/accounts/email_change/", Auth.WEB)
ACCOUNT_PASSWORD_SET: Final = Endpoint("POST", "site", "/accounts/password_change/", Auth.WEB)
ACCOUNT_PASSWORD_CHECK: Final = Endpoint("POST", "site", "/accounts/check_password/", Auth.WEB)
ACCOUNT_SUBSCRIPTION: Final = Endpoint("POST", "site", "/accounts/settings/update_subscription/", Auth.WEB)
ACCOUNT_DELETE: Final = Endpoint("POST", "site", "/accounts/settings/delete_account/", Auth.WEB)
ACCOUNT_PROMOTE: Final = _get("/users/{username}/promote-to-scratcher/", Auth.WEB, "site")
PASSWORD_RESET: Final = Endpoint("POST", "site", "/accounts/password_reset/", Auth.CSRF)
CHECK_USERNAME: Final = _get("/accounts/checkusername/{username}/", Auth.NONE)
CHECK_PASSWORD: Final = Endpoint("POST", "api", "/accounts/checkpassword", Auth.NONE)
CHECK_EMAIL: Final = _get("/accounts/check_email/", Auth.CSRF, "site")

# Users (4)
USER: Final = _get("/users/{username}")
USER_MESSAGE_COUNT: Final = _get("/users/{username}/messages/count", Auth.NONE)
USER_FOLLOWERS: Final = _get("/users/{username}/followers")
USER_FOLLOWING: Final = _get("/users/{username}/following")
USER_PROJECTS: Final = _get("/users/{username}/projects")
USER_FAVORITES: Final = _get("/users/{username}/favorites")
USER_STUDIOS: Final = _get("/users/{username}/studios/curate")
USER_VIEWED: Final = _get("/users/{username}/projects/recentlyviewed", Auth.TOKEN)
USER_PROFILE: Final = _get("/site-api/users/all/{username}/", Auth.NONE, "site")
USER_PROFILE_SET: Final = Endpoint("PUT", "site", "/site-api/users/all/{username}/", Auth.WEB)
USER_FOLLOW: Final = Endpoint("PUT", "site", "/site-api/users/followers/{username}/add/", Auth.WEB)
USER_UNFOLLOW: Final = Endpoint("PUT", "site", "/site-api/users/followers/{username}/remove/", Auth.WEB)
USER_PAGE: Final = _get("/users/{username}/", Auth.NONE, "site")
USER_LIST_PAGE: Final = _get("/users/{username}/{page}/", Auth.NONE, "site")
USER_LOVES_PAGE: Final = _get("/projects/all/{username}/loves/", Auth.NONE, "site")
USER_ACTIVITY: Final = _get("/messages/ajax/user-activity/", Auth.NONE, "site")
USER_PICTURE_SET: Final = Endpoint("POST", "site", "/site-api/users/all/{username}/", Auth.WEB)
USER_REPORT: Final = Endpoint("POST", "site", "/site-api/users/all/{username}/report/", Auth.WEB)
OCULAR_USER: Final = _get("/api/user/{username}", Auth.NONE, "ocular")
OCULAR_REACTIONS: Final = _get("/api/reactions/{post_id}", Auth.NONE, "ocular")

# Profile comments (5)
PROFILE_COMMENTS: Final = _get("/site-api/comments/user/{username}/", Auth.NONE, "site")
PROFILE_COMMENT_ADD: Final = Endpoint("POST", "site", "/site-api/comments/user/{username}/add/", Auth.WEB)
PROFILE_COMMENT_DELETE: Final = Endpoint("POST", "site", "/site-api/comments/user/{username}/del/", Auth.WEB)
PROFILE_COMMENT_REPORT: Final = Endpoint("POST", "site", "/site-api/comments/user/{username}/rep/", Auth.WEB)
PROFILE_COMMENTS_TOGGLE: Final = Endpoint(
    "POST", "site", "/site-api/comments/user/{username}/toggle-comments/", Auth.WEB
)

# Projects (6)
PROJECT: Final = _get("/projects/{project_id}")
PROJECT_SET: Final = Endpoint("PUT", "api", "/projects/{project_id}", Auth.TOKEN)
PROJECT_REMIXES: Final = _get("/projects/{project_id}/remixes")
PROJECT_STUDIOS: Final = _get("/users/{username}/projects/{project_id}/studios")
PROJECT_VISIBILITY: Final = _get("/users/{username}/projects/{project_id}/visibility", Auth.TOKEN)
PROJECT_MARK_CHECK: Final = _get("/projects/{project_id}/{mark}/user/{username}", Auth.TOKEN)
PROJECT_MARK_SET: Final = Endpoint("POST", "api", "/proxy/projects/{project_id}/{mark}/user/{username}", Auth.PROXY)
PROJECT_MARK_UNDO: Final = Endpoint("DELETE", "api", "/proxy/projects/{project_id}/{mark}/user/{username}", Auth.PROXY)
PROJECT_VIEW: Final = Endpoint("POST", "api", "/users/{username}/projects/{project_id}/views", Auth.NONE)
PROJECT_SHARE: Final = Endpoint("PUT", "api", "/proxy/projects/{project_id}/share", Auth.PROXY)
PROJECT_UNSHARE: Final = Endpoint("PUT", "api", "/proxy/projects/{project_id}/unshare", Auth.PROXY)
PROJECT_SITE_SET: Final = Endpoint("PUT", "site", "/site-api/projects/all/{project_id}/", Auth.WEB)
PROJECT_THUMBNAIL_SET: Final = Endpoint("POST", "site", "/internalapi/project/thumbnail/{project_id}/set/", Auth.WEB)
PROJECT_REPORT: Final = Endpoint("POST", "api", "/proxy/projects/{project_id}/report", Auth.PROXY)
PROJECT_COUNT: Final = _get("/projects/count/all", Auth.NONE)
TRASH_EMPTY: Final = Endpoint("PUT", "site", "/site-api/projects/trashed/empty/", Auth.WEB)

# Project files and assets (7)
PROJECT_FILE: Final = _get("/{project_id}", Auth.NONE, "projects")
PROJECT_CREATE: Final = Endpoint("POST", "projects", "/", Auth.COOKIES)
PROJECT_SAVE: Final = Endpoint("PUT", "projects", "/{project_id}", Auth.COOKIES)
ASSET: Final = _get("/{md5ext}", Auth.NONE, "assets")
ASSET_CHECK: Final = Endpoint("HEAD", "assets", "/{md5ext}")
ASSET_UPLOAD: Final = Endpoint("POST", "assets", "/{md5ext}", Auth.COOKIES)

# Comments on projects and studios (8)
PROJECT_COMMENTS: Final = _get("/users/{username}/projects/{project_id}/comments")
PROJECT_COMMENT: Final = _get("/users/{username}/projects/{project_id}/comments/{comment_id}")
PROJECT_REPLIES: Final = _get("/users/{username}/projects/{project_id}/comments/{comment_id}/replies")
STUDIO_COMMENTS: Final = _get("/studios/{studio_id}/comments")
STUDIO_COMMENT: Final = _get("/studios/{studio_id}/comments/{comment_id}")
STUDIO_REPLIES: Final = _get("/studios/{studio_id}/comments/{comment_id}/replies")
COMMENT_ADD: Final = Endpoint("POST", "api", "/proxy/comments/{place}/{place_id}", Auth.PROXY)
COMMENT_DELETE: Final = Endpoint("DELETE", "api", "/proxy/comments/{place}/{place_id}/comment/{comment_id}", Auth.PROXY)
COMMENT_REPORT: Final = Endpoint("POST", "api", "/proxy/{place}/{place_id}/comment/{comment_id}/report", Auth.PROXY)

# Studios (9)
STUDIO: Final = _get("/studios/{studio_id}")
STUDIO_PROJECTS: Final = _get("/studios/{studio_id}/projects")
STUDIO_MANAGERS: Final = _get("/studios/{studio_id}/managers")
STUDIO_CURATORS: Final = _get("/studios/{studio_id}/curators")
STUDIO_ACTIVITY: Final = _get("/studios/{studio_id}/activity")
STUDIO_CLASSROOM: Final = _get("/studios/{studio_id}/classroom")
STUDIO_ROLE: Final = _get("/studios/{studio_id}/users/{username}", Auth.TOKEN)
STUDIO_ADD_PROJECT: Final = Endpoint("POST", "api", "/studios/{studio_id}/project/{project_id}", Auth.TOKEN)
STUDIO_REMOVE_PROJECT: Final = Endpoint("DELETE", "api", "/studios/{studio_id}/project/{project_id}", Auth.TOKEN)
STUDIO_FOLLOW: Final = Endpoint("PUT", "site", "/site-api/users/bookmarkers/{studio_id}/add/", Auth.WEB)
STUDIO_UNFOLLOW: Final = Endpoint("PUT", "site", "/site-api/users/bookmarkers/{studio_id}/remove/", Auth.WEB)
STUDIO_SET: Final = Endpoint("PUT", "site", "/site-api/galleries/all/{studio_id}/", Auth.WEB)
STUDIO_PICTURE_SET: Final = Endpoint("POST", "site", "/site-api/galleries/all/{studio_id}/", Auth.WEB)
STUDIO_REPORT: Final = Endpoint("POST", "site", "/site-api/galleries/all/{studio_id}/report/", Auth.WEB)
STUDIO_OPEN: Final = Endpoint("PUT", "site", "/site-api/galleries/{studio_id}/mark/open/", Auth.WEB)
STUDIO_CLOSE: Final = Endpoint("PUT", "site", "/site-api/galleries/{studio_id}/mark/closed/", Auth.WEB)
STUDIO_COMMENTS_TOGGLE: Final = Endpoint(
    "POST", "site", "/site-api/comments/gallery/{studio_id}/toggle-comments/", Auth.WEB
)
STUDIO_PEOPLE: Final = Endpoint("PUT", "site", "/site-api/users/curators-in/{studio_id}/{action}/", Auth.WEB)
STUDIO_TRANSFER: Final = Endpoint("PUT", "api", "/studios/{studio_id}/transfer/{username}", Auth.PROXY)
STUDIO_CREATE: Final = Endpoint("POST", "site", "/studios/create/", Auth.WEB)

# Messages and feed (10)
MESSAGES: Final = _get("/users/{username}/messages", Auth.TOKEN)
ALERTS: Final = _get("/users/{username}/messages/admin", Auth.TOKEN)
INVITATION: Final = _get("/users/{username}/invites", Auth.TOKEN)
ALERT_DISMISS: Final = Endpoint("POST", "site", "/site-api/messages/messages-delete/", Auth.WEB)
MESSAGES_CLEAR: Final = Endpoint("POST", "site", "/site-api/messages/messages-clear/", Auth.WEB)
FEED: Final = _get("/users/{username}/following/users/activity", Auth.TOKEN)
FOLLOWING_LOVES: Final = _get("/users/{username}/following/users/loves", Auth.TOKEN)
FOLLOWING_PROJECTS: Final = _get("/users/{username}/following/users/projects", Auth.TOKEN)
FOLLOWING_STUDIOS_PROJECTS: Final = _get("/users/{username}/following/studios/projects", Auth.TOKEN)

# Search, explore, front page (11)
SEARCH_PROJECTS: Final = _get("/search/projects")
SEARCH_STUDIOS: Final = _get("/search/studios")
EXPLORE_PROJECTS: Final = _get("/explore/projects")
EXPLORE_STUDIOS: Final = _get("/explore/studios")
FEATURED: Final = _get("/proxy/featured", Auth.NONE)
NEWS: Final = _get("/news", Auth.NONE)

# My Stuff, backpack (12, 13)
MYSTUFF_PROJECTS: Final = _get("/site-api/projects/{filter}/", Auth.WEB, "site")
MYSTUFF_STUDIOS: Final = _get("/site-api/galleries/{filter}/", Auth.WEB, "site")
MYSTUFF_PAGE: Final = _get("/mystuff/", Auth.WEB, "site")
BACKPACK: Final = _get("/{username}", Auth.TOKEN, "backpack")
BACKPACK_ADD: Final = Endpoint("POST", "backpack", "/{username}", Auth.TOKEN)
BACKPACK_DELETE: Final = Endpoint("DELETE", "backpack", "/{username}/{item_id}", Auth.TOKEN)
BACKPACK_FILE: Final = _get("/{name}", Auth.NONE, "backpack")

# Forums (14), and what others keep of them (18)
FORUM_INDEX: Final = _get("/discuss/", Auth.NONE, "site")
FORUM_CATEGORY: Final = _get("/discuss/{category_id}/", Auth.NONE, "site")
FORUM_TOPIC: Final = _get("/discuss/topic/{topic_id}/", Auth.NONE, "site")
FORUM_TOPIC_FEED: Final = _get("/discuss/feeds/topic/{topic_id}/", Auth.NONE, "site")
FORUM_TOPIC_ADD: Final = Endpoint("POST", "site", "/discuss/{category_id}/topic/add", Auth.WEB)
FORUM_TOPIC_REPLY: Final = Endpoint("POST", "site", "/discuss/topic/{topic_id}/", Auth.WEB)
FORUM_TOPIC_FOLLOW: Final = Endpoint("POST", "site", "/discuss/subscription/topic/{topic_id}/{action}/", Auth.WEB)
FORUM_POST: Final = _get("/discuss/post/{post_id}/", Auth.NONE, "site")
FORUM_POST_SOURCE: Final = _get("/discuss/post/{post_id}/source/", Auth.NONE, "site")
FORUM_POST_EDIT: Final = Endpoint("POST", "site", "/discuss/post/{post_id}/edit/", Auth.WEB)
FORUM_POST_REPORT: Final = Endpoint("POST", "site", "/discuss/misc/", Auth.WEB)
FORUM_SIGNATURE_SET: Final = Endpoint("POST", "site", "/discuss/settings/{username}/", Auth.WEB)
FORUM_SEARCH: Final = _get("/search/indexes/forum_posts/search", Auth.KEY, "forum_search")

# Classes (15)
CLASS: Final = _get("/classrooms/{class_id}")
CLASS_OF_TOKEN: Final = _get("/classtoken/{token}", Auth.NONE)
CLASS_PROJECTS: Final = _get("/classrooms/{class_id}/projects", Auth.TOKEN)
CLASS_PAGE: Final = _get("/classes/{class_id}/", Auth.NONE, "site")
CLASS_LIST_PAGE: Final = _get("/classes/{class_id}/{page}/", Auth.NONE, "site")
CLASS_PUBLIC_ACTIVITY: Final = _get("/site-api/classrooms/activity/public/{class_id}/", Auth.WEB, "site")
MY_CLASSES: Final = _get("/site-api/classrooms/{filter}/", Auth.WEB, "site")
MY_CLASSES_PAGE: Final = _get("/educators/classes/", Auth.WEB, "site")
MY_CLASS: Final = _get("/site-api/classrooms/all/{class_id}/", Auth.WEB, "site")
MY_CLASS_SET: Final = Endpoint("PUT", "site", "/site-api/classrooms/all/{class_id}/", Auth.WEB)
MY_CLASS_PICTURE_SET: Final = Endpoint("POST", "site", "/site-api/classrooms/all/{class_id}/", Auth.WEB)
MY_CLASS_CLOSE: Final = Endpoint("POST", "site", "/site-api/classrooms/close_classroom/{class_id}/", Auth.WEB)
MY_CLASS_STUDENTS: Final = _get("/site-api/classrooms/students/{class_id}/", Auth.WEB, "site")
MY_STUDENTS: Final = _get("/site-api/classrooms/students/of/{username}/", Auth.WEB, "site")
MY_CLASS_STUDIOS: Final = _get("/site-api/classrooms/studios/{class_id}/", Auth.WEB, "site")
MY_CLASS_ACTIVITY: Final = _get("/site-api/classrooms/activity/{class_id}/{student}/", Auth.WEB, "site")
MY_ALERTS: Final = _get("/site-api/classrooms/alerts/", Auth.WEB, "site")
MY_CLASS_ALERTS: Final = _get("/site-api/classrooms/alerts/{class_id}/", Auth.WEB, "site")
MY_CLASS_LINK: Final = _get("/site-api/classrooms/generate_registration_link/{class_id}/", Auth.WEB, "site")
CLASS_CREATE: Final = Endpoint("POST", "site", "/classes/create_classroom/", Auth.WEB)
CLASS_STUDIO_CREATE: Final = Endpoint("POST", "site", "/classes/create_classroom_gallery/", Auth.WEB)
STUDENT_REGISTER: Final = Endpoint("POST", "site", "/classes/register_new_student/", Auth.CSRF)
STUDENT_COMPLETE: Final = Endpoint("POST", "site", "/classes/student_update_registration/", Auth.WEB)
STUDENT_PASSWORD_SET: Final = Endpoint("POST", "site", "/classes/student_password_change/{username}/", Auth.WEB)
STUDENT_PASSWORD_RESET: Final = Endpoint(
    "POST", "site", "/site-api/classrooms/reset_student_password/{username}/", Auth.WEB
)

# Statistics, health and small services (16)
STATISTICS: Final = _get("/statistics/data/{name}/", Auth.NONE, "site")
HEALTH: Final = _get("/health", Auth.NONE)
SITE_HEALTH: Final = _get("/health", Auth.NONE, "site")
CLOUD_HEALTH: Final = _get("/health", Auth.NONE, "logs")
TRANSLATE: Final = _get("/translate", Auth.NONE, "translate")
LANGUAGES: Final = _get("/supported", Auth.NONE, "translate")
SPEECH: Final = _get("/synth", Auth.NONE, "synthesis")
PICTURE: Final = _get("/get_image/{kind}/{name}", Auth.NONE, "uploads")

# Cloud variables (17)
CLOUD_LOGS: Final = _get("/logs", Auth.NONE, "logs")
