"""What the site keeps: one small record for each kind of thing. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Place = Literal["project", "studio", "user"]
"""What can be commented on."""


@dataclass(eq=False)
class User:
    """An account.

    Attributes:
        id, username: these two stay; the site finds the user by them.
        following: is changed by the site's `follow` and `unfollow` alone.
        profile_id: a number of its own, not the user's.
        token: what goes into `X-Token`.
        following, loves, favorites, viewed, followed_studios: ids, the oldest first.
        muted_until: when a mute ends; 0 when there was none.
        subscriptions: what the site may send by mail.
        must_reset_password: a student whose teacher wants a new password; the account can do nothing else.
        login_tries: failures since the last success.
        deleted: the account is gone for the public; a pending deletion ends with a login.
    """

    id: int
    username: str
    password: str
    token: str
    joined: float
    profile_id: int
    bio: str = ""
    status: str = ""
    country: str | None = "Location not given"
    email: str | None = None
    email_confirmed: bool = True
    scratchteam: bool = False
    new_scratcher: bool = False
    educator: bool = False
    student_of: int | None = None
    member: bool = False
    banned: bool = False
    deleted: bool = False
    deletion_pending: bool = False
    invited: bool = False
    featured_project: int | None = None
    featured_label: int | None = None
    comments_allowed: bool = True
    signature: str = ""
    avatar: bytes | None = None
    subscriptions: set[str] = field(default_factory=set)
    must_reset_password: bool = False
    muted_until: float = 0.0
    muted_since: float = 0.0
    mute_type: str = "general"
    login_tries: int = 0
    following: list[int] = field(default_factory=list)
    loves: list[int] = field(default_factory=list)
    favorites: list[int] = field(default_factory=list)
    viewed: list[int] = field(default_factory=list)
    followed_studios: list[int] = field(default_factory=list)


@dataclass(eq=False)
class Project:
    """A project with its file.

    Attributes:
        data: the project file as it was saved.
        appears: from when on the API knows it; fresh ones answer 404 for a moment.
        censored: the moderators' text when they hid it.
        viewers: when each caller was last counted.
    """

    id: int
    author_id: int
    title: str
    created: float
    modified: float
    appears: float
    data: bytes
    shared: float | None = None
    is_published: bool = False
    trashed: bool = False
    censored: str | None = None
    instructions: str = ""
    description: str = ""
    comments_allowed: bool = True
    parent: int | None = None
    root: int | None = None
    views: int = 0
    thumbnail: bytes | None = None
    viewers: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False)
class Studio:
    """A studio.

    Attributes:
        managers, curators: user ids, in the order they came; the host is not among them.
        invited: who was invited, and by whom.
        projects: project ids with who added each, the oldest first.
    """

    id: int
    host_id: int
    title: str
    created: float
    modified: float
    description: str = ""
    open_to_all: bool = False
    comments_allowed: bool = True
    deleted: bool = False
    thumbnail: bytes | None = None
    classroom_id: int | None = None
    managers: list[int] = field(default_factory=list)
    curators: list[int] = field(default_factory=list)
    invited: dict[int, int] = field(default_factory=dict)
    projects: dict[int, int] = field(default_factory=dict)


@dataclass(eq=False)
class Comment:
    """A comment, its text as it was written.

    Attributes:
        replies_ever: how many replies there were, deleted ones included: the number that `reply_count` gives.
    """

    id: int
    place: Place
    place_id: int
    author_id: int
    content: str
    created: float
    parent_id: int | None = None
    commentee_id: int | None = None
    deleted: bool = False
    reported_by: list[int] = field(default_factory=list)
    replies_ever: int = 0


@dataclass(eq=False)
class Event:
    """Something somebody did: an item of messages, of the feed, of a studio's activity.

    Attributes:
        facts: the fields that this type has besides the common ones.
        studio_id: in whose activity it stands.
        unread: for messages.
    """

    id: int
    type: str
    actor_id: int
    created: float
    facts: dict[str, Any] = field(default_factory=dict)
    studio_id: int | None = None
    unread: bool = True


@dataclass(eq=False)
class Alert:
    """A message of the moderators."""

    id: int
    actor_id: int
    message: str
    created: float
    unread: bool = True


@dataclass(eq=False)
class Category:
    """A forum."""

    id: int
    name: str
    description: str = ""
    section: str = "Making Scratch Projects"


@dataclass(eq=False)
class Topic:
    """A topic of a forum."""

    id: int
    category_id: int
    author_id: int
    title: str
    closed: bool = False
    sticky: bool = False
    deleted: bool = False
    hidden: bool = False
    views: int = 0
    followers: list[int] = field(default_factory=list)


@dataclass(eq=False)
class Post:
    """A post of a topic, as BBCode."""

    id: int
    topic_id: int
    author_id: int
    body: str
    created: float
    edited: float | None = None
    edited_by: int | None = None
    deleted: bool = False
    reports: list[str] = field(default_factory=list)


@dataclass(eq=False)
class BackpackItem:
    """A thing in a backpack; body and thumbnail are names of files."""

    id: str
    type: str
    mime: str
    name: str
    body: str
    thumbnail: str


@dataclass(eq=False)
class Classroom:
    """A class of a teacher."""

    id: int
    educator_id: int
    title: str
    token: str
    created: float
    description: str = ""
    status: str = ""
    ended: bool = False
    thumbnail: bytes | None = None
    student_ids: list[int] = field(default_factory=list)
    studio_ids: list[int] = field(default_factory=list)


@dataclass(eq=False)
class TeacherAlert:
    """Something that happened to a student, told to the teacher.

    Attributes:
        type: the site's number for it, such as 22 for a mute by the filter.
        extra: what else is told.
    """

    id: int
    student_id: int
    type: int
    created: float
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class CloudChange:
    """An entry of the cloud log; the name carries the cloud sign."""

    project_id: int
    user: str
    verb: str
    name: str
    value: str | float | None
    created: float


@dataclass(eq=False)
class News:
    """An item of the news on the front page."""

    id: int
    headline: str
    copy: str
    url: str
    image: str
    created: float
