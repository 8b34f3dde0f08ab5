"""The state of the site and what may happen to it, without a word of HTTP.

Everything that can be told apart by time gets a time of its own: `stamp` never gives the same millisecond twice.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import re
import uuid
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from cloudlink.errors import InvalidArgument
from cloudlink.testing.site.cookies import session_id, session_key
from cloudlink.testing.site.records import (
    Alert,
    BackpackItem,
    Category,
    Classroom,
    CloudChange,
    Comment,
    Event,
    News,
    Place,
    Post,
    Project,
    Studio,
    TeacherAlert,
    Topic,
    User,
)
from cloudlink.testing.site.rules import Rules

EMPTY_PROJECT: Final = (
    b'{"targets":[{"isStage":true,"name":"Stage","variables":{},"lists":{},"broadcasts":{},"blocks":{},"comments":{},'
    b'"currentCostume":0,"costumes":[],"sounds":[],"volume":100,"layerOrder":0,"tempo":60,"videoTransparency":50,'
    b'"videoState":"on","textToSpeechLanguage":null}],"monitors":[],"extensions":[],'
    b'"meta":{"semver":"3.0.0","vm":"11.0.0","agent":"cloudlink local site"}}'
)

_CATEGORIES: Final = (
    Category(5, "Announcements", "Updates from the Scratch Team.", "Welcome to Scratch"),
    Category(7, "Help With Scripts", "Need help with your Scratch project?", "Making Scratch Projects"),
    Category(1, "Suggestions", "Share your ideas for improving Scratch.", "About Scratch"),
    Category(31, "Advanced Topics", "Discuss computing beyond Scratch.", "Interests Beyond Scratch"),
)

_FRAGMENT_LENGTH: Final = 250


def seconds(time: datetime | float | None) -> float | None:
    """Unix seconds, for a time given as such or as a datetime; one without a zone is UTC."""
    if isinstance(time, datetime):
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return time


class World:
    """All there is on the site.

    Args:
        now: the wall clock, in Unix seconds.
        rules: the numbers.
        random: makes the secrets, so that a seed makes a site repeatable.

    Attributes:
        rules: may be replaced at any time.
        network_banned: logins from everywhere are refused.
        captcha: every login needs one.
        mails: what the site would have sent by mail: to whom, and about what.
        forced_rejections: what becomes of the next comments, whatever their text: a code, and an appeal id or None.
    """

    def __init__(self, *, now: Callable[[], float], rules: Rules, random: random.Random) -> None:
        self.rules = rules
        self.network_banned = False
        self.captcha = False
        self.forced_rejections: deque[tuple[str, str | None]] = deque()
        self.users: dict[int, User] = {}
        self.projects: dict[int, Project] = {}
        self.studios: dict[int, Studio] = {}
        self.comments: dict[int, Comment] = {}
        self.messages: dict[int, list[Event]] = {}
        self.alerts: dict[int, list[Alert]] = {}
        self.events: list[Event] = []
        self.sessions: dict[str, tuple[int, float]] = {}
        self.assets: dict[str, bytes] = {}
        self.backpacks: dict[int, list[BackpackItem]] = {}
        self.backpack_files: dict[str, bytes] = {}
        self.categories: dict[int, Category] = {category.id: category for category in _CATEGORIES}
        self.topics: dict[int, Topic] = {}
        self.posts: dict[int, Post] = {}
        self.classrooms: dict[int, Classroom] = {}
        self.teacher_alerts: list[TeacherAlert] = []
        self.mails: list[tuple[str, str]] = []
        self.cloud_log: list[CloudChange] = []
        self.news: list[News] = []
        self.featured_projects: list[int] = []
        self.featured_studios: list[int] = []
        self.reports: list[dict[str, Any]] = []
        self.ocular: dict[str, dict[str, Any]] = {}
        self.reactions: dict[int, list[tuple[str, str]]] = {}
        self._names: dict[str, User] = {}
        self._followed: dict[int, dict[int, None]] = {}  # who was followed by whom, the newest last
        self._now = now
        self._random = random
        self._secret = random.randbytes(32)
        self._last = 0.0
        self._user_ids = count(190000001)
        self._project_ids = count(1200000001)
        self._studio_ids = count(38000001)
        self._comment_ids = count(447800001)
        self._event_ids = count(5000000001)
        self._topic_ids = count(800001)
        self._post_ids = count(8120001)
        self._class_ids = count(900001)

    # Time and secrets

    def now(self) -> float:
        """The time, in Unix seconds; never before what has happened already, even while the clock stands still."""
        return max(self._now(), self._last)

    def stamp(self) -> float:
        """The time for something new: later than every one before, by a millisecond at least."""
        self._last = round(max(self._now(), self._last + 0.001), 3)
        return self._last

    def secret_text(self, digits: int) -> str:
        """A random hexadecimal number."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def project_token(self, project: Project) -> str:
        """What lets a client read the file of a project, for a while."""
        return self._signed(project, int(self.now() + self.rules.token_lifetime))

    def token_is_good(self, project: Project, token: str) -> bool:
        """Whether a project token is for this project and not too old."""
        expiry = token.partition("_")[0]
        if not re.fullmatch("[0-9]{1,15}", expiry) or int(expiry) < self.now():
            return False
        return hmac.compare_digest(token.encode(errors="replace"), self._signed(project, int(expiry)).encode())

    def _signed(self, project: Project, expiry: int) -> str:
        return f"{expiry}_{hmac.new(self._secret, f'{project.id}:{expiry}'.encode(), hashlib.sha512).hexdigest()}"

    # Accounts

    def add_user(self, username: str, *, password: str = "correct horse", **facts: Any) -> User:
        """A new account; `facts` are further attributes of `User`.

        Raises:
            InvalidArgument: the name or the id is taken.
        """
        if self.find_user(username) is not None:
            raise InvalidArgument(f"there is already a user {username!r} on this site")
        number = _number(facts.pop("id", None), self._user_ids, self.users, "user")
        user = User(
            id=number,
            username=username,
            password=password,
            token=f"{self.secret_text(32)}:{self.secret_text(12)}",
            joined=seconds(facts.pop("joined", None)) or self.now(),
            profile_id=facts.pop("profile_id", number - 1_000_000),
            **facts,
        )
        self.users[user.id] = user
        self._names[username.lower()] = user
        for target in user.following:
            self._followed.setdefault(target, {})[user.id] = None
        self.notify(user, "userjoin", user, {})
        return user

    def find_user(self, username: str) -> User | None:
        """The user of that name, in whatever case it is written."""
        return self._names.get(username.lower())

    def by_token(self, token: str) -> User | None:
        """The user with that X-Token."""
        return next((user for user in self.users.values() if user.token == token), None)

    def log_in(self, user: User) -> str:
        """A new session: the value for the cookie, with its quotes."""
        now = self.stamp()
        cookie = session_id(user, now=now, secret=self._secret + self._random.randbytes(8))
        self.sessions[session_key(cookie) or ""] = (user.id, now)
        return cookie

    def log_out(self, cookie: str) -> None:
        """End a session."""
        self.sessions.pop(session_key(cookie) or "", None)

    def by_session(self, cookie: str) -> tuple[User, float] | None:
        """Whose session a cookie is, and since when; None when there is none or it is too old."""
        session = self.sessions.get(session_key(cookie) or "")
        if session is None or self.now() > session[1] + self.rules.session_lifetime:
            return None
        return self.users[session[0]], session[1]

    def is_muted(self, user: User) -> bool:
        """Whether a user may not write now."""
        return user.muted_until > self.now()

    def mute(self, user: User, duration: float, kind: str = "general") -> None:
        """Silence a user for some seconds."""
        user.muted_since, user.muted_until, user.mute_type = self.now(), self.now() + duration, kind

    def refused_word(self, text: str) -> str | None:
        """What the filter would reject a text as."""
        lower = text.lower()
        return next((code for word, code in self.rules.filters.items() if word in lower), None)

    def is_improper(self, text: str) -> bool:
        """Whether a title or a description is refused."""
        return self.refused_word(text) == "isBad"

    # What is told to whom

    def notify(self, target: User, kind: str, actor: User, facts: dict[str, Any]) -> None:
        """Leave a message for a user; nobody gets messages about what they did themselves."""
        if target is actor and kind != "userjoin":
            return
        event = Event(next(self._event_ids), kind, actor.id, self.stamp(), facts)
        self.messages.setdefault(target.id, []).append(event)

    def record(self, kind: str, actor: User, facts: dict[str, Any], *, studio: Studio | None = None) -> None:
        """Note what a user did, for feeds and activities."""
        number = next(self._event_ids)
        self.events.append(Event(number, kind, actor.id, self.stamp(), facts, studio.id if studio else None))

    def add_alert(self, user: User, message: str) -> Alert:
        """A message of the moderators to a user."""
        team = next((other for other in self.users.values() if other.scratchteam), user)
        alert = Alert(next(self._event_ids), team.id, message, self.stamp())
        self.alerts.setdefault(user.id, []).append(alert)
        return alert

    def unread(self, user: User) -> int:
        """How many messages a user has not read, alerts included."""
        messages = sum(event.unread for event in self.messages.get(user.id, []))
        return messages + sum(alert.unread for alert in self.alerts.get(user.id, [])) + user.invited

    # People and projects

    def followers(self, user: User) -> list[User]:
        """Who follows a user, the newest first."""
        return [self.users[number] for number in reversed(self._followed.get(user.id, {}))]

    def follow(self, who: User, target: User) -> None:
        """Let one user follow another."""
        if target.id in who.following or who is target:
            return
        who.following.append(target.id)
        self._followed.setdefault(target.id, {})[who.id] = None
        facts = {"followed_user_id": target.id, "followed_username": target.username}
        self.record("followuser", who, facts)
        self.notify(target, "followuser", who, facts)

    def unfollow(self, who: User, target: User) -> None:
        """Let one user follow another no longer."""
        if target.id in who.following:
            who.following.remove(target.id)
            del self._followed[target.id][who.id]

    def add_project(self, author: User, title: str = "Untitled", *, shared: bool = True, **facts: Any) -> Project:
        """A new project; `facts` are further attributes of `Project`, and `parent` makes it a remix.

        Raises:
            InvalidArgument: the id is taken.
        """
        number = _number(facts.pop("id", None), self._project_ids, self.projects, "project")
        created = seconds(facts.pop("created", None)) or self.stamp()
        modified = seconds(facts.pop("modified", None)) or created
        parent = self.projects.get(facts.get("parent") or 0)
        facts.setdefault("root", parent and (parent.root or parent.id))
        facts.setdefault("appears", 0.0)
        facts.setdefault("data", EMPTY_PROJECT)
        project = Project(id=number, author_id=author.id, title=title, created=created, modified=modified, **facts)
        self.projects[number] = project
        if shared:
            self.share(project)
        return project

    def share(self, project: Project) -> None:
        """Show a project to everybody."""
        author = self.users[project.author_id]
        first = project.shared is None
        project.is_published = True
        project.censored = None
        project.shared = project.shared or self.stamp()
        if not first:
            return
        parent = self.projects.get(project.parent or 0)
        if parent is None:
            self.record("shareproject", author, {"project_id": project.id, "title": project.title})
            return
        facts = {"project_id": project.id, "title": project.title, "parent_id": parent.id}
        facts["parent_title"] = parent.title
        self.record("remixproject", author, facts)
        self.notify(self.users[parent.author_id], "remixproject", author, facts)

    def is_public(self, project: Project) -> bool:
        """Whether everybody may see a project."""
        author = self.users[project.author_id]
        return project.is_published and not project.trashed and project.censored is None and not author.deleted

    def may_see(self, project: Project, viewer: User | None) -> bool:
        """Whether a user, or somebody without a name, may see a project."""
        if self.now() < project.appears:
            return False
        return self.is_public(project) or (viewer is not None and viewer.id == project.author_id)

    def projects_of(self, author: User) -> list[Project]:
        """The shared projects of a user, the newest first."""
        found = [p for p in self.projects.values() if p.author_id == author.id and self.is_public(p)]
        return sorted(found, key=lambda project: project.shared or 0.0, reverse=True)

    def public(self, numbers: Iterable[int]) -> list[Project]:
        """Those of some projects that everybody may see, in their order."""
        found = (self.projects.get(number) for number in numbers)
        return [project for project in found if project is not None and self.is_public(project)]

    def remixes(self, project: Project) -> list[Project]:
        """The shared remixes of a project, the newest first."""
        return [p for p in reversed(self.projects.values()) if p.parent == project.id and self.is_public(p)]

    def loves(self, project: Project) -> int:
        """How many users love a project."""
        return sum(project.id in user.loves for user in self.users.values())

    def favorites(self, project: Project) -> int:
        """How many users have a project among their favourites."""
        return sum(project.id in user.favorites for user in self.users.values())

    def love(self, user: User, project: Project, *, tell: bool = True) -> None:
        """Let a user love a project; without `tell`, its author gets no message."""
        if project.id in user.loves:
            return
        user.loves.append(project.id)
        facts = {"project_id": project.id, "title": project.title}
        self.record("loveproject", user, facts)
        if tell:
            self.notify(self.users[project.author_id], "loveproject", user, facts)

    def favorite(self, user: User, project: Project, *, tell: bool = True) -> None:
        """Let a user take a project into the favourites; without `tell`, its author gets no message."""
        if project.id in user.favorites:
            return
        user.favorites.append(project.id)
        facts = {"project_id": project.id, "project_title": project.title}
        self.record("favoriteproject", user, facts)
        if tell:
            self.notify(self.users[project.author_id], "favoriteproject", user, facts)

    def add_asset(self, data: bytes, extension: str) -> str:
        """Keep a costume or a sound; gives its name."""
        name = f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}.{extension}"
        self.assets[name] = data
        return name

    # Studios

    def add_studio(self, host: User, title: str = "Untitled Studio", **facts: Any) -> Studio:
        """A new studio; `facts` are further attributes of `Studio`.

        Raises:
            InvalidArgument: the id is taken.
        """
        number = _number(facts.pop("id", None), self._studio_ids, self.studios, "studio")
        created = seconds(facts.pop("created", None)) or self.stamp()
        modified = seconds(facts.pop("modified", None)) or created
        studio = Studio(id=number, host_id=host.id, title=title, created=created, modified=modified, **facts)
        self.studios[number] = studio
        return studio

    def manages(self, studio: Studio, user: User) -> bool:
        """Whether a user is the host or a manager."""
        return user.id == studio.host_id or user.id in studio.managers

    def curates(self, studio: Studio, user: User) -> bool:
        """Whether a user is the host, a manager or a curator."""
        return self.manages(studio, user) or user.id in studio.curators

    def studio_followers(self, studio: Studio) -> int:
        """How many users follow a studio."""
        return sum(studio.id in user.followed_studios for user in self.users.values())

    def follow_studio(self, user: User, studio: Studio) -> None:
        """Let a user follow a studio."""
        if studio.id not in user.followed_studios:
            user.followed_studios.append(studio.id)
            self.record("followstudio", user, {"gallery_id": studio.id, "title": studio.title})

    def put_in_studio(self, studio: Studio, project: Project, actor: User) -> None:
        """Add a project to a studio."""
        studio.projects[project.id] = actor.id
        studio.modified = self.stamp()
        facts = {"project_id": project.id, "project_title": project.title}
        self.record("addprojecttostudio", actor, facts, studio=studio)
        for user in self.users.values():
            if studio.id in user.followed_studios:
                self.notify(user, "studioactivity", actor, {"gallery_id": studio.id, "title": studio.title})

    def take_from_studio(self, studio: Studio, project: Project, actor: User) -> None:
        """Remove a project from a studio."""
        studio.projects.pop(project.id, None)
        facts = {"project_id": project.id, "project_title": project.title}
        self.record("removeprojectstudio", actor, facts, studio=studio)

    # Comments

    def add_comment(
        self,
        author: User,
        where: Project | Studio | User,
        content: str,
        *,
        parent: Comment | None = None,
        commentee: User | None = None,
        created: datetime | float | None = None,
    ) -> Comment:
        """A new comment, told to those it concerns; a reply to a reply goes to the top comment's thread."""
        place = place_of(where)
        if parent is not None and parent.parent_id is not None:
            commentee = commentee or self.users[parent.author_id]
            parent = self.comments[parent.parent_id]
        if parent is not None and commentee is None:
            commentee = self.users[parent.author_id]
        comment = Comment(
            id=next(self._comment_ids),
            place=place,
            place_id=where.id,
            author_id=author.id,
            content=content,
            created=seconds(created) or self.stamp(),
            parent_id=parent.id if parent else None,
            commentee_id=commentee.id if commentee else None,
        )
        self.comments[comment.id] = comment
        if parent is not None:
            parent.replies_ever += 1
        self._tell_of_comment(comment, where, author, commentee)
        return comment

    def _tell_of_comment(
        self, comment: Comment, where: Project | Studio | User, author: User, commentee: User | None
    ) -> None:
        facts = {
            "comment_type": {"project": 0, "user": 1, "studio": 2}[comment.place],
            "comment_obj_id": where.profile_id if isinstance(where, User) else where.id,
            "comment_obj_title": where.username if isinstance(where, User) else where.title,
            "comment_id": comment.id,
            "comment_fragment": comment.content[:_FRAGMENT_LENGTH],
            "commentee_username": commentee.username if commentee else None,
        }
        if commentee is not None:
            self.notify(commentee, "addcomment", author, facts)
        owner = self.users[owner_id(where)]
        if comment.place != "studio" and owner is not commentee:
            self.notify(owner, "addcomment", author, facts)

    def thread(self, where: Project | Studio | User) -> list[Comment]:
        """The top comments of a place that are still there, the newest first."""
        place = place_of(where)
        found = [
            c
            for c in self.comments.values()
            if (c.place, c.place_id, c.parent_id, c.deleted) == (place, where.id, None, False)
        ]
        return sorted(found, key=lambda comment: comment.created, reverse=True)

    def replies(self, comment: Comment) -> list[Comment]:
        """The replies to a top comment that are still there, the oldest first."""
        found = [c for c in self.comments.values() if c.parent_id == comment.id and not c.deleted]
        return sorted(found, key=lambda reply: reply.created)

    # Forums

    def add_topic(
        self,
        author: User,
        category: int | str,
        title: str,
        body: str = "",
        *,
        created: float | None = None,
        **facts: Any,
    ) -> Topic:
        """A new topic with its first post.

        Args:
            author: who starts it.
            category: its id or its name.
            title: its title.
            body: the first post.
            created: when; None: now.
            facts: further attributes of `Topic`.

        Raises:
            InvalidArgument: there is no such category, or the id is taken.
        """
        found = [c for c in self.categories.values() if category in (c.id, c.name)]
        if not found:
            raise InvalidArgument(f"there is no forum category {category!r} on this site")
        number = _number(facts.pop("id", None), self._topic_ids, self.topics, "topic")
        topic = Topic(id=number, category_id=found[0].id, author_id=author.id, title=title, **facts)
        self.topics[number] = topic
        self.add_post(author, topic, body, created=created)
        return topic

    def add_post(
        self,
        author: User,
        topic: Topic,
        body: str,
        *,
        number: int | None = None,
        created: float | None = None,
    ) -> Post:
        """A new post in a topic, told to those who follow it."""
        post = Post(
            _number(number, self._post_ids, self.posts, "post"), topic.id, author.id, body, created or self.stamp()
        )
        self.posts[post.id] = post
        for number in topic.followers:
            self.notify(self.users[number], "forumpost", author, {"topic_id": topic.id, "topic_title": topic.title})
        return post

    def posts_of(self, topic: Topic) -> list[Post]:
        """The posts of a topic that are still there, in order."""
        return [p for p in self.posts.values() if p.topic_id == topic.id and not p.deleted]

    def topics_of(self, category: Category) -> list[Topic]:
        """The topics of a category: the sticky ones, then the others, those with the newest post first."""
        found = [t for t in self.topics.values() if t.category_id == category.id and not (t.deleted or t.hidden)]

        def newest(topic: Topic) -> float:
            return max((post.created for post in self.posts_of(topic)), default=0.0)

        return sorted(found, key=lambda topic: (topic.sticky, newest(topic)), reverse=True)

    def last_post_by(self, user: User) -> float:
        """When a user last posted in the forums."""
        return max((p.created for p in self.posts.values() if p.author_id == user.id), default=0.0)

    # The rest

    def add_classroom(self, educator: User, title: str, **facts: Any) -> Classroom:
        """A new class; `facts` are further attributes of `Classroom`."""
        number = _number(facts.pop("id", None), self._class_ids, self.classrooms, "class")
        facts.setdefault("token", self.secret_text(9))
        room = Classroom(id=number, educator_id=educator.id, title=title, created=self.stamp(), **facts)
        self.classrooms[number] = room
        return room

    def add_teacher_alert(self, student: User, kind: int, **extra: Any) -> TeacherAlert:
        """Tell a student's teacher of something that happened to the account."""
        alert = TeacherAlert(next(self._event_ids), student.id, kind, self.stamp(), extra)
        self.teacher_alerts.append(alert)
        return alert

    def add_cloud_change(
        self, project_id: int | str, user: str, name: str, value: str | float | None = None, *, verb: str = "set_var"
    ) -> CloudChange:
        """An entry of the cloud log; the cloud sign is put before the name where it is missing."""
        sign = name if name.startswith("☁ ") else f"☁ {name}"
        change = CloudChange(int(project_id), user, verb, sign, value, self.stamp())
        self.cloud_log.append(change)
        return change

    def add_backpack_item(
        self,
        user: User,
        *,
        kind: str,
        mime: str,
        name: str,
        body: bytes,
        thumbnail: bytes = b"",
    ) -> BackpackItem:
        """A new thing in a user's backpack."""
        extension = {"image/svg+xml": "svg", "image/png": "png", "audio/x-wav": "wav", "audio/mp3": "mp3"}
        endings = {**extension, "application/json": "json", "application/zip": "zip"}
        item = BackpackItem(
            id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
            type=kind,
            mime=mime,
            name=name,
            body=self._backpack_file(body, endings.get(mime, "bin")),
            thumbnail=self._backpack_file(thumbnail, "jpg"),
        )
        self.backpacks.setdefault(user.id, []).append(item)
        return item

    def _backpack_file(self, data: bytes, extension: str) -> str:
        name = f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}.{extension}"
        self.backpack_files[name] = data
        return name

    def add_news(self, headline: str, copy: str = "", *, url: str = "", image: str = "") -> News:
        """A new item of the news."""
        item = News(next(self._event_ids), headline, copy, url, image, self.stamp())
        self.news.append(item)
        return item

    def living(self, numbers: Iterable[int]) -> Iterator[User]:
        """The users with these ids, in their order."""
        return (self.users[number] for number in numbers if number in self.users)


def _number(wanted: int | None, free: Iterator[int], taken: Container[int], what: str) -> int:
    """The id for a new thing: the one that is wanted, or the next that nobody has."""
    if wanted is None:
        return next(number for number in free if number not in taken)
    if wanted in taken:
        raise InvalidArgument(f"there is already a {what} with the id {wanted} on this site")
    return wanted


def place_of(where: Project | Studio | User) -> Place:
    """What kind of place a comment there is in."""
    match where:
        case Project():
            return "project"
        case Studio():
            return "studio"
        case _:
            return "user"


def owner_id(where: Project | Studio | User) -> int:
    """Whose place it is."""
    match where:
        case Project():
            return where.author_id
        case Studio():
            return where.host_id
        case _:
            return where.id
