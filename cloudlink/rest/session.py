"""What can be done with a login, and what an account is told about itself.

    login() ------------.
    session id ---------+--> Session --> connect_user, connect_project, connect_studio ...
    environment, file --'

A session id is as good as the password: it is in no message and no repr, it is not pickled, and `save` writes it
into a file that only its owner can read.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from cloudlink.connection import CloudConnection
from cloudlink.errors import InvalidArgument, LoginFailed, LoginRequired
from cloudlink.limits import Limits
from cloudlink.rest import (
    backpack,
    classrooms,
    cloud_logs,
    endpoints,
    forum_search,
    forum_topics,
    messages,
    mystuff,
    search,
)
from cloudlink.rest.account import Account
from cloudlink.rest.archive import ProjectSource
from cloudlink.rest.assets import upload_asset
from cloudlink.rest.backpack import BackpackItem
from cloudlink.rest.classrooms import Classroom
from cloudlink.rest.client import Client, default_client, form_body
from cloudlink.rest.cloud_logs import CloudLogEntry
from cloudlink.rest.fields import as_object, flag, look, number, text
from cloudlink.rest.forum_posts import ForumPost, get_post
from cloudlink.rest.forum_topics import ForumCategory, ForumTopic
from cloudlink.rest.identity import Identity, SessionCookie, decode_session_id
from cloudlink.rest.messages import Alert, Invitation, Message
from cloudlink.rest.mutes import Mute, read_mute
from cloudlink.rest.mystuff import MystuffCounts
from cloudlink.rest.parallel import WORKERS
from cloudlink.rest.projects import (
    PartialProject,
    Project,
    create_project,
    get_project,
    iter_projects,
    upload_project,
)
from cloudlink.rest.studios import Studio, create_studio, get_studio
from cloudlink.rest.teaching import Teaching, complete_registration
from cloudlink.rest.transfer import Progress, no_progress
from cloudlink.rest.users import User, get_user, message_count

SESSION_VARIABLE: Final = "SCRATCH_SESSION_ID"
"""The environment variable that `Session.from_environment` reads."""


class Session:
    """A login.

    GET scratch.mit.edu/session/ with the cookie. VERIFIED.

    `with Session(session_id) as session` or `close()` ends its connections; the site goes on knowing the login.

    Args:
        session_id: the cookie scratchsessionsid, with or without the quotes around it.
        username: the account; if given, the session id is to be of it.
        client: how to reach the site; the default one if left out.
        renew: gives a new session id of the same account when the site says that this one is over. Without it
            nobody logs in again for you.

    Raises:
        InvalidArgument: session_id cannot be one.
        LoginFailed: the site does not know it (any more), or it is of another account, or of a banned one.
    """

    def __init__(
        self,
        session_id: str,
        *,
        username: str | None = None,
        client: Client | None = None,
        renew: Callable[[], str] | None = None,
    ) -> None:
        self._identity = Identity(session_id, username=username)
        self._client = (default_client() if client is None else client).logged_in(self._identity, renew=renew)
        self._account: Mapping[str, Any] = {}
        self.update()
        if username is not None and username.casefold() != self.username.casefold():
            raise LoginFailed(
                f"this session id is of {self.username!r}, not of {username!r}; pass the one of the right account"
            )

    def __repr__(self) -> str:
        return f"<Session of {self._identity.username!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open; nothing can be asked with this session any more.

        What was fetched with it keeps what it knows, and raises `ClientClosed` where it would have to ask. A client
        that was passed as `client=`, and the default one, stay open. The login goes on at the site: `logout` ends
        it. Again: does nothing more.
        """
        self._client.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session is not pickled: with it anybody is the user; keep it with save(path)")

    @classmethod
    def from_environment(cls, variable: str = SESSION_VARIABLE, *, client: Client | None = None) -> Session:
        """The session whose id is in an environment variable.

        Raises:
            InvalidArgument: the variable is not set.
            LoginFailed: the site does not know the session id (any more).
        """
        session_id = os.environ.get(variable)
        if not session_id:
            raise InvalidArgument(f"the environment variable {variable} is not set; put your session id into it")
        return cls(session_id, client=client)

    @classmethod
    def from_file(cls, path: str | Path, *, client: Client | None = None) -> Session:
        """The session that `save` wrote into a file.

        Raises:
            InvalidArgument: there is no such file, it has another form, or others can read it.
            LoginFailed: the site does not know the session id (any more).
        """
        content = _read_secret(Path(path))
        session_id = text(content, "session_id")
        if not session_id:
            raise InvalidArgument(f"{path} has no session id; write it with session.save()")
        return cls(session_id, username=text(content, "username"), client=client)

    def save(self, path: str | Path) -> None:
        """Write the session into a file that only its owner can read (mode 0600); an old file is replaced."""
        path = Path(path)
        fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
        fresh.unlink(missing_ok=True)  # O_EXCL, for the mode holds for a new file only
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"username": self.username, "session_id": self.session_id}, file)
        fresh.replace(path)

    def update(self) -> None:
        """Fetch what the site says about the account again.

        GET scratch.mit.edu/session/; login. VERIFIED.

        Raises:
            LoginFailed: the login is over.
        """
        try:
            answer = self._client.request(endpoints.SESSION.at(), reply="json", what="session", fresh=True)
        except LoginRequired as error:
            raise LoginFailed("the login is over; log in again", status=error.status) from None
        self._take(as_object(answer, of="GET /session/"))

    def _take(self, account: Mapping[str, Any]) -> None:
        name = text(account, "user", "username")
        if not name:
            banned = flag(account, "banned") is True
            why = "the account is banned; log in with a browser to read why" if banned else "log in again"
            raise LoginFailed(f"the site does not know this session id (any more): {why}", banned=banned)
        self._identity.learn(username=name, token=text(account, "user", "token"))
        self._account = account

    @property
    def client(self) -> Client:
        """What asks the site with this login; pass it to functions that take `client=`."""
        return self._client

    @property
    def session_id(self) -> str:
        """The session id, in quotes, as the cookie holds it. Secret: with it anybody is the user."""
        return self._identity.session_id

    @property
    def xtoken(self) -> str | None:
        """The token that requests show. Secret."""
        return self._identity.token

    @property
    def cookie(self) -> SessionCookie:
        """What the session id says about itself, without a request; see `decode_session_id`."""
        return decode_session_id(self.session_id)

    @property
    def username(self) -> str:
        """The account."""
        return self._client.username

    @property
    def user_id(self) -> int | None:
        """The account's number."""
        return number(self._account, "user", "id")

    @property
    def email(self) -> str | None:
        """The email address."""
        return text(self._account, "user", "email")

    @property
    def new_scratcher(self) -> bool | None:
        """Whether the account is a New Scratcher."""
        return flag(self._account, "permissions", "new_scratcher")

    @property
    def mute_status(self) -> Mute:
        """The mute, which is false as a truth value if the site tells of none."""
        return read_mute(look(self._account, "permissions", "mute_status"))

    @property
    def muted_until(self) -> datetime | None:
        """When the mute ends, or ended; None if there never was one."""
        return self.mute_status.until

    @property
    def banned(self) -> bool | None:
        """Whether the account is banned."""
        return flag(self._account, "user", "banned")

    @property
    def raw(self) -> Mapping[str, Any]:
        """All that the site said about the account (reference, section 3.3). Secret, for the token is in it."""
        return self._account

    def logout(self) -> None:
        """End the login on the site; the session id is worth nothing from then on.

        POST scratch.mit.edu/accounts/logout/; login. VERIFIED.
        """
        body = form_body({"csrfmiddlewaretoken": self._client.csrf_token()})
        self._client.request(endpoints.LOGOUT.at(), reply="none", what="session", body=body, redirect=True)

    # What to do with a login

    def get_linked_user(self) -> User:
        """Yourself; see `get_user`."""
        return self.connect_user(self.username)

    def connect_user(self, username: str) -> User:
        """A user, with this login; see `get_user`."""
        return get_user(username, client=self._client)

    def connect_project(self, project_id: int | str) -> Project | PartialProject:
        """A project, with this login; see `get_project`."""
        return get_project(project_id, client=self._client)

    def connect_studio(self, studio_id: int | str) -> Studio:
        """A studio, with this login; see `get_studio`."""
        return get_studio(studio_id, client=self._client)

    def connect_cloud(
        self,
        project_id: int | str,
        *,
        cloud_host: str | None = None,
        contact: str | None = None,
        limits: Limits | None = None,
    ) -> CloudConnection:
        """Connect to the cloud variables of a project, with this login; see `CloudConnection`.

        wss://clouddata.scratch.mit.edu; login. VERIFIED.

        Args:
            project_id: the number in the project's address.
            cloud_host: another server, such as "ws://127.0.0.1:9080"; the client's `Hosts.cloud` if left out. It
                does not get the login.
            contact: how the other server's operator reaches you.
            limits: what the platform allows.

        Raises:
            InvalidArgument: something cannot work; the message says what to do.
            ConnectFailed: the server did not answer.
            ConnectionRefused: it answered that it does not want us.
        """
        return CloudConnection(
            project_id,
            username=self.username,
            session_id=self.session_id,
            cloud_host=self._client.hosts.cloud if cloud_host is None else cloud_host,
            contact=contact,
            limits=limits,
        )

    def get_cloud(self, project_id: int | str) -> dict[str, str]:
        """The values of a project's cloud variables, from their history; see `cloud_logs.get_cloud`."""
        return cloud_logs.get_cloud(project_id, client=self._client)

    def get_var(self, project_id: int | str, variable: str) -> str | None:
        """The value of a cloud variable, from its history; see `cloud_logs.get_var`."""
        return cloud_logs.get_var(project_id, variable, client=self._client)

    def get_cloud_logs(self, project_id: int | str, *, limit: int = 100, offset: int = 0) -> list[CloudLogEntry]:
        """The last changes of a project's cloud variables; see `cloud_logs.get_cloud_logs`."""
        return cloud_logs.get_cloud_logs(project_id, limit=limit, offset=offset, client=self._client)

    def connect_topic(self, topic_id: int | str) -> ForumTopic:
        """A topic of the forum, with this login; see `get_topic`."""
        return forum_topics.get_topic(topic_id, client=self._client)

    def connect_topic_list(self, category: str | int, page: int = 0) -> list[ForumTopic]:
        """The topics of a category of the forum, with this login; see `get_topic_list`."""
        return forum_topics.get_topic_list(category, page, client=self._client)

    def connect_post(self, post_id: int | str) -> ForumPost:
        """A post of the forum, with this login; see `get_post`."""
        return get_post(post_id, client=self._client)

    def forum_categories(self) -> list[ForumCategory]:
        """The categories of the forum, with this login; see `forum_categories`."""
        return forum_topics.forum_categories(client=self._client)

    def set_forum_signature(self, signature: str) -> None:
        """Change the text below your posts in the forum.

        POST scratch.mit.edu/discuss/settings/{you}/; login. REPORTED.

        Args:
            signature: the text, as BBCode.

        Raises:
            Rejected: the site does not take it.
        """
        forum_topics.set_forum_signature(signature, client=self._client)

    def connect_classroom(self, class_id: int | str) -> Classroom:
        """A class, with this login; see `get_classroom`."""
        return classrooms.get_classroom(class_id, client=self._client)

    def connect_classroom_from_token(self, token: str) -> Classroom:
        """The class that a link for joining leads to, with this login; see `get_classroom_from_token`."""
        return classrooms.get_classroom_from_token(token, client=self._client)

    @property
    def account(self) -> Account:
        """The settings of your account."""
        return Account(self._client)

    @property
    def teaching(self) -> Teaching:
        """What you can do as a teacher."""
        return Teaching(self._client)

    def complete_registration(
        self, *, birth_month: int, birth_year: int, gender: str, country: str, password: str | None = None
    ) -> None:
        """Finish the setup of your student account, which the site wants before anything else.

        POST scratch.mit.edu/classes/student_update_registration/; login as a student. VERIFIED.

        Args:
            birth_month: 1 to 12.
            birth_year: such as 2014.
            gender: "male", "female", or another word.
            country: the country's English name.
            password: a new password; the old one stays if left out.

        Raises:
            Rejected: the site does not take it.
        """
        complete_registration(
            self._client,
            birth_month=birth_month,
            birth_year=birth_year,
            gender=gender,
            country=country,
            password=password,
        )

    def create_project(self, content: Mapping[str, Any] | str | bytes, *, title: str | None = None) -> int:
        """Make a new project, unshared, and give its number; see `projects.create_project`."""
        return create_project(content, title=title, client=self._client)

    def upload_project(
        self,
        source: ProjectSource,
        *,
        title: str | None = None,
        progress: Progress = no_progress,
        workers: int = WORKERS,
    ) -> int:
        """Make a new project, unshared, of an .sb3 file, and give its number; see `projects.upload_project`."""
        return upload_project(source, title=title, client=self._client, progress=progress, workers=workers)

    def upload_asset(self, data: bytes, extension: str) -> str:
        """Upload a picture or a sound, and give its name; see `assets.upload_asset`."""
        return upload_asset(data, extension, client=self._client)

    def create_studio(self) -> Studio:
        """Make a new studio; see `studios.create_studio`."""
        return create_studio(client=self._client)

    def search_projects(
        self,
        query: str = "",
        mode: str = "trending",
        language: str = "en",
        limit: int | None = 40,
        offset: int = 0,
    ) -> list[Project]:
        """The projects that a search finds; see `search.iter_search_projects`."""
        return search.search_projects(query, mode, language, limit, offset, client=self._client)

    def explore_projects(
        self,
        query: str = "*",
        mode: str = "trending",
        language: str = "en",
        limit: int | None = 40,
        offset: int = 0,
    ) -> list[Project]:
        """The projects on the explore page; see `search.iter_explore_projects`."""
        return search.explore_projects(query, mode, language, limit, offset, client=self._client)

    def search_posts(self, query: str, order: str = "newest", page: int = 0) -> list[ForumPost]:
        """The posts of the forum that a search finds; see `search_posts`."""
        return forum_search.search_posts(query, order, page, client=self._client)

    def messages(self, limit: int | None = 40, offset: int = 0, *, filter_by: str | None = None) -> list[Message]:
        """Your messages, the newest first; they can be read as dicts too. See `iter_messages`."""
        return list(self.iter_messages(limit, offset, filter_by=filter_by))

    def iter_messages(
        self, limit: int | None = None, offset: int = 0, *, filter_by: str | None = None
    ) -> Iterator[Message]:
        """Your messages, the newest first, fetched while you read.

        GET /users/{you}/messages, at most 40 a request; login. VERIFIED.

        Args:
            limit: most messages, None for all.
            offset: how many to leave out at the start.
            filter_by: only those about "comments", "projects", "studios" or "forums".

        Raises:
            InvalidArgument: there is no such filter; nothing was sent.
            Forbidden: the login is over.
        """
        return messages.iter_messages(self._client, limit=limit, offset=offset, filter_by=filter_by)

    def clear_messages(self) -> None:
        """Mark your messages as read.

        POST scratch.mit.edu/site-api/messages/messages-clear/; login. VERIFIED.
        """
        messages.clear_messages(self._client)

    def get_message_count(self) -> int:
        """How many messages you have not read; see `User.message_count`.

        GET /users/{you}/messages/count; anybody may ask it, the login only tells who you are. VERIFIED.
        """
        return message_count(self.username, client=self._client)

    def alerts(self) -> list[Alert]:
        """What the moderators wrote to you; they can be read as dicts too.

        GET /users/{you}/messages/admin; login. VERIFIED.
        """
        return messages.fetch_alerts(self._client)

    def dismiss_alert(self, alert_id: int) -> None:
        """Take an alert off the page of messages.

        POST scratch.mit.edu/site-api/messages/messages-delete/; login. VERIFIED.

        Raises:
            Rejected: there is no such alert.
        """
        messages.dismiss(self._client, "notification", alert_id)

    def invitation(self) -> Invitation | None:
        """The invitation to become a Scratcher, None if there is none; `account.become_scratcher` accepts it.

        GET /users/{you}/invites; login. VERIFIED.
        """
        return messages.fetch_invitation(self._client)

    def dismiss_invitation(self, invitation_id: int) -> None:
        """Take the invitation to become a Scratcher off the page of messages; as `dismiss_alert`. VERIFIED."""
        messages.dismiss(self._client, "invite", invitation_id)

    def get_feed(self, limit: int | None = 20, offset: int = 0) -> list[Message]:
        """What the people whom you follow did; they can be read as dicts too. See `iter_feed`."""
        return list(self.iter_feed(limit, offset))

    def iter_feed(self, limit: int | None = None, offset: int = 0) -> Iterator[Message]:
        """What the people whom you follow did, the newest first, fetched while you read.

        GET /users/{you}/following/users/activity, at most 40 a request; login. VERIFIED.

        Args:
            limit: most items, None for all.
            offset: how many to leave out at the start.
        """
        return messages.iter_feed(self._client, limit=limit, offset=offset)

    def loved_by_followed_users(self, limit: int | None = 40, offset: int = 0) -> list[Project]:
        """The projects that the people whom you follow love; they can be read as dicts too.

        GET /users/{you}/following/users/loves, at most 40 a request; login. VERIFIED.

        Args:
            limit: most projects, None for all.
            offset: how many to leave out at the start.
        """
        path = {"username": self.username}
        return list(iter_projects(self._client, endpoints.FOLLOWING_LOVES, "feed", limit, offset, path=path))

    def shared_by_followed_users(self, limit: int | None = 40, offset: int = 0) -> list[Project]:
        """The projects that the people whom you follow shared; they can be read as dicts too.

        GET /users/{you}/following/users/projects, at most 40 a request; login. VERIFIED. For accounts younger than
        about 2018 the site is reported to answer with nothing.

        Args:
            limit: most projects, None for all.
            offset: how many to leave out at the start.
        """
        path = {"username": self.username}
        return list(iter_projects(self._client, endpoints.FOLLOWING_PROJECTS, "feed", limit, offset, path=path))

    def in_followed_studios(self, limit: int | None = 40, offset: int = 0) -> list[Project]:
        """The projects in studios that you follow; as `shared_by_followed_users`, with /studios/projects. VERIFIED."""
        path = {"username": self.username}
        endpoint = endpoints.FOLLOWING_STUDIOS_PROJECTS
        return list(iter_projects(self._client, endpoint, "feed", limit, offset, path=path))

    def mystuff_projects(
        self,
        filter_by: str = "all",
        page: int = 1,
        sort_by: str = "",
        *,
        descending: bool = True,
        limit: int | None = 40,
    ) -> list[Project]:
        """Your projects, as on the page "My Stuff"; see `iter_mystuff_projects`."""
        return list(self.iter_mystuff_projects(filter_by, page, sort_by, descending=descending, limit=limit))

    def iter_mystuff_projects(
        self,
        filter_by: str = "all",
        page: int = 1,
        sort_by: str = "",
        *,
        descending: bool = True,
        limit: int | None = None,
    ) -> Iterator[Project]:
        """Your projects, fetched while you read; `project.update()` fetches what this list leaves out.

        GET scratch.mit.edu/site-api/projects/{filter}/, 40 a page; login. VERIFIED.

        Args:
            filter_by: "all", "shared", "unshared" or "trashed".
            page: the page to begin with, from 1.
            sort_by: "" for the last change, "view_count", "love_count", "remixers_count" or "title".
            descending: the highest first.
            limit: most projects, None for all.

        Raises:
            InvalidArgument: there is no such filter or order; nothing was sent.
        """
        return mystuff.iter_mystuff_projects(
            self._client, filter_by, page=page, sort_by=sort_by, descending=descending, limit=limit
        )

    def mystuff_studios(
        self,
        filter_by: str = "all",
        page: int = 1,
        sort_by: str = "",
        *,
        descending: bool = True,
        limit: int | None = 40,
    ) -> list[Studio]:
        """Your studios, as on the page "My Stuff"; see `iter_mystuff_studios`."""
        return list(self.iter_mystuff_studios(filter_by, page, sort_by, descending=descending, limit=limit))

    def iter_mystuff_studios(
        self,
        filter_by: str = "all",
        page: int = 1,
        sort_by: str = "",
        *,
        descending: bool = True,
        limit: int | None = None,
    ) -> Iterator[Studio]:
        """Your studios, fetched while you read; `studio.update()` fetches what this list leaves out.

        GET scratch.mit.edu/site-api/galleries/{filter}/, 40 a page; login. VERIFIED for "all"; "owned" and "curated"
        are reported to be broken at times.

        Args:
            filter_by: "all", "owned" or "curated".
            page: the page to begin with, from 1.
            sort_by: as in `iter_mystuff_projects`; for studios only "title" means something.
            descending: the highest first.
            limit: most studios, None for all.

        Raises:
            InvalidArgument: there is no such filter or order; nothing was sent.
        """
        return mystuff.iter_mystuff_studios(
            self._client, filter_by, page=page, sort_by=sort_by, descending=descending, limit=limit
        )

    def mystuff_counts(self) -> MystuffCounts:
        """How many projects and studios you have.

        GET scratch.mit.edu/mystuff/, from the page; login. VERIFIED.

        Raises:
            BadResponse: the page does not tell.
        """
        return mystuff.fetch_counts(self._client)

    def empty_trash(self, *, password: str) -> int:
        """Delete the projects in your trash for good, and give their number. `Project.restore` takes one out before.

        PUT scratch.mit.edu/site-api/projects/trashed/empty/; login. REPORTED.

        Args:
            password: your own; it goes to the site and is kept nowhere.

        Raises:
            Forbidden: the password is wrong.
        """
        return mystuff.empty_trash(self._client, password)

    def backpack(self, limit: int | None = 20, offset: int = 0) -> list[BackpackItem]:
        """What is in your backpack; they can be read as dicts too. See `iter_backpack`."""
        return list(self.iter_backpack(limit, offset))

    def iter_backpack(self, limit: int | None = None, offset: int = 0) -> Iterator[BackpackItem]:
        """What is in your backpack, the newest first, fetched while you read.

        GET backpack.scratch.mit.edu/{you}, at most 40 a request; login. VERIFIED.

        Args:
            limit: most items, None for all.
            offset: how many to leave out at the start.
        """
        return backpack.iter_backpack(self._client, limit=limit, offset=offset)

    def add_to_backpack(
        self, kind: str, mime: str, name: str, content: bytes, *, thumbnail: bytes | None = None
    ) -> BackpackItem:
        """Put something into your backpack.

        POST backpack.scratch.mit.edu/{you}; login. VERIFIED.

        Args:
            kind: "costume", "sound", "script" or "sprite".
            mime: "image/svg+xml" or "image/png" for a costume, "audio/x-wav" or "audio/mp3" for a sound,
                "application/json" (blocks) for a script, "application/zip" (a .sprite3 file) for a sprite.
            name: what the backpack calls it.
            content: its bytes.
            thumbnail: a small JPEG of it; a gray one if left out.

        Raises:
            InvalidArgument: there is no such kind, or it has not this form; nothing was sent.
        """
        return backpack.add_to_backpack(self._client, kind, mime, name, content, thumbnail=thumbnail)

    def delete_from_backpack(self, item_id: str) -> None:
        """Take something out of your backpack.

        DELETE backpack.scratch.mit.edu/{you}/{item_id}; login. VERIFIED.

        Raises:
            InvalidArgument: this is no id of an item; nothing was sent.
        """
        backpack.delete_from_backpack(self._client, item_id)


def _read_secret(path: Path) -> Any:
    try:
        mode = path.stat().st_mode
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(
            f"{path} cannot be read ({type(error).__name__}); write it with session.save()"
        ) from error
    # Windows has no such bits; there a file in one's own folder is one's own.
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidArgument(f"others can read {path}, which holds a login; make it yours alone: chmod 600 {path}")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass
    raise InvalidArgument(f"{path} is not a file that session.save() wrote")
